"""What a check demands of answers, once they are there.

In go values and what is expected of them; each test raises Nonconformance or gives the largest error ratio. One order
everywhere: structure, shape, then values. One grammar of messages: what was got, what was expected, by how much they
differ and how much is allowed.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import wraps
from typing import Any, NamedTuple

import numpy as np

from impls.nested import leaves
from reference.arithmetic import Band
from tests.harness.judging.faults import Nonconformance, Place

REFUSED = object()
"""Stands for the value of a call that was refused with an exception, where it may be."""


class MayRefuse(Exception):
    """Raised by a test in the place of an error ratio: the call was refused, and need not have been."""


INVALID = "accepts-invalid"
_THREE_DIGITS = 1e-3
_JUST_ABOVE = 1.005
_TELLING = 1e3
"""Up to this many times the allowed error a ratio says something; beyond it the values themselves say more."""


class Comparison(NamedTuple):
    """What one array was compared with. place: where the array stands in the result; dtype: in which it was got."""

    place: Place
    got: np.ndarray
    expected: np.ndarray
    dtype: np.dtype
    band: Band
    ratio: np.ndarray
    """The error over the error allowed, of each element."""
    worst: float
    """The largest of them, 0 where there is none."""


def within(actual: Any, expected: Any, bound: Any) -> float:
    """``actual`` has the structure and shape of ``expected`` and lies within ``bound`` of it, element by element.

    bound: a Band, an array or a number; for lists, tuples and dicts one for each item. NaN is right where NaN is
    expected and nowhere else, and an infinity likewise (or a finite value from the band's floor up), except where the
    bound is infinite: there any value will do. Gives the largest error over the error allowed.
    """
    return worst_of(comparisons(actual, expected, bound))


def worst_of(compared: Iterable[Comparison]) -> float:
    """The largest error over the error allowed; raises Nonconformance at the first array with one above 1."""
    worst = 0.0
    for found in compared:
        worst = max(worst, found.worst)
        if found.worst > 1:
            index = tuple(map(int, np.unravel_index(int(np.argmax(found.ratio)), found.ratio.shape)))
            place, severity = (*found.place, index), _severity(found, index)
            wrong = found.ratio > 1
            raise Nonconformance(_off(found, index), found.got, found.expected, worst, place, severity, wrong)
    return worst


def comparisons(actual: Any, expected: Any, bound: Any, place: Place = ()) -> Iterator[Comparison]:
    """The comparison of each array in ``actual``, right or wrong. Raises Nonconformance for a wrong structure."""
    if isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            got = f"{len(actual)} items" if isinstance(actual, list | tuple) else f"one {type(actual).__name__}"
            raise Nonconformance(f"got {got}, expected {len(expected)} items", actual, expected, place=place)
        for index, parts in enumerate(zip(actual, expected, bound, strict=True)):
            yield from comparisons(*parts, (*place, index))
        return
    if isinstance(expected, Mapping):
        for key, item in expected.items():
            yield from comparisons(actual[key], item, bound[key], (*place, key))
        return
    has_shape(actual, np.shape(expected), place=place)
    band = bound if isinstance(bound, Band) else Band(bound)
    values, exact = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    ratio = _error_ratio(values, exact, band)
    worst = float(ratio.max(initial=0.0))
    if math.isnan(worst):
        raise ArithmeticError(f"the error bound is not a number: {band} for {expected!r}")
    yield Comparison(place, values, exact, np.asarray(actual).dtype, band, ratio, worst)


@np.errstate(all="ignore")
def _error_ratio(got: np.ndarray, expected: np.ndarray, band: Band) -> np.ndarray:
    """The distance outside what the band allows over its bound; NaN where it is outside and the bound is NaN."""
    error = got - expected
    outside = np.maximum(np.maximum(error - band.above, -error - band.below), 0.0)
    if not outside.any():  # nor is it NaN
        return outside
    ratio = outside / band.bound
    if ratio.max(initial=0.0) < np.inf:
        return ratio
    # Something is infinite or not a number: the quotient (0/0, inf - inf) does not say by itself what is right.
    unbounded = np.broadcast_to(band.bound == np.inf, ratio.shape)
    both_nan = np.isnan(got) & np.isnan(expected)
    large_enough = (expected == np.inf) & (got >= band.floor - band.bound)
    right = (outside == 0) | (got == expected) | both_nan | unbounded | large_enough
    return np.where(right, 0.0, np.where(np.isnan(got) | np.isnan(expected), np.inf, ratio))


def _severity(found: Comparison, index: tuple[int, ...]) -> str:
    got, expected = float(found.got[index]), float(found.expected[index])
    if math.isfinite(expected) and not math.isfinite(got):
        return "not-finite"
    return "accuracy" if abs(got - expected) <= _THREE_DIGITS * abs(expected) else "wrong"


def _off(found: Comparison, index: tuple[int, ...]) -> str:
    """What was got and expected at the index, and by how much they differ, where that says something."""

    def at(values: Any) -> float:
        return float(np.broadcast_to(values, found.expected.shape)[index])

    got, expected, band = at(found.got), at(found.expected), found.band
    text = f"got {got!r}, expected {expected!r}"
    error = abs(got - expected)
    if not math.isfinite(error):
        return text
    slack = at(band.above) if got > expected else at(band.below)
    allowed = at(band.bound) + (slack if math.isfinite(slack) else 0.0)
    if not allowed:
        return f"{text} (no error is allowed)"
    times = error / allowed
    how_far = f"{times:.3g} times" if times > _JUST_ABOVE else "just above"
    ratio = f" is {how_far} the allowed {allowed:.3g}" if times < _TELLING else f", allowed {allowed:.3g}"
    return f"{text} (error {error:.3g}{ratio})"


def exactly(actual: Any, expected: Any) -> float:
    """``actual`` has the structure, shape and values of ``expected``; NaN equals NaN, the sign of a zero is its own."""
    return within(actual, expected, _nothing_like(expected))


def _nothing_like(value: Any) -> Any:
    """A bound of 0 for everything in ``value``."""
    if isinstance(value, list | tuple):
        return [_nothing_like(item) for item in value]
    return {key: _nothing_like(item) for key, item in value.items()} if isinstance(value, Mapping) else 0.0


def does_not_fall(values: Any, arguments: np.ndarray, allowed: np.ndarray) -> float:
    """No value is smaller than the one before it, by more than is allowed between the two."""
    falls = np.maximum(values[:-1] - values[1:], 0.0)
    ratio = _error_ratio(falls, np.zeros_like(falls), Band(allowed))
    worst = float(np.max(ratio, initial=0.0))
    if worst > 1:
        at = int(np.argmax(ratio))
        before, after = (f"{values[i].item()!r} at {arguments[i].item()!r}" for i in (at, at + 1))
        raise Nonconformance(f"the values fall from {before} to {after}", ratio=worst)
    return worst


def has_shape(actual: Any, *shapes: tuple[int, ...], place: Place = ()) -> None:
    """``actual`` has one of ``shapes``."""
    if np.shape(actual) not in shapes:
        expected = " or ".join(str(shape) for shape in shapes)
        raise Nonconformance(f"got shape {np.shape(actual)}, expected shape {expected}", actual, place=place)


def has_dtype(actual: Any, dtype: Any, place: Place = ()) -> None:
    """Every array in ``actual`` is of ``dtype``."""
    if isinstance(actual, Mapping):
        for key, item in actual.items():
            has_dtype(item, dtype, (*place, key))
    elif isinstance(actual, list | tuple):
        for index, item in enumerate(actual):
            has_dtype(item, dtype, (*place, index))
    elif actual.dtype != np.dtype(dtype):
        raise Nonconformance(f"got dtype {actual.dtype}, expected dtype {np.dtype(dtype)}", actual, place=place)


def is_refused(outcome: Any, what: str) -> None:
    """The call was refused with an exception; ``what`` says what is wrong with its arguments."""
    if outcome is not REFUSED:
        raise Nonconformance(f"got a value, expected an exception: {what} MUST be refused", outcome, severity=INVALID)


def is_refused_or_nan(outcome: Any, what: str) -> None:
    """The call was refused with an exception, or its value holds NaN and no number."""
    if outcome is not REFUSED and not (np.size(outcome) and np.isnan(np.asarray(outcome, dtype=np.float64)).all()):
        raise Nonconformance(
            f"got a value, expected an exception or NaN: {what} MUST be refused", outcome, severity=INVALID
        )


def is_refused_or_all_nan(outcome: Any, what: str) -> None:
    """The call was refused with an exception, or each array in its value holds NaN and no number."""
    for array in [] if outcome is REFUSED else leaves(outcome):
        is_refused_or_nan(array, what)


def is_refused_or_not_finite(outcome: Any, what: str, infinity: float = math.inf) -> None:
    """The call was refused with an exception, or its value holds NaN and this infinity and no other number."""
    if outcome is not REFUSED and not (np.size(outcome) and np.all(np.isnan(outcome) | (outcome == infinity))):
        raise Nonconformance(
            f"got a number, expected NaN, {infinity} or an exception: {what} MUST be refused",
            outcome,
            severity=INVALID,
        )


def unless_refused(test: Callable[..., float | None]) -> Callable[..., float | None]:
    """The test, of a call that may also have been refused, though a value would be right: that is worth a remark."""

    @wraps(test)
    def either(actual: Any, *others: Any) -> float | None:
        if actual is REFUSED:
            raise MayRefuse
        return test(actual, *others)

    return either
