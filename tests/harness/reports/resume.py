"""An earlier run that was interrupted: which implementations it had judged, and what came of them.

Its JSON is taken up where it was made by the same suite in the same way, and the files judged have not changed.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from impls import Implementation
from tests.harness.judging.judge import Outcome
from tests.harness.reports.verdicts import FunctionVerdict, Verdict

CHECKOUT = Path(__file__).parents[3]


class NotThisRun(ValueError):
    """The JSON cannot be gone on with; the message says why."""


@dataclass(frozen=True)
class Earlier:
    """The complete rows of an earlier run, by name, and its seed."""

    rows: Mapping[str, Mapping[str, Any]]
    seed: int | None

    def row(self, implementation: Implementation) -> Mapping[str, Any] | None:
        """The row of that very implementation, None where it was not judged to the end or is another by now."""
        row = self.rows.get(implementation.name)
        same = row and row["sha256"] and row["sha256"] == sha256(implementation.spec)
        return row if same and row and row["spec"] == implementation.spec else None


def read(path: Path) -> Earlier:
    """The run that wrote ``path``; one without rows where there is no such file. Raises NotThisRun."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        suite, rows = content["suite"], content["implementations"]
        complete = {row["name"]: row for row in rows if row["complete"]}
        written_by, seed = suite["sources"], suite["seed"]
    except FileNotFoundError:
        return Earlier({}, None)
    except (OSError, ValueError, KeyError, TypeError) as wrong:
        raise NotThisRun(f"--resume: {path} is not the result of a run: {type(wrong).__name__}: {wrong}") from wrong
    if written_by != hash_of_the_suite():
        raise NotThisRun(f"--resume: {path} was written by another version of this suite; run it without --resume")
    return Earlier(complete, seed)


def check(path: Path, asked: Mapping[str, Any]) -> None:
    """Raises NotThisRun where the run that wrote ``path`` was asked for something else."""
    if not path.exists():
        return
    suite = json.loads(path.read_text(encoding="utf-8"))["suite"]
    then = suite["asked"]
    differ = [f"{name} was {then.get(name)} and is {value}" for name, value in asked.items() if then.get(name) != value]
    if differ:
        raise NotThisRun(f"--resume: {path} was made otherwise: {'; '.join(differ)}; give the same options")


def verdict(row: Mapping[str, Any]) -> Verdict:
    """The verdict that a row holds."""
    functions = {
        name: FunctionVerdict(
            {level: function[level] for level in ("textbook", "robust")},
            {id: _outcome(clause) for id, clause in function["clauses"].items()},
            function["reason"],
        )
        for name, function in row["functions"].items()
    }
    return Verdict(row["verdict"], row["reason"], functions)


def _outcome(clause: Mapping[str, Any]) -> Outcome:
    known = {name: clause[name] for name in ("outcome", "examples", "max_error_ratio", "message", "counterexample")}
    return Outcome(**known, diagnosis=tuple(clause["diagnosis"]))


def asked(options: Any) -> dict[str, Any]:
    """What the command line asks for, as far as results depend on it."""
    depends = asdict(options)
    del depends["specs"]
    return dict(json.loads(json.dumps(depends)))


def sha256(spec: str) -> str | None:
    """Of the file or package that a spec names, None where it is something else."""
    path = Path(spec)
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    digest = hashlib.sha256()
    try:
        for file in files:
            digest.update(file.read_bytes())
    except OSError:
        return None
    return digest.hexdigest() if files else None


def hash_of_the_suite(checkout: Path = CHECKOUT) -> str:
    """Of everything in the checkout that a verdict can depend on."""
    digest = hashlib.sha256((checkout / "conformance.md").read_bytes())
    for folder in ("reference", "impls", "tests"):
        for path in sorted((checkout / folder).rglob("*.py")):
            digest.update(f"\0{path.relative_to(checkout).as_posix()}\0".encode() + path.read_bytes())
    return digest.hexdigest()[:16]
