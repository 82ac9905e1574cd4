"""The outputs that README shows are those of the commands beside them, on the files that it describes."""

import re
from pathlib import Path

import pytest

README = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
HOMEWORK = """
import numpy as np
def sigmoid(z): return 1 / (1 + np.exp(-z))
def softmax(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=0)
def mean_squared_error(y_hat, y):
    loss = ((y_hat - y) ** 2).mean() / 2
"""
LIBRARY = """
import numpy as np
def relu(z): return z * (z > 0)
def softmax(z):
    if np.ndim(z) == 0 or np.shape(z)[-1] == 0: raise ValueError("z needs classes")
    z = np.asarray(z, dtype=np.result_type(z, np.float32))
    with np.errstate(all="ignore"):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
"""
ANNA = """
import numpy as np
def sigmoid(z): return 1 / (1 + np.exp(-z))
class LogisticRegression:
    def __loss(self, y, y_hat): return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
def forward(X, parameters):
    A1 = np.tanh(parameters["W1"] @ X + parameters["b1"])
    A2 = sigmoid(parameters["W2"] @ A1 + parameters["b2"])
    return A2, A1
"""
BOB = (
    ANNA.replace("def sigmoid", "def my_sigmoid").replace("sigmoid(par", "my_sigmoid(par").replace("np.mean", "np.sum")
)
CLEO = "from scipy.special import expit\ndef sigmoid(z): return expit(z)\ndef forward(X, parameters): pass\n"


def block(first: str, language: str = "") -> str:
    """The block of README whose first line begins like this."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", README, flags=re.MULTILINE | re.DOTALL)
    (found,) = [one for one in blocks if one.lstrip().startswith(first)]
    return found


def assert_shown(shown: str, output: str) -> None:
    """Each line is one of the output; what follows "..." is left out in README."""
    lines = [line.rstrip() for line in output.splitlines()]
    for line in shown.splitlines():
        start = line.partition("...")[0].rstrip()
        assert any(one == line or ("..." in line and one.startswith(start)) for one in lines), line


def test_a_student(suite, submission):
    path = submission(HOMEWORK, "my_homework.py")
    result = suite("--impl", path, seed="0")
    assert_shown(block("my_homework.py: error"), result.output.replace(path, "my_homework.py"))
    assert " 11 failed, " in result.output


def test_a_library(suite, submission, tmp_path):
    submission("", "mypackage/__init__.py")
    submission(LIBRARY, "mypackage/nn.py")
    result = suite("--impl", "mypackage.nn", "--level", "robust", environment={"PYTHONPATH": str(tmp_path)}, seed="0")
    assert_shown(block("mypackage.nn: relu fails"), result.output)
    assert " 3 failed, " in result.output


def test_a_lecturer(suite, submission, tmp_path):
    pytest.importorskip("scipy", reason="scipy is not installed")
    own = '\n[submissions."bob.py".functions.sigmoid]\nnames = ["my_sigmoid"]\n'
    homework = submission(block("[assignment]", "toml") + own, "homework.toml")
    submission("".join(re.findall(r"^```python\n(# course.py.*?)^```$", README, re.MULTILINE | re.DOTALL)), "course.py")
    for name, source in {"anna": ANNA, "bob": BOB, "cleo": CLEO}.items():
        submission(source, f"submissions/{name}.py")
    result = suite("--assignment", homework, "--impl", str(tmp_path / "submissions"), seed="0")
    assert_shown(block("anna.py  bob.py"), result.output)
