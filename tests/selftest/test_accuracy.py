"""The accuracy table shows the largest errors, finds them again under the same seed, and says which calls gave them."""

import numpy as np
import pytest

import reference
from reference.arithmetic import Band
from tests.harness.judging.comparison import Comparison
from tests.harness.reports.accuracy import _ulp

OFF_BY_4_ULP = """
import numpy as np

def relu(z):
    return np.maximum(z, 0) * (1 + 4 * np.finfo(z.dtype).eps) if z.dtype.kind == "f" else np.maximum(z, 0)
"""
ON_RELU = ("--accuracy", "--level", "robust", "-k", "RELU-DTYPE or RELU-INTEGER")


def accuracy_of(result) -> str:
    _, _, text = result.output.partition("accuracy ====")
    return text


def row(text: str, function: str, dtype: str) -> list[str]:
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    (found,) = [cells[2:] for cells in rows if cells[:2] == [function, dtype]]
    return found


def calls_in(text: str) -> list[str]:
    _, _, code = text.partition("```python\n")
    return code.partition("```")[0].splitlines()


def test_the_table_shows_the_error_and_the_call_that_gave_it(suite, submission):
    text = accuracy_of(suite("--impl", submission(OFF_BY_4_ULP), "--impl", "reference", *ON_RELU))
    for dtype in ("float64", "float32"):
        wrong, right = row(text, "relu", dtype)
        ulp, _, share = wrong.partition(" / ")
        assert 4 <= float(ulp) <= 8
        assert share == "inf"
        assert right == "0"
    assert row(text, "relu", "integer") == ["0", "0"]
    scope = {"np": np, "relu": reference.relu}
    calls = [line for line in calls_in(text) if line.startswith("relu(")]
    assert calls
    for call in calls:
        assert (eval(call, scope) >= 0).any()


def test_the_same_seed_finds_the_same_errors(suite, submission):
    one, other = (accuracy_of(suite("--impl", submission(OFF_BY_4_ULP), *ON_RELU)) for _ in range(2))
    assert row(one, "relu", "float64")
    assert calls_in(one) == calls_in(other)


def test_each_implementation_is_measured_at_its_required_level(suite):
    text = accuracy_of(suite("--impl", "numpy-lecture", "--impl", "reference", "--accuracy", "-k", "TANH-V or TANH-DT"))
    at_robust, at_textbook = text.split("at the textbook level")
    assert "numpy-lecture" not in at_robust
    assert "reference" not in at_textbook.partition("```")[0]
    assert row(at_textbook, "tanh", "float64") != ["0"]


def test_it_is_measured_in_one_process(suite):
    result = suite("--impl", "reference", "--accuracy", "-n", "2", "-k", "RELU-TAILS")
    assert result.exit_status == 4
    assert "leave out -n" in result.output


@pytest.mark.parametrize(
    ("dtype", "due", "came", "ulp"),
    [
        ("float64", 1.0, 1.0 + 2.0**-51, 2.0),
        ("float32", 1.0, 1.0 + 2.0**-22, 2.0),
        ("float32", 2.0 - 2.0**-23, 2.0, 1.0),
        ("float16", 1.0, 1.0 + 2.0**-9, 2.0),
        ("bfloat16", 3.0, 3.0 + 2.0**-5, 2.0),
        ("float32", 2.0**-149, 2.0**-147, 3.0),
        ("float64", 2.0**-1060, 0.0, 2.0**14),
        ("float64", 0.0, 1.0, 0.0),
        ("float64", 1.0, np.nan, np.inf),
        ("float64", 1.0, np.inf, np.inf),
    ],
)
def test_the_unit_in_the_last_place_is_that_of_the_exact_value(dtype, due, came, ulp):
    due, came = np.array([due, 1.0]), np.array([came, 1.0])
    wrong = (came != due).astype(np.float64)
    assert _ulp(Comparison("", came, due, np.dtype(np.float64), Band(0.0), wrong, 1.0), dtype) == ulp
