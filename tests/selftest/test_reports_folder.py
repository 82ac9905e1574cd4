"""Where a report goes: a new folder or an earlier report, never the place of anything else; all of it or nothing."""

import json
import os
import shlex
import subprocess
import sys

import pytest

from tests.harness.reports import folder, student
from tests.harness.reports.__main__ import main
from tests.selftest import made_results
from tests.selftest.conftest import CHECKOUT
from tests.selftest.test_reports_pages import Page

PARTS = ["gradebook.csv", "gradescope", "index.html", "students", "summary.md"]


@pytest.fixture
def result(tmp_path):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(made_results.result(3)))
    return path


def inside(path):
    return sorted(one.name for one in path.iterdir())


def test_a_report_is_written_and_replaced(result, tmp_path, capsys):
    target = tmp_path / "report"
    assert main([str(result), str(target)]) == 0
    assert inside(target) == PARTS
    result.write_text(json.dumps(made_results.result(1)))
    assert main([str(result), str(target)]) == 0
    assert inside(target / "students") == ["student0001.py.html"]
    assert inside(tmp_path) == ["report", "result.json"]
    assert capsys.readouterr().out == ""


def test_nothing_else_is_ever_replaced(result, tmp_path, capsys):
    target = tmp_path / "report"
    main([str(result), str(target)])
    (target / "notes.txt").write_text("mine")
    assert main([str(result), str(target)]) == 1
    assert "holds notes.txt, which is no part of a report" in capsys.readouterr().err
    (target / "notes.txt").unlink()
    (target / "index.html").write_text("<!doctype html><title>My page</title>")
    assert main([str(result), str(target)]) == 1
    assert (target / "index.html").read_text() == "<!doctype html><title>My page</title>"
    for place in (result, tmp_path / "no" / "report"):
        assert main([str(result), str(place)]) == 1
        assert "needs" in capsys.readouterr().err


def test_a_damaged_result_leaves_the_earlier_report(result, tmp_path, capsys):
    target = tmp_path / "report"
    main([str(result), str(target)])
    before = (target / "index.html").read_text()
    result.write_text(result.read_text()[:-10])
    assert main([str(result), str(target)]) == 1
    assert "damaged" in capsys.readouterr().err
    assert (target / "index.html").read_text() == before


def test_a_full_disk_leaves_the_earlier_report(result, tmp_path, monkeypatch, capsys):
    target = tmp_path / "report"
    main([str(result), str(target)])
    before = (target / "index.html").read_text()

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(student, "html", full)
    assert main([str(result), str(target)]) == 1
    assert "No space left on device" in capsys.readouterr().err
    assert (target / "index.html").read_text() == before
    assert inside(tmp_path) == ["report", "result.json"]


def test_without_jinja_it_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setattr(folder, "find_spec", lambda name: None)
    with pytest.raises(folder.CannotReport, match="pip install"):
        folder.check(tmp_path / "report")


def test_the_command_needs_no_more_than_the_file(result, tmp_path):
    command = [sys.executable, "-m", "tests.harness.reports", str(result), str(tmp_path / "report")]
    environment = {**os.environ, "GITHUB_ACTIONS": "true", "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, text=True, check=True)
    assert all(line.startswith("::error ") for line in done.stdout.splitlines())
    assert inside(tmp_path / "report") == PARTS


def test_a_run_writes_its_report(suite, submission, tmp_path):
    path = submission("import numpy as np\ndef sigmoid(z): return 2 / (1 + np.exp(-z))\n")
    target = tmp_path / "report"
    ran = suite("--impl", path, "-k", "SIGMOID-VALUE", "--report", str(target), environment={"GITHUB_ACTIONS": "true"})
    assert ran.exit_status == 1
    assert inside(target) == PARTS
    assert "::error title=sigmoid fails on SIGMOID-VALUE::" in ran.output
    (page,) = (target / "students").iterdir()
    assert "gives twice the right value" in page.read_text()
    taken = suite("--impl", path, "--report", str(tmp_path))
    assert taken.exit_status == 4
    assert "which is no part of a report" in taken.output


FULL = """
from pathlib import Path
from tests.harness.reports import folder, writing_result

def full(*_, **__):
    raise OSError(28, "No space left on device")

folder._fill = full
before = writing_result.write
writing_result.write = lambda path, pieces: full() if path.name == "full.json" else before(path, pieces)
"""


def test_a_disk_that_is_full_at_the_end_of_a_run_loses_no_verdict(suite, submission, tmp_path):
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n")
    submission(FULL, "full_disk.py")
    places = (f"--conformance-json={tmp_path / 'full.json'}", "--report", str(tmp_path / "report"))
    plugin = {"PYTHONPATH": str(tmp_path), "TMPDIR": str(tmp_path)}
    ran = suite("--impl", path, "-k", "SIGMOID-VALUE", *places, "-p", "full_disk", environment=plugin)
    assert ran.exit_status == 1
    assert "full.json could not be written: No space left on device; the result is in" in ran.output
    (kept,) = tmp_path.glob("conformance-*/result.json")
    assert f"once there is room: python -m tests.harness.reports {kept} DIR" in ran.output
    assert main([str(kept), str(tmp_path / "later")]) == 0
    assert not (tmp_path / "report").exists()
    assert not list(tmp_path.glob("full.json*"))


def test_a_result_that_nobody_named_is_taken_away(submission, tmp_path):
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n")
    command = [sys.executable, "-m", "pytest", "tests/conformance", "-p", "no:cacheprovider", "--impl", path]
    command += ["-k", "SIGMOID-VALUE", "--report", str(tmp_path / "report")]
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONDONTWRITEBYTECODE": "1"}
    subprocess.run(command, cwd=CHECKOUT, env=environment, capture_output=True, check=True)
    assert inside(tmp_path / "report") == PARTS
    assert not list(tmp_path.glob("conformance-*"))


def test_the_command_on_a_page_asks_the_same_again(suite, submission, tmp_path):
    path = submission("import numpy as np\ndef sigmoid(z): return 2 / (1 + np.exp(-z))\n")
    homework = submission("[functions]\nsigmoid = { points = 2 }\n", "my homework.toml")
    asked = ("--assignment", homework, "--call-seconds", "5")
    suite("--impl", path, "-k", "SIGMOID-VALUE", *asked, "--report", str(tmp_path / "report"))
    (page,) = (tmp_path / "report" / "students").iterdir()
    texts = map(str.strip, Page(page.read_text()).text)
    command, *_ = [text for text in texts if text.startswith("pytest tests/conformance")]
    words = shlex.split(command)
    assert words[:6] == ["pytest", "tests/conformance", "--impl", path, "-k", "SIGMOID-VALUE"]
    assert words[words.index("--assignment") + 1] == homework
    assert words[words.index("--call-seconds") + 1] == "5.0"
    again = suite(*words[2:], profile=None, seed=None)
    assert again.exit_status == 1
    assert again.outcomes()[path, "SIGMOID-VALUE"] == "failed"
