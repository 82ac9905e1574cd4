"""Starts and ends the workers of one run: what to load goes in, a worker comes out."""

import contextlib
import shutil
from collections.abc import Mapping
from typing import Any

from impls.backends import Needs
from impls.isolation import landlock, seccomp
from impls.isolation.channel import Worker
from impls.isolation.forked import Forked, Server, ServerLost
from impls.isolation.limits import Limits
from impls.isolation.privileges import close_memory
from impls.isolation.sandbox import Sandboxed

PROCESS, NONE, BWRAP = "process", "none", "bwrap"
MODES = (PROCESS, NONE, BWRAP)


class IsolationError(RuntimeError):
    """This machine cannot isolate as asked."""


class Isolation:
    """Starts and ends the workers of one run."""

    def __init__(self, mode: str = PROCESS, limits: Limits | None = None) -> None:
        self.mode = mode
        self.limits = limits or Limits()
        self._servers: dict[Needs, Server] = {}
        self._alive: dict[Worker, None] = {}
        if mode == BWRAP and not shutil.which("bwrap"):
            raise IsolationError("--isolation bwrap: bwrap (Debian's package bubblewrap) is not installed")

    @property
    def in_force(self) -> str:
        """What keeps a worker from the rest of the machine, in words."""
        without = "" if seccomp.is_there() else "; no seccomp"
        if abi := landlock.version():
            return f"{self.mode}; {landlock.words(abi)}{without}"
        return f"{self.mode} only: this kernel has no Landlock{without}"

    @property
    def closes_files(self) -> bool:
        """Whether a worker can reach no file of the run's."""
        return self.mode == BWRAP or landlock.version() > 0

    def start(self, load: Mapping[str, Any], needs: Needs, owner: int) -> Worker:
        """A worker that has not loaded anything yet. load: what it will be told to load; owner: by whom, as a number.

        Where there are as many as may live at once, the longest unused one ends for it.
        Raises IsolationError where none can be started, and a new server does not mend that.
        """
        close_memory()
        while len(self._alive) >= needs.kept_workers:
            self.end(next(iter(self._alive)))
        try:
            if self.mode == BWRAP:
                worker: Worker = Sandboxed(load, self.limits, needs, self._forget)
            else:
                worker = self._forked(needs, owner)
        except OSError as wrong:
            raise IsolationError(f"no process for a submission can be started on this machine: {wrong}") from wrong
        self._alive[worker] = None
        return worker

    def rest(self) -> None:
        """End every worker; an implementation that is called again gets another one."""
        for worker in list(self._alive):
            self.end(worker)

    def end(self, worker: Worker) -> None:
        """End one worker with all that it started."""
        with contextlib.suppress(ServerLost):
            worker.end()

    def used(self, worker: Worker) -> None:
        """Count this worker as the one that was used last."""
        del self._alive[worker]
        self._alive[worker] = None

    def close(self) -> None:
        """End every worker and what it left."""
        for server in self._servers.values():
            server.close()
        self._servers.clear()
        self.rest()

    def _forked(self, needs: Needs, owner: int) -> Worker:
        """A fork of the server for such workers, of a new server where that one has ended or was stopped."""
        for _ in range(2):
            server = self._servers.get(needs)
            if server is None or server.lost:
                server = self._servers[needs] = Server(self.limits, needs)
            try:
                return Forked(server, self.limits, needs, owner, self._forget)
            except ServerLost:
                continue
        raise IsolationError("the process that starts the workers ends at once; what it wrote stands above")

    def _forget(self, worker: Worker) -> None:
        self._alive.pop(worker, None)
