"""The figures that --figures draws."""

import base64

import numpy as np
import pytest

import reference
from tests.experiments import figures_of_the_lecture as figures
from tests.harness.reports.page_names import PageNames
from tests.selftest.candidates import candidate
from tests.selftest.test_reports_pages import Page

matplotlib = pytest.importorskip("matplotlib", reason="matplotlib is not installed")
ONLY = ("-k", "SIGMOID-VALUE")

PNG = b"\x89PNG"


def drawn(folder):
    return sorted(path.name for path in folder.iterdir() if path.read_bytes().startswith(PNG))


def test_each_implementation_has_its_figures_and_the_errors_are_one(suite, submission, tmp_path):
    source = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n"
    path = submission(source + "def mlp(x, theta, activations): return np.zeros(3)\n", "a$b$.py")
    result = suite("--impl", path, "--impl", "reference", "--figures", str(tmp_path / "out"), *ONLY)
    assert result.exit_status == 0
    names = ["reference-learned.png", "reference-networks.png", "reference-overfitting.png"]
    assert [name for name in drawn(tmp_path / "out") if name.startswith("reference")] == names
    assert "errors.png" in drawn(tmp_path / "out")
    assert "networks.png: mlp gave no array of shape" in result.output
    assert "learned.png: mlp_gradients is not there" in result.output


def test_the_pages_of_a_report_show_them(suite, submission, tmp_path):
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n")
    places = ("--figures", str(tmp_path / "out"), "--report", str(tmp_path / "report"))
    suite("--impl", path, "--impl", "reference", *places, *ONLY)
    shown = {path.stem: pictures_on(path) for path in (tmp_path / "report").rglob("*.html")}
    first, *others = [text for text, _ in shown["index"]]
    assert first.startswith("The errors of float32 results")
    assert others == [text for text, _ in shown["reference"]]
    assert len(shown["reference"]) == 3
    assert shown["index"][0][1] == (tmp_path / "out" / "errors.png").read_bytes()
    assert {name: len(pictures) for name, pictures in shown.items() if "student" in name} == {PageNames().of(path): 0}


def pictures_on(path):
    """What each picture of a page shows, in words and as it is."""
    pictures = Page(path.read_text(encoding="utf-8")).all("img")
    return [(one["alt"], base64.b64decode(one["src"].removeprefix("data:image/png;base64,"))) for one in pictures]


def test_submissions_whose_names_are_alike_have_figures_of_their_own(tmp_path):
    alike = [candidate(name, {"mlp": reference.mlp}) for name in ("a b.py", "a_b.py", "A_b.py")]
    paths = {one.path for one in figures.write(alike, tmp_path)}
    assert len(paths) == 3 * 3 + 1


def test_a_place_in_the_report_and_a_full_place_are_told(suite, tmp_path):
    inside = str(tmp_path / "report" / "figures")
    result = suite("--impl", "reference", "--figures", inside, "--report", str(tmp_path / "report"), *ONLY)
    assert result.exit_status == 4
    assert "needs a folder outside" in result.output
    result = suite("--impl", "reference", "--figures", "/dev/full/x", *ONLY)
    assert result.exit_status == 1
    assert "/dev/full/x could not be written" in result.output


def test_the_errors_are_those_of_the_implementation():
    exact = candidate("exact", {"sigmoid": reference.sigmoid})
    off = candidate("off", {"sigmoid": lambda z: reference.sigmoid(z) * np.float32(1 + 2.0**-19)})
    assert figures._error_curve(figures._Functions(exact), "sigmoid").max() <= 0.5
    assert 16 <= figures._error_curve(figures._Functions(off), "sigmoid").max() <= 33


def test_what_is_trained_is_trained_by_the_implementation():
    """A step that never moves leaves the loss where it was."""
    still = candidate(
        "still",
        {
            "mlp": reference.mlp,
            "mlp_gradients": reference.mlp_gradients,
            "gradient_descent_step": lambda theta, grad, alpha: list(theta),
        },
    )
    task = figures._NETWORKS["20+1"]
    x, y = figures.data.rings(20, 0)
    first, *_, last = figures._descended(figures._Functions(still), task, x, y)
    assert all(
        np.array_equal(p, q) for one, other in zip(first, last, strict=True) for p, q in zip(one, other, strict=True)
    )


def test_a_file_in_place_of_a_folder_and_matplotlib_missing_are_usage_errors(suite, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    result = suite("--impl", "reference", "--figures", str(tmp_path / "file"), *ONLY)
    assert result.exit_status == 4
    assert "needs a folder" in result.output
    monkeypatch.setitem(__import__("sys").modules, "matplotlib.figure", None)
    assert "pip install -c constraints.txt" in str(figures.needs())
