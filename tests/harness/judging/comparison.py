"""Assertions of the conformance tests. One order everywhere: structure, shape, then values; one grammar of messages:
what came, what should have come, by how much it is off and how much is allowed."""

import contextlib
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from reference.error_bounds import Band
from tests.harness.judging.faults import Nonconformance


@dataclass(frozen=True)
class Comparison:
    """What one array was compared with: ``due`` is ``expected`` or, of several arrays, an item of it."""

    expected: Any
    came: np.ndarray
    due: np.ndarray
    dtype: np.dtype
    """In which it came."""
    ratio: np.ndarray
    """The error over the error allowed, of each element."""

    @property
    def worst(self) -> float:
        return float(self.ratio.max(initial=0.0))


_listeners: list[Callable[[Comparison], None]] = []
_forgiving = False


@contextlib.contextmanager
def comparisons_reported_to(listen: Callable[[Comparison], None]) -> Iterator[None]:
    """A context in which ``listen`` is told of every comparison, before it raises where something is wrong."""
    _listeners.append(listen)
    try:
        yield
    finally:
        _listeners.pop()


@contextlib.contextmanager
def measured_by(listen: Callable[[Comparison], None]) -> Iterator[None]:
    """The same, but no value raises, however wrong, so that later comparisons of a clause are made as well."""
    global _forgiving
    before, _forgiving = _forgiving, True
    try:
        with comparisons_reported_to(listen):
            yield
    finally:
        _forgiving = before


def ratios_reported_to(listen: Callable[[float], None]) -> contextlib.AbstractContextManager[None]:
    """A context in which every comparison tells ``listen`` the largest error it saw over the error allowed."""
    return comparisons_reported_to(lambda comparison: listen(comparison.worst))


def assert_within(actual: Any, expected: Any, bound: Any) -> None:
    """``actual`` has the structure and shape of ``expected`` and lies within ``bound`` of it, element by element.

    bound: a Band, an array or a number; for lists, tuples and dicts one for each item. NaN is due where NaN is expected
    and nowhere else, and an infinity likewise (or a finite value from the band's floor up), except where the bound is
    infinite: there any value will do.
    """
    _assert_part_within(actual, expected, bound, expected)


def _assert_part_within(actual: Any, part: Any, bound: Any, expected: Any) -> None:
    if isinstance(part, list | tuple):
        _assert_same_length(actual, part)
        for index, (one, item, allowed) in enumerate(zip(actual, part, bound, strict=True)):
            with _fault_in(f"item {index}"):
                _assert_part_within(one, item, allowed, expected)
        return
    if isinstance(part, Mapping):
        for key, item in part.items():
            with _fault_in(repr(key)):
                _assert_part_within(actual[key], item, bound[key], expected)
        return
    assert_shape(actual, np.shape(part))
    band = bound if isinstance(bound, Band) else Band(bound)
    came, due = np.asarray(actual, dtype=np.float64), np.asarray(part, dtype=np.float64)
    comparison = Comparison(expected, came, due, np.asarray(actual).dtype, _error_ratio(came, due, band))
    if math.isnan(comparison.worst):
        raise ArithmeticError(f"the error bound is not a number: {band} for {part!r}")
    for listen in _listeners:
        listen(comparison)
    if comparison.worst > 1 and not _forgiving:
        worst = np.unravel_index(int(np.argmax(comparison.ratio)), comparison.ratio.shape)
        _raise_at(worst, came, due, band, comparison.worst)


@contextlib.contextmanager
def _fault_in(part: str) -> Iterator[None]:
    try:
        yield
    except Nonconformance as fault:
        raise Nonconformance(f"in {part}: {fault}", fault.came, fault.due) from None


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


def assert_exact(actual: Any, expected: Any) -> None:
    """``actual`` has the structure, shape and values of ``expected``; NaN equals NaN, the sign of a zero is its own."""
    assert_within(actual, expected, _nothing_like(expected))


def _nothing_like(value: Any) -> Any:
    """A bound of 0 for everything in ``value``."""
    if isinstance(value, list | tuple):
        return [_nothing_like(item) for item in value]
    return {key: _nothing_like(item) for key, item in value.items()} if isinstance(value, Mapping) else 0.0


def assert_shape(actual: Any, *shapes: tuple[int, ...]) -> None:
    """``actual`` has one of ``shapes``."""
    if np.shape(actual) not in shapes:
        due = " or ".join(str(shape) for shape in shapes)
        raise Nonconformance(f"shape {np.shape(actual)} came, shape {due} is due", came=actual)


def assert_dtype(actual: Any, dtype: Any) -> None:
    """Every array in ``actual`` is of ``dtype``."""
    if isinstance(actual, list | tuple):
        for one in actual:
            assert_dtype(one, dtype)
    elif isinstance(actual, Mapping):
        assert_dtype(list(actual.values()), dtype)
    elif actual.dtype != np.dtype(dtype):
        raise Nonconformance(f"dtype {actual.dtype} came, dtype {np.dtype(dtype)} is due", came=actual)


def assert_refused(outcome: Any, what: str) -> None:
    """The call was refused with an exception; ``what`` says what is wrong with its arguments."""
    if outcome is not None:
        raise Nonconformance(f"{what} MUST be refused with an exception; a value came instead", came=outcome)


def assert_refused_or_nan(outcome: Any, what: str) -> None:
    """The call was refused with an exception, or its value holds NaN and no number."""
    if outcome is not None and not (np.size(outcome) and np.isnan(np.asarray(outcome, dtype=np.float64)).all()):
        raise Nonconformance(
            f"{what} MUST be refused with an exception or give NaN; a value came instead", came=outcome
        )


def _assert_same_length(actual: Any, expected: Sequence[Any]) -> None:
    if not isinstance(actual, list | tuple) or len(actual) != len(expected):
        came = f"{len(actual)} items" if isinstance(actual, list | tuple) else f"one {type(actual).__name__}"
        raise Nonconformance(f"{came} came, {len(expected)} items are due", came=actual, due=expected)


def _raise_at(index: Any, came: np.ndarray, due: np.ndarray, band: Band, ratio: float) -> None:
    def at(values: Any) -> float:
        return float(np.broadcast_to(values, due.shape)[index])

    where = f"at index {tuple(int(i) for i in index)} " if index else ""
    off = abs(at(came) - at(due))
    slack = at(band.above) if at(came) > at(due) else at(band.below)
    allowed = at(band.bound) + (slack if math.isfinite(slack) else 0.0)
    times = f", {ratio:.3g} times what is allowed" if math.isfinite(ratio) and not slack else ""
    error = f"off by {off:.3g}, allowed {allowed:.3g}{times}" if allowed else f"off by {off:.3g}, none is allowed"
    raise Nonconformance(f"{where}{at(came)!r} came, {at(due)!r} is due ({error})", came, due)
