"""Judge one implementation on one clause: plan the examples, carry the plans out, shrink what fails, say what it is.

In go a clause's property, an implementation and the run's examples; out comes an Outcome.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from impls import Implementation
from impls.backends import global_state_restored
from impls.calling import CallFailed, Lost, NotJudged, NotWritten
from impls.submissions.file import exits_raising
from impls.text import one_line, printable, printable_lines
from tests.harness.drawing import examples as drawing
from tests.harness.drawing.dtypes import ALL, Dtypes
from tests.harness.drawing.examples import Values
from tests.harness.drawing.kept import Kept, Tape
from tests.harness.judging import counterexample
from tests.harness.judging.cause import explaining
from tests.harness.judging.diagnosis import Suspect, diagnose
from tests.harness.judging.exact import of_network
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.kind import Kind
from tests.harness.judging.plan import Number, Plan, Subject, planned
from tests.harness.judging.trial import MOST_DEVICES_LOST, Made, NotAsked, Seen, carried_out
from tests.harness.spec.clauses import LARGE_SIZES, ROBUST, Clause, Property
from tests.harness.spec.deviations import KnownDeviation

_LONGEST_MESSAGE = 2000

PASSED, FAILED, ERROR, KNOWN_DEVIATION, SKIPPED = "passed", "failed", "error", "known-deviation", "skipped"


@dataclass(frozen=True)
class Outcome:
    """What came of one clause for one implementation, as it stands in the JSON.

    max_error_ratio: the largest error seen over the error allowed, None where nothing was compared or it is not finite.
    unimplemented: every call said that the function is not written. impure: by function, a call that changed an
    argument or overwrote an earlier result; it is charged to the function's -PURE clause. The text is printable,
    whatever it quotes: it goes to another process, to a terminal, to files.
    """

    outcome: str
    examples: int = 0
    max_error_ratio: float | None = None
    message: str | None = None
    counterexample: str | None = None
    expected: str | None = None
    actual: str | None = None
    unimplemented: bool = False
    not_judged: bool = False
    """A call said that it cannot be told whether the function is right; the message is the reason."""
    diagnosis: tuple[str, ...] = ()
    """What the implementation behaves as, in phrases that complete "the function ..."."""
    impure: Mapping[str, str] = field(default_factory=dict)
    severity: str | None = None
    """Of a failure, one of ``faults.SEVERITIES``."""
    explained_by: tuple[str, ...] = ()
    """Of a composed function, the activations whose own faults explain every failure (``cause``)."""

    def __post_init__(self) -> None:
        if self.message is not None:
            object.__setattr__(self, "message", one_line(self.message, _LONGEST_MESSAGE))
        for name in ("counterexample", "expected", "actual"):
            if (text := getattr(self, name)) is not None:
                object.__setattr__(self, name, printable_lines(text))
        object.__setattr__(self, "diagnosis", tuple(map(printable, self.diagnosis)))

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


_CALLS_OF_AN_EXAMPLE = 8
"""How many calls of each example the diagnosis gets to see."""


@dataclass(frozen=True)
class _Drawn:
    """The examples of one property in some dtypes, and the plans made of them, by clause and kind of implementation."""

    values: list[Values]
    plans: dict[tuple[str, Kind], list[Plan]] = field(default_factory=dict)


class Examples:
    """The drawn examples of each property.

    Those of the property at hand alone are kept, so memory stays flat over a run, or with ``keep`` those of all: then
    the implementations can be judged one after the other, and memory stays flat over any number of them.
    """

    def __init__(
        self, run_seed: int, largest: int = LARGE_SIZES[0], keep: bool = False, kept: Kept | None = None
    ) -> None:
        self._run_seed = run_seed
        self._keep = keep
        self._kept = kept or Kept(None)
        self.largest = largest
        self._of: dict[tuple[str, Dtypes], _Drawn] = {}

    def of(self, property_: Property, dtypes: Dtypes = ALL) -> list[Values]:
        """The examples of ``property_``: drawn at its first call, the same ones as long as they are kept."""
        return self._drawn(property_, dtypes).values

    def plans(self, property_: Property, clause: Clause, kind: Kind) -> Iterable[Plan]:
        """The plans of all examples for implementations of this kind, where they are large made one by one."""
        drawn = self._drawn(property_, kind.dtypes)
        if clause.large:
            return (plan_of(property_, clause, kind, values) for values in drawn.values)
        if (clause.id, kind) not in drawn.plans:
            tape = Tape(self._kept, f"numbers {clause.id} {kind}")
            plans = [plan_of(property_, clause, kind, values, tape.number) for values in drawn.values]
            tape.close()
            drawn.plans[clause.id, kind] = plans
        return drawn.plans[clause.id, kind]

    def _drawn(self, property_: Property, dtypes: Dtypes) -> _Drawn:
        dtypes = dtypes.for_drawing
        if (property_.ids, dtypes) not in self._of:
            if not self._keep:
                self._of = {key: drawn for key, drawn in self._of.items() if key[0] == property_.ids}
            self._of[property_.ids, dtypes] = _Drawn(self._examples(property_, dtypes))
        return self._of[property_.ids, dtypes]

    def _examples(self, property_: Property, dtypes: Dtypes) -> list[Values]:
        if not property_.strategies:
            return drawing.explicit(property_, self.largest, dtypes)
        name = f"examples {property_.ids} {self.largest} {dtypes}"
        values: list[Values] | None = self._kept.get(name)
        if values is None:
            values = drawing.draw(property_, self.seed(property_), self.largest, dtypes)
            self._kept.put(name, values)
        return values

    def seed(self, property_: Property) -> int:
        return drawing.clause_seed(self._run_seed, property_)


def plan_of(
    property_: Property, clause: Clause, kind: Kind, values: Values, number: Number = lambda compute: compute()
) -> Plan:
    """The plan of one example. number: where the reference's values and the bounds come from."""
    with np.errstate(all="ignore"):
        return planned(property_.body_for(clause), clause, kind, values, number)


def judge(
    property_: Property,
    clause: Clause,
    implementation: Implementation,
    examples: Examples,
    deviations: Sequence[KnownDeviation],
    shrink_budget: int,
    suspects: Callable[[str], Iterable[Suspect]] | None = None,
    inputs: Callable[[str], Sequence[Values]] = lambda clause: (),
) -> Outcome:
    """The outcome of ``clause`` for ``implementation``.

    deviations: those recorded for just this pair. suspects: the known mistakes of a function, for the diagnosis, which
    is left out without them. inputs: small examples of a clause, which are tried before a failure is shrunk.
    """
    with np.errstate(all="ignore"), global_state_restored(), exits_raising():
        return _Judgement(
            property_, clause, implementation, examples, deviations, shrink_budget, suspects, inputs
        ).outcome()


@dataclass
class _Judgement:
    """All that one outcome is made from."""

    about: Property
    clause: Clause
    implementation: Implementation
    examples: Examples
    deviations: Sequence[KnownDeviation]
    shrink_budget: int
    suspects: Callable[[str], Iterable[Suspect]] | None
    inputs: Callable[[str], Sequence[Values]]

    def __post_init__(self) -> None:
        self.kind = Kind.of(self.implementation)
        self.drawn = self.examples.of(self.about, self.kind.dtypes)
        self.impure: dict[str, str] = {}
        self.devices_lost = 0

    def outcome(self) -> Outcome:
        outcome = self._settled(self.seen_of_all())
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

    def seen_of_all(self) -> list[Seen]:
        """What was seen on each example, up to one on which a call was lost or enough devices were."""
        plans = self.examples.plans(self.about, self.clause, self.kind)
        if not self.clause.large:
            return self._carried_out(list(plans))
        seen: list[Seen] = []
        for plan in plans:
            seen += self._carried_out([plan])
            if isinstance(seen[-1].fault, Lost) or self._has_lost_enough:
                break
        return seen

    @property
    def _has_lost_enough(self) -> bool:
        """Whether so many calls have ended their device that no further example is worth a process."""
        return self.devices_lost >= MOST_DEVICES_LOST

    def _carried_out(self, plans: Sequence[Plan], excuse: bool = True) -> list[Seen]:
        trial = carried_out(plans, self.implementation.caller, *([self._excuses] if excuse else []))
        self.devices_lost += sum(one.devices_lost for one in trial.seen)
        for function in trial.overwritten:
            self.impure.setdefault(
                function,
                f"the result of a call of {function} changed afterwards: a later call overwrote it, or it shares "
                "memory with an argument",
            )
        own = self.clause.function
        for one in trial.seen:
            if one.changed:
                self.impure.setdefault(own, one.changed)
            if own in trial.overwritten and self.clause.id.endswith("-PURE"):
                one.fault = one.fault or Nonconformance(self.impure[own])
        return list(trial.seen)

    def _seen_on(self, values: Values, excuse: bool = True) -> Seen:
        return self._carried_out([plan_of(self.about, self.clause, self.kind, values)], excuse)[0]

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
        stale = [known for known in self.deviations if self._seen_on(known.shown_by, excuse=False).fault is None]
        if stale:
            message = f"{stale[0].name} no longer deviates; take its entry out of the known deviations"
            return Outcome(ERROR, count, ratio, message)
        if self.deviations:
            return Outcome(KNOWN_DEVIATION, count, ratio, (excused or self.deviations)[0].summary)
        refused = [one.refused for _, one in asked if one.refused]
        remark = f"refused on {len(refused)} of {count} examples, as it may: {refused[0]}" if refused else None
        return Outcome(PASSED, count, ratio, remark)

    def _excuses(self, plan: Plan, calls: Sequence[Made], fault: Exception) -> bool:
        arguments, elements = [call.arguments for call in calls], getattr(fault, "elements", None)
        return any(known.excuses(plan.values, arguments, elements) for known in self.deviations)

    def _failed(self, seen: Sequence[Seen], failing: list[tuple[int, Seen]], ratio: float | None) -> Outcome:
        """An exception on any input makes the clause an error; where there is a wrong value as well, that is shown."""
        raised = [one.fault for _, one in failing if isinstance(one.fault, CallFailed)]
        kind: type[Exception] = Nonconformance
        candidates = [index for index, one in failing if isinstance(one.fault, Nonconformance)]
        if not candidates:
            kind, candidates = CallFailed, [index for index, _ in failing]
        diagnosis: Sequence[str] = ()
        if self.suspects:
            calls = (call for one in seen for call in one.made[:_CALLS_OF_AN_EXAMPLE])
            name, network = self.clause.function, self.kind.network
            right = of_network(name, network) if network and name.startswith("network") else None
            if self.kind.eps_place(name):
                right = Subject(self.kind, self.clause, Plan({})).exact[name]
            diagnosis = diagnose(name, self.clause.id, calls, self.suspects(name), right)
        start = min(candidates, key=lambda index: (drawing.size(self.drawn[index]), index))
        lost = isinstance(seen[start].fault, Lost)
        shown = seen[start] if lost else self._smallest(start, seen[start], kind)
        fault = shown.fault
        also = f"; on other inputs: {raised[0]}" if raised and kind is Nonconformance else ""
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
            explained_by=self._explained_by([one for _, one in failing]),
        )

    def _explained_by(self, failing: Sequence[Seen]) -> tuple[str, ...]:
        function, implementation = self.clause.function, self.implementation
        bound = partial(Subject(self.kind, self.clause, Plan({})).bound_at, function)
        return explaining(function, failing, implementation.caller, tuple(implementation.functions), bound)

    def _small_input(self, kind: type[Exception]) -> Seen | None:
        """What is seen on the first of the clause's small inputs that fails in the same way; they are asked at once."""
        small = sorted(map(self.kind.dtypes.cast, self.inputs(self.clause.id)), key=drawing.size)
        seen = self._carried_out([plan_of(self.about, self.clause, self.kind, values) for values in small])
        wrong = (one for one in seen if isinstance(one.fault, kind) and not isinstance(one.fault, Lost))
        return next(wrong, None)

    def _smallest(self, start: int, seen: Seen, kind: type[Exception]) -> Seen:
        """What is seen on the smallest example found that fails in the same way."""
        if self.shrink_budget and (found := self._small_input(kind)):
            return found
        return self.shrunk(start, seen, kind)[1]

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


def smallest_input(
    property_: Property, clause: Clause, implementation: Implementation, examples: Examples, budget: int
) -> Values | None:
    """The smallest example on which the implementation gives a wrong value, found in so many tries, or None."""
    judgement = _Judgement(property_, clause, implementation, examples, (), budget, None, lambda _: ())
    with np.errstate(all="ignore"):
        seen = judgement.seen_of_all()
        wrong = [index for index, one in enumerate(seen) if isinstance(one.fault, Nonconformance)]
        if not wrong:
            return None
        start = min(wrong, key=lambda index: (drawing.size(judgement.drawn[index]), index))
        return judgement.shrunk(start, seen[start], Nonconformance)[0]
