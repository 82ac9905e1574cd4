"""An earlier run that was interrupted: which implementations it had judged, and what came of them.

Its result, or the rows of it, are taken up where they were made by the same suite in the same way, and what belongs to
the submissions has not changed.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from impls.isolation import sha256_of, sources_of
from impls.submissions.spec import Named
from impls.text import printable
from tests.harness.judging.outcome import Outcome
from tests.harness.reports import rows_on_disk as files
from tests.harness.reports.verdicts import FunctionVerdict, Verdict
from tests.harness.spec.suite_hash import hash_of_the_suite


class NotThisRun(ValueError):
    """The result cannot be gone on with; the message says why."""


@dataclass(frozen=True)
class Earlier:
    """What an earlier run was asked for, its seed, its environment, and its rows, to be read once."""

    asked: Mapping[str, Any]
    seed: int
    environment: Mapping[str, Any]
    rows: Iterator[Mapping[str, Any]]

    def rows_of(self, named: Iterable[Named]) -> Iterator[Mapping[str, Any]]:
        """The complete rows of these very submissions: of the same spec, which is the same by now."""
        by_name = {one.name: one for one in named if one.read}
        for row in self.rows:
            one = by_name.get(row["name"])
            if one is None or not row["complete"] or row["spec"] != printable(one.spec):
                continue
            if row["sha256"] is not None and row["sha256"] == sha256_of(one, sources_of(one)):
                yield row


def read(path: Path) -> Earlier | None:
    """The run that was to write ``path``, None where there was none. Raises NotThisRun."""
    there = [file for file in (files.beside(path), path) if file.exists()]
    if not there:
        return None
    try:
        head, rows = files.read(there[0])
        suite = head["suite"]
        written_by, found = suite["sources"], Earlier(suite["asked"], suite["seed"], head["environment"], rows)
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise NotThisRun(f"--resume: {there[0]} is not the result of a run: {type(wrong).__name__}: {wrong}") from wrong
    if written_by != hash_of_the_suite():
        raise NotThisRun(f"--resume: {there[0]} was written by another version of this suite; run it without --resume")
    return found


def check(path: Path, then: Mapping[str, Any], now: Mapping[str, Any]) -> None:
    """Raises NotThisRun where the run that wrote ``path`` was asked for something else."""
    differ = [_difference(name, then.get(name), value) for name, value in now.items() if then.get(name) != value]
    if differ:
        raise NotThisRun(f"--resume: {path} was made otherwise: {'; '.join(differ)}; give the same options")


def _difference(name: str, then: Any, now: Any) -> str:
    if isinstance(then, dict) and isinstance(now, dict):
        return f"{name} was another one, in {', '.join(key for key in now if then.get(key) != now[key])}"
    return f"{name} was {then} and is {now}"


def verdict(row: Mapping[str, Any]) -> Verdict:
    """The verdict that a row holds."""
    functions = {
        name: FunctionVerdict(
            {level: function[level] for level in ("textbook", "robust")},
            {id: _outcome(clause) for id, clause in function.get("clauses", {}).items()},
            function.get("reason"),
        )
        for name, function in row["functions"].items()
    }
    return Verdict(row["verdict"], row["reason"], functions)


_KEPT = ("outcome", "examples", "max_error_ratio", "message", "counterexample", "expected", "actual", "severity")


def _outcome(clause: Mapping[str, Any]) -> Outcome:
    return Outcome(**{name: clause[name] for name in _KEPT}, diagnosis=tuple(clause["diagnosis"]))


def asked(options: Any) -> dict[str, Any]:
    """What the command line asks for, as far as results depend on it."""
    depends = asdict(options)
    del depends["specs"]
    return dict(json.loads(json.dumps(depends)))
