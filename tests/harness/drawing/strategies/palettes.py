"""The numbers that arrays are drawn from.

A palette is a table of 65536 numbers of one dtype, ordered from simple to intricate, so that two drawn bytes are one
of them, and Hypothesis, which shrinks bytes towards 0, shrinks an array to simple numbers.
"""

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tests.harness.spec.dtypes import LARGEST, LEAST

Palette = Callable[[str], np.ndarray]
"""The table for the dtype of that name; read-only."""

CODES = 2**16

_SMALL_INTEGERS = np.arange(9)
_TENTHS = np.arange(1, 50) / 10
_TWENTIETHS = np.array([10, *np.ravel([(10 - n, 10 + n) for n in range(1, 10)])]) / 20


def palette(groups: Callable[[str], list[tuple[int, ArrayLike]]]) -> Palette:
    """The palette in which each of the ``groups`` (share, numbers), in their order, has its share of the codes."""

    @cache
    def table(dtype: str) -> np.ndarray:
        parts = groups(dtype)
        ends = np.cumsum([share for share, _ in parts]) * CODES // sum(share for share, _ in parts)
        numbers = [_spread(part, end - start) for (_, part), start, end in zip(parts, [0, *ends], ends, strict=False)]
        whole = np.concatenate(numbers).astype(dtype)
        whole.flags.writeable = False
        return whole

    return table


def _spread(numbers: ArrayLike, count: int) -> np.ndarray:
    numbers = np.asarray(numbers)
    return numbers[np.arange(count) * len(numbers) // count]


def _both_signs(numbers: ArrayLike) -> np.ndarray:
    return np.outer(np.asarray(numbers), [1, -1]).ravel()


def _uniform(low: float, high: float) -> np.ndarray:
    """Numbers that need every digit of theirs."""
    return np.sort(np.random.default_rng(5).uniform(low, high, 4096))


def eight_bits(numbers: Any) -> Any:
    """The numbers rounded to eight significant bits, which is what bfloat16 has; float16 has eleven."""
    fractions, exponents = np.frexp(numbers)
    return np.ldexp(np.round(fractions * 2**8), exponents - 8)


def _overflow(dtype: str) -> float:
    """From where on exp overflows."""
    return float(np.log(np.finfo(dtype).max))


def _binades(dtype: str, lowest: int | None = None, highest: int | None = None) -> np.ndarray:
    """A number from each binade of the dtype, subnormals included, those nearest 1 first."""
    info = np.finfo(dtype)
    lowest = info.minexp - info.nmant if lowest is None else lowest
    exponents = np.arange(lowest, info.maxexp if highest is None else highest)
    exponents = exponents[np.argsort(np.abs(exponents), kind="stable")]
    return np.ldexp(np.random.default_rng(5).uniform(1, 1.9, len(exponents)), exponents)


def _up_to(most: float, numbers: ArrayLike) -> np.ndarray:
    numbers = np.asarray(numbers)
    return numbers[numbers <= most]


@palette
def moderate(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Numbers of everyday size: integers, tenths, numbers with all their digits, and a few tiny ones."""
    most = LARGEST.get(dtype, np.inf)
    return [
        (6, _both_signs(_up_to(most, _SMALL_INTEGERS))),
        (6, _both_signs(_up_to(most, _TENTHS))),
        (4, _both_signs(_up_to(most, _uniform(0, 5)))),
        (1, _both_signs(10.0 ** -np.arange(2, 13))),
    ]


@palette
def wide(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The textbook level's range, from -300 to 300 in float64, both ends included."""
    most = LARGEST[dtype]
    return [
        (4, _both_signs(_up_to(most, _SMALL_INTEGERS))),
        (2, _both_signs(_up_to(most, _uniform(0, 5)))),
        (3, _both_signs(np.arange(1, 31) * most / 30)),
        (3, _both_signs(_up_to(most, np.round(_uniform(0, 40), 1)))),
        (4, _both_signs(_uniform(0, most))),
    ]


@palette
def eighths(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Multiples of 1/8 up to half the textbook's range: their sums and differences are exact."""
    most = LARGEST[dtype]
    return [
        (6, _both_signs(_up_to(most / 2, _SMALL_INTEGERS))),
        (6, _both_signs(_up_to(most / 2, np.arange(48) / 8))),
        (2, _both_signs(np.arange(4 * most) / 8)),
    ]


@palette
def integers(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Small whole numbers, exact even beside an offset of 1e7 in float32."""
    return [(3, _both_signs(_SMALL_INTEGERS)), (1, _both_signs(np.arange(9, 100)))]


@palette
def real_line(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The whole line: everyday numbers, where exp under- and overflows, every binade, the ends, and both infinities."""
    info = np.finfo(dtype)
    ends = np.array([info.smallest_subnormal, info.tiny, info.eps, 1 / info.max, info.max], dtype)
    return [
        (3, _both_signs(_SMALL_INTEGERS)),
        (2, _both_signs(_TENTHS)),
        (2, _both_signs(_uniform(0, 5))),
        (3, _both_signs(_uniform(0, 40))),
        (4, _both_signs(_uniform(0, 1.1 * _overflow(dtype)))),
        (2, _both_signs(ends)),
        (1, [np.inf, -np.inf]),
        (3, _both_signs(_binades(dtype))),
    ]


@palette
def finite_line(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Logits that spread by more than exp can tell apart, up to the largest numbers, whose differences overflow."""
    return [
        (4, _both_signs(_SMALL_INTEGERS)),
        (3, _both_signs([50, 100, 200, 1000, 10**4])),
        (3, _both_signs(_uniform(0, 2.2 * _overflow(dtype)))),
        (1, _both_signs(_binades(dtype, lowest=10))),
        (1, _both_signs([np.finfo(dtype).max])),
    ]


@palette
def with_nan(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Everyday numbers, and NaN as often as not, with its sign bit clear or set, as x86 makes it of 0/0."""
    return [(2, _both_signs(_SMALL_INTEGERS)), (1, _both_signs(_TENTHS)), (3, [np.nan, -np.nan])]


@palette
def with_minus_infinity(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Everyday numbers, and minus infinity."""
    return [(3, _both_signs(_SMALL_INTEGERS)), (2, _both_signs(_TENTHS)), (3, [-np.inf])]


@palette
def probabilities(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The textbook level's probabilities: half of them in [0.05, 0.95], the others out to both ends of its range."""
    least = LEAST[dtype]
    powers, tails = 10.0 ** -np.arange(2, 7), 10.0 ** -_uniform(1.3, 6)
    powers, tails = np.maximum(powers, least), np.maximum(tails, least)
    near_half = _uniform(0.05, 0.95)
    return [
        (1, _TWENTIETHS),
        (1, near_half[np.argsort(np.abs(near_half - 0.5))]),
        (1, np.stack([powers, 1 - powers], 1).ravel()),
        (1, np.stack([tails, 1 - tails], 1).ravel()),
    ]


@palette
def dyadic_probabilities(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Multiples of 2^-20, in half precision of 2^-9, so that 1 - p is exact."""
    unit = 2**9 if dtype == "float16" else 2**20
    numerators = np.random.default_rng(5).integers(2, unit - 1, 4096)
    return [(1, np.array([4, 2, 6, 1, 7, 3, 5]) / 8), (1, numerators / unit)]


@palette
def unit_interval(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Probabilities in (0, 1) without regard to any eps: down to the smallest subnormal, up to the last before 1."""
    info = np.finfo(dtype)
    near_one = 1 - 2.0 ** -np.arange(1, info.nmant + 2)
    return [
        (2, _TWENTIETHS),
        (2, _uniform(0, 1)),
        (3, _binades(dtype, highest=0)),
        (2, near_one),
        (1, [info.smallest_subnormal, info.tiny]),
    ]


@palette
def certain(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Probabilities, most of them 0 and 1 themselves."""
    return [(2, [0, 1]), (1, _TWENTIETHS)]


@palette
def zero_or_one(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Targets."""
    return [(1, [0, 1])]


@palette
def soft(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Targets anywhere in [0, 1]."""
    return [(1, [0, 1]), (2, _TWENTIETHS), (2, _uniform(0, 1))]


@palette
def short(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Numbers that float16 and bfloat16 both hold, up to 20, with every digit that they share or with few."""
    return [
        (3, _both_signs(_SMALL_INTEGERS)),
        (3, _both_signs(eight_bits(_TENTHS))),
        (3, _both_signs(eight_bits(_uniform(0, 20)))),
        (1, _both_signs(2.0 ** -np.arange(1, 13))),
    ]


@palette
def short_line(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Numbers that float16 and bfloat16 both hold: out to where exp overflows in either, infinities, and NaN."""
    return [
        (2, _both_signs(_SMALL_INTEGERS)),
        (3, _both_signs(np.arange(9, 256))),
        (1, _both_signs(np.outer(2.0 ** np.arange(8, 15), [1, 1.5]).ravel())),
        (1, [np.inf, -np.inf]),
        (1, [np.nan, -np.nan]),
    ]


@palette
def short_spread(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Logits that float16 and bfloat16 both hold, far apart from each other, and some that are equal."""
    return [
        (2, _both_signs(_SMALL_INTEGERS)),
        (2, _both_signs([32, 96, 128, 192])),
        (2, _both_signs(np.outer(2.0 ** np.arange(8, 14), [1, 1.5]).ravel())),
    ]


@palette
def short_masked(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Logits that float16 and bfloat16 both hold, and minus infinity."""
    return [(3, _both_signs(_SMALL_INTEGERS)), (2, _both_signs(np.arange(48) / 8)), (2, [-np.inf])]


@palette
def short_probabilities(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Probabilities that float16 and bfloat16 both hold, the last before 1 and some near 0 among them."""
    return [
        (2, np.arange(1, 16) / 16),
        (2, eight_bits(_uniform(0.01, 0.99))),
        (1, [1 - 2.0**-8, *(2.0 ** -np.arange(5, 13))]),
    ]


@palette
def weights(dtype: str) -> list[tuple[int, ArrayLike]]:
    """What rows of probabilities are made of: whole numbers from 1 to a million."""
    return [(4, 1 + _SMALL_INTEGERS), (2, np.arange(10, 1000)), (1, 10.0 ** np.arange(1, 7))]


@palette
def magnitudes(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Numbers whose squares neither over- nor underflow, from far apart binades."""
    far = np.finfo(dtype).maxexp // 2 - 8
    return [(1, _both_signs(_SMALL_INTEGERS)), (2, _both_signs(_binades(dtype, lowest=-far // 2, highest=far)))]


@palette
def whole_range(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Integers of an integer dtype: its ends, and those above the ends of the signed dtype as wide, among them."""
    info = np.iinfo(dtype)
    lowest, highest, half = int(info.min), int(info.max), int(info.max) // 2
    small = [sign * n for n in range(256) for sign in (1, -1)]
    numbers = [*small[:18], half + 6, highest, lowest, half, highest - 3, *small[18:]]
    return [(1, np.array([n for n in numbers if lowest <= n <= highest], dtype))]
