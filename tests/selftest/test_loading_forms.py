"""The forms that students' files have: what is needed runs, and only what needs what fails is not judged."""

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impls import Implementation, Unloadable, resolve
from impls.calling import Request
from impls.submissions.spec import load_here

NAMES = ("sigmoid", "tanh", "relu", "softmax", "mlp", "mean_squared_error")
Z = np.array([[-1.0, 0.0], [2.0, 0.5]])
RIGHT = "def sigmoid(z):\n    return 1 / (1 + np.exp(-z))\n"

NEEDED = {
    "a list that is appended to": """
        import numpy as np
        TERMS = []
        TERMS.append(lambda z: 1 + np.exp(-z))
        def sigmoid(z): return 1 / TERMS[0](z)
    """,
    "a dictionary that is updated": """
        import numpy as np
        TABLE = {}
        TABLE.update(one=1.0)
        def sigmoid(z): return TABLE["one"] / (1 + np.exp(-z))
    """,
    "an item that is assigned": """
        import numpy as np
        TABLE = {"one": 5}
        TABLE["one"] = 1
        def sigmoid(z): return TABLE["one"] / (1 + np.exp(-z))
    """,
    "an attribute that is assigned": """
        import numpy as np
        class Settings: pass
        Settings.one = 1
        def sigmoid(z): return Settings.one / (1 + np.exp(-z))
    """,
    "setattr": """
        import numpy as np
        class Settings: one = 3
        setattr(Settings, "one", 1)
        def sigmoid(z): return Settings.one / (1 + np.exp(-z))
    """,
    "an own decorator": """
        import numpy as np
        def doubled(f):
            return lambda z: f(z) * 2
        @doubled
        def sigmoid(z): return 0.5 / (1 + np.exp(-z))
    """,
    "an own registry": """
        import numpy as np
        REGISTRY = {}
        def register(f):
            REGISTRY[f.__name__] = f
            return f
        @register
        def logistic(z): return 1 / (1 + np.exp(-z))
        def sigmoid(z): return REGISTRY["logistic"](z)
    """,
    "a registry with names": """
        import numpy as np
        REGISTRY = {}
        def register(name):
            def note(f):
                REGISTRY.setdefault(name, []).append(f)
                return f
            return note
        @register("act")
        def logistic(z): return 1 / (1 + np.exp(-z))
        def sigmoid(z): return REGISTRY["act"][0](z)
    """,
    "a registry of subclasses": """
        import numpy as np
        class Base:
            known = {}
            def __init_subclass__(cls):
                Base.known[cls.__name__] = cls
        class Logistic(Base):
            def __call__(self, z): return 1 / (1 + np.exp(-z))
        def sigmoid(z): return Base.known["Logistic"]()(z)
    """,
    "a call of an own function that declares a name global": """
        import numpy as np
        ONE = 7
        def set_up():
            global ONE
            ONE = 1
        set_up()
        def sigmoid(z): return ONE / (1 + np.exp(-z))
    """,
    "an own function that changes its argument": """
        import numpy as np
        TABLE = {}
        def fill(table): table["one"] = 1
        fill(TABLE)
        def sigmoid(z): return TABLE["one"] / (1 + np.exp(-z))
    """,
    "a loop that fills a table": """
        import numpy as np
        POWERS = []
        for power in range(3):
            POWERS.append(power)
        def sigmoid(z): return POWERS[1] / (1 + np.exp(-z))
    """,
    "a name that is added to": """
        import numpy as np
        one = 0
        one += 1
        def sigmoid(z): return one / (1 + np.exp(-z))
    """,
    "a condition": """
        import sys
        import numpy as np
        if sys.version_info >= (3,):
            one = 1
        else:
            one = 2
        def sigmoid(z): return one / (1 + np.exp(-z))
    """,
    "an import in try": """
        try:
            from no_such_module import fast as np
        except ImportError:
            import numpy as np
        def sigmoid(z): return 1 / (1 + np.exp(-z))
    """,
    "several names in one import, one of which is not there": """
        from math import pi, no_such_name
        import numpy as np, no_such_module
        def sigmoid(z): return pi / pi / (1 + np.exp(-z))
    """,
    "what only a script runs": """
        import numpy as np
        if __name__ == "__main__":
            one = 1.0
            print(input("go on?"))
        def sigmoid(z): return one / (1 + np.exp(-z))
    """,
    "a star import of a library": """
        from numpy import *
        def sigmoid(z): return 1 / (1 + exp(-z))
    """,
    "a function of a file beside it, by a star import": """
        from neighbour import *
    """,
    "a name made by globals": """
        import numpy as np
        globals()["one"] = 1
        def sigmoid(z): return one / (1 + np.exp(-z))
    """,
    "annotations of what is not there": """
        import numpy as np
        import pandas_that_is_not_there as pd
        def sigmoid(z: pd.DataFrame) -> pd.Series: return 1 / (1 + np.exp(-z))
    """,
    "a dataclass with postponed annotations": """
        from __future__ import annotations
        from dataclasses import dataclass
        import numpy as np
        @dataclass
        class Settings:
            one: int = 1
        def sigmoid(z): return Settings().one / (1 + np.exp(-z))
    """,
    "magics in a file": """
        %matplotlib inline
        !pip install -q nothing
        import numpy as np
        np.exp?
        def sigmoid(z): return 1 / (1 + np.exp(-z))
        get_ipython().run_line_magic('pylab', 'inline')
    """,
    "%pylab": """
        %pylab inline
        def sigmoid(z): return 1 / (1 + exp(-z))
    """,
    "vectorize around an own function": """
        from math import exp
        import numpy as np
        sigmoid = np.vectorize(lambda a: 1 / (1 + exp(-a)))
    """,
    "partial around an own function": """
        from functools import partial
        import numpy as np
        def over(one, z): return one / (1 + np.exp(-z))
        sigmoid = partial(over, 1)
    """,
    "a cache around an own function": """
        from functools import wraps
        import numpy as np
        def logged(f):
            @wraps(f)
            def inner(*args): return f(*args)
            return inner
        sigmoid = logged(lambda z: 1 / (1 + np.exp(-z)))
    """,
    "an object that can be called": """
        import numpy as np
        class Logistic:
            def __call__(self, z): return 1 / (1 + np.exp(-z))
        sigmoid = Logistic()
    """,
    "a bound method": """
        import numpy as np
        class Model:
            one = 1
            def forward(self, z): return self.one / (1 + np.exp(-z))
        model = Model()
        sigmoid = model.forward
    """,
    "a name that a later statement mends": """
        import numpy as np
        one = np.load("no_such_file.npy")
        one = 1
        def sigmoid(z): return one / (1 + np.exp(-z))
    """,
    "a method": """
        import numpy as np
        class Functions:
            def sigmoid(self, z): return 1 / (1 + np.exp(-z))
    """,
    "a private method of a class whose constructor takes arguments": """
        import numpy as np
        class Functions:
            one = 1
            def __init__(self, rate, steps): self.rate = rate
            def __sigmoid(self, z): return self.one / (1 + np.exp(-z))
    """,
    "a static and a class method, inherited": """
        import numpy as np
        class Base:
            @staticmethod
            def _sigmoid(z): return 1 / (1 + np.exp(-z))
        class Model(Base): pass
    """,
    "a method beside one that needs a plotting library": """
        import numpy as np
        import no_such_plots as plt
        class Model:
            def sigmoid(self, z): return 1 / (1 + np.exp(-z))
            def plot(self): plt.show()
    """,
    "training, plots, files and input around it": """
        import numpy as np
        import no_such_plots as plt
        X = np.load("no_such_file.npz")["X"]
        rate = float(input("rate? "))
        def sigmoid(z):
            return 1 / (1 + np.exp(-z))
        for step in range(10 ** 12):
            X = X - rate * sigmoid(X)
        plt.plot(sigmoid(X))
        while True:
            pass
    """,
}  # fmt: skip
"""Files whose sigmoid is right."""


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


NOT_JUDGED = {
    "a library that is not there": (
        "import numpy as np\nimport no_such_module as nsm\ndef sigmoid(z): return nsm.expit(z)\n",
        r"it needs no_such_module, which cannot be imported \(line 2: ModuleNotFoundError",
    ),
    "a data file that is not there": (
        "import numpy as np\nW = np.load('no_such.npy')\ndef sigmoid(z): return W * z\n",
        r"it needs W, and what makes it does not run \(line 2: FileNotFoundError",
    ),
    "what a helper needs": (
        "import numpy as np\nW = input()\ndef helper(z): return W * z\ndef sigmoid(z): return helper(z)\n",
        r"it needs W, and what makes it does not run \(line 2: EOFError",
    ),
    "a name that training changes": (
        "import numpy as np\nW = []\nfor x in np.load('none'):\n    W.append(x)\ndef sigmoid(z): return W[-1] * z\n",
        r"W may be changed by line 3, which does not run to its end: FileNotFoundError",
    ),
    "training that does not end": (
        "import numpy as np\nW = 1.0\nwhile True:\n    W = W / 2\ndef sigmoid(z): return W * z\n",
        r"it needs W, and what makes it does not run \(line 3: DidNotEnd: it does not end within",
    ),
    "a star import that fails": (
        "from no_such_helpers import *\nimport numpy as np\ndef sigmoid(z): return squash(z)\n",
        r"it needs what line 1 imports or makes: ModuleNotFoundError",
    ),
    "a set-up that fails": (
        "import numpy as np\nnp.seterr(alles='raise')\ndef sigmoid(z): return np.exp(z)\n",
        r"np may be changed by line 2, which does not run to its end: TypeError",
    ),
    "a library's function": (
        "import numpy as np\nfrom math import tan as sigmoid\n",
        r"sigmoid is math.tan, no work of the student",
    ),
    "a library's object": (
        "import functools\nimport numpy as np\nsigmoid = functools.partial(np.power, 2)\n",
        r"sigmoid is .*, no work of the student",
    ),
}  # fmt: skip


@pytest.mark.parametrize("form", NOT_JUDGED)
def test_what_was_left_out_is_named_and_harms_nothing_else(form):
    code, says = NOT_JUDGED[form]
    Path("student.py").write_text(code + "def tanh(z): return z\n")
    (found,) = resolve("student.py", NAMES, load=lambda named, *rest: load_here(replace(named, seconds=1.0), *rest))
    assert isinstance(found, Implementation), found
    assert "sigmoid" not in found.functions
    assert re.search(says, found.not_judged["sigmoid"]), found.not_judged
    assert "tanh" in found.functions


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
    """)
    assert found.not_looked_at == ("sofmax (softmax?)", "compute_loss", "plot", "Helper")
    assert found.says.holds == 5
