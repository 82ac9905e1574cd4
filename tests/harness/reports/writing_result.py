"""The result of a run as JSON, schema version 2: in goes a run, out come the lines of its file.

``conformance-result.schema.json`` beside this file describes it.
"""

import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import reference
from impls import Implementation, Unloadable
from impls.submissions.spec import Named, unloadable
from impls.text import printable
from tests.harness.judging.outcome import Outcome
from tests.harness.reports import resume as earlier
from tests.harness.reports import rows_on_disk as files
from tests.harness.reports import verdicts
from tests.harness.reports.elsewhere import Elsewhere
from tests.harness.reports.environment import environment
from tests.harness.reports.rows_on_disk import write
from tests.harness.reports.run import Run
from tests.harness.reports.verdicts import ERROR, NOT_RUN, FunctionVerdict
from tests.harness.spec.clauses import CLAUSES, LEVELS
from tests.harness.spec.suite_hash import hash_of_the_suite

SCHEMA_VERSION = 2


class Report:
    """The result of a run: rows are appended beside ``path`` as implementations end, and all is written at the end."""

    def __init__(self, run: Run, path: Path) -> None:
        self._run = run
        self._path = path
        if run.rows is None:
            run.rows = files.Rows(files.beside(path))
        self._rows = run.rows

    def append(self, name: str) -> None:
        """Keep the row of an implementation that is judged to its end. Raises OSError."""
        if not self._rows.is_started:
            self._rows.start(head(self._run))
        self._rows.append(_judged(self._run, self._run.implementation(name)))

    def keep(self, rows: Sequence[Mapping[str, Any]], with_a_new_head: bool) -> None:
        """Keep rows that were judged elsewhere. Raises OSError."""
        if with_a_new_head or not self._rows.is_started:
            self._rows.start(head(self._run), self._rows.values())
        for row in rows:
            self._rows.append(row)

    def write(self, path: Path) -> None:
        """Write the whole result; the same for the same seed, with any number of processes, but for ``duration_s``.

        The rows beside the path of this report are taken away. Raises OSError.
        """
        write(path, files.whole(head(self._run, ended=True), self._lines()))
        self._rows.remove()

    def _lines(self) -> Iterator[str]:
        run = self._run
        if run.elsewhere:
            for named in run.elsewhere.in_order():
                is_kept = named.name in self._rows
                yield self._rows.line(named.name) if is_kept else files.line(_not_judged(run, run.elsewhere, named))
        for one in run.implementations:
            is_kept = one.name in self._rows and run.is_complete(one.name)
            yield self._rows.line(one.name) if is_kept else files.line(_judged(run, one))
        yield from (files.line(_row(run, one, ERROR, one.reason)) for one in run.unloadable)
        yield from (files.line(_row(run, one, NOT_RUN, one.reason)) for one in run.absent)


def head(run: Run, ended: bool = False) -> dict[str, Any]:
    """What is said of the run as a whole."""
    options = run.options
    duration = {"duration_s": round(time.perf_counter() - run.started, 3)} if ended else {}
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": {
            "profile": options.profile,
            "seed": options.seed,
            "level": options.level,
            "assignment": _assignment(run),
            **duration,
            "sources": hash_of_the_suite(),
            "asked": earlier.asked(options),
        },
        "environment": run.elsewhere.environment if run.elsewhere else environment(run.implementations, run.absent),
    }


def _assignment(run: Run) -> dict[str, Any] | None:
    asked = run.options.assignment
    if asked is None:
        return None
    worth = {name: one.points for name, one in asked.functions.items() if one.points is not None}
    return {"name": asked.name, "level": run.options.level, "points": worth}


def _judged(run: Run, implementation: Implementation) -> dict[str, Any]:
    verdict = run.verdict(implementation)
    row = _row(run, implementation, verdict.verdict, verdict.reason)
    earned, names = run.points(implementation, verdict), implementation.says.names
    causes = verdicts.causes({id: found for one in verdict.functions.values() for id, found in one.outcomes.items()})
    row["functions"] |= {
        name: {
            **_function(run, implementation, one, causes),
            "name": names.get(name),
            "points": _points(run, name, implementation, earned),
        }
        if _is_told(run, implementation, name)
        else dict(one.levels)
        for name, one in verdict.functions.items()
    }
    row["declared"], row["not_looked_at"] = dict(implementation.declared), list(implementation.not_looked_at)
    row["points"] = _sum([function.get("points") for function in row["functions"].values()])
    row["credit"] = {level: _fraction(run.credit(implementation, verdict, level)) for level in LEVELS}
    row["complete"] = run.is_complete(implementation.name)
    row["remarks"] = verdicts.remarks(implementation, verdict, run.required_level(implementation))
    return row


def _is_told(run: Run, implementation: Implementation, name: str) -> bool:
    """Whether more than its verdict is said of a function: not where it is not there and nobody asks for it."""
    there = name in implementation.functions or name in implementation.not_judged or name in implementation.says.absent
    return there or run.options.assignment is not None or run.options.require_complete


def _row(run: Run, what: Any, verdict: str, reason: str | None) -> dict[str, Any]:
    functions: dict[str, dict[str, Any]] = {
        name: _unloaded(run, what, name, verdict, reason)
        if name in run.functions and run.options.assignment
        else dict.fromkeys(LEVELS, verdict if name in run.functions else NOT_RUN)
        for name in reference.FUNCTIONS
    }
    return {
        "name": what.name,
        "spec": printable(what.spec),
        "arrays": what.arrays,
        "device": what.device,
        "required_level": run.required_level(what),
        "verdict": verdict,
        "reason": reason,
        "credit": None,
        "complete": False,
        "sha256": getattr(what, "sha256", None),
        "declared": {},
        "not_looked_at": [],
        "isolation": getattr(what, "isolation", "none"),
        "remarks": list(getattr(what, "remarks", ())),
        "points": _sum([function.get("points") for function in functions.values()]),
        "functions": functions,
    }


def _not_judged(run: Run, elsewhere: Elsewhere, named: Named) -> dict[str, Any]:
    reason = elsewhere.lost.get(named.name, "not run: the run was stopped before it")
    return _row(run, unloadable(named, reason, run.loading.asked), NOT_RUN, reason)


def _unloaded(run: Run, what: Any, name: str, verdict: str, reason: str | None) -> dict[str, Any]:
    """A function that is asked for, of a submission that does not load: it earns nothing."""
    nothing = {name: 0.0} if isinstance(what, Unloadable) and verdict == ERROR else None
    words = {"reason": reason, "credit": None, "clauses": {}, "name": None, "points": _points(run, name, what, nothing)}
    return {**dict.fromkeys(LEVELS, verdict), **words}


def _points(run: Run, function: str, what: Any, earned: Mapping[str, float | None] | None) -> dict[str, float] | None:
    """What the function has earned of what it is worth; None where there are no points, or a person has to decide."""
    asked = run.options.assignment
    if asked is None or asked.functions[function].points is None or earned is None or earned[function] is None:
        return None
    return {"earned": float(earned[function] or 0), "possible": float(asked.points(function, what.name))}


def _sum(points: Sequence[Mapping[str, float] | None]) -> dict[str, float] | None:
    """The points in all; None where one of them is not known, or there are none."""
    known = [one for one in points if one is not None]
    if not known:
        return None
    return {key: sum(one[key] for one in known) for key in ("earned", "possible")}


def _function(
    run: Run, implementation: Implementation, verdict: FunctionVerdict, causes: Mapping[str, str]
) -> dict[str, Any]:
    """causes: for a clause that repeats the fault of another function, the clause that names that fault."""
    clauses = {id: _clause(id, outcome, causes.get(id)) for id, outcome in verdict.outcomes.items()}
    expected = partial(run.is_expected_of, implementation)
    credit = {level: _fraction(verdict.credit(level, expected)) for level in LEVELS}
    return {**verdict.levels, "reason": verdict.reason, "credit": credit, "clauses": clauses}


def _fraction(passed_of_all: tuple[int, int]) -> str:
    """As exact as it is: not cut to a lowest term, so that it says how many clauses there are."""
    return "{}/{}".format(*passed_of_all)


def _clause(id: str, outcome: Outcome, cause: str | None) -> dict[str, Any]:
    return {
        "level": CLAUSES[id].level,
        "outcome": outcome.outcome,
        "examples": outcome.examples,
        "max_error_ratio": outcome.max_error_ratio,
        "message": outcome.message,
        "counterexample": outcome.counterexample,
        "expected": outcome.expected,
        "actual": outcome.actual,
        "cause": cause,
        "severity": outcome.severity,
        "diagnosis": list(outcome.diagnosis),
        "curve": outcome.curve,
    }
