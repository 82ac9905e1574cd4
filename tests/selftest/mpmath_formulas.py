"""The lecture's formulas as the slides write them, in mpmath's arithmetic: what the reference is judged against.

Arrays are NumPy object arrays of mpf: products and sums are NumPy's own, without a rounding that float64 could see.
No formula is rearranged for stability: 50 digits and an unlimited exponent do not need it, and where more are lost,
PRECISE are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import mpmath
import numpy as np

from reference import Band

DIGITS = 50
PRECISE = 1400
"""Digits enough for any sum of products of two float64 to be exact."""


def exactly(values: Any) -> np.ndarray:
    """The float64 `values` as mpf, without rounding."""
    return np.asarray(np.frompyfunc(mpmath.mpf, 1, 1)(np.asarray(values, dtype=np.float64)), dtype=object)


def elementwise(function: Callable[[Any], Any], values: np.ndarray) -> np.ndarray:
    return np.asarray(np.frompyfunc(function, 1, 1)(values), dtype=object)


def exp(values: np.ndarray) -> np.ndarray:
    return elementwise(mpmath.exp, values)


def sigmoid(z: np.ndarray) -> np.ndarray:
    return 1 / (1 + exp(-z))


def softmax(z: np.ndarray) -> np.ndarray:
    e = exp(z)
    return e / e.sum(axis=-1, keepdims=True)


ACTIVATIONS: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": sigmoid,
    "tanh": lambda z: elementwise(mpmath.tanh, z),
    "relu": lambda z: elementwise(lambda one: max(mpmath.mpf(0), one), z),
    "softmax": softmax,
    "identity": lambda z: z,
}


def times_log(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """y log p, 0 where y is 0."""
    return np.asarray(np.frompyfunc(lambda y, p: y * mpmath.log(p) if y else mpmath.mpf(0), 2, 1)(y, p), dtype=object)


def binary_cross_entropy(p: np.ndarray, y: np.ndarray) -> Any:
    return -(times_log(y, p) + times_log(1 - y, 1 - p)).sum() / p.size


def cross_entropy(p: np.ndarray, y: np.ndarray) -> Any:
    p, y = np.atleast_2d(p), np.atleast_2d(y)
    return -times_log(y, p).sum() / len(p)


def cross_entropy_with_logits(z: np.ndarray, labels: np.ndarray) -> Any:
    z = np.atleast_2d(z)
    lse = elementwise(mpmath.log, exp(z).sum(axis=-1))
    return (lse - z[np.arange(len(z)), labels]).sum() / len(z)


def mean_squared_error(y_hat: np.ndarray, y: np.ndarray) -> Any:
    return ((y_hat - y) ** 2).sum() / (2 * y.size)


def mlp(x: np.ndarray, theta: Sequence[tuple[np.ndarray, np.ndarray]], activations: Sequence[str]) -> np.ndarray:
    for (W, b), name in zip(theta, activations, strict=True):
        x = ACTIVATIONS[name](x @ W.T + b)
    return x


def mlp_gradients(
    x: np.ndarray, y: np.ndarray, theta: Sequence[tuple[np.ndarray, np.ndarray]], activations: Sequence[str], loss: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The chain rule taken literally: dJ/dh, then the whole Jacobian dh/dz of every layer, one example at a time."""
    m, k = len(x), theta[-1][0].shape[0]
    gradients = [(0 * W, 0 * b) for W, b in theta]
    for example, target in zip(x, y, strict=True):
        inputs = [example]
        for (W, b), name in zip(theta, activations, strict=True):
            inputs.append(ACTIVATIONS[name](W @ inputs[-1] + b))
        upstream = _LOSS_GRADIENTS[loss](inputs[-1], target) / (m if "cross_entropy" in loss[:13] else m * k)
        for layer in range(len(theta) - 1, -1, -1):
            W, b = theta[layer]
            delta = _jacobian(activations[layer], W @ inputs[layer] + b) @ upstream
            dW, db = gradients[layer]
            gradients[layer] = (dW + np.outer(delta, inputs[layer]), db + delta)
            upstream = W.T @ delta
    return gradients


def _jacobian(name: str, z: np.ndarray) -> np.ndarray:
    h = ACTIVATIONS[name](z)
    if name == "softmax":
        return np.diag(h) - np.outer(h, h)
    slopes = {"sigmoid": h * (1 - h), "tanh": 1 - h * h, "relu": elementwise(lambda one: int(one > 0), z)}
    return np.diag(slopes.get(name, 1 + 0 * z))


def ratio(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """y/p, 0 where y is 0."""
    return np.asarray(np.frompyfunc(lambda y, p: y / p if y else y, 2, 1)(y, p), dtype=object)


_LOSS_GRADIENTS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "binary_cross_entropy": lambda p, y: ratio(1 - y, 1 - p) - ratio(y, p),
    "cross_entropy": lambda p, y: -ratio(y, p),
    "cross_entropy_with_logits": lambda z, y: softmax(z) - y,
    "mean_squared_error": lambda y_hat, y: y_hat - y,
}


def error_ratio(came: Any, due: Any, bound: Any) -> float:
    """The largest error of `came` over the bound: what came, in floating point, against what is due, in mpf.

    An infinite bound makes no statement.
    """
    if isinstance(came, list | tuple):
        return max(error_ratio(*one) for one in zip(came, due, bound, strict=True))
    if isinstance(due, Mapping):
        return max(error_ratio(came[key], due[key], bound[key]) for key in due)
    band = bound if isinstance(bound, Band) else Band(bound)
    due = np.asarray(due, dtype=object)
    assert np.shape(came) == due.shape
    parts = (came, due, band.bound, band.below, band.above)
    arrays = [np.broadcast_to(np.asarray(part, dtype=object), due.shape).ravel() for part in parts]
    return max((_ratio(*one) for one in zip(*arrays, strict=True)), default=0.0)


def _ratio(came: Any, due: Any, bound: Any, below: Any, above: Any) -> float:
    if bound == np.inf:
        return 0.0
    with mpmath.workdps(PRECISE):
        error = mpmath.mpf(float(came)) - due
        outside = max(error - mpmath.mpf(float(above)), -error - mpmath.mpf(float(below)), mpmath.mpf(0))
        if not outside:
            return 0.0
        return float(outside / mpmath.mpf(float(bound))) if bound else np.inf
