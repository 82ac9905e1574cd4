"""Runs on a Dask cluster: the result is that of one machine, whatever is lost on the way, or the command is refused."""

import json
import signal
import subprocess
import sys
import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from xml.etree import ElementTree

import pytest

from impls.isolation.processes import family
from impls.submissions import gate
from impls.submissions.spec import Asked, named_by
from tests.harness.plugin import batch, cluster
from tests.selftest.conftest import CHECKOUT

needs_distributed = pytest.mark.skipif(find_spec("distributed") is None, reason="distributed is not installed")
SIGMOID = "import numpy as np\ndef sigmoid(z): return {} / (1 + np.exp(-z))\n"
WAITS = "import os, time\ndef sigmoid(z):\n    while os.path.exists({!r}): time.sleep(0.05)\n    return z\n"
VALUE_PASSED = ("SIGMOID-VALUE", "passed")
ONLY = ("--level", "textbook", "-k", "SIGMOID-VALUE or SIGMOID-PURE")


@pytest.fixture
def folder(submission, tmp_path):
    """Right ones, a wrong one, one that does not load, and two that need what lies beside them."""
    submission(SIGMOID.format(1), "class/a.py")
    submission(SIGMOID.format(2), "class/b.py")
    submission("def sigmoid(", "class/c.py")
    submission("from lib import th as sigmoid\n", "class/d/main.py")
    submission("import numpy as np\ndef th(z): return 1 / (1 + np.exp(-z))\n", "class/d/lib.py")
    submission("from .inside import sigmoid\n", "class/e/__init__.py")
    submission(SIGMOID.format("1.0"), "class/e/inside.py")
    (tmp_path / "class" / "f.py").symlink_to(tmp_path / "elsewhere.py")
    return tmp_path / "class"


@pytest.fixture
def waiting(submission, tmp_path):
    """Five submissions of which the last one waits in its first call as long as the flag is there."""
    for name in "abcd":
        submission(SIGMOID.format(1 + (name == "b")), f"class/{name}.py")
    flag = tmp_path / "flag"
    flag.touch()
    submission(WAITS.format(str(flag)), "class/e.py")
    return tmp_path / "class", flag


def without_duration(result):
    del result["suite"]["duration_s"]
    return result


@needs_distributed
def test_the_result_is_that_of_one_machine(suite, folder, tmp_path):
    there = suite("--impl", str(folder), *ONLY, "--cluster", "local", "--report", str(tmp_path / "report"))
    assert not list(tmp_path.glob("*.rows"))
    here = suite("--impl", str(folder), *ONLY)
    assert there.exit_status == here.exit_status == 1
    assert without_duration(there.json) == without_duration(here.json)
    passed = {name for (name, clause), outcome in there.outcomes().items() if (clause, outcome) == VALUE_PASSED}
    assert passed == {"a.py", "d/main.py", "e"}
    cases = {case.attrib["name"]: case for case in ElementTree.fromstring(there.junit).iter("testcase")}
    failed = {name for name, case in cases.items() if case.find("failure") is not None}
    assert failed == {f"verdict[{name}]" for name in ("b.py", "c.py", "d/lib.py", "f.py")}
    assert len(cases) == len(here.json["implementations"])
    assert "7 submissions: 1 fails, 3 error, 3 not run" in there.output
    assert "  sigmoid: 1 fails, 3 not run" in there.output
    assert "b.py: fails in sigmoid at level textbook" in there.output
    assert (tmp_path / "report" / "index.html").exists()


@needs_distributed
def test_what_selects_nothing_is_no_pass(suite, folder):
    there = suite("--impl", str(folder / "a.py"), "-k", "NO-SUCH-CLAUSE", "--cluster", "local")
    assert there.exit_status == 5
    assert [row["verdict"] for row in there.json["implementations"]] == ["not run"]


@dataclass(frozen=True)
class Processes:
    address: str
    workers: list[subprocess.Popen]

    def kill_the_busy_one(self) -> None:
        """And see that the process of its batch ends with it."""
        (busy,) = [worker for worker in self.workers if len(family(worker.pid)) > 1]
        judging = family(busy.pid)[1]
        busy.send_signal(signal.SIGKILL)
        busy.wait()
        deadline = time.monotonic() + 60
        while _runs(judging):
            assert time.monotonic() < deadline
            time.sleep(0.05)


def _runs(pid: int) -> bool:
    """Whether it has not ended; whoever inherits it may be slow to take its status."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


@contextmanager
def started(place: Path, environment: dict[str, str], **settings: str) -> Iterator[Processes]:
    """A scheduler and two workers of one thread each, with Dask's settings by the names of its variables."""
    place.mkdir()
    at = place / "scheduler.json"
    given = {f"DASK_DISTRIBUTED__{name}": value for name, value in settings.items()}
    with ExitStack() as stack:

        def start(*command: str) -> subprocess.Popen:
            command = (sys.executable, "-m", *command, "--scheduler-file", str(at), "--no-dashboard")
            quiet = {"stdin": subprocess.DEVNULL, "stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
            process = subprocess.Popen(command, cwd=CHECKOUT, env={**environment, **given}, **quiet)
            stack.callback(process.wait)
            stack.callback(process.kill)
            return process

        start("distributed.cli.dask_scheduler", "--host", "127.0.0.1", "--port", "0")
        while not at.exists():
            time.sleep(0.1)
        address = json.loads(at.read_text())["address"]
        worker = ("distributed.cli.dask_worker", "--nthreads", "1", "--no-nanny", "--local-directory", str(place))
        workers = [start(*worker) for _ in range(2)]
        _wait_for(address, len(workers))
        yield Processes(address, workers)


def _wait_for(address: str, workers: int) -> None:
    from distributed import Client

    with Client(address, set_as_default=False) as client:
        client.wait_for_workers(workers)


def meanwhile(place: Path, environment: dict[str, str], options: tuple[str, ...], when: int, do: Callable) -> Path:
    """The result of a run during which something is done, once so many rows are there."""
    result = place / "meanwhile.json"
    command = [sys.executable, "-m", "pytest", "tests/conformance", *ONLY, *options]
    command += ["--hypothesis-profile=quick", "--hypothesis-seed=1", f"--conformance-json={result}"]
    rows = place / "meanwhile.json.rows"
    heeds = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)  # which a run in the background inherits as ignored
    pipe = subprocess.PIPE
    with subprocess.Popen(command, cwd=CHECKOUT, env=environment, stdout=pipe, text=True, preexec_fn=heeds) as run:
        while run.poll() is None and not (rows.exists() and rows.read_text().count("\n") == 1 + when):
            time.sleep(0.1)
        assert run.poll() is None, run.stdout.read()
        try:
            do(run)
            run.communicate(timeout=600)
        finally:
            run.kill()
    return result


@needs_distributed
@pytest.mark.parametrize("allowed", ["3", "0"])
def test_what_a_killed_worker_had_to_do_is_done_again_or_is_not_judged(
    suite, waiting, tmp_path, environment_of_children, allowed
):
    """Dask tries a task again as often as the cluster allows; where it does not, that is no verdict and no pass."""
    folder, flag = waiting
    options = ("--impl", str(folder), "--call-seconds", "200")
    with started(tmp_path / "dask", environment_of_children, SCHEDULER__ALLOWED_FAILURES=allowed) as processes:

        def kill(run):
            processes.kill_the_busy_one()
            flag.unlink()

        again = (*options, "--cluster", processes.address)
        path = meanwhile(tmp_path, environment_of_children, again, 4, kill)
        result = json.loads(path.read_text())
        if allowed == "0":
            (lost,) = [row for row in result["implementations"] if row["name"] == "e.py"]
            assert (lost["verdict"], lost["complete"]) == ("not run", False)
            assert "its task failed on the cluster: KilledWorker" in lost["reason"]
            resumed = suite(*again, *ONLY, "--resume", f"--conformance-json={path}", seed=None)
            assert resumed.exit_status == 1
            assert "b.py: fails in sigmoid at level textbook, as an earlier run has found" in resumed.output
            result = json.loads(path.read_text())
    assert without_duration(result) == without_duration(suite(*options, *ONLY).json)


@needs_distributed
def test_of_a_run_that_is_killed_the_rows_are_there_and_are_gone_on_with(
    suite, waiting, tmp_path, environment_of_children
):
    folder, flag = waiting
    options = ("--impl", str(folder), "--call-seconds", "200", "--cluster", "local")
    path = meanwhile(tmp_path, environment_of_children, options, 4, lambda run: run.kill())
    assert not path.exists()
    flag.unlink()
    again = suite(*options, *ONLY, "--resume", f"--conformance-json={path}", seed=None)
    assert again.exit_status == 1
    result = json.loads(path.read_text())
    assert [row["complete"] for row in result["implementations"]] == [True] * 5
    here = suite(*options[:-2], *ONLY)
    assert without_duration(result) == without_duration(here.json)


@needs_distributed
def test_of_an_interrupted_run_what_was_judged_is_kept(waiting, tmp_path, environment_of_children):
    folder, _ = waiting
    options = ("--impl", str(folder), "--call-seconds", "200", "--cluster", "local")
    path = meanwhile(tmp_path, environment_of_children, options, 4, lambda run: run.send_signal(signal.SIGINT))
    result = json.loads(path.read_text())
    complete = {row["name"]: row["complete"] for row in result["implementations"]}
    assert complete == {"a.py": True, "b.py": True, "c.py": True, "d.py": True, "e.py": False}


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ((), "name them with --impl"),
        (("--impl", "reference"), "reference is neither"),
        (("--impl", "{}", "--isolation", "none"), "leave out --isolation none"),
        (("--impl", "{}", "-n", "2"), "-n works in one machine's processes"),
        (("--impl", "{}", "--accuracy"), "--accuracy works in one machine's processes"),
        (("--impl", "{}", "--cluster", "nonsense"), "--cluster nonsense: no Dask scheduler can be reached"),
    ],
)
def test_a_command_that_no_cluster_can_do_is_refused_and_nothing_is_lost(suite, submission, tmp_path, options, says):
    path = tmp_path / "kept.json"
    path.write_text("kept")
    file = submission(SIGMOID.format(1))
    words = [word.format(file) for word in options]
    refused = suite("--cluster", "local", *words, f"--conformance-json={path}")
    assert refused.exit_status == 4
    assert says in refused.output or ("distributed" in refused.output and find_spec("distributed") is None)
    assert path.read_text() == "kept"


def test_a_result_needs_a_place(submission, environment_of_children):
    command = [sys.executable, "-m", "pytest", "tests/conformance", "--cluster", "local"]
    command += ["--impl", submission(SIGMOID.format(1))]
    done = subprocess.run(command, cwd=CHECKOUT, env=environment_of_children, capture_output=True, text=True)
    assert done.returncode == 4
    assert "--cluster needs a place for the result" in done.stderr


def test_without_distributed_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(cluster.NoCluster, match=r'pip install "\.\[cluster\]"'):
        cluster.connected("local")


@needs_distributed
def test_a_scheduler_that_does_not_answer_is_named(monkeypatch):
    monkeypatch.setattr(cluster, "_SECONDS", 1)
    with pytest.raises(cluster.NoCluster, match=r"127\.0\.0\.1:9: no Dask scheduler can be reached there"):
        cluster.connected("127.0.0.1:9")


OURS = {"python": "3.x", "numpy": "2.x"}


class Client:
    """Stands for Dask's: workers by address, each with its packages and its answer to an order."""

    def __init__(self, **workers):
        self.workers = workers

    def get_versions(self):
        packages = {name: {"packages": {**OURS, **differ}} for name, (differ, _) in self.workers.items()}
        return {"client": {"packages": OURS}, "workers": packages}

    def run(self, function, *arguments, on_error):
        return {name: answer for name, (_, answer) in self.workers.items()}


def said(**differ):
    return zlib.compress(json.dumps({**batch.at_work(), **differ}).encode())


@pytest.mark.parametrize(
    ("workers", "says"),
    [
        ({}, "it has no workers"),
        ({"w": ({"python": "3.y"}, said())}, "the worker w has python 3.y, not 3.x"),
        ({"v": ({}, said()), "w": ({"numpy": "2.y"}, said())}, "the worker w has numpy 2.y, not 2.x"),
        ({"w": ({}, said(suite="other"))}, "the worker w has suite other, not"),
        ({"w": ({}, said(hypothesis="7"))}, "the worker w has hypothesis 7, not"),
        ({"w": ({}, RuntimeError("No module named 'tests'"))}, "start it in the folder of a checkout: No module"),
    ],
)
def test_a_cluster_that_would_judge_otherwise_is_refused(workers, says):
    cluster._check_versions(Client(v=({}, said())), "there")
    with pytest.raises(cluster.NoCluster, match=says):
        cluster._check_versions(Client(**workers), "there")


def answered(*names, suite=None):
    about = {**batch.at_work(), **({"suite": suite} if suite else {})}
    result = {"implementations": [{"name": name} for name in names], "environment": {}}
    return zlib.compress(f"{json.dumps(about)}\n{json.dumps(result)}".encode())


@pytest.mark.parametrize(
    ("reply", "says"),
    [
        (RuntimeError("status 1: Traceback"), "its task failed on the cluster: RuntimeError: status 1: Traceback"),
        (answered("a"), "other rows than it was asked for"),
        (answered("a", "b", suite="other"), "the worker that judged it has suite other"),
    ],
)
def test_what_is_no_answer_to_a_batch_is_none(reply, says):
    assert [row["name"] for row in cluster._read(answered("b", "a"), {"a", "b"})[0]] == ["b", "a"]
    with pytest.raises(cluster.NoCluster, match=says):
        cluster._read(reply, {"a", "b"})


def test_a_submission_too_large_to_be_sent_is_refused_alone(monkeypatch, tmp_path):
    """Also where its folder was named by a relative path."""
    (tmp_path / "class").mkdir()
    (tmp_path / "class" / "anna.py").write_text("def sigmoid(z): return z\n")
    monkeypatch.chdir(tmp_path)
    (named,) = named_by("class", Asked(None, None))
    monkeypatch.setattr(gate, "MOST_TOGETHER", 1)
    there = batch._put(tmp_path / "there", *cluster._with_files(named))
    assert there.refused
    assert there.refused.endswith("which is not sent to a cluster")
