"""Judge one implementation on one clause: plan the examples, carry the plans out, shrink what fails, say what it is.

In go a clause's property, an implementation and the run's examples; out comes an Outcome.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from impls import Implementation
from impls.backends import global_state_restored
from impls.calling import CallFailed, Lost, NotWritten
from impls.submissions.file import exits_raising
from tests.harness.drawing import examples as drawing
from tests.harness.drawing.examples import Values
from tests.harness.drawing.kept import Kept, Tape
from tests.harness.judging import counterexample
from tests.harness.judging.diagnosis import Suspect, diagnose
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.plan import Kind, Number, Plan, planned
from tests.harness.judging.trial import MOST_DEVICES_LOST, NotAsked, Seen, carried_out
from tests.harness.spec.clauses import LARGE_SIZES, ROBUST, Clause, Property
from tests.harness.spec.deviations import KnownDeviation

PASSED, FAILED, ERROR, KNOWN_DEVIATION, SKIPPED = "passed", "failed", "error", "known-deviation", "skipped"


@dataclass(frozen=True)
class Outcome:
    """What came of one clause for one implementation, as it stands in the JSON.

    max_error_ratio: the largest error seen over the error allowed, None where nothing was compared or it is not finite.
    unimplemented: every call said that the function is not written. impure: in words, a call that changed an argument
    or overwrote an earlier result, by function; it is charged to the function's -PURE clause.
    """

    outcome: str
    examples: int = 0
    max_error_ratio: float | None = None
    message: str | None = None
    counterexample: str | None = None
    expected: str | None = None
    actual: str | None = None
    unimplemented: bool = False
    diagnosis: tuple[str, ...] = ()
    """What the implementation behaves as, in phrases that complete "the function ..."."""
    impure: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


_CALLS_OF_AN_EXAMPLE = 8
"""How many calls of each example the diagnosis gets to see."""


@dataclass(frozen=True)
class _Drawn:
    """The examples of one property, and the plans that were made of them, by clause and kind of implementation."""

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
        self._of: dict[str, _Drawn] = {}

    def of(self, property_: Property) -> list[Values]:
        """The examples of ``property_``: drawn at its first call, the same ones as long as they are kept."""
        return self._drawn(property_).values

    def plans(self, property_: Property, clause: Clause, kind: Kind) -> Iterable[Plan]:
        """The plans of all examples for implementations of this kind, where they are large made one by one."""
        drawn = self._drawn(property_)
        if clause.large:
            return (plan_of(property_, clause, kind, values) for values in drawn.values)
        if (clause.id, kind) not in drawn.plans:
            tape = Tape(self._kept, f"numbers {clause.id} {kind}")
            plans = [plan_of(property_, clause, kind, values, tape.number) for values in drawn.values]
            tape.close()
            drawn.plans[clause.id, kind] = plans
        return drawn.plans[clause.id, kind]

    def _drawn(self, property_: Property) -> _Drawn:
        if property_.ids not in self._of:
            if not self._keep:
                self._of.clear()
            self._of[property_.ids] = _Drawn(self._examples(property_))
        return self._of[property_.ids]

    def _examples(self, property_: Property) -> list[Values]:
        if not property_.strategies:
            return drawing.explicit(property_, self.largest)
        name = f"examples {property_.ids} {self.largest}"
        values: list[Values] | None = self._kept.get(name)
        if values is None:
            values = drawing.draw(property_, self.seed(property_), self.largest)
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
) -> Outcome:
    """The outcome of ``clause`` for ``implementation``.

    deviations: those recorded for just this pair. suspects: the known mistakes of a function, for the diagnosis, which
    is left out without them.
    """
    with np.errstate(all="ignore"), global_state_restored(), exits_raising():
        return _Judgement(property_, clause, implementation, examples, deviations, shrink_budget, suspects).outcome()


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

    def __post_init__(self) -> None:
        self.kind = Kind.of(self.implementation)
        self.drawn = self.examples.of(self.about)
        self.overwritten: str | None = None
        self.devices_lost = 0

    def outcome(self) -> Outcome:
        seen = self._seen_of_all()
        outcome = self._settled(seen)
        changed = next((one.changed for one in seen if one.changed), None)
        return replace(outcome, message=self._message(outcome), impure=changed or self._overwritten_in_words)

    def _message(self, outcome: Outcome) -> str | None:
        """The message of the outcome, which also says where a clause was stopped."""
        if outcome.examples == len(self.drawn):
            return outcome.message
        stopped = (
            f"judged on {outcome.examples} of {len(self.drawn)} examples, since {MOST_DEVICES_LOST} calls or more "
            "ended the device for their process"
        )
        return f"{outcome.message}; {stopped}" if outcome.message else stopped

    @property
    def _overwritten_in_words(self) -> str | None:
        if self.overwritten is None:
            return None
        return f"a later call of {self.clause.function} overwrote the result of an earlier one"

    def _seen_of_all(self) -> list[Seen]:
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

    def _carried_out(self, plans: Sequence[Plan]) -> list[Seen]:
        trial = carried_out(plans, self.implementation.caller)
        self.devices_lost += sum(one.devices_lost for one in trial.seen)
        self.overwritten = self.overwritten or trial.overwritten.get(self.clause.function)
        if self.overwritten is not None and self.clause.id.endswith("-PURE"):
            for one in trial.seen:
                one.fault = one.fault or Nonconformance(str(self._overwritten_in_words))
        return list(trial.seen)

    def _seen_on(self, values: Values) -> Seen:
        return self._carried_out([plan_of(self.about, self.clause, self.kind, values)])[0]

    def _settled(self, seen: list[Seen]) -> Outcome:
        drawn, clause = self.drawn, self.clause
        asked = [(index, one) for index, one in enumerate(seen) if not isinstance(one.fault, NotAsked)]
        lost = any(isinstance(one.fault, Lost) for one in seen)
        count = len(drawn) if lost else len(asked)
        unwritten = [str(one.fault) for _, one in asked if isinstance(one.fault, NotWritten)]
        failing = [(index, one) for index, one in asked if one.fault is not None]
        excused = [known for index, _ in failing for known in self.deviations if known.covers(drawn[index])]
        failing = [(index, one) for index, one in failing if not self._is_excused(drawn[index])]
        compared = [one.ratio for _, one in asked if one.ratio is not None]
        ratio = max(compared, default=None)
        ratio = ratio if ratio is not None and np.isfinite(ratio) else None
        # A robust clause may ask for a refusal: a stub, which refuses everything, passes such examples.
        if unwritten and len(unwritten) == (len(failing) if clause.level == ROBUST else count):
            return Outcome(SKIPPED, count, message=f"not implemented: {unwritten[0]}", unimplemented=True)
        if failing:
            return replace(self._failed(seen, failing, ratio), examples=count)
        stale = [known for known in self.deviations if self._seen_on(known.shown_by).fault is None]
        if stale:
            message = f"{stale[0].name} no longer deviates; take its entry out of the known deviations"
            return Outcome(ERROR, count, ratio, message)
        if self.deviations:
            return Outcome(KNOWN_DEVIATION, count, ratio, (excused or self.deviations)[0].summary)
        return Outcome(PASSED, count, ratio)

    def _is_excused(self, values: Values) -> bool:
        return any(known.covers(values) for known in self.deviations)

    def _failed(self, seen: Sequence[Seen], failing: list[tuple[int, Seen]], ratio: float | None) -> Outcome:
        """A wrong value is shown before an exception where both were met."""
        kind: type[Exception] = Nonconformance
        candidates = [index for index, one in failing if isinstance(one.fault, Nonconformance)]
        if not candidates:
            kind, candidates = CallFailed, [index for index, _ in failing]
        diagnosis: Sequence[str] = ()
        if self.suspects:
            calls = (call for one in seen for call in one.made[:_CALLS_OF_AN_EXAMPLE])
            diagnosis = diagnose(self.clause.function, self.clause.id, calls, self.suspects(self.clause.function))
        start = min(candidates, key=lambda index: (drawing.size(self.drawn[index]), index))
        lost = isinstance(seen[start].fault, Lost)
        shown = seen[start] if lost else self._smallest(start, seen[start], kind)
        fault = shown.fault
        return Outcome(
            FAILED if kind is Nonconformance else ERROR,
            len(self.drawn),
            ratio,
            str(fault),
            counterexample.source(self.kind.library, shown.shown),
            counterexample.shown(getattr(fault, "expected", None)),
            counterexample.shown(getattr(fault, "got", None)),
            diagnosis=tuple(diagnosis),
        )

    def _smallest(self, start: int, seen: Seen, kind: type[Exception]) -> Seen:
        """What is seen on the smallest example found that fails in the same way; a call that was lost ends the search.

        Each further one would cost as much again.
        """
        last = seen

        def fails(values: Values) -> bool:
            nonlocal last
            if self._has_lost_enough:
                return False
            now = self._seen_on(values)
            wrong = isinstance(now.fault, kind) and not isinstance(now.fault, Lost) and not self._is_excused(values)
            if wrong and now.made:
                last = now
            return wrong

        seed = self.examples.seed(self.about)
        drawing.shrink(self.about, seed, self.drawn, start, fails, self.shrink_budget)
        return last
