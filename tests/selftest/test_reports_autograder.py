"""Gradescope's autograder in a bare folder tree as Gradescope lays it out; GitHub's action as a runner starts it."""

import ast
import json
import os
import re
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.harness.reports import autograder
from tests.selftest.conftest import CHECKOUT
from tests.selftest.test_reports_tables import check_gradescope

RIGHT = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n"
ONLY = ["--level=textbook", "-kSIGMOID", "--hypothesis-profile=quick", "--hypothesis-seed=1"]


@pytest.fixture
def laid_out(tmp_path):
    """Gradescope's folders with our zip in them; the environment that setup.sh makes is this Python."""

    def lay(**asked):
        root = tmp_path / "autograder"
        archive = tmp_path / "autograder.zip"
        autograder.make(archive, **asked)
        subprocess.run([sys.executable, "-m", "zipfile", "-e", str(archive), str(root / "source")], check=True)
        for name in ("submission", "results"):
            (root / name).mkdir()
        shutil.copy(root / "source" / "run_autograder", root / "run_autograder")
        (root / "source" / "environment" / "bin").mkdir(parents=True)
        python = root / "source" / "environment" / "bin" / "python"
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n')
        python.chmod(0o755)
        return root

    return lay


def run(root):
    environment = {**os.environ, "AUTOGRADER": str(root), "PYTHONDONTWRITEBYTECODE": "1"}
    command = ["bash", str(root / "run_autograder")]
    done = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    path = root / "results" / "results.json"
    return done, json.loads(path.read_text()) if path.exists() else None


def test_a_submission_gets_its_results(laid_out):
    root = laid_out(options=ONLY)
    (root / "submission" / "homework.py").write_text(RIGHT)
    done, results = run(root)
    assert done.returncode == 0, done.stderr
    check_gradescope(results)
    assert [(test["name"], test["status"]) for test in results["tests"]] == [("sigmoid", "passed")]
    (root / "submission" / "homework.py").write_text(RIGHT.replace("1 / (1", "2 / (1"))
    done, results = run(root)
    assert done.returncode == 0
    assert [(test["name"], test["score"]) for test in results["tests"]] == [("sigmoid", 0)]
    assert "gives twice the right value" in results["tests"][0]["output"]


def test_another_number_of_files_is_said_and_not_guessed(laid_out):
    root = laid_out()
    done, results = run(root)
    assert (done.returncode, results["score"]) == (0, 0)
    assert "exactly one .py file" in results["output"]
    for name in ("a.py", "b.ipynb"):
        (root / "submission" / name).write_text("")
    assert "exactly one .py file" in run(root)[1]["output"]


def test_a_named_file_is_the_one_that_is_judged(laid_out):
    root = laid_out(options=ONLY, files=["homework.py", "homework.ipynb"])
    (root / "submission" / "notes.py").write_text("raise SystemExit")
    assert "one of these files: homework.py homework.ipynb" in run(root)[1]["output"]
    (root / "submission" / "homework.py").write_text(RIGHT)
    assert [test["status"] for test in run(root)[1]["tests"]] == ["passed"]


def test_a_fault_of_the_autograder_gives_nobody_points(laid_out):
    root = laid_out(options=["--level=nonsense"])
    (root / "submission" / "homework.py").write_text(RIGHT)
    (root / "results" / "results.json").write_text('{"score": 100}')
    done, results = run(root)
    assert done.returncode == 1
    assert results is None
    assert "the autograder is at fault" in done.stderr


def test_the_zip_holds_every_module_that_its_modules_import(tmp_path):
    autograder.make(tmp_path / "a.zip")
    autograder.make(tmp_path / "b.zip")
    assert (tmp_path / "a.zip").read_bytes() == (tmp_path / "b.zip").read_bytes()
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        names = set(archive.namelist())
        assert {"setup.sh", "run_autograder", "suite/pyproject.toml", "suite/conformance.md"} <= names
        assert archive.getinfo("run_autograder").external_attr >> 16 & 0o111
        for name in names:
            if name.endswith(".py"):
                for module in modules_of(archive.read(name)):
                    path = f"suite/{module.replace('.', '/')}"
                    assert {f"{path}.py", f"{path}/__init__.py"} & names, (name, module)


def modules_of(source):
    for node in ast.walk(ast.parse(source)):
        found = [node.module or ""] if isinstance(node, ast.ImportFrom) and not node.level else []
        found += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in found if re.match(r"(reference|impls|tests)\b", name))


@pytest.mark.parametrize("name", ["../x.py", "a/b.py", "notes.txt", 'a".py', "a\n.py"])
def test_a_file_name_that_cannot_be_is_refused(name, tmp_path, capsys):
    assert autograder.main([str(tmp_path / "a.zip"), f"--file={name}"]) == 1
    assert "needs the name of a .py file" in capsys.readouterr().err


def test_the_assignment_takes_its_adapter_along(tmp_path, capsys):
    assignment = tmp_path / "hw.toml"
    assignment.write_text('[assignment]\nadapter = "course.py"\n')
    assert autograder.main([str(tmp_path / "a.zip"), "--assignment", str(assignment)]) == 1
    assert "its adapter course.py is no file beside it" in capsys.readouterr().err
    (tmp_path / "course.py").write_text("")
    assert autograder.main([str(tmp_path / "a.zip"), "--assignment", str(assignment)]) == 0
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert {"assignment/homework.toml", "assignment/course.py"} <= set(archive.namelist())
        assert archive.read("options") == b"--assignment=../assignment/homework.toml\n"


@pytest.fixture
def commands(tmp_path):
    """A PATH with the few commands that a bare image has, and those that a test adds."""
    folder = tmp_path / "commands"
    folder.mkdir()
    for name in ("bash", "cat", "dirname", "env"):
        (folder / name).symlink_to(shutil.which(name) or name)

    def add(name, script):
        (folder / name).write_text(f"#!{shutil.which('bash')}\n{script}\n")
        (folder / name).chmod(0o755)

    add.path = str(folder)
    return add


def set_up(root, path, **more):
    command = ["bash", str(root / "source" / "setup.sh")]
    environment = {"PATH": path, "AUTOGRADER": str(root), **more}
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_setup_says_where_there_is_no_python(laid_out, commands):
    root = laid_out()
    commands("apt-get", "exit 1")
    commands("python3", 'echo "Python 3.10"; exit 1')
    done = set_up(root, commands.path)
    assert done.returncode == 1
    assert "apt has no Python of 3.11 or later" in done.stderr
    done = set_up(root, commands.path, PYTHON="/nowhere/python")
    assert done.returncode == 1
    assert "PYTHON=/nowhere/python is no Python of 3.11" in done.stderr


def test_setup_brings_a_python_where_apt_has_one(laid_out, commands):
    root = laid_out()
    python = Path(commands.path) / "python3.12"
    bash, chmod = shutil.which("bash"), shutil.which("chmod")
    made = f"printf '#!{bash}\\necho \"$@\" >>{root}/log\\n' >{python}; {chmod} 755 {python}"
    commands("apt-get", f'[ "$1" = update ] || {{ {made}; }}')
    done = set_up(root, commands.path)
    assert done.returncode == 0, done.stderr
    log = (root / "log").read_text().splitlines()
    assert f"-m venv {root}/source/environment" in log


ACTION = CHECKOUT / ".github" / "actions" / "conformance"


def test_the_action_stops_commands_of_what_it_judges(tmp_path):
    (tmp_path / "lib").mkdir()
    (tmp_path / "lib" / "mine.py").write_text(RIGHT.replace("1 / (1", "2 / (1"))
    bin = tmp_path / "conformance" / "bin"
    bin.mkdir(parents=True)
    (bin / "python").write_text(f'#!/bin/sh\n[ "$2" = pip ] && exit 0\nexec "{sys.executable}" "$@"\n')
    (bin / "python").chmod(0o755)
    (tmp_path / "commands").mkdir()
    (tmp_path / "commands" / "python3").write_text("#!/bin/sh\nexit 0\n")
    (tmp_path / "commands" / "python3").chmod(0o755)
    summary = tmp_path / "summary"
    environment = {
        **os.environ,
        "PATH": f"{tmp_path / 'commands'}:{os.environ['PATH']}",
        "PYTHONDONTWRITEBYTECODE": "1",
        "RUNNER_TEMP": str(tmp_path),
        "GITHUB_ACTIONS": "true",
        "GITHUB_WORKSPACE": str(tmp_path),
        "GITHUB_STEP_SUMMARY": str(summary),
        "CONFORMANCE_IMPL": "lib/mine.py\n",
        "CONFORMANCE_OPTIONS": "\n".join(ONLY),
        "CONFORMANCE_REQUIREMENTS": "",
        "CONFORMANCE_REPORT": "the report",
    }
    command = [str(ACTION / "run")]
    done = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    lines = done.stdout.splitlines()
    (stop,) = [line for line in lines if line.startswith("::stop-commands::")]
    token = stop.removeprefix("::stop-commands::")
    assert re.fullmatch("[0-9a-f]{64}", token)
    again = lines.index(f"::{token}::")
    assert next(at for at, line in enumerate(lines) if line.startswith("::error file=lib/mine.py,")) > again
    assert "sigmoid fails on" in summary.read_text()
    assert (tmp_path / "the report" / "index.html").exists()
    assert "SIGMOID-VALUE" in (tmp_path / "the report.xml").read_text()


def test_no_input_of_the_action_becomes_a_command():
    text = (ACTION / "action.yml").read_text()
    runs = re.findall(r"^ *run: (.*)$", text, re.MULTILINE)
    assert runs == ["'\"$GITHUB_ACTION_PATH/run\"'"]
    used = set(re.findall(r"\bCONFORMANCE_[A-Z]+", (ACTION / "run").read_text()))
    assert set(re.findall(r"(CONFORMANCE_\w+): \$", text)) == used
