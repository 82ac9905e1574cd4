"""The process that starts the workers: libraries are imported once here, and each worker is a fork of it.

It is told over a socket what to do, one JSON line each way: ``start`` (with the channel and the output's file
descriptor) and ``end`` (with the worker's number). It reaps what a worker leaves running, removes what it leaves in its
folder, and ends with all its workers and its own folder when the socket is closed, however the run ended.
"""

import contextlib
import fcntl
import gc
import importlib
import json
import os
import signal
import socket
import sys
import tempfile
import time
import traceback
from typing import Any, NoReturn

from impls.isolation import worker
from impls.isolation.limits import Limits, restrict_this_process
from impls.isolation.privileges import adopt_orphans, close_memory, end_with_parent, give_up_privileges
from impls.isolation.processes import children, family
from impls.isolation.removal import remove

_SECONDS = 5.0
"""For ending what a worker left running, and for removing what it left in its folder."""


def main(control: socket.socket, settings: dict[str, Any]) -> None:
    """Serve until the socket is closed. settings: ``preload``, the libraries to import, and ``limits``."""
    adopt_orphans()
    close_memory()
    for name in settings["preload"]:
        with contextlib.suppress(Exception):  # of a broken installation; the worker that needs it says so in its row
            importlib.import_module(name)
    folders: dict[int, str] = {}
    try:
        while True:
            data, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
            if not data:
                break
            order = json.loads(data)
            if order["do"] == "start":
                gc.freeze()  # else the worker's first collection would copy all that it shares with this process
                folder = tempfile.mkdtemp(prefix="worker-")
                server, pid = os.getpid(), os.fork()
                if not pid:
                    _become_worker(server, folder, descriptors, settings)
                folders[pid] = folder
                for descriptor in descriptors:
                    os.close(descriptor)
                answer: dict[str, Any] = {"pid": pid}
            else:
                answer = {"status": _end(order["pid"], folders)}
            try:
                control.sendall(json.dumps(answer).encode())
            except OSError:  # the run has ended
                break
    finally:
        for pid in list(folders):
            _end(pid, folders)
        remove(os.environ["TMPDIR"], _SECONDS)


def _end(pid: int, folders: dict[int, str]) -> int:
    """Kill a worker with everything it started, remove its folder, and say how it had ended."""
    for kill in (os.killpg, os.kill):  # as long as nobody has waited for it, its number is that of no other process
        with contextlib.suppress(OSError):
            kill(pid, signal.SIGKILL)
    _, status = os.waitpid(pid, 0)
    folder = folders.pop(pid)
    _end_strays(set(folders))
    remove(folder, _SECONDS)
    return status


def _end_strays(workers: set[int]) -> None:
    """Kill what dead workers have left running until nothing is left: it is handed to this process as its child."""
    deadline = time.monotonic() + _SECONDS
    while (strays := children(os.getpid()) - workers) and time.monotonic() < deadline:
        for stray in strays:
            for pid in family(stray):
                with contextlib.suppress(OSError):
                    os.kill(pid, signal.SIGKILL)
            with contextlib.suppress(OSError):
                os.waitpid(stray, os.WNOHANG)


def _become_worker(server: int, folder: str, descriptors: list[int], settings: dict[str, Any]) -> NoReturn:
    """In the child: leave everything of the server's behind, accept the limits, and serve.

    Whatever foreign code has replaced, the child does not come back from here into the server's loop.
    """
    leave = os._exit
    try:
        channel, output = descriptors
        confine(folder, channel, output, Limits(**settings["limits"]))
        end_with_parent()
        if os.getppid() != server:  # it has ended meanwhile
            leave(70)
        worker.serve()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    finally:
        leave(70)


def confine(folder: str, channel: int, output: int, limits: Limits) -> None:
    """Make this process a worker's: a session of its own, an empty folder, nothing open but channel and output."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    os.chdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
    beyond = worker.CHANNEL + 1  # where neither takes the place of the other
    channel, output = (fcntl.fcntl(one, fcntl.F_DUPFD, beyond) for one in (channel, output))
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(channel, worker.CHANNEL, inheritable=False)
    os.closerange(worker.CHANNEL + 1, 4096)
    give_up_privileges(folder)
    restrict_this_process(limits)
