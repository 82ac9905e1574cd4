"""The page of one submission, ``students/NAME.html``: a row in, the page out."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tests.harness.reports import plot, words
from tests.harness.reports.handed import Picture
from tests.harness.reports.pages import embedded, render
from tests.harness.reports.reading_result import Result
from tests.harness.reports.reading_row import CONFORMS, NOT_JUDGED, Clause, Function, Row
from tests.harness.reports.words import number


@dataclass(frozen=True)
class _Line:
    """A function in the table at the top."""

    name: str
    own: str | None
    verdict: str
    reason: str | None
    points: str
    passed: str
    link: bool


def html(result: Result, row: Row, pictures: Sequence[Picture] = ()) -> str:
    """The page of ``row``. pictures: the figures of it."""
    functions = words.asked_functions(result, row)
    wrong = [one for one in row.functions.values() if one.failures(row.level)]
    points = f"{number(row.points.earned)} of {number(row.points.possible)} points" if row.points else ""
    if points and (missing := words.undecided(result, row)):
        points += f"; a person has to give those for {', '.join(missing)}"
    return render(
        "student.html",
        row=row,
        lead=words.lead(result, row),
        points=points,
        table=[_line(result, row, one) for one in functions],
        caption=f"Judged at the {row.level} level",
        show_points=bool(result.possible),
        right=[one for one in functions if one.levels[row.level] == CONFORMS],
        wrong=[_section(result, row, one) for one in wrong],
        deviations=[
            (clause.id, clause.message or "")
            for one in row.functions.values()
            for clause in one.asked(row.level)
            if clause.outcome == "known-deviation"
        ],
        pictures=embedded(pictures),
        about=words.row_facts(result, row),
    )


def _line(result: Result, row: Row, one: Function) -> _Line:
    passed, count = one.passed(row.level)
    verdict = one.levels[row.level]
    points = words.of_points(one.points)
    if result.possible and one.points is None and verdict == NOT_JUDGED:
        points = f"? / {number(result.possible[one.name])}"
    return _Line(
        name=one.name,
        own=one.own,
        verdict=verdict,
        reason=one.reason,
        points=points,
        passed=f"{passed} of {count}" if count else "",
        link=bool(one.failures(row.level)),
    )


def _section(result: Result, row: Row, one: Function) -> dict[str, Any]:
    """The failures of a function: the worst in full, the others folded, those with the cause of another as a line.

    One plot is enough: it is of the worst failure that has points to plot.
    """
    failures = one.failures(row.level)
    own = [clause for clause in failures if clause.cause is None]
    drawn = next((clause.id for clause in own if clause.curve and plot.available()), None)
    failed = [_failure(result, row, clause, clause.id == drawn) for clause in own]
    more = failed[1:]
    return {
        "name": one.name,
        "own": one.own,
        "first": failed[0] if failed else None,
        "more": more,
        "more_says": f"{len(more)} more {'clause fails' if len(more) == 1 else 'clauses fail'}",
        "repeats": [(clause.id, clause.cause) for clause in failures if clause.cause is not None],
    }


def _failure(result: Result, row: Row, clause: Clause, drawn: bool) -> dict[str, Any]:
    return {
        "id": clause.id,
        "level": clause.level,
        "requirement": words.requirement(clause.id),
        "source": words.source(clause.id),
        "what": words.what(clause),
        "message": clause.message,
        "diagnosis": clause.diagnosis,
        "counterexample": clause.counterexample,
        "expected": clause.expected,
        "actual": clause.actual,
        "plot": plot.svg(clause.curve, clause.id.lower()) if drawn and clause.curve else "",
        "plot_says": plot.says(clause.curve) if drawn and clause.curve else "",
        "again": words.again(result, row, clause.id),
    }
