"""The result of a run as JSON, schema version 1."""

import json
import os
import tempfile
import textwrap
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import reference
from impls import Implementation, Unloadable
from tests.harness.judging.judge import Outcome
from tests.harness.plugin.run import Run
from tests.harness.reports import resume as earlier
from tests.harness.reports.verdicts import ERROR, NOT_RUN, FunctionVerdict
from tests.harness.spec.clauses import CLAUSES, LEVELS

SCHEMA_VERSION = 1


class Report:
    """The result of a run, as far as there is one; rows that can no longer change are put into words only once."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._texts: dict[str, str] = {}

    def text(self) -> str:
        """The result as it is now; the same for the same seed, with any number of processes, but for ``duration_s``."""
        run, options = self._run, self._run.options
        content = {
            "schema_version": SCHEMA_VERSION,
            "suite": {
                "profile": options.profile,
                "seed": options.seed,
                "level": options.level,
                "assignment": options.assignment and options.assignment.name,
                "duration_s": round(time.perf_counter() - run.started, 3),
                "sources": earlier.hash_of_the_suite(),
                "asked": earlier.asked(options),
            },
            "environment": run.environment(),
            "implementations": [],
        }
        rows = [self._judged(one) for one in run.implementations]
        rows += [_words(_row(run, one, ERROR, one.reason)) for one in run.unloadable]
        rows += [_words(_row(run, one, NOT_RUN, one.reason)) for one in run.absent]
        head = json.dumps(content, indent=2, allow_nan=False).removesuffix("[]\n}")
        return head + ("[\n" + ",\n".join(rows) + "\n  ]" if rows else "[]") + "\n}\n"

    def _judged(self, implementation: Implementation) -> str:
        name = implementation.name
        if name not in self._texts or name in self._run.not_loaded_again:
            row = self._run.resumed.get(name) or self._row_of(implementation)
            if not self._run.is_complete(name):
                return _words(row)
            self._texts[name] = _words(row)
        return self._texts[name]

    def _row_of(self, implementation: Implementation) -> dict[str, Any]:
        run = self._run
        if not run.closed and not run.is_complete(implementation.name):
            return _row(run, implementation, NOT_RUN, "not judged to the end yet")
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


def _words(row: Mapping[str, Any]) -> str:
    return textwrap.indent(json.dumps(row, indent=2, allow_nan=False), "    ")


def write(path: Path, text: str) -> None:
    """Write ``text`` to ``path`` in one step: a reader sees the old file or the whole new one. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _row(run: Run, what: Any, verdict: str, reason: str | None) -> dict[str, Any]:
    return {
        "name": what.name,
        "spec": what.spec,
        "arrays": what.arrays,
        "device": what.device,
        "required_level": run.required_level(what),
        "verdict": verdict,
        "reason": reason,
        "credit": None,
        "complete": False,
        "sha256": earlier.sha256(what.spec),
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


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
