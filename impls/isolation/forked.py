"""Workers that are forked from a server, in which the libraries are imported already: about 20 ms each."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from impls.backends import Needs
from impls.calling import Lost
from impls.isolation.channel import Worker
from impls.isolation.limits import Limits
from impls.isolation.processes import children, family
from impls.isolation.reachable_paths import CHECKOUT
from impls.isolation.removal import remove

_REMOVAL_SECONDS = 60.0

_START_SECONDS, _CONTROL_SECONDS = 300.0, 60.0
"""After which a server that does not answer its first order, or a later one, counts as stopped.

With the first one it imports the libraries. Its own work on an order has shorter limits, of some 20 s in all.
"""


class ServerLost(Lost):
    """The server of a worker has ended or does not answer, and the worker with it; by whose doing is not known."""


class Server:
    """A server process, and how it is told what to do."""

    def __init__(self, limits: Limits, needs: Needs) -> None:
        self.lost = False
        self.workers: set[int] = set()
        self._control, theirs = socket.socketpair()
        self._control.settimeout(_START_SECONDS)
        settings = {
            "serves": "many",
            "preload": list(needs.preload),
            "limits": limits.for_needs(needs).as_json(),
        }
        self.folder = tempfile.mkdtemp(prefix="conformance-")
        os.chmod(self.folder, 0o711)  # for workers, which are other users: access(2) asks for the way to their folders
        self._process = subprocess.Popen(
            [*python(), str(theirs.fileno()), json.dumps(settings)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None,
            env=environment(self.folder, needs),
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
                self._control.settimeout(_CONTROL_SECONDS)
        if not answer:
            if not self.lost:
                _kill(self._process.pid)
            self.close()
            raise ServerLost("the process that starts the workers was ended or stopped")
        return json.loads(answer)

    def has_strays(self) -> bool:
        """Whether a process runs that a worker started and that has lost its parent."""
        return bool(children(self._process.pid) - self.workers)

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
        if not remove(self.folder, _REMOVAL_SECONDS):
            sys.stderr.write(f"what a submission left could not be removed: {self.folder}\n")


class Forked(Worker):
    """A worker forked from a server."""

    def __init__(
        self, server: Server, limits: Limits, needs: Needs, owner: int, on_end: Callable[[Worker], None]
    ) -> None:
        super().__init__(limits, needs, on_end)
        self._server = server
        self.shared = {name: os.path.join(server.folder, f"{name.lower()}-{owner}") for name in needs.shared_folders}
        try:
            for folder in self.shared.values():
                os.makedirs(folder, exist_ok=True)
                os.chmod(folder, 0o777)  # each worker of a submission is another user
            descriptors = [self.channel.theirs.fileno(), self.channel.their_output]
            self._pid = server.order({"do": "start"}, descriptors)["pid"]
            server.workers.add(self._pid)
        except BaseException:
            self.channel.close()
            raise
        finally:
            self.channel.handed_over()

    @property
    def pid(self) -> int:
        return self._pid

    def has_left_processes(self) -> bool:
        return len(family(self._pid)) > 1 or self._server.has_strays()

    def _kill(self) -> int | None:
        self._server.workers.discard(self._pid)
        return self._server.order({"do": "end", "pid": self._pid})["status"]


def _kill(server: int) -> None:
    """Kill a server that does not answer, and before it all that descends from it."""
    for pid in reversed(family(server)):
        with contextlib.suppress(OSError):
            os.kill(pid, signal.SIGKILL)


def python() -> list[str]:
    """How the machinery of a worker is started, without the settings."""
    return [sys.executable, "-I", str(Path(__file__).with_name("bootstrap.py")), str(CHECKOUT)]


def environment(folder: str, needs: Needs) -> dict[str, str]:
    """All that a worker sees of the environment."""
    kept = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder, "USER": "submission"}
    kept |= {name: value for name, value in os.environ.items() if name.startswith(needs.environment)}
    return kept | {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}
