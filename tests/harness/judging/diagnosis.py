"""What a wrong implementation behaves as: the known mistake, or the factor, that gives the same values.

Every call that was made on a failing clause is made again with each known mistake of the function. One that gives what
the implementation gave, each time, is named in its own words. Only calls whose value is wrong say anything, so nothing
is ever said of right values.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impls.calling import LaidOut
from impls.nested import mapped
from tests.harness.judging.exact import exact
from tests.harness.judging.plan import dtype_of
from tests.harness.judging.trial import Made

MOST_CALLS = 40
"""How many calls are looked at."""

_ALIKE = {"float32": (1e-4, 1e-5), "float16": (2e-2, 1e-3)}
"""How close two values are that differ by rounding alone, relatively and absolutely, by the dtype of the arguments."""
_ALIKE_IN_FLOAT64 = (1e-6, 1e-12)
_NAMED = 2


@dataclass(frozen=True)
class Suspect:
    """A known mistake as the diagnosis sees it. misconception: completes "the function ...". make: a fresh function."""

    clause: str
    misconception: str
    make: Callable[[], Callable[..., Any]]


def diagnose(
    function: str,
    clause: str,
    calls: Iterable[Made],
    suspects: Iterable[Suspect],
    formula: Callable[..., Any] | None = None,
) -> list[str]:
    """What the calls of ``function`` behave as, in at most two phrases, the likelier first; none where nothing fits.

    formula: the function as it should be, where its name alone does not say it, as of a network.
    """
    formula = formula or exact[function]
    wrong, all_of_them = _with_a_value(function, calls, formula)
    if not wrong:
        return []
    # In their order, since some mistakes remember; but some that are wrong have to be among them.
    seen = all_of_them if any(one is wrong[0] for one in all_of_them) else wrong + all_of_them
    seen = seen[:MOST_CALLS]
    if clause.endswith(
        "-INTEGER"
    ):  # on integers other mistakes wrap around as the implementation does, and say nothing
        suspects = [suspect for suspect in suspects if suspect.clause == clause]
    fitting = [suspect for suspect in suspects if _behaves_as(suspect, seen)]
    fitting.sort(key=lambda suspect: suspect.clause != clause)
    named = [suspect.misconception for suspect in fitting]
    if not named and all(_is_right_exchanged(formula, call) for call in wrong):
        named = ["takes its first two arguments in the other order"]
    if not named and (factor := _factor(formula, wrong)):
        named = [f"gives {factor} the right value"]
    return list(dict.fromkeys(named))[:_NAMED]


def _with_a_value(function: str, calls: Iterable[Made], formula: Callable[..., Any]) -> tuple[list[Made], list[Made]]:
    """The calls with a wrong value, and the first calls of all; left out is what the reference has no value for."""
    wrong: list[Made] = []
    first: list[Made] = []
    for call in calls:
        if call.function != function or call.value is None:
            continue
        right = _value(formula, call)
        if right is None:
            continue
        if len(first) < MOST_CALLS:
            first.append(call)
        if not _alike(call, right):
            wrong.append(call)
        if len(wrong) == MOST_CALLS:
            break
    return wrong, first


def _behaves_as(suspect: Suspect, calls: Sequence[Made]) -> bool:
    mistaken = suspect.make()
    return all((value := _value(mistaken, call)) is not None and _alike(call, value) for call in calls)


def without_layout(value: Any) -> Any:
    """``value`` with the arrays in it as they were before they were laid out."""
    return mapped(lambda leaf: leaf.values if isinstance(leaf, LaidOut) else leaf, value)


def _value(function: Callable[..., Any], call: Made) -> Any:
    """The value of the same call, None where it raises."""
    try:
        with np.errstate(all="ignore"):
            return function(*copy.deepcopy(without_layout(call.arguments)), **call.options)
    except Exception:
        return None


def _alike(call: Made, value: Any) -> bool:
    """Whether the call gave ``value``, but for rounding in the dtype of its arguments."""
    return _close(call.value, value, *_ALIKE.get(dtype_of(call.arguments) or "", _ALIKE_IN_FLOAT64))


def _close(one: Any, other: Any, rtol: float, atol: float) -> bool:
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        return (
            isinstance(one, list | tuple)
            and isinstance(other, list | tuple)
            and len(one) == len(other)
            and all(_close(*pair, rtol, atol) for pair in zip(one, other, strict=True))
        )
    if isinstance(one, Mapping) or isinstance(other, Mapping):
        both = isinstance(one, Mapping) and isinstance(other, Mapping)
        return both and all(key in one and _close(one[key], item, rtol, atol) for key, item in other.items())
    try:
        one, other = np.asarray(one, dtype=np.float64), np.asarray(other, dtype=np.float64)
    except (TypeError, ValueError):
        return False
    if one.shape != other.shape:
        return False
    with np.errstate(all="ignore"):
        return bool(np.allclose(one, other, rtol=rtol, atol=atol, equal_nan=True))


def _is_right_exchanged(formula: Callable[..., Any], call: Made) -> bool:
    """Whether the call gave the right value for its first two arguments exchanged."""
    if len(call.arguments) < 2:
        return False
    first, second, *others = call.arguments
    right = _value(formula, replace(call, arguments=(second, first, *others)))
    return right is not None and _alike(call, right)


def _factor(formula: Callable[..., Any], wrong: Sequence[Made]) -> str | None:
    """The simple factor between all the values that were got and the right ones, in words; None where there is none."""
    fitting: set[str] | None = None
    for call in wrong:
        right = _value(formula, call)
        factors = {name for name, factor in _factors(call).items() if _alike(call, _times(factor, right))}
        fitting = factors if fitting is None else fitting & factors
        if not fitting:
            return None
    order = list(_factors(wrong[0]))
    return min(fitting, key=order.index) if fitting else None


def _factors(call: Made) -> dict[str, float]:
    """Factors in words, the plainest first; m and k are the examples and the features or classes of the first array."""
    found = {"minus": -1.0, "twice": 2.0, "half": 0.5, "minus twice": -2.0, "minus half": -0.5}
    array = next((one for one in without_layout(call.arguments) if isinstance(one, np.ndarray)), np.zeros(0))
    if array.ndim >= 1 and array.size:
        m, k = array.shape[0], array.shape[-1] if array.ndim > 1 else 1
        found |= {
            "m times": m,
            "k times": k,
            "m k times": m * k,
            "1/m of": 1 / m,
            "1/k of": 1 / k,
            "1/(m k) of": 1 / (m * k),
            "2 m times": 2 * m,
            "2 m k times": 2 * m * k,
            "2/m of": 2 / m,
            "2/k of": 2 / k,
        }
    return found


def _times(factor: float, value: Any) -> Any:
    if isinstance(value, list | tuple):
        return [_times(factor, item) for item in value]
    if isinstance(value, Mapping):
        return {key: _times(factor, item) for key, item in value.items()}
    return factor * np.asarray(value, dtype=np.float64)
