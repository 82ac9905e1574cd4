"""The suite as a user runs it: exit status, JSON, JUnit, terminal, and every kind of bad input."""

import json
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ElementTree

import pytest

import reference
from tests.selftest.conftest import CHECKOUT

RIGHT_SIGMOID = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(-z))
"""

WRONG_SIGMOID = """
import numpy as np

def sigmoid(z):
    return 1 / (1 + np.exp(z))
"""

ONLY_SIGMOID = ("-k", "SIGMOID")


@pytest.fixture(scope="module")
def of_the_wrong_file(suite_of_module, written):
    """The path of a wrong file, and the result of a run on it."""
    path = str(written({"student.py": WRONG_SIGMOID}) / "student.py")
    return path, suite_of_module("--impl", path, *ONLY_SIGMOID)


def test_a_right_file_conforms_at_textbook_level_and_the_run_passes(suite, submission):
    path = submission(RIGHT_SIGMOID)
    result = suite("--impl", path)
    row = result.implementation(path)
    assert result.exit_status == 0, result.output
    assert (row["verdict"], row["required_level"]) == ("conforms", "textbook")
    assert row["functions"]["sigmoid"]["textbook"] == "conforms"
    assert row["functions"]["tanh"]["textbook"] == "not implemented"


def test_a_wrong_file_fails_with_a_report_that_can_be_acted_on(of_the_wrong_file):
    path, result = of_the_wrong_file
    assert result.exit_status == 1
    assert result.implementation(path)["verdict"] == "fails"
    assert result.outcomes()[path, "SIGMOID-VALUE"] == "failed"
    report = result.output[result.output.index("sigmoid fails on SIGMOID-VALUE") :]
    for label in ("clause:", "found:", "input:", "expected:", "got:", "again:"):
        assert label in report
    assert "MUST" in report


def test_the_counterexample_runs_and_the_reproduction_command_reproduces(suite, of_the_wrong_file, tmp_path):
    path, result = of_the_wrong_file
    clause = result.implementation(path)["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]
    names: dict = {}
    exec(WRONG_SIGMOID, names)
    exec(clause["counterexample"], names)
    (again,) = re.findall(r"again: +pytest '(.*?)' (.*)", result.output)[:1]
    anew = ("-o", f"cache_dir={tmp_path}")  # where no plans are kept
    repeated = suite(*again[1].split(), "-k", "SIGMOID-VALUE", *anew, profile=None, seed=None)
    assert repeated.implementation(path)["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"] == clause


@pytest.mark.parametrize(
    "options",
    [
        (),
        ("--level", "textbook"),
        ("--isolation", "none"),
        ("--isolation", "process", "--call-seconds", "7", "--memory-mib", "3000"),
        ("--arrays", "numpy", "--device", "cpu"),
        ("-n", "2"),
        ("--assignment", "homework.toml"),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("spec", ["my work.py", "class"])
def test_the_reproduction_command_shows_the_failure_as_it_is_printed(suite, submission, tmp_path, options, spec):
    code = WRONG_SIGMOID.replace("def sigmoid", "def logistic") if "--assignment" in options else WRONG_SIGMOID
    for name in ("my work.py", "class/anna.py"):
        submission(code, name)
    (tmp_path / "homework.toml").write_text('[functions.sigmoid]\nnames = ["logistic"]\n')
    options = [str(tmp_path / one) if one.endswith(".toml") else one for one in options]
    result = suite("--impl", str(tmp_path / spec), "-k", "SIGMOID-VALUE", *options)
    (again,) = re.findall(r"again: +pytest (.*)", result.output)
    command = [sys.executable, "-m", "pytest", *shlex.split(again), "-p", "no:cacheprovider"]
    repeated = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=False)
    assert repeated.returncode == 1, repeated.stdout + repeated.stderr
    failure = re.search(r"sigmoid fails on SIGMOID-VALUE.*?again:", result.output, re.DOTALL)[0]
    assert failure in repeated.stdout


def test_the_slides_numpy_code_passes_textbook_and_its_robust_failures_are_shown(suite):
    result = suite("--impl", "numpy-lecture")
    row = result.implementation("numpy-lecture")
    assert result.exit_status == 0, result.output
    assert row["verdict"] == "conforms"
    assert {function["textbook"] for function in row["functions"].values()} == {"conforms"}
    assert row["functions"]["softmax"]["robust"] == "fails"
    assert "not required of it, and failed" in result.output
    assert "1 failed" not in result.output


def test_robust_can_be_required_of_the_slides_code_and_fails(suite):
    result = suite("--impl", "numpy-lecture", "--level", "robust", "-k", "SOFTMAX")
    assert result.exit_status == 1
    assert result.implementation("numpy-lecture")["verdict"] == "fails"


def test_xdist_gives_the_same_verdicts_and_json(suite, submission):
    arguments = ("--impl", submission(WRONG_SIGMOID), "--impl", "numpy-lecture", "-k", "SIGMOID or RELU or MSE")
    alone, distributed = suite(*arguments), suite(*arguments, "-n", "2")
    for result in (alone, distributed):
        del result.json["suite"]["duration_s"]
    assert alone.json == distributed.json
    assert alone.exit_status == distributed.exit_status == 1


def test_every_worker_has_the_one_seed_that_is_recorded(suite):
    result = suite("--impl", "numpy-lecture", "-k", "SIGMOID-VALUE or TANH-VALUE", "-n", "2", seed=None)
    again = suite(
        "--impl", "numpy-lecture", "-k", "SIGMOID-VALUE or TANH-VALUE", seed=str(result.json["suite"]["seed"])
    )
    assert result.json["implementations"] == again.json["implementations"]


def test_ci_is_derandomized_and_chosen_where_ci_is_set(suite):
    first, second = (
        suite("--impl", "numpy-lecture", "-k", "SIGMOID-VALUE", profile=None, seed=None, environment={"CI": "true"})
        for _ in range(2)
    )
    assert first.json["suite"]["profile"] == "ci"
    assert first.json["suite"]["seed"] == second.json["suite"]["seed"]
    assert first.json["implementations"] == second.json["implementations"]


def test_an_explicit_seed_wins_over_a_derandomized_profile(suite):
    one, other = (suite("--impl", "numpy-lecture", "-k", "MSE-VALUE", profile="ci", seed=seed) for seed in ("1", "2"))
    assert [one.json["suite"]["seed"], other.json["suite"]["seed"]] == [1, 2]
    ratios = [
        result.implementation("numpy-lecture")["functions"]["mean_squared_error"]["clauses"]["MSE-VALUE"][
            "max_error_ratio"
        ]
        for result in (one, other)
    ]
    assert ratios[0] != ratios[1]


def test_the_json_is_strict_and_holds_every_function_and_clause(suite, submission):
    result = suite("--impl", submission("def sigmoid(z):\n    return z * float('nan')\n"), *ONLY_SIGMOID)
    assert json.loads(json.dumps(result.json, allow_nan=False))["schema_version"] == 2
    (row,) = result.json["implementations"]
    assert row["functions"].keys() == set(reference.FUNCTIONS)
    clause = row["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]
    assert clause["max_error_ratio"] is None


def test_junit_holds_the_failure_and_the_clause(of_the_wrong_file):
    _, result = of_the_wrong_file
    cases = ElementTree.fromstring(result.junit).iter("testcase")
    failed = {
        case.get("name"): case.find("failure").get("message") for case in cases if case.find("failure") is not None
    }
    assert any("SIGMOID-VALUE" in name and "MUST" in message for name, message in failed.items())


def test_deselecting_clauses_does_not_fail_and_does_not_pass(suite):
    result = suite("--impl", "numpy-lecture", "-k", "SIGMOID-VALUE")
    row = result.implementation("numpy-lecture")
    assert result.exit_status == 0
    assert (
        row["verdict"] == row["functions"]["sigmoid"]["textbook"] == row["functions"]["tanh"]["textbook"] == "not run"
    )
    assert "at level textbook as a whole, passed 1 of the 1 required clauses that ran" in result.output
    assert "functions of which no clause was run: 24 (tanh, relu, " in result.output


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (("--impl", "numpy-lectrue"), "numpy-lecture"),
        (("--impl", "no/such/file.py"), "no/such/file.py"),
        (("--impl", "json:nothing_there"), "nothing_there"),
        (("--level", "expert"), "expert"),
        (("--arrays", "tensorflow"), "tensorflow"),
        (("--device", "tpu"), "tpu"),
        (("--conformance-json", "no/such/folder/result.json"), "no/such/folder"),
        (("--conformance-json", "tests"), "a file"),
        (("--impl", "reference", "--device", "cuda"), "reference takes numpy arrays on cpu"),
        (("--impl", "reference", "--arrays", "torch"), "reference takes numpy arrays on cpu"),
    ],
)
def test_a_mistake_in_the_command_is_exit_status_4_before_anything_runs(suite, arguments, says):
    result = suite(*arguments)
    assert result.exit_status == 4
    assert says in result.output
    assert "passed" not in result.output


def test_an_unknown_profile_or_seed_is_exit_status_4(suite):
    of_the_profile, of_the_seed = suite(profile="slow"), suite(seed="one")
    assert of_the_profile.exit_status == of_the_seed.exit_status == 4
    assert "quick, default, ci, thorough" in of_the_profile.output


def test_a_folder_gives_a_row_for_each_file(suite, submission, tmp_path):
    submission(RIGHT_SIGMOID, "class/ada.py")
    submission(WRONG_SIGMOID, "class/bob/homework.py")
    submission("raise RuntimeError('the grader runs me')", "class/conftest.py")
    result = suite("--impl", str(tmp_path / "class"), *ONLY_SIGMOID)
    verdicts = {row["name"]: row["functions"]["sigmoid"]["textbook"] for row in result.json["implementations"]}
    assert verdicts == {"ada.py": "conforms", "bob/homework.py": "fails"}


def test_configuration_beside_a_submission_is_not_read(suite, submission):
    for name, content in {
        "conftest.py": "raise RuntimeError('conftest beside the submission was imported')",
        "pytest.ini": "[pytest]\naddopts = --no-such-option",
        "pyproject.toml": "[tool.pytest.ini_options]\naddopts = '--no-such-option'",
    }.items():
        submission(content, name)
    path = submission(RIGHT_SIGMOID)
    result = suite("--impl", path, *ONLY_SIGMOID)
    assert result.exit_status == 0, result.output
    assert result.outcomes()[path, "SIGMOID-VALUE"] == "passed"


@pytest.mark.parametrize("workers", [(), ("-n", "1")])
def test_any_file_name_gets_its_verdict_and_its_report(suite, written, workers):
    names = ["Kovács Ödön.py", "a\\b.py", "with [brackets] and 'quotes'.py"]
    wrong, right = (
        [str(written(dict.fromkeys(names, text)) / name) for name in names] for text in (WRONG_SIGMOID, RIGHT_SIGMOID)
    )
    result = suite(*_each_with_impl(wrong), "-k", "SIGMOID-VALUE", *workers)
    assert result.exit_status == 1
    assert [result.outcomes()[path, "SIGMOID-VALUE"] for path in wrong] == ["failed"] * 3
    assert result.output.count("sigmoid fails on SIGMOID-VALUE") == 3
    result = suite(*_each_with_impl(right), "-k", "SIGMOID-VALUE", *workers)
    assert result.exit_status == 0
    assert [result.outcomes()[path, "SIGMOID-VALUE"] for path in right] == ["passed"] * 3


def _each_with_impl(paths):
    return [word for path in paths for word in ("--impl", path)]


def test_a_file_that_loads_only_once_is_an_error_under_xdist(suite, submission, tmp_path):
    path = submission(
        f"import os, numpy as np\ndef relu(z, once=os.mkdir({str(tmp_path / 'once')!r})): return np.maximum(z, 0)"
    )
    result = suite("--impl", path, "--impl", "numpy-lecture", "-k", "RELU-VALUE", "-n", "1")
    assert result.exit_status == 1
    assert result.implementation(path)["verdict"] == "error"


def test_a_submission_does_not_change_what_others_are_judged_on(suite, submission):
    numbers = submission("relu = abs\nNUMBERS = [17, 23, 257, 1237, 2049, 65537, 0.4321, -77.25]\n")
    alone = suite("--impl", "numpy-lecture", "-k", "SOFTMAX-SHIFT or LOGITS-SHIFT or NEURON-BATCH", profile="default")
    beside = suite(
        "--impl",
        numbers,
        "--impl",
        "numpy-lecture",
        "-k",
        "SOFTMAX-SHIFT or LOGITS-SHIFT or NEURON-BATCH",
        profile="default",
    )
    assert alone.implementation("numpy-lecture") == beside.implementation("numpy-lecture")


def test_a_file_given_without_impl_is_a_mistake_in_the_command(suite, submission):
    result = suite(submission(WRONG_SIGMOID))
    assert result.exit_status == 4
    assert "--impl" in result.output


def test_collecting_alone_judges_nothing(suite, submission):
    result = suite("--impl", submission(WRONG_SIGMOID), "--collect-only", *ONLY_SIGMOID)
    assert result.exit_status == 0
    assert "conformance =" not in result.output
    assert result.json == {}


def test_a_forgotten_return_is_named(suite, submission):
    result = suite("--impl", submission(f"{RIGHT_SIGMOID}\ndef relu(z):\n    abs(z)\n"), "-k", "SIGMOID or RELU")
    assert result.exit_status == 1
    assert "relu returned None: is a return missing?" in result.output


def test_a_process_that_dies_under_xdist_loses_only_the_clauses_it_was_judging(suite, submission):
    path = submission("import os\ndef sigmoid(z):\n    os._exit(0)\n")
    result = suite("--impl", path, "--impl", "numpy-lecture", "-k", "SIGMOID-VALUE or SIGMOID-RANGE", "-n", "2")
    assert result.exit_status == 1
    assert result.implementation(path)["verdict"] == "error"
    outcomes = result.outcomes()
    assert {outcomes[path, "SIGMOID-VALUE"], outcomes[path, "SIGMOID-RANGE"]} == {"error"}
    assert {outcomes["numpy-lecture", "SIGMOID-VALUE"], outcomes["numpy-lecture", "SIGMOID-RANGE"]} == {"passed"}
