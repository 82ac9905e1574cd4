"""Submissions that do harm, by intent or by accident: each a whole file, with what its row has to say.

Every one of them defines a right ``tanh``, which is to be judged as if nothing had happened. What is not contained is
here as well: as a row with ``open``, which says why, or in OPEN where trying it would harm the machine.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

_CHECKOUT = str(Path(__file__).parents[2])
_REFERENCE = f"{_CHECKOUT}/reference/activations.py"

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
    needs: str = ""
    """What contains it: "landlock" (version 6 or later) or "bwrap"; "": a process of its own alone."""
    in_bwrap: tuple[str, str] | None = None
    """``outcome`` and ``says`` in the sandbox, where they differ."""
    open: str = ""
    """Why it is not contained by a process of its own."""
    remarked: bool = False
    """Its row remarks that it looks into its caller."""


def _call(body: str, outcome: str, says: str = "", before: str = "", **more: Any) -> Hostile:
    indented = "\n".join("    " + line for line in body.splitlines())
    return Hostile(f"{_TANH}{before}\ndef sigmoid(z):\n{indented}\n", outcome, says, **more)


def _load(code: str, says: str, **more: Any) -> Hostile:
    """In a statement that ``sigmoid`` needs, since no other is run."""
    indented = "\n".join("    " + line for line in code.splitlines())
    source = (
        f"{_TANH}def start():\n{indented}\n    return 1\nONE = start()\ndef sigmoid(z):\n    return ONE * {_RIGHT}\n"
    )
    return Hostile(source, None, says, **more)


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

_DEEP = """
import os
for _ in range(1500):
    os.mkdir("a")
    os.chdir("a")
os._exit(1)
"""

_CHAIN = """
if not started:
    started.append(1)
    if not os.fork():
        for _ in range(130):
            if os.fork():
                break
        time.sleep(600)
return 1 / (1 + np.exp(-z))
"""

_SPINNING = """
for _ in range(16):
    if not started and not os.fork():
        os.setsid()
        while True: pass
started.append(1)
return 1 / (1 + np.exp(-z))
"""

_ANSWERS_FOR_ITS_WORKER = """
import sys
frame = sys._getframe()
while "channel" not in frame.f_locals:
    frame = frame.f_back
real = frame.f_locals["channel"]
send = type(real).answer
"""

_ROOTS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert 0 == {}, ctypes.get_errno()
return z
"""

_PARENT = "f'/proc/{os.getppid()}/"

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
    "endless loop when loaded": _load("while True: pass", "does not end within", slow=True),
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
    "imports the reference": _call("import reference\nreturn reference.sigmoid(z)", "skipped", "not installed"),
    "imports the reference by its path": _call(
        f"import sys\nsys.path.insert(0, {_CHECKOUT!r})\nimport reference\nreturn reference.sigmoid(z)",
        "skipped",
        "not installed",
    ),
    "reads the reference": _call(
        f"exec(open({_REFERENCE!r}).read(), globals())\nreturn sigmoid(z)",
        "error",
        "PermissionError",
        needs="landlock",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "loads the reference from its file": _call(
        f"import importlib.util as u\nspec = u.spec_from_file_location('x', {_REFERENCE!r})\n"
        "module = u.module_from_spec(spec)\nspec.loader.exec_module(module)\nreturn module.sigmoid(z)",
        "error",
        "PermissionError",
        needs="landlock",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "imports the adapters": _call(
        "import impls.adapters.numpy_lecture\nreturn impls.adapters.numpy_lecture.sigmoid(z)",
        "skipped",
        "not installed",
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
    "huge shape": _call("return np.broadcast_to(z.ravel()[:1], (2**50,))", "failed", "shape"),
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
    "not Python": Hostile("%PDF-1.4 \x01\x02", None, "no function of the interface"),
    "empty": Hostile("", None, "no function of the interface"),
    "name with shell characters": Hostile(f"{_TANH}", "absent", name="$(touch owned); `id`.py"),
    "name with markup": Hostile(f"{_TANH}", "absent", name="<b>x&y;[1].py"),
    "name with an escape": Hostile(f"{_TANH}", "absent", name="\x1b[31mred.py"),
    "kills the run": _call(
        f"import os, signal\nos.kill(int(os.environ.get('RUN', 0)) or os.getppid(), signal.SIGKILL)\nreturn {_RIGHT}",
        "error",
        "PermissionError",
        needs="landlock",
        remarked=True,
    ),
    "stops its parent": _call(
        "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)",
        "error",
        "PermissionError",
        needs="landlock",
        remarked=True,
    ),
    **{
        f"reaches for the {what} of its parent": _call(
            f"open({_PARENT}{file}', {mode!r})", "error", "Error", before="import os", needs="landlock", remarked=True
        )
        for what, file, mode in (
            ("memory", "mem", "r+b"),
            ("environment", "environ", "rb"),
            ("terminal", "fd/2", "w"),
            ("number", "status", "r"),
        )
    },
    "reads a neighbour": _call(
        f"open(os.path.join(os.path.dirname(__file__), 'aaa.py'))\nreturn {_RIGHT}",
        "error",
        "PermissionError",
        before="import os",
        needs="landlock",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "imports a neighbour by a name put together": Hostile(
        f"{_TANH}\nsigmoid = __import__('a' * 3).sigmoid", None, "Error", needs="landlock"
    ),
    "reads the passwords": _call(
        "open('/etc/shadow')", "error", "PermissionError", needs="landlock", in_bwrap=("error", "FileNotFoundError")
    ),
    "writes elsewhere": _call("open('/usr/local/written', 'w')", "error", "Error", needs="landlock"),
    "connects by TCP": _call(
        "import socket\nsocket.create_connection(('127.0.0.1', 9))", "error", "PermissionError", needs="landlock"
    ),
    "connects to a socket of the machine": _call(
        "import os, socket\nwith socket.socket(socket.AF_UNIX) as one:\n"
        f"    one.connect(os.path.join(os.path.dirname(__file__), 'listener'))\nreturn {_RIGHT}",
        "passed",
        open="Landlock does not know Unix sockets that have a path",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "sends by UDP": _call(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))\n"
        f"return {_RIGHT}",
        "passed",
        open="Landlock knows no UDP; in the sandbox it reaches nobody",
    ),
    "changes permissions": _call(
        f"import os\nos.chmod(__file__, 0o644)\nreturn {_RIGHT}",
        "passed",
        open="Landlock knows no chmod and no utime; a user changes what is his own, root anything of root's",
        in_bwrap=("error", "Read-only file system"),
    ),
    "makes the root writable": _call(
        _ROOTS.format("libc.mount(b'none', b'/', None, 0x1020, None)").strip(), "error", "AssertionError", remarked=True
    ),
    "uncovers the checkout": _call(
        _ROOTS.format(f"libc.umount2({_CHECKOUT.encode()!r}, 2)").strip(), "error", "AssertionError", remarked=True
    ),
    "makes a device": _call(
        "import os\nos.mknod('disk', 0o60600, os.makedev(254, 0))\nopen('disk', 'rb')", "error", "Error"
    ),
    "many files": _call(
        "for n in range(50):\n    with open(str(n), 'wb') as file: file.write(bytes(1 << 24))",
        "error",
        "No space left",
        needs="bwrap",
    ),
    "folders too deep in a call": _call(_DEEP.strip(), "error", "ended itself, with status 1"),
    "folders too deep when loaded": _load(_DEEP.replace("os._exit", "os.abort() or os._exit"), "SIGABRT"),
    "removes the folder of all": _load(
        "import os, shutil\nshutil.rmtree(os.path.dirname(os.getcwd()))",
        "Permission",
        needs="landlock",
    ),
    "a chain of processes left running": _call(_CHAIN.strip(), "passed", before="import os, time\nstarted = []"),
    "spinning processes left running": _call(_SPINNING.strip(), "passed", before="import os\nstarted = []"),
    "a large answer": _call("return np.zeros(2**22)", "failed", ""),
    "says that the command is wrong": _load(
        f"{_ANSWERS_FOR_ITS_WORKER}send(real, frame.f_locals['token'], {{'wrong': 'all is well'}})",
        "all is well",
        remarked=True,
    ),
    "says that it is on a GPU": _load(
        f"{_ANSWERS_FOR_ITS_WORKER}"
        "type(real).answer = lambda self, token, said: send(self, token, said | {'arrays': 'cupy', 'device': 'cuda'})",
        "its process speaks of cupy arrays",
        remarked=True,
    ),
    "says that it takes other arrays": _load(
        f"{_ANSWERS_FOR_ITS_WORKER}"
        "type(real).answer = lambda self, token, said: send(self, token, said | {'arrays': 'jax'})",
        "its process speaks of jax arrays",
        remarked=True,
    ),
    "name that is not ASCII": Hostile(f"{_TANH}", "absent", name="Lösung\u2028\N{RIGHT-TO-LEFT OVERRIDE}.py"),
    "name that is not UTF-8": Hostile(f"{_TANH}", "absent", name="L\udcf6sung.py"),
    "fork bomb": _call("import os, time\nfor _ in range(6): os.fork()\ntime.sleep(600)", "error", slow=True),
}
"""By name."""

OPEN = {
    "changes its worker": "a submission that finds the objects of its own process can answer as it likes; its row "
    "remarks that it looks into its caller",
    "millions of folders": "no limit of inodes without a file system of its own; what cannot be removed within a "
    "minute is left, and its path is printed",
    "many gigabytes in many files": "the limit is one of a file, outside the sandbox",
    "memory of several processes": "the limit is one of a process, and up to 64 may run; for all together it takes a "
    "cgroup, which takes root or a delegated one",
    "writes into a result after the run": "what is written later than the last look at it is not seen",
}
"""What is not contained, in any mode but where it says so, and not tried here; with the reason."""
