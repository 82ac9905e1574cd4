"""From clause outcomes to verdicts: per function and level, then per implementation."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace

from impls import Implementation
from reference import architecture
from tests.harness.judging.outcome import ERROR, FAILED, KNOWN_DEVIATION, PASSED, SKIPPED, Outcome
from tests.harness.spec.clauses import CLAUSES, LEVELS, ROBUST, TEXTBOOK, Clause

CONFORMS, FAILS, NOT_RUN, NOT_IMPLEMENTED = "conforms", "fails", "not run", "not implemented"
NOT_JUDGED = "not judged"
OPTIONAL = frozenset(architecture.FUNCTIONS)
"""What an implementation is complete without: its own architecture, beside `mlp`, which has all of them."""
PURE_CLAUSES = tuple(one for one in CLAUSES.values() if one.id.endswith("-PURE"))
_FROM_BEST_TO_WORST = (CONFORMS, NOT_RUN, FAILS, ERROR)


@dataclass(frozen=True)
class FunctionVerdict:
    """Of one function at both levels; robust includes textbook.

    outcomes: of every clause of the function. reason: why it is not implemented, or only in part.
    """

    levels: Mapping[str, str]
    outcomes: Mapping[str, Outcome]
    reason: str | None = None

    def credit(self, level: str, is_expected: Callable[[Clause], bool] = lambda clause: True) -> tuple[int, int]:
        """How many of the clauses of that level are passed, and how many there are; robust includes textbook."""
        asked = [id for id in self.outcomes if is_expected(CLAUSES[id]) and level in (CLAUSES[id].level, ROBUST)]
        passed = sum(self.outcomes[id].outcome in (PASSED, KNOWN_DEVIATION) for id in asked)
        return passed, len(asked)


@dataclass(frozen=True)
class Verdict:
    """Of one implementation at its required level."""

    verdict: str
    reason: str | None
    functions: Mapping[str, FunctionVerdict]


def charged(outcomes: Mapping[str, Outcome], counts: Callable[[Clause], bool]) -> dict[str, Outcome]:
    """The outcomes by clause, with every impure call charged to the -PURE clause of its function.

    counts: whether what was seen on a clause counts, as on those of the required level. Where the -PURE clause was not
    run, or has failed by itself, nothing changes.
    """
    settled = dict(outcomes)
    for id, outcome in outcomes.items():
        for function, words in outcome.impure.items() if counts(CLAUSES[id]) else ():
            pure = next((one.id for one in PURE_CLAUSES if one.function == function), "")
            if pure in settled and settled[pure].outcome == PASSED:
                message = words if id == pure else f"{words}, as seen on {id}"
                settled[pure] = replace(settled[pure], outcome=FAILED, message=message, severity="wrong")
    return settled


def causes(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """For each clause of a composed function that its activation's fault explains, the clause that names that fault."""
    wrong = {id for id, outcome in outcomes.items() if outcome.outcome == FAILED}
    found = {}
    for id in wrong:
        named = [one for one in CLAUSES if one in wrong and CLAUSES[one].function in outcomes[id].explained_by]
        if named:
            found[id] = named[0]
    return found


def repeats(outcomes: Mapping[str, Outcome]) -> dict[str, str]:
    """For each clause of a function that says again what an earlier one has said, the earlier one.

    The same is said where a value behaves as the same mistake, or where every call ends in the same error.
    """
    first: dict[tuple[str, ...], str] = {}
    found = {}
    for id in sorted(outcomes, key=list(CLAUSES).index):
        outcome = outcomes[id]
        if outcome.outcome not in (FAILED, ERROR) or (id.endswith("-PURE") and outcome.outcome == FAILED):
            continue
        said = outcome.diagnosis or ((outcome.message or "",) if outcome.outcome == ERROR else ())
        if said and first.setdefault(said, id) != id:
            found[id] = first[said]
    return found


def of_function(
    clauses: Iterable[Clause],
    outcomes: Mapping[str, Outcome],
    absent: bool = False,
    is_expected: Callable[[Clause], bool] = lambda clause: True,
    not_judged: str | None = None,
    said: str | None = None,
    why_not: Callable[[Clause], str | None] = lambda clause: None,
) -> FunctionVerdict:
    """The verdict on a function from the outcomes of its ``clauses``; a clause without an outcome was not run.

    Only the expected ones count; the others are listed with the outcome ``skipped``. not_judged: why the function
    cannot be, known before a call, as an outcome may say after one; said: of one that is absent, more than that.
    why_not: why a clause is not expected of this implementation, if so.

    A function whose every textbook clause that ran found it unwritten is not implemented, whatever its robust clauses
    say (to refuse a bad argument, it is enough to refuse them all). Unwritten for some clauses only is an error.
    """
    every = list(clauses)
    reason: str | None = None
    clauses = list(filter(is_expected, every))
    left_out = {
        one.id: Outcome(SKIPPED, message=_why_left_out(one, why_not(one))) for one in every if one not in clauses
    }
    unclear = not_judged or next((one.message for one in outcomes_of(every, outcomes) if one.not_judged), None)
    if unclear:
        reason = f"not judged: {unclear}"
        skipped = {one.id: Outcome(SKIPPED, message=reason) for one in every}
        return FunctionVerdict(dict.fromkeys(LEVELS, NOT_JUDGED), skipped, reason)
    if absent:
        reason = f"not implemented: {said or 'the implementation has no function of this name'}"
        return FunctionVerdict(
            dict.fromkeys(LEVELS, NOT_IMPLEMENTED),
            {one.id: Outcome(SKIPPED, message=reason) for one in every},
            reason,
        )
    known = {one.id: outcomes.get(one.id, Outcome(SKIPPED, message="not run")) for one in clauses}
    textbook = [outcomes[one.id] for one in clauses if one.level == TEXTBOOK and one.id in outcomes]
    ran = textbook or [outcomes[one.id] for one in clauses if one.id in outcomes]
    if ran and all(outcome.unimplemented for outcome in ran):
        stub = {id: Outcome(SKIPPED, message=ran[0].message) for id in known}
        return FunctionVerdict(dict.fromkeys(LEVELS, NOT_IMPLEMENTED), stub | left_out, ran[0].message)
    for id, outcome in known.items():
        if outcome.unimplemented:
            reason = f"implemented only in part: {outcome.message}"
            known[id] = Outcome(ERROR, outcome.examples, message=reason)
    levels = {}
    for level in LEVELS:
        judged = [known[one.id] for one in clauses if level == ROBUST or one.level == TEXTBOOK]
        asked = {one.level for one in clauses} >= {one.level for one in every if not one.large and level == ROBUST}
        levels[level] = _worst(map(_verdict, judged)) if asked else NOT_RUN
    return FunctionVerdict(levels, known | left_out, reason)


def _why_left_out(clause: Clause, why_not: str | None) -> str:
    if why_not:
        return f"not expected: {why_not}"
    return "not run: --large not given" if clause.large else "not run: this run does not ask for it"


def outcomes_of(clauses: Iterable[Clause], outcomes: Mapping[str, Outcome]) -> list[Outcome]:
    """The outcomes that there are of these clauses."""
    return [outcomes[one.id] for one in clauses if one.id in outcomes]


def remarks(implementation: Implementation, verdict: Verdict, level: str) -> list[str]:
    """What a person has to know who signs the verdict of that level; what need not have been refused goes last."""
    refused = {
        id: outcome.message
        for function in verdict.functions.values()
        for id, outcome in function.outcomes.items()
        if outcome.outcome == PASSED and outcome.message and level in (CLAUSES[id].level, ROBUST)
    }
    if not refused:
        return list(implementation.remarks)
    first = next(iter(refused.values()))
    return [*implementation.remarks, f"refuses what it may refuse, in {', '.join(refused)}; the first: {first}"]


def of_implementation(
    functions: Mapping[str, FunctionVerdict],
    level: str,
    require_complete: bool,
    must_complete: bool,
    asked: Collection[str] = (),
) -> Verdict:
    """The worst verdict of its functions at the required level, leaving out those not implemented and not judged.

    must_complete: some clause was to be run for it and nobody stopped the run; then none completed is an error.
    asked: the functions that an assignment asks for; each has to be there and judged.
    """
    judged = {name: one.levels[level] for name, one in functions.items()}
    absent = [name for name, verdict in judged.items() if verdict == NOT_IMPLEMENTED and name not in OPTIONAL]
    missing = [name for name, verdict in judged.items() if verdict in (NOT_IMPLEMENTED, NOT_JUDGED)]
    written = [verdict for name, verdict in judged.items() if name not in missing]
    completed = any(
        outcome.outcome != SKIPPED
        for name, one in functions.items()
        if name not in missing
        for outcome in one.outcomes.values()
    )
    if not written:
        told = [name for name in missing if asked or judged[name] == NOT_JUDGED]
        what = _told(told, functions) or "no function of the interface is implemented"
        return Verdict(ERROR, f"nothing was checked: {what}", functions)
    if must_complete and not completed:
        return Verdict(ERROR, "nothing was checked: no clause was completed", functions)
    verdict, reason = _worst(written), None
    if absent and require_complete:
        verdict = _worst([verdict, FAILS])
        reason = f"--require-complete: not implemented: {', '.join(absent)}"
    unclear = [name for name in missing if judged[name] == NOT_JUDGED]
    if asked and missing:
        verdict, reason = _worst([verdict, FAILS]), _told(missing, functions)
    elif unclear and reason is None:
        reason = _told(unclear, functions)
    return Verdict(verdict, reason, functions)


def _told(names: Iterable[str], functions: Mapping[str, FunctionVerdict]) -> str:
    """Why these functions are not implemented or not judged, each reason once."""
    why: dict[str, list[str]] = {}
    for name in names:
        why.setdefault(functions[name].reason or "", []).append(name)
    return "; ".join(f"{', '.join(together)}: {reason}" for reason, together in why.items())


def _verdict(outcome: Outcome) -> str:
    return {ERROR: ERROR, FAILED: FAILS, SKIPPED: NOT_RUN}.get(outcome.outcome, CONFORMS)


def _worst(verdicts: Iterable[str]) -> str:
    return max(verdicts, key=_FROM_BEST_TO_WORST.index, default=NOT_RUN)
