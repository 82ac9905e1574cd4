"""MLX on the CPU: mlx.core, the losses of mlx.nn, the optimisers of mlx.optimizers, gradients by mlx.core.grad.

Its Adamax leaves out the bias correction, as its documentation says, and is another rule than that of the interface.
It has no one-hot encoding and no cross-entropy of probabilities.
"""

from importlib.metadata import version

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from mlx import nn

ARRAYS = "numpy"
FLUSHES_TO_ZERO = True
VERSIONS = {"mlx": version("mlx")}
STATEFUL = ("sgd_step", "adagrad_step", "rmsprop_step", "adam_step")
_ACTIVATIONS = {"sigmoid": mx.sigmoid, "tanh": mx.tanh, "relu": nn.relu, "softmax": nn.softmax, "identity": lambda z: z}

mx.set_default_device(mx.cpu)


def sigmoid(z):
    return np.array(mx.sigmoid(_in(z)))


def tanh(z):
    return np.array(mx.tanh(_in(z)))


def relu(z):
    return np.array(nn.relu(_in(z)))


def softmax(z):
    return np.array(nn.softmax(_in(z), axis=-1))


def binary_cross_entropy(y_hat, y):
    return np.array(nn.losses.binary_cross_entropy(_in(y_hat), _in(y), with_logits=False))


def cross_entropy_with_logits(z, labels):
    return np.array(nn.losses.cross_entropy(_in(z), _in(labels), reduction="mean"))


def mean_squared_error(y_hat, y):
    return np.array(nn.losses.mse_loss(_in(y_hat), _in(y)) / 2)


def linear(x, W, b):
    return np.array(_layer(_in(x), _in(W), _in(b)))


def neuron(x, w, b):
    return np.array(mx.sigmoid(_in(x) @ _in(w) + b))


def logistic_regression(X, theta):
    return np.array(mx.sigmoid(_in(X) @ _in(theta)))


def mlp(x, theta, activations):
    return np.array(_network(_in(x), _arrays(theta), activations))


def collapse_linear(W1, b1, W2, b2):
    W1, b1, W2, b2 = map(_in, (W1, b1, W2, b2))
    return np.array(W2 @ W1), np.array(_layer(b1, W2, b2))


def mlp_gradients(x, y, theta, activations, loss):
    x, y = _in(x), _in(y)
    *hidden, last = activations

    def of_network(theta):
        if loss == "mean_squared_error":
            return nn.losses.mse_loss(_network(x, theta, activations), y) / 2
        z = _network(x, theta, [*hidden, "identity"])
        if (last, loss) == ("sigmoid", "binary_cross_entropy"):
            return nn.losses.binary_cross_entropy(z, y)
        if (last, loss) in (("softmax", "cross_entropy"), ("identity", "cross_entropy_with_logits")):
            return nn.losses.cross_entropy(z, y, reduction="mean")
        raise ValueError(f"there is no loss {loss} behind {last}")

    return [(np.array(W), np.array(b)) for W, b in mx.grad(of_network)(_arrays(theta))]


def gradient_descent_step(theta, grad, alpha):
    return _step(optim.SGD(alpha), theta, grad, None)[0]


def sgd_step(theta, grad, state, lr, momentum):
    return _step(optim.SGD(lr, momentum=momentum), theta, grad, state)


def adagrad_step(theta, grad, state, lr, eps):
    return _step(optim.Adagrad(lr, eps=eps), theta, grad, state)


def rmsprop_step(theta, grad, state, lr, alpha, eps):
    return _step(optim.RMSprop(lr, alpha=alpha, eps=eps), theta, grad, state)


def adam_step(theta, grad, state, lr, betas, eps):
    return _step(optim.Adam(lr, betas=list(betas), eps=eps, bias_correction=True), theta, grad, state)


def _in(values):
    """An array of MLX with the dtype of ``values``; by itself it makes float32 of float64."""
    return mx.array(values, dtype=getattr(mx, "bool_" if values.dtype == bool else values.dtype.name))


def _layer(x, W, b):
    return mx.addmm(b, x, W.T)


def _network(h, theta, activations):
    for (W, b), name in zip(theta, activations, strict=True):
        h = _ACTIVATIONS[name](_layer(h, W, b))
    return h


def _arrays(theta):
    return [(_in(W), _in(b)) for W, b in theta]


def _step(optimiser, theta, grad, state):
    if state is not None:
        optimiser.state = {key: dict(entry) if isinstance(entry, dict) else entry for key, entry in state.items()}
    named = [{str(at): _in(one) for at, one in enumerate(arrays)} for arrays in (theta, grad)]
    stepped = optimiser.apply_gradients(named[1], named[0])
    return [np.array(stepped[name]) for name in named[0]], optimiser.state
