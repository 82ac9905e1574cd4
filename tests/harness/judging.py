"""Judge one implementation on one clause: run the property on every example, shrink what fails, say what was found."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from impls import Implementation
from impls.calling import described
from impls.loading import exits_raising, global_state_restored
from tests.harness import counterexample, drawing, memo, provenance
from tests.harness.clauses import LARGE_SIZES, ROBUST, Clause, Property
from tests.harness.comparison import ratios_reported_to
from tests.harness.deviations import KnownDeviation
from tests.harness.diagnosis import Suspect, diagnose
from tests.harness.drawing import Values
from tests.harness.faults import Abandoned, HarnessFault, ImplementationError, Nonconformance, Unimplemented
from tests.harness.subject import Call, Subject

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


_CALLS_OF_AN_EXAMPLE = 8
"""How many calls of each example the diagnosis gets to see."""


class Examples:
    """The drawn examples of the property at hand; only its own are kept, so memory stays flat over a run."""

    def __init__(self, run_seed: int, largest: int = LARGE_SIZES[0]) -> None:
        self._run_seed = run_seed
        self.largest = largest
        self._property: Property | None = None
        self._drawn: list[Values] = []

    def of(self, property_: Property) -> list[Values]:
        """The examples of ``property_``: drawn at its first call, the same ones until another property's turn."""
        if property_ is not self._property:
            memo.forget()
            provenance.forget()
            self._property = property_
            self._drawn = drawing.draw(property_, self.seed(property_), self.largest)
        return self._drawn

    def seed(self, property_: Property) -> int:
        return drawing.clause_seed(self._run_seed, property_)


def judge(
    property_: Property,
    clause: Clause,
    implementation: Implementation,
    examples: Examples,
    deviations: Sequence[KnownDeviation],
    shrink_budget: int,
    suspects: Callable[[str], Iterable[Suspect]] = lambda function: (),
) -> Outcome:
    """The outcome of ``clause`` for ``implementation``.

    deviations: those recorded for just this pair. suspects: the known mistakes of a function, for the diagnosis.
    """
    drawn = examples.of(property_)
    trial = _Trial(property_, clause, implementation)
    unwritten: list[str] = []
    failing: list[tuple[int, Exception]] = []
    made: list[Call] = []
    excused: KnownDeviation | None = None
    with np.errstate(all="ignore"), global_state_restored(), exits_raising():
        for index, values in enumerate(drawn):
            fault = trial.fault(values)
            if isinstance(fault, Abandoned):
                return _abandoned(trial, len(drawn), fault)
            if isinstance(fault, Unimplemented):
                unwritten.append(str(fault))
            made += trial.subject.calls[:_CALLS_OF_AN_EXAMPLE]
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
            diagnosis = diagnose(clause.function, clause.id, made, suspects(clause.function))
            failed = _failed(trial, drawn, failing, examples.seed(property_), shrink_budget, ratio)
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
        self.worst_ratio = 0.0
        self.compared = False
        self.excused_by: Sequence[KnownDeviation] = ()

    def fault(self, values: Values) -> Exception | None:
        """What the implementation does wrong on this example, None where it conforms."""
        self.subject.calls.clear()
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
        self.compared = True
        self.worst_ratio = max(self.worst_ratio, ratio)


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
        trial.fault(drawn[start])
    return Outcome(
        ERROR if errors else FAILED,
        len(drawn),
        ratio,
        str(fault),
        counterexample.source(trial.subject, trial.subject.calls[-1]),
        counterexample.shown(getattr(fault, "due", None)),
        counterexample.shown(getattr(fault, "came", None)),
    )
