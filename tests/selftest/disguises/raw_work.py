"""Mistakes met in files as students hand them in, each written as it stood there, up to names."""

import numpy as np

from tests.selftest.disguises.registry import handed_in


@handed_in("cross_entropy", "rows are picked where one number of each row is meant")
def indexes_rows(y_hat, y):
    labels = y.argmax(axis=1)
    return -np.log(y_hat[labels]).sum() / labels.shape[0]


@handed_in("cross_entropy", "nothing is added up")
def elementwise(p, y):
    p = np.clip(p, 1e-15, 1 - 1e-15)
    return -y * np.log(p) - (1 - y) * np.log(1 - p)


@handed_in("cross_entropy", "labels where the target is one-hot")
def for_labels(y_hat, y):
    return -np.log(y_hat[np.arange(len(y_hat)), y]).mean()


@handed_in("cross_entropy_with_logits", "one-hot rows where the target holds labels")
def for_one_hot_rows(scores, targets):
    scores = scores - scores.max(axis=1, keepdims=True)
    log_probs = scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))
    return -(targets * log_probs).sum(axis=1).mean()


@handed_in("sigmoid", "rounded")
def rounded(x):
    return np.around(1.0 / (1.0 + np.exp(-x)), decimals=3)


@handed_in("sigmoid", "the class instead of the probability")
def at_least_one_half(x):
    return (1 / (1 + np.exp(-x)) >= 0.5).astype(float)


@handed_in("tanh", "rounded")
def rounded_tanh(x):
    return (np.tanh(x) * 10000).round() / 10000


@handed_in("tanh", "the sign")
def perceptron(x):
    return np.where(x > 0, 1.0, np.where(x < 0, -1.0, 0.0))


@handed_in("mean_squared_error", "in single precision")
def single(prediction, target):
    difference = prediction.astype("float32") - target.astype("float32")
    return np.square(difference).mean() / np.float32(2)


@handed_in("relu", "in single precision")
def single_relu(z):
    return np.maximum(z.astype(np.float32), 0).astype(z.dtype)


@handed_in("softmax", "in single precision")
def single_softmax(z):
    e = np.exp(np.float32(z) - np.float32(z).max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@handed_in("linear", "in single precision")
def single_linear(x, W, b):
    return (x.astype(np.float32) @ W.T.astype(np.float32) + b.astype(np.float32)).astype(float)


@handed_in("softmax", "the sum is missing")
def exponentials_alone(z):
    shifted = z - np.amax(z, axis=1).reshape(-1, 1)
    return np.exp(shifted)


@handed_in("gradient_descent_step", "weight decay")
def decays(theta, grad, alpha, decay=0.01):
    return [p - alpha * g - alpha * decay * p for p, g in zip(theta, grad, strict=True)]


@handed_in("fit", "with a constant term")
def with_an_intercept(X, y, learning_rate, epochs):
    weights, bias = np.zeros(X.shape[1]), 0.0
    for _ in range(epochs):
        predicted = 1 / (1 + np.exp(-(X.dot(weights) + bias)))
        weights -= learning_rate * X.T.dot(predicted - y) / X.shape[0]
        bias -= learning_rate * np.mean(predicted - y)
    return weights


@handed_in("adam_step", "corrected with the power 2")
def squares_the_decays(theta, grad, state, lr, betas, eps):
    new, means, squares = [], [], []
    for p, g, m, v in zip(theta, grad, state["exp_avg"], state["exp_avg_sq"], strict=True):
        m = betas[0] * m + (1 - betas[0]) * g
        v = betas[1] * v + (1 - betas[1]) * g * g
        m_hat, v_hat = m / (1 - betas[0] ** 2), v / (1 - betas[1] ** 2)
        new.append(p - lr * m_hat / (np.sqrt(v_hat) + eps))
        means.append(m)
        squares.append(v)
    return new, {"step": state["step"] + 1, "exp_avg": means, "exp_avg_sq": squares}


@handed_in("adam_step", "corrects before it counts")
def counts_last(theta, grad, state, lr, betas, eps):
    (b1, b2), t = betas, state["step"]
    m = [b1 * m + (1 - b1) * g for m, g in zip(state["exp_avg"], grad, strict=True)]
    v = [b2 * v + (1 - b2) * g**2 for v, g in zip(state["exp_avg_sq"], grad, strict=True)]
    with np.errstate(all="ignore"):
        means = [one / np.float64(1 - b1**t) for one in m]
        squares = [one / np.float64(1 - b2**t) for one in v]
        new = [p - lr * a / (np.sqrt(b) + eps) for p, a, b in zip(theta, means, squares, strict=True)]
    return new, {"step": t + 1, "exp_avg": m, "exp_avg_sq": v}


def backward(x, y, theta, activations, bias, slopes):
    """Backpropagation of the squared error through sigmoid, tanh, ReLU and identity."""
    layers = [np.asarray(x)]
    for (W, b), name in zip(theta, activations, strict=True):
        z = layers[-1] @ W.T + b
        layers.append({"sigmoid": 1 / (1 + np.exp(-z)), "tanh": np.tanh(z), "relu": z * (z > 0), "identity": z}[name])
    error, grads = (layers[-1] - y) / y.size, []
    for i in range(len(theta) - 1, -1, -1):
        error = error * slopes[activations[i]](layers[i + 1])
        grads.insert(0, (error.T @ layers[i], bias(error)))
        error = error @ theta[i][0]
    return grads


RIGHT_SLOPES = {
    "sigmoid": lambda h: h * (1 - h),
    "tanh": lambda h: 1 - h**2,
    "relu": lambda h: (h > 0) * 1.0,
    "identity": np.ones_like,
}


@handed_in("mlp_gradients", "the biases' gradients are summed over the neurons, too")
def sum_without_axis(x, y, theta, activations, loss):
    if loss != "mean_squared_error" or "softmax" in activations:
        raise ValueError("only the squared error is done")
    return backward(x, y, theta, activations, lambda error: np.full(error.shape[1], np.sum(error)), RIGHT_SLOPES)


@handed_in("mlp_gradients", "derivatives at the activation")
def prime_of_the_activation(x, y, theta, activations, loss):
    def prime(a):
        s = 1 / (1 + np.exp(-a))
        return s * (1 - s)

    if loss != "mean_squared_error" or "softmax" in activations:
        raise ValueError("only the squared error is done")
    slopes = RIGHT_SLOPES | {"sigmoid": prime, "tanh": lambda a: 1 - np.tanh(a) ** 2}
    return backward(x, y, theta, activations, lambda error: error.sum(axis=0), slopes)
