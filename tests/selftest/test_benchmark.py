"""The ways of testing that this suite is compared with: their kills are no noise, and they have not been weakened."""

import itertools
import platform
import re
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import settings

import reference
from tests.benchmark import __main__ as command
from tests.benchmark import class_speed, side_by_side, suite_speed
from tests.benchmark.autograder import autograder
from tests.benchmark.baseline import Baseline
from tests.benchmark.onnx_vectors import onnx_vectors
from tests.benchmark.plain_hypothesis import plain_hypothesis
from tests.harness.spec.clauses import ROBUST, TEXTBOOK
from tests.mistakes import MISTAKES
from tests.selftest.candidates import candidate
from tests.selftest.conftest import CHECKOUT
from tests.selftest.right_variants.registry import Variant

COMPARED = [*reference.FUNCTIONS[: reference.FUNCTIONS.index("sgd_step")]]
"""The other ways of testing are given neither optimisers nor modules."""
OF_ONNX = {
    "sigmoid",
    "tanh",
    "relu",
    "softmax",
    "one_hot",
    "cross_entropy_with_logits",
    "linear",
    "gradient_descent_step",
}


@pytest.fixture(scope="module", params=[autograder, onnx_vectors, plain_hypothesis])
def baseline(request) -> Baseline:
    if request.param is onnx_vectors:
        pytest.importorskip("onnx", reason="onnx is not installed")
    return request.param()


def _more_by_a_hundredth(result: Any) -> Any:
    if isinstance(result, list | tuple):
        return type(result)(map(_more_by_a_hundredth, result))
    return result + np.asarray(result).dtype.type(0.01)


def test_the_reference_is_accepted(baseline):
    right = candidate("reference", {name: getattr(reference, name) for name in COMPARED})
    assert [name for name in baseline.tests if baseline.rejects(right, name, ROBUST)] == []


def test_a_hundredth_too_much_is_rejected_in_every_function(baseline):
    def wrong(name):
        return lambda *arguments: _more_by_a_hundredth(getattr(reference, name)(*arguments))

    mistaken = candidate("mistaken", {name: wrong(name) for name in COMPARED})
    assert [name for name in baseline.tests if not baseline.rejects(mistaken, name, ROBUST)] == []


@pytest.mark.parametrize(
    "returned", [lambda z: 1 / 0, lambda z: z * np.nan, lambda z: "right", lambda z: reference.sigmoid(z)[..., :1]]
)
def test_exceptions_nan_and_what_is_no_array_of_the_shape_are_rejected(baseline, returned):
    assert baseline.rejects(candidate("mistaken", {"sigmoid": returned}), "sigmoid", ROBUST)


def test_what_fails_only_once_is_rejected(baseline):
    calls = itertools.count()

    def wrong_at_its_first_call(z):
        return reference.sigmoid(z) if next(calls) else -z

    assert baseline.rejects(candidate("mistaken", {"sigmoid": wrong_at_its_first_call}), "sigmoid", ROBUST)


def test_onnx_has_vectors_for_its_operators_and_the_others_tests_for_every_function(baseline):
    assert set(baseline.tests) == (OF_ONNX if baseline.name == "onnx node vectors" else set(COMPARED))


def test_at_the_textbook_level_only_float64_arrays_are_passed(baseline):
    passed = []

    def noting(z):
        passed.append((z.dtype.name, z.ndim in (1, 2)))
        return reference.sigmoid(z)

    verdict = baseline.rejects(candidate("right", {"sigmoid": noting}), "sigmoid", TEXTBOOK)
    if baseline.name == "onnx node vectors":  # they are float32 throughout
        assert (verdict, passed) == (None, [])
    else:
        assert (verdict, set(passed)) == (False, {("float64", True)})


def test_without_onnx_the_error_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ModuleNotFoundError, match=r"pip install -c constraints.txt \"\.\[comparison\]\""):
        list(side_by_side.measure())


@pytest.fixture
def _profile_restored():
    before = settings.get_current_profile_name()
    yield
    settings.load_profile(before)


@pytest.mark.usefixtures("_profile_restored")
def test_the_table_counts_what_is_killed_and_accused(monkeypatch):
    pytest.importorskip("onnx", reason="onnx is not installed")
    some = [
        "sigmoid: loses the minus sign of the exponent",
        "sigmoid: adds an eps of 1e-5 to the denominator, too large to go unnoticed",
        "sigmoid: computes in the memory of its argument",
    ]
    monkeypatch.setattr(side_by_side, "MISTAKES", {name: MISTAKES[name] for name in some})
    right = Variant("as the slide has it", TEXTBOOK, lambda: {"sigmoid": lambda z: 1 / (1 + np.exp(-z))})
    wrong = Variant("not right at all", ROBUST, lambda: {"sigmoid": np.tanh, "tanh": np.tanh})
    monkeypatch.setattr(side_by_side, "VARIANTS", {one.name: one for one in (right, wrong)})
    output = "\n".join(side_by_side.measure())
    rows = [[cell.strip() for cell in line.split("|")[1:8]] for line in output.splitlines() if line.startswith("| ")]
    assert rows[1:] == [
        ["this suite, `quick`", "3 of 3", "3", "3 of 3", "0 of 0", "2 of 2", "1"],
        ["autograder", "3 of 3", "1", "1 of 3", "0 of 0", "2 of 2", "1"],
        ["onnx node vectors", "3 of 3", "1", "1 of 3", "0 of 0", "1 of 2", "1"],
        ["plain Hypothesis", "3 of 3", "2", "2 of 3", "0 of 0", "2 of 2", "1"],
    ]
    assert output.count("accuses not right at all, which is right at the robust level") == 4


@pytest.fixture
def results(tmp_path, monkeypatch):
    """A file of results with two sections, of a command that has three."""
    monkeypatch.setattr(command, "SECTIONS", {"one": "The first", "two": "The second", "three": "The third"})
    path = tmp_path / "RESULTS.md"
    text = command.written("", {"The first": "old 1", "The third": "old 3\n\n### A part of it\n\n- a line"})
    path.write_text(text, encoding="utf-8")
    return path


def test_one_section_is_written_and_the_others_stay(results, monkeypatch):
    monkeypatch.setattr(command, "measured", lambda name: [f"new {name}"])
    before = results.read_text(encoding="utf-8")
    assert command.main(["two"], results) == 0
    text = results.read_text(encoding="utf-8")
    assert re.findall("^## (.+)", text, re.MULTILINE) == ["The first", "The second", "The third"]
    second = text[text.index("## The second") : text.index("## The third")]
    assert second.endswith("\n\nnew two\n\n")
    assert f"by `python -m tests.benchmark two`: Python {platform.python_version()}, numpy {np.__version__}" in second
    assert text.replace(second, "") == before
    assert command.main([], results) == 0
    assert "old" not in results.read_text(encoding="utf-8")


def test_a_section_whose_module_is_gone_goes_and_one_that_cannot_be_measured_stays(results, monkeypatch, capsys):
    def needs_torch(name):
        if name == "one":
            raise ModuleNotFoundError("torch is not installed")
        return ["new"]

    monkeypatch.setattr(command, "measured", needs_torch)
    results.write_text(
        results.read_text(encoding="utf-8") + "\n## Of a module that is gone\n\ntext\n", encoding="utf-8"
    )
    assert command.main([], results) == 1
    text = results.read_text(encoding="utf-8")
    assert ("old 1" in text, "old 3" in text, "gone" in text) == (True, False, False)
    assert "one is not measured: torch is not installed" in capsys.readouterr().err


def test_a_name_of_no_section_is_a_usage_error(results, capsys):
    before = results.read_text(encoding="utf-8")
    with pytest.raises(SystemExit):
        command.main(["one", "four"], results)
    assert "no section has the name four: choose from one, two, three" in capsys.readouterr().err
    assert results.read_text(encoding="utf-8") == before


def test_every_section_has_its_module_and_the_file_their_titles():
    for name in command.SECTIONS:
        assert "def measure(" in (command.RESULTS.parent / f"{name}.py").read_text(encoding="utf-8"), name
    titles = re.findall("^## (.+)", command.RESULTS.read_text(encoding="utf-8"), re.MULTILINE)
    assert titles == list(command.SECTIONS.values())


def test_what_a_run_is_split_into_is_there():
    timed = [place for places in suite_speed.STAGES.values() for place in places]
    assert [name for holder, name in timed if not hasattr(holder, name)] == []


def test_each_stage_of_a_run_takes_time():
    """A stage that is looked up in another place by now would stand in the table with nothing, or not at all."""
    arguments = "'--impl', 'impls/adapters/numpy_lecture.py', '--hypothesis-profile=quick', '-k', 'SIGMOID-VALUE'"
    code = f"from tests.benchmark.suite_speed import split; print([*split({arguments})])"
    done = subprocess.run([sys.executable, "-c", code], cwd=CHECKOUT, capture_output=True, text=True, check=True)
    assert all(repr(label) in done.stdout for label in suite_speed.STAGES)


def test_every_spelling_and_every_fault_of_a_class_is_in_its_source():
    source = class_speed.SOURCE.read_text(encoding="utf-8")
    assert [old for old, _ in [*class_speed._SPELLINGS, *class_speed._FAULTS] if old not in source] == []
