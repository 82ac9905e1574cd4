"""Points for a function: its verdict, or the share of its clauses that pass, times what the assignment gives for it."""

from collections.abc import Callable

from tests.harness.judging.outcome import ERROR, FAILED
from tests.harness.reports.verdicts import CONFORMS, NOT_JUDGED, NOT_RUN, FunctionVerdict
from tests.harness.spec.clauses import Clause


def earned(
    verdict: FunctionVerdict, level: str, most: float, by_share: bool, is_expected: Callable[[Clause], bool]
) -> float | None:
    """The points for a function, from 0 to ``most``; None where it was not judged, or not to the end.

    by_share: the share of its clauses at ``level`` that pass counts, and nothing where a -VALUE clause does not: that a
    wrong function changes no argument is no merit of it.
    """
    if verdict.levels[level] in (NOT_JUDGED, NOT_RUN):
        return None
    if verdict.levels[level] == CONFORMS:
        return most
    wrong = any(id.endswith("-VALUE") and one.outcome in (FAILED, ERROR) for id, one in verdict.outcomes.items())
    if not by_share or wrong:
        return 0.0
    passed, count = verdict.credit(level, is_expected)
    return most * passed / count if count else 0.0
