"""Workers that are forked from a server, in which the libraries are imported already: about 20 ms each."""

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from impls.calling import Lost
from impls.isolation.channel import Worker, family
from impls.isolation.limits import Limits

CHECKOUT = Path(__file__).resolve().parents[2]

_CONTROL_SECONDS = 30.0
"""After which a server that does not answer an order counts as stopped; its own work has shorter limits."""

_GPU_VARIABLES = ("CUDA", "NVIDIA_", "LD_", "CUPY_", "CUBLAS_", "TORCH_")


class ServerLost(Lost):
    """The server of a worker has ended or does not answer, and the worker with it; by whose doing is not known."""


class Server:
    """A server process, and how it is told what to do."""

    def __init__(self, limits: Limits, torch: bool, gpu: bool) -> None:
        self.limits = with_torch(limits) if torch else limits
        self.lost = False
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_CONTROL_SECONDS)
        settings = {
            "serves": "many",
            "preload": ["numpy", *(["torch"] if torch else [])],
            "limits": self.limits.as_json(),
            "gpu": gpu,
        }
        self._folder = tempfile.mkdtemp(prefix="conformance-")
        self._process = subprocess.Popen(
            [*python(), str(theirs.fileno()), json.dumps(settings)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None,
            env=environment(self._folder, gpu),
            start_new_session=True,
        )
        theirs.close()

    def order(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        """The answer to an order. Raises ServerLost, after which there is no server any more."""
        answer = b""
        if not self.lost:
            with contextlib.suppress(OSError):
                socket.send_fds(self._control, [json.dumps(message).encode()], list(descriptors))
                answer = self._control.recv(4096)
        if not answer:
            self.close()
            raise ServerLost("the process that starts the workers was ended or stopped")
        return json.loads(answer)

    def close(self) -> None:
        """End the server, its workers and what they left."""
        if self.lost:
            return
        self.lost = True
        self._control.close()
        try:
            self._process.wait(_CONTROL_SECONDS)
        except subprocess.TimeoutExpired:
            _kill(self._process.pid)
            self._process.wait()
        shutil.rmtree(self._folder, ignore_errors=True)


class Forked(Worker):
    """A worker forked from a server."""

    def __init__(self, server: Server, gpu: bool, on_end: Callable[[Worker], None]) -> None:
        super().__init__(gpu, on_end)
        self._server = server
        self.memory_mib = server.limits.memory_mib
        try:
            descriptors = [self.channel.theirs.fileno(), self.channel.their_output]
            self._pid = server.order({"do": "start"}, descriptors)["pid"]
        finally:
            self.channel.handed_over()

    @property
    def pid(self) -> int:
        return self._pid

    def _kill(self) -> int | None:
        return self._server.order({"do": "end", "pid": self._pid})["status"]


def _kill(server: int) -> None:
    """Kill a server that does not answer, and before it all that descends from it."""
    while len(found := family(server)) > 1:
        for pid in found[1:]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        break
    with contextlib.suppress(ProcessLookupError):
        os.kill(server, signal.SIGKILL)


def with_torch(limits: Limits) -> Limits:
    """Torch's libraries alone take gigabytes of address space, most of which they never touch."""
    return replace(limits, memory_mib=limits.memory_mib + 8192)


def python() -> list[str]:
    """How the machinery of a worker is started, without the settings."""
    return [sys.executable, "-I", str(Path(__file__).with_name("bootstrap.py")), str(CHECKOUT)]


def environment(folder: str, gpu: bool) -> dict[str, str]:
    """All that a worker sees of the environment."""
    kept = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder}
    if gpu:
        kept |= {name: value for name, value in os.environ.items() if name.startswith(_GPU_VARIABLES)}
    return kept | {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
