"""Submissions that do harm, by intent or by accident: each a whole file, with what its row has to say.

Every one of them defines a right ``tanh``, which is to be judged as if nothing had happened.
"""

from dataclasses import dataclass

_TANH = "\nimport numpy as np\ndef tanh(z):\n    return np.tanh(z)\n"
_RIGHT = "1 / (1 + np.exp(-z))"


@dataclass(frozen=True)
class Hostile:
    """One submission. outcome, says: of the clause SIGMOID-VALUE; None where it is the file that does not load."""

    source: str
    outcome: str | None
    says: str = ""
    name: str = ""
    """The name of its file, where that is what matters."""
    slow: bool = False
    """It uses up the time of its calls."""
    only_bwrap: bool = False
    """It is the sandbox alone that promises to contain it."""


def _call(body: str, outcome: str, says: str = "", before: str = "", **more: bool) -> Hostile:
    indented = "\n".join("    " + line for line in body.splitlines())
    return Hostile(f"{_TANH}{before}\ndef sigmoid(z):\n{indented}\n", outcome, says, **more)


def _load(code: str, says: str, **more: bool) -> Hostile:
    return Hostile(f"{_TANH}def sigmoid(z):\n    return {_RIGHT}\n{code}\n", None, says, **more)


_DAEMON = """
import os, time
if not os.fork():
    os.setsid()
    if not os.fork():
        time.sleep(600)
    os._exit(0)
return 1 / (1 + np.exp(-z))
"""

_TOKEN_THIEF = """
import os
for descriptor in range(3, 64):
    try:
        os.write(descriptor, b"lfc1" + bytes(12) + b'{"value": 1}')
    except OSError:
        pass
return 1 / (1 + np.exp(-z))
"""

HOSTILE = {
    "exit in a call": _call("import os; os._exit(0)", "error", "ended itself, with status 0"),
    "sys.exit in a call": _call("import sys; sys.exit(0)", "error", "SystemExit"),
    "SystemExit when loaded": _load("raise SystemExit(0)", "SystemExit"),
    "exit when loaded": _load("import os; os._exit(0)", "SystemExit"),
    "a real exit when loaded": _load("import ctypes; ctypes.CDLL(None)._exit(0)", "ended itself, with status 0"),
    "KeyboardInterrupt": _call("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    "GeneratorExit": _call("raise GeneratorExit", "error", "GeneratorExit"),
    "skips the test": _call("import unittest; raise unittest.SkipTest", "error", "SkipTest"),
    "endless loop": _call("while True: pass", "error", "timed out after", slow=True),
    "endless loop when loaded": _load("while True: pass", "timed out after", slow=True),
    "endless loop in C": _call("return sum(iter(int, 1))", "error", "timed out after", slow=True),
    "ignores signals": _call(
        "import signal\nfor one in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):\n"
        "    signal.signal(one, signal.SIG_IGN)\nwhile True: pass",
        "error",
        "timed out after",
        slow=True,
    ),
    "sleeps": _call("import time; time.sleep(1000)", "error", "timed out after", slow=True),
    "recursion": _call("return sigmoid(z)", "error", "RecursionError"),
    "recursion without a limit": _call(
        "import sys; sys.setrecursionlimit(10**9)\nclass A: pass\nA.__call__ = lambda self: self()\n"
        "f = A()\nA.__call__ = f\nreturn f()",
        "error",
    ),
    "crash": _call("import ctypes; ctypes.string_at(0)", "error", "died with signal SIGSEGV"),
    "abort": _call("import os; os.abort()", "error", "died with signal SIGABRT"),
    "kills itself": _call("import os; os.kill(os.getpid(), 9)", "error", "its process was killed"),
    "kills its group": _call("import os; os.killpg(0, 15)", "error", "died with signal SIGTERM"),
    "memory bomb": _call("return np.ones(2**40)", "error", "MemoryError"),
    "memory bomb in Python": _call("return [0] * 10**11", "error", "MemoryError"),
    "file bomb": _call(
        "with open('big', 'wb') as file:\n    while True: file.write(bytes(1 << 20))", "error", "OSError"
    ),
    "too many files": _call("files = [open('/dev/null') for _ in range(10000)]", "error", "Too many open files"),
    "output flood": _call(f"print('noise ' * 200000)\nreturn {_RIGHT}", "passed"),
    "output flood when loaded": Hostile(
        f"{_TANH}def sigmoid(z):\n    return {_RIGHT}\nprint('noise ' * 2000000)\n", "passed"
    ),
    "raw output flood": _call(
        f"import os\nfor _ in range(40): os.write(1, bytes(1 << 16)); os.write(2, bytes(1 << 16))\nreturn {_RIGHT}",
        "passed",
    ),
    "markup in a message": _call(
        "raise ValueError('\\x1b[2J\\x1b]0;owned\\x07<script>alert(1)</script>')", "error", "\\x1b[2J"
    ),
    "a message of many lines": _call("raise ValueError('x' * 10**6 + '\\n' * 10**6)", "error", "xxx..."),
    "a message that fails": _call(
        "class Sly(Exception):\n    def __str__(self): raise SystemExit\nraise Sly", "error", "cannot be shown"
    ),
    "writes into the channel": _call(_TOKEN_THIEF.strip(), "error", "on the channel"),
    "closes descriptors": _call("import os; os.closerange(0, 64)", "error", ""),
    "threads left running": _call(
        "import threading, time\n"
        "def spin():\n    while True: time.sleep(0.01)\n"
        f"threading.Thread(target=spin, daemon=False).start()\nreturn {_RIGHT}",
        "passed",
    ),
    "a daemon left running": _call(_DAEMON.strip(), "passed"),
    "imports the reference": _call("import reference\nreturn reference.sigmoid(z)", "error", "ModuleNotFoundError"),
    "imports the adapters": _call(
        "import impls.adapters.numpy_lecture\nreturn impls.adapters.numpy_lecture.sigmoid(z)",
        "error",
        "ModuleNotFoundError",
    ),
    "looks for the tests": _call(
        "import sys\nassert {'reference', 'impls', 'tests', 'hypothesis'} & set(sys.modules)\nreturn z",
        "error",
        "AssertionError",
    ),
    "patches numpy": _call(
        "return z",
        "failed",
        before="np.exp = np.allclose = np.array_equal = np.maximum = lambda *_, **__: True",
    ),
    "patches builtins": _call(
        "return z",
        "failed",
        before="import builtins\nbuiltins.isinstance = builtins.max = lambda *_, **__: True\n"
        "builtins.isinstance = type('', (), {'__call__': lambda s, *a: True})()",
    ),
    "patches json": _call(f"return {_RIGHT} + 1", "failed", before="import json\njson.dumps = lambda *_: '{}'"),
    "an array that equals all": _call(
        "class Sly(np.ndarray):\n"
        "    def __eq__(self, other): return np.ones(self.shape, bool)\n"
        "    def __sub__(self, other): return np.zeros(self.shape)\n"
        "    __rsub__ = __sub__\n"
        "    def __array__(self, *_, **__): return 1 / (1 + np.exp(-z))\n"
        "return z.view(Sly)",
        "failed",
    ),
    "a float that equals all": _call(
        "class Sly(float):\n    def __eq__(self, other): return True\n    def __float__(self): return 0.5\n"
        "return Sly(7)",
        "failed",
    ),
    "a liar about its class": _call(
        "class Sly:\n    __class__ = np.ndarray\n    shape = z.shape\n    dtype = z.dtype\nreturn Sly()", "error"
    ),
    "generator": _call("yield z", "error", "generator"),
    "object array": _call("return np.array([Exception] * 3, dtype=object)", "error", "object"),
    "huge shape": _call("return np.broadcast_to(z.ravel()[:1], (2**50,))", "error", ""),
    "huge list": _call("return [0.0] * 10**6", "error", "too many"),
    "deep list": _call("x = []\nfor _ in range(10**5): x = [x]\nreturn x", "error", ""),
    "wrong dtype": _call(f"return ({_RIGHT}).astype('U9')", "error", "dtype"),
    "NaN everywhere": _call("return np.full(z.shape, np.nan)", "failed"),
    "non-determinism": _call("return np.random.default_rng().random(z.shape)", "failed"),
    "state kept between calls": _call(
        f"calls.append(1)\nreturn {_RIGHT} if len(calls) < 3 else z", "failed", before="calls = []"
    ),
    "looks for a test's values": _call(
        f"return {_RIGHT} if z.size and abs(z.flat[0]) < 1e-3 else np.full(z.shape, 0.5)", "failed"
    ),
    "syntax error": Hostile("def sigmoid(z:\n", None, "SyntaxError"),
    "wrong encoding": Hostile("x = '\udcff\udcfe'\n", None, "SyntaxError"),
    "NUL bytes": Hostile("def sigmoid(z): return z\0\n", None, "null bytes"),
    "a deep expression": Hostile("x = " + "(" * 100000 + ")" * 100000, None, "Error"),
    "not Python": Hostile("%PDF-1.4 \x01\x02", None, "SyntaxError"),
    "empty": Hostile("", None, "no function of the interface"),
    "name with shell characters": Hostile(f"{_TANH}", "absent", name="$(touch owned); `id`.py"),
    "name with markup": Hostile(f"{_TANH}", "absent", name="<b>x&y;[1].py"),
    "name with an escape": Hostile(f"{_TANH}", "absent", name="\x1b[31mred.py"),
    "kills the run": _call(
        f"import os, signal\nos.kill(int(os.environ.get('RUN', 0)) or os.getppid(), signal.SIGKILL)\nreturn {_RIGHT}",
        "passed",
        only_bwrap=True,
    ),
    "fork bomb": _call("import os, time\nfor _ in range(6): os.fork()\ntime.sleep(600)", "error", slow=True),
}
"""By name; in process mode all but those that only the sandbox contains."""
