"""Right networks in plain NumPy, in parts: known mistakes put one wrong part in, right variants an equal one.

Accurate over the whole floating-point range, for float32 and float64; integers are promoted, and shapes that do not fit
are refused.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

import numpy as np

UNCHANGED: Mapping[str, Any] = MappingProxyType({})


def floating(*arrays):
    """The arrays, integers promoted to float64."""
    return tuple(a if a.dtype.kind == "f" else a.astype(np.float64) for a in arrays)


def refuse_unless(fits):
    if not fits:
        raise ValueError("the shapes do not fit together")


def sigmoid(z):
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1, e) / (1 + e)


def softmax(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


ACTIVATIONS = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "softmax": softmax,
    "identity": lambda z: z,
}


def layer(x, W, b):
    """The arguments of a linear layer, floating, if they fit together."""
    refuse_unless(x.shape[-1:] == W.shape[1:] and b.shape == W.shape[:1])
    return floating(x, W, b)


def linear(x, W, b):
    x, W, b = layer(x, W, b)
    return x @ W.T + b


def mlp(x, theta, activations, linear=linear, functions=UNCHANGED):
    """The network's output; functions: those that take the place of ACTIVATIONS of the same names."""
    functions = {**ACTIVATIONS, **functions}
    for (W, b), g in zip(theta, activations, strict=True):
        x = functions[g](linear(x, W, b))
    return x


def squared_error_slope(h, y):
    refuse_unless(h.shape == y.shape)
    return (h - y) / y.size


def binary_slope(h, y):
    refuse_unless(h.shape == y.shape)
    return (h - y) / (h * (1 - h)) / y.size


def cross_entropy_slope(h, y):
    refuse_unless(h.shape == y.shape)
    return -y / h / len(y)


def logits_slope(z, labels, softmax=softmax):
    refuse_unless(z.shape[:-1] == labels.shape and (labels >= 0).all() and (labels < z.shape[-1]).all())
    return (softmax(z) - np.eye(z.shape[-1], dtype=z.dtype)[labels]) / len(z)


LOSS_SLOPES = {
    "mean_squared_error": squared_error_slope,
    "binary_cross_entropy": binary_slope,
    "cross_entropy": cross_entropy_slope,
    "cross_entropy_with_logits": logits_slope,
}
"""dJ/dh of each loss at the network's output h and the targets y."""

BACKWARD = {
    "sigmoid": lambda dh, z, h: dh * h * (1 - h),
    "tanh": lambda dh, z, h: dh * (1 - h**2),
    "relu": lambda dh, z, h: dh * (z > 0),
    "softmax": lambda dh, z, h: h * (dh - (dh * h).sum(axis=-1, keepdims=True)),
    "identity": lambda dh, z, h: dh,
}
"""dJ/dz of each activation h = g(z) from dJ/dh."""


def outer_products(dz, h):
    """dJ/dW and dJ/db of a layer whose inputs are h."""
    return dz.T @ h, dz.sum(axis=0)


def backpropagated(
    x,
    y,
    theta,
    activations,
    loss,
    slopes=UNCHANGED,
    backward=UNCHANGED,
    parameters=outer_products,
    inputs=np.matmul,
):
    """The gradients. slopes, backward: what takes the place of LOSS_SLOPES and BACKWARD of the same names;

    parameters: dJ/dW and dJ/db from dJ/dz and the layer's inputs; inputs: dJ/dh of those inputs from dJ/dz and W.
    """
    slopes, backward = {**LOSS_SLOPES, **slopes}, {**BACKWARD, **backward}
    zs, hs = [], [x]
    for (W, b), g in zip(theta, activations, strict=True):
        zs.append(linear(hs[-1], W, b))
        hs.append(ACTIVATIONS[g](zs[-1]))
    dh = slopes[loss](hs[-1], y)
    gradients = []
    for k in reversed(range(len(theta))):
        dz = backward[activations[k]](dh, zs[k], hs[k + 1])
        gradients.append(parameters(dz, hs[k]))
        dh = inputs(dz, theta[k][0])
    return gradients[::-1]
