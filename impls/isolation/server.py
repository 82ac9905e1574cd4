"""The process that starts the workers: libraries are imported once here, and each worker is a fork of it.

It is told over a socket what to do, one JSON line each way: ``start`` (with the channel and the output's file
descriptor), ``end`` (with the worker's number) and ``learn`` (with a file of requests, which every later worker knows
by their number, counted from 0). It reaps what a worker leaves running, removes what it leaves in its
folder, and ends with all its workers when the socket is closed, however the run ended.
"""

import contextlib
import ctypes
import gc
import importlib
import json
import os
import shutil
import signal
import socket
import sys
import tempfile
import traceback
from pathlib import Path
from typing import Any, NoReturn

from impls.isolation import worker
from impls.isolation.limits import Limits, restrict_this_process

_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 36, 38


def main(control: socket.socket, settings: dict[str, Any]) -> None:
    """Serve until the socket is closed. settings: ``preload``, the libraries to import, and ``limits``."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)
    for name in settings["preload"]:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)
    folders: dict[int, str] = {}
    try:
        while True:
            data, descriptors, _, _ = socket.recv_fds(control, 4096, 2)
            if not data:
                return
            order = json.loads(data)
            if order["do"] == "start":
                gc.freeze()  # else the worker's first collection would copy all that it shares with this process
                folder = tempfile.mkdtemp(prefix="worker-")
                pid = os.fork()
                if not pid:
                    _become_worker(folder, descriptors, settings)
                folders[pid] = folder
                for descriptor in descriptors:
                    os.close(descriptor)
                answer: dict[str, Any] = {"pid": pid}
            elif order["do"] == "learn":
                with os.fdopen(descriptors[0], "rb") as file:
                    file.seek(0)
                    worker.learn((file.read(order["header"]), file.read(order["arrays"])))
                answer = {}
            else:
                answer = {"status": _end(order["pid"], folders)}
            control.sendall(json.dumps(answer).encode())
    finally:
        for pid in list(folders):
            _end(pid, folders)


def _end(pid: int, folders: dict[int, str]) -> int:
    """Kill a worker with everything it started, remove its folder, and say how it had ended."""
    done, status = os.waitpid(pid, os.WNOHANG)
    with contextlib.suppress(ProcessLookupError):
        os.killpg(pid, signal.SIGKILL)
    if not done:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
        _, status = os.waitpid(pid, 0)
    folder = folders.pop(pid)
    for _ in range(100):
        strays = _children() - set(folders)
        if not strays:
            break
        for stray in strays:
            with contextlib.suppress(ProcessLookupError, ChildProcessError):
                os.kill(stray, signal.SIGKILL)
                os.waitpid(stray, 0)
    _remove(folder)
    return status


def _children() -> set[int]:
    """The children of this process, among them what a dead worker has left running: it is handed to this one."""
    try:
        return set(map(int, Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()))
    except OSError:
        return set()


def _remove(folder: str) -> None:
    for path, _, _ in os.walk(folder):
        with contextlib.suppress(OSError):
            os.chmod(path, 0o700)
    shutil.rmtree(folder, ignore_errors=True)


def _become_worker(folder: str, descriptors: list[int], settings: dict[str, Any]) -> NoReturn:
    """In the child: leave everything of the server's behind, accept the limits, and serve."""
    try:
        _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        channel, output = descriptors
        confine(folder, channel, output, Limits(**settings["limits"]))
        worker.serve()
    except BaseException:
        traceback.print_exc()
        sys.stderr.flush()
    os._exit(70)


def confine(folder: str, channel: int, output: int, limits: Limits) -> None:
    """Make this process a worker's: a session of its own, an empty folder, nothing open but channel and output."""
    if os.getsid(0) != os.getpid():
        os.setsid()
    os.chdir(folder)
    os.environ["HOME"] = os.environ["TMPDIR"] = tempfile.tempdir = folder
    os.dup2(channel, 200)
    os.dup2(output, 201)
    nothing = os.open(os.devnull, os.O_RDONLY)
    os.dup2(nothing, 0)
    os.dup2(201, 1)
    os.dup2(201, 2)
    os.dup2(200, worker.CHANNEL, inheritable=False)
    os.closerange(worker.CHANNEL + 1, 4096)
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    restrict_this_process(limits)


def _prctl(option: int, value: int) -> None:
    """Linux's prctl; elsewhere nothing, and what it would keep is then not kept."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(option, value, 0, 0, 0)
