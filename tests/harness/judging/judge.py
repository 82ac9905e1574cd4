"""Judge one implementation on one clause: run the property on every example, shrink what fails, say what was found."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from typing import Any

import numpy as np

from impls import Implementation
from impls.calling import described
from impls.submissions.file import exits_raising, global_state_restored
from tests.harness.drawing import examples as drawing
from tests.harness.drawing import memo, provenance
from tests.harness.drawing.examples import Values
from tests.harness.judging import counterexample
from tests.harness.judging.comparison import ratios_reported_to
from tests.harness.judging.diagnosis import Suspect, diagnose
from tests.harness.judging.faults import Abandoned, HarnessFault, ImplementationError, Nonconformance, Unimplemented
from tests.harness.judging.foresight import Foresight, Remembered, Script
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


_CALLS_OF_AN_EXAMPLE = 8
"""How many calls of each example the diagnosis gets to see."""


@dataclass(frozen=True)
class _Drawn:
    """The examples of one property, with all that is known on them."""

    values: list[Values] = field(default_factory=list)
    computed: memo.Store = field(default_factory=dict)
    code: provenance.Store = field(default_factory=dict)
    scripts: dict[Any, Script] = field(default_factory=dict)


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

    def script(self, property_: Property, clause: Clause, implementation: Implementation) -> Script:
        """What the test of the clause asks of implementations of this kind."""
        kind = (clause.id, implementation.arrays, implementation.device, tuple(implementation.ulp.items()))
        return self._on(property_).scripts.setdefault(kind, Script())

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
    script = examples.script(property_, clause, implementation)
    with np.errstate(all="ignore"), global_state_restored(), exits_raising():
        trial = _Trial(property_, clause, implementation, script)
        if not deviations and (known := trial.known(shrink_budget)):
            return known
        judged = _Judged(_judged(trial, examples, deviations, shrink_budget, suspects), trial.shrunk, shrink_budget)
    if not deviations and trial.ended and (key := trial.foresight.after_all()) is not None:
        script.of_clause.put(key, judged)
    return judged.outcome


@dataclass(frozen=True)
class _Judged:
    """An outcome, for the next implementation that gives the same answers. shrunk: the input shown, if none drawn."""

    outcome: Outcome
    shrunk: Values | None
    shrink_budget: int


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
    for index, values in enumerate(drawn):
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


@dataclass(frozen=True)
class _Seen:
    """What came of an example: the fault, and the largest error ratio if anything was compared."""

    fault: Exception | None
    ratio: float | None


def _without_frames(fault: Exception | None) -> Exception | None:
    """The fault as it may be kept: without what it was raised from, which holds every array of the calls."""
    if fault is not None:
        fault.__traceback__ = fault.__cause__ = fault.__context__ = None
    return fault


class _Trial:
    """Runs the property on single examples and keeps the largest error ratio seen."""

    def __init__(self, property_: Property, clause: Clause, implementation: Implementation, script: Script) -> None:
        self.property = property_
        self.clause = clause
        self.subject = Subject(implementation, clause)
        self.foresight = Foresight(script, clause.function, implementation)
        self.excused_by: Sequence[KnownDeviation] = ()
        self.shrunk: Values | None = None
        self.ended = True
        """No call so far has ended or hung its process."""
        self._script = script
        self._ratio: float | None = None
        self._worst: float | None = None
        self._calls: dict[int, list[Call]] = {}

    @property
    def compared(self) -> bool:
        return self._worst is not None

    @property
    def worst_ratio(self) -> float:
        return self._worst or 0.0

    def known(self, shrink_budget: int) -> Outcome | None:
        """What came of the same answers before; a failure only where the input shown fails here, too."""
        key = self.foresight.key
        judged = None if key is None else self._script.of_clause.get(key)
        if judged is None or judged.shrink_budget != shrink_budget:
            return None
        if judged.shrunk is None:
            return judged.outcome
        with memo.aside():
            fault = self.fault(judged.shrunk)
        return judged.outcome if fault is not None and str(fault) == judged.outcome.message else None

    def fault_on(self, index: int, values: Values) -> Exception | None:
        """What the implementation does wrong on the example of that number, None where it conforms."""
        key = self.foresight.key_of(index)
        remembered = self._script.of_example.setdefault(index, Remembered())
        seen = None if key is None else remembered.get(key)
        if seen is None:
            fault, key = self.foresight.running(index, partial(self.fault, values))
            self._calls[index] = self.subject.calls[:_CALLS_OF_AN_EXAMPLE]
            seen = _Seen(fault, self._ratio)
            if isinstance(fault, Abandoned):
                self.ended = False
            elif key is not None:
                remembered.put(key, _Seen(_without_frames(fault), self._ratio))
        if seen.ratio is not None:
            self._worst = max(self.worst_ratio, seen.ratio)
        return seen.fault

    def calls_on(self, drawn: Sequence[Values]) -> Iterator[Call]:
        """The first calls on each example, made again where they were not made."""
        for index, values in enumerate(drawn):
            if index not in self._calls:
                self.foresight.running(index, partial(self.fault, values))
                self._calls[index] = self.subject.calls[:_CALLS_OF_AN_EXAMPLE]
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
    trial.shrunk = None if smallest is drawn[start] else smallest
    return Outcome(
        ERROR if errors else FAILED,
        len(drawn),
        ratio,
        str(fault),
        counterexample.source(trial.subject, trial.subject.calls[-1]),
        counterexample.shown(getattr(fault, "due", None)),
        counterexample.shown(getattr(fault, "came", None)),
    )
