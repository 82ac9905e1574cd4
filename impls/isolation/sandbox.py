"""Workers in a sandbox of their own (bubblewrap): a process id space, a network and a /tmp that nobody else sees."""

import json
import os
import subprocess
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from impls.backends import Needs
from impls.builtin import BUILTINS
from impls.isolation.channel import Worker
from impls.isolation.forked import environment, python
from impls.isolation.limits import Limits
from impls.isolation.processes import family
from impls.isolation.reachable_paths import CHECKOUT, devices, system, told_of_the_machine

_OWN_PROCESSES = 3
"""Of the sandbox: the one that was started, the first one inside, and the worker."""


class Sandboxed(Worker):
    """A worker that is started alone, in its sandbox."""

    def __init__(self, load: Mapping[str, Any], limits: Limits, needs: Needs, on_end: Callable[[Worker], None]) -> None:
        super().__init__(limits, needs, on_end)
        settings = {"serves": "one", "folder": "/tmp", "limits": self.limits.as_json()}
        theirs = self.channel.theirs.fileno()
        self._process = subprocess.Popen(
            [*_bwrap(load, limits, needs), *python(), str(theirs), json.dumps(settings)],
            pass_fds=[theirs],
            stdin=subprocess.DEVNULL,
            stdout=self.channel.their_output,
            stderr=self.channel.their_output,
            env=environment("/tmp", needs),
            start_new_session=True,
        )
        self.channel.handed_over()

    @property
    def pid(self) -> int:
        return self._process.pid

    def has_left_processes(self) -> bool:
        return len(family(self.pid)) > _OWN_PROCESSES

    def _kill(self) -> int | None:
        try:
            code: int | None = self._process.wait(0.2)
        except subprocess.TimeoutExpired:
            code = None
            self._process.kill()
            self._process.wait()
        if code is None:
            return None
        # The sandbox passes on a signal that ended the process inside as 128 and its number.
        return code - 128 if code > 128 else code << 8


def _bwrap(load: Mapping[str, Any], limits: Limits, needs: Needs) -> list[str]:
    """The sandbox: the interpreter and libraries of the machine, the submission, and of this suite what a worker runs.

    Nothing else of the machine is there, no socket among it. All but /tmp can be read only.
    """
    words = ["bwrap", "--unshare-all", "--die-with-parent", "--new-session", "--cap-drop", "ALL"]
    words += ["--proc", "/proc", "--dev", "/dev", *_sized(limits.folder_mib), "--tmpfs", "/tmp"]
    for path in [*system(os.environ), *told_of_the_machine(needs), str(CHECKOUT / "impls")]:
        words += [] if path.startswith("/proc") else ["--ro-bind-try", path, path]
    for builtin in () if load["trusted"] else BUILTINS.values():
        adapter = CHECKOUT.joinpath(*builtin.module.split(".")).with_suffix(".py")
        words += ["--ro-bind", os.devnull, str(adapter)] if adapter.is_file() else []
    for path in load["readable"]:
        words += ["--ro-bind", path, path]
    for device in devices(needs):
        words += ["--dev-bind-try", device, device]
    return [*words, "--remount-ro", "/dev", "--remount-ro", "/", "--chdir", "/tmp", "--"]


@cache
def _sized(mib: int) -> tuple[str, ...]:
    """The option for the size of the next folder in memory, where this bubblewrap has it (0.7 and later)."""
    has_it = "--size " in subprocess.run(["bwrap", "--help"], capture_output=True, text=True, check=False).stdout
    return ("--size", str(mib << 20)) if has_it else ()
