"""What a check demands of answers, once they are there.

In go values and what is expected of them; each test raises Nonconformance or gives the largest error ratio.

One order everywhere: structure, shape, then values; one grammar of messages: what came, what should have come, by how
much it is off and how much is allowed.
"""

import math
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from impls.nested import leaves
from reference.error_bounds import Band
from tests.harness.judging.faults import Nonconformance

REFUSED = object()
"""Stands for the value of a call that was refused with an exception, where it may be."""


@dataclass(frozen=True)
class Comparison:
    """What one array was compared with. where: the place of the array in the result, in words."""

    where: str
    came: np.ndarray
    due: np.ndarray
    dtype: np.dtype
    """In which it came."""
    band: Band
    ratio: np.ndarray
    """The error over the error allowed, of each element."""

    @property
    def worst(self) -> float:
        return float(np.max(self.ratio, initial=0.0))


def within(actual: Any, expected: Any, bound: Any) -> float:
    """``actual`` has the structure and shape of ``expected`` and lies within ``bound`` of it, element by element.

    bound: a Band, an array or a number; for lists, tuples and dicts one for each item. NaN is due where NaN is expected
    and nowhere else, and an infinity likewise (or a finite value from the band's floor up), except where the bound is
    infinite: there any value will do. Gives the largest error over the error allowed.
    """
    return worst_of(comparisons(actual, expected, bound))


def worst_of(compared: Iterable[Comparison]) -> float:
    """The largest error over the error allowed; raises Nonconformance at the first array with one above 1."""
    worst = 0.0
    for found in compared:
        worst = max(worst, found.worst)
        if found.worst > 1:
            raise Nonconformance(_off(found), found.came, found.due, worst)
    return worst


def comparisons(actual: Any, expected: Any, bound: Any, where: str = "") -> Iterator[Comparison]:
    """The comparison of each array in ``actual``, right or wrong. Raises Nonconformance for a wrong structure."""
    if isinstance(expected, list | tuple):
        if not isinstance(actual, list | tuple) or len(actual) != len(expected):
            came = f"{len(actual)} items" if isinstance(actual, list | tuple) else f"one {type(actual).__name__}"
            raise Nonconformance(f"{where}{came} came, {len(expected)} items are due", actual, expected)
        for index, parts in enumerate(zip(actual, expected, bound, strict=True)):
            yield from comparisons(*parts, f"{where}in item {index}: ")
        return
    if isinstance(expected, Mapping):
        for key, item in expected.items():
            yield from comparisons(actual[key], item, bound[key], f"{where}in {key!r}: ")
        return
    has_shape(actual, np.shape(expected), where=where)
    band = bound if isinstance(bound, Band) else Band(bound)
    values, due = np.asarray(actual, dtype=np.float64), np.asarray(expected, dtype=np.float64)
    found = Comparison(where, values, due, np.asarray(actual).dtype, band, _error_ratio(values, due, band))
    if math.isnan(found.worst):
        raise ArithmeticError(f"the error bound is not a number: {band} for {expected!r}")
    yield found


@np.errstate(all="ignore")
def _error_ratio(came: np.ndarray, due: np.ndarray, band: Band) -> np.ndarray:
    """The distance outside what the band allows over its bound; NaN where the bound is."""
    error = came - due
    outside = np.maximum(np.maximum(error - band.above, -error - band.below), 0.0)
    ratio = outside / band.bound
    if ratio.max(initial=0.0) < np.inf:
        return ratio
    # Something is infinite or not a number: the quotient (0/0, inf - inf) does not say by itself what is right.
    unbounded = np.broadcast_to(band.bound == np.inf, ratio.shape)
    right = (outside == 0) | (came == due) | (np.isnan(came) & np.isnan(due)) | unbounded
    right |= (due == np.inf) & (came >= band.floor - band.bound)
    return np.where(right, 0.0, np.where(np.isnan(came) | np.isnan(due), np.inf, ratio))


def _off(found: Comparison) -> str:
    """By how much the worst element is off, and where it stands."""
    index = np.unravel_index(int(np.argmax(found.ratio)), found.ratio.shape)

    def at(values: Any) -> float:
        return float(np.broadcast_to(values, found.due.shape)[index])

    place = f"at index {tuple(int(i) for i in index)} " if index else ""
    came, due, band = at(found.came), at(found.due), found.band
    off = abs(came - due)
    slack = at(band.above) if came > due else at(band.below)
    allowed = at(band.bound) + (slack if math.isfinite(slack) else 0.0)
    times = f", {found.worst:.3g} times what is allowed" if math.isfinite(found.worst) and not slack else ""
    error = f"off by {off:.3g}, allowed {allowed:.3g}{times}" if allowed else f"off by {off:.3g}, none is allowed"
    return f"{found.where}{place}{came!r} came, {due!r} is due ({error})"


def exactly(actual: Any, expected: Any) -> float:
    """``actual`` has the structure, shape and values of ``expected``; NaN equals NaN, the sign of a zero is its own."""
    return within(actual, expected, _nothing_like(expected))


def _nothing_like(value: Any) -> Any:
    """A bound of 0 for everything in ``value``."""
    if isinstance(value, list | tuple):
        return [_nothing_like(item) for item in value]
    return {key: _nothing_like(item) for key, item in value.items()} if isinstance(value, Mapping) else 0.0


def has_shape(actual: Any, *shapes: tuple[int, ...], where: str = "") -> None:
    """``actual`` has one of ``shapes``."""
    if np.shape(actual) not in shapes:
        due = " or ".join(str(shape) for shape in shapes)
        raise Nonconformance(f"{where}shape {np.shape(actual)} came, shape {due} is due", actual)


def has_dtype(actual: Any, dtype: Any) -> None:
    """Every array in ``actual`` is of ``dtype``."""
    for one in leaves(actual):
        if one.dtype != np.dtype(dtype):
            raise Nonconformance(f"dtype {one.dtype} came, dtype {np.dtype(dtype)} is due", one)


def is_refused(outcome: Any, what: str) -> None:
    """The call was refused with an exception; ``what`` says what is wrong with its arguments."""
    if outcome is not REFUSED:
        raise Nonconformance(f"{what} MUST be refused with an exception; a value came instead", outcome)


def is_refused_or_nan(outcome: Any, what: str) -> None:
    """The call was refused with an exception, or its value holds NaN and no number."""
    if outcome is not REFUSED and not (np.size(outcome) and np.isnan(np.asarray(outcome, dtype=np.float64)).all()):
        raise Nonconformance(f"{what} MUST be refused with an exception or give NaN; a value came instead", outcome)
