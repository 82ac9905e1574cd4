"""The error over the input: the numbers that a failing elementwise function leaves, and the plot of them on a page."""

import numpy as np
import pytest

import reference
from tests.harness.judging import curve
from tests.harness.judging.trial import Made
from tests.selftest.test_reports_pages import Page

Z = np.linspace(-30, 30, 1001)
SHIFTED = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(z))\ndef softmax(z): return np.ones_like(z)\n"


def curve_of(value, z=Z, function="sigmoid"):
    calls = [Made(function, (z,), {}, np.asarray(value))]
    return curve.error_curve(function, calls, lambda z: np.full(z.shape, 1e-12))


def test_the_points_are_the_errors_at_the_inputs_in_their_order():
    z = np.array([[3.0, -1.0], [2.0, 0.0]])
    found = curve_of(reference.sigmoid(z) + np.array([[0.5, 0.0], [0.0, np.nan]]), z)
    assert found == {"label": "z", "input": [-1, 0, 2, 3], "error": [0, None, 0, 0.5], "allowed": [1e-12] * 4}


def test_many_points_are_thinned_and_the_wrong_ones_stay():
    value = reference.sigmoid(Z)
    value[[7, 500]] += 1
    found = curve_of(value)
    assert len(found["input"]) == curve.MOST_POINTS // 2 + 2
    assert sum(error > 1e-12 for error in found["error"]) == 2
    assert list(found["input"]) == sorted(found["input"])
    assert {Z[0], Z[-1]} <= set(found["input"])


@pytest.mark.parametrize(
    ("value", "function"),
    [
        pytest.param(reference.sigmoid(Z), "sigmoid", id="nothing is wrong"),
        pytest.param(np.zeros(3), "sigmoid", id="another shape"),
        pytest.param(np.zeros_like(Z), "softmax", id="no function of one element"),
    ],
)
def test_there_is_no_plot_where_there_is_nothing_to_see(value, function):
    assert curve_of(value, function=function) is None


def test_infinite_inputs_and_unlimited_errors_are_left_out():
    z = np.array([-np.inf, -1.0, 0.0, 1.0, np.nan, 2.0])
    calls = [Made("sigmoid", (z,), {}, np.full(6, 7.0))]
    found = curve.error_curve("sigmoid", calls, lambda z: np.where(z == 2, np.inf, 0.0))
    assert found["input"] == [-1, 0, 1]


def test_the_plot_stands_on_the_page_of_the_submission(suite, submission, tmp_path):
    pytest.importorskip("matplotlib", reason="matplotlib is not installed")
    path = submission(SHIFTED, "ada.py")
    result = suite("--impl", path, "-k", "SIGMOID-VALUE or SOFTMAX-VALUE", "--report", str(tmp_path / "report"))
    functions = result.implementation(path)["functions"]
    assert len(functions["sigmoid"]["clauses"]["SIGMOID-VALUE"]["curve"]["input"]) > 20
    assert functions["softmax"]["clauses"]["SOFTMAX-VALUE"]["curve"] is None
    (html,) = (tmp_path / "report" / "students").iterdir()
    page = Page(html.read_text(encoding="utf-8"))
    assert len(page.all("svg")) == 1
    assert "inputs shown lie above what is allowed" in page.words
