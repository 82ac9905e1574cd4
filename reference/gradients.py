"""The gradients of a multilayer perceptron's loss by backpropagation, and their forward error bound."""

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np

from reference._validation import check_not_empty, check_shape, class_labels, float64_inside, probabilities, real_array
from reference.activations import activation_error, log_softmax_bound, sigmoid, softmax
from reference.arithmetic import Arithmetic, gamma, product_bound
from reference.layers import Layer, Pass, forward_errors, forward_pass, network_arguments
from reference.losses import one_hot

__all__ = ["mlp_gradients", "mlp_gradients_bound"]

FUNCTIONS = ("mlp_gradients",)


@float64_inside
def mlp_gradients(
    x: np.ndarray, y: np.ndarray, theta: Sequence[Layer], activations: Sequence[str], loss: str
) -> list[tuple[np.ndarray, np.ndarray]]:
    r"""The gradients :math:`\partial J / \partial\Theta` of a multilayer perceptron's loss (slide "Training an MLP").

    x, theta, activations: as for `mlp`; loss: binary_cross_entropy, cross_entropy, cross_entropy_with_logits or
    mean_squared_error; y: the targets of the loss, in the shape of the network's output, or integer labels without the
    last axis for cross_entropy_with_logits. Returns a pair (dW_k, db_k) for each layer, in the shapes of W_k and b_k.
    The derivative of ReLU at 0 is 0. The derivatives of a sigmoid with the binary cross-entropy, and of a softmax with
    the cross-entropy, are taken together, as y_hat - y: they are finite and accurate where probabilities saturate.
    Raises ValueError as `mlp` and the losses do, and for an unknown loss.

    >>> theta = [(np.array([[2.0]]), np.array([1.0]))]
    >>> mlp_gradients(np.array([[3.0]]), np.array([[5.0]]), theta, ["identity"], "mean_squared_error")
    [(array([[6.]]), array([2.]))]
    """
    x, layers, names = network_arguments(x, theta, activations)
    passes = forward_pass(x, layers, names)
    y = _targets(loss, passes[-1].h, y)
    x, passes, y = _as_batch(x, passes, y, loss)
    deltas = _deltas(passes, y, layers, names, loss)
    inputs = (x, *(h for _, h in passes))
    return [(delta.T @ h, delta.sum(axis=0)) for delta, h in zip(deltas, inputs, strict=False)]


def _targets(loss: str, y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
    """y, checked against the loss and the network's output."""
    if loss not in _UPSTREAM:
        raise ValueError(f"loss: got {loss!r}, needs one of {', '.join(_UPSTREAM)}")
    check_not_empty("x", y_hat)
    if loss == "cross_entropy_with_logits":
        y = class_labels("y", y, y_hat.shape[-1])
        check_shape("y", y, y_hat.shape[:-1], f"one label for each output, which have shape {y_hat.shape}")
        return y
    if loss != "mean_squared_error":
        probabilities(f"output of the network under {loss}", y_hat)
        y = probabilities("y", y)
    y = real_array("y", y)
    check_shape("y", y, y_hat.shape, "the shape of the network's output")
    return y


def _as_batch(x: np.ndarray, passes: list[Pass], y: np.ndarray, loss: str) -> tuple[np.ndarray, list[Pass], np.ndarray]:
    """x, passes and y with a first axis of examples; integer labels become one-hot."""
    batch = [Pass(np.atleast_2d(z), np.atleast_2d(h)) for z, h in passes]
    if loss == "cross_entropy_with_logits":
        y = one_hot(np.atleast_1d(y), batch[-1].h.shape[-1])
    return np.atleast_2d(x), batch, np.atleast_2d(y)


def _deltas(
    passes: list[Pass], y: np.ndarray, layers: Sequence[Layer], names: Sequence[str], loss: str
) -> list[np.ndarray]:
    """dJ/dz_k of each layer, in the order of the layers."""
    z, h = passes[-1]
    together = _TOGETHER.get((names[-1], loss))
    delta = together(h, y) if together else _BACKWARD[names[-1]](_UPSTREAM[loss](h, y), z, h)
    deltas = [delta]
    for k in range(len(layers) - 2, -1, -1):
        delta = _BACKWARD[names[k]](delta @ layers[k + 1][0], *passes[k])
        deltas.append(delta)
    return deltas[::-1]


def _squared_error_upstream(y_hat: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (y_hat - y) / y.size


def _binary_upstream(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (_ratio(1 - y, 1 - p) - _ratio(y, p)) / y.size


def _cross_entropy_upstream(p: np.ndarray, y: np.ndarray) -> np.ndarray:
    return -_ratio(y, p) / len(y)


def _logits_upstream(z: np.ndarray, y: np.ndarray) -> np.ndarray:
    return (softmax(z) - y) / len(y)


def _ratio(y: np.ndarray, p: np.ndarray) -> np.ndarray:
    """y/p, and 0 where y is 0, since the term y log p of the loss is constant there."""
    return np.where(y > 0, y / p, 0.0)


_UPSTREAM: Mapping[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "binary_cross_entropy": _binary_upstream,
    "cross_entropy": _cross_entropy_upstream,
    "cross_entropy_with_logits": _logits_upstream,
    "mean_squared_error": _squared_error_upstream,
}
"""dJ/dh_L of each loss at the network's output h_L and the targets."""


_TOGETHER: Mapping[tuple[str, str], Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    ("sigmoid", "binary_cross_entropy"): lambda p, y: (p - y) / y.size,
    ("softmax", "cross_entropy"): lambda p, y: (p * y.sum(axis=-1, keepdims=True) - y) / len(y),
}
"""dJ/dz_L for the pairs of last activation and loss whose denominators cancel."""


def _through_softmax(v: np.ndarray, z: np.ndarray, p: np.ndarray) -> np.ndarray:
    return p * (v - (v * p).sum(axis=-1, keepdims=True))


_BACKWARD: Mapping[str, Callable[[np.ndarray, np.ndarray, np.ndarray], np.ndarray]] = {
    "sigmoid": lambda v, z, h: v * h * sigmoid(-z),
    "tanh": lambda v, z, h: v / np.cosh(z) ** 2,
    "relu": lambda v, z, h: np.where(z > 0, v, 0.0),
    "softmax": _through_softmax,
    "identity": lambda v, z, h: v,
}
"""dJ/dz of each activation at pre-activation z and output h, for dJ/dh = v."""


class _Upstream(NamedTuple):
    """dJ/dh and its error."""

    v: np.ndarray
    error: np.ndarray


@np.errstate(all="ignore")
def mlp_gradients_bound(
    x: np.ndarray,
    y: np.ndarray,
    theta: Sequence[Layer],
    activations: Sequence[str],
    loss: str,
    arithmetic: Arithmetic,
) -> list[tuple[np.ndarray, np.ndarray]]:
    """The errors of the activations forward, the errors of dJ/dz backward, and the errors of their products.

    `product_bound` gives the error of each product of inexact matrices, with two more roundings for a division by the
    number of examples at the end. The bound admits y_hat - y; dJ/dy_hat times the derivative of the last activation;
    and at the textbook level the derivatives of the slides' log(h + eps) and 1/(1 + e^-z + eps). The relative error of
    the latter is that of y_hat: keep the last layer's |z| small, below 4 for example. Otherwise the bound says little,
    and nothing where y_hat is 0 or 1.
    Where 0 lies within the error of a ReLU's argument, the derivative may be 0 or 1, and the bound is the whole
    upstream gradient. A ReLU at exactly 0 is decided where x, W or b are 0, since the error is 0 there.
    """
    passes = forward_pass(x, theta, activations)
    errors = [Pass(np.atleast_2d(z), np.atleast_2d(h)) for z, h in forward_errors(x, theta, activations, arithmetic)]
    x, passes, y = _as_batch(x, passes, y, loss)
    deltas = _deltas(passes, y, theta, activations, loss)
    inputs = [x, *(h for _, h in passes)]
    input_errors = [np.zeros_like(x), *(h for _, h in errors)]
    error = _last_delta_error(passes[-1], errors[-1], y, activations[-1], loss, arithmetic)
    bounds = []
    for k in range(len(theta) - 1, -1, -1):
        delta = deltas[k]
        dW = product_bound(delta.T, inputs[k], arithmetic, error.T, input_errors[k], roundings=2)
        db = product_bound(np.ones(len(x)), delta, arithmetic, B_error=error, roundings=1)
        bounds.append((dW, db))
        if k:
            W = theta[k][0]
            upstream = _Upstream(delta @ W, product_bound(delta, W, arithmetic, A_error=error))
            error = _backward_error(activations[k - 1], upstream, passes[k - 1], errors[k - 1], arithmetic)
    return bounds[::-1]


def _last_delta_error(
    last: Pass, error: Pass, y: np.ndarray, activation: str, loss: str, arithmetic: Arithmetic
) -> np.ndarray:
    """The error of dJ/dz_L: of dJ/dh_L through the activation, or of y_hat - y, whichever is larger."""
    upstream = _Upstream(_UPSTREAM[loss](last.h, y), _upstream_error(loss, last.h, error.h, y, arithmetic))
    through = _backward_error(activation, upstream, last, error, arithmetic)
    if (activation, loss) not in _TOGETHER:
        return through
    together = _difference_error(last.h, error.h, y, arithmetic)
    if loss == "binary_cross_entropy":
        return np.maximum(through, together / y.size)
    surplus = np.abs(1 - y.sum(axis=-1, keepdims=True))  # y_hat - y presumes targets that sum to exactly 1
    return np.maximum(through, (together + surplus * last.h) / len(y))


def _difference_error(p: np.ndarray, error: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """E_p + gamma(4u)(p + E_p + y) + 2w: p - y, divided by the number of elements or multiplied by its reciprocal."""
    return error + gamma(4 * arithmetic.unit_roundoff) * (p + error + y) + 2 * arithmetic.smallest


def _upstream_error(loss: str, h: np.ndarray, error: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """The error of dJ/dh_L where h_L is within `error`."""
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    if loss == "mean_squared_error":
        return (error + gamma(5 * u) * (np.abs(h - y) + error)) / y.size + 2 * w
    if loss == "cross_entropy_with_logits":
        return _logits_upstream_error(h, error, y, arithmetic)
    quotients = _quotient_error(y, h, error, arithmetic)
    if loss == "cross_entropy":
        return quotients / len(y) + w
    return (quotients + _quotient_error(1 - y, 1 - h, error, arithmetic)) / y.size + 2 * w


def _quotient_error(y: np.ndarray, p: np.ndarray, error: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """y E/(p(p - E)) + gamma(12u) y/(p - E): the error of y/p for p within E, where eps may have been added to p.

    12u covers (p - y)/(p(1 - p)), 7u on |p - y|/(p(1 - p)) and 5u on y/p + (1 - y)/(1 - p), as well as -y/p, 4u.
    """
    error = error + arithmetic.eps
    least = np.maximum(p - error, 0.0)
    return np.where(y > 0, y / least * (error / p + gamma(12 * arithmetic.unit_roundoff)), 0.0)


def _logits_upstream_error(z: np.ndarray, error: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """(E_p + gamma(4u)(p + E_p + y))/m + 2w for p = softmax(z), computed as softmax or as exp(log-softmax).

    The textbook level admits the derivative of the slides' cross-entropy of a softmax as well.
    """
    p = softmax(z)
    by_softmax = activation_error("softmax", z, error, arithmetic)
    log_error = log_softmax_bound(z, arithmetic) + 2 * error.max(axis=-1, keepdims=True)
    by_log = p * ((1 + arithmetic.e_exp) * np.expm1(log_error) + arithmetic.e_exp) + arithmetic.smallest
    p_error = np.maximum(by_softmax, by_log)
    together = _difference_error(p, p_error, y, arithmetic) / len(y)
    if not arithmetic.eps:
        return together
    upstream = _Upstream(_cross_entropy_upstream(p, y), _upstream_error("cross_entropy", p, by_softmax, y, arithmetic))
    through = _backward_error("softmax", upstream, Pass(z, p), Pass(error, by_softmax), arithmetic)
    return np.maximum(together, through)


def _backward_error(
    activation: str, upstream: _Upstream, exact: Pass, error: Pass, arithmetic: Arithmetic
) -> np.ndarray:
    """The error of dJ/dz for dJ/dh, z and h with errors of their own."""
    v = np.abs(upstream.v) + upstream.error
    if activation == "identity":
        return upstream.error
    if activation == "relu":
        undecided = (np.abs(exact.z) <= error.z) & (error.z > 0)
        return np.where(undecided, v, np.where(exact.z > 0, upstream.error, 0.0))
    if activation == "softmax":
        return _softmax_backward_error(upstream, exact.h, error.h, arithmetic)
    derivative, derivative_error = _DERIVATIVES[activation](exact, error, arithmetic)
    derivative_error = derivative_error + 2 * arithmetic.eps * derivative
    return v * derivative_error + upstream.error * derivative + (3 + v) * arithmetic.smallest


def _sigmoid_derivative(exact: Pass, error: Pass, arithmetic: Arithmetic) -> tuple[np.ndarray, np.ndarray]:
    """s(1 - s), and its error |1 - 2s|E + E^2 + gamma(3u)(s + E)(1 - s + E) with the product by dJ/dh."""
    s, E = exact.h, error.h
    rounding = gamma(3 * arithmetic.unit_roundoff) * (s + E) * (1 - s + E)
    return s * sigmoid(-exact.z), np.abs(1 - 2 * s) * E + E**2 + rounding


def _tanh_derivative(exact: Pass, error: Pass, arithmetic: Arithmetic) -> tuple[np.ndarray, np.ndarray]:
    """1 - t^2, and its error (2|t|E + E^2 + gamma(u)t^2)(1 + 2u) + gamma(2u)(1 - t^2) with the product by dJ/dh."""
    t, E, u = np.abs(exact.h), error.h, arithmetic.unit_roundoff
    derivative = 1 / np.cosh(exact.z) ** 2
    return derivative, (2 * t * E + E**2 + gamma(u) * t**2) * (1 + 2 * u) + gamma(2 * u) * derivative


_DERIVATIVES = {"sigmoid": _sigmoid_derivative, "tanh": _tanh_derivative}


def _softmax_backward_error(
    upstream: _Upstream, p: np.ndarray, error: np.ndarray, arithmetic: Arithmetic
) -> np.ndarray:
    """The error of p_i(v_i - c), c = sum_j p_j v_j, computed so or from the Jacobian p_i(delta_ij - p_j).

    The arguments contribute E_p|v - c| + P E_q with P = p + E_p, V = |v| + E_v, E_q = E_v + sum(E_p|v| + P E_v). The
    roundings contribute gamma((k + 4)u) P(V + sum PV), and (k + 2 + sum V)w, since each factor of a product may
    underflow.
    """
    v, v_error = upstream
    P, V = p + error, np.abs(v) + v_error
    k = p.shape[-1]
    distance = np.abs(v - (p * v).sum(axis=-1, keepdims=True))
    distance_error = v_error + (error * np.abs(v) + P * v_error).sum(axis=-1, keepdims=True)
    rounding = gamma((k + 4) * arithmetic.unit_roundoff) * P * (V + (P * V).sum(axis=-1, keepdims=True))
    underflow = (k + 2 + V.sum(axis=-1, keepdims=True)) * arithmetic.smallest
    return error * distance + P * distance_error + rounding + underflow
