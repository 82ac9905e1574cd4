"""Inside the process that runs one implementation: load it, then answer calls until the channel is closed."""

import os
import socket
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from impls.backends import library
from impls.calling import CallFailed, Direct, Kept, NotWritten
from impls.implementation import Unloadable
from impls.isolation import wire
from impls.submissions.aliases import Aliases
from impls.submissions.spec import Asked, Named, SpecError, load_here

CHANNEL = 3
"""The file descriptor of the channel."""

DEVICE_LOST = "device lost"
"""The kind of every answer after a call that ended the device for this process; another process is to be asked."""

_LARGEST_REQUEST = 1 << 62

_learned: list[dict[str, Any]] = []


def serve() -> None:
    """Answer the requests on the channel; ends the process when there are no more."""
    channel = _Channel(CHANNEL)
    token, request = channel.receive()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    answer, functions = _loaded(request)
    channel.answer(token, answer)
    caller = _Answering(functions) if functions else None
    while caller:
        token, request = channel.receive()
        if caller.device_lost:
            channel.answer(token, {"failed": "the device of its process is lost", "kind": DEVICE_LOST})
        elif request["do"] == "several":
            channel.answer(token, _several(caller, request))
        elif request["do"] == "learned":
            channel.answer(token, _several(caller, _learned[request["number"]]))
        else:
            channel.answer(token, caller.answer(request))


def learn(requests: wire.Body) -> None:
    """Know many requests by their number from now on; for the process that starts the workers."""
    _learned.append(wire.message(requests))


def _several(caller: "_Answering", message: dict[str, Any]) -> dict[str, Any]:
    """The answers to the first of many requests, to as many as it comes to in the time."""
    answers = []
    end = time.monotonic() + message["seconds"]
    for request in message["requests"]:
        answers.append(caller.answer(request))
        if caller.device_lost or time.monotonic() > end:
            break
    return {"answers": answers}


class _Answering:
    """Answers single requests with the functions of a loaded implementation."""

    def __init__(self, caller: Direct) -> None:
        self._caller = caller
        self._kept: Kept | None = None
        self.device_lost = False
        """Whether a call has ended the device for this process, as a kernel's assertion does on CUDA."""

    def answer(self, request: dict[str, Any]) -> dict[str, Any]:
        try:
            return {"value": self._value(request)}
        except CallFailed as failed:
            self.device_lost = self._caller.lost_its_device()
            kind = "unwritten" if isinstance(failed, NotWritten) else "refused" if failed.refused else "raised"
            return {"failed": str(failed), "kind": kind}

    def _value(self, request: dict[str, Any]) -> Any:
        if request["do"] == "call":
            return self._caller.call(request["function"], request["args"], request["options"])
        if request["do"] == "keep":
            self._kept = self._caller.keep(request["function"], request["args"], request["options"])
            return self._kept.given
        if self._kept is None:
            return None
        return self._kept.result() if request["do"] == "result" else self._kept.arguments()


def _loaded(request: dict[str, Any]) -> tuple[dict[str, Any], Direct | None]:
    """The answer to the first request, which says what to load, and how its functions are called."""
    if request["home"] is not None:
        _hide_the_suite()
        sys.path.append(request["home"])
    else:
        sys.path[:] = request["path"]
        os.chdir(request["directory"])
    try:
        path = Path(request["file"]) if request["file"] is not None else None
        cells = request["cells"]
        named = Named(
            request["name"], request["spec"], path, None if cells is None else tuple(cells), request["refused"]
        )
        aliases = Aliases(*request["aliases"])
        found = load_here(named, request["names"], Asked(request["arrays"], request["device"], aliases))
    except SpecError as wrong:
        return {"wrong": str(wrong)}, None
    if isinstance(found, Unloadable):
        return {"unloadable": found.reason, "arrays": found.arrays, "device": found.device}, None
    assert isinstance(found.caller, Direct)
    library(found.arrays, found.device)
    return {
        "functions": list(found.functions),
        "arrays": found.arrays,
        "device": found.device,
        "versions": dict(found.versions),
    }, found.caller


def _hide_the_suite() -> None:
    """Foreign code that says ``import impls`` is not to find what this process was started with."""
    for name in [name for name in sys.modules if name.partition(".")[0] == "impls"]:
        del sys.modules[name]


class _Channel:
    """The worker's end: whole messages, in and out."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)
        self._came = bytearray()

    def receive(self) -> tuple[int, dict[str, Any]]:
        """The token and the content of the next request."""
        token, header, arrays = wire.lengths(self._exactly(wire.PREFIX.size), _LARGEST_REQUEST)
        return token, wire.message((self._exactly(header), self._exactly(arrays)))

    def answer(self, token: int, content: dict[str, Any]) -> None:
        self._socket.sendall(wire.frame(token, wire.body(content)))

    def _exactly(self, count: int) -> bytes:
        """So many bytes from the channel; where it is closed the process ends."""
        while len(self._came) < count:
            piece = self._socket.recv(max(1 << 16, min(count, 1 << 22)))
            if not piece:
                os._exit(0)
            self._came += piece
        data = bytes(self._came[:count])
        del self._came[:count]
        return data
