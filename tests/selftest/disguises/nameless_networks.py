"""Wrong layers, networks and training whose fault has no name: the kinds are those of `nameless`."""

import math

import numpy as np

from tests.selftest.disguises.nameless import sig, soft
from tests.selftest.disguises.registry import nameless


@nameless("linear", "a constant is added")
def linear_plus(x, W, b):
    return x @ W.T + b + 0.1


@nameless("linear", "the product of weighted inputs")
def products(x, W, b):
    return np.prod(x[..., None, :] * W, axis=-1) + b


@nameless("neuron", "a steeper sigmoid")
def steep(x, w, b):
    return sig(1.7 * (x @ w + b))


@nameless("neuron", "raises an error of types")
def raises_types(x, w, b):
    return math.exp(x @ w + b)


@nameless("logistic_regression", "a threshold of its own")
def moved(X, theta):
    return sig(X @ theta - 0.3)


@nameless("mlp", "weights of the second layer doubled")
def doubled(x, theta, activations):
    g = {"sigmoid": sig, "tanh": np.tanh, "relu": lambda z: np.maximum(z, 0), "softmax": soft, "identity": lambda z: z}
    for k, ((W, b), name) in enumerate(zip(theta, activations, strict=True)):
        x = g[name](x @ W.T * (1 + (k == 1)) + b)
    return x


@nameless("network", "the output times 1.5", task="multiclass")
def scaled(x, theta):
    (W1, b1), (W2, b2) = theta
    return 1.5 * (np.maximum(x @ W1.T + b1, 0) @ W2.T + b2)


@nameless("network", "sine in the hidden layer", task="regression")
def sine(x, theta):
    (W1, b1), (W2, b2) = theta
    return np.sin(x @ W1.T + b1) @ W2.T + b2


@nameless("network", "GELU in the hidden layer, slightly off ReLU", task="binary")
def gelu(x, theta):
    (W1, b1), (W2, b2) = theta
    z = x @ W1.T + b1
    return sig(z * sig(1.702 * z) @ W2.T + b2)


@nameless("gradient_descent_step", "a tenth of the step")
def tenth(theta, grad, alpha):
    return [t - 0.1 * alpha * g for t, g in zip(theta, grad, strict=True)]


@nameless("gradient_descent_step", "noise")
def noisy(theta, grad, alpha):
    return [t - alpha * g + 1e-3 * np.sin(1 / (1e-3 + np.abs(t))) for t, g in zip(theta, grad, strict=True)]


@nameless("sgd_step", "a third of the velocity in the step")
def third_step(theta, grad, state, lr, momentum):
    v = [momentum * a + g for a, g in zip(state["momentum_buffer"], grad, strict=True)]
    return [p - lr * a / 3 for p, a in zip(theta, v, strict=True)], {"momentum_buffer": v}


@nameless("adam_step", "1 - beta_2 of float32, as in a library")
def adam_float32(theta, grad, state, lr, betas, eps):
    b1, b2 = betas
    rest, t = float(np.float32(1) - np.float32(b2)), state["step"] + 1
    m = [b1 * a + (1 - b1) * g for a, g in zip(state["exp_avg"], grad, strict=True)]
    v = [b2 * a + rest * g * g for a, g in zip(state["exp_avg_sq"], grad, strict=True)]
    moved = [p - lr * a / (1 - b1**t) / (np.sqrt(s / (1 - b2**t)) + eps) for p, a, s in zip(theta, m, v, strict=True)]
    return moved, {"step": t, "exp_avg": m, "exp_avg_sq": v}


@nameless("fit", "a rate that decays")
def decaying(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for i in range(steps):
        theta -= alpha / (1 + 0.37 * i) * X.T @ (sig(X @ theta) - y) / len(y)
    return theta


@nameless("fit", "the last feature is not learned")
def frozen(X, y, alpha, steps):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        grad = X.T @ (sig(X @ theta) - y) / len(y)
        grad[-1] = 0
        theta -= alpha * grad
    return theta


@nameless("predict", "another threshold: 0.9")
def cautious(X, theta):
    return (sig(X @ theta) > 0.9).astype(int)


@nameless("predict", "always 1: its threshold on the probability is 0")
def always(X, theta):
    return (sig(X @ theta) > 0).astype(int)


@nameless("predict", "always 0")
def never(X, theta):
    return np.zeros(len(X), dtype=int)


@nameless("mlp_gradients", "all 0")
def all_zero(x, y, theta, activations, loss):
    return [(np.zeros_like(W), np.zeros_like(b)) for W, b in theta]


@nameless("mlp_gradients", "the parameters instead of their gradients")
def parameters(x, y, theta, activations, loss):
    return [(W.copy(), b.copy()) for W, b in theta]


@nameless("network_gradients", "NaN", task="multiclass")
def nan_gradients(x, y, theta):
    return [(W * np.nan, b * np.nan) for W, b in theta]


@nameless("network_gradients", "raises", task="binary")
def raises_value(x, y, theta):
    raise ValueError("operands could not be broadcast together with shapes (3,) (2,)")


@nameless("collapse_linear", "biases averaged")
def averaged(W1, b1, W2, b2):
    return W2 @ W1, (W2 @ b1 + b2) / 1.5
