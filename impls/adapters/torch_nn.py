"""torch.nn and torch.nn.functional as a practitioner uses them, bridged to the lecture's conventions.

Where torch has the function, that function is called as it is and its checks are the checks. Bridged: torch.nn.MSELoss
has no 1/2; torch.nn.CrossEntropyLoss takes logits and integer labels and contains the softmax. What torch refuses on
the CPU with an exception, and on CUDA with a kernel's assertion, is refused here before the call.
"""

from collections.abc import Callable

import torch
from torch import nn, optim
from torch.nn import functional

from impls.adapters.off_the_cpu import check_labels, check_probabilities

ACTIVATIONS = {
    "sigmoid": nn.Sigmoid(),
    "tanh": nn.Tanh(),
    "relu": nn.ReLU(),
    "softmax": nn.Softmax(dim=-1),
    "identity": nn.Identity(),
}


def sigmoid(z):
    """1 / (1 + e^-z) (slide "Logistic regression - NumPy vs. PyTorch")."""
    return functional.sigmoid(z)


def tanh(z):
    """(e^2z - 1) / (e^2z + 1) (slide "Popular activation functions")."""
    return functional.tanh(z)


def relu(z):
    """max(0, z) (slide "Popular activation functions")."""
    return functional.relu(z)


def softmax(z):
    """e^z_i / sum_j e^z_j over the last axis (slide "The Softmax activation function")."""
    return functional.softmax(z, dim=-1)


def one_hot(labels, k):
    """1 at the label, 0 elsewhere, as integers (slide "Cross-entropy (CE) loss")."""
    check_labels(labels, 0, k)
    return functional.one_hot(labels, k)


def binary_cross_entropy(y_hat, y):
    """Logistic loss by torch.nn.BCELoss, which clamps the logarithms at -100 (slide "Logistic regression - ...")."""
    check_probabilities(y_hat, y)
    return functional.binary_cross_entropy(y_hat, y)


def cross_entropy(y_hat, y):
    """-1/m sum_j sum_i y_i log y_hat_i from probabilities (slide "Cross-entropy (CE) loss").

    torch has no such loss (its own takes logits), so it is put together here from torch.xlogy, in which 0 log 0 is 0.
    Raises ValueError for unequal shapes, an empty batch, and anything outside [0, 1].
    """
    if y_hat.shape != y.shape or y_hat.ndim not in (1, 2) or y_hat.numel() == 0:
        raise ValueError(f"y_hat and y have to be (m, k) or (k,), not {tuple(y_hat.shape)} and {tuple(y.shape)}")
    if not all(((p >= 0) & (p <= 1)).all() for p in (y_hat, y)):
        raise ValueError("y_hat and y have to lie in [0, 1]")
    return -torch.xlogy(y, y_hat).sum(dim=-1).mean()


def cross_entropy_with_logits(z, labels):
    """Cross-entropy with the softmax in it, by torch.nn.CrossEntropyLoss (slide "MLP neural network model ...")."""
    check_labels(labels, 0, z.shape[-1], ignored=-100)
    return functional.cross_entropy(z, labels)


def mean_squared_error(y_hat, y):
    """1/(2mk) sum_j sum_i (y_hat_i - y_i)^2: half of torch.nn.MSELoss (slide "MLP - Multiple label variables")."""
    return functional.mse_loss(y_hat, y) / 2


def linear(x, W, b):
    """W x + b for every example, by torch.nn.Linear (slide "Multilayer Perceptron (MLP)")."""
    with torch.no_grad():
        return _layer(W, b)(x)


def neuron(x, w, b):
    """sigmoid(w . x + b), by a torch.nn.Linear of one output (slide "The artificial neuron model")."""
    return functional.sigmoid(linear(x, w[None], w.new_tensor([b])).squeeze(-1))


def logistic_regression(X, theta):
    """Label prediction by torch.nn.Linear(n, 1) (slide "Logistic regression - NumPy vs. PyTorch")."""
    return neuron(X, theta, 0.0)


def mlp(x, theta, activations):
    """h(x) = g_L(W_L ... g_1(W_1 x + b_1) ... + b_L), by torch.nn.Sequential (slide "Multilayer Perceptron (MLP)")."""
    with torch.no_grad():
        return _network(theta, activations)(x)


def collapse_linear(W1, b1, W2, b2):
    """(W_2 W_1, W_2 b_1 + b_2) (slide "Multilayer Perceptron (MLP)")."""
    return W2 @ W1, linear(b1, W2, b2)


def gradient_descent_step(theta, grad, alpha):
    """theta - alpha grad for every parameter (slide "Training an MLP"). Raises ValueError for unequal shapes."""
    shapes = [[tuple(tensor.shape) for tensor in tensors] for tensors in (theta, grad)]
    if shapes[0] != shapes[1]:
        raise ValueError(f"theta and grad have to be of equal shapes, not {shapes[0]} and {shapes[1]}")
    return [torch.sub(parameter, gradient, alpha=alpha) for parameter, gradient in zip(theta, grad, strict=True)]


def sgd_step(theta, grad, state, lr, momentum):
    """One step of torch.optim.SGD (slide "Training an MLP - The SGD algorithm").

    Raises ValueError for unequal shapes, as do the other rules.
    """
    return _step(optim.SGD, theta, grad, state, lr=lr, momentum=momentum)


def adagrad_step(theta, grad, state, lr, eps):
    """One step of torch.optim.Adagrad (slide "Training an MLP - The SGD algorithm")."""
    return _step(optim.Adagrad, theta, grad, state, lr=lr, eps=eps)


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    """One step of torch.optim.RMSprop (slide "Training an MLP - The SGD algorithm")."""
    return _step(optim.RMSprop, theta, grad, state, lr=lr, alpha=alpha, eps=eps)


def adam_step(theta, grad, state, lr, betas, eps):
    """One step of torch.optim.Adam (slide "Training an MLP - The SGD algorithm")."""
    return _step(optim.Adam, theta, grad, state, lr=lr, betas=betas, eps=eps)


def adamax_step(theta, grad, state, lr, betas, eps):
    """One step of torch.optim.Adamax (slide "Training an MLP - The SGD algorithm")."""
    return _step(optim.Adamax, theta, grad, state, lr=lr, betas=betas, eps=eps)


def _step(optimiser, theta, grad, state, **hyper):
    """A step of a fresh optimiser on copies of the parameters, which is given the gradients and the state."""
    columns = {key: entry for key, entry in state.items() if key != "step"}
    shapes = [p.shape for p in theta]
    for name, tensors in {"grad": grad, **columns}.items():
        if [tensor.shape for tensor in tensors] != shapes:
            raise ValueError(f"theta and {name} have to be of equal shapes")
    parameters = [p.detach().clone() for p in theta]
    stepping = optimiser(parameters, **hyper)
    for i, parameter in enumerate(parameters):
        parameter.grad = grad[i].detach()
        own = stepping.state[parameter]
        own["step"] = torch.tensor(float(state.get("step", 0)), device="cpu")
        own.update({key: entry[i].detach().clone() for key, entry in columns.items()})
    stepping.step()
    after = {key: [stepping.state[p][key] for p in parameters] for key in columns}
    return parameters, after | ({"step": state["step"] + 1} if "step" in state else {})


LOSSES: dict[str, Callable] = {
    "binary_cross_entropy": binary_cross_entropy,
    "cross_entropy": cross_entropy,
    "cross_entropy_with_logits": cross_entropy_with_logits,
    "mean_squared_error": mean_squared_error,
}
LOSSES_WITH_ACTIVATION: dict[tuple[str, str], Callable] = {
    ("sigmoid", "binary_cross_entropy"): nn.BCEWithLogitsLoss(),
    ("softmax", "cross_entropy"): nn.CrossEntropyLoss(),
}


def mlp_gradients(x, y, theta, activations, loss):
    """dJ/dW_k and dJ/db_k for every layer by backward() (slide "Training an MLP").

    "CE loss in PyTorch includes the softmax activation function, so we don't need to include it": torch's losses that
    contain the last activation are used where there is one; they keep the gradient of a saturated output.
    """
    *hidden, last = activations
    if (last, loss) in LOSSES_WITH_ACTIVATION:
        network, loss_fn = _network(theta, [*hidden, "identity"]), LOSSES_WITH_ACTIVATION[last, loss]
    else:
        network, loss_fn = _network(theta, activations), LOSSES[loss]
    loss_fn(network(x), y).backward()
    return [(layer.weight.grad, layer.bias.grad) for layer in network if isinstance(layer, nn.Linear)]


def _layer(W, b):
    """A torch.nn.Linear with these parameters; load_state_dict raises RuntimeError unless b is (s,) for W (s, n)."""
    s, n = W.shape
    layer = nn.Linear(n, s, device=W.device, dtype=W.dtype)
    layer.load_state_dict({"weight": W, "bias": b})
    return layer


def _network(theta, activations):
    layers = [(_layer(W, b), ACTIVATIONS[g]) for (W, b), g in zip(theta, activations, strict=True)]
    return nn.Sequential(*(module for pair in layers for module in pair))


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
    theta = torch.zeros(X.shape[1], dtype=X.dtype, device=X.device)
    for _ in range(steps):
        theta = theta - alpha / len(X) * (X.T @ (logistic_regression(X, theta) - y))
    return theta


def predict(X, theta):
    """1 where the probability is at least 1/2, else 0 (slide "Logistic regression - NumPy vs. PyTorch")."""
    return (logistic_regression(X, theta) >= 0.5).int()
