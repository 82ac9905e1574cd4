"""Judge one implementation on one clause: run the property on every example, shrink what fails, say what was found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from impls import Implementation
from impls.backends import global_state_restored
from impls.calling import described
from impls.submissions.file import exits_raising
from tests.harness.drawing import examples as drawing
from tests.harness.drawing import memo, provenance
from tests.harness.drawing.examples import Values
from tests.harness.judging import counterexample
from tests.harness.judging.comparison import ratios_reported_to
from tests.harness.judging.diagnosis import Suspect, diagnose
from tests.harness.judging.faults import Abandoned, HarnessFault, ImplementationError, Nonconformance, Unimplemented
from tests.harness.judging.subject import Call, Subject
from tests.harness.spec.clauses import LARGE_SIZES, ROBUST, Clause, Property
from tests.harness.spec.deviations import KnownDeviation

PASSED, FAILED, ERROR, KNOWN_DEVIATION, SKIPPED = "passed", "failed", "error", "known-deviation", "skipped"


@dataclass(frozen=True)
class Outcome:
    """What came of one clause for one implementation, as it stands in the JSON.

    max_error_ratio: the largest error seen over the error allowed, None where nothing was compared or it is not finite.
    unimplemented: every call said that the function is not written.
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

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


_MOST_DEVICES_LOST = 5
"""After so many calls that ended the device for their process a clause has seen enough: each costs a new process."""
_CALLS_OF_AN_EXAMPLE = 8
"""How many calls of each example the diagnosis gets to see."""


@dataclass(frozen=True)
class _Drawn:
    """The examples of one property, with all that is known on them."""

    values: list[Values] = field(default_factory=list)
    computed: memo.Store = field(default_factory=dict)
    code: provenance.Store = field(default_factory=dict)


class Examples:
    """The drawn examples of each property.

    Those of the property at hand alone are kept, so memory stays flat over a run, or with ``keep`` those of all: then
    the implementations can be judged one after the other, and memory stays flat over any number of them.
    """

    def __init__(self, run_seed: int, largest: int = LARGE_SIZES[0], keep: bool = False) -> None:
        self._run_seed = run_seed
        self._keep = keep
        self.largest = largest
        self._of: dict[int, _Drawn] = {}
        self._at_hand: Property | None = None

    def of(self, property_: Property) -> list[Values]:
        """The examples of ``property_``: drawn at its first call, the same ones as long as they are kept."""
        return self._on(property_).values

    def _on(self, property_: Property) -> _Drawn:
        if property_ is not self._at_hand:
            known = self._of.get(id(property_))
            if known is None:
                if not self._keep:
                    self._of.clear()
                known = self._of[id(property_)] = _Drawn()
                memo.use(known.computed)
                provenance.use(known.code)
                known.values.extend(drawing.draw(property_, self.seed(property_), self.largest))
            memo.use(known.computed)
            provenance.use(known.code)
            self._at_hand = property_
        return self._of[id(property_)]

    def seed(self, property_: Property) -> int:
        return drawing.clause_seed(self._run_seed, property_)


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
        trial = _Trial(property_, clause, implementation)
        return _judged(trial, examples, deviations, shrink_budget, suspects)


def _judged(
    trial: "_Trial",
    examples: Examples,
    deviations: Sequence[KnownDeviation],
    shrink_budget: int,
    suspects: Callable[[str], Iterable[Suspect]] | None,
) -> Outcome:
    clause, drawn = trial.clause, examples.of(trial.property)
    unwritten: list[str] = []
    failing: list[tuple[int, Exception]] = []
    excused: KnownDeviation | None = None
    lost_before = trial.subject.implementation.caller.devices_lost
    for index, values in enumerate(drawn):
        if trial.subject.implementation.caller.devices_lost - lost_before >= _MOST_DEVICES_LOST:
            drawn = drawn[:index]
            break
        fault = trial.fault_on(index, values)
        if isinstance(fault, Abandoned):
            return _abandoned(trial, len(drawn), fault)
        if isinstance(fault, Unimplemented):
            unwritten.append(str(fault))
        if fault is None:
            continue
        if deviation := next((known for known in deviations if known.covers(values)), None):
            excused = deviation
        else:
            failing.append((index, fault))
    stale = [known for known in deviations if trial.fault(known.shown_by) is None]
    ratio = trial.worst_ratio if trial.compared and np.isfinite(trial.worst_ratio) else None
    # A robust clause may ask for a refusal: a stub, which refuses everything, passes such examples.
    if unwritten and len(unwritten) == (len(failing) if clause.level == ROBUST else len(drawn)):
        return Outcome(SKIPPED, len(drawn), message=f"not implemented: {unwritten[0]}", unimplemented=True)
    if failing:
        trial.excused_by = deviations
        diagnosis: Sequence[str] = ()
        if suspects:
            diagnosis = diagnose(clause.function, clause.id, trial.calls_on(drawn), suspects(clause.function))
        with memo.aside():
            failed = _failed(trial, drawn, failing, examples.seed(trial.property), shrink_budget, ratio)
        return replace(failed, diagnosis=tuple(diagnosis))
    if stale:
        return Outcome(
            ERROR, len(drawn), ratio, f"{stale[0].name} no longer deviates; take its entry out of the known deviations"
        )
    if excused or deviations:
        return Outcome(KNOWN_DEVIATION, len(drawn), ratio, (excused or deviations[0]).summary)
    return Outcome(PASSED, len(drawn), ratio)


def _abandoned(trial: "_Trial", examples: int, fault: Abandoned) -> Outcome:
    """A call that did not come to an end ends the clause: each further one would cost as much again."""
    call = counterexample.source(trial.subject, trial.subject.calls[-1])
    return Outcome(ERROR, examples, message=str(fault), counterexample=call)


class _Trial:
    """Runs the property on single examples and keeps the largest error ratio seen."""

    def __init__(self, property_: Property, clause: Clause, implementation: Implementation) -> None:
        self.property = property_
        self.clause = clause
        self.subject = Subject(implementation, clause)
        self.excused_by: Sequence[KnownDeviation] = ()
        self._ratio: float | None = None
        self._worst: float | None = None
        self._calls: dict[int, list[Call]] = {}

    @property
    def compared(self) -> bool:
        return self._worst is not None

    @property
    def worst_ratio(self) -> float:
        return self._worst or 0.0

    def fault_on(self, index: int, values: Values) -> Exception | None:
        """What the implementation does wrong on the example of that number, None where it conforms."""
        fault = self.fault(values)
        self._calls[index] = self.subject.calls[:_CALLS_OF_AN_EXAMPLE]
        if self._ratio is not None:
            self._worst = max(self.worst_ratio, self._ratio)
        return fault

    def calls_on(self, drawn: Sequence[Values]) -> Iterator[Call]:
        """The first calls on each example."""
        for index, _ in enumerate(drawn):
            yield from self._calls[index]

    def fault(self, values: Values) -> Exception | None:
        """What the implementation does wrong on these values, None where it conforms."""
        self.subject.calls.clear()
        self._ratio = None
        try:
            with ratios_reported_to(self._note):
                self.property.check(self.clause, self.subject, values)
        except (Nonconformance, ImplementationError) as fault:
            return fault
        except HarnessFault:
            raise
        except Exception as raised:
            if not self.subject.calls:
                raise
            function = self.subject.calls[-1].function
            return ImplementationError(f"what {function} returned cannot be computed with: {described(raised)}")
        return None

    def is_fault(self, values: Values, kind: type[Exception]) -> bool:
        """Whether the implementation goes wrong on this example in that way, and no deviation is recorded for it."""
        return not any(known.covers(values) for known in self.excused_by) and isinstance(self.fault(values), kind)

    def _note(self, ratio: float) -> None:
        self._ratio = ratio if self._ratio is None else max(self._ratio, ratio)


def _failed(
    trial: _Trial,
    drawn: list[Values],
    failing: list[tuple[int, Exception]],
    seed: int,
    budget: int,
    ratio: float | None,
) -> Outcome:
    errors = [index for index, fault in failing if isinstance(fault, ImplementationError)]
    candidates = errors or [index for index, _ in failing]
    kind: type[Exception] = ImplementationError if errors else Nonconformance
    start = min(candidates, key=lambda index: (drawing.size(drawn[index]), index))
    smallest = drawing.shrink(trial.property, seed, drawn, start, lambda values: trial.is_fault(values, kind), budget)
    fault = trial.fault(smallest) or dict(failing)[start]
    if not trial.subject.calls:
        smallest = drawn[start]
        trial.fault(smallest)
    return Outcome(
        ERROR if errors else FAILED,
        len(drawn),
        ratio,
        str(fault),
        counterexample.source(trial.subject, trial.subject.calls[-1]),
        counterexample.shown(getattr(fault, "due", None)),
        counterexample.shown(getattr(fault, "came", None)),
    )
