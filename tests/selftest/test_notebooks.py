"""Submissions as students write them: notebooks, other names, torch, files that are none."""

import pytest

nbformat = pytest.importorskip("nbformat")
ONLY = ("-k", "SIGMOID-VALUE or SOFTMAX-VALUE")
CELLS = [
    "# text only",
    "%matplotlib inline\n!pip install nothing\nimport numpy as np\nimport no_such_plotting as plt",
    "import urllib.request\ndata = urllib.request.urlopen('http://nowhere.invalid/').read()\nplt.plot(data)",
    "eps = 0.0\none: float = 1.0\nz = raise_an_error_when_run()",
    "def _exp(z):\n    return np.exp(-z)\n\ndef sigmoid(z):\n    data = _exp(z)\n    return one / (one + data + eps)",
    "%%timeit\nsigmoid(np.zeros(3))",
    "%%bash\nexit 1",
    "sigmoid(np.zeros(3)",
    "for _ in range(3):\n    plt.show()",
]


def notebook(path, cells):
    written = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in cells])
    written.cells.insert(0, nbformat.v4.new_markdown_cell("# Homework"))
    path.parent.mkdir(parents=True, exist_ok=True)
    nbformat.write(written, path)
    return str(path)


@pytest.mark.parametrize("isolation", ["process", "none"])
def test_of_a_notebook_only_what_the_functions_need_is_run(suite, tmp_path, isolation):
    path = notebook(tmp_path / "homework.ipynb", CELLS)
    result = suite("--impl", path, "--isolation", isolation, *ONLY)
    assert result.outcomes()[path, "SIGMOID-VALUE"] == "passed", result.output
    assert result.exit_status == 0


@pytest.mark.parametrize("isolation", ["process", "none"])
def test_a_place_in_a_notebook_is_a_cell_and_a_line(suite, tmp_path, isolation):
    cells = ["import numpy as np", "def sigmoid(z):\n    a = 1\n    return np.no_such_function(z)"]
    path = notebook(tmp_path / "homework.ipynb", cells)
    result = suite("--impl", path, "--isolation", isolation, *ONLY)
    assert "homework.ipynb, cell 3:3" in result.output
    path = notebook(tmp_path / "unfinished.ipynb", ["import numpy as np", "def sigmoid(z):\n    return (1"])
    result = suite("--impl", path, "--isolation", isolation, *ONLY)
    message = result.implementation(path)["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]["message"]
    assert "SyntaxError" in message
    assert "unfinished.ipynb, cell 3:2" in message


def test_what_is_no_notebook_is_an_error_of_its_own(suite, tmp_path):
    (tmp_path / "empty.ipynb").write_text("")
    (tmp_path / "other.ipynb").write_text('{"cells": 3}')
    notebook(tmp_path / "right.ipynb", CELLS)
    result = suite("--impl", str(tmp_path), *ONLY)
    verdicts = {row["name"]: row["verdict"] for row in result.json["implementations"]}
    assert verdicts == {"empty.ipynb": "error", "other.ipynb": "error", "right.ipynb": "not run"}
    assert "no notebook that can be read" in result.implementation("empty.ipynb")["reason"]


def test_names_that_are_near_are_named(suite, submission):
    path = submission("def sigmiod(z): return z\ndef plot(): pass\n")
    reason = suite("--impl", path).implementation(path)["reason"]
    assert "sigmiod (sigmoid?), plot" in reason
    assert "--assignment" in reason


def test_a_file_of_torch_alone_takes_tensors(suite, submission):
    pytest.importorskip("torch")
    path = submission("import torch\ndef sigmoid(z): return 1 / (1 + torch.exp(-z))\n")
    result = suite("--impl", path, "-k", "SIGMOID-VALUE")
    assert result.implementation(path)["arrays"] == "torch"
    assert result.outcomes()[path, "SIGMOID-VALUE"] == "passed"
    path = submission("import torch\nimport numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n", "both.py")
    assert suite("--impl", path, "-k", "SIGMOID-VALUE").implementation(path)["arrays"] == "numpy"


def test_links_out_of_the_folder_and_folders_named_as_files_are_errors(suite, submission, tmp_path):
    solution = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n", "solution.py")
    submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n", "class/own.py")
    (tmp_path / "class" / "linked.py").symlink_to(solution)
    (tmp_path / "class" / "folder.py").mkdir()
    result = suite("--impl", str(tmp_path / "class"), *ONLY)
    verdicts = {row["name"]: row["verdict"] for row in result.json["implementations"]}
    assert verdicts == {"folder.py": "error", "linked.py": "error", "own.py": "not run"}
    assert "leads out of the folder" in result.implementation("linked.py")["reason"]
