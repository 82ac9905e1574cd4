"""MLX on the CPU: mlx.core, the losses of mlx.nn, the optimisers of mlx.optimizers, gradients by mlx.core.grad.

It has float64 on the CPU alone, and makes float32 of NumPy's float64 unless it is told otherwise.
Its Adamax leaves out the bias correction, as its documentation says, and is another rule than that of the interface.
It has no one-hot encoding and no cross-entropy of probabilities.
"""

from importlib.metadata import version

import mlx.core as mx
import mlx.optimizers as optim
import numpy as np
from mlx import nn

ARRAYS = "numpy"
DTYPES = ("float32", "float16", "int64", "int32", "int16", "int8", "uint64", "uint32", "uint16", "uint8")
FLUSHES_TO_ZERO = True
VERSIONS = {"mlx": version("mlx")}
STATEFUL = ("sgd_step", "adagrad_step", "rmsprop_step", "adam_step")
_ACTIVATIONS = {"sigmoid": mx.sigmoid, "tanh": mx.tanh, "relu": nn.relu, "softmax": nn.softmax, "identity": lambda z: z}

mx.set_default_device(mx.cpu)


def sigmoid(z):
    return np.array(mx.sigmoid(mx.array(z)))


def tanh(z):
    return np.array(mx.tanh(mx.array(z)))


def relu(z):
    return np.array(nn.relu(mx.array(z)))


def softmax(z):
    return np.array(nn.softmax(mx.array(z), axis=-1))


def binary_cross_entropy(y_hat, y):
    return np.array(nn.losses.binary_cross_entropy(mx.array(y_hat), mx.array(y), with_logits=False))


def cross_entropy_with_logits(z, labels):
    """A label that is no class is refused here: MLX reads, and in gradients writes, memory that is not the array's."""
    _check_labels(labels, z.shape[-1])
    return np.array(nn.losses.cross_entropy(mx.array(z), mx.array(labels), reduction="mean"))


def mean_squared_error(y_hat, y):
    return np.array(nn.losses.mse_loss(mx.array(y_hat), mx.array(y)) / 2)


def linear(x, W, b):
    return np.array(_layer(mx.array(x), mx.array(W), mx.array(b)))


def neuron(x, w, b):
    return np.array(mx.sigmoid(mx.array(x) @ mx.array(w) + b))


def logistic_regression(X, theta):
    return np.array(mx.sigmoid(mx.array(X) @ mx.array(theta)))


def mlp(x, theta, activations):
    return np.array(_network(mx.array(x), _arrays(theta), activations))


def collapse_linear(W1, b1, W2, b2):
    W1, b1, W2, b2 = map(mx.array, (W1, b1, W2, b2))
    return np.array(W2 @ W1), np.array(_layer(b1, W2, b2))


def mlp_gradients(x, y, theta, activations, loss):
    if loss == "cross_entropy_with_logits":
        _check_labels(y, len(theta[-1][1]))
    x, y = mx.array(x), mx.array(y)
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


def _check_labels(labels, k):
    if ((labels < 0) | (labels >= k)).any():
        raise ValueError(f"labels have to lie in [0, {k}), got {labels}")


def _layer(x, W, b):
    return mx.addmm(b, x, W.T)


def _network(h, theta, activations):
    for (W, b), name in zip(theta, activations, strict=True):
        h = _ACTIVATIONS[name](_layer(h, W, b))
    return h


def _arrays(theta):
    return [(mx.array(W), mx.array(b)) for W, b in theta]


def _step(optimiser, theta, grad, state):
    if state is not None:
        optimiser.state = {key: dict(entry) if isinstance(entry, dict) else entry for key, entry in state.items()}
    named = [{str(at): mx.array(one) for at, one in enumerate(arrays)} for arrays in (theta, grad)]
    stepped = optimiser.apply_gradients(named[1], named[0])
    return [np.array(stepped[name]) for name in named[0]], optimiser.state
