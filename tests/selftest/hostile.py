"""Submissions that do harm, by intent or by accident: each a whole file, with what its row has to say.

Every one of them defines a right ``tanh``, which is to be judged as if nothing had happened. What is not contained is
here as well: as a row with ``open``, which says why, or in OPEN where trying it would harm the machine.
"""

from tests.selftest.hostile_beyond import BEYOND, CHECKOUT, RIGHT, TANH, Hostile, call, load

_REFERENCE = f"{CHECKOUT}/reference/activations.py"

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

HOSTILE = {
    **BEYOND,
    "exit in a call": call("import os; os._exit(0)", "error", "ended itself, with status 0"),
    "sys.exit in a call": call("import sys; sys.exit(0)", "error", "SystemExit"),
    "SystemExit when loaded": load("raise SystemExit(0)", "SystemExit"),
    "exit when loaded": load("import os; os._exit(0)", "SystemExit"),
    "a real exit when loaded": load("import ctypes; ctypes.CDLL(None)._exit(0)", "ended itself, with status 0"),
    "KeyboardInterrupt": call("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    "GeneratorExit": call("raise GeneratorExit", "error", "GeneratorExit"),
    "skips the test": call("import unittest; raise unittest.SkipTest", "error", "SkipTest"),
    "endless loop": call("while True: pass", "error", "timed out after", slow=True),
    "endless loop when loaded": load("while True: pass", "does not end within", slow=True),
    "endless loop in C": call("return sum(iter(int, 1))", "error", "timed out after", slow=True),
    "ignores signals": call(
        "import signal\nfor one in (signal.SIGALRM, signal.SIGTERM, signal.SIGINT, signal.SIGXCPU):\n"
        "    signal.signal(one, signal.SIG_IGN)\nwhile True: pass",
        "error",
        "timed out after",
        slow=True,
    ),
    "sleeps": call("import time; time.sleep(1000)", "error", "timed out after", slow=True),
    "recursion": call("return sigmoid(z)", "error", "RecursionError"),
    "recursion without a limit": call(
        "import sys; sys.setrecursionlimit(10**9)\nclass A: pass\nA.__call__ = lambda self: self()\n"
        "f = A()\nA.__call__ = f\nreturn f()",
        "error",
    ),
    "crash": call("import ctypes; ctypes.string_at(0)", "error", "died with signal SIGSEGV"),
    "abort": call("import os; os.abort()", "error", "died with signal SIGABRT"),
    "kills itself": call("import os; os.kill(os.getpid(), 9)", "error", "its process was killed"),
    "kills its group": call("import os; os.killpg(0, 15)", "error", "died with signal SIGTERM"),
    "memory bomb": call("return np.ones(2**40)", "error", "MemoryError"),
    "memory bomb in Python": call("return [0] * 10**11", "error", "MemoryError"),
    "file bomb": call(
        "with open('big', 'wb') as file:\n    while True: file.write(bytes(1 << 20))", "error", "OSError"
    ),
    "too many files": call("files = [open('/dev/null') for _ in range(10000)]", "error", "Too many open files"),
    "output flood": call(f"print('noise ' * 200000)\nreturn {RIGHT}", "passed"),
    "output flood when loaded": Hostile(
        f"{TANH}def sigmoid(z):\n    return {RIGHT}\nprint('noise ' * 2000000)\n", "passed"
    ),
    "raw output flood": call(
        f"import os\nfor _ in range(40): os.write(1, bytes(1 << 16)); os.write(2, bytes(1 << 16))\nreturn {RIGHT}",
        "passed",
    ),
    "markup in a message": call(
        "raise ValueError('\\x1b[2J\\x1b]0;owned\\x07<script>alert(1)</script>')", "error", "\\x1b[2J"
    ),
    "a message of many lines": call("raise ValueError('x' * 10**6 + '\\n' * 10**6)", "error", "xxx..."),
    "a message that fails": call(
        "class Sly(Exception):\n    def __str__(self): raise SystemExit\nraise Sly", "error", "cannot be shown"
    ),
    "writes into the channel": call(_TOKEN_THIEF.strip(), "error", "on the channel"),
    "closes descriptors": call("import os; os.closerange(0, 64)", "error", ""),
    "closes the channel and goes on": call(
        "import os, time\nos.close(3)\ntime.sleep(600)",
        "error",
        "its process",
        in_bwrap=("error", "closed the channel"),
    ),
    "output without end": call(
        "import os\nfor _ in range(8): os.fork()\nwhile True: os.write(1, bytes(1 << 16))",
        "error",
        "timed out after",
        slow=True,
    ),
    "threads left running": call(
        "import threading, time\n"
        "def spin():\n    while True: time.sleep(0.01)\n"
        f"threading.Thread(target=spin, daemon=False).start()\nreturn {RIGHT}",
        "passed",
    ),
    "a daemon left running": call(_DAEMON.strip(), "passed"),
    "imports the reference": call("import reference\nreturn reference.sigmoid(z)", "skipped", "not installed"),
    "imports the reference by its path": call(
        f"import sys\nsys.path.insert(0, {CHECKOUT!r})\nimport reference\nreturn reference.sigmoid(z)",
        "skipped",
        "not installed",
    ),
    "reads the reference": call(
        f"exec(open({_REFERENCE!r}).read(), globals())\nreturn sigmoid(z)",
        "error",
        "PermissionError",
        needs="landlock",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "loads the reference from its file": call(
        f"import importlib.util as u\nspec = u.spec_from_file_location('x', {_REFERENCE!r})\n"
        "module = u.module_from_spec(spec)\nspec.loader.exec_module(module)\nreturn module.sigmoid(z)",
        "error",
        "PermissionError",
        needs="landlock",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "imports the adapters": call(
        "import impls.adapters.numpy_lecture\nreturn impls.adapters.numpy_lecture.sigmoid(z)",
        "skipped",
        "not installed",
    ),
    "looks for the tests": call(
        "import sys\nassert {'reference', 'impls', 'tests', 'hypothesis'} & set(sys.modules)\nreturn z",
        "error",
        "AssertionError",
    ),
    "patches numpy": call(
        "return z",
        "failed",
        before="np.exp = np.allclose = np.array_equal = np.maximum = lambda *_, **__: True",
    ),
    "patches builtins": call(
        "return z",
        "failed",
        before="import builtins\nbuiltins.isinstance = builtins.max = lambda *_, **__: True\n"
        "builtins.isinstance = type('', (), {'__call__': lambda s, *a: True})()",
    ),
    "patches json": call(f"return {RIGHT} + 1", "failed", before="import json\njson.dumps = lambda *_: '{}'"),
    "an array that equals all": call(
        "class Sly(np.ndarray):\n"
        "    def __eq__(self, other): return np.ones(self.shape, bool)\n"
        "    def __sub__(self, other): return np.zeros(self.shape)\n"
        "    __rsub__ = __sub__\n"
        "    def __array__(self, *_, **__): return 1 / (1 + np.exp(-z))\n"
        "return z.view(Sly)",
        "failed",
    ),
    "a float that equals all": call(
        "class Sly(float):\n    def __eq__(self, other): return True\n    def __float__(self): return 0.5\n"
        "return Sly(7)",
        "failed",
    ),
    "a liar about its class": call(
        "class Sly:\n    __class__ = np.ndarray\n    shape = z.shape\n    dtype = z.dtype\nreturn Sly()", "error"
    ),
    "generator": call("yield z", "error", "generator"),
    "masked elements": call(f"return np.ma.masked_array({RIGHT}, mask=True)", "error", "a masked array"),
    "a masked array without masked elements": call(f"return np.ma.masked_array({RIGHT})", "passed"),
    "an answer in a file": call(
        "one = np.memmap('file', z.dtype, 'w+', shape=z.shape)\none[...] = " + RIGHT + "\nreturn one", "passed"
    ),
    "object array": call("return np.array([Exception] * 3, dtype=object)", "error", "object"),
    "huge shape": call("return np.broadcast_to(z.ravel()[:1], (2**50,))", "failed", "shape"),
    "huge list": call("return [0.0] * 10**6", "error", "too many"),
    "deep list": call("x = []\nfor _ in range(10**5): x = [x]\nreturn x", "error", ""),
    "wrong dtype": call(f"return ({RIGHT}).astype('U9')", "error", "dtype"),
    "NaN everywhere": call("return np.full(z.shape, np.nan)", "failed"),
    "non-determinism": call("return np.random.default_rng().random(z.shape)", "failed"),
    "state kept between calls": call(
        f"calls.append(1)\nreturn {RIGHT} if len(calls) < 3 else z", "failed", before="calls = []"
    ),
    "looks for a test's values": call(
        f"return {RIGHT} if z.size and abs(z.flat[0]) < 1e-3 else np.full(z.shape, 0.5)", "failed"
    ),
    "syntax error": Hostile("def sigmoid(z:\n", None, "SyntaxError"),
    **{
        f"declares the encoding {name}": Hostile(f"# -*- coding: {name} -*-\n{TANH}", None, "SyntaxError")
        for name in ("rot13", "undefined", "klingon", "utf-16")
    },
    "wrong encoding": Hostile("x = '\udcff\udcfe'\n", None, "SyntaxError"),
    "NUL bytes": Hostile("def sigmoid(z): return z\0\n", None, "null bytes"),
    "a deep expression": Hostile("x = " + "(" * 100000 + ")" * 100000, None, "Error"),
    "not Python": Hostile("%PDF-1.4 \x01\x02", None, "no function of the interface"),
    "empty": Hostile("", None, "no function of the interface"),
    "name with shell characters": Hostile(f"{TANH}", "absent", name="$(touch owned); `id`.py"),
    "name with markup": Hostile(f"{TANH}", "absent", name="<b>x&y;[1].py"),
    "name with an escape": Hostile(f"{TANH}", "absent", name="\x1b[31mred.py"),
    "many files": call(
        "for n in range(50):\n    with open(str(n), 'wb') as file: file.write(bytes(1 << 24))",
        "error",
        "No space left",
        needs="bwrap",
    ),
    "folders too deep in a call": call(_DEEP.strip(), "error", "ended itself, with status 1"),
    "folders too deep when loaded": load(_DEEP.replace("os._exit", "os.abort() or os._exit"), "SIGABRT"),
    "removes the folder of all": load(
        "import os, shutil\nshutil.rmtree(os.path.dirname(os.getcwd()))",
        "Permission",
        needs="landlock",
    ),
    "a chain of processes left running": call(_CHAIN.strip(), "passed", before="import os, time\nstarted = []"),
    "spinning processes left running": call(_SPINNING.strip(), "passed", before="import os\nstarted = []"),
    "a large answer": call("return np.zeros(2**22)", "failed", ""),
    "says that the command is wrong": load(
        f"{_ANSWERS_FOR_ITS_WORKER}send(real, frame.f_locals['token'], {{'wrong': 'all is well'}})",
        "all is well",
        remarked=True,
    ),
    "says that arrays are the arguments it changed": call(
        f"{_ANSWERS_FOR_ITS_WORKER}"
        "type(real).answer = lambda self, token, said: send(self, token, said | {'changed': [np.zeros(2), 1.0, [2]]})\n"
        f"return {RIGHT}",
        "passed",
        remarked=True,
    ),
    "raises what the suite says of others": call(
        "lost = [one for one in Exception.__subclasses__() if one.__name__ == 'CallFailed'][0]\n"
        "raise [one for one in lost.__subclasses__() if one.__name__ == 'NotJudged'][0]('all is well')",
        "skipped",
        "not judged: all is well",
        remarked=True,
    ),
    "says that it is on a GPU": load(
        f"{_ANSWERS_FOR_ITS_WORKER}"
        "type(real).answer = lambda self, token, said: send(self, token, said | {'arrays': 'cupy', 'device': 'cuda'})",
        "its process speaks of cupy arrays",
        remarked=True,
    ),
    "says that it takes other arrays": load(
        f"{_ANSWERS_FOR_ITS_WORKER}"
        "type(real).answer = lambda self, token, said: send(self, token, said | {'arrays': 'jax'})",
        "its process speaks of jax arrays",
        remarked=True,
    ),
    "name that is not ASCII": Hostile(f"{TANH}", "absent", name="Lösung\u2028\N{RIGHT-TO-LEFT OVERRIDE}.py"),
    "name that is not UTF-8": Hostile(f"{TANH}", "absent", name="L\udcf6sung.py"),
    "fork bomb": call("import os, time\nfor _ in range(6): os.fork()\ntime.sleep(600)", "error", slow=True),
}
"""By name."""

OPEN = {
    "changes its worker": "a submission that finds the objects of its own process can answer as it likes; its row "
    "remarks that it looks into its caller",
    "millions of folders": "no limit of inodes without a file system of its own; what cannot be removed within a "
    "minute is left, and its path is printed",
    "many gigabytes in many files": "the limit is one of a file, outside the sandbox",
    "memory of several processes": "the limit is one of a process, and up to 256 may run; for all together it takes a "
    "cgroup, which takes root or a delegated one",
    "knows the inputs": "they follow from the seed, which is 0 by default: a table of right answers conforms for that "
    "seed; a class is judged with a seed that nobody knows (--hypothesis-seed)",
    "as many processes as its user may have": "the limit is one of a user: with -n another submission of the same user "
    "gets no thread meanwhile; as root each process has a user of its own",
    "pins a process of its user to one processor": "the same call gives its own threads their processors, as libraries "
    "do; the process becomes slower, and time without a processor does not count; of root's processes it is refused",
    "writes into a result after the run": "what is written later than the last look at it is not seen",
}
"""What is not contained, in any mode but where it says so, and not tried here; with the reason."""
