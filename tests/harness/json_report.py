"""The result of a run as JSON, schema version 1."""

import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

import reference
from tests.harness.clauses import CLAUSES, LEVELS
from tests.harness.judging import Outcome
from tests.harness.run import Run
from tests.harness.verdicts import ERROR, NOT_RUN, FunctionVerdict

SCHEMA_VERSION = 1


def document(run: Run) -> dict[str, Any]:
    """The whole result; the same for the same seed, with any number of processes, but for ``duration_s``."""
    implementations = []
    for implementation, verdict in run.verdicts():
        row = _row(run, implementation, verdict.verdict, verdict.reason)
        row["functions"] = {name: _function(one) for name, one in verdict.functions.items()}
        implementations.append(row)
    for unloadable in run.unloadable:
        implementations.append(_row(run, unloadable, ERROR, unloadable.reason))
    for absent in run.absent:
        implementations.append(_row(run, absent, NOT_RUN, absent.reason))
    options = run.options
    return {
        "schema_version": SCHEMA_VERSION,
        "suite": {
            "profile": options.profile,
            "seed": options.seed,
            "level": options.level,
            "duration_s": round(time.perf_counter() - run.started, 3),
        },
        "environment": run.environment(),
        "implementations": implementations,
    }


def write(path: Path, content: dict[str, Any]) -> None:
    """Write ``content`` to ``path`` in one step: a reader sees the old file or the whole new one. Raises OSError."""
    text = json.dumps(content, indent=2, allow_nan=False) + "\n"
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
        "functions": {name: _unjudged(name, verdict, reason) for name in reference.FUNCTIONS},
    }


def _unjudged(name: str, verdict: str, reason: str | None) -> dict[str, Any]:
    return {**dict.fromkeys(LEVELS, verdict), "reason": reason, "clauses": {}}


def _function(verdict: FunctionVerdict) -> dict[str, Any]:
    clauses = {id: _clause(id, outcome) for id, outcome in verdict.outcomes.items()}
    return {**verdict.levels, "reason": verdict.reason, "clauses": clauses}


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
