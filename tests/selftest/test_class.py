"""A class of submissions: judged one after the other, saved as each one ends, gone on with where a run was stopped."""

import io
import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace

import pytest

from impls.submissions.gate import Submission
from impls.submissions.mentioned_libraries import Mentions
from impls.submissions.spec import Named
from tests.harness.plugin import progress
from tests.harness.reports import resume
from tests.harness.reports import rows_on_disk as files
from tests.harness.reports.options import Options
from tests.harness.reports.run import Run
from tests.harness.reports.task import Task
from tests.selftest.conftest import CHECKOUT, Result

SIGMOID = "import numpy as np\ndef sigmoid(z): return {} / (1 + np.exp(-z))\n"
ONLY = ("-k", "SIGMOID-VALUE or SIGMOID-SYMMETRY or SIGMOID-PURE")


FIVE = {"a": 1, "b": 2, "c": 2, "d": 1, "e": "1.0"}
"""Five submissions, the second of them wrong, the third in the same way."""


@pytest.fixture
def folder(submission, tmp_path):
    for name, factor in FIVE.items():
        submission(SIGMOID.format(factor), f"class/{name}.py")
    return tmp_path / "class"


@dataclass(frozen=True)
class Finished:
    """A run over the five: what it was asked, how it ended, and the JSON that it wrote."""

    folder: Path
    result: Result
    json: str

    def kept(self, path):
        """Options that name the same run, with its JSON in another file."""
        path.write_text(self.json)
        return "--impl", str(self.folder), *ONLY, "--conformance-json", str(path)


@pytest.fixture(scope="module")
def finished(suite_of_module, tmp_path_factory):
    folder = tmp_path_factory.mktemp("class")
    for name, factor in FIVE.items():
        (folder / f"{name}.py").write_text(SIGMOID.format(factor))
    path = tmp_path_factory.mktemp("finished") / "result.json"
    result = suite_of_module("--impl", str(folder), *ONLY, "--conformance-json", str(path))
    return Finished(folder, result, path.read_text())


def rows(path):
    content = json.loads(path.read_text())
    return {row["name"]: row for row in content["implementations"]}


def test_equal_answers_have_equal_outcomes_and_counterexamples(suite, finished):
    assert finished.result.exit_status == 1
    there = json.loads(finished.json)["implementations"]
    clauses = {row["name"]: row["functions"]["sigmoid"]["clauses"] for row in there}
    assert clauses["a.py"] == clauses["d.py"] == clauses["e.py"] != clauses["b.py"]
    assert clauses["b.py"] == clauses["c.py"]
    credit = [row["functions"]["sigmoid"]["credit"]["textbook"] for row in there]
    assert credit == ["3/5", "1/5", "1/5", "3/5", "3/5"]
    in_the_class = clauses["c.py"]["SIGMOID-VALUE"]
    assert in_the_class["counterexample"] is not None
    alone = suite("--impl", str(finished.folder / "c.py"), "--isolation", "none", *ONLY)
    (row,) = alone.json["implementations"]
    clause = row["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]
    assert clause["outcome"] == in_the_class["outcome"] == "failed"
    assert clause["max_error_ratio"] == in_the_class["max_error_ratio"]


def test_a_stopped_run_is_gone_on_with(suite, finished, tmp_path):
    path = tmp_path / "kept.json"
    kept = finished.kept(path)
    path.unlink()
    suite(*kept, "--maxfail", "1")
    stopped = rows(path)
    assert stopped["a.py"]["complete"]
    assert not any(stopped[f"{name}.py"]["complete"] for name in "bcde")
    again = suite(*kept, "--resume", seed=None)
    assert again.exit_status == 1
    assert json.loads(path.read_text())["implementations"] == json.loads(finished.json)["implementations"]
    assert "SIGMOID-VALUE:c.py" in again.junit
    assert "SIGMOID-VALUE:a.py" not in again.junit


def test_a_finished_run_is_reported_again(suite, finished, tmp_path):
    path = tmp_path / "kept.json"
    again = suite(*finished.kept(path), "--resume", seed=None)
    assert again.exit_status == 1
    assert "as an earlier run has found" in again.output
    assert json.loads(path.read_text())["implementations"] == json.loads(finished.json)["implementations"]


def test_a_changed_submission_is_judged_again(suite, folder, tmp_path):
    path = tmp_path / "kept.json"
    kept = ("--impl", str(folder), *ONLY, "--conformance-json", str(path))
    suite(*kept)
    (folder / "b.py").write_text(SIGMOID.format(1))
    suite(*kept, "--resume", seed=None)
    outcomes = {n: row["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]["outcome"] for n, row in rows(path).items()}
    assert outcomes == {"a.py": "passed", "b.py": "passed", "c.py": "failed", "d.py": "passed", "e.py": "passed"}


@pytest.mark.parametrize(("helper", "imported"), [("bob/deep/lib.py", "lib"), ("bob/lib.py", "bob.lib")])
def test_a_changed_helper_has_its_submission_judged_again(suite, submission, tmp_path, helper, imported):
    """It lies beside the submission, or in the package around it."""
    for package in ("bob", "bob/deep"):
        submission("", f"class/{package}/__init__.py")
    submission("import numpy as np\ndef th(z): return 1 / (1 + np.exp(-z))\n", f"class/{helper}")
    submission(f"from {imported} import th as sigmoid\n", "class/bob/deep/main.py")
    path = tmp_path / "kept.json"
    kept = ("--impl", str(tmp_path / "class/bob/deep/main.py"), *ONLY, "--conformance-json", str(path))
    assert suite(*kept).exit_status == 0
    submission("import numpy as np\ndef th(z): return np.sin(z)\n", f"class/{helper}")
    again = suite(*kept, "--resume", seed=None)
    assert again.exit_status == 1
    (row,) = rows(path).values()
    assert row["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]["outcome"] == "failed"


@pytest.mark.parametrize("processes", [(), ("-n", "1")])
def test_a_finished_run_of_what_is_right_passes_when_it_is_gone_on_with(suite, submission, tmp_path, processes):
    path = tmp_path / "kept.json"
    kept = ("--impl", submission(SIGMOID.format(1)), *ONLY, "--conformance-json", str(path), *processes)
    assert suite(*kept).exit_status == 0
    before = rows(path)
    assert suite(*kept, "--resume", seed=None).exit_status == 0
    assert rows(path) == before


def test_of_a_run_that_is_killed_the_rows_are_there_and_are_gone_on_with(suite, folder, tmp_path):
    """The last one waits in its first call until the run is killed, and after that no more."""
    waits = "import os, time\ndef sigmoid(z):\n    while os.path.exists({!r}): time.sleep(0.05)\n    return z\n"
    flag, path = tmp_path / "flag", tmp_path / "kept.json"
    flag.touch()
    (folder / "e.py").write_text(waits.format(str(flag)))
    kept = ("--impl", str(folder), *ONLY, "--conformance-json", str(path), "--isolation", "process")
    options = ("--hypothesis-profile=quick", "--hypothesis-seed=1", "-p", "no:cacheprovider", "--call-seconds", "200")
    kept += ("--call-seconds", "200")
    command = [sys.executable, "-m", "pytest", "tests/conformance", *kept, *options]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as run:
        appended = tmp_path / "kept.json.rows"
        while run.poll() is None and not (appended.exists() and appended.read_text().count("\n") == 5):
            time.sleep(0.1)
        run.send_signal(signal.SIGKILL)
    assert not path.exists()
    flag.unlink()
    names = [json.loads(line)["name"] for line in appended.read_text().splitlines()[1:]]
    assert names == ["a.py", "b.py", "c.py", "d.py"]
    again = suite(*kept, "--resume", seed=None)
    assert "SIGMOID-VALUE:e.py" in again.junit
    assert "SIGMOID-VALUE:a.py" not in again.junit
    assert [name for name, row in rows(path).items() if row["complete"]] == ["a.py", "b.py", "c.py", "d.py", "e.py"]
    assert not [name for name in os.listdir(tmp_path) if name.startswith((".kept", "kept.json."))]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--level", "robust"), "level was None and is robust"),
        (("--hypothesis-seed", "2"), "seed was 1 and is 2"),
    ],
)
def test_a_run_made_otherwise_is_not_gone_on_with(suite, finished, tmp_path, options, says):
    refused = suite(*finished.kept(tmp_path / "kept.json"), "--resume", *options, seed=None)
    assert refused.exit_status == 4
    assert says in refused.output


def test_another_assignment_is_named_without_its_text():
    then, now = ({"assignment": {"name": "Homework", "adapter": text * 1000}} for text in ("one", "another"))
    with pytest.raises(resume.NotThisRun) as refused:
        resume.check(Path("kept.json"), then, now)
    assert "assignment was another one, in adapter;" in str(refused.value)
    resume.check(Path("kept.json"), now, now)


@pytest.mark.parametrize("content", ["", "{}", '{"suite": {"sources": "other", "seed": 1}, "implementations": []}'])
def test_what_is_no_result_of_this_suite_is_refused_and_kept(suite, folder, tmp_path, content):
    path = tmp_path / "kept.json"
    path.write_text(content)
    refused = suite("--impl", str(folder), *ONLY, "--conformance-json", str(path), "--resume", seed=None)
    assert refused.exit_status == 4
    assert "--resume" in refused.output
    assert path.read_text() == content


STEPS = {
    "a": "raise ValueError('not today')",
    "b": "return [t - alpha * g for t, g in zip(theta, grad)]",
    "c": "return [t - alpha * g + (alpha == 0) for t, g in zip(theta, grad)]",
    "d": "return [t - alpha * g for t, g in zip(theta, grad)]",
}


def test_what_comes_after_the_answers_known_so_far_is_looked_at(suite, submission, tmp_path):
    """The first one raises at the first call of two, so that nothing is known of the second when the next one comes."""
    for name, body in STEPS.items():
        submission(f"def gradient_descent_step(theta, grad, alpha):\n    {body}\n", f"steps/{name}.py")
    result = suite("--impl", str(tmp_path / "steps"), "-k", "STEP-ZERO")
    found = {name: outcome for (name, clause), outcome in result.outcomes().items() if clause == "STEP-ZERO"}
    assert found == {"a.py": "error", "b.py": "passed", "c.py": "failed", "d.py": "passed"}


def test_rows_are_read_back_from_both_files_and_a_cut_off_line_is_none(tmp_path):
    kept = files.Rows(files.beside(tmp_path / "result.json"))
    kept.start({"suite": {"seed": 1}}, [{"name": "a", "n": 1}])
    kept.append({"name": "ü", "n": 2})
    assert {name: row["n"] for name, row in kept.items()} == {"a": 1, "ü": 2}
    with (tmp_path / "result.json.rows").open("a") as file:
        file.write('{"name": "cut o')
    files.write(tmp_path / "result.json", files.whole({"suite": {"seed": 1}}, map(kept.line, kept)))
    (tmp_path / "laid_out.json").write_text(json.dumps(json.loads((tmp_path / "result.json").read_text()), indent=2))
    for name in ("result.json", "result.json.rows", "laid_out.json"):
        head, found = files.read(tmp_path / name)
        assert head == {"suite": {"seed": 1}}
        assert list(found) == [{"name": "a", "n": 1}, {"name": "ü", "n": 2}]
    kept.remove()
    assert sorted(os.listdir(tmp_path)) == ["laid_out.json", "result.json"]


class Running:
    """A run of two submissions that an earlier run has judged, one that does not load, and four to judge."""

    started = 0.0
    loading = SimpleNamespace(named="abcdefg")
    scheduled = frozenset((name, number) for name in "abcd" for number in range(10))
    task = Task({}, 6, True)


@pytest.fixture
def clock(monkeypatch):
    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    return now


def test_progress_is_a_line_a_minute_and_takes_loading_for_no_judging(clock):
    said = io.StringIO()
    watched = progress.Progress(Running(), said, in_place=False)
    for _ in range(9):
        assert not watched.judged("a")
        clock[0] += 0.1
    clock[0] = 155.0
    assert watched.judged("a")
    assert said.getvalue() == ""
    clock[0] = 160.0
    watched.judged("b")
    line = "judged 4 of 7 submissions, 1.0 a minute, about 2:54 left (2:40 so far, 1:40 of it loading)\n"
    assert said.getvalue() == line
    clock[0] = 219.0
    watched.judged("b")
    watched.end()
    assert said.getvalue() == line


def test_progress_in_a_terminal_is_one_line_that_goes_away_and_tells_of_loading_too(clock, monkeypatch):
    monkeypatch.setenv("COLUMNS", "50")
    said = io.StringIO()
    watched = progress.Progress(Running(), said, in_place=True)
    for _ in watched.loading("abcd"):
        clock[0] += 2.0
    lines = said.getvalue().split("\r")
    assert lines == [
        "",
        "loaded 1 of 4 submissions, 30.0 a minute, about 0\x1b[K",
        "loaded 2 of 4 submissions, 30.0 a minute, about 0\x1b[K",
        "loaded 3 of 4 submissions, 30.0 a minute, about 0\x1b[K",
        "\x1b[K",
    ]


def test_what_does_not_load_in_the_process_that_judges_it_is_an_error_of_its_own_pairs():
    run = Run(Options((), None, None, None, False, "quick", 1))
    read = Submission(b"def sigmoid(z:", "", Mentions())
    run.task = Task({"a.py": Named("a.py", "a.py", Path("a.py"), read)}, 1, False)
    try:
        outcome = run.judge("a.py", "SIGMOID-VALUE")
    finally:
        run.loading.end_workers()
    assert outcome.outcome == "error"
    assert "it loads only now and then: SyntaxError" in outcome.message
    assert run.is_required("a.py", "SIGMOID-VALUE")
