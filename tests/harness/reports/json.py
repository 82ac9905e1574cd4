"""The result of a run as JSON, schema version 1."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import reference
from impls import Implementation
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
            **duration,
            "sources": earlier.hash_of_the_suite(),
            "asked": earlier.asked(options),
        },
        "environment": run.environment(),
    }


def _judged(run: Run, implementation: Implementation) -> dict[str, Any]:
    verdict = run.verdict(implementation)
    row = _row(run, implementation, verdict.verdict, verdict.reason)
    row["functions"] = {name: _function(run, one) for name, one in verdict.functions.items()}
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
        "functions": {name: _unjudged(name, verdict, reason) for name in reference.FUNCTIONS},
    }


def _unjudged(name: str, verdict: str, reason: str | None) -> dict[str, Any]:
    return {**dict.fromkeys(LEVELS, verdict), "reason": reason, "credit": None, "clauses": {}}


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
