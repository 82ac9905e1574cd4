"""The lecture's formulas as the slides write them, in mpmath's arithmetic: what the reference is checked against.

`exact_value(name, args)` takes the arguments of the reference's function of that name and gives the exact result in
mpf; `error_ratio` compares a floating-point result with it. Arrays are NumPy object arrays of mpf: products and sums
are NumPy's own, without a rounding that float64 could see. No formula is rearranged for stability: 50 digits and an
unlimited exponent do not need it, and where more digits are lost, FORMULAS says how many are kept.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import mpmath
import numpy as np

from reference import Band, one_hot
from reference.trees import mapped

DIGITS = 50
PRECISE = 1400
"""Digits enough for any sum of products of two float64 to be exact."""


def exactly(leaf: Any) -> Any:
    """A float, or the floats of an array, as mpf without rounding; anything else as it is."""
    if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f":
        return np.asarray(np.frompyfunc(mpmath.mpf, 1, 1)(leaf.astype(np.float64)), dtype=object)
    return mpmath.mpf(leaf) if isinstance(leaf, float) else leaf


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


def linear(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    return x @ W.T + b


def neuron(x: np.ndarray, w: np.ndarray, b: Any) -> np.ndarray:
    return sigmoid(x @ w + b)


def logistic_regression(X: np.ndarray, theta: np.ndarray) -> np.ndarray:
    return sigmoid(X @ theta)


def collapse_linear(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return W2 @ W1, W2 @ b1 + b2


def gradient_descent_step(theta: Sequence[np.ndarray], grad: Sequence[np.ndarray], alpha: Any) -> list[np.ndarray]:
    return [p - alpha * g for p, g in zip(theta, grad, strict=True)]


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


def network_gradients(activations: Sequence[str], loss: str) -> Callable[..., Any]:
    """The gradients of a network of these activations, for targets as `mlp_gradients` of the reference takes them."""

    def gradients(x: np.ndarray, y: np.ndarray, theta: Sequence[tuple[np.ndarray, np.ndarray]]) -> Any:
        targets = one_hot(y, theta[-1][0].shape[0]) if loss == "cross_entropy_with_logits" else y
        return mlp_gradients(x, targets, theta, activations, loss)

    return gradients


def optimiser(rule: Callable[..., tuple[Any, ...]], *keys: str, counts: bool = False) -> Callable[..., Any]:
    """A step of all parameters by a rule of one element: rule(p, g, *entries of the state, t, **hyper)."""

    def step(theta: Sequence[np.ndarray], grad: Sequence[np.ndarray], state: Mapping[str, Any], **hyper: Any) -> Any:
        t = state["step"] + 1 if counts else 0
        columns = [
            np.frompyfunc(lambda *one: rule(*one, t, **hyper), 2 + len(keys), 1 + len(keys))(*arrays)
            for arrays in zip(theta, grad, *(state[key] for key in keys), strict=True)
        ]
        new_theta, *entries = map(list, zip(*columns, strict=True))
        return new_theta, ({"step": t} if counts else {}) | dict(zip(keys, entries, strict=True))

    return step


def _sgd(p: Any, g: Any, v: Any, t: int, lr: Any, momentum: Any) -> tuple[Any, ...]:
    v = momentum * v + g
    return p - lr * v, v


def _adagrad(p: Any, g: Any, s: Any, t: int, lr: Any, eps: Any) -> tuple[Any, ...]:
    s = s + g**2
    return p - lr * g / (mpmath.sqrt(s) + eps), s


def _rmsprop(p: Any, g: Any, v: Any, t: int, lr: Any, alpha: Any, eps: Any) -> tuple[Any, ...]:
    v = alpha * v + (1 - alpha) * g**2
    return p - lr * g / (mpmath.sqrt(v) + eps), v


def _adam(p: Any, g: Any, m: Any, v: Any, t: int, lr: Any, betas: Any, eps: Any) -> tuple[Any, ...]:
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    return p - lr * (m / (1 - betas[0] ** t)) / (mpmath.sqrt(v / (1 - betas[1] ** t)) + eps), m, v


def _adamax(p: Any, g: Any, m: Any, u: Any, t: int, lr: Any, betas: Any, eps: Any) -> tuple[Any, ...]:
    m, u = betas[0] * m + (1 - betas[0]) * g, max(betas[1] * u, abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


def fit(X: np.ndarray, y: np.ndarray, alpha: Any, steps: int) -> np.ndarray:
    theta = np.array([mpmath.mpf(0)] * X.shape[1], dtype=object)
    for _ in range(steps):
        theta = theta - alpha / X.shape[0] * (X.T @ (sigmoid(X @ theta) - y))
    return theta


class Formula(NamedTuple):
    """A formula and the number of digits that its arithmetic keeps."""

    function: Callable[..., Any]
    digits: int = DIGITS


FORMULAS: Mapping[str, Formula] = {
    **{name: Formula(ACTIVATIONS[name]) for name in ("sigmoid", "tanh", "relu", "softmax")},
    "one_hot": Formula(lambda labels, k: np.eye(k)[labels]),
    "binary_cross_entropy": Formula(binary_cross_entropy, 400),
    "cross_entropy": Formula(cross_entropy, 400),
    "cross_entropy_with_logits": Formula(cross_entropy_with_logits, PRECISE),
    "mean_squared_error": Formula(mean_squared_error, PRECISE),
    "linear": Formula(linear, PRECISE),
    "neuron": Formula(neuron, PRECISE),
    "logistic_regression": Formula(logistic_regression, PRECISE),
    "mlp": Formula(mlp),
    "collapse_linear": Formula(collapse_linear, PRECISE),
    "gradient_descent_step": Formula(gradient_descent_step, PRECISE),
    "mlp_gradients": Formula(
        lambda x, y, theta, activations, loss: network_gradients(activations, loss)(x, y, theta), 4 * DIGITS
    ),
    "sgd_step": Formula(optimiser(_sgd, "momentum_buffer"), PRECISE),
    "adagrad_step": Formula(optimiser(_adagrad, "sum"), PRECISE),
    "rmsprop_step": Formula(optimiser(_rmsprop, "square_avg"), PRECISE),
    "adam_step": Formula(optimiser(_adam, "exp_avg", "exp_avg_sq", counts=True), PRECISE),
    "adamax_step": Formula(optimiser(_adamax, "exp_avg", "exp_inf", counts=True), PRECISE),
    "network": Formula(lambda x, theta: mlp(x, theta, ["relu", "identity"])),
    "network_gradients": Formula(network_gradients(["relu", "identity"], "cross_entropy_with_logits"), 4 * DIGITS),
    "fit": Formula(fit, 4 * DIGITS),
    "predict": Formula(lambda X, theta: np.where(X @ theta >= 0, mpmath.mpf(1), mpmath.mpf(0)), PRECISE),
}
"""The formula of every function of the interface, with the arguments of the reference's function of that name."""


def exact_value(name: str, args: Sequence[Any], hyper: Mapping[str, Any] | None = None) -> Any:
    """The exact value of the reference's function of this name, for floating arguments taken as exact."""
    formula = FORMULAS[name]
    with mpmath.workdps(formula.digits):
        return formula.function(*mapped(exactly, tuple(args)), **mapped(exactly, hyper or {}))


def error_ratio(got: Any, expected: Any, bound: Any) -> float:
    """The largest error over the bound: of what was got, in floating point, against what is expected, in mpf.

    An infinite bound makes no statement.
    """
    if isinstance(expected, list | tuple):
        return max(error_ratio(*one) for one in zip(got, expected, bound, strict=True))
    if isinstance(expected, Mapping):
        return max(error_ratio(got[key], expected[key], bound[key]) for key in expected)
    band = bound if isinstance(bound, Band) else Band(bound)
    expected = np.asarray(expected, dtype=object)
    assert np.shape(got) == expected.shape
    parts = (got, expected, band.bound, band.below, band.above)
    arrays = [np.broadcast_to(np.asarray(part, dtype=object), expected.shape).ravel() for part in parts]
    return max((_ratio(*one) for one in zip(*arrays, strict=True)), default=0.0)


def _ratio(got: Any, expected: Any, bound: Any, below: Any, above: Any) -> float:
    if bound == np.inf or float(got) == expected:
        return 0.0
    with mpmath.workdps(PRECISE):
        error = mpmath.mpf(float(got)) - expected
        outside = max(error - mpmath.mpf(float(above)), -error - mpmath.mpf(float(below)), mpmath.mpf(0))
        if not outside:
            return 0.0
        return float(outside / mpmath.mpf(float(bound))) if bound else np.inf
