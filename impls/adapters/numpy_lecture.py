"""The lecture in NumPy: the slides' code where a slide shows code, else the slide's formula, literally.

Written for the lecture's inputs: finite numbers of moderate size, float64 arrays of matching shapes.
"""

import numpy as np

eps = 1e-8


def sigmoid(z):
    """1 / (1 + e^-z) with the slides' eps (slide "Logistic regression - NumPy vs. PyTorch")."""
    return 1 / (1 + np.exp(-z) + eps)


def tanh(z):
    """(e^2z - 1) / (e^2z + 1) (slide "Popular activation functions")."""
    return (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)


def relu(z):
    """max(0, z) (slide "Popular activation functions")."""
    return np.maximum(0, z)


def identity(z):
    """No activation, as the last layer has in regression (slide "Multilayer Perceptron (MLP)")."""
    return z


def softmax(z):
    """e^z_i / sum_j e^z_j over the last axis (slide "The Softmax activation function")."""
    return np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)


def one_hot(labels, k):
    """1 for the true category, 0 for the others (slide "Cross-entropy (CE) loss")."""
    return np.eye(k)[labels]


def binary_cross_entropy(h, y):
    """Logistic loss, mean of -y log h - (1 - y) log(1 - h) (slide "Logistic regression - NumPy vs. PyTorch")."""
    return np.mean(-y * np.log(h + eps) - (1 - y) * np.log(1 - h + eps))


def cross_entropy(y_hat, y):
    """-1/m sum_j sum_i y_i log y_hat_i (slide "Cross-entropy (CE) loss"); a single example is m = 1."""
    return -np.mean(np.sum(y * np.log(y_hat), axis=-1))


def cross_entropy_with_logits(z, labels):
    """Cross-entropy with the softmax in it, labels "in categorical form" (slide "MLP neural network model ...")."""
    return cross_entropy(softmax(z), one_hot(labels, z.shape[-1]))


def mean_squared_error(y_hat, y):
    """1/(2mk) sum_j sum_i (y_hat_i - y_i)^2 (slide "MLP - Multiple label variables"); y.size is m k."""
    return 1 / (2 * y.size) * np.sum((y_hat - y) ** 2)


def linear(x, W, b):
    """W x + b for every example (slide "Multilayer Perceptron (MLP)")."""
    return np.dot(x, W.T) + b


def neuron(x, w, b):
    """sigmoid(w . x + b) (slide "The artificial neuron model")."""
    return sigmoid(np.dot(x, w) + b)


def logistic_regression(X, theta):
    """Label prediction (slide "Logistic regression - NumPy vs. PyTorch")."""
    return sigmoid(np.dot(X, theta))


ACTIVATIONS = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "softmax": softmax, "identity": identity}


def mlp(x, theta, activations):
    """h(x) = g_L(W_L ... g_1(W_1 x + b_1) ... + b_L) (slide "Multilayer Perceptron (MLP)")."""
    h = x
    for (W, b), g in zip(theta, activations, strict=True):
        h = ACTIVATIONS[g](linear(h, W, b))
    return h


def collapse_linear(W1, b1, W2, b2):
    """W_2 (W_1 x + b_1) + b_2 = (W_2 W_1) x + (W_2 b_1 + b_2) (slide "Multilayer Perceptron (MLP)")."""
    return np.dot(W2, W1), np.dot(W2, b1) + b2


def gradient_descent_step(theta, grad, alpha):
    """theta - alpha grad for every parameter (slide "Training an MLP")."""
    return [parameter - alpha * gradient for parameter, gradient in zip(theta, grad, strict=True)]


def sgd_step(theta, grad, state, lr, momentum):
    """v = momentum v + grad, theta - lr v (slide "Training an MLP - The SGD algorithm"; torch.optim.SGD)."""
    v = [momentum * buffer + g for buffer, g in zip(state["momentum_buffer"], grad, strict=True)]
    return [p - lr * step for p, step in zip(theta, v, strict=True)], {"momentum_buffer": v}


def adagrad_step(theta, grad, state, lr, eps):
    """s = s + grad^2, theta - lr grad / (sqrt(s) + eps) (slide "Training an MLP - ..."; torch.optim.Adagrad)."""
    s = [total + g**2 for total, g in zip(state["sum"], grad, strict=True)]
    stepped = [p - lr * g / (np.sqrt(total) + eps) for p, g, total in zip(theta, grad, s, strict=True)]
    return stepped, {"sum": s}


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    """v = alpha v + (1 - alpha) grad^2, theta - lr grad / (sqrt(v) + eps) (torch.optim.RMSprop)."""
    v = [alpha * mean + (1 - alpha) * g**2 for mean, g in zip(state["square_avg"], grad, strict=True)]
    stepped = [p - lr * g / (np.sqrt(mean) + eps) for p, g, mean in zip(theta, grad, v, strict=True)]
    return stepped, {"square_avg": v}


def adam_step(theta, grad, state, lr, betas, eps):
    """theta - lr m / (sqrt(v) + eps), m and v the running means of grad and grad^2, corrected (torch.optim.Adam)."""
    (beta1, beta2), t = betas, state["step"] + 1
    m = [beta1 * mean + (1 - beta1) * g for mean, g in zip(state["exp_avg"], grad, strict=True)]
    v = [beta2 * mean + (1 - beta2) * g**2 for mean, g in zip(state["exp_avg_sq"], grad, strict=True)]
    stepped = []
    for p, mean, square in zip(theta, m, v, strict=True):
        mean, square = mean / (1 - beta1**t), square / (1 - beta2**t)
        stepped.append(p - lr * mean / (np.sqrt(square) + eps))
    return stepped, {"step": t, "exp_avg": m, "exp_avg_sq": v}


def adamax_step(theta, grad, state, lr, betas, eps):
    """theta - lr m / u, m the running mean of grad, corrected, u its decaying maximum (torch.optim.Adamax)."""
    (beta1, beta2), t = betas, state["step"] + 1
    m = [beta1 * mean + (1 - beta1) * g for mean, g in zip(state["exp_avg"], grad, strict=True)]
    u = [np.maximum(beta2 * most, np.abs(g) + eps) for most, g in zip(state["exp_inf"], grad, strict=True)]
    stepped = [p - lr / (1 - beta1**t) * mean / most for p, mean, most in zip(theta, m, u, strict=True)]
    return stepped, {"step": t, "exp_avg": m, "exp_inf": u}


# dJ/dh for each loss, h being the network's output, one example a row.
LOSS_GRADIENTS = {
    "binary_cross_entropy": lambda h, y: (-y / h + (1 - y) / (1 - h)) / y.size,
    "cross_entropy": lambda h, y: -y / h / len(y),
    "cross_entropy_with_logits": lambda z, labels: (softmax(z) - one_hot(labels, z.shape[1])) / len(z),
    "mean_squared_error": lambda h, y: (h - y) / y.size,
}

# dJ/dz from dJ/dh for each activation h = g(z).
ACTIVATION_GRADIENTS = {
    "sigmoid": lambda h, dh: dh * h * (1 - h),
    "tanh": lambda h, dh: dh * (1 - h**2),
    "relu": lambda h, dh: dh * (h > 0),
    "softmax": lambda h, dh: h * (dh - np.sum(dh * h, axis=1, keepdims=True)),
    "identity": lambda h, dh: dh,
}


def mlp_gradients(x, y, theta, activations, loss):
    """grad_theta = dJ(Theta)/dtheta for all W_k, b_k (slide "Training an MLP"): the chain rule, last layer first."""
    x, y = np.atleast_2d(x), np.atleast_1d(y) if loss == "cross_entropy_with_logits" else np.atleast_2d(y)
    outputs = [x]
    for layer, g in zip(theta, activations, strict=True):
        outputs.append(mlp(outputs[-1], [layer], [g]))
    dh = LOSS_GRADIENTS[loss](outputs[-1], y)
    gradients = []
    for k in reversed(range(len(theta))):
        W, _ = theta[k]
        dz = ACTIVATION_GRADIENTS[activations[k]](outputs[k + 1], dh)
        gradients.append((np.dot(dz.T, outputs[k]), np.sum(dz, axis=0)))
        dh = np.dot(dz, W)
    return gradients[::-1]


TASK = "multiclass"
"""The architecture of `network`: relu, identity, and the cross-entropy of logits."""


def network(x, theta):
    """The logits W_2 ReLU(W_1 x + b_1) + b_2 (slide "MLP neural network model for classification - PyTorch")."""
    return mlp(x, theta, ["relu", "identity"])


def network_gradients(x, y, theta):
    """The gradients of cross_entropy_with_logits (slide "MLP neural network model for classification - PyTorch")."""
    return mlp_gradients(x, y, theta, ["relu", "identity"], "cross_entropy_with_logits")


def fit(X, y, alpha, steps):
    """theta after so many steps of gradient descent from 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta = theta - alpha / len(X) * (X.T @ (logistic_regression(X, theta) - y))
    return theta


def predict(X, theta):
    """1 where the probability is at least 1/2, else 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
    return (logistic_regression(X, theta) >= 0.5).astype(int)
