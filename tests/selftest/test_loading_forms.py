"""The forms that students' files have: what is needed runs, and only what needs what fails is not judged."""

import re
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impls import Implementation, Unloadable, resolve
from impls.calling import Request
from impls.submissions.assignment import Wanted
from impls.submissions.running import DidNotEnd, ends_within
from impls.submissions.spec import load_here
from tests.selftest.loading_forms import NEEDED, NOT_JUDGED

NAMES = ("sigmoid", "tanh", "relu", "softmax", "mlp", "mean_squared_error")
Z = np.array([[-1.0, 0.0], [2.0, 0.5]])
FORMULA = "1 / (1 + np.exp(-z))"
RIGHT = f"def sigmoid(z):\n    return {FORMULA}\n"


def text(code: str) -> str:
    lines = code.strip("\n").splitlines()
    indent = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[indent:] for line in lines) + "\n"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("neighbour.py").write_text("import numpy as np\n" + RIGHT)


def one(code: str, name: str = "student.py") -> Implementation:
    Path(name).parent.mkdir(parents=True, exist_ok=True)
    Path(name).write_text(text(code), encoding="utf-8")
    (found,) = resolve(name, NAMES)
    assert isinstance(found, Implementation), found
    return found


def assert_right(found: Implementation) -> None:
    assert not found.not_judged
    assert np.allclose(found.caller.call("sigmoid", (Z,), {}), 1 / (1 + np.exp(-Z)))


@pytest.mark.parametrize("form", NEEDED)
def test_what_a_function_needs_is_run(form):
    assert_right(one(NEEDED[form]))


def test_a_value_that_a_helper_has_made_under_its_own_name_is_the_value():
    assert_right(
        one("""
        import numpy as np
        def scale(): return 1.0
        scale = scale()
        def sigmoid(z): return scale / (1 + np.exp(-z))
    """)
    )


def test_a_function_behind_the_import_of_a_library_s_uses_the_library_s():
    assert_right(
        one("""
        import numpy as np
        def prod(numbers): return 7
        from math import prod
        def sigmoid(z): return prod([0.5, 2.0]) / (1 + np.exp(-z))
    """)
    )


@pytest.mark.parametrize("form", NOT_JUDGED)
def test_what_was_left_out_is_named_and_harms_nothing_else(form):
    code, says = NOT_JUDGED[form]
    Path("student.py").write_text(code + "def tanh(z): return z\n")
    (found,) = resolve("student.py", NAMES, load=lambda named, *rest: load_here(replace(named, seconds=1.0), *rest))
    assert isinstance(found, Implementation), found
    assert "sigmoid" not in found.functions
    assert re.search(says, found.not_judged["sigmoid"]), found.not_judged
    assert "tanh" in found.functions


def test_an_adapter_of_a_library_is_run_as_python_runs_it():
    found = one("""
        import math
        ARRAYS = "numpy"
        def sigmoid(z): return z
        def tanh(z): return z
        from math import tan as sigmoid
        tanh = 3
    """)
    assert found.functions == ()
    assert "math.tan" in found.not_judged["sigmoid"]
    assert found.says.absent["tanh"] == "tanh is an int, not a function"


def test_a_library_is_set_up_in_its_place():
    found = one("""
        import os, sys, warnings
        import numpy as np
        os.environ["SET_UP_BY_THE_FILE"] = "yes"
        sys.path.append("/no/such/folder")
        warnings.filterwarnings("ignore")
        np.random.seed(3)
        SEEN = os.environ["SET_UP_BY_THE_FILE"], np.random.rand()
        def sigmoid(z): return SEEN
    """)
    assert found.caller.functions["sigmoid"](0) == ("yes", np.random.RandomState(3).rand())


def test_a_variable_is_no_function_and_that_is_said():
    Path("student.py").write_text(
        "import numpy as np\nz = np.zeros(3)\nsigmoid = 1 / (1 + np.exp(-z))\ndef tanh(z): return z\n"
    )
    (found,) = resolve("student.py", NAMES)
    assert "sigmoid" not in found.functions
    assert found.says.absent["sigmoid"] == "sigmoid is a ndarray, not a function"


def test_a_file_that_does_not_parse_is_an_error_with_its_line():
    Path("student.py").write_text("import numpy as np\n" + RIGHT + "print 'hello'\n")
    (found,) = resolve("student.py", NAMES)
    assert isinstance(found, Unloadable)
    assert "SyntaxError" in found.reason
    assert "student.py:4" in found.reason


def test_a_method_that_lacks_state_or_other_arguments_is_not_judged():
    found = one("""
        import numpy as np
        class Model:
            def __init__(self, eps): self.eps = eps
            def sigmoid(self, z): return 1 / (1 + np.exp(-z) + self.eps)
            def tanh(self, z, scale): return scale * z
    """)
    for function, says in (
        ("sigmoid", "Model.sigmoid needs self.eps"),
        ("tanh", "missing a required argument: 'scale'"),
    ):
        answer = found.caller.answer(Request(function, (Z,)))
        assert type(answer.failure).__name__ == "NotJudged"
        assert says in str(answer.failure)


def test_all_methods_of_a_name_are_judged():
    found = one("""
        import numpy as np
        class Right:
            def sigmoid(self, z): return 1 / (1 + np.exp(-z))
        class Wrong:
            def _sigmoid(self, z): return z
    """)
    assert found.says.several == {"sigmoid": ("sigmoid#2",)}
    assert np.array_equal(found.caller.call("sigmoid#2", (Z,), {}), Z)


def test_a_function_of_torch_that_goes_backward_is_the_student_s_own():
    pytest.importorskip("torch")
    found = one("""
        import torch
        class Sigmoid(torch.autograd.Function):
            @staticmethod
            def forward(ctx, z): return 1 / (1 + torch.exp(-z))
            @staticmethod
            def backward(ctx, grad): return grad
        sigmoid = Sigmoid.apply
        tanh = torch.nn.Tanh()
    """)
    assert "sigmoid" in found.functions
    assert found.not_judged == {"tanh": "tanh is an object of torch.nn.modules.activation.Tanh, no work of the student"}


def test_a_network_whose_base_class_is_not_there_says_so():
    Path("student.py").write_text(
        "import no_such_lightning as pl\nclass Net(pl.LightningModule):\n    def forward(self, x): return x\n"
        "def sigmoid(z): return z\n"
    )
    (found,) = resolve("student.py", ("sigmoid", "network", "network_gradients"))
    assert set(found.not_judged) == {"network", "network_gradients"}
    why = "Net: it needs no_such_lightning, which cannot be imported (line 1: ModuleNotFoundError"
    assert found.not_judged["network"].startswith(why)


def test_what_a_library_made_is_named_as_the_file_imports_it():
    Path("student.py").write_text("from math import tan as tanh\ndef sigmoid(z): return z\n")
    (found,) = resolve("student.py", NAMES)
    assert found.not_judged == {"tanh": "tanh is math.tan, no work of the student"}


def test_the_order_of_a_loss_is_read_from_its_parameters():
    for parameters, swapped in (
        ("y, y_hat", True),
        ("target, out", True),
        ("p, t", False),
        ("T, Y", False),
        ("a, b", False),
    ):
        first, second = (name.strip() for name in parameters.split(","))
        found = one(f"def mean_squared_error({first}, {second}): return {first} - 2 * {second}\n")
        assert found.caller.functions["mean_squared_error"](5, 1) == (-9 if swapped else 3), parameters


def test_packages_import_each_other_by_their_root():
    Path("project/core").mkdir(parents=True)
    Path("project/core/parts.py").write_text("import numpy as np\n" + RIGHT)
    assert_right(
        one("from core.parts import sigmoid as inner\ndef sigmoid(z): return inner(z)\n", "project/models/net.py")
    )
    for folder in ("package", "package/core", "package/models"):
        Path(folder).mkdir(exist_ok=True)
        Path(folder, "__init__.py").write_text("")
    Path("package/core/parts.py").write_text("import numpy as np\n" + RIGHT)
    assert_right(
        one("from ..core.parts import sigmoid as inner\ndef sigmoid(z): return inner(z)\n", "package/models/net.py")
    )
    assert_right(
        one(
            "from package.core.parts import sigmoid as inner\ndef sigmoid(z): return inner(z)\n",
            "package/models/net.py",
        )
    )


def test_what_was_not_looked_at_is_listed_with_near_misses():
    found = one("""
        import numpy as np
        def sigmoid(z): return 1 / (1 + np.exp(-z))
        def sofmax(z): return z
        def compute_loss(p, t): return 0
        def plot(x): return x
        class Helper: pass
        class Activations:
            def __init__(self): pass
            def soft_max(self, z): return z
            def _draw(self): pass
    """)
    helpers = ("class Helper", "class Activations: soft_max (softmax?), _draw")
    assert found.not_looked_at == ("sofmax (softmax?)", "compute_loss", "plot", *helpers)
    assert found.says.holds == 6


def test_the_call_of_a_method_can_be_run_in_the_file():
    found = one("""
        import numpy as np
        class Plain:
            def tanh(self, z): return z
        class Model(Plain):
            def __init__(self, rate): pass
            def __sigmoid(self, z): return 1 / (1 + np.exp(-z))
            @staticmethod
            def relu(z): return z
            @classmethod
            def _softmax(cls, z): return z
    """)
    assert found.says.called == {
        "sigmoid": "Model.__new__(Model)._Model__sigmoid",
        "tanh": "Plain().tanh",
        "relu": "Model.relu",
        "softmax": "Model._softmax",
    }
    namespace = {}
    exec(Path("student.py").read_text(), namespace)
    assert all(callable(eval(called, namespace)) for called in found.says.called.values())


def test_a_file_without_a_function_of_the_interface_says_what_is_in_it():
    for code, said in (
        ("", ": the file is empty"),
        ("x = 1", ": it defines no function and no class"),
        ("sigmoid = 3", ": sigmoid is an int, not a function"),
        ("def sofmax(z): return z", "; in it: sofmax (softmax?). Rename what is meant"),
        ("\n".join(f"def f{n}(): 0" for n in range(20)) + "\ndef sofmax(z): return z", "in it: sofmax (softmax?), f0"),
    ):
        Path("student.py").write_text(code)
        (found,) = resolve("student.py", NAMES)
        assert isinstance(found, Unloadable)
        assert said in found.reason
        assert found.reason.count("softmax") <= 1


FORBIDDEN = {
    "import": "from scipy.special import expit",
    "__import__": "expit = __import__('scipy.special', fromlist=['expit']).expit",
    "import_module": "import importlib\nexpit = importlib.import_module('scipy' + '.special').expit",
}


@pytest.mark.parametrize("how", FORBIDDEN)
@pytest.mark.parametrize("inside", [True, False])
def test_what_the_assignment_forbids_is_found_however_it_is_imported(how, inside):
    lines = FORBIDDEN[how].replace("\n", "\n    " if inside else "\n")
    source = f"def sigmoid(z):\n    {lines}\n    return expit(z)\n"
    if not inside:
        source = f"{lines}\ndef sigmoid(z): return expit(z)\n"
    Path("student.py").write_text(f"{source}def tanh(z): return 'scipy'\n")
    wanted = Wanted(NAMES, forbidden=("scipy",))
    (found,) = resolve("student.py", NAMES, load=lambda named, *rest: load_here(replace(named, wanted=wanted), *rest))
    assert isinstance(found, Implementation), found
    assert "the assignment forbids" in found.not_judged["sigmoid"]
    assert "tanh" in found.functions


@pytest.mark.parametrize("constructor", ["while True: pass", "raise SystemExit", "quit()", "self.rate = 1 / 0"])
def test_a_constructor_that_does_not_end_well_harms_no_other_function(constructor):
    code = f"class Model:\n    def __init__(self):\n        {constructor}\n    def sigmoid(self, z): return {FORMULA}\n"
    Path("student.py").write_text(f"import numpy as np\n{code}def tanh(z): return np.tanh(z)\n")
    (found,) = resolve("student.py", NAMES, load=lambda named, *rest: load_here(replace(named, seconds=2.0), *rest))
    assert isinstance(found, Implementation), found
    assert_right(found)
    assert found.caller.call("tanh", (0.0,), {}) == 0


def _endless():
    while True:
        pass


def _endless_twice():
    with suppress(DidNotEnd), ends_within(0.1):
        _endless()
    _endless()


def test_a_limit_of_time_holds_around_another_one():
    with ends_within(0.3), pytest.raises(DidNotEnd, match=r"within 0\.3 s"):
        _endless_twice()
