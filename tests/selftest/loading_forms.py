"""Files in the forms that students hand in: those whose sigmoid is right, and those whose sigmoid cannot be judged."""

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
    "annotations of variables and fields by what is not there": """
        from dataclasses import dataclass
        import numpy as np
        import pandas_that_is_not_there as pd
        table: pd.DataFrame = 1
        @dataclass
        class Model:
            one: pd.Series = 1
            def sigmoid(self, z): return self.one * table / (1 + np.exp(-z))
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
    "a shell command of several lines": """
        !pip install -q one \\
            two \\
            three
        import numpy as np
        if True:
            !pip install four \\
                five
        def sigmoid(z): return 1 / (1 + np.exp(-z))
    """,
    "operators at the head of a line, beside magics": """
        %matplotlib inline
        import numpy as np
        one = (7
               % 2)
        unequal = (one
                   != 2)
        def sigmoid(z): return one * unequal / (1 + np.exp(-z))
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
    "a lambda in a class": """
        import numpy as np
        class Activations:
            sigmoid = staticmethod(lambda z: 1 / (1 + np.exp(-z)))
    """,
    "another name of a method": """
        import numpy as np
        class Model:
            def logistic(self, z): return 1 / (1 + np.exp(-z))
            sigmoid = logistic
    """,
    "a count of its calls": """
        import numpy as np
        calls = 0
        def counted(f):
            def inner(z):
                global calls
                calls += 1
                return f(z)
            return inner
        @counted
        def sigmoid(z): return 1 / (1 + np.exp(-z))
    """,
    "code in a text": """
        import numpy as np
        exec("def sigmoid(z): return 1 / (1 + np.exp(-z))")
    """,
    "names in texts": """
        import numpy as np
        one = 1
        two = 2
        def sigmoid(z): return eval("one / (1 + np.exp(-z))") * globals()["two"] / 2
    """,
    "a method of a base class that uses one of a subclass": """
        import numpy as np
        class Base:
            def sigmoid(self, z): return 1 / self.denominator(z)
        class Model(Base):
            def denominator(self, z): return 1 + np.exp(-z)
    """,
    "a method beside one that needs a plotting library": """
        import numpy as np
        import no_such_plots as plt
        class Model:
            def sigmoid(self, z): return 1 / (1 + np.exp(-z))
            def plot(self): plt.show()
    """,
    "a method of a subclass, which its base class only demands": """
        import abc
        import numpy as np
        class Base(abc.ABC):
            @abc.abstractmethod
            def sigmoid(self, z): raise NotImplementedError
        class Model(Base):
            def sigmoid(self, z): return 1 / (1 + np.exp(-z))
    """,
    "a name that a script then uses for a value": """
        import numpy as np
        def sigmoid(z): return 1 / (1 + np.exp(-z))
        sigmoid = sigmoid(np.zeros(3))
        loss, sigmoid = 1.0, 2.0
    """,
    "a name under which a script then imports a library's": """
        import numpy as np
        def sigmoid(z): return 1 / (1 + np.exp(-z))
        from math import tan as sigmoid
    """,
    "a name under which an own file has the function": """
        import numpy as np
        def sigmoid(z): pass
        from neighbour import sigmoid
    """,
    "a name that a script then uses for a value of it, of data that are not there": """
        import numpy as np
        def sigmoid(z): return 1 / (1 + np.exp(-z))
        X = np.load("no_such_file.npy")
        sigmoid = sigmoid(X)
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

NOT_JUDGED = {
    "a library that is not there": (
        "import numpy as np\nimport no_such_module as nsm\ndef sigmoid(z): return nsm.expit(z)\n",
        r"it needs no_such_module, which cannot be imported \(line 2: ModuleNotFoundError",
    ),
    "a decorator that is not there, of a function with annotations": (
        "import numpy as np\nfrom no_such import checked, Array\n@checked\n"
        "def sigmoid(z: Array) -> Array: return 1 / (1 + np.exp(-z))\n",
        r"it needs no_such.checked, which cannot be imported \(line 2: ModuleNotFoundError",
    ),
    "a decorator of a library that is not there": (
        "import numpy as np\nimport no_such_app as app\n@app.cached\ndef sigmoid(z): return z\n",
        r"it needs no_such_app, which cannot be imported \(line 2: ModuleNotFoundError",
    ),
    "a name that is given away by what does not run": (
        "import numpy as np\ndef sigmoid(z): return z\nsigmoid = np.load('none')\n",
        r"it needs sigmoid, and what makes it does not run \(line 3: FileNotFoundError",
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
