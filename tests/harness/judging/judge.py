"""Judge one implementation on one clause: plan the examples, carry the plans out, shrink what fails, say what it is.

In go a clause's property, an implementation and the run's examples; out comes an Outcome.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from impls import Implementation
from impls.backends import global_state_restored
from impls.calling import Answer, CallFailed, Lost, NotJudged, NotWritten, Request
from impls.nested import leaves
from impls.submissions.file import exits_raising
from tests.harness.drawing import drawing_and_shrinking as drawing
from tests.harness.drawing.drawing_and_shrinking import Values
from tests.harness.judging import counterexample
from tests.harness.judging.cause import explaining
from tests.harness.judging.curve import error_curve
from tests.harness.judging.diagnosis import Suspects, diagnose
from tests.harness.judging.exact import of_network
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.hints import hint
from tests.harness.judging.kind import Kind
from tests.harness.judging.other_forms import other_form
from tests.harness.judging.outcome import ERROR, FAILED, KNOWN_DEVIATION, PASSED, SKIPPED, Outcome
from tests.harness.judging.plan import Plan
from tests.harness.judging.planning import Examples, plan_of
from tests.harness.judging.structure import checked
from tests.harness.judging.subject import Subject
from tests.harness.judging.trial import MOST_DEVICES_LOST, Excuse, Made, NotAsked, Prepared, Seen, Trial, carried_out
from tests.harness.spec.clauses import ROBUST, Clause, Property
from tests.harness.spec.deviations import KnownDeviation

_CALLS_OF_AN_EXAMPLE = 8
"""How many calls of each example the diagnosis gets to see."""
_SMALL = 12
"""A failing example with so many elements is shown as it is: to shrink it costs more than all else about it."""


def judge(
    property_: Property,
    clause: Clause,
    implementation: Implementation,
    examples: Examples,
    deviations: Sequence[KnownDeviation],
    shrink_budget: int,
    suspects: Suspects | None = None,
    inputs: Callable[[str], Sequence[Values]] = lambda clause: (),
) -> Outcome:
    """The outcome of ``clause`` for ``implementation``.

    deviations: those recorded for just this pair. suspects: the known mistakes of a function, for the diagnosis, which
    is left out without them. inputs: small examples of a clause, which are tried before a failure is shrunk.
    """
    return Judgement(property_, clause, implementation, examples, deviations, shrink_budget, suspects, inputs).outcome()


@dataclass
class Judgement:
    """All that one outcome is made from; the fields are the arguments of ``judge``.

    It can be prepared and begun before its outcome is asked for: an implementation in another process then computes
    while this process compares what an earlier clause has got.
    """

    about: Property
    clause: Clause
    implementation: Implementation
    examples: Examples
    deviations: Sequence[KnownDeviation]
    shrink_budget: int
    suspects: Suspects | None
    inputs: Callable[[str], Sequence[Values]]

    def __post_init__(self) -> None:
        self.kind = Kind.of(self.implementation)
        self.drawn = self.examples.of(self.about, self.kind.dtypes)
        self.impure: dict[str, str] = {}
        self.devices_lost = 0
        self._prepared: Prepared | None = None

    def prepare(self) -> None:
        """Make the plans once, unless they are large: those are made one by one."""
        if self._prepared is None and not self.clause.large:
            plans = list(self.examples.plans(self.about, self.clause, self.kind))
            self._prepared = Prepared(plans, self.implementation.caller)

    @property
    def is_asked_at_once(self) -> bool:
        """Whether its drawn examples make one message, once it has been prepared."""
        return self._prepared is not None and self._prepared.is_asked_at_once

    def begin(self) -> None:
        """Hand over the first calls, where it has been prepared."""
        if self._prepared:
            self._prepared.begin()

    def outcome(self, ends: bool = False, answered: Callable[[], None] = lambda: None) -> Outcome:
        """The outcome. ends: no clause of the function follows. answered: called when all drawn calls are answered."""

        def all_are() -> None:
            if ends:
                try:
                    self._charge(self.implementation.caller.ask([]).overwritten)
                except Lost as lost:
                    self.impure.setdefault(self.clause.function, str(lost))
            answered()

        with np.errstate(all="ignore"), global_state_restored(), exits_raising():
            outcome = self._settled(self.seen_of_all(all_are))
            return replace(outcome, message=self._message(outcome), impure=self.impure)

    def _message(self, outcome: Outcome) -> str | None:
        """The message of the outcome, which also says where a clause was stopped."""
        if outcome.examples == len(self.drawn):
            return outcome.message
        stopped = (
            f"judged on {outcome.examples} of {len(self.drawn)} examples, since {MOST_DEVICES_LOST} calls or more "
            "ended the device for their process"
        )
        return f"{outcome.message}; {stopped}" if outcome.message else stopped

    def seen_of_all(self, answered: Callable[[], None] = lambda: None) -> list[Seen]:
        """What was seen on each example, up to one on which a call was lost or enough devices were."""
        self.prepare()
        if self._prepared is not None:
            return self._noted(self._prepared.carried_out(self._excuses, answered))
        seen: list[Seen] = []
        for plan in self.examples.plans(self.about, self.clause, self.kind):
            seen += self._noted(carried_out([plan], self.implementation.caller, self._excuses))
            if isinstance(seen[-1].fault, Lost) or self._has_lost_enough:
                break
        answered()
        return seen

    @property
    def _has_lost_enough(self) -> bool:
        """Whether so many calls have ended their device that no further example is worth a process."""
        return self.devices_lost >= MOST_DEVICES_LOST

    def _charge(self, overwritten: Iterable[str]) -> None:
        """Note the functions of which a result was overwritten."""
        for function in overwritten:
            self.impure.setdefault(
                function,
                f"the result of a call of {function} changed afterwards: a later call overwrote it, or it shares "
                "memory with an argument",
            )

    def _noted(self, trial: Trial) -> list[Seen]:
        """What was seen in a trial, once what it says of other functions and of devices is noted."""
        self.devices_lost += sum(one.devices_lost for one in trial.seen)
        self._charge(trial.overwritten)
        own = self.clause.function
        for one in trial.seen:
            if one.changed:
                self.impure.setdefault(own, one.changed)
            if own in trial.overwritten and self.clause.id.endswith("-PURE"):
                one.fault = one.fault or Nonconformance(self.impure[own])
        return list(trial.seen)

    def _seen_on(self, values: Values, excuse: Excuse | None = None) -> Seen:
        plan = plan_of(self.about, self.clause, self.kind, values)
        trial = carried_out([plan], self.implementation.caller, excuse or self._excuses)
        return self._noted(trial)[0]

    def _settled(self, seen: list[Seen]) -> Outcome:
        drawn, clause = self.drawn, self.clause
        asked = [(index, one) for index, one in enumerate(seen) if not isinstance(one.fault, NotAsked)]
        lost = any(isinstance(one.fault, Lost) for one in seen)
        count = len(drawn) if lost else len(asked)
        unwritten = [str(one.fault) for _, one in asked if isinstance(one.fault, NotWritten)]
        failing = [(index, one) for index, one in asked if one.fault is not None]
        reached = [drawn[index] for index, one in asked if one.excused]
        excused = [known for values in reached for known in self.deviations if known.covers(values)]
        compared = [one.ratio for _, one in asked if one.ratio is not None]
        ratio = max(compared, default=None)
        ratio = ratio if ratio is not None and np.isfinite(ratio) else None
        if unclear := [str(one.fault) for one in seen if isinstance(one.fault, NotJudged)]:
            return Outcome(SKIPPED, len(drawn), message=unclear[0], not_judged=True)
        # A robust clause may ask for a refusal: a stub, which refuses everything, passes such examples.
        if unwritten and len(unwritten) == (len(failing) if clause.level == ROBUST else count):
            return Outcome(SKIPPED, count, message=f"not implemented: {unwritten[0]}", unimplemented=True)
        if failing:
            return replace(self._failed(seen, failing, ratio), examples=count)
        stale = [known for known in self.deviations if not self._still_deviates(known)]
        if stale:
            message = f"{stale[0].name} no longer deviates; take its entry out of the known deviations"
            return Outcome(ERROR, count, ratio, message)
        if self.deviations:
            return Outcome(KNOWN_DEVIATION, count, ratio, (excused or self.deviations)[0].summary)
        refused = [one.refused for _, one in asked if one.refused]
        remark = f"refused on {len(refused)} of {count} examples, as it may: {refused[0]}" if refused else None
        return Outcome(PASSED, count, ratio, remark)

    def _still_deviates(self, known: KnownDeviation) -> bool:
        """Whether this entry itself excuses a fault on the example that shows it, whatever others excuse there."""
        excused = []

        def excuse(*fault: Any) -> bool:
            excused.append(_excused([known], *fault))
            return True

        self._seen_on(known.shown_by, excuse)
        return any(excused)

    def _excuses(self, *fault: Any) -> bool:
        return _excused(self.deviations, *fault)

    def _failed(self, seen: Sequence[Seen], failing: list[tuple[int, Seen]], ratio: float | None) -> Outcome:
        """An exception on any input makes the clause an error; where there is a wrong value as well, that is shown."""
        raised = [one.fault for _, one in failing if isinstance(one.fault, CallFailed)]
        kind: type[Exception] = Nonconformance
        candidates = [index for index, one in failing if isinstance(one.fault, Nonconformance)]
        if not candidates:
            kind, candidates = CallFailed, [index for index, _ in failing]
        explained_by = self._explained_by([one for _, one in failing])
        diagnosis: Sequence[str] = ()
        if self.suspects:
            calls = [call for one in seen for call in one.made[:_CALLS_OF_AN_EXAMPLE]]
            name, network = self.clause.function, self.kind.network
            of_one = of_network(name, network) if network and name.startswith("network") else None
            right = of_one or self._subject.exact[name]
            diagnosis = other_form(name, calls, right, self._once_more) or diagnose(
                self.clause, calls, self.suspects(name, network), right, self._once_more
            )
        start = min(candidates, key=lambda index: (drawing.size(self.drawn[index]), index))
        lost = isinstance(seen[start].fault, Lost)
        shown = seen[start] if lost else self._smallest(start, seen[start], kind, search=not explained_by)
        fault = shown.fault
        also = f"; on other inputs: {raised[0]}" if raised and kind is Nonconformance else ""
        if raised and (said := hint(self.clause, str(fault if isinstance(fault, CallFailed) else raised[0]))):
            also += f"; {said}"
        if isinstance(fault, Nonconformance) and shown.shown and self.suspects:
            # Right up to some example, and wrong from there on: as where calls are counted.
            first = failing[0][0]
            also += self._repeated(shown.shown[-1], anew=0 < first == len(seen) - len(failing))
        return Outcome(
            ERROR if raised else FAILED,
            len(self.drawn),
            ratio,
            f"{fault}{also} [{shown.because}]" if shown.because else f"{fault}{also}",
            counterexample.source(self.kind.library, shown.shown, self.implementation.says),
            counterexample.shown(getattr(fault, "expected", None)),
            counterexample.shown(getattr(fault, "got", None)),
            diagnosis=tuple(diagnosis),
            severity=fault.severity if isinstance(fault, Nonconformance) else "crash",
            explained_by=explained_by,
            curve=self._curve(seen) if self.suspects else None,
        )

    def _once_more(self, function: str, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """The value of another call of the implementation, None where there is none."""
        request = Request(function, arguments, options)
        return self._value(request, next(iter(self.implementation.caller.ask([request]).answers), None))

    def _value(self, request: Request, answer: Answer | None) -> Any:
        """The checked value of an answer, None where there is none."""
        if answer is None or answer.failure is not None:
            return None
        try:
            return checked(request.function, answer.value)
        except (Nonconformance, CallFailed):
            return None

    def _repeated(self, call: Made, anew: bool) -> str:
        """What is to be said where the same call gives another value. anew: it may depend on what was called before."""
        if _differ(call.value, self._once_more(call.function, call.arguments, call.options)):
            return "; called again with the same arguments it gives another value"
        if anew:
            request = Request(call.function, call.arguments, call.options)
            if _differ(call.value, self._value(request, self.implementation.caller.once_apart(request))):
                return "; as the first call of a process it gives another value: it depends on the calls before"
        return ""

    def _explained_by(self, failing: Sequence[Seen]) -> tuple[str, ...]:
        function, implementation = self.clause.function, self.implementation
        return explaining(
            function,
            failing,
            implementation.caller,
            tuple(implementation.functions),
            self._subject.bound_at,
            self.kind.network.activations if self.kind.network else (),
        )

    def _curve(self, seen: Sequence[Seen]) -> Mapping[str, Any] | None:
        return error_curve(self.clause.function, (call for one in seen for call in one.made), self._bound)

    def _bound(self, *args: Any, **options: Any) -> Any:
        """The bound of the clause's function at the arguments of a call."""
        return self._subject.bound_at(self.clause.function, *args, **options)

    @property
    def _subject(self) -> Subject:
        """What knows the formula, and its bounds, for this kind of implementation."""
        return Subject(self.kind, self.clause, Plan({}))

    def _small_input(self, smaller_than: Values, kind: type[Exception]) -> Seen | None:
        """What is seen on the first of the clause's small inputs that fails in the same way; they are asked at once."""
        cast = map(self.kind.dtypes.cast, self.inputs(self.clause.id))
        small = sorted((one for one in cast if drawing.size(one) < drawing.size(smaller_than)), key=drawing.size)
        plans = [plan_of(self.about, self.clause, self.kind, values) for values in small]
        seen = self._noted(carried_out(plans, self.implementation.caller, self._excuses))
        wrong = (one for one in seen if isinstance(one.fault, kind) and not isinstance(one.fault, Lost))
        return next(wrong, None)

    def _smallest(self, start: int, seen: Seen, kind: type[Exception], search: bool) -> Seen:
        """What is seen on the smallest example found that fails in the same way: a small input, or the drawn one.

        Where the drawn one is large, and no small input fails, Hypothesis may ``search`` for a smaller one.
        """
        drawn = self.drawn[start]
        if not self.shrink_budget:
            return seen
        if found := self._small_input(drawn, kind):
            return found
        if not search or drawing.size(drawn)[0] <= _SMALL:
            return seen
        values, found = self.shrunk(start, seen, kind)
        return found if drawing.size(values) < drawing.size(drawn) else seen

    def shrunk(self, start: int, seen: Seen, kind: type[Exception]) -> tuple[Values, Seen]:
        """The smallest example that Hypothesis finds from that one on, with what is seen on it.

        A call that was lost is no smaller failure: each further one would cost as much again.
        """
        last = self.drawn[start], seen

        def fails(values: Values) -> bool:
            nonlocal last
            if self._has_lost_enough:
                return False
            now = self._seen_on(values)
            wrong = isinstance(now.fault, kind) and not isinstance(now.fault, Lost)
            if wrong and now.made:
                last = values, now
            return wrong

        seed = self.examples.seed(self.about)
        drawing.shrink(self.about, seed, self.drawn, start, fails, self.shrink_budget, self.kind.dtypes)
        return last


def _differ(value: Any, again: Any) -> bool:
    """Whether these are two values, and differ by more than a device's order of adding can make them."""
    if value is None or again is None:
        return False
    pairs = zip(leaves(value), leaves(again), strict=False)
    return not all(np.shape(a) == np.shape(b) and np.allclose(a, b, 1e-3, 1e-6, equal_nan=True) for a, b in pairs)


def _excused(deviations: Sequence[KnownDeviation], plan: Plan, calls: Sequence[Made], fault: Exception) -> bool:
    """Whether one of the entries excuses this fault of the calls of a plan."""
    arguments, elements = [call.arguments for call in calls], getattr(fault, "elements", None)
    return any(known.excuses(plan.values, arguments, elements) for known in deviations)


def further_input(
    property_: Property,
    clause: Clause,
    implementation: Implementation,
    examples: Examples,
    budget: int,
    inputs: Sequence[Values],
) -> Values | None:
    """The smallest example on which the implementation gives a wrong value, found in so many tries.

    None where it gives none, or gives one on a small example of ``inputs`` already.
    """
    judgement = Judgement(property_, clause, implementation, examples, (), budget, None, lambda _: inputs)
    with np.errstate(all="ignore"):
        seen = judgement.seen_of_all()
        wrong = [index for index, one in enumerate(seen) if isinstance(one.fault, Nonconformance)]
        if not wrong:
            return None
        start = min(wrong, key=lambda index: (drawing.size(judgement.drawn[index]), index))
        if judgement._small_input(judgement.drawn[start], Nonconformance):
            return None
        return judgement.shrunk(start, seen[start], Nonconformance)[0]
