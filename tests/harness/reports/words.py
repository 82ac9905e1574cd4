"""What a report says of a row, a function and a failure, in a teacher's words: data of the result in, sentences out."""

import shlex
from collections.abc import Mapping
from typing import Any

from tests.harness.reports.options import asked_again
from tests.harness.reports.reading_result import Result
from tests.harness.reports.reading_row import (
    CONFORMS,
    ERROR,
    FAILS,
    NOT_IMPLEMENTED,
    NOT_JUDGED,
    NOT_RUN,
    Clause,
    Function,
    Points,
    Row,
)
from tests.harness.spec.clauses import CLAUSES

SHORT = {CONFORMS: "ok", FAILS: "fails", ERROR: "error", NOT_JUDGED: "not judged", NOT_RUN: "not run"}
SHORT[NOT_IMPLEMENTED] = "–"
"""Verdicts in the cell of a table."""

_SEVERITY = {
    "wrong": "It gives a wrong value:",
    "not-finite": "It gives infinity or NaN where the result is a number:",
    "crash": "It stops with an error:",
    "accepts-invalid": "It accepts an input that it must refuse:",
    "accuracy": "Its value is near, but less accurate than it can be:",
}
_OUTCOME = {"failed": "It is wrong:", "error": "It gives no answer:"}


def title(result: Result) -> str:
    """The name of the assignment, or of the whole."""
    return str(result.assignment.get("name") or "Conformance to the formulas of the lecture")


def what(clause: Clause) -> str:
    """How a clause fails, as the beginning of a sentence that its message ends."""
    return _SEVERITY.get(clause.severity or "", _OUTCOME.get(clause.outcome, ""))


def requirement(id: str) -> str:
    """The sentence of a clause; a clause that this suite does not know is named by its id alone."""
    return CLAUSES[id].requirement if id in CLAUSES else f"Clause {id}"


def source(id: str) -> str:
    """Where the requirement is from."""
    return CLAUSES[id].source if id in CLAUSES else ""


def of_points(points: Points | None) -> str:
    """Points earned of points possible; nothing where a person has to decide or nobody gives points."""
    return f"{number(points.earned)} / {number(points.possible)}" if points else ""


def undecided(result: Result, row: Row) -> list[str]:
    """The functions whose points a person has to give."""
    return [one.name for one in asked_functions(result, row) if one.name in result.possible and one.points is None]


def asked_functions(result: Result, row: Row) -> list[Function]:
    """The functions that a row is to be judged on: those of the assignment, else those that it has."""
    if result.possible:
        return [row.functions[name] for name in result.functions if name in row.functions and name in result.possible]
    return [one for one in row.functions.values() if one.clauses or one.own]


def lead(result: Result, row: Row) -> str:
    """One sentence for the top of a page: how many functions are right."""
    functions = asked_functions(result, row)
    right = sum(one.levels[row.level] == CONFORMS for one in functions)
    if not functions:
        return "No function was judged."
    counted = _counted(len(functions), "function")
    if right == len(functions):
        return f"Every function is right ({counted})."
    return f"{right} of {counted} {'is' if right == 1 else 'are'} right."


def again(result: Result, row: Row, clause: str | None = None) -> str:
    """The command that judges a row again, on one clause where it is named, with the same examples."""
    asked: Mapping[str, Any] = result.suite.get("asked") or {}
    words = ["pytest", "tests/conformance", "--impl", shlex.quote(row.spec)]
    words += ["-k", shlex.quote(clause)] if clause else []
    words += asked_again(asked)
    if assignment := asked.get("assignment"):
        words += ["--assignment", shlex.quote(str(assignment.get("path")))]
    words += ["--hypothesis-profile", shlex.quote(str(result.suite.get("profile", "quick")))]
    words += ["--hypothesis-seed", shlex.quote(str(result.suite.get("seed", 0)))]
    return " ".join(words)


def run_facts(result: Result) -> list[tuple[str, str]]:
    """What is known of the run: labels and values."""
    suite, environment = result.suite, result.environment
    facts = [
        ("Level", str(result.assignment.get("level") or suite.get("level") or "as each implementation requires")),
        ("Examples", f"profile {suite.get('profile', '?')}, seed {suite.get('seed', '?')}"),
        ("Versions", ", ".join(f"{key} {value}" for key, value in environment.items() if isinstance(value, str))),
    ]
    devices = environment.get("devices") or {}
    facts += [("Devices", "; ".join(f"{name}: {said}" for name, said in devices.items()))] if devices else []
    if "duration_s" in suite:
        facts.append(("Duration", f"{suite['duration_s']} s"))
    return facts


def row_facts(result: Result, row: Row) -> list[tuple[str, str]]:
    """What is known of how a row was judged."""
    arrays = " on ".join(filter(None, (row.arrays, row.device)))
    examples = f"profile {result.suite.get('profile', '?')}, seed {result.suite.get('seed', '?')}"
    facts = [("Level", row.level), ("Examples", examples)]
    facts += [("Arrays", arrays)] if arrays else []
    facts += [(f"Declared {name}", str(value)) for name, value in row.declared.items()]
    facts += [("Isolation", row.isolation)] if row.isolation else []
    facts += [("SHA-256", row.sha256)] if row.sha256 else []
    facts.append(("See it again", again(result, row)))
    return facts


def _counted(count: int, noun: str) -> str:
    return f"{count} {noun}{'' if count == 1 else 's'}"


def number(value: float) -> str:
    """``value`` as a person writes it: 2, 2.5, 0.333."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
