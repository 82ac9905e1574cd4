"""How a spec becomes an implementation, and that what a submission does while it loads stays with it."""

import os
import re
import subprocess
import sys
import warnings
from pathlib import Path

import numpy as np
import pytest

from impls import Implementation, SpecError, Unloadable, builtins_present, probe, resolve, with_unique_names
from impls.builtin import BUILTINS

NAMES = ("sigmoid", "tanh", "relu")
SIGMOID = "import numpy as np\ndef sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


def write(path: str, text: str | bytes) -> str:
    Path(path).parent.mkdir(parents=True, exist_ok=True)
    Path(path).write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def one(spec: str, **options) -> Implementation:
    (found,) = resolve(spec, NAMES, **options)
    assert isinstance(found, Implementation), found
    return found


def reason(spec: str, **options) -> str:
    (found,) = resolve(spec, NAMES, **options)
    assert isinstance(found, Unloadable), found
    return found.reason


def test_a_file_is_named_by_its_path_and_offers_the_functions_it_defines():
    found = one(write("students/anna.py", SIGMOID))
    assert (found.name, found.spec) == ("students/anna.py", "students/anna.py")
    assert list(found.functions) == ["sigmoid"]
    assert (found.arrays, found.device, found.default_level) == ("numpy", "cpu", "textbook")
    assert found.caller.functions["sigmoid"](np.zeros(1)) == 0.5
    assert found.versions == {"numpy": np.__version__}


def test_a_folder_is_its_files_and_those_of_its_immediate_subfolders_in_order():
    for path in ("b.py", "a.py", "zoe/main.py", "bob/two.py", "bob/deep/er.py"):
        write(f"class/{path}", SIGMOID)
    for path in ("conftest.py", ".hidden.py", "bob/conftest.py", ".git/x.py", "notes.txt", "__pycache__/a.pyc"):
        write(f"class/{path}", "raise SystemExit")
    found = resolve("class", NAMES)
    assert [one.name for one in found] == ["a.py", "b.py", "bob/two.py", "zoe/main.py"]
    assert [one.spec for one in found] == [f"class/{one.name}" for one in found]
    assert {type(one) for one in found} == {Implementation}


def test_a_folder_with_init_is_one_module_as_a_spec_and_in_a_folder():
    write("class/carl/__init__.py", "from .formulas import sigmoid")
    write("class/carl/formulas.py", SIGMOID)
    assert list(one("class/carl").functions) == ["sigmoid"]
    (found,) = resolve("class", NAMES)
    assert found.name == "carl"
    assert isinstance(found, Implementation)


def test_a_module_an_object_and_a_class_by_dotted_name(monkeypatch):
    write("lib/library_of_mine/__init__.py", "")
    write(
        "lib/library_of_mine/nn.py",
        SIGMOID + "class Net:\n    def tanh(self, z):\n        return np.tanh(z)\nnet = Net()\n",
    )
    monkeypatch.syspath_prepend("lib")
    assert list(one("library_of_mine.nn").functions) == ["sigmoid"]
    assert list(one("library_of_mine.nn:net").functions) == ["tanh"]
    assert list(one("library_of_mine.nn:Net").functions) == ["tanh"]
    assert list(one("numpy").functions) == ["tanh"]


def test_a_built_in_name_wins_over_a_file_and_a_folder():
    write("reference/x.py", SIGMOID)
    write("scipy", "no module")
    assert one("reference").default_level == "robust"
    assert one("numpy-lecture").default_level == "textbook"


@pytest.mark.parametrize(
    "spec", ["nope", "nope.py", "./nope", "nope.nn", "numpy.nope", "numpy:nope", "a b", "", "numpy:", "notes.txt"]
)
def test_what_names_nothing_is_a_spec_error_that_says_what_would(spec):
    write("notes.txt", "")
    with pytest.raises(SpecError) as raised:
        resolve(spec, NAMES)
    for form in ("numpy-lecture", ".py file", "folder", "package.module:object", repr(spec)):
        assert form in str(raised.value)


def test_the_nearest_built_in_name_is_suggested():
    with pytest.raises(SpecError, match="did you mean torch-nn-cpu"):
        resolve("torch-nn-cp", NAMES)


def test_an_empty_folder_is_a_spec_error():
    Path("class").mkdir()
    with pytest.raises(SpecError, match="without any"):
        resolve("class", NAMES)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1\ndef sigmoid(z:\n", r"SyntaxError: .* \(bad.py:2\)"),
        (b"x = '\xff'\n", r"SyntaxError: the file is not in UTF-8; save it as UTF-8 \(bad.py:1\)"),
        (b"x = 1\n\0\n", r"SyntaxError: .*null bytes"),
        ("", r"in it: the file is empty$"),
        ("def Sigmoid(z): ...", r"in it: Sigmoid \(sigmoid\?\)"),
        ("sigmoid = None\ntanh = ...", r"no function of the interface"),
        (SIGMOID + "ARRAYS = 'mlx'", r"ARRAYS = 'mlx' in it; it has to be one of array_api_strict, cupy, "),
        (SIGMOID + "ARRAYS = ['torch']", r"ARRAYS = \['torch'\]"),
        (SIGMOID + "DEVICE = 'gpu'", r"DEVICE = 'gpu' in it; it has to be one of cpu, cuda"),
        (SIGMOID + "DEVICE = 'cuda'", r"it takes numpy arrays on cuda: "),
    ],
)  # fmt: skip
def test_a_file_that_does_not_load_says_why_and_where(text, expected):
    found = reason(write("bad.py", text))
    assert re.search(expected, found), found


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import math\nW = math.sqrt(-1)\n", r"ValueError: .* \(bad.py:2\)"),
        ("import sys\nW = sys.exit('done')", r"SystemExit: done \(bad.py:2\)"),
        ("W = exit()", r"SystemExit"),
        ("if True:\n    W = 1\n    raise KeyboardInterrupt", r"KeyboardInterrupt \(bad.py:3\)"),
        ("import pytest\nW = pytest.skip('later', allow_module_level=True)", r"Skipped: later \(bad.py:2\)"),
        ("import unittest\nif True:\n    W = 1\n    raise unittest.SkipTest('later')", r"SkipTest: later"),
        ("W = input('z? ')", r"EOFError: .*keyboard.*\(bad.py:1\)"),
        ("from no_such_module import W", r"ModuleNotFoundError: .*no_such_module"),
        ("from helper import W", r"ZeroDivisionError: .* \(helper.py:1\)"),
        (
            "class E(Exception):\n    def __str__(self): raise ValueError\nif True:\n    W = 1\n    raise E",
            r"E: its message cannot be shown",
        ),
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_left_out_and_said(text, expected):
    write("helper.py", "1 / 0")
    found = one(write("bad.py", f"{text}\ndef sigmoid(z): return W * z\ndef tanh(z): return z\n"))
    assert list(found.functions) == ["tanh"]
    assert re.search(expected, found.not_judged["sigmoid"]), found.not_judged


def test_a_folder_named_like_a_file_and_a_link_to_nowhere_are_reported():
    Path("class/x.py").mkdir(parents=True)
    Path("class/y.py").symlink_to("nowhere")
    found = resolve("class", NAMES)
    assert [one.name for one in found] == ["x.py", "y.py"]
    reasons = ["a folder named like a file", "a symbolic link that leads nowhere, or to itself"]
    assert [one.reason for one in found] == reasons


def test_one_bad_file_leaves_the_others_unharmed():
    write("class/bad.py", "import sys; sys.modules['numpy'] = None; sys.exit(1)")
    write("class/good.py", SIGMOID)
    bad, good = resolve("class", NAMES)
    assert isinstance(bad, Unloadable)
    assert isinstance(good, Implementation)
    assert sys.modules["numpy"] is np


def test_loading_leaves_the_interpreter_as_it_was(capfd):
    meddling = """
import os, sys, warnings
import numpy as np
print("noise"); print("more", file=sys.stderr); os.chdir("/"); sys.path.insert(0, "/nowhere"); sys.path = []
sys.stdout.reconfigure(encoding="utf-8")
arguments, sys.argv = sys.argv, []
sys.stdout = None
warnings.warn("mine")
warnings.simplefilter("error"); np.seterr(all="raise")
def sigmoid(z): return arguments
"""

    def state():
        return [
            os.getcwd(),
            sys.argv,
            sys.path,
            list(sys.path),
            sys.stdin,
            sys.stdout,
            sys.dont_write_bytecode,
            np.geterr(),
        ]

    before, filters = state(), list(warnings.filters)
    write("class/helper.py", "x = 1")
    found = one(write("class/meddling.py", "import helper" + meddling))
    assert state() == before
    assert warnings.filters == filters
    assert found.caller.functions["sigmoid"](0)[1:] == []
    assert capfd.readouterr() == ("", "")
    assert not list(Path("class").rglob("*.pyc"))


def test_the_neighbours_of_a_file_are_its_own():
    for name, value in (("anna", 1), ("bob", 2)):
        write(f"class/{name}/helper.py", "from parts.inner import value")
        write(f"class/{name}/parts/inner.py", f"value = {value}")
        write(f"class/{name}/main.py", "import helper\ndef relu(z): return helper.value")

    results = [one.caller.functions["relu"](0) for one in resolve("class", NAMES) if one.name.endswith("main.py")]
    assert results == [1, 2]
    assert not {"helper", "parts", "parts.inner"} & set(sys.modules)


def test_a_changed_file_is_read_again():
    write("student.py", "def relu(z): return 1")
    assert one("student.py").caller.functions["relu"](0) == 1
    write("student.py", "def relu(z): return 2")
    assert one("student.py").caller.functions["relu"](0) == 2


def test_dataclasses_in_a_submission_find_their_module():
    text = "from __future__ import annotations\nfrom dataclasses import dataclass\n@dataclass\nclass P:\n    w: int\n"
    one(write("my homework-1.py", text + SIGMOID))


def test_a_name_that_holds_no_function_is_not_implemented_and_said():
    found = one(write("student.py", SIGMOID + "tanh = 3\nrelu = None\n"))
    assert list(found.functions) == ["sigmoid"]
    assert found.says.absent == {"tanh": "tanh is an int, not a function"}


def test_a_file_says_what_it_takes_and_goes_before_the_options():
    assert one(write("student.py", SIGMOID + "ARRAYS = 'numpy'; DEVICE = 'cpu'"), device="cuda").device == "cpu"
    (conflict,) = resolve(write("numpy.py", SIGMOID + "ARRAYS = 'numpy'"), NAMES, device="cuda")
    assert conflict.reason == "it declares numpy arrays, and --device asks for cuda, where there are none"
    with pytest.raises(SpecError, match="--device cuda cannot be had: numpy arrays do not lie on cuda"):
        resolve(write("silent.py", SIGMOID), NAMES, device="cuda")


def test_torch_functions_by_option_and_by_declaration():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for text, options in ((SIGMOID, {"arrays": "torch"}), (SIGMOID + "ARRAYS = 'torch'", {})):
        found = one(write("student.py", text), **options)
        assert (found.arrays, found.device) == ("torch", "cpu")
        assert found.versions["torch"] == torch.__version__
        assert "bfloat16" in found.offers


@pytest.mark.parametrize(("arrays", "device"), [("cupy", "cuda"), ("torch", "cuda")])
def test_an_absent_device_asked_for_by_name_is_a_spec_error_and_declared_is_unloadable(arrays, device):
    why = probe(arrays, device)
    if why is None:
        pytest.skip(f"{arrays} on {device} is there")
    with pytest.raises(SpecError, match="cannot be had"):
        resolve("numpy", NAMES, arrays, device)
    assert why in reason(write("student.py", SIGMOID + f"ARRAYS = '{arrays}'\nDEVICE = '{device}'"))
    for name, builtin in BUILTINS.items():
        if (builtin.arrays, builtin.device) == (arrays, device):
            with pytest.raises(SpecError, match=f"{name} cannot run here"):
                resolve(name, NAMES)


def test_every_built_in_is_present_or_absent_with_a_reason():
    present, absent = builtins_present(NAMES)
    assert {one.name for one in [*present, *absent]} == set(BUILTINS)
    assert {"numpy-lecture", "reference"} <= {one.name for one in present}
    assert all(isinstance(one, Implementation) and list(one.functions) == list(NAMES) for one in present)
    assert all(one.reason for one in absent)


def test_equal_names_are_numbered():
    write("a.py", SIGMOID)
    found = with_unique_names([*resolve("a.py", NAMES), *resolve("a.py", NAMES), *resolve("numpy", NAMES)])
    assert [one.name for one in found] == ["a.py", "a.py#2", "numpy"]
    assert [one.spec for one in found] == ["a.py", "a.py", "numpy"]


def test_nothing_imports_torch_before_it_is_needed():
    write("student.py", SIGMOID)
    program = "import sys, impls; impls.resolve('student.py', ['sigmoid']); impls.resolve('numpy-lecture', ['sigmoid'])"
    checkout = Path(__file__).parents[2]
    run = subprocess.run(
        [sys.executable, "-c", program + "; print({'torch', 'cupy', 'scipy'} & set(sys.modules))"],
        env={**os.environ, "PYTHONPATH": str(checkout)}, capture_output=True, text=True, check=True, timeout=60,
    )  # fmt: skip
    assert run.stdout.strip() == "set()"
