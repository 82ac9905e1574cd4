"""Whatever a submission does, its own row says so; other rows, the exit status and the machine are unharmed."""

import contextlib
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

from impls.text import printable
from tests.conformance import every_test_imported
from tests.harness.judging.judge import Examples, judge
from tests.harness.plugin.run import Options, Run
from tests.harness.spec.clauses import CLAUSES as CLAUSES_BY_ID
from tests.harness.spec.clauses import PROPERTIES
from tests.mistakes import MISTAKES
from tests.selftest.conftest import CHECKOUT
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
        row = result.implementation(printable(file_name(name, hostile)))
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


def outcomes_of(path, mode, clauses):
    """The outcomes of these clauses for the file, run in that mode."""
    run = Run(Options((str(path),), None, None, None, False, "quick", 1, isolation=mode))
    try:
        (implementation,) = run.implementations
        examples = Examples(1)
        return {id: judge(PROPERTIES[id], CLAUSES_BY_ID[id], implementation, examples, (), 30) for id in clauses}
    finally:
        run.end_workers()


@pytest.fixture
def quick():
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("batch", range(4))
def test_known_mistakes_have_the_same_outcomes_in_a_process_of_their_own(tmp_path, batch):
    every_test_imported()
    of_function = {}
    for mistake in MISTAKES.values():
        of_function.setdefault(mistake.clause.function, []).append(mistake)
    chosen = {name: mistakes[batch * len(mistakes) // 4] for name, mistakes in of_function.items()}
    head = f"import sys\nsys.path.insert(0, {str(CHECKOUT)!r})\nfrom tests.mistakes import MISTAKES\n"
    lines = [f"{name} = MISTAKES[{mistake.name!r}].make()" for name, mistake in chosen.items()]
    path = tmp_path / "mistaken.py"
    path.write_text(head + "\n".join(lines))
    clauses = [mistake.clause.id for mistake in chosen.values()]
    here, there = outcomes_of(path, "none", clauses), outcomes_of(path, "process", clauses)
    assert here == there
    assert all(outcome.outcome in ("failed", "error") for outcome in here.values())


def test_the_lecture_code_has_the_same_outcomes_in_a_process_of_its_own(suite_of_module):
    chosen = ("--impl", "numpy-lecture", "-k", "SOFTMAX or GRAD or ONEHOT")
    here, there = suite_of_module(*chosen, "--isolation", "none"), suite_of_module(*chosen, "--isolation", "process")
    assert here.json["implementations"] == there.json["implementations"]
