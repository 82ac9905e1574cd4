r"""The arithmetic that an implementation computes in, and the rules that every forward error bound is built from.

The model: fl(a op b) = (a op b)(1 + d) + n with |d| <= u and |n| <= w. u is the unit roundoff; w is the smallest
positive number, or the smallest normal number where subnormals are flushed to zero. A product of t factors 1 + d
differs from 1 by at most gamma(tu) (Higham, *Accuracy and Stability of Numerical Algorithms*, section 3.1), in any
order of the operations and with or without fused operations. A library function that is accurate to c ulp has the
relative error 2cu. A sum of k terms has h(k) = k - 1 roundings, in any order.

The bound of a formula NAME is NAME_bound, with the same arguments and an `Arithmetic`. Its array arguments are float64
and hold the inputs as the implementation received them. An infinite bound says nothing: an exact intermediate value
leaves the range of the dtype, or the rounding errors are too large for the model.
"""

import functools
from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["REFERENCE", "SLIDE_EPS", "Arithmetic", "Band", "gamma", "mean_bound", "product_bound", "rounded_bound"]

SLIDE_EPS = 1e-7
"""The largest eps in the slides' 1/(1 + exp(-z) + eps) and log(h + eps), which the textbook level allows."""

_UNIT_ROUNDOFF = {"float64": 2.0**-53, "float32": 2.0**-24, "float16": 2.0**-11, "bfloat16": 2.0**-8}
_SMALLEST_NORMAL = {"float64": 2.0**-1022, "float32": 2.0**-126, "float16": 2.0**-14, "bfloat16": 2.0**-126}
_LARGEST_EXPONENT = {"float64": 1023, "float32": 127, "float16": 15, "bfloat16": 127}


@dataclass(frozen=True)
class Arithmetic:
    """What a bound needs to know of the floating-point arithmetic of an implementation."""

    unit_roundoff: float
    smallest: float
    smallest_normal: float
    largest: float
    ulp: float
    """The accuracy in ulp of the library's exp, log, log1p and tanh."""
    eps: float = 0.0
    """SLIDE_EPS where the textbook level's allowances hold, otherwise 0."""

    @classmethod
    @functools.cache
    def of(cls, dtype_name: str, ulp: float, flushes_to_zero: bool = False, eps: float = 0.0) -> "Arithmetic":
        """The arithmetic of `dtype_name` (float64, float32, float16, bfloat16), its functions accurate to `ulp` ulp.

        Raises ValueError for another dtype.
        """
        if dtype_name not in _UNIT_ROUNDOFF:
            raise ValueError(f"dtype_name: got {dtype_name!r}, needs one of {', '.join(_UNIT_ROUNDOFF)}")
        u = _UNIT_ROUNDOFF[dtype_name]
        normal = _SMALLEST_NORMAL[dtype_name]
        return cls(
            unit_roundoff=u,
            smallest=normal if flushes_to_zero else 2 * u * normal,
            smallest_normal=normal,
            largest=(2 - 2 * u) * 2.0 ** _LARGEST_EXPONENT[dtype_name],
            ulp=ulp,
            eps=eps,
        )

    @property
    def e_exp(self) -> float:
        """The relative error of the library's exp. e_log, e_log1p and e_tanh are the errors of log, log1p and tanh."""
        return 2 * self.ulp * self.unit_roundoff

    e_log = e_log1p = e_tanh = e_exp

    def flushed(self, x: np.ndarray) -> np.ndarray:
        """The part of each |x| that is lost if the arithmetic flushes subnormals to zero: |x| or 0."""
        magnitude = np.abs(x)
        return np.where(magnitude < self.smallest, magnitude, 0.0)

    def within_range(self, magnitude: Any, bound: Any) -> np.ndarray:
        """`bound`, but infinite where an intermediate result of this exact magnitude may overflow."""
        return np.where(magnitude + bound <= self.largest, bound, np.inf)


REFERENCE = Arithmetic.of("float64", 2)
"""The arithmetic of the reference itself: NumPy's float64."""


@dataclass(frozen=True, eq=False)
class Band:
    """The interval of right values: [exact - below - bound, exact + above + bound].

    below and above are the differences that a right formula may have in exact arithmetic: the slides' eps and a
    library's floor under the logarithm both reduce a loss. The error ratio is the distance from
    [exact - below, exact + above], divided by the bound. Where exact is +inf, a finite value of at least
    `floor` - bound is right as well.
    """

    bound: Any
    below: Any = 0.0
    above: Any = 0.0
    floor: Any = np.inf

    def __add__(self, other: Any) -> "Band":
        """The band of the difference of two computed values: the sum of the bounds, and the wider allowances."""
        if not isinstance(other, Band):
            other = Band(other)
        return Band(
            self.bound + other.bound,
            np.maximum(self.below, other.below),
            np.maximum(self.above, other.above),
            np.minimum(self.floor, other.floor),
        )

    __radd__ = __add__


def gamma(t: Any) -> Any:
    """t / (1 - t), infinite for t >= 1: the distance from 1 of a product of factors 1 + d whose |d| sum to t."""
    if isinstance(t, float) and t < 1:  # the usual case, without the two calls of NumPy
        return np.float64(t / (1 - t))
    return t / np.maximum(1 - t, 0.0)


def mean_bound(values: np.ndarray, bounds: np.ndarray, arithmetic: Arithmetic) -> float:
    """The bound of the mean of N values, each within its own bound: (1 + G) mean(bounds) + G mean|values| + w.

    G = gamma((N + 1)u): N - 1 additions in any order, the division, and one more rounding for a reciprocal of N.
    """
    G = gamma((values.size + 1) * arithmetic.unit_roundoff)
    return float((1 + G) * np.mean(bounds) + G * np.mean(np.abs(values)) + arithmetic.smallest)


def rounded_bound(values: Any, bounds: Any, arithmetic: Arithmetic, roundings: int = 1) -> Any:
    """The bound of a value that lies within `bounds` in a wider arithmetic and is then rounded to this one.

    B + gamma(tu)(|y| + B) + tw for t roundings: the bound of a function of float16 or bfloat16 numbers that computes in
    float32. The bound in the narrow arithmetic itself is wider: it covers t = 1 for every formula.
    """
    return (
        bounds
        + gamma(roundings * arithmetic.unit_roundoff) * (np.abs(values) + bounds)
        + roundings * arithmetic.smallest
    )


def product_bound(
    A: np.ndarray,
    B: np.ndarray,
    arithmetic: Arithmetic,
    A_error: Any = 0.0,
    B_error: Any = 0.0,
    addend: np.ndarray | None = None,
    roundings: int = 0,
) -> np.ndarray:
    """The bound of A @ B, plus `addend` if given, where the factors have the errors A_error and B_error.

    |A| E_B + E_A |B| + E_A E_B + gamma(nu)(|A| + E_A)(|B| + E_B) + n'w for inner products of n terms, n' of which are
    not 0: n products and n - 1 additions in any order. An addend adds to the magnitudes and counts as a term.
    `roundings` is the number of further roundings, such as a division of the result.
    """
    A_error = A_error + arithmetic.flushed(A)
    B_error = B_error + arithmetic.flushed(B)
    wide_A, wide_B = np.abs(A) + A_error, np.abs(B) + B_error
    magnitude = wide_A @ wide_B
    inherited = wide_A @ B_error + A_error @ np.abs(B)
    terms, nonzero = A.shape[-1], np.sign(wide_A) @ np.sign(wide_B)
    if addend is not None:
        magnitude = magnitude + np.abs(addend)
        inherited = inherited + arithmetic.flushed(addend)
        terms, nonzero = terms + 1, nonzero + np.abs(np.sign(addend))
    rounding = gamma((terms + roundings) * arithmetic.unit_roundoff) * magnitude
    return arithmetic.within_range(magnitude, inherited + rounding + nonzero * arithmetic.smallest)
