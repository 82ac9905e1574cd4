"""Classes of torch modules as students hand them in."""

import json
from pathlib import Path

import pytest

pytest.importorskip("torch", reason="torch is not installed")

ONLY = ("-k", "NETWORK")
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
MSE = "loss = nn.MSELoss()"
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


RIGHT = {
    "regression": written(before='TASK = "regression"'),
    "several outputs": written(k="4", before="loss = nn.MSELoss()"),
    "binary": written(last=", nn.Sigmoid()", before="criterion = nn.BCELoss()"),
    "binary with logits": written(before="criterion = nn.BCEWithLogitsLoss()"),
    "multiclass": written(k="10", before="def train():\n    return nn.CrossEntropyLoss()"),
    "multiclass of k": written(arguments="input_dim, h_dim, k", k="k", before='TASK = "multiclass"'),
}
WRONG = [
    (
        written(last=", nn.Softmax(dim=1)", k="3", before='TASK = "multiclass"'),
        "NETWORK-VALUE",
        "puts a softmax of 3 outputs before CrossEntropyLoss",
    ),
    (written(last=", nn.ReLU()", before=MSE), "NETWORK-VALUE", "puts a ReLU on its output"),
    (written(before='TASK = "binary"'), "NETWORK-VALUE", "has no sigmoid before BCELoss"),
    (written(hidden="nn.Identity()", before=MSE), "NETWORK-VALUE", "no activation between its layers"),
    (written(hidden="nn.ReLU(), nn.Dropout(0.5)", before=MSE), "NETWORK-VALUE", "expected"),
    (written(output="self.layers(x).squeeze()", before=MSE), "NETWORK-VALUE", "shape"),
    (written(output="self.layers(x).detach()", before=MSE), "NETWORK-GRADIENT", "does not require grad"),
    (written(before="loss = nn.MSELoss(reduction='sum')"), "NETWORK-GRADIENT", "reduction='sum'"),
    (written(before='TASK = "binary"\nloss = nn.MSELoss()'), "NETWORK-VALUE", "nn.MSELoss(), which is mean_squared"),
    (written(before="loss = nn.BCELoss()"), "NETWORK-VALUE", "has no sigmoid before BCELoss"),
    (written(last=", nn.Sigmoid()", k="3", before="loss = nn.CrossEntropyLoss()"), "NETWORK-VALUE", "sigmoid"),
    (written(last=", nn.Sigmoid()", before=MSE), "NETWORK-VALUE", "puts a sigmoid on its output"),
    (
        written(before='ACTIVATIONS = ("relu", "identity")\nloss = nn.BCELoss()'),
        "NETWORK-GRADIENT",
        "('relu', 'identity') and makes nn.BCELoss(): binary_cross_entropy takes probabilities",
    ),
]
CANNOT_BE_TOLD = [
    (written(), "say which TASK"),
    (written(last=", nn.Sigmoid()"), "say which TASK"),
    (written(before="a, b = nn.MSELoss(), nn.BCELoss()"), "several losses (MSELoss, BCELoss): say which TASK"),
    (written(before='TASK = "classification"'), "needs one of regression, binary, multiclass"),
    (written(arguments="input_dim=2, *, h_dim", before=MSE), "its constructor has to take (inputs, hidden)"),
    (
        written(before='ACTIVATIONS = "relu", "tanh"\nLOSS = "cross_entropy"'),
        "the activation tanh; it needs sigmoid or softmax, or the loss is cross_entropy_with_logits",
    ),
    (written(hidden="nn.BatchNorm1d(h_dim)", before=MSE), "W and b of two layers"),
    (
        written(before=MSE).replace("MyTwoLayerMLP", "A") + written().replace("MyTwoLayerMLP", "B"),
        "several networks of two layers (A, B)",
    ),
]
"""Each with what is said of it. A class of all of them is judged at once: torch is imported once for it."""


def judged(suite, submission, codes, *options):
    """The rows of files with these codes, in their order, and the run."""
    paths = [submission(code, f"class/{number:02}.py") for number, code in enumerate(codes)]
    result = suite("--impl", str(Path(paths[0]).parent), *ONLY, *options)
    return [result.implementation(Path(path).name) for path in paths], result


@pytest.mark.parametrize("isolation", ["process", "none"])
def test_the_four_forms_of_the_slides_conform(suite, submission, isolation):
    rows, _ = judged(suite, submission, RIGHT.values(), "--level", "robust", "--isolation", isolation)
    for name, row in zip(RIGHT, rows, strict=True):
        levels = {function: (one["textbook"], one["robust"]) for function, one in row["functions"].items()}
        assert levels.pop("network")[0] == levels.pop("network_gradients")[0] == "conforms", name
        assert {textbook for textbook, _ in levels.values()} == {"not implemented"}
        assert row["arrays"] == "torch"


def test_a_wrong_module_fails_on_the_clause_that_names_the_mistake(suite, submission):
    rows, result = judged(suite, submission, [code for code, *_ in WRONG])
    assert result.exit_status == 1
    for row, (code, id, says) in zip(rows, WRONG, strict=True):
        clauses = {id: clause for one in row["functions"].values() for id, clause in one.get("clauses", {}).items()}
        assert clauses[id]["outcome"] in ("failed", "error"), code
        assert says in json.dumps(clauses[id]), (code, clauses[id])


def test_what_cannot_be_told_is_not_judged_and_never_conforms(suite, submission):
    rows, _ = judged(suite, submission, [code for code, _ in CANNOT_BE_TOLD])
    for row, (code, says) in zip(rows, CANNOT_BE_TOLD, strict=True):
        assert row["functions"]["network"]["textbook"] == "not judged", code
        assert says in row["functions"]["network"]["reason"], code
        assert row["verdict"] == "error", code


def test_the_command_line_says_what_a_network_is_for(suite, submission, tmp_path):
    path = submission(written())
    result = suite("--impl", path, *ONLY, "--task", "regression")
    assert result.implementation(path)["functions"]["network"]["textbook"] == "conforms"
    result = suite("--impl", path, *ONLY, "--task", "binary")
    assert result.outcomes()[path, "NETWORK-VALUE"] == "failed"
    assert "has no sigmoid before BCELoss" in result.output
    assert "--task binary" in result.output
    of_the_file = submission(written(before=MSE), "knows.py")
    assert suite("--impl", of_the_file, *ONLY, "--task", "binary").outcomes()[of_the_file, "NETWORK-VALUE"] == "failed"
    named, path = "their_module:MyTwoLayerMLP", {"PYTHONPATH": str(tmp_path)}
    submission(written(before='ACTIVATIONS = "relu", "identity"'), "their_module.py")
    result = suite("--impl", named, *ONLY, "--task", "regression", environment=path)
    assert result.outcomes()[named, "NETWORK-VALUE"] == "passed"
    result = suite("--impl", named, *ONLY, "--task", "binary", environment=path)
    assert result.outcomes()[named, "NETWORK-VALUE"] == "failed"


def test_classes_that_are_still_to_be_written_are_not_implemented(suite, submission):
    stub = "class {}(nn.Module):\n    def forward(self, x):\n        {}\n"
    path = submission(
        "import torch.nn as nn\ndef sigmoid(z): return 1 / (1 + (-z).exp())\n"
        + stub.format("A", "raise NotImplementedError('later')")
        + stub.format("B", "pass")
    )
    row = suite("--impl", path, "-k", "NETWORK or SIGMOID-VALUE").implementation(path)
    assert row["functions"]["network"]["textbook"] == "not implemented"
    assert "A, B: still to be written" in str(row["functions"]["network"])


def test_a_class_is_found_beside_functions_and_by_its_name(suite, submission, tmp_path):
    code = written(before=MSE)
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n" + code)
    outcomes = suite("--impl", path, "-k", "SIGMOID-VALUE or NETWORK-VALUE or NETWORK-GRADIENT").outcomes()
    assert [outcomes[path, one] for one in ("SIGMOID-VALUE", "NETWORK-VALUE", "NETWORK-GRADIENT")] == ["passed"] * 3
    (tmp_path / "their_networks.py").write_text(written(before='TASK = "regression"'))
    named = "their_networks:MyTwoLayerMLP"
    result = suite("--impl", named, *ONLY, environment={"PYTHONPATH": str(tmp_path)})
    assert result.outcomes()[named, "NETWORK-VALUE"] == "passed"


def test_an_implementation_is_complete_without_a_network(suite, submission):
    path = submission("import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n")
    result = suite("--impl", path, "-k", "SIGMOID-VALUE or NETWORK", "--require-complete")
    reason = result.implementation(path)["reason"]
    assert "tanh" in reason
    assert "network" not in reason
    assert result.outcomes()[path, "NETWORK-VALUE"] == "skipped"
    assert "FAILED tests/conformance/test_network.py" not in result.output
