"""The result of a run as JSON, schema version 1."""

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import reference
from impls import Implementation, Unloadable
from impls.text import printable
from tests.harness.judging.judge import Outcome
from tests.harness.plugin.run import Run
from tests.harness.reports import resume as earlier
from tests.harness.reports import rows as files
from tests.harness.reports.rows import write
from tests.harness.reports.verdicts import ERROR, NOT_RUN, FunctionVerdict
from tests.harness.spec.clauses import CLAUSES, LEVELS

SCHEMA_VERSION = 1


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

    def write(self) -> None:
        """Write the whole result; the same for the same seed, with any number of processes, but for ``duration_s``.

        Raises OSError.
        """
        write(self._path, files.whole(head(self._run, ended=True), self._lines()))
        self._rows.remove()

    def _lines(self) -> Iterator[str]:
        run = self._run
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
            "assignment": options.assignment and options.assignment.name,
            **duration,
            "sources": earlier.hash_of_the_suite(),
            "asked": earlier.asked(options),
        },
        "environment": run.environment(),
    }


def _judged(run: Run, implementation: Implementation) -> dict[str, Any]:
    verdict = run.verdict(implementation)
    row = _row(run, implementation, verdict.verdict, verdict.reason)
    names, points = implementation.says.names, run.points(implementation, verdict)
    row["functions"] |= {
        name: {**_function(run, one), "name": names.get(name), "points": points and points[name]}
        for name, one in verdict.functions.items()
    }
    row["declared"], row["not_looked_at"] = dict(implementation.declared), list(implementation.not_looked_at)
    row["points"] = _sum(points)
    row["credit"] = {level: _fraction(run.credit(verdict, level)) for level in LEVELS}
    row["complete"] = run.is_complete(implementation.name)
    return row


def _row(run: Run, what: Any, verdict: str, reason: str | None) -> dict[str, Any]:
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
        "points": _nothing_earned(run, what, verdict),
        "functions": {
            name: _unjudged(run, what, name, verdict, reason)
            if name in run.functions
            else _unjudged(run, what, name, NOT_RUN, "the assignment does not ask for it")
            for name in reference.FUNCTIONS
        },
    }


def _unjudged(run: Run, what: Any, name: str, verdict: str, reason: str | None) -> dict[str, Any]:
    points = _nothing_earned(run, what, verdict) if name in run.functions else None
    words: dict[str, Any] = {"reason": reason, "credit": None, "clauses": {}, "name": None, "points": points}
    return {**dict.fromkeys(LEVELS, verdict), **words}


def _nothing_earned(run: Run, what: Any, verdict: str) -> float | None:
    """No points, where there could have been some: for what does not load. None for what was not judged."""
    return 0.0 if run.options.assignment and isinstance(what, Unloadable) and verdict == ERROR else None


def _sum(points: Mapping[str, float | None] | None) -> float | None:
    """The points in all; None where one of them is not known, or there are none."""
    every = list((points or {}).values())
    known = [one for one in every if one is not None]
    return sum(known) if known and len(known) == len(every) else None


def _function(run: Run, verdict: FunctionVerdict) -> dict[str, Any]:
    clauses = {id: _clause(id, outcome) for id, outcome in verdict.outcomes.items()}
    credit = {level: _fraction(verdict.credit(level, run.is_expected)) for level in LEVELS}
    return {**verdict.levels, "reason": verdict.reason, "credit": credit, "clauses": clauses}


def _fraction(passed_of_all: tuple[int, int]) -> str:
    """As exact as it is: not cut to a lowest term, so that it says how many clauses there are."""
    return "{}/{}".format(*passed_of_all)


def _clause(id: str, outcome: Outcome) -> dict[str, Any]:
    return {
        "level": CLAUSES[id].level,
        "outcome": outcome.outcome,
        "examples": outcome.examples,
        "max_error_ratio": outcome.max_error_ratio,
        "message": outcome.message,
        "counterexample": outcome.counterexample,
        "diagnosis": list(outcome.diagnosis),
    }
