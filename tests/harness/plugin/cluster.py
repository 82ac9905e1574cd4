"""A folder judged on a Dask cluster: the submissions go out in batches, their rows come in and are kept as they come.

A task is one batch: the submissions' own files, the options, and what is selected. Its worker starts a process
(``batch``) in the folder in which it was itself started, a checkout of the same suite; there the batch is an ordinary
run, with isolation as ever. Nothing of the suite is imported by the worker or the scheduler themselves.

Nothing that is drawn is sent. A machine draws what the seed says, once, and keeps it as every run does: the drawn
values are the same anywhere, and the reference's numbers belong to the processor that computes them.

Dask does the tasks of a lost worker again, elsewhere. A task that fails otherwise, or that has lost several workers, is
a fault of the suite or of the machines: its submissions have no verdict, the run fails, and ``--resume`` asks again.
"""

import json
import os
import pickle
import zlib
from collections.abc import Callable, Generator, Iterator, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from impls.isolation import NONE
from impls.isolation.loading import sources_of
from impls.submissions import gate
from impls.submissions.spec import Named
from impls.text import one_line
from tests.harness.plugin import batch
from tests.harness.plugin.keys import run_key
from tests.harness.plugin.reporter import Reporter
from tests.harness.reports.run import Run
from tests.harness.reports.verdicts import ERROR, FAILS, NOT_RUN

CHECKOUT = Path(__file__).parents[3]

LOCAL = "local"
_SECONDS = 20
"""How long a scheduler may take to answer."""
_MOST_TOGETHER = 32
"""Submissions in a batch: enough that the start of its process is little beside them, few enough to be lost."""
_TASKS_EACH = 4
"""Tasks for a thread of the cluster where there are few submissions, so that no thread waits long for the last ones."""


class NoCluster(ValueError):
    """The cluster cannot judge what is asked; the message says why, and what to do."""


def check(config: pytest.Config, run: Run) -> None:
    """Raises NoCluster where the command asks for what a cluster does not do."""
    if not run.options.specs:
        raise NoCluster("--cluster judges files and folders: name them with --impl")
    if others := [one.name for one in run.loading.named if one.path is None]:
        raise NoCluster(f"--cluster judges files and folders, and {others[0]} is neither")
    if run.options.isolation == NONE:
        raise NoCluster("--cluster judges submissions in processes of their own: leave out --isolation none")
    if config.getoption("conformance_json") is None and config.getoption("report") is None:
        raise NoCluster("--cluster needs a place for the result: --conformance-json PATH or --report DIR")
    here = {"-n": config.getoption("dist", "no") != "no", "--accuracy": config.getoption("accuracy")}
    here["--figures"] = config.getoption("figures") is not None
    if asked := [option for option, given in here.items() if given]:
        raise NoCluster(f"{asked[0]} works in one machine's processes: leave it or --cluster out")


def connected(address: str) -> Any:
    """The client of a cluster whose workers have this suite. Raises NoCluster."""
    try:
        from distributed import Client
    except ImportError as missing:
        raise NoCluster(f'--cluster needs distributed: pip install ".[cluster]" ({missing})') from missing
    where: dict[str, Any] = {"address": address, "timeout": _SECONDS}
    if address == LOCAL:  # threads of this process, since what they do is to start processes and wait for them
        where = {"processes": False, "n_workers": 1, "threads_per_worker": os.cpu_count(), "memory_limit": None}
        where |= {"dashboard_address": None, "scheduler_kwargs": {"dashboard_address": "127.0.0.1:0"}}
    try:
        client = Client(**where, set_as_default=False)
    except (OSError, ValueError) as wrong:
        raise NoCluster(f"--cluster {address}: no Dask scheduler can be reached there: {wrong}") from wrong
    try:
        _check_versions(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _check_versions(client: Any, address: str) -> None:
    """Raises NoCluster where there are no workers, or one that would not judge as this process does."""
    known = client.get_versions()
    if not known["workers"]:
        raise NoCluster(f"--cluster {address}: it has no workers; in a checkout of this suite: dask worker {address}")
    ours = {name: known["client"]["packages"][name] for name in ("python", "numpy")}
    for worker, there in known["workers"].items():  # before any code is sent, which another Python may not read
        _check_same(ours, there["packages"], f"--cluster {address}: the worker {worker}")
    order = pickle.dumps(None)
    for worker, answer in client.run(_answer(), order, _folder(address), on_error="return").items():
        who = f"--cluster {address}: the worker {worker}"
        if isinstance(answer, BaseException):
            reason = one_line(str(answer)[-300:], 300)
            raise NoCluster(f"{who} cannot run this suite; start it in the folder of a checkout: {reason}")
        _check_same(batch.at_work(), json.loads(zlib.decompress(answer)), who)


def _check_same(ours: Mapping[str, object], theirs: Mapping[str, object], who: str) -> None:
    if differ := [f"{name} {theirs.get(name)}, not {value}" for name, value in ours.items() if theirs[name] != value]:
        raise NoCluster(f"{who} has {'; '.join(differ)}: all of them have to be as here")


def _folder(address: str) -> str | None:
    """Where the processes of a worker run; None: where the worker itself was started."""
    return str(CHECKOUT) if address == LOCAL else None


def _answer() -> Callable[[bytes, str | None], bytes]:
    """What a worker does with an order. It is made here, inside, so that Dask sends its code and not its name."""

    def answer(order: bytes, folder: str | None) -> bytes:
        import os
        import subprocess
        import sys

        code = "import sys; from tests.harness.plugin import batch; batch.main(int(sys.argv[1]))"
        command = [sys.executable, "-c", code, str(os.getpid())]
        done = subprocess.run(command, input=order, capture_output=True, cwd=folder, check=False)
        if done.returncode:
            raise RuntimeError(f"status {done.returncode}: {done.stderr.decode(errors='replace')[-2000:].strip()}")
        return done.stdout

    return answer


class Cluster:
    """Judges what a run names, in the place of test items of its own."""

    def __init__(self, config: pytest.Config, client: Any, reporter: Reporter) -> None:
        self._run = config.stash[run_key]
        self._client = client
        self._reporter = reporter
        self._folder = _folder(config.getoption("cluster"))
        self._selection = tuple(_selection(config))
        self._to_judge = [one for one in self._run.loading.named if one.name not in self._run.resumed]
        self._run.scheduled = {(one.name, "") for one in self._to_judge}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtestloop(self, session: pytest.Session) -> Generator[None, object, object]:
        result = yield  # first, since it does not begin where something has failed
        if not session.config.option.collectonly:
            self._judge(session)
        return result

    def _judge(self, session: pytest.Session) -> None:
        """Raises session.Failed where the run is to stop, or the rows have no place."""
        elsewhere = self._run.elsewhere
        assert elsewhere is not None
        assert self._run.rows is not None
        for row in self._run.rows.values():
            elsewhere.add(row)
            self._reporter.tell(row["name"], _failure(row, ", as an earlier run has found"))
        for submissions, reply in self._replies():
            try:
                rows, there = _read(reply, {one.name for one in submissions})
            except NoCluster as wrong:
                for one in submissions:
                    elsewhere.lost[one.name] = f"not judged: {wrong}"
                    self._reporter.tell(one.name, f"{one.name}: not judged: {wrong}")
            else:
                is_new = elsewhere.widen(there)
                for row in rows:
                    elsewhere.add(row)
                try:
                    self._reporter.keep(rows, is_new)
                except OSError as wrong:
                    raise session.Failed(f"the rows could not be written: {wrong}") from wrong
                for row in rows:
                    session.testscollected += row["complete"] or row["verdict"] != NOT_RUN  # else -k left nothing
                    self._reporter.tell(row["name"], _failure(row))
            if session.shouldfail or session.shouldstop:
                raise session.Failed(session.shouldfail or session.shouldstop)

    def _replies(self) -> Iterator[tuple[Sequence[Named], bytes | Exception]]:
        """Each batch with its answer, in the order in which they end; twice as many are out as there are threads."""
        from distributed import as_completed

        answer, waiting = _answer(), self._batches()
        out: dict[str, Sequence[Named]] = {}
        ended = as_completed(loop=self._client.loop)
        while True:
            while len(out) < 2 * self._threads() and (submissions := next(waiting, None)):
                future = self._client.submit(answer, self._order(submissions), self._folder, pure=False)
                out[future.key] = submissions
                ended.add(future)
            if not out:
                return
            future = next(ended)
            try:
                reply = future.result()
            except Exception as wrong:
                reply = wrong
            yield out.pop(future.key), reply

    def _batches(self) -> Iterator[Sequence[Named]]:
        size = min(_MOST_TOGETHER, len(self._to_judge) // (_TASKS_EACH * self._threads())) or 1
        return (self._to_judge[at : at + size] for at in range(0, len(self._to_judge), size))

    def _threads(self) -> int:
        """Of the cluster as it is now; 1 where it has lost all workers, for those that are to come."""
        return sum(self._client.nthreads().values()) or 1

    def _order(self, submissions: Sequence[Named]) -> bytes:
        return pickle.dumps(batch.Order(self._run.options, self._selection, tuple(map(_with_files, submissions))))


def _with_files(named: Named) -> tuple[Named, Mapping[str, bytes]]:
    """A submission with all that its process may read of it: a worker's machine need not see the folder."""
    if named.read is None or named.path is None:
        return named, {}
    sources = sources_of(named)
    try:
        return replace(named, root=sources.top), gate.contents(sources.paths, sources.top)
    except gate.Refused as wrong:
        return replace(named, root=None, refused=f"{wrong}, which is not sent to a cluster"), {}


def _read(reply: bytes | Exception, names: set[str]) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """The rows of a batch, and what is said of its machine. Raises NoCluster for what is no answer to it."""
    if isinstance(reply, Exception):
        raise NoCluster(f"its task failed on the cluster: {one_line(f'{type(reply).__name__}: {reply}', 600)}")
    said, _, result = zlib.decompress(reply).decode().partition("\n")
    _check_same(batch.at_work(), json.loads(said), "the worker that judged it")
    content = json.loads(result)
    rows = content["implementations"]
    if {row["name"] for row in rows} != names:
        raise NoCluster("its task gave other rows than it was asked for")
    return rows, content["environment"]


def _failure(row: Mapping[str, Any], when: str = "") -> str | None:
    """What is wrong with a submission, in a line; None where nothing is."""
    if row["verdict"] not in (FAILS, ERROR):
        return None
    level = row["required_level"]
    wrong = [name for name, one in row["functions"].items() if one[level] in (FAILS, ERROR)]
    why = f" ({row['reason']})" if row["reason"] else ""
    where = f" in {', '.join(wrong)}" if wrong and row["credit"] else ""
    return f"{row['name']}: {row['verdict']}{where} at level {level}{when}{why}"


def _selection(config: pytest.Config) -> Iterator[str]:
    """The arguments of pytest that select clauses, as they are said in another checkout."""
    conformance = Path("tests", "conformance")
    given = [argument.partition("::") for argument in config.args]
    paths = [((config.invocation_params.dir / path).resolve(), path_to + rest) for path, path_to, rest in given]
    inside = [(path, rest) for path, rest in paths if path.is_relative_to(CHECKOUT / conformance)]
    for path, rest in inside or [(CHECKOUT / conformance, "")]:
        yield f"{path.relative_to(CHECKOUT)}{rest}"
    for option, value in (("-k", config.option.keyword), ("-m", config.option.markexpr)):
        if value:
            yield from (option, value)
    yield from (f"--deselect={one}" for one in config.option.deselect or ())
