"""The activation functions, their forward error bounds, and the errors that an inexact argument causes in them."""

from collections.abc import Callable, Mapping

import numpy as np

from reference._validation import float64_inside, real_array
from reference.arithmetic import Arithmetic, gamma

__all__ = [
    "ACTIVATIONS",
    "relu",
    "relu_bound",
    "sigmoid",
    "sigmoid_bound",
    "softmax",
    "softmax_bound",
    "tanh",
    "tanh_bound",
]

FUNCTIONS = ("sigmoid", "tanh", "relu", "softmax")


@float64_inside
def sigmoid(z: np.ndarray) -> np.ndarray:
    r"""The logistic sigmoid, :math:`\sigma(z) = 1 / (1 + e^{-z})` (slide "Popular activation functions").

    z: any shape. Returns the same shape, values in [0, 1]; NaN where z is NaN.
    It is computed from e^-|z|, as e^z / (1 + e^z) for negative z: nothing overflows, and the left tail is accurate.
    Raises ValueError if z does not hold real numbers.

    >>> sigmoid(np.array([0.0, 2.0, -800.0])).round(3)
    array([0.5  , 0.881, 0.   ])
    """
    z = real_array("z", z)
    e = np.exp(-np.abs(z))
    return np.where(z >= 0, 1.0, e) / (1.0 + e)


@np.errstate(all="ignore")
def sigmoid_bound(z: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """s gamma((1 - s) e_exp/(1 - e_exp) + (2 + s)u) + max(w, 1/largest) for s = sigmoid(z), plus eps if textbook.

    In both forms the error of exp has the weight 1 - s; an addition and a division follow. 1/(2 + expm1(-z)) rounds
    e^-z - 1, which is near -1 where s is near 1, once more. 1/(1 + e^-z) may overflow to 0 where the exact value is
    below 1/largest. The slide's eps reduces the value by eps s^2.
    """
    s, e = sigmoid(z), arithmetic.e_exp
    rounding = s * gamma((1 - s) * e / (1 - e) + (2 + s) * arithmetic.unit_roundoff)
    return rounding + max(arithmetic.smallest, 1 / arithmetic.largest) + arithmetic.eps


@float64_inside
def tanh(z: np.ndarray) -> np.ndarray:
    r"""The hyperbolic tangent, :math:`(e^{2z} - 1) / (e^{2z} + 1)` (slide "Popular activation functions").

    z: any shape. Returns the same shape, values in [-1, 1]; NaN where z is NaN.
    It is computed by NumPy's tanh: the quotient above overflows in the right tail and loses all digits near 0.
    Raises ValueError if z does not hold real numbers.

    >>> tanh(np.array([0.0, 1.0, -800.0])).round(3)
    array([ 0.   ,  0.762, -1.   ])
    """
    return np.tanh(real_array("z", z))


@np.errstate(all="ignore")
def tanh_bound(z: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """max(|t|, 2^10 n) e_tanh + 2w for t = tanh(z) and the smallest normal number n; at the textbook level plus eps and
    the error of the slide's quotient.

    One library function; hardware may flush the argument to zero, and the result as well. A rational approximation
    z p(z^2)/q(z^2) multiplies subnormal numbers, whose errors are absolute: below 2^10 n the bound stays what it is at
    2^10 n (not in float16, where 2^10 n is 1/16). The error of the slide's quotient is at most
    (1 - t^2) e_exp/2 + 3u|t| + 2u: in float64 far below eps, in float32 above it.
    """
    small = 2**10 * arithmetic.smallest_normal
    least = small if small < arithmetic.unit_roundoff**2 else 0.0
    t = np.abs(np.tanh(z))
    bound = np.maximum(t, least) * arithmetic.e_tanh + 2 * arithmetic.smallest
    if not arithmetic.eps:
        return bound
    return bound + arithmetic.eps + (1 - t**2) * arithmetic.e_exp / 2 + (3 * t + 2) * arithmetic.unit_roundoff


@float64_inside
def relu(z: np.ndarray) -> np.ndarray:
    r"""The rectified linear unit, :math:`\max(0, z)` (slide "Popular activation functions").

    z: any shape. Returns the same shape, values >= 0; NaN where z is NaN.
    Raises ValueError if z does not hold real numbers.

    >>> relu(np.array([-1.5, 0.0, 2.0]))
    array([0., 0., 2.])
    """
    return np.maximum(0.0, real_array("z", z))


def relu_bound(z: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """0: a comparison rounds nothing. Hardware that flushes subnormals to zero may lose them."""
    return arithmetic.flushed(z)


_EVERYDAY = 20.0
"""Up to which |z| softmax may be the exponential of the log-softmax."""


@float64_inside
def softmax(z: np.ndarray) -> np.ndarray:
    r"""Softmax over the last axis, :math:`\sigma(z)_i = e^{z_i} / \sum_j e^{z_j}`.

    Slide "The Softmax activation function".

    z: logits, shape (..., k), k >= 1. Returns probabilities of the same shape; each row sums to 1. A row that holds NaN
    or +inf, or nothing but -inf, gives NaN everywhere. A logit of -inf beside a finite logit gives 0.
    It is computed from exp(z - max z): the shift leaves the quotient unchanged and keeps exp from overflowing.
    Raises ValueError if z has no last axis, if k is 0, or if z does not hold real numbers.

    >>> softmax(np.array([2.6, 1.5, 0.2, 0.6])).round(2)
    array([0.64, 0.21, 0.06, 0.09])
    """
    z = real_array("z", z)
    if z.ndim == 0 or z.shape[-1] == 0:
        raise ValueError(f"z: got shape {z.shape}, needs a last axis of at least one class")
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@np.errstate(all="ignore")
def softmax_bound(z: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """g_i((1 + r_i)(1 + gamma(h(k)u))(1 + gamma(2u)) - 1) + 2(2 + k g_i)w for g = softmax(z), plus eps if textbook.

    r_i = ((1 - g_i)A_i + D - g_i A_i)/(1 - D) are the errors of the exponentials; the error of the numerator cancels
    against its own term in the denominator. k - 1 additions and a division follow. The bound is infinite where D >= 1.
    `SoftmaxRow` explains A, D and k. In a row of everyday logits, |z| <= 20, r_i grows by 2u|lse|, lse = log sum e^z:
    this admits exp(z - lse), where lse is rounded, and the difference as well.
    """
    row = SoftmaxRow(z, arithmetic)
    k, u, g = row.k, arithmetic.unit_roundoff, row.g
    everyday = (np.abs(z) <= _EVERYDAY).all(axis=-1, keepdims=True)
    lse = np.where(everyday, np.abs(z.max(axis=-1, keepdims=True) + np.log(row.S)), 0.0)
    relative = ((1 - g) * row.gA + g * (row.D - row.gA)) / (1 - row.D) + g * 2 * u * lse
    quotient, addition = gamma(2 * u), gamma((k - 1) * u)
    later = quotient + addition + quotient * addition
    bound = relative + later * (g + relative) + 2 * (2 + k * g) * arithmetic.smallest
    return np.where(row.D < 1, bound, np.inf) + arithmetic.eps


def log_softmax_bound(z: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """ud + l' + u(|y| + ud + l') + w for y = log softmax(z) = -(d + log S), computed as (z - max z) - log S.

    th = (1 + D)(1 + gamma(h(k)u)) - 1 + kw is the relative error of S. It gives log S the absolute error
    l = -log1p(-th), and l' = l + e_log(log S + l) together with the error of the logarithm itself.
    """
    row = SoftmaxRow(z, arithmetic)
    k, u = row.k, arithmetic.unit_roundoff
    addition, log_S = gamma((k - 1) * u), np.log(row.S)
    th = row.D + addition + row.D * addition + k * arithmetic.smallest
    error = -np.log1p(-np.minimum(th, 1.0))
    error += arithmetic.e_log * (log_S + error)
    terms = u * row.d + error
    return terms + u * (row.d + log_S + terms) + arithmetic.smallest


class SoftmaxRow:
    """What the bounds of softmax and of log-softmax have in common, for each row of logits.

    d = max z - z is rounded once, so that e^-d has the relative error A = e^(ud)(1 + e_exp) - 1. In 2^(-d log2 e) the
    exponent is rounded twice, and log2 e has a relative error below u/2: so 2.5ud replaces ud. g = softmax(z),
    S = sum e^-d, gA = g A, and D = sum gA is the relative error of S that comes from the exponentials. k is the number
    of terms of the sum that are not exactly 0.
    """

    def __init__(self, z: np.ndarray, arithmetic: Arithmetic) -> None:
        self.d = z.max(axis=-1, keepdims=True) - z
        e = np.exp(-self.d)
        self.S = e.sum(axis=-1, keepdims=True)
        self.k = np.maximum((z > -np.inf).sum(axis=-1, keepdims=True), 1)
        self.g = e / self.S
        # expm1, since e^(ud) - 1 is far smaller than 1, and float64 would lose it. A may be infinite where g is 0.
        A = np.expm1(2.5 * arithmetic.unit_roundoff * self.d) * (1 + arithmetic.e_exp) + arithmetic.e_exp
        self.gA = np.where(self.g > 0, self.g * A, 0.0)
        self.D = self.gA.sum(axis=-1, keepdims=True)


@float64_inside
def identity(z: np.ndarray) -> np.ndarray:
    """z itself: the activation of the last layer for regression (slide "MLP - Multiple label variables").

    z: any shape. Raises ValueError if z does not hold real numbers.
    """
    return real_array("z", z)


ACTIVATIONS: Mapping[str, Callable[[np.ndarray], np.ndarray]] = {
    "sigmoid": sigmoid,
    "tanh": tanh,
    "relu": relu,
    "softmax": softmax,
    "identity": identity,
}
"""The activation functions of a multilayer perceptron by name."""


def activation_error(name: str, z: np.ndarray, error: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """The error of the activation function `name` for an argument within `error` of z; infinite where `error` is."""
    passed = _ACTIVATION_ERRORS[name](z, error, arithmetic)
    return np.where(np.isnan(passed) | (error == np.inf), np.inf, passed)


def _sigmoid_error(z: np.ndarray, error: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """E times the largest derivative, s(1 - s) at the point nearest to 0 (mean value theorem), and at most 1; plus the
    largest bound of sigmoid at z - E, z, z + E.
    """
    nearest = np.maximum(np.abs(z) - error, 0.0)
    moved = np.minimum(error * sigmoid(nearest) * sigmoid(-nearest), 1.0)
    return moved + np.max(sigmoid_bound(np.stack((z - error, z, z + error)), arithmetic), axis=0)


def _tanh_error(z: np.ndarray, error: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """As for sigmoid, with the derivative 1/cosh^2 and at most 2; the bound grows with |z|."""
    nearest = np.maximum(np.abs(z) - error, 0.0)
    return np.minimum(error / np.cosh(nearest) ** 2, 2.0) + tanh_bound(np.abs(z) + error, arithmetic)


def _relu_error(z: np.ndarray, error: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """E for positive z; for negative z the part of E that reaches beyond 0."""
    return np.maximum(error + np.minimum(z, 0.0), 0.0) + relu_bound(z, arithmetic)


def _softmax_error(z: np.ndarray, error: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """g(e^(2E) - 1) plus the bound of softmax itself, times at most e^(4E), with E the largest error of the row: each
    probability changes by a factor between e^(-2E) and e^(2E).
    """
    E = error.max(axis=-1, keepdims=True)
    return softmax(z) * np.expm1(2 * E) + np.exp(4 * E) * softmax_bound(z, arithmetic)


_ACTIVATION_ERRORS: Mapping[str, Callable[[np.ndarray, np.ndarray, Arithmetic], np.ndarray]] = {
    "sigmoid": _sigmoid_error,
    "tanh": _tanh_error,
    "relu": _relu_error,
    "softmax": _softmax_error,
    "identity": lambda z, error, arithmetic: error,
}
