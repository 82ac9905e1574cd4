"""Submissions that reach beyond their process: for other processes, files, sockets, the privileges of root.

Each is a row of the hostile collection (``hostile.py``). What contains it stands in its row.
"""

import platform
from dataclasses import dataclass
from pathlib import Path
from typing import Any

CHECKOUT = str(Path(__file__).parents[2])

TANH = "\nimport numpy as np\ndef tanh(z):\n    return np.tanh(z)\n"
RIGHT = "1 / (1 + np.exp(-z))"


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
    """What contains it beside a process of its own: "landlock" (version 6 or later), "seccomp", "users", "bwrap"."""
    in_bwrap: tuple[str, str] | None = None
    """``outcome`` and ``says`` in the sandbox, where they differ."""
    open: str = ""
    """Why it is not contained by a process of its own."""
    remarked: bool = False
    """Its row remarks that it looks into its caller."""


def call(body: str, outcome: str, says: str = "", before: str = "", **more: Any) -> Hostile:
    indented = "\n".join("    " + line for line in body.splitlines())
    return Hostile(f"{TANH}{before}\ndef sigmoid(z):\n{indented}\n", outcome, says, **more)


def load(code: str, says: str, **more: Any) -> Hostile:
    """In a statement that ``sigmoid`` needs, since no other is run."""
    indented = "\n".join("    " + line for line in code.splitlines())
    source = f"{TANH}def start():\n{indented}\n    return 1\nONE = start()\ndef sigmoid(z):\n    return ONE * {RIGHT}\n"
    return Hostile(source, None, says, **more)


_ROOTS = """
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
assert 0 == {}, ctypes.get_errno()
return z
"""

_PARENT = "f'/proc/{os.getppid()}/"

CHANGES = """
os.chmod(__file__, 0o777)
os.fchmod(os.open(__file__, os.O_RDONLY), 0o777)
os.utime(__file__, (1, 1))
os.chown(__file__, os.getuid(), -1)
os.setxattr(__file__, "user.x", b"x")
""".strip()

BEYOND = {
    "kills the run": call(
        f"import os, signal\nos.kill(int(os.environ.get('RUN', 0)) or os.getppid(), signal.SIGKILL)\nreturn {RIGHT}",
        "error",
        "PermissionError",
        needs="landlock",
        remarked=True,
    ),
    "stops its parent": call(
        "import os, signal\nos.kill(os.getppid(), signal.SIGSTOP)",
        "error",
        "PermissionError",
        needs="landlock",
        remarked=True,
    ),
    **{
        f"reaches for the {what} of its parent": call(
            f"open({_PARENT}{file}', {mode!r})", "error", "Error", before="import os", needs="landlock", remarked=True
        )
        for what, file, mode in (
            ("memory", "mem", "r+b"),
            ("environment", "environ", "rb"),
            ("terminal", "fd/2", "w"),
            ("number", "status", "r"),
        )
    },
    "reads a neighbour": call(
        f"open(os.path.join(os.path.dirname(__file__), 'aaa.py'))\nreturn {RIGHT}",
        "error",
        "PermissionError",
        before="import os",
        needs="landlock",
        in_bwrap=("error", "FileNotFoundError"),
    ),
    "imports a neighbour by a name put together": Hostile(
        f"{TANH}\nsigmoid = __import__('a' * 3).sigmoid", None, "Error", needs="landlock"
    ),
    "reads the passwords": call(
        "open('/etc/shadow')", "error", "PermissionError", needs="landlock", in_bwrap=("error", "FileNotFoundError")
    ),
    "writes elsewhere": call("open('/usr/local/written', 'w')", "error", "Error", needs="landlock"),
    "connects by TCP": call(
        "import socket\nsocket.create_connection(('127.0.0.1', 9))", "error", "PermissionError", needs="landlock"
    ),
    "connects to a socket of the machine": call(
        "import os, socket\nwith socket.socket(socket.AF_UNIX) as one:\n"
        f"    one.connect(os.path.join(os.path.dirname(__file__), 'listener'))\nreturn {RIGHT}",
        "error",
        "PermissionError",
        needs="seccomp",
    ),
    "sends by UDP": call(
        "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('127.0.0.1', 9))\n"
        f"return {RIGHT}",
        "error",
        "PermissionError",
        needs="seccomp",
    ),
    "speaks to the kernel by netlink": call(
        "import socket\nsocket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0)",
        "error",
        "PermissionError",
        needs="seccomp",
    ),
    "changes what is said of its file": call(
        f"import os, shutil\n{CHANGES}\nopen('one', 'w')\nshutil.copy('one', 'two')\nreturn {RIGHT}", "passed"
    ),
    "sets limits of the process that starts the others": call(
        f"import os, resource\nresource.prlimit(os.getppid(), resource.RLIMIT_CORE, (0, 0))\nreturn {RIGHT}",
        "error",
        "PermissionError",
        needs="seccomp",
        remarked=True,
    ),
    "more processes than may be": call(
        f"import os, time\nfor _ in range(300):\n    if not os.fork(): time.sleep(600)\nreturn {RIGHT}",
        "error",
        "BlockingIOError",
        needs="users",
    ),
    "sets limits of its own": call(
        f"import resource\nresource.setrlimit(resource.RLIMIT_CPU, (600, 600))\nreturn {RIGHT}", "passed"
    ),
    "takes the processor from all of its user": call(
        f"import os\nos.setpriority(os.PRIO_USER, 0, 19)\nreturn {RIGHT}", "error", "PermissionError", needs="seccomp"
    ),
    "leaves shared memory": call(
        _ROOTS.format("min(0, libc.shmget(0, 1 << 20, 0o1600))").strip(),
        "error",
        "AssertionError: 1",
        needs="seccomp",
        remarked=True,
    ),
    "watches the files of others": call(
        _ROOTS.format("min(0, libc.inotify_add_watch(libc.inotify_init(), b'/', 0xFFF))").strip(),
        "error",
        "AssertionError: 1",
        needs="seccomp",
        remarked=True,
    ),
    **{
        f"makes a system call of {what}": call(
            "import ctypes, mmap\npage = mmap.mmap(-1, 4096, prot=7)\n"
            f"page.write(bytes.fromhex('{code}'))\n"
            "call = ctypes.CFUNCTYPE(ctypes.c_int)(ctypes.addressof(ctypes.c_char.from_buffer(page)))\n"
            "raise ValueError(call())",
            "error",
            "ValueError: -1 ",
            needs="seccomp",
            remarked=True,
        )
        for what, code in (("32 bits", "b814000000cd80c3"), ("x32", "b8270000400f05c3"))
        if platform.machine() == "x86_64"  # getpid by int 0x80, and by syscall with the bit of x32
    },
    "makes the root writable": call(
        _ROOTS.format("libc.mount(b'none', b'/', None, 0x1020, None)").strip(), "error", "AssertionError", remarked=True
    ),
    "uncovers the checkout": call(
        _ROOTS.format(f"libc.umount2({CHECKOUT.encode()!r}, 2)").strip(), "error", "AssertionError", remarked=True
    ),
    "makes a device": call(
        "import os\nos.mknod('disk', 0o60600, os.makedev(254, 0))\nopen('disk', 'rb')", "error", "Error"
    ),
}
"""By name."""
