"""Classes of torch modules as students hand them in."""

import pytest

pytest.importorskip("torch", reason="torch is not installed")

ONLY = ("-k", "REGRESSION or BINARY or MULTICLASS")
CLASS = """
from torch import nn
{before}
class MyTwoLayerMLP(nn.Module):
    def __init__(self, {arguments}):
        super().__init__()
        self.layers = nn.Sequential(nn.Linear(input_dim, h_dim), {hidden}, nn.Linear(h_dim, {k}){last})
    def forward(self, x):
        return {output}
"""
AS_ON_THE_SLIDES = {
    "before": "",
    "arguments": "input_dim, h_dim",
    "hidden": "nn.ReLU()",
    "k": "1",
    "last": "",
    "output": "self.layers(x)",
}


def written(**other):
    return CLASS.format(**{**AS_ON_THE_SLIDES, **other})


@pytest.mark.parametrize("isolation", ["process", "none"])
@pytest.mark.parametrize(
    ("task", "code"),
    [
        ("regression", written()),
        ("regression", written(k="4")),
        ("binary", written(last=", nn.Sigmoid()")),
        ("multiclass", written(k="10", before='TASK = "multiclass"')),
        ("multiclass", written(arguments="input_dim, h_dim, k", k="k", before='TASK = "multiclass"')),
    ],
)
def test_the_four_forms_of_the_slides_conform(suite, submission, task, code, isolation):
    path = submission(code)
    row = suite("--impl", path, "--level", "robust", "--isolation", isolation, *ONLY).implementation(path)
    levels = {name: (one["textbook"], one["robust"]) for name, one in row["functions"].items()}
    assert levels.pop(f"{task}_module")[0] == levels.pop(f"{task}_module_gradients")[0] == "conforms"
    assert {textbook for textbook, _ in levels.values()} == {"not implemented"}
    assert row["arrays"] == "torch"


@pytest.mark.parametrize(
    ("code", "clause", "says"),
    [
        (
            written(last=", nn.Softmax(dim=1)", k="3", before='TASK = "multiclass"'),
            "MULTICLASS-VALUE",
            "puts a softmax before CrossEntropyLoss",
        ),
        (written(last=", nn.ReLU()"), "REGRESSION-VALUE", "puts a ReLU on its output"),
        (written(before='TASK = "binary"'), "BINARY-VALUE", "has no sigmoid before BCELoss"),
        (written(hidden="nn.Identity()"), "REGRESSION-VALUE", "no activation between its layers"),
        (written(hidden="nn.ReLU(), nn.Dropout(0.5)"), "REGRESSION-TRAINING", "no dropout"),
        (written(output="self.layers(x).squeeze()"), "REGRESSION-VALUE", "shape"),
        (written(output="self.layers(x).detach()"), "REGRESSION-GRADIENT", "grad"),
        (written(hidden="nn.BatchNorm1d(h_dim)"), "REGRESSION-VALUE", "W and b of two layers"),
    ],
)
def test_a_wrong_module_fails_on_the_clause_that_names_the_mistake(suite, submission, code, clause, says):
    path = submission(code)
    result = suite("--impl", path, *ONLY)
    assert result.exit_status == 1
    assert result.outcomes()[path, clause] in ("failed", "error")
    assert says in result.output


@pytest.mark.parametrize(
    ("code", "says"),
    [
        (written(before='TASK = "classification"'), "it has to be one of regression, binary, multiclass"),
        (written(arguments="input_dim=2, *, h_dim"), "its constructor has to take (input_dim, h_dim)"),
        (written().replace("MyTwoLayerMLP", "A") + written().replace("MyTwoLayerMLP", "B"), "several torch modules"),
    ],
)
def test_what_cannot_be_made_is_an_error_that_says_why(suite, submission, code, says):
    path = submission(code)
    row = suite("--impl", path, *ONLY).implementation(path)
    assert row["verdict"] == "error"
    assert says in row["reason"]


def test_a_class_is_found_beside_functions_and_by_its_name(suite, submission, tmp_path, monkeypatch):
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n" + written())
    outcomes = suite("--impl", path, "-k", "SIGMOID-VALUE or REGRESSION-VALUE or REGRESSION-GRADIENT").outcomes()
    assert [outcomes[path, one] for one in ("SIGMOID-VALUE", "REGRESSION-VALUE", "REGRESSION-GRADIENT")] == [
        "passed"
    ] * 3
    (tmp_path / "their_networks.py").write_text(written())
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    named = "their_networks:MyTwoLayerMLP"
    assert suite("--impl", named, *ONLY).outcomes()[named, "REGRESSION-VALUE"] == "passed"


def test_an_implementation_is_complete_without_a_module(suite, submission):
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n")
    result = suite("--impl", path, "-k", "SIGMOID-VALUE or REGRESSION", "--require-complete")
    reason = result.implementation(path)["reason"]
    assert "tanh" in reason
    assert "module" not in reason
    assert result.outcomes()[path, "REGRESSION-VALUE"] == "skipped"
    assert "FAILED tests/conformance/test_modules.py" not in result.output
