"""Whatever a submission does, its own row says so; other rows, the exit status and the machine are unharmed."""

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import textwrap
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import settings

from impls.backends import Needs
from impls.calling import Lost, Request
from impls.isolation import Isolation, IsolationError, Limits, landlock, limits, load_isolated, seccomp
from impls.isolation.handed_files import Sources
from impls.submissions.spec import Asked, named_by
from impls.text import printable
from tests.conformance import every_test_imported
from tests.harness.judging.judge import judge
from tests.harness.judging.planning import Examples
from tests.harness.reports.options import Options
from tests.harness.reports.run import Run
from tests.harness.spec.clauses import CLAUSES as CLAUSES_BY_ID
from tests.harness.spec.clauses import PROPERTIES
from tests.mistakes import suspects
from tests.selftest.conftest import CHECKOUT
from tests.selftest.hostile import HOSTILE
from tests.selftest.hostile_beyond import CHANGES, Hostile

CLAUSES = "SIGMOID-VALUE or TANH-VALUE"
NEIGHBOUR = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\ndef tanh(z): return np.tanh(z)\n"
LIMITS = ("--call-seconds", "2", "--load-seconds", "5")


def file_name(name: str, hostile: Hostile) -> str:
    return hostile.name or f"{name.replace(' ', '_')}.py"


def processes_with(environment: str) -> list[str]:
    """The processes that were started with this text in their environment."""
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if environment.encode() in (entry / "environ").read_bytes():
                found.append((entry / "cmdline").read_bytes().decode(errors="replace"))
    return found


MODES = {
    "process": ("--isolation", "process"),
    "process, two at once": ("--isolation", "process", "-n", "2"),
    "bwrap, four at once": ("--isolation", "bwrap", "-n", "4"),
}


def has_all_users():
    """Whether root can become any user: in a container it may have a few, in a sandbox it has none."""
    return "4294967295" in Path("/proc/self/uid_map").read_text()


def rows(mode):
    """The rows of a mode by file name, and the others by name with the reason; the slow ones run once in each kind."""
    mine, others = {}, {}
    for name, hostile in HOSTILE.items():
        if hostile.needs == "landlock" and landlock.version() < 6:
            others[name] = "this kernel has no Landlock of version 6"
        elif hostile.needs == "seccomp" and not seccomp.is_there():
            others[name] = "this kernel has no seccomp filters, or the calls of this processor are not known"
        elif hostile.needs == "users" and os.geteuid() == 0 and ("bwrap" in mode or not has_all_users()):
            others[name] = "root cannot become another user, and the number of its processes has no limit"
        elif hostile.needs == "bwrap" and "bwrap" not in mode:
            others[name] = "it is the sandbox alone that contains it"
        elif "two at once" in mode and hostile.slow:
            others[name] = "slow"
        else:
            mine[file_name(name, hostile)] = (name, hostile)
    return mine, others


@pytest.fixture(scope="module", params=list(MODES))
def class_of_the_hostile(request, tmp_path_factory):
    """One run over all of them between two right neighbours: its result, the mode, the folder."""
    mode = request.param
    if "bwrap" in mode and not shutil.which("bwrap"):
        pytest.skip("bwrap (Debian's package bubblewrap) is not installed")
    folder = tmp_path_factory.mktemp("hostile")
    for file, (_, hostile) in rows(mode)[0].items():
        (folder / file).write_bytes(hostile.source.encode("utf-8", "surrogateescape"))
    for neighbour in ("aaa.py", "zzz.py"):
        (folder / neighbour).write_text(NEIGHBOUR)
    (folder / "conftest.py").write_text("raise SystemExit('conftest')")
    (folder / "sitecustomize.py").write_text("raise SystemExit('sitecustomize')")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--collect-only'\n")
    temporary = tmp_path_factory.mktemp("temporary")
    run = request.getfixturevalue("suite_of_module")
    arguments = ("--impl", str(folder), *MODES[mode], "-k", CLAUSES, *LIMITS)
    with socket.socket(socket.AF_UNIX) as listener:
        here = os.getcwd()
        os.chdir(folder)  # the path of a socket is short
        listener.bind("listener")
        os.chdir(here)
        listener.listen(1000)
        before = set(os.listdir(folder))
        result = run(*arguments, environment={"TMPDIR": str(temporary)})
    return result, mode, folder, before, temporary


def wrong_of(result, file, name, hostile, mode):
    """What the row of one of them does not say as it is to, None where all is well."""
    row = result.implementation(printable(file))
    outcomes = result.outcomes()
    outcome, says = ("bwrap" in mode and hostile.in_bwrap) or (hostile.outcome, hostile.says)
    if outcome is None:
        told = says in (row["reason"] or "") and outcomes.get((row["name"], "SIGMOID-VALUE")) != "passed"
        return None if told else (name, row["verdict"], row["reason"])
    if name.startswith("patches"):  # of what it has broken it may get any values, but none that pass
        return None if row["verdict"] in ("fails", "error") else (name, row["verdict"])
    if outcomes.get((row["name"], "TANH-VALUE")) != "passed":
        return name, "tanh", row["reason"], row["functions"]["tanh"]["clauses"].get("TANH-VALUE")
    if outcome == "absent":
        return None
    clause = row["functions"]["sigmoid"]["clauses"].get("SIGMOID-VALUE", {"outcome": row["reason"], "message": ""})
    is_right = clause["outcome"] == outcome and says in (clause["message"] or "")
    return None if is_right else (name, clause["outcome"], clause["message"])


def test_all_of_them_are_contained(class_of_the_hostile, capsys):
    result, mode, *_ = class_of_the_hostile
    mine, others = rows(mode)
    with capsys.disabled():
        for name, reason in others.items():
            print(f"\nnot run with {mode}: {name}: {reason}", end="")
    assert result.exit_status == 1
    outcomes = result.outcomes()
    for neighbour in ("aaa.py", "zzz.py"):
        assert outcomes[neighbour, "SIGMOID-VALUE"] == outcomes[neighbour, "TANH-VALUE"] == "passed"
    found = [wrong_of(result, file, name, hostile, mode) for file, (name, hostile) in mine.items()]
    assert not any(found), "\n".join(map(str, filter(None, found)))


def test_nothing_is_left_behind_and_nothing_rendered(class_of_the_hostile):
    result, _, folder, files, temporary = class_of_the_hostile
    assert set(os.listdir(folder)) - {"__pycache__"} == files
    assert processes_with(str(temporary)) == []
    assert [name for name in os.listdir(temporary) if not name.startswith("pytest-")] == []  # which is xdist's
    assert "\x1b" not in result.output
    assert not (Path.cwd() / "owned").exists()


@pytest.mark.parametrize("name", [name for name, hostile in HOSTILE.items() if hostile.remarked])
def test_what_looks_into_its_caller_is_remarked(name, tmp_path):
    path = tmp_path / "hostile.py"
    path.write_text(HOSTILE[name].source)
    assert Sources.of(path).remarks == ("looks into its caller: read it",)


@pytest.mark.parametrize("isolation", ["process", "bwrap"])
def test_a_file_in_the_checkout_reaches_nothing_of_the_suite(suite, isolation):
    if isolation == "bwrap" and not shutil.which("bwrap"):
        pytest.skip("bwrap (Debian's package bubblewrap) is not installed")
    name = f"my_homework_{os.getpid()}.py"
    path = CHECKOUT / name
    try:
        path.write_text("from reference import sigmoid\n")
        result = suite("--impl", name, "--isolation", isolation, "-k", "SIGMOID-VALUE")
        row = result.implementation(name)
        assert (row["verdict"], result.exit_status) == ("error", 1)
        assert "ModuleNotFoundError" in row["reason"]
        assert name in row["reason"]
        path.write_text(NEIGHBOUR)
        assert suite("--impl", name, "--isolation", isolation, "-k", "SIGMOID-VALUE").exit_status == 0
    finally:
        path.unlink(missing_ok=True)


def test_a_compiler_may_use_the_folder_of_its_process(suite, submission):
    """It asks first whether it may, as a C compiler does: access(2) sees the user's permissions alone."""
    path = submission(
        "import os, tempfile\ndef relu(z):\n    assert os.access(tempfile.gettempdir(), 7)\n    return z * (z > 0)\n"
    )
    assert suite("--impl", path, "--isolation", "process", "-k", "RELU-VALUE").exit_status == 0


def test_a_function_called_at_the_end_does_not_choose_the_exit_status(suite, submission):
    source = "import atexit, ctypes\natexit.register(ctypes.CDLL(None)._exit, 0)\ndef tanh(z): return 7 * z\n"
    assert suite("--impl", submission(source), "--isolation", "none", "-k", "TANH-VALUE").exit_status == 1


def outcomes_of(path, mode, clauses):
    """The outcomes of these clauses for the file, run in that mode."""
    run = Run(Options((str(path),), None, None, None, False, "quick", 1, isolation=mode))
    try:
        (implementation,) = run.implementations
        examples = Examples(1)
        return {
            id: judge(PROPERTIES[id], CLAUSES_BY_ID[id], implementation, examples, (), 30, suspects.of)
            for id in clauses
        }
    finally:
        run.loading.end_workers()


def test_what_this_machine_lacks_is_said(monkeypatch):
    monkeypatch.setattr(seccomp, "is_there", lambda: False)
    assert Isolation().in_force.endswith("; no seccomp")
    monkeypatch.setattr(landlock, "version", lambda: 0)
    assert Isolation().in_force == "process only: this kernel has no Landlock; no seccomp"


def test_a_machine_on_which_no_process_can_be_started_is_named(monkeypatch):
    def full(**prefix):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("impls.isolation.forked.tempfile.mkdtemp", full)
    with pytest.raises(IsolationError, match="No space left on device"):
        Isolation().start({}, Needs(), 0)


@pytest.mark.skipif(not seccomp.is_there(), reason="this kernel has no seccomp filters")
def test_owner_permissions_and_times_of_a_file_stay(tmp_path):
    path = tmp_path / "hostile.py"
    path.write_text(f"import os\ndef tanh(z):\n{textwrap.indent(CHANGES, '    ')}\n    return z\n")
    path.chmod(0o640)
    before = path.stat()
    isolation = Isolation()
    try:
        (named,) = named_by(str(path), Asked(None, None))
        assert load_isolated(isolation, named, ("tanh",), Asked(None, None)).caller.call("tanh", (1.0,), {}) == 1
    finally:
        isolation.close()
    after = path.stat()
    assert os.listxattr(path) == []
    assert (after.st_mode, after.st_uid, after.st_mtime_ns, after.st_ctime_ns) == (
        (before.st_mode, before.st_uid, before.st_mtime_ns, before.st_ctime_ns)
    )


ONCE = """
import os, time
import numpy as np
from collections.abc import Mapping
class Once(Mapping):
    def __init__(self, value): self.value, self.read = value, 0
    def __len__(self): return 1
    def __iter__(self):
        self.read += 1
        if self.read > {times}: {does}
        return iter(["theta"])
    def __getitem__(self, key): return self.value
def tanh(z): return Once(np.tanh(z))
"""


@pytest.mark.parametrize("does", ["os._exit(0)", "time.sleep(600)"])
@pytest.mark.parametrize("times", [1, 2])
def test_a_result_that_cannot_be_read_once_more_is_no_answer(tmp_path, does, times):
    """Whether it has changed since is asked when its message ends, and when its function does."""
    path = tmp_path / "hostile.py"
    path.write_text(ONCE.format(does=does, times=times))
    isolation = Isolation(limits=Limits(call_seconds=0.5))
    try:
        (named,) = named_by(str(path), Asked(None, None))
        caller = load_isolated(isolation, named, ("tanh",), Asked(None, None)).caller
        request = Request("tanh", (np.zeros(2),))
        first, second = caller.ask([request, request]).answers
        assert first.failure is None
        if times == 1:
            assert "while its results were read once more" in str(second.failure)
        else:
            with pytest.raises(Lost, match="while its results were read once more"):
                caller.ask([])
    finally:
        isolation.close()


def test_a_server_that_is_lost_is_no_fault_of_a_submission_whose_results_are_read_once_more(tmp_path):
    (tmp_path / "right.py").write_text(NEIGHBOUR)
    isolation = Isolation()
    try:
        (named,) = named_by(str(tmp_path / "right.py"), Asked(None, None))
        caller = load_isolated(isolation, named, ("tanh",), Asked(None, None)).caller
        assert caller.call("tanh", (0.0,), {}) == 0
        (server,) = isolation._servers.values()
        server._process.kill()
        server._process.wait()
        time.sleep(0.2)  # for its workers to end, too
        assert caller.ask([]).overwritten == {}
    finally:
        isolation.close()


def test_a_library_that_is_broken_on_this_machine_ends_nobody_elses_process():
    isolation = Isolation()
    try:
        for name in ("no_such_module", "."):  # the second is no ImportError
            assert isolation.start({}, Needs(preload=("numpy", name)), 0).pid
    finally:
        isolation.close()


def test_a_server_that_is_lost_while_a_submission_is_loaded_is_replaced(tmp_path, monkeypatch):
    (tmp_path / "right.py").write_text(NEIGHBOUR)
    isolation, start, pids = Isolation(), Isolation.start, []

    def start_and_end_the_first_server(self, *of):
        worker = start(self, *of)
        pids.append(worker.pid)
        if len(pids) == 1:
            (server,) = self._servers.values()
            server._process.kill()
            server._process.wait()
        return worker

    monkeypatch.setattr(Isolation, "start", start_and_end_the_first_server)
    try:
        (named,) = named_by(str(tmp_path / "right.py"), Asked(None, None))
        right = load_isolated(isolation, named, ("tanh",), Asked(None, None))
        assert right.caller.call("tanh", (0.0,), {}) == 0
        assert len(pids) == 2
    finally:
        isolation.close()


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="this system does not say which threads there are")
def test_a_process_that_ends_while_threads_are_counted_hides_no_other(monkeypatch):
    status = SimpleNamespace(st_uid=os.getuid())
    processes = [SimpleNamespace(name=name, stat=lambda: status) for name in ("0", str(os.getpid()))]  # 0 is none
    monkeypatch.setattr(limits.os, "scandir", lambda path: processes)
    assert limits._threads_of_this_user() >= 1


def test_few_open_files_are_enough(tmp_path):
    (tmp_path / "right.py").write_text(NEIGHBOUR)
    lines = (
        "import resource",
        "from impls.isolation import Isolation, load_isolated",
        "from impls.submissions.spec import Asked, named_by",
        "resource.setrlimit(resource.RLIMIT_NOFILE, (40, 40))",
        f"(named,) = named_by({str(tmp_path / 'right.py')!r}, Asked(None, None))",
        "isolation = Isolation()",
        "right = load_isolated(isolation, named, ('tanh',), Asked(None, None))",
        "assert right.caller.call('tanh', (0.0,), {}) == 0, right",
        "isolation.close()",
    )
    done = subprocess.run([sys.executable, "-c", "\n".join(lines)], cwd=CHECKOUT, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr.decode()


MISTAKEN = {
    "wrong values": "def sigmoid(z): return 1 / (1 + np.exp(z))",
    "raises": "def sigmoid(z): raise ZeroDivisionError(f'of {z.shape}')",
    "wrong shape": "def sigmoid(z): return (1 / (1 + np.exp(-z))).ravel()",
    "no array": "def sigmoid(z): return 'a sigmoid'",
    "writes into its argument": "def sigmoid(z):\n    z[...] = 1 / (1 + np.exp(-z))\n    return z",
    "one result for all calls": "def sigmoid(z):\n    calls[:] = calls or [np.zeros(10**6)]\n    out = "
    "calls[0][: z.size].reshape(z.shape)\n    out[...] = 1 / (1 + np.exp(-z))\n    return out",
    "counts its calls": "def sigmoid(z):\n    calls.append(z)\n    return 1 / (1 + np.exp(-z)) + (len(calls) > 20)",
}


@pytest.fixture
def quick():
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("what", MISTAKEN)
def test_known_mistakes_have_the_same_outcomes_in_a_process_of_their_own(tmp_path, what):
    every_test_imported()
    path = tmp_path / "mistaken.py"
    path.write_text(f"import numpy as np\ncalls = []\n{MISTAKEN[what]}")
    clauses = [id for id in CLAUSES_BY_ID if id.startswith("SIGMOID-") and id != "SIGMOID-LARGE"]
    here, there = outcomes_of(path, "none", clauses), outcomes_of(path, "process", clauses)
    alone = "; as the first call of a process it gives another value: it depends on the calls before"
    assert (alone in str(there)) == (what == "counts its calls")  # which this process cannot try
    assert here == {
        id: replace(one, message=one.message and one.message.replace(alone, "")) for id, one in there.items()
    }
    assert any(outcome.outcome in ("failed", "error") for outcome in here.values())


def test_the_lecture_code_has_the_same_outcomes_in_a_process_of_its_own(suite_of_module):
    chosen = ("--impl", "numpy-lecture", "-k", "SOFTMAX or GRAD or ONEHOT")
    here, there = (
        suite_of_module(*chosen, "--isolation", mode).implementation("numpy-lecture") for mode in ("none", "process")
    )
    assert here.pop("isolation") != there.pop("isolation")
    assert here == there
