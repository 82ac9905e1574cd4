"""What a source mentions decides which arrays a file takes, and what its worker says of it does not."""

from pathlib import Path

import pytest

from impls import Implementation, SpecError, Unloadable, probe
from impls.implementation import Says
from impls.isolation import Isolation, load_isolated
from impls.submissions.mentioned_libraries import Mentions, mentions
from impls.submissions.notebook import pieces_of
from impls.submissions.spec import Asked, named_by
from tests.selftest.candidates import forger

SIGMOID = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n"
NAMES = ("sigmoid", "tanh")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(
    ("source", "due"),
    [
        ("import numpy as np, torch.nn as nn", Mentions(frozenset({"numpy", "torch"}))),
        ("def f():\n\tfrom torch import nn", Mentions(frozenset({"torch"}))),
        ("if True: import cupy # as np", Mentions(frozenset({"cupy"}))),
        ("import os; import \\\n torch# twice", Mentions(frozenset({"torch"}))),
        ("%matplotlib inline\nimport torch\nprint 'Python 2'", Mentions(frozenset({"torch"}))),
        ('"""Homework.\nimport torch\n"""\nimport numpy', Mentions(frozenset({"numpy"}))),
        ("x = 'a; import torch'\n# import torch\n'''\nimport torch", Mentions()),
        ("from . import torch\nimport torchvision\nreimport torch", Mentions()),
        ("ARRAYS = 'torch'; DEVICE: str = \"cuda\"", Mentions(arrays="torch", device="cuda", cuda=True)),
        ("ARRAYS = 'jaxx'\nDEVICE = ['cuda']", Mentions(cuda=True)),
        ("x.to('cuda:0')", Mentions(cuda=True)),
        ("# ARRAYS = 'torch'\ndef f():\n    x = 'ARRAYS'", Mentions()),
    ],
)
def test_what_a_source_mentions(source, due):
    assert mentions(source) == due


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '"""',
        '"""\\"',
        "\\",
        "'\"",
        "import ",
        "import a,",
        " ",
        "; ",
        "\n",
        "#'\n",
        "ARRAYS :",
        "'a'",
        ";" + " " * 99,
    ],
)
def test_what_a_source_mentions_is_found_in_time_that_grows_as_its_length(text):
    """A pattern that goes back would not come to an end here."""
    mentions((text * (1 << 20))[: 1 << 20])


def test_the_pieces_of_a_notebook_are_found_in_time_that_grows_as_their_length():
    blanks = " " * 200_000
    cells = ["(\n" + "\n" * 200_000, f"{blanks}x\n(", f"x{blanks}\n(", "def f(): pass"]
    assert [piece.source for piece in pieces_of(Path("x.ipynb"), cells)][-1] == cells[-1]


def loaded_in_a_worker(path: Path, arrays=None, device=None):
    isolation = Isolation()
    try:
        (named,) = named_by(str(path), Asked(arrays, device))
        return load_isolated(isolation, named, NAMES, Asked(arrays, device))
    finally:
        isolation.close()


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"wrong": "all is well"}, "all is well"),
        ({"arrays": "cupy", "device": "cuda"}, "speaks of cupy arrays"),
        ({"arrays": "torch", "device": "cpu"}, "speaks of torch arrays"),
        ({"arrays": ["numpy"], "device": 3}, "speaks of ['numpy'] arrays"),
        ({"arrays": "numpy", "device": "cuda"}, "speaks of the device cuda"),
        ({"arrays": "\x1b[2J", "device": "cpu"}, "speaks of "),
    ],
)
def test_what_a_worker_says_of_a_file_is_the_row_of_that_file(folder, answer, says):
    forged = {"functions": ["sigmoid"], "says": Says().as_json(), **answer}
    (folder / "liar.py").write_text(forger(forged))
    found = loaded_in_a_worker(folder / "liar.py")
    assert isinstance(found, Unloadable)
    assert says in found.reason
    assert found.reason.isprintable()
    assert (found.arrays, found.device) == ("numpy", "cpu")


def test_an_option_that_cannot_be_had_is_a_mistake_in_the_command(folder):
    (folder / "anna.py").write_text(SIGMOID)
    with pytest.raises(SpecError, match="--device cuda cannot be had: numpy arrays do not lie on cuda"):
        loaded_in_a_worker(folder / "anna.py", device="cuda")


@pytest.mark.parametrize("declared", ["ARRAYS = 'cupy'", "DEVICE = 'cuda'\nARRAYS = 'torch'", "import cupy"])
def test_a_device_that_a_file_declares_and_that_is_not_there_is_its_row(folder, declared):
    for arrays in ("cupy", "torch"):
        if arrays in declared and probe(arrays, "cuda") is None:
            pytest.skip(f"{arrays} on cuda is there")
    (folder / "anna.py").write_text(f"{declared}\ndef sigmoid(z): return z\n")
    found = loaded_in_a_worker(folder / "anna.py")
    assert isinstance(found, Unloadable)
    assert found.device == "cuda"


def test_a_file_takes_the_arrays_of_the_only_library_it_imports(folder):
    pytest.importorskip("torch")
    (folder / "anna.py").write_text("import torch\ndef sigmoid(z): return torch.sigmoid(z)\n")
    found = loaded_in_a_worker(folder / "anna.py")
    assert isinstance(found, Implementation)
    assert (found.arrays, set(found.versions)) == ("torch", {"numpy", "torch"})
    assert mentions("import cupy").only == "cupy"
    assert mentions("import cupy\nimport numpy").only is None
