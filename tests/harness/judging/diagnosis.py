"""What a wrong implementation behaves as: the known mistake, or the factor, that gives the same values.

In go the calls that were made on a failing clause, with the known mistakes of the function; out comes at most one
phrase. Each call is made again with each known mistake. A mistake *explains* a call where it gives what the
implementation gave, and it is named where it explains nearly every call that went wrong and gives the right value where
the implementation does. Nearly: a student's guard (a quotient of 0 by 0, a tie, a batch of one class) may act on a call
or two. Two allowances keep rounding and the slides' eps from hiding a mistake: at the textbook level a difference of
that eps, and in a loss a small share of the error itself, which a mistake that is not the one does not keep to.

Nothing is said without evidence: the wrong numbers have to be finite, of several different values, and of some size.
So agreement on one value, on NaN or on an exception names nothing.

The candidates, the likelier first: the first two arguments in the other order (the implementation itself is called
again with them exchanged, so any clip and any eps is recognised), the known mistakes, a plain factor, and a known
mistake with a plain factor.
"""

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from impls.calling import LaidOut
from impls.declared import Network
from impls.nested import leaves, mapped
from tests.harness.judging.subject import dtype_of
from tests.harness.judging.trial import Made
from tests.harness.spec.clauses import TEXTBOOK, Clause

MOST_CALLS = 40
"""How many calls are looked at."""

_ALIKE = {"float32": (1e-4, 1e-5), "float16": (2e-2, 1e-3)}
"""How close two values are that differ by rounding alone, relatively and absolutely, by the dtype of the arguments."""
_ALIKE_IN_FLOAT64 = (1e-6, 1e-12)
_SLIDES_EPS = 1e-7
"""What an eps may change at the textbook level."""
_SHARE = 0.01
"""The share of a loss's error that a mistake need not explain: an eps adds up over a batch."""
_MOST = 0.95
"""The share of the wrong numbers of a call, and of the calls, that a mistake has to explain."""
_LEAST_EVIDENCE = 3
"""How many different wrong numbers there have to be."""
_MOST_EXCHANGED = 8
"""How many calls are made again with their arguments exchanged."""

EXCHANGED = "takes its first two arguments in the other order"
SINGLE = "computes in float32, which keeps seven digits"

Again = Callable[[str, tuple[Any, ...], Mapping[str, Any]], Any]
"""Calls the implementation once more; None where no value came."""


@dataclass(frozen=True)
class Suspect:
    """A known mistake as the diagnosis sees it.

    clause: the one that it fails on. misconception: completes "the function ...". forms: fresh functions, the ways to
    write the mistake, which differ in a constant or in what nobody meant.
    """

    clause: Clause
    misconception: str
    forms: Callable[[], Iterable[Callable[..., Any]]]


Suspects = Callable[[str, Network | None], Iterable[Suspect]]
"""The known mistakes of a function, and of the declared network where it is one."""


@dataclass(frozen=True)
class _Call:
    """A call with the numbers it gave and the right ones, flat; the right ones are None where their shape differs."""

    made: Made
    got: np.ndarray
    right: np.ndarray | None
    shapes: list[tuple[int, ...]]
    wrong: np.ndarray = field(repr=False)
    near: np.ndarray = field(repr=False)
    """How far from each number it still counts as the same."""


def diagnose(
    clause: Clause,
    calls: Iterable[Made],
    suspects: Iterable[Suspect],
    formula: Callable[..., Any],
    again: Again | None = None,
) -> list[str]:
    """What the calls of the clause's function behave as, in at most one phrase; none where nothing fits.

    formula: the function as it should be. again: asks the implementation itself.
    """
    seen = _seen(clause, calls, formula)
    wrong = [call for call in seen if call.wrong.any()]
    if again and _is_right_exchanged(clause.function, wrong, formula, again):
        return [EXCHANGED]
    if not wrong and _is_single(seen):
        return [SINGLE]
    if not _is_evidence(wrong):
        return []
    likeliest = sorted((one for one in suspects if _may_be(one, clause)), key=lambda one: _rank(one, clause))
    for most in (1.0, _MOST):
        for suspect in likeliest:
            for form in suspect.forms():
                if _explains(_of(form), seen, most):
                    return [suspect.misconception]
    if factor := _factor(_of(formula), seen):
        return [f"gives {factor} the right value"]
    if clause.level == TEXTBOOK:
        for suspect in likeliest:
            for form in suspect.forms():
                if factor := _factor(_of(form), seen):
                    return [f"{suspect.misconception}, and gives {factor} that"]
    return []


def _may_be(suspect: Suspect, clause: Clause) -> bool:
    """Whether the mistake can be the one of this clause.

    At the textbook level no mistake of the robust level gives a wrong value by itself; on integers other mistakes wrap
    around as the implementation does; a run stops at its first wrong step, always of the same numbers; a descent has
    the learning rate 1. Of steps from no state none is named: a rule without a memory gives what one that forgets does.
    """
    if clause.id.endswith(("-STEPS", "-PATH")):
        return False
    if clause.id.endswith(("-INTEGER", "-RUN", "-DESCENT")):
        return suspect.clause == clause
    return suspect.clause.level == TEXTBOOK or clause.level != TEXTBOOK


def _rank(suspect: Suspect, clause: Clause) -> int:
    """Mistakes in the formula come first at the textbook level, and those of the clause itself at the robust one."""
    in_formula, own = suspect.clause.id.endswith("-VALUE"), suspect.clause == clause
    if suspect.clause.id.endswith("-PURE"):
        return 4
    if clause.level == TEXTBOOK:
        return 0 if in_formula else 1 if own else 2
    return 0 if own else 1 if in_formula and suspect.clause.level == TEXTBOOK else 3


def _seen(clause: Clause, calls: Iterable[Made], formula: Callable[..., Any]) -> list[_Call]:
    """The first calls with a value, and enough of those with a wrong one, in their order: some mistakes remember."""
    seen: list[_Call] = []
    wrong = 0
    for made in calls:
        if made.function != clause.function or made.value is None:
            continue
        right = value_at(formula, made)
        if right is None or (call := _call(clause, made, right)) is None:
            continue
        if call.wrong.any() or len(seen) < MOST_CALLS:
            seen.append(call)
        wrong += bool(call.wrong.any())
        if wrong == MOST_CALLS:
            break
    return seen


@np.errstate(all="ignore")
def _call(clause: Clause, made: Made, right: Any) -> _Call | None:
    """The call with its numbers; None where what came are no numbers."""
    numbers, exact = flat(made.value), flat(right)
    if numbers is None or exact is None:
        return None
    (got, shapes), (expected, right_shapes) = numbers, exact
    rtol, atol = _ALIKE.get(dtype_of(made.arguments) or "", _ALIKE_IN_FLOAT64)
    if clause.level == TEXTBOOK:
        atol = max(atol, _SLIDES_EPS)
    near = atol + rtol * np.where(np.isfinite(got), np.abs(got), 0.0)
    if shapes != right_shapes:
        return _Call(made, got, None, shapes, np.ones(got.shape, bool), near)
    error = np.abs(got - expected)
    wrong = ~((error <= near) | (got == expected) | (np.isnan(got) & np.isnan(expected)))
    if shapes == [()]:
        near = np.where(np.isfinite(error), near + _SHARE * error, near)
    return _Call(made, got, expected, shapes, wrong, near)


def flat(value: Any) -> tuple[np.ndarray, list[tuple[int, ...]]] | None:
    """All numbers in ``value`` in one vector, and the shapes of its arrays."""
    try:
        arrays = [np.asarray(leaf, dtype=np.float64) for leaf in leaves(_sorted(value))]
    except (TypeError, ValueError):
        return None
    return np.concatenate([np.zeros(0), *(array.ravel() for array in arrays)]), [array.shape for array in arrays]


def _sorted(value: Any) -> Any:
    """``value`` with the items of its mappings in the order of their keys."""
    if isinstance(value, Mapping):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list | tuple) else value


def _is_evidence(wrong: Sequence[_Call]) -> bool:
    """Whether the wrong values are enough to tell one mistake from another: finite, different, of some size.

    An array of one number over and over counts as that number, and where the numbers are few, as those of classes are,
    the arrays count.
    """
    numbers: set[float] = set()
    arrays: set[tuple[float, ...]] = set()
    for call in wrong:
        telling = call.wrong & np.isfinite(call.got)
        if call.right is not None:
            telling &= np.isfinite(call.right) & (np.abs(call.got - call.right) > 3 * call.near)
        numbers |= set(rounded(call.got[telling]))
        if telling.any() and len(set(one := rounded(call.got))) > 1:
            arrays.add(one)
    return max(len(numbers), len(arrays)) >= _LEAST_EVIDENCE


def rounded(numbers: np.ndarray) -> tuple[float, ...]:
    return tuple(float(f"{number:.4g}") for number in numbers)


def _explains(value: Callable[[_Call], Any], seen: Sequence[_Call], most: float = 1.0) -> bool:
    """Whether ``value``, made of a call, is what that share of the calls gave, and of the wrong ones."""
    left = int(len(seen) * (1 - most))
    left_of_wrong = int(sum(call.wrong.any() for call in seen) * (1 - most))
    for call in seen:
        if not _alike(call, value(call), most):
            left, left_of_wrong = left - 1, left_of_wrong - bool(call.wrong.any())
            if left < 0 or left_of_wrong < 0:
                return False
    return True


@np.errstate(all="ignore")
def _alike(call: _Call, value: Any, most: float = 1.0) -> bool:
    """Whether the call gave ``value``, up to rounding, for that share of its wrong numbers and for all the others."""
    numbers = None if value is None else flat(value)
    if numbers is None or numbers[1] != call.shapes:
        return False
    same = np.abs(call.got - numbers[0]) <= call.near
    same |= (call.got == numbers[0]) | (np.isnan(call.got) & np.isnan(numbers[0]))
    if not same[~call.wrong].all():
        return False
    of_wrong = same[call.wrong]
    return bool(of_wrong.all() or of_wrong.mean() >= most)


def without_layout(value: Any) -> Any:
    """``value`` with the arrays in it as they were before they were laid out."""
    return mapped(lambda leaf: leaf.values if isinstance(leaf, LaidOut) else leaf, value)


def value_at(function: Callable[..., Any], call: Made) -> Any:
    """The value of the same call, None where it raises."""
    try:
        with np.errstate(all="ignore"):
            return function(*copy.deepcopy(without_layout(call.arguments)), **call.options)
    except Exception:
        return None


def _of(function: Callable[..., Any]) -> Callable[[_Call], Any]:
    """The value of ``function`` for the arguments of a call, None where it raises."""
    return lambda call: value_at(function, call.made)


def _is_right_exchanged(function: str, wrong: Sequence[_Call], formula: Callable[..., Any], again: Again) -> bool:
    """Whether the implementation gives the right values, different ones, for its first two arguments exchanged."""
    right = {number for call in wrong if call.right is not None for number in rounded(call.right)}
    if len(right) < _LEAST_EVIDENCE or len(wrong[0].made.arguments) < 2 or _is_symmetric(formula, wrong[0].made):
        return False
    asked = wrong[:_MOST_EXCHANGED]
    misses = len(asked) // 4
    for call in asked:
        first, second, *others = call.made.arguments
        value = again(function, (second, first, *others), call.made.options)
        numbers = None if value is None else flat(value)
        if call.right is None or numbers is None or numbers[0].shape != call.right.shape:
            return False
        with np.errstate(all="ignore"):
            # A clip or an eps may be as large as students choose it: it is no fault in the order.
            error = np.abs(call.got - call.right)
            allowed = np.where(np.isfinite(error), 0.05 * error, 0.01 * np.abs(call.right))
            misses -= not np.all(np.abs(numbers[0] - call.right) <= call.near + allowed)
        if misses < 0:
            return False
    return True


def _is_single(seen: Sequence[_Call]) -> bool:
    """Whether all numbers are of float32, and not all of them right, where the arguments are of float64."""
    of_float32 = all(np.array_equal(call.got.astype(np.float32), call.got) for call in seen)
    in_float64 = all(dtype_of(call.made.arguments) == "float64" for call in seen)
    return of_float32 and in_float64 and any(call.right is None or (call.got != call.right).any() for call in seen)


def _is_symmetric(formula: Callable[..., Any], made: Made) -> bool:
    """Whether the formula does not ask for the order of these two arguments."""
    first, second, *others = made.arguments
    exchanged = value_at(formula, made._replace(arguments=(second, first, *others)))
    one, other = flat(value_at(formula, made)), None if exchanged is None else flat(exchanged)
    return one is not None and other is not None and np.array_equal(one[0], other[0])


def _factor(value: Callable[[_Call], Any], seen: Sequence[_Call]) -> str | None:
    """The plain factor between what came and ``value``, in words; None where there is none.

    Only calls that went wrong tell it: the others may have a factor of 1 by their sizes.
    """
    wrong = [call for call in seen if call.wrong.any()]
    first = value(wrong[0])
    if first is None:
        return None
    for name, factor in _factors(wrong[0]).items():

        def scaled(call: _Call, name: str = name) -> Any:
            one = value(call)
            return None if one is None else _times(_factors(call)[name], one)

        if _alike(wrong[0], _times(factor, first)) and _explains(scaled, wrong):
            return name
    return None


_CONSTANT = {
    "minus": -1.0,
    "twice": 2.0,
    "half": 0.5,
    "four times": 4.0,
    "a quarter of": 0.25,
    "minus twice": -2.0,
    "minus half": -0.5,
}


def _factors(call: _Call) -> Mapping[str, float]:
    """Factors in words, the plainest first; m and k are the examples and the features or classes of the first array.

    Many an array has such a size for its factor by chance; in a loss, which is one number, and in gradients it tells.
    """
    array = next((one for one in without_layout(call.made.arguments) if isinstance(one, np.ndarray)), np.zeros(0))
    m = array.shape[0] if array.ndim and array.size else 1
    k = array.shape[-1] if array.ndim > 1 and array.size else 1
    if len(call.shapes) == 1 and call.shapes != [()]:
        return _CONSTANT
    return _CONSTANT | {
        "m times": m,
        "k times": k,
        "m k times": m * k,
        "1/m of": 1 / m,
        "1/k of": 1 / k,
        "1/(m k) of": 1 / (m * k),
        "2 m times": 2 * m,
        "2 k times": 2 * k,
        "2 m k times": 2 * m * k,
        "minus m times": -m,
        "minus k times": -k,
        "minus m k times": -m * k,
        "m^2 times": m**2,
        "2/m of": 2 / m,
        "2/k of": 2 / k,
        "1/(2 m) of": 1 / (2 * m),
        "m/2 times": m / 2,
        "k/2 times": k / 2,
        "m k/2 times": m * k / 2,
    }


def _times(factor: float, value: Any) -> Any:
    return mapped(lambda leaf: factor * np.asarray(leaf, dtype=np.float64), value)
