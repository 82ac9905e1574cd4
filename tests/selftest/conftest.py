"""Runs of the suite itself, in a process of their own as a user would start them."""

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import settings

from tests.conformance import every_test_imported

CHECKOUT = Path(__file__).parents[2]
SCHEMA = json.loads((CHECKOUT / "tests/harness/reports/conformance-result.schema.json").read_text(encoding="utf-8"))


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
            for id, clause in function.get("clauses", {}).items()
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


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Callable[[dict[str, str]], Path]:
    """Write these files, by their names, into a new folder; gives the folder."""

    def write(files: dict[str, str]) -> Path:
        folder = tmp_path_factory.mktemp("submissions")
        for name, content in files.items():
            (folder / name).write_text(content, encoding="utf-8")
        return folder

    return write


@pytest.fixture
def quick_profile() -> Iterator[None]:
    """Every clause is there, and the profile quick is in force for the time of one test."""
    every_test_imported()
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


@pytest.fixture(scope="session")
def environment_of_children(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """What a child process sees of the environment; it keeps compiled modules in a folder of the session.

    So a start is cheap, and no run leaves anything in the checkout. pytest's cache is a folder of the session, too:
    runs with one seed share their plans. (With ``-p no:cacheprovider`` pytest would not know the option for it.)
    """
    hidden = ("PYTEST_", "CI", "PYTHONDONTWRITEBYTECODE")
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(hidden)}
    folder = tmp_path_factory.getbasetemp()
    cache = f"-o cache_dir={shlex.quote(str(folder / 'cache'))}"
    return {**inherited, "PYTHONPYCACHEPREFIX": str(folder / "compiled"), "PYTEST_ADDOPTS": cache, "COLUMNS": "120"}


@pytest.fixture
def suite(tmp_path: Path, environment_of_children: dict[str, str]) -> Callable[..., Result]:
    """Run ``pytest tests/conformance`` with these arguments, by default under a quick profile and a fixed seed."""
    return _runs_in(tmp_path, environment_of_children)


@pytest.fixture(scope="module")
def suite_of_module(
    tmp_path_factory: pytest.TempPathFactory, environment_of_children: dict[str, str]
) -> Callable[..., Result]:
    """The same, for a run whose result several tests look at."""
    return _runs_in(tmp_path_factory.mktemp("suite"), environment_of_children)


def _runs_in(tmp_path: Path, inherited: dict[str, str]) -> Callable[..., Result]:
    def run(
        *arguments: str,
        profile: str | None = "quick",
        seed: str | None = "1",
        environment: dict[str, str] | None = None,
        limit: float = 1500,
    ) -> Result:
        json_path, junit_path = tmp_path / "result.json", tmp_path / "junit.xml"
        for path in (json_path, junit_path):
            path.unlink(missing_ok=True)
        command = [sys.executable, "-m", "pytest", "tests/conformance"]
        command += [f"--conformance-json={json_path}", f"--junitxml={junit_path}", *arguments]
        command += [f"--hypothesis-profile={profile}"] if profile else []
        command += [f"--hypothesis-seed={seed}"] if seed else []
        done = subprocess.run(
            command,
            cwd=CHECKOUT,
            env={**inherited, **(environment or {})},
            capture_output=True,
            text=True,
            timeout=limit,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        content = json.loads(json_path.read_text()) if json_path.exists() else {}
        if content:
            jsonschema.Draft202012Validator(SCHEMA).validate(content)
        return Result(
            done.returncode,
            done.stdout + done.stderr,
            content,
            junit_path.read_text() if junit_path.exists() else "",
        )

    return run
