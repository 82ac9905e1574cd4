"""One-hot labels, the loss functions, and their forward error bounds."""

import numpy as np

from reference._validation import (
    check_not_empty,
    check_shape,
    class_labels,
    float64_inside,
    probabilities,
    real_array,
    whole_number,
    with_dimensions,
)
from reference.activations import log_softmax_bound
from reference.arithmetic import Arithmetic, Band, gamma, mean_bound

__all__ = [
    "binary_cross_entropy",
    "binary_cross_entropy_bound",
    "cross_entropy",
    "cross_entropy_bound",
    "cross_entropy_with_logits",
    "cross_entropy_with_logits_bound",
    "mean_squared_error",
    "mean_squared_error_bound",
    "one_hot",
    "one_hot_bound",
]

FUNCTIONS = (
    "one_hot",
    "binary_cross_entropy",
    "cross_entropy",
    "cross_entropy_with_logits",
    "mean_squared_error",
)

_LOG_FLOOR = -100.0
"""The value at which a library may clamp a logarithm in a loss, as torch.nn.BCELoss does."""

_LOG_SMALLEST = np.log(np.finfo(np.float64).smallest_subnormal)
"""The smallest logarithm of a positive float64; it keeps bounds finite where the probability is 0."""


def one_hot(labels: np.ndarray, k: int) -> np.ndarray:
    """One-hot encoding: 1 at the label, 0 elsewhere (slide "MLP - Multiple label variables").

    labels: integers in [0, k), shape (...); k: the number of classes, at least 1. Returns shape (..., k).
    Raises ValueError if labels does not hold integers, if a label lies outside [0, k), or if k is not a positive
    integer.

    >>> one_hot(np.array([2, 0]), 3)
    array([[0., 0., 1.],
           [1., 0., 0.]])
    """
    k = whole_number("k", k, 1)
    labels = class_labels("labels", labels, k)
    return (labels[..., None] == np.arange(k)).astype(np.float64)


def one_hot_bound(labels: np.ndarray, k: int, arithmetic: Arithmetic) -> np.ndarray:
    """0: no arithmetic rounds anything."""
    return np.zeros((*np.shape(labels), k))


@float64_inside
def binary_cross_entropy(y_hat: np.ndarray, y: np.ndarray) -> float:
    r"""Binary cross-entropy, the mean of :math:`-y \log \hat y - (1-y) \log(1 - \hat y)`.

    Slide "MLP - Multiple label variables".
    y_hat: estimated probabilities in [0, 1], any shape with at least one element; y: targets in [0, 1], the same shape.
    Returns a number >= 0, and +inf if a target has the probability 0; 0 log 0 counts as 0.
    Raises ValueError for unequal shapes, an empty batch, and elements outside [0, 1].

    >>> round(binary_cross_entropy(np.array([0.9, 0.2]), np.array([1.0, 0.0])), 4)
    0.1643
    """
    y_hat, y = _predictions_and_targets(y_hat, y)
    return float(np.mean(_binary_cross_entropies(np.log(y_hat), np.log1p(-y_hat), y)))


def _binary_cross_entropies(log_p: np.ndarray, log_q: np.ndarray, y: np.ndarray) -> np.ndarray:
    return _weighted(y, log_p) + _weighted(1 - y, log_q)


def _weighted(y: np.ndarray, log_p: np.ndarray) -> np.ndarray:
    """-y log p of probabilities p, with 0 log 0 = 0."""
    return np.where(y > 0, y * np.abs(log_p), 0.0)


@np.errstate(all="ignore")
def binary_cross_entropy_bound(y_hat: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> Band:
    """The mean of b = (y e|L1| + (1 - y)(e(|L0| + u') + u'))(1 + 4u) + gamma(3u) l + 3w over the elements' losses l.

    L1 = log p, L0 = log(1 - p), u' = u/(1 - u); the second u' admits log(1 - p) in place of log1p(-p). Two products, a
    sum and the mean follow. The textbook level adds gamma(2u): the argument of the logarithm may be a quotient, as in
    log(1/p), whose rounding errors remain where the logarithm is tiny.
    Below: the reduction by a clamp of the logarithms at -100, and at the textbook level by log(q + eps): log1p(eps/q).
    Above, at that level: -log1p(-eps/q), for log(1 - (p + eps)), and for a p divided by a sum that contains an eps.
    The bound is infinite where the arithmetic flushes p to zero.
    """
    u, w = arithmetic.unit_roundoff, arithmetic.smallest
    log_p, log_q = np.log(y_hat), np.log1p(-y_hat)
    L1, L0 = np.maximum(log_p, _LOG_SMALLEST), np.maximum(log_q, _LOG_SMALLEST)
    losses = _binary_cross_entropies(L1, L0, y)
    e, lone = max(arithmetic.e_log, arithmetic.e_log1p), u / (1 - u)
    bounds = (y * e * -L1 + (1 - y) * (e * (lone - L0) + lone)) * (1 + 4 * u) + gamma(3 * u) * losses + 3 * w
    bounds = bounds + _of_a_quotient(arithmetic)
    exact = np.mean(_binary_cross_entropies(log_p, log_q, y))
    clamped = np.mean(_binary_cross_entropies(np.maximum(log_p, _LOG_FLOOR), np.maximum(log_q, _LOG_FLOOR), y))
    below, above = (
        np.mean(_binary_cross_entropies(_log1p_eps(y_hat, eps), _log1p_eps(1 - y_hat, eps), y))
        for eps in (arithmetic.eps, -arithmetic.eps)
    )
    bound = mean_bound(losses, bounds, arithmetic) if _survive(y_hat, y, arithmetic) else np.inf
    return _loss_band(bound, exact, clamped, below, above)


def _of_a_quotient(arithmetic: Arithmetic) -> float:
    """The error |log(1 + d)| of a logarithm whose argument is rounded twice; 0 at the robust level."""
    return float(gamma(2 * arithmetic.unit_roundoff)) if arithmetic.eps else 0.0


def _survive(p: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> bool:
    """Whether the arithmetic flushes no probability that counts to zero, which would make its loss infinite."""
    return not np.any((y > 0) & (arithmetic.flushed(p) > 0))


def _log1p_eps(q: np.ndarray, eps: float) -> np.ndarray:
    """log(q + eps) - log q; -inf where q + eps is not positive."""
    return np.log1p(np.maximum(eps / q, -1.0)) if eps else np.zeros_like(q)


def _loss_band(bound: float, exact: float, clamped: float, below: float, above: float) -> Band:
    """The band of a loss that a clamp of its logarithms may reduce, and that the slides' eps may reduce or increase."""
    below = max(exact - clamped, below) if np.isfinite(exact) else 0.0
    return Band(bound, float(below), float(above) if np.isfinite(exact) else 0.0, floor=float(clamped))


@float64_inside
def cross_entropy(y_hat: np.ndarray, y: np.ndarray) -> float:
    r"""Cross-entropy, :math:`-\frac1m \sum_j \sum_i y_i \log \hat y_i` (slide "MLP - Multiple label variables").

    y_hat: estimated probabilities in [0, 1], shape (m, k), or (k,) for one example; y: one-hot labels or other
    distributions, the same shape.
    Returns a number >= 0, and +inf if a target has the probability 0; 0 log 0 counts as 0.
    Raises ValueError for unequal shapes, an empty batch, and elements outside [0, 1].

    >>> round(cross_entropy(np.array([0.64, 0.21, 0.06, 0.09]), np.array([0.0, 1.0, 0.0, 0.0])), 4)
    1.5606
    """
    y_hat, y = _predictions_and_targets(y_hat, y)
    with_dimensions("y_hat", y_hat, 1, 2)
    return float(np.mean(_weighted(y, np.log(y_hat)).sum(axis=-1)))


@np.errstate(all="ignore")
def cross_entropy_bound(y_hat: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> Band:
    """The mean of (e_log(1 + u) + u + gamma((k + 1)u)) l + kw over the examples' losses l.

    Each logarithm has the relative error e_log, and its product with y the error u; k - 1 additions follow. Under a
    one-hot target all terms but one are exactly 0: there is no gamma, and w counts once. Below, above, and the quotient
    in the logarithm at the textbook level, are as for the binary cross-entropy.
    """
    u, w, k = arithmetic.unit_roundoff, arithmetic.smallest, y.shape[-1]
    log_p = np.log(y_hat)
    losses = np.atleast_1d(_weighted(y, np.maximum(log_p, _LOG_SMALLEST)).sum(axis=-1))
    soft = np.atleast_1d(y.max(axis=-1)) < 1
    relative = arithmetic.e_log * (1 + u) + u + np.where(soft, gamma((k + 1) * u), 0.0)
    exact = np.mean(_weighted(y, log_p).sum(axis=-1))
    clamped = np.mean(_weighted(y, np.maximum(log_p, _LOG_FLOOR)).sum(axis=-1))
    below, above = (
        np.mean(_weighted(y, _log1p_eps(y_hat, eps)).sum(axis=-1)) for eps in (arithmetic.eps, -arithmetic.eps)
    )
    bounds = relative * losses + np.where(soft, k, 1) * w + _of_a_quotient(arithmetic)
    bound = mean_bound(losses, bounds, arithmetic) if _survive(y_hat, y, arithmetic) else np.inf
    return _loss_band(bound, exact, clamped, below, above)


@float64_inside
def cross_entropy_with_logits(z: np.ndarray, labels: np.ndarray) -> float:
    r"""Cross-entropy of softmax(z) with integer labels, as torch.nn.CrossEntropyLoss computes it.

    Slide "MLP neural network model for classification - PyTorch".
    z: logits, shape (m, k), or (k,) for one example; labels: integers in [0, k), shape (m,) or ().
    Returns a number >= 0, and NaN if the softmax is NaN.
    It is computed as :math:`\log \sum_j e^{z_j - \max z} - (z_{label} - \max z)`: the logarithm of a softmax
    underflows, and log-sum-exp minus the logit loses the normaliser at large offsets. log1p of the sum without the 1 of
    the maximum keeps a tiny loss accurate.
    Raises ValueError for an empty batch, a label outside [0, k), and labels that are not one for each row.

    >>> round(cross_entropy_with_logits(np.array([[2.6, 1.5, 0.2, 0.6]]), np.array([1])), 4)
    1.544
    """
    z = with_dimensions("z", z, 1, 2)
    check_not_empty("z", z)
    labels = class_labels("labels", labels, z.shape[-1])
    check_shape("labels", labels, z.shape[:-1], f"one label for each row of z, which has shape {z.shape}")
    return float(np.mean(_logit_losses(np.atleast_2d(z), np.atleast_1d(labels))))


def _logit_losses(z: np.ndarray, labels: np.ndarray) -> np.ndarray:
    rows = np.arange(len(z))
    shifted = z - z.max(axis=-1, keepdims=True)
    others = np.exp(shifted)
    others[rows, shifted.argmax(axis=-1)] -= 1.0
    return np.log1p(others.sum(axis=-1)) - shifted[rows, labels]


@np.errstate(all="ignore")
def cross_entropy_with_logits_bound(z: np.ndarray, labels: np.ndarray, arithmetic: Arithmetic) -> Band:
    """The mean over the examples of the bound of log-softmax at the label.

    On purpose that excludes z - (max + log S), which loses the normaliser at large offsets. At the textbook level
    e_log(|lse| + |y|) + 2u(|lse| + |lse - max| + |z_label|) is added for lse = log sum e^z: it admits log-sum-exp
    minus the logit and the log of a softmax. Below: log1p(eps/p_label), for the slides'
    cross-entropy of a softmax. Above: eps, for a softmax with eps added to its denominator S >= 1.
    Where a label's logit is -inf, so that the loss is +inf, the floor is 100 for that example.
    """
    z, labels = np.atleast_2d(z), np.atleast_1d(labels)
    losses = _logit_losses(z, labels)
    bounds = log_softmax_bound(z, arithmetic)[np.arange(len(z)), labels]
    below = 0.0
    if arithmetic.eps:
        u, label = arithmetic.unit_roundoff, z[np.arange(len(z)), labels]
        lse = losses + label
        bounds = bounds + arithmetic.e_log * (np.abs(lse) + losses)
        bounds = bounds + 2 * u * (np.abs(lse) + np.abs(lse - z.max(axis=-1)) + np.abs(label))
        below = float(np.mean(np.log1p(arithmetic.eps * np.exp(losses))))
    impossible = losses == np.inf
    losses, bounds = np.where(impossible, -_LOG_FLOOR, losses), np.where(impossible, 0.0, bounds)
    bound = _of_a_sum(losses, mean_bound(losses, bounds, arithmetic), arithmetic)
    return Band(bound, below, arithmetic.eps, floor=float(np.mean(losses)))


@float64_inside
def mean_squared_error(y_hat: np.ndarray, y: np.ndarray) -> float:
    r"""Mean squared error, :math:`\frac1{2mk} \sum_j \sum_i (\hat y_i - y_i)^2`.

    Slide "MLP - Multiple label variables"; torch.nn.MSELoss has no 1/2.
    y_hat: estimates, shape (m,) or (m, k); y: targets, the same shape. Returns a number >= 0.
    Raises ValueError for unequal shapes and an empty batch.

    >>> mean_squared_error(np.array([1.0, 2.0]), np.array([1.0, 5.0]))
    2.25
    """
    y_hat = with_dimensions("y_hat", y_hat, 1, 2)
    y = real_array("y", y)
    check_shape("y", y, y_hat.shape, "the shape of y_hat")
    check_not_empty("y_hat", y_hat)
    return float(np.mean((y_hat - y) ** 2) / 2)


@np.errstate(all="ignore")
def mean_squared_error_bound(y_hat: np.ndarray, y: np.ndarray, arithmetic: Arithmetic) -> Band:
    """J gamma((h(mk) + 5)u) + 2w: the difference counts twice; the square, mk - 1 additions, the mean and the half."""
    squares = (y_hat - y) ** 2
    bound = np.mean(squares) / 2 * gamma((squares.size + 4) * arithmetic.unit_roundoff) + 2 * arithmetic.smallest
    return Band(_of_a_sum(squares, bound, arithmetic))


def _of_a_sum(terms: np.ndarray, bound: float, arithmetic: Arithmetic) -> float:
    """`bound`; infinite if the sum of the terms may overflow, and 0 if it is NaN, where only NaN is right."""
    total = np.sum(terms)
    return 0.0 if np.isnan(total) else float(arithmetic.within_range(total, bound))


def _predictions_and_targets(y_hat: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    y_hat, y = probabilities("y_hat", y_hat), probabilities("y", y)
    check_shape("y", y, y_hat.shape, "the shape of y_hat")
    check_not_empty("y_hat", y_hat)
    return y_hat, y
