"""The error of a function over its input: the calls of a failing clause go in, the points of a plot come out.

Only an elementwise function of one argument has such a plot. The points are what the clause has asked anyhow: no call
is made for them.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cache
from typing import Any

import numpy as np

import reference
from tests.harness.judging import comparison
from tests.harness.judging.exact import exact, in_float64
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.subject import dtype_of
from tests.harness.judging.trial import Made

MOST_POINTS = 100
"""How many inputs a plot shows: half of them wrong ones, where there are so many."""
_FEWEST = 3
_DIGITS = 6
"""Of a number in a plot."""


def error_curve(function: str, calls: Iterable[Made], bound: Callable[..., Any]) -> dict[str, Any] | None:
    """The points as the JSON's ``curve``; None where no error is above what is allowed, or too few inputs are there.

    Dtypes differ in what is allowed: the points are of the dtype with the most wrong ones. bound: gives the bound of
    ``function`` at the arguments of a call.
    """
    if not _is_elementwise(function):
        return None
    found: dict[str | None, list[np.ndarray]] = defaultdict(list)
    for call in calls:
        if call.function == function and call.value is not None:
            with suppress(Nonconformance):  # a value of another shape has no error
                found[dtype_of(call.arguments)] += _points(function, call, bound)
    if not any(found.values()):
        return None
    wrong, right = max((_split(points) for points in found.values() if points), key=lambda both: len(both[0]))
    if not len(wrong) or len(wrong) + len(right) < _FEWEST:
        return None
    shown = np.concatenate([_thinned(wrong), _thinned(right)])
    columns = zip(("input", "error", "allowed"), shown[np.argsort(shown[:, 0])].T.tolist(), strict=True)
    return {
        "label": reference.PARAMETERS[function][0],
        **{name: list(map(_number, column)) for name, column in columns},
    }


@cache
def _is_elementwise(function: str) -> bool:
    if len(reference.PARAMETERS[function]) != 1:
        return False
    probe = np.array([[0.0, 1.0], [2.0, 3.0]])
    try:
        return bool(np.array_equal(exact[function](probe).ravel(), exact[function](probe.reshape(-1, 1)).ravel()))
    except (ValueError, TypeError):
        return False


def _points(function: str, call: Made, bound: Callable[..., Any]) -> Iterator[np.ndarray]:
    """The finite inputs of a call with the error, the error allowed, and 1 where the error is above it: rows of four.

    Where more is allowed above the exact value than below it, what counts is the side on which the value lies.
    """
    (inputs,) = in_float64(call.arguments)
    for found in comparison.comparisons(call.value, exact[function](*call.arguments), bound(*call.arguments)):
        with np.errstate(invalid="ignore"):
            error = found.got - found.expected
        side = np.where(error < 0, found.band.below, found.band.above)
        columns = np.broadcast_arrays(inputs, np.abs(error), found.band.bound + side, found.ratio > 1)
        points = np.stack([column.ravel().astype(np.float64) for column in columns], axis=1)
        yield points[np.isfinite(points[:, 0]) & np.isfinite(points[:, 2])]


def _split(points: list[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """The wrong points and the right ones, each with its inputs in order and once."""
    joined = np.concatenate(points)
    kinds = [joined[joined[:, 3] == is_wrong, :3] for is_wrong in (1, 0)]
    wrong, right = (kind[np.unique(kind[:, 0], return_index=True)[1]] for kind in kinds)
    return wrong, right


def _thinned(points: np.ndarray) -> np.ndarray:
    """At most half of MOST_POINTS, evenly."""
    most = min(len(points), MOST_POINTS // 2)
    return points[np.linspace(0, len(points) - 1, most).round().astype(int)]


def _number(value: float) -> float | None:
    """As many digits as a plot shows; None for an error that is not finite."""
    return float(f"{value:.{_DIGITS}g}") if np.isfinite(value) else None
