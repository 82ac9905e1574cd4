"""Inside the process that runs one implementation: load it, then answer calls until the channel is closed."""

import contextlib
import os
import socket
import sys
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from impls.backends import library
from impls.calling import Direct, NotJudged, NotWritten, Request
from impls.implementation import Unloadable
from impls.isolation import landlock, seccomp, wire
from impls.isolation.hiding import hide_the_suite, import_from_source
from impls.isolation.reachable_paths import system
from impls.submissions.assignment import Wanted
from impls.submissions.gate import Submission
from impls.submissions.mentioned_libraries import Mentions
from impls.submissions.spec import Asked, Named, SpecError, load_here

CHANNEL = 3
"""The file descriptor of the channel."""

_NO_LIMIT = 1 << 62


def serve() -> None:
    """Answer the requests on the channel; ends the process when there are no more."""
    channel = _Channel(CHANNEL)
    token, request = channel.receive()
    warnings.simplefilter("ignore")
    np.seterr(all="ignore")
    answer, functions = _loaded(request)
    channel.answer(token, answer)
    if functions is None:
        return
    while True:
        token, request = channel.receive()
        for function, args, *rest in request["requests"]:
            channel.answer(token, _answered(functions, Request(function, tuple(args), *rest)))
        channel.answer(token, {"overwritten": functions.overwritten(earlier=not request["requests"])})


def _answered(caller: Direct, request: Request) -> dict[str, Any]:
    """The answer to one request as it goes over the channel."""
    answer = caller.answer(request)
    changed = list(answer.changed)
    failure = answer.failure
    if failure is None:
        return {"value": answer.value, "changed": changed}
    kinds = {NotWritten: "unwritten", NotJudged: "not judged"}
    kind = kinds.get(type(failure), "refused" if failure.refused else "raised")
    return {"failed": str(failure), "kind": kind, "changed": changed, "ends": answer.device_lost}


def _loaded(request: dict[str, Any]) -> tuple[dict[str, Any], Direct | None]:
    """The answer to the first request, which says what to load, and how its functions are called."""
    own = [os.getcwd(), *request["shared"].values()]
    readable = [*system(os.environ, sys.path), *request["told"], *request["readable"], "/proc/self"]
    # What lies in a folder of which the names cannot be read cannot be imported.
    landlock.restrict(readable, [*own, *request["devices"]], request["listed"])
    seccomp.restrict(request["unix_sockets"])
    if not request["trusted"]:
        hide_the_suite()
    os.environ |= request["shared"]
    if request["home"] is not None:
        import_from_source(os.path.commonpath(request["listed"]))
        sys.path.append(request["home"])
    else:
        sys.path[:] = request["path"]
        with contextlib.suppress(OSError):
            os.chdir(request["directory"])
    try:
        path = Path(request["file"]) if request["file"] is not None else None
        named = Named(
            request["name"],
            request["spec"],
            path,
            _submission(request),
            wanted=Wanted(**request["wanted"]),
            seconds=request["seconds"],
        )
        found = load_here(named, request["names"], Asked(request["arrays"], request["device"]))
    except SpecError as wrong:
        return {"wrong": str(wrong)}, None
    if isinstance(found, Unloadable):
        return {"unloadable": found.reason, "arrays": found.arrays, "device": found.device}, None
    assert isinstance(found.caller, Direct)
    library(found.arrays, found.device)
    says = {"arrays": found.arrays, "device": found.device, "says": found.says.as_json()}
    return {"functions": list(found.functions), **says}, found.caller


def _submission(request: dict[str, Any]) -> Submission | None:
    """The source as it was read."""
    if request["file"] is None:
        return None
    source = None if request["source"] is None else request["source"].tobytes()
    cells = None if request["cells"] is None else tuple(cell.tobytes().decode() for cell in request["cells"])
    return Submission(source if cells is None else cells, "", Mentions.of_plain(request["mentions"]))


class _Channel:
    """The worker's end: whole messages, in and out."""

    def __init__(self, descriptor: int) -> None:
        self._socket = socket.socket(fileno=descriptor)

    def receive(self) -> tuple[int, dict[str, Any]]:
        """The token and the content of the next request."""
        token, header, arrays = wire.lengths(self._exactly(wire.PREFIX.size), _NO_LIMIT, longest_header=_NO_LIMIT)
        return token, wire.message(self._exactly(header), self._exactly(arrays))

    def answer(self, token: int, content: dict[str, Any]) -> None:
        self._socket.sendall(wire.frame(token, wire.body(content)))

    def _exactly(self, count: int) -> bytearray:
        """So many bytes from the channel; where it is closed the process ends."""
        data = bytearray(count)
        left = memoryview(data)
        while left:
            came = self._socket.recv_into(left)
            if not came:
                os._exit(0)
            left = left[came:]
        return data
