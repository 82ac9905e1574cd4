"""Whatever a submission does, its own row says so; other rows, the exit status and the machine are unharmed."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest

from tests.selftest.hostile import HOSTILE, Hostile

CLAUSES = "SIGMOID-VALUE or TANH-VALUE"
NEIGHBOUR = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\ndef tanh(z): return np.tanh(z)\n"
CALL_SECONDS = "3"


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


@pytest.fixture(scope="module", params=["process", "bwrap"])
def class_of_the_hostile(request, tmp_path_factory):
    """One run over all of them and two right neighbours: its result, the mode, the folder."""
    mode = request.param
    if mode == "bwrap" and not shutil.which("bwrap"):
        pytest.skip("bwrap (Debian's package bubblewrap) is not installed")
    folder = tmp_path_factory.mktemp("hostile")
    for name, hostile in HOSTILE.items():
        if mode == "bwrap" or not hostile.only_bwrap:
            path = folder / file_name(name, hostile)
            path.write_bytes(hostile.source.encode("utf-8", "surrogateescape"))
    for neighbour in ("aaa.py", "zzz.py"):
        (folder / neighbour).write_text(NEIGHBOUR)
    (folder / "conftest.py").write_text("raise SystemExit('conftest')")
    (folder / "sitecustomize.py").write_text("raise SystemExit('sitecustomize')")
    (folder / "pytest.ini").write_text("[pytest]\naddopts = --collect-only\n")
    (folder / "pyproject.toml").write_text("[tool.pytest.ini_options]\naddopts = '--collect-only'\n")
    before = set(os.listdir(folder))
    temporary = tmp_path_factory.mktemp("temporary")
    run = request.getfixturevalue("suite_of_module")
    arguments = ("--impl", str(folder), "--isolation", mode, "-k", CLAUSES, "--call-seconds", CALL_SECONDS)
    result = run(*arguments, environment={"TMPDIR": str(temporary)})
    return result, mode, folder, before, temporary


def test_all_of_them_are_contained(class_of_the_hostile):
    result, mode, *_ = class_of_the_hostile
    assert result.exit_status == 1
    outcomes = result.outcomes()
    for neighbour in ("aaa.py", "zzz.py"):
        assert outcomes[neighbour, "SIGMOID-VALUE"] == outcomes[neighbour, "TANH-VALUE"] == "passed"
    wrong = []
    for name, hostile in HOSTILE.items():
        if hostile.only_bwrap and mode != "bwrap":
            continue
        row = result.implementation(file_name(name, hostile))
        if hostile.outcome is None:
            if row["verdict"] != "error" or hostile.says not in row["reason"]:
                wrong.append((name, row["verdict"], row["reason"]))
            continue
        if name.startswith("patches"):  # of what it has broken it may get any values, but none that pass
            if row["verdict"] not in ("fails", "error"):
                wrong.append((name, row["verdict"]))
            continue
        if outcomes.get((row["name"], "TANH-VALUE")) != "passed":
            wrong.append((name, "tanh", row["reason"], row["functions"]["tanh"]["clauses"].get("TANH-VALUE")))
        if hostile.outcome == "absent":
            continue
        clause = row["functions"]["sigmoid"]["clauses"].get("SIGMOID-VALUE", {"outcome": row["reason"], "message": ""})
        if clause["outcome"] != hostile.outcome or hostile.says not in (clause["message"] or ""):
            wrong.append((name, clause["outcome"], clause["message"]))
    assert not wrong, "\n".join(map(str, wrong))


def test_nothing_is_left_behind_and_nothing_rendered(class_of_the_hostile):
    result, _, folder, files, temporary = class_of_the_hostile
    assert set(os.listdir(folder)) - {"__pycache__"} == files
    assert processes_with(str(temporary)) == []
    assert os.listdir(temporary) == []
    assert "\x1b" not in result.output
    assert not (Path.cwd() / "owned").exists()
