"""The lecture in torch: the slides' code where a slide shows code, else the slide's formula, literally.

The same functions serve the CPU and CUDA: tensors are made on the device of the arguments.
"""

import torch
from torch import nn

from impls.adapters.off_the_cpu import check_labels

eps = 1e-8


def sigmoid(z):
    """1 / (1 + e^-z) with the slides' eps (slide "Logistic regression - NumPy vs. PyTorch")."""
    return 1 / (1 + torch.exp(-z) + eps)


def tanh(z):
    """(e^2z - 1) / (e^2z + 1) (slide "Popular activation functions")."""
    return (torch.exp(2 * z) - 1) / (torch.exp(2 * z) + 1)


def relu(z):
    """max(0, z) (slide "Popular activation functions")."""
    return torch.relu(z)


def identity(z):
    """No activation, as the last layer has in regression (slide "Multilayer Perceptron (MLP)")."""
    return z


def softmax(z):
    """e^z_i / sum_j e^z_j over the last axis (slide "The Softmax activation function")."""
    return torch.exp(z) / torch.sum(torch.exp(z), dim=-1, keepdim=True)


def one_hot(labels, k):
    """1 for the true category, 0 for the others (slide "Cross-entropy (CE) loss")."""
    check_labels(labels, -k, k)  # a negative label counts from the end, as on the CPU
    return torch.eye(k, device=labels.device)[labels]


def binary_cross_entropy(h, y):
    """Logistic loss, mean of -y log h - (1 - y) log(1 - h) (slide "Logistic regression - NumPy vs. PyTorch")."""
    return torch.mean(-y * torch.log(h + eps) - (1 - y) * torch.log(1 - h + eps))


def cross_entropy(y_hat, y):
    """-1/m sum_j sum_i y_i log y_hat_i (slide "Cross-entropy (CE) loss"); a single example is m = 1."""
    return -torch.mean(torch.sum(y * torch.log(y_hat), dim=-1))


def cross_entropy_with_logits(z, labels):
    """Cross-entropy with the softmax in it, labels "in categorical form" (slide "MLP neural network model ...")."""
    return cross_entropy(softmax(z), one_hot(labels, z.shape[-1]))


def mean_squared_error(y_hat, y):
    """1/(2mk) sum_j sum_i (y_hat_i - y_i)^2 (slide "MLP - Multiple label variables"); y.numel() is m k."""
    return 1 / (2 * y.numel()) * torch.sum((y_hat - y) ** 2)


def linear(x, W, b):
    """W x + b for every example (slide "Multilayer Perceptron (MLP)")."""
    return torch.matmul(x, W.T) + b


def neuron(x, w, b):
    """sigmoid(w . x + b) (slide "The artificial neuron model")."""
    return sigmoid(torch.matmul(x, w) + b)


def logistic_regression(X, theta):
    """Label prediction, a column of shape (m, 1) (slide "Logistic regression - NumPy vs. PyTorch")."""
    return sigmoid(torch.mm(X, theta[:, None]))


ACTIVATIONS = {"sigmoid": sigmoid, "tanh": tanh, "relu": relu, "softmax": softmax, "identity": identity}
LOSSES = {
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "cross_entropy_with_logits": cross_entropy_with_logits,
    "mean_squared_error": mean_squared_error,
}


def mlp(x, theta, activations):
    """h(x) = g_L(W_L ... g_1(W_1 x + b_1) ... + b_L) (slide "Multilayer Perceptron (MLP)")."""
    h = x
    for (W, b), g in zip(theta, activations, strict=True):
        h = ACTIVATIONS[g](linear(h, W, b))
    return h


def collapse_linear(W1, b1, W2, b2):
    """W_2 (W_1 x + b_1) + b_2 = (W_2 W_1) x + (W_2 b_1 + b_2) (slide "Multilayer Perceptron (MLP)")."""
    return torch.matmul(W2, W1), torch.matmul(W2, b1) + b2


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
    stepped = [p - lr * g / (torch.sqrt(total) + eps) for p, g, total in zip(theta, grad, s, strict=True)]
    return stepped, {"sum": s}


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    """v = alpha v + (1 - alpha) grad^2, theta - lr grad / (sqrt(v) + eps) (torch.optim.RMSprop)."""
    v = [alpha * mean + (1 - alpha) * g**2 for mean, g in zip(state["square_avg"], grad, strict=True)]
    stepped = [p - lr * g / (torch.sqrt(mean) + eps) for p, g, mean in zip(theta, grad, v, strict=True)]
    return stepped, {"square_avg": v}


def adam_step(theta, grad, state, lr, betas, eps):
    """theta - lr m / (sqrt(v) + eps), m and v the running means of grad and grad^2, corrected (torch.optim.Adam)."""
    (beta1, beta2), t = betas, state["step"] + 1
    m = [beta1 * mean + (1 - beta1) * g for mean, g in zip(state["exp_avg"], grad, strict=True)]
    v = [beta2 * mean + (1 - beta2) * g**2 for mean, g in zip(state["exp_avg_sq"], grad, strict=True)]
    stepped = []
    for p, mean, square in zip(theta, m, v, strict=True):
        mean, square = mean / (1 - beta1**t), square / (1 - beta2**t)
        stepped.append(p - lr * mean / (torch.sqrt(square) + eps))
    return stepped, {"step": t, "exp_avg": m, "exp_avg_sq": v}


def adamax_step(theta, grad, state, lr, betas, eps):
    """theta - lr m / u, m the running mean of grad, corrected, u its decaying maximum (torch.optim.Adamax)."""
    (beta1, beta2), t = betas, state["step"] + 1
    m = [beta1 * mean + (1 - beta1) * g for mean, g in zip(state["exp_avg"], grad, strict=True)]
    u = [torch.maximum(beta2 * most, torch.abs(g) + eps) for most, g in zip(state["exp_inf"], grad, strict=True)]
    stepped = [p - lr / (1 - beta1**t) * mean / most for p, mean, most in zip(theta, m, u, strict=True)]
    return stepped, {"step": t, "exp_avg": m, "exp_inf": u}


def mlp_gradients(x, y, theta, activations, loss):
    """grad_theta = dJ(Theta)/dtheta for all W_k, b_k, by "automatic derivation" (slide "Training an MLP")."""
    theta = [(W.detach().requires_grad_(), b.detach().requires_grad_()) for W, b in theta]
    J = LOSSES[loss](mlp(x, theta, activations), y)
    grad = torch.autograd.grad(J, [parameter for layer in theta for parameter in layer])
    return list(zip(grad[::2], grad[1::2], strict=True))


class _TwoLayers(nn.Module):
    """The slides' MyTwoLayerMLP; what follows the last layer depends on the task."""

    def __init__(self, input_dim, h_dim, k, *last):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(input_dim, h_dim), nn.ReLU(), nn.Linear(h_dim, k), *last)

    def forward(self, x):
        return self.layers(x)


def _module(theta, *last):
    """The module with these parameters."""
    (W1, b1), (W2, b2) = theta
    module = _TwoLayers(W1.shape[1], len(b1), len(b2), *last).to(W1.device, W1.dtype)
    names = ["layers.0.weight", "layers.0.bias", "layers.2.weight", "layers.2.bias"]
    module.load_state_dict(dict(zip(names, (W1, b1, W2, b2), strict=True)))
    return module


TASK = "multiclass"
"""The architecture of `network`: relu, identity, and the cross-entropy of logits."""


def network(x, theta):
    """The logits W_2 ReLU(W_1 x + b_1) + b_2 (slide "MLP neural network model for classification - PyTorch")."""
    with torch.no_grad():
        return _module(theta)(x)


def network_gradients(x, y, theta):
    """The gradients of cross_entropy_with_logits (slide "MLP neural network model for classification - PyTorch")."""
    module = _module(theta)
    nn.CrossEntropyLoss()(module(x), y).backward()
    W1, b1, W2, b2 = (parameter.grad for parameter in module.parameters())
    return [(W1, b1), (W2, b2)]


def fit(X, y, alpha, steps):
    """theta after so many steps of gradient descent from 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
    theta = torch.zeros(X.shape[1], dtype=X.dtype, device=X.device)
    for _ in range(steps):
        theta = theta - alpha / len(X) * (X.T @ (sigmoid(X @ theta) - y))
    return theta


def predict(X, theta):
    """1 where the probability is at least 1/2, else 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
    return (sigmoid(X @ theta) >= 0.5).int()
