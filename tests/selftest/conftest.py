"""Runs of the suite itself, in a process of their own as a user would start them."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

CHECKOUT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Result:
    """What a run of the suite left behind."""

    exit_status: int
    output: str
    json: dict[str, Any]
    junit: str

    def implementation(self, name: str) -> dict[str, Any]:
        (row,) = [row for row in self.json["implementations"] if row["name"] == name]
        return row

    def outcomes(self) -> dict[tuple[str, str], str]:
        """Every (implementation, clause) with its outcome."""
        return {
            (row["name"], id): clause["outcome"]
            for row in self.json["implementations"]
            for function in row["functions"].values()
            for id, clause in function["clauses"].items()
        }


@pytest.fixture
def submission(tmp_path: Path) -> Callable[..., str]:
    """Write a file of this name and content, as a student would hand it in; gives its path."""

    def write(content: str, name: str = "student.py") -> str:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content, encoding="utf-8")
        return str(path)

    return write


@pytest.fixture
def suite(tmp_path: Path) -> Callable[..., Result]:
    """Run ``pytest tests/conformance`` with these arguments, by default under a quick profile and a fixed seed."""
    return _runs_in(tmp_path)


@pytest.fixture(scope="module")
def suite_of_module(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Result]:
    """The same, for a run whose result several tests look at."""
    return _runs_in(tmp_path_factory.mktemp("suite"))


def _runs_in(tmp_path: Path) -> Callable[..., Result]:
    def run(
        *arguments: str,
        profile: str | None = "quick",
        seed: str | None = "1",
        environment: dict[str, str] | None = None,
        limit: float = 300,
    ) -> Result:
        json_path, junit_path = tmp_path / "result.json", tmp_path / "junit.xml"
        for path in (json_path, junit_path):
            path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider"]
        command += [f"--conformance-json={json_path}", f"--junitxml={junit_path}", *arguments]
        command += [f"--hypothesis-profile={profile}"] if profile else []
        command += [f"--hypothesis-seed={seed}"] if seed else []
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("PYTEST_", "CI"))}
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**inherited, "PYTHONDONTWRITEBYTECODE": "1", "COLUMNS": "120", **(environment or {})},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        return Result(
            done.returncode,
            done.stdout + done.stderr,
            json.loads(json_path.read_text()) if json_path.exists() else {},
            junit_path.read_text() if junit_path.exists() else "",
        )

    return run
