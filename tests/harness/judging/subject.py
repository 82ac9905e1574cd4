"""The implementation under test as a test body sees it: what the body asks for is taken down as a plan.

In go a test body, the values of an example and the kind of an implementation; out comes a Plan, the same for every
implementation of that kind. ``Subject`` is what a body knows as ``impl``; it gives promises (``promise.py``).
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

import reference
from impls.calling import LaidOut
from impls.nested import leaves, mapped
from reference.arithmetic import REFERENCE, SLIDE_EPS, Arithmetic, Band
from tests.harness.judging import comparison
from tests.harness.judging.batches import batch_of_one
from tests.harness.judging.exact import exact, in_float64
from tests.harness.judging.kind import Kind
from tests.harness.judging.plan import Because, Call, Plan, Pure
from tests.harness.judging.promise import (
    PlanningError,
    Promise,
    calls_behind,
    deferred,
    promised,
)
from tests.harness.judging.structure import kinds
from tests.harness.spec.clauses import TEXTBOOK, Clause

Number = Callable[[Callable[[], Any]], Any]
"""Gives the value of a computation, carried out now or in an earlier run (``plans_on_disk.Tape``)."""


def planned(
    body: Callable[..., None],
    clause: Clause,
    kind: Kind,
    values: Mapping[str, Any],
    number: Number = lambda compute: compute(),
) -> Plan:
    """What ``body``, which takes a Subject and the values, does on these values.

    number: where the reference's values and the bounds come from.
    """
    plan = Plan(values)
    body(Subject(kind, clause, plan, number), **values)
    return plan


class Subject:
    """The implementation under test as a test body sees it. Functions are attributes, and items by their name."""

    def __init__(self, kind: Kind, clause: Clause, plan: Plan, number: Number = lambda compute: compute()) -> None:
        self.kind = kind
        self.attempt = _ByName(self._attempted)
        self.bound = _ByName(self._bound)
        self.check = _ByName(self._checked)
        self.exact = _ByName(self._exact)
        self.spent = _ByName(self._spent)
        self.at_once = _ByName(self._at_once)
        self._eps = SLIDE_EPS if clause.level == TEXTBOOK else 0.0
        self._plan = plan
        self._number = number

    def __getitem__(self, name: str) -> Callable[..., Promise]:
        def call(*args: Any, **options: Any) -> Promise:
            return self._called(name, args, options).answer

        return call

    def __getattr__(self, name: str) -> Callable[..., Promise]:
        if name not in kinds():
            raise AttributeError(f"{name} is no function of the interface and no attribute of a Subject")
        return self[name]

    def cast(self, value: Any) -> Any:
        """The same numbers, nested as they are, in dtypes that the implementation has."""
        return self.kind.dtypes.cast(value)

    def after(self, name: str, theta: Any, grads: Any, **hyper: Any) -> Promise:
        """The parameters after a step of that optimiser for each of the gradients, from no state.

        Where the state is the implementation's own affair, it makes all steps in one call.
        """
        if name in self.kind.terms.stateful:
            return self[f"{name}s"](theta, grads, **hyper)
        state: Any = reference.no_state(name, theta)
        for grad in grads:
            theta, state = self[name](theta, grad, with_a_whole_step(state), **hyper)
        return theta

    def arithmetic(self, *args: Any) -> Arithmetic:
        """The arithmetic the implementation does on ``args``: that of the first floating array's dtype."""
        dtype = dtype_of(args) or "float64"
        return Arithmetic.of(dtype, dict(self.kind.ulp)[dtype], dtype in self.kind.flushes_to_zero, self._eps)

    def within(self, actual: Any, expected: Any, bound: Any) -> None:
        """``actual`` has the structure and shape of ``expected`` and lies within ``bound`` of it."""
        self._plan.demand(comparison.within, actual, expected, bound)

    def right(self, answer: Promise, bound: Any = None) -> None:
        """``answer``, of a single call, lies within the bound of the formula at the arguments of that call.

        bound: another one, where a single one holds for many calls.
        """
        (promise,) = calls_behind(answer)
        name, args, options = promise.call.function, promise.call.asked, promise.call.options
        allowed = self._bound(name, *args, **options) if bound is None else bound
        expected = self._exact(name, *args, **options)
        self._plan.demand(comparison.within, answer, expected, allowed, compares=comparison.comparisons)

    def exactly(self, actual: Any, expected: Any) -> None:
        """``actual`` has the structure, shape and values of ``expected``; NaN equals NaN."""
        self._plan.demand(comparison.exactly, actual, expected)

    def rising(self, values: Promise, arguments: np.ndarray, bound: np.ndarray) -> None:
        """No value is smaller than the one before it, up to the bounds of the two and the rounding of their difference.

        values: of the ascending ``arguments``, each within its ``bound``.
        """
        u = self.arithmetic(arguments).unit_roundoff
        allowed = bound[1:] + bound[:-1] + 2 * u * np.abs(np.minimum(np.diff(values), 0))
        self._plan.demand(comparison.does_not_fall, values, arguments, allowed)

    def shape(self, actual: Any, *shapes: tuple[int, ...]) -> None:
        """``actual`` has one of ``shapes``."""
        self._plan.demand(comparison.has_shape, actual, *shapes)

    def dtype(self, actual: Any, dtype: Any) -> None:
        """Every array in ``actual`` is of ``dtype``."""
        self._plan.demand(comparison.has_dtype, actual, dtype)

    def because(self, reason: str) -> None:
        """Say why the calls that follow are asked: the kind of bug that they find. A failure shows it."""
        self._plan.events.append(Because(reason))

    def pure(self) -> None:
        """No call so far has changed an argument. That none overwrites an earlier result is seen after all calls."""
        self._plan.events.append(Pure(tuple(self._plan.calls)))

    def _called(self, name: str, args: tuple[Any, ...], options: Mapping[str, Any], **asked: Any) -> Call:
        if strange := [one for one in map(_dtype_of, leaves(args)) if one and not self.kind.dtypes.has(one)]:
            raise PlanningError(f"{name} is asked of {strange[0]}, which the implementation does not have")
        if name in self.kind.terms.batches_only and (batch := batch_of_one(name, args)):
            asked["single"] = args
            args, asked["of_result"] = batch
        call = Call(name, args, options, **asked)
        self._plan.events.append(call)
        return call

    def _checked(self, name: str, *args: Any, **options: Any) -> Promise:
        """Call, and demand the value of the formula at these arguments within its bound; the promise of the result."""
        answer = self[name](*args, **options)
        self.right(answer)
        return answer

    def _spent(self, name: str, *args: Any, **options: Any) -> Promise:
        """Call, and then write into the arguments: a result that changes with them is seen as one overwritten."""
        return self._called(name, args, options, spent=True).answer

    def _at_once(self, name: str, beside: tuple[Any, ...], *args: Any, **options: Any) -> Promise:
        """Call, while another thread calls the function on the arguments ``beside``."""
        return self._called(name, args, options, beside=beside).answer

    def _attempted(self, name: str, *args: Any, **options: Any) -> "Attempt":
        return Attempt(self._called(name, args, options, attempted=True), self._plan, self)

    def _exact(self, name: str, *args: Any, **options: Any) -> Any:
        """The reference's value at these arguments."""
        options = self._with_place(name, options)
        if promised(args):
            return exact[name](*args, **options)
        return self._number(lambda: exact[name](*args, **options))

    def _bound(self, name: str, *args: Any, **options: Any) -> Any:
        compute = partial(self.bound_at, name, **options)
        return Promise(compute, args) if promised(args) else self._number(lambda: compute(*args))

    def bound_at(self, name: str, *args: Any, **options: Any) -> Any:
        """The formula's bound at the implementation's own arithmetic, plus the bound of the reference itself."""
        bound, options = getattr(reference, f"{name}_bound"), self._with_place(name, options)
        widened = in_float64(args)
        own = bound(*widened, self.arithmetic(*args), **options)
        return mapped(_band_of_both, own, bound(*widened, REFERENCE, **options))

    def _with_place(self, name: str, options: Mapping[str, Any]) -> dict[str, Any]:
        """The options for the reference: with the place of eps, where it is not that of torch.optim."""
        place = self.kind.eps_place(name)
        return dict(options) if place is None else {**options, "eps_place": place}


@deferred
def with_a_whole_step(state: Any) -> Any:
    """The state that is handed on, with the number of steps as the interface has it: an int."""
    return {key: int(entry) if key == "step" else entry for key, entry in state.items()}


class _ByName:
    """``impl.check.softmax(z)`` and ``impl.check["softmax"](z)`` for a method that takes the name first."""

    def __init__(self, method: Callable[..., Any]) -> None:
        self._method = method

    def __getitem__(self, name: str) -> Callable[..., Any]:
        return partial(self._method, name)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self[name]


@dataclass(frozen=True)
class Attempt:
    """A call that may be refused with an exception: ``impl.attempt.softmax(z)``. All its methods are checks."""

    _call: Call
    _plan: Plan
    _subject: Subject

    def refused(self, what: str) -> None:
        """The call was refused; ``what`` says what is wrong with its arguments."""
        self._plan.demand(comparison.is_refused, self._call.promise, what)

    def refused_or_nan(self, what: str) -> None:
        """The call was refused, or its value holds NaN and no number."""
        self._plan.demand(comparison.is_refused_or_nan, self._call.promise, what)

    def refused_or_all_nan(self, what: str) -> None:
        """The call was refused, or its value, nested as it may be, holds NaN and no number."""
        self._plan.demand(comparison.is_refused_or_all_nan, self._call.promise, what)

    def refused_or_exactly(self, expected: Any) -> None:
        """The call was refused, or has exactly this value."""
        self._plan.demand(comparison.unless_refused(comparison.exactly), self._call.answer, expected)

    def refused_or_within(self, expected: Any, bound: Any) -> None:
        """The call was refused, or its value lies within ``bound`` of ``expected``, which is that of the formula."""
        test = comparison.unless_refused(comparison.within)
        self._plan.demand(test, self._call.answer, expected, bound, compares=comparison.comparisons)

    def refused_or_same(self, expected: Any, bound: Any) -> None:
        """The call was refused, or its value lies within ``bound`` of ``expected``, which is another answer."""
        self._plan.demand(comparison.unless_refused(comparison.within), self._call.answer, expected, bound)

    def refused_or_adjusted(self, adjust: Callable[[Any], Any], expected: Any, bound: Any) -> None:
        """The call was refused, or what ``adjust`` makes of its value, which has the right shape, lies within bound."""

        def adjusted(actual: Any, expected: Any, bound: Any) -> float:
            comparison.has_shape(actual, np.shape(expected))
            return comparison.within(adjust(actual), expected, bound)

        self._plan.demand(comparison.unless_refused(adjusted), self._call.answer, expected, bound)

    def refused_or_not_finite(self, what: str, infinity: float = np.inf) -> None:
        """The call was refused, or its value holds NaN and this infinity and no other number."""
        self._plan.demand(comparison.is_refused_or_not_finite, self._call.promise, what, infinity)

    def refused_or_right(self) -> None:
        """The call was refused, or its value lies within the bound of the formula at its arguments."""
        name, args, options = self._call.function, self._call.asked, self._call.options
        bound = self._subject.bound[name](*args, **options)
        self.refused_or_within(self._subject._exact(name, *args, **options), bound)

    def refused_or_promoted(self, *which: int) -> None:
        """The call was refused, or has the value of the formula at arguments in the floating dtype of the result.

        which: the numbers, from 0, of the arguments that are promoted; the others stay as they are.
        """

        name = self._call.function

        def compares(result: Any, *given: Any) -> Iterator[comparison.Comparison]:
            dtype = result.dtype if result.dtype.kind == "f" else np.dtype(np.float64)
            args = [one.astype(dtype) if at in which else one for at, one in enumerate(given)]
            yield from comparison.comparisons(result, exact[name](*args), self._subject.bound_at(name, *args))

        def test(result: Any, *given: Any) -> float:
            return comparison.worst_of(compares(result, *given))

        self._plan.demand(comparison.unless_refused(test), self._call.promise, *self._call.arguments, compares=compares)


def laid_out(values: np.ndarray, layout: str, dtype: str | None = None) -> LaidOut:
    """Ask that ``values`` be passed in the memory layout of that name (``impls.LAYOUTS``)."""
    return LaidOut(values, layout, dtype)


def _dtype_of(leaf: Any) -> str | None:
    """The dtype in which an argument is passed, None for one that is no array."""
    if isinstance(leaf, LaidOut):
        return leaf.dtype or _name(leaf.values.dtype)
    return _name(leaf.dtype) if isinstance(leaf, np.ndarray) else None


@functools.cache
def _name(dtype: np.dtype) -> str:
    """Its name, which NumPy puts together anew each time."""
    return dtype.name


def dtype_of(value: Any) -> str | None:
    """The name of the dtype of the first floating array in ``value``; None where there is none."""
    for leaf in leaves(value):
        values, dtype = (leaf.values, leaf.dtype) if isinstance(leaf, LaidOut) else (leaf, None)
        if dtype:
            return dtype
        if isinstance(values, np.ndarray) and values.dtype.kind == "f":
            return values.dtype.name
        if isinstance(leaf, Promise):
            raise PlanningError("the dtype of an answer is not known yet")
    return None


def _band_of_both(own: Any, reference_s: Any) -> Band:
    return (own if isinstance(own, Band) else Band(own)) + reference_s
