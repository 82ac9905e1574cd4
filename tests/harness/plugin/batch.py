"""One batch of a cluster's run, in a process of its own: an order goes in, rows come out.

In, on standard input: a pickled order, or None. Out, on standard output: a compressed line of JSON that says which
Python, NumPy and suite are at work here, and after an order the JSON of its result.

The batch is an ordinary run of pytest whose submissions are given, so that it selects, isolates, judges and reports as
every run does. Its process ends with the worker that started it.
"""

import json
import os
import pickle
import sys
import tempfile
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from impls.isolation.privileges import end_with_parent
from impls.submissions.spec import Named
from tests.harness.plugin.keys import run_key
from tests.harness.reports.environment import environment
from tests.harness.reports.options import Options
from tests.harness.reports.run import Run
from tests.harness.spec.suite_hash import hash_of_the_suite

_TO_THE_END = (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED, pytest.ExitCode.NO_TESTS_COLLECTED)


@dataclass(frozen=True)
class Order:
    """options: the run's. selection: arguments of pytest that say which clauses. submissions: each with its files,
    by their paths from its root.
    """

    options: Options
    selection: tuple[str, ...]
    submissions: tuple[tuple[Named, Mapping[str, bytes]], ...]


def at_work() -> dict[str, object]:
    """What has to be the same on every machine, or rows could differ from those of a run on one."""
    there = environment((), ())
    return {"suite": hash_of_the_suite()} | {name: there[name] for name in ("python", "numpy", "hypothesis", "pytest")}


def main(worker: int) -> None:
    """Do what is ordered. worker: the process that started this one."""
    end_with_parent()
    if os.getppid() != worker:  # it ended while this process was starting
        return
    order = pickle.load(sys.stdin.buffer)
    answer = os.dup(1)
    os.dup2(2, 1)  # what pytest and the libraries print is no part of the answer
    text = json.dumps(at_work()) + "\n"
    if order is not None:
        with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
            text += _result(order, Path(folder))
    with os.fdopen(answer, "wb") as file:
        file.write(zlib.compress(text.encode()))


def _result(order: Order, folder: Path) -> str:
    """The JSON of the batch's result."""
    run = Run(order.options, is_alone=False)
    run.loading.named = [_put(folder / str(number), *one) for number, one in enumerate(order.submissions)]
    path = folder / "result.json"
    arguments = ["-p", "no:terminal", f"--conformance-json={path}", *order.selection]
    status = pytest.main(arguments, [_Hands(run)])
    if status not in _TO_THE_END:
        raise SystemExit(f"pytest ended with status {int(status)}")
    return path.read_text(encoding="utf-8")


def _put(home: Path, named: Named, files: Mapping[str, bytes]) -> Named:
    """The submission with its files in a folder of its own; its spec, by which reports name it, stays."""
    for name, content in files.items():
        path = home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    if named.path is None or named.root is None:
        return named if named.path is None else replace(named, path=home / named.path.name)
    return replace(named, path=home / named.path.absolute().relative_to(named.root), root=home)


class _Hands:
    """Hands the run to the suite's plugin, before that makes one of the command line."""

    def __init__(self, run: Run) -> None:
        self._run = run

    @pytest.hookimpl(tryfirst=True)
    def pytest_cmdline_main(self, config: pytest.Config) -> None:
        config.stash[run_key] = self._run
