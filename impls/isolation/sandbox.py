"""Workers in a sandbox of their own (bubblewrap): a process id space, a network and a /tmp that nobody else sees."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from impls.builtin import BUILTINS
from impls.isolation.channel import Worker
from impls.isolation.forked import CHECKOUT, environment, python, with_torch
from impls.isolation.limits import Limits


class Sandboxed(Worker):
    """A worker that is started alone, in its sandbox."""

    def __init__(
        self, load: Mapping[str, Any], limits: Limits, torch: bool, gpu: bool, on_end: Callable[[Worker], None]
    ) -> None:
        super().__init__(gpu, on_end)
        limits = with_torch(limits) if torch else limits
        self.memory_mib = limits.memory_mib
        settings = {"serves": "one", "folder": "/tmp", "limits": limits.as_json(), "gpu": gpu}
        theirs = self.channel.theirs.fileno()
        self._process = subprocess.Popen(
            [*_bwrap(load, gpu), *python(), str(theirs), json.dumps(settings)],
            pass_fds=[theirs],
            stdin=subprocess.DEVNULL,
            stdout=self.channel.their_output,
            stderr=self.channel.their_output,
            env=environment("/tmp", gpu),
            start_new_session=True,
        )
        self.channel.handed_over()

    @property
    def pid(self) -> int:
        return self._process.pid

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


def _bwrap(load: Mapping[str, Any], gpu: bool) -> list[str]:
    """The sandbox: the system read-only, the checkout hidden but for what a worker runs, the submission's folder."""
    words = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    if gpu:
        for device in sorted(Path("/dev").glob("nvidia*")):
            words += ["--dev-bind", str(device), str(device)]
    if load["home"] is not None:
        words += ["--tmpfs", str(CHECKOUT), "--ro-bind", str(CHECKOUT / "impls"), str(CHECKOUT / "impls")]
        for builtin in BUILTINS.values():
            adapter = CHECKOUT.joinpath(*builtin.module.split(".")).with_suffix(".py")
            if adapter.is_file():
                words += ["--ro-bind", os.devnull, str(adapter)]
        words += ["--ro-bind", load["home"], load["home"]]
    for prefix in {sys.prefix, sys.base_prefix}:
        if prefix not in ("/", "/usr"):
            words += ["--ro-bind", prefix, prefix]
    return [*words, "--unshare-all", "--die-with-parent", "--new-session", "--chdir", "/tmp", "--"]
