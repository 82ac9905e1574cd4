"""Implementations in worker processes, seen from the process that judges them."""

import json
import os
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from impls.backends import Needs
from impls.builtin import BUILTINS
from impls.calling import CallFailed, Lost, NotWritten, one_line
from impls.isolation import wire
from impls.isolation.limits import Limits
from impls.isolation.worker import DEVICE_LOST

PROCESS, NONE, BWRAP = "process", "none", "bwrap"
MODES = (PROCESS, NONE, BWRAP)

_CHECKOUT = Path(__file__).resolve().parents[2]
_PRINTED = 2000
_PIECE = 1 << 16
_BUFFER = 1 << 20
_SEVERAL_SECONDS = 2.0


class IsolationError(RuntimeError):
    """This machine cannot isolate as asked."""


class Isolation:
    """Starts and ends the workers of one run."""

    def __init__(self, mode: str = PROCESS, limits: Limits | None = None) -> None:
        self.mode = mode
        self.limits = limits or Limits()
        self._servers: dict[Needs, _Server] = {}
        self._alive: dict[Worker, None] = {}
        if mode == BWRAP and not shutil.which("bwrap"):
            raise IsolationError("--isolation bwrap: bwrap (Debian's package bubblewrap) is not installed")

    def start(self, load: Mapping[str, Any], needs: Needs) -> "Worker":
        """A worker that has not loaded anything yet. load: what it will be told to load."""
        while len(self._alive) >= needs.kept_workers:
            next(iter(self._alive)).end()
        if self.mode == BWRAP:
            worker: Worker = _Sandboxed(self, load, needs)
        else:
            if needs not in self._servers:
                self._servers[needs] = _Server(self.limits, needs)
            worker = _Forked(self, self._servers[needs])
        self._alive[worker] = None
        return worker

    def rest(self) -> None:
        """End every worker; an implementation that is called again gets another one."""
        for worker in list(self._alive):
            worker.end()

    def used(self, worker: "Worker") -> None:
        del self._alive[worker]
        self._alive[worker] = None

    def forget(self, worker: "Worker") -> None:
        self._alive.pop(worker, None)

    def close(self) -> None:
        """End every worker and what it left."""
        self.rest()
        for server in self._servers.values():
            server.close()
        self._servers.clear()


class Worker:
    """One process at the other end of a channel."""

    def __init__(self, isolation: Isolation) -> None:
        self._isolation = isolation
        self.channel, self._theirs = socket.socketpair()
        self.channel.setblocking(False)
        for end in (self.channel, self._theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._output, self._their_output = os.pipe()
        os.set_blocking(self._output, False)
        self._poll = select.poll()
        self._awaited = select.POLLIN
        self._poll.register(self.channel, select.POLLIN)
        self._poll.register(self._output, select.POLLIN)
        self._came = bytearray()
        self._silent = False
        self.printed = b""
        self.ended = False

    def ask(self, header: Mapping[str, Any], seconds: float) -> dict[str, Any]:
        """The answer to a request. Raises Lost where none comes in time, or nothing that can be read."""
        content = self.exchange(wire.body(header), seconds)
        try:
            return wire.message(content)
        except wire.WireError as wrong:
            self.end()
            raise Lost(str(wrong)) from wrong

    def exchange(self, request: wire.Body, seconds: float) -> wire.Body:
        """The same, with the bytes of both as they are."""
        self._isolation.used(self)
        asked = int.from_bytes(os.urandom(6), "big")
        deadline = time.monotonic() + seconds
        try:
            self._send(wire.frame(asked, request), deadline)
            most = self._isolation.limits.answer_mib << 20
            _, *counts = wire.lengths(self._receive(wire.PREFIX.size, deadline), most, asked)
            header, arrays = (self._receive(count, deadline) for count in counts)
        except TimeoutError:
            self.end()
            raise Lost(f"timed out after {seconds:.3g} s") from None
        except wire.WireError as wrong:
            self.end()
            raise Lost(str(wrong)) from wrong
        except (EOFError, BrokenPipeError, ConnectionResetError):
            self.drain()
            raise Lost(self._how_it_ended(self.end())) from None
        return header, arrays

    def several(self, requests: "Requests") -> wire.Body:
        """The answers to many requests. Raises Lost."""
        requests.sent += 1
        return self.exchange(requests.body, _SEVERAL_SECONDS)

    def end(self) -> int | None:
        """End the process with all it started. The status it had ended with, None where this call killed it."""
        if self.ended:
            return None
        self.ended = True
        self._isolation.forget(self)
        status = self._kill()
        self.channel.close()
        os.close(self._output)
        return status

    def drain(self) -> None:
        """Take what it has printed, keep the beginning, and drop the rest."""
        try:
            while piece := os.read(self._output, 1 << 16):
                self.printed = (self.printed + piece)[:_PRINTED]
        except BlockingIOError:
            return
        if not self._silent:
            self._silent = True
            self._poll.unregister(self._output)

    def _kill(self) -> int | None:
        raise NotImplementedError

    def _handed_over(self) -> None:
        """Close what is the worker's alone."""
        self._theirs.close()
        os.close(self._their_output)

    def _send(self, data: bytes, deadline: float) -> None:
        view = memoryview(data)
        while view:
            try:
                view = view[self.channel.send(view) :]
            except BlockingIOError:
                self._wait(deadline, select.POLLIN | select.POLLOUT)

    def _receive(self, count: int, deadline: float) -> bytes:
        while len(self._came) < count:
            self._wait(deadline, select.POLLIN)
            try:
                piece = self.channel.recv(max(_PIECE, min(count, 64 * _PIECE)))
            except BlockingIOError:
                continue
            if not piece:
                raise EOFError
            self._came += piece
        data = bytes(self._came[:count])
        del self._came[:count]
        return data

    def _wait(self, deadline: float, events: int) -> None:
        """Until the channel is ready; meanwhile what the worker prints is taken away."""
        if events != self._awaited:
            self._poll.modify(self.channel, events)
            self._awaited = events
        left = deadline - time.monotonic()
        ready = self._poll.poll(max(left, 0) * 1000)
        if not ready:
            raise TimeoutError
        if any(descriptor == self._output for descriptor, _ in ready):
            self.drain()
            if left <= 0:
                raise TimeoutError

    def _how_it_ended(self, status: int | None) -> str:
        code = 0 if status is None else os.waitstatus_to_exitcode(status)
        limits = self._isolation.limits
        if code in (-signal.SIGXCPU, -signal.SIGKILL) and status is not None:
            return (
                f"its process was killed: it used more than {limits.seconds:.3g} s of processor time, or more memory "
                "than there is"
            )
        if code < 0:
            name = signal.Signals(-code).name if -code in set(signal.Signals) else f"number {-code}"
            return f"its process died with signal {name}"
        return f"its process ended itself, with status {code}"


class _Server:
    """A server process, and how it is told what to do."""

    def __init__(self, limits: Limits, needs: Needs) -> None:
        self._control, theirs = socket.socketpair()
        settings = {
            "serves": "many",
            "preload": list(needs.preload),
            "limits": limits.for_needs(needs).as_json(),
        }
        self.known = 0
        """How many requests it has learned."""
        self.folder = tempfile.mkdtemp(prefix="conformance-")
        self._process = subprocess.Popen(
            [*_python(), str(theirs.fileno()), json.dumps(settings)],
            pass_fds=[theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=None,
            env=_environment(self.folder, needs),
            start_new_session=True,
        )
        theirs.close()

    def order(self, message: Mapping[str, Any], descriptors: Sequence[int] = ()) -> dict[str, Any]:
        socket.send_fds(self._control, [json.dumps(message).encode()], list(descriptors))
        answer = self._control.recv(4096)
        if not answer:
            raise IsolationError("the process that starts the workers has ended; what it wrote stands above")
        return json.loads(answer)

    def learn(self, requests: "Requests") -> None:
        """Have the workers that are forked from now on know these requests by a number."""
        requests.numbers[self] = self.known
        self.known += 1
        header, arrays = requests.body
        with tempfile.TemporaryFile(dir=self.folder) as file:
            file.write(header + arrays)
            file.flush()
            self.order({"do": "learn", "header": len(header), "arrays": len(arrays)}, [file.fileno()])

    def close(self) -> None:
        self._control.close()
        self._process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


class _Forked(Worker):
    """A worker forked from a server."""

    def __init__(self, isolation: Isolation, server: _Server) -> None:
        super().__init__(isolation)
        self._server = server
        descriptors = [self._theirs.fileno(), self._their_output]
        self._pid = server.order({"do": "start"}, descriptors)["pid"]
        self._known = server.known
        self._handed_over()

    def several(self, requests: "Requests") -> wire.Body:
        number = requests.numbers.get(self._server)
        if number is not None and number < self._known:
            return self.exchange(wire.body({"do": "learned", "number": number}), _SEVERAL_SECONDS)
        if requests.sent and number is None:
            self._server.learn(requests)
        return super().several(requests)

    def _kill(self) -> int | None:
        return self._server.order({"do": "end", "pid": self._pid})["status"]


class _Sandboxed(Worker):
    """A worker in a sandbox of its own, with a process id space, a network and a /tmp that nobody else sees."""

    def __init__(self, isolation: Isolation, load: Mapping[str, Any], needs: Needs) -> None:
        super().__init__(isolation)
        settings = {"serves": "one", "folder": "/tmp", "limits": isolation.limits.for_needs(needs).as_json()}
        self._process = subprocess.Popen(
            [*_bwrap(load, needs), *_python(), str(self._theirs.fileno()), json.dumps(settings)],
            pass_fds=[self._theirs.fileno()],
            stdin=subprocess.DEVNULL,
            stdout=self._their_output,
            stderr=self._their_output,
            env=_environment("/tmp", needs),
            start_new_session=True,
        )
        self._handed_over()

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


def _python() -> list[str]:
    return [sys.executable, "-I", str(Path(__file__).with_name("bootstrap.py")), str(_CHECKOUT)]


def _environment(folder: str, needs: Needs) -> dict[str, str]:
    kept = {"LANG": "C.UTF-8", "PATH": "/usr/bin:/bin", "HOME": folder, "TMPDIR": folder}
    kept |= {name: value for name, value in os.environ.items() if name.startswith(needs.environment)}
    kept |= {name: os.path.join(folder, name.lower()) for name in needs.shared_folders}
    return kept | {f"{library}_NUM_THREADS": "1" for library in ("OMP", "OPENBLAS", "MKL")}


def _bwrap(load: Mapping[str, Any], needs: Needs) -> list[str]:
    """The sandbox: the system read-only, the checkout hidden but for what a worker runs, the submission's folder."""
    words = ["bwrap", "--ro-bind", "/", "/", "--dev", "/dev", "--proc", "/proc", "--tmpfs", "/tmp"]
    for pattern in needs.device_files:
        for device in sorted(Path("/dev").glob(pattern)):
            words += ["--dev-bind", str(device), str(device)]
    if load["home"] is not None:
        words += ["--tmpfs", str(_CHECKOUT), "--ro-bind", str(_CHECKOUT / "impls"), str(_CHECKOUT / "impls")]
        for builtin in BUILTINS.values():
            adapter = _CHECKOUT.joinpath(*builtin.module.split(".")).with_suffix(".py")
            if adapter.is_file():
                words += ["--ro-bind", os.devnull, str(adapter)]
        words += ["--ro-bind", load["home"], load["home"]]
    for prefix in {sys.prefix, sys.base_prefix}:
        if prefix not in ("/", "/usr"):
            words += ["--ro-bind", prefix, prefix]
    return [*words, "--unshare-all", "--die-with-parent", "--new-session", "--chdir", "/tmp", "--"]


class Foreseen(Protocol):
    """Answers that are there before they are asked for."""

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        """The answer to the next request, None where it has to be asked for."""

    def came(self, answer: dict[str, Any]) -> None:
        """Take note of the answer to a request for which there was none."""


class Requests:
    """Many requests as one, for any number of implementations."""

    def __init__(self, requests: Sequence[Mapping[str, Any]]) -> None:
        self.body = wire.body({"do": "several", "requests": list(requests), "seconds": _SEVERAL_SECONDS / 4})
        self.sent = 0
        """How often they were sent."""
        self.numbers: dict[_Server, int] = {}
        """By which number a server knows them, and with it every worker forked later."""


def answers_body(answers: Sequence[Mapping[str, Any]]) -> wire.Body:
    """The answers to many requests as one."""
    return wire.body({"answers": list(answers)})


def answers_in(content: wire.Body) -> list[dict[str, Any]]:
    """The answers to the first of many requests; none where they cannot be read."""
    try:
        answers = wire.message(content)["answers"]
    except (wire.WireError, KeyError):
        return []
    return answers if isinstance(answers, list) and all(isinstance(one, dict) for one in answers) else []


@dataclass
class Isolated:
    """How the functions of one isolated implementation are called: a ``Caller``.

    load: what its worker is told to load. A call that ends or hangs the worker is Lost; the next one starts another
    worker, as often as the limits allow.
    """

    isolation: Isolation
    load: Mapping[str, Any]
    needs: Needs

    def __post_init__(self) -> None:
        self._worker: Worker | None = None
        self._starts = 0
        self._waited = 0.0
        self._losses: Counter[str] = Counter()
        self.devices_lost = 0
        self._reason: dict[str, str] = {}
        self.foreseen: Foreseen | None = None

    @cached_property
    def loaded(self) -> dict[str, Any]:
        """What came of loading it, as the worker says. Raises Lost."""
        return self._alive()[1]

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        return self._value(function, {"do": "call", "function": function, "args": args, "options": options})

    def keep(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> "_KeptThere":
        request = {"do": "keep", "function": function, "args": args, "options": options}
        given = self._value(function, request)
        return _KeptThere(given, self, function)

    def several(self, function: str, requests: Requests) -> wire.Body | None:
        """The answers to many requests at once, as ``answers_in`` reads them; they are for ``foreseen``.

        None, and nothing is held against it, where that takes long or does not come to an
        end: asked one by one, it will be seen which request it is.
        """
        if self._losses[function] or self._waited > self.isolation.limits.seconds:
            return None
        started = time.monotonic()
        try:
            worker, _ = self._alive()
            return worker.several(requests)
        except Lost:
            return None
        finally:
            self._waited += time.monotonic() - started

    def _value(self, function: str, request: Mapping[str, Any]) -> Any:
        answer = self.foreseen.answer(request) if self.foreseen else None
        if answer is None:
            answer = self._asked(function, request)
            if self.foreseen:
                self.foreseen.came(answer)
        if "failed" in answer:
            raise self._failure(answer)
        return answer.get("value")

    def _asked(self, function: str, request: Mapping[str, Any]) -> dict[str, Any]:
        limits = self.isolation.limits
        if self._losses[function] >= limits.losses:
            raise Lost(f"{function} is not called again: {self._reason[function]}, {limits.losses} times")
        if self._waited > limits.seconds:
            raise Lost(f"{function} is not called again: its calls have taken more than {limits.seconds:.3g} s in all")
        started = time.monotonic()
        try:
            worker, _ = self._alive()
            answer = worker.ask(request, limits.call_seconds)
            if answer.get("kind") == DEVICE_LOST:  # by an earlier call, which has had its answer
                worker.end()
                self.devices_lost += 1
                worker, _ = self._alive(counted=False)
                started = time.monotonic()
                answer = worker.ask(request, limits.call_seconds)
            return answer
        except Lost as lost:
            self._losses[function] += 1
            self._reason[function] = str(lost)
            raise Lost(f"{function}: {lost}{self._printed()}") from None
        finally:
            self._waited += time.monotonic() - started

    def _failure(self, answer: Mapping[str, Any]) -> CallFailed:
        message = one_line(str(answer["failed"]), 600)
        if "MemoryError" in message:
            message += f"; it used more than the {self.isolation.limits.memory_mib} MiB that it may have"
        if answer.get("kind") == "unwritten":
            return NotWritten(message)
        return CallFailed(message, refused=answer.get("kind") == "refused")

    def _alive(self, counted: bool = True) -> tuple[Worker, dict[str, Any]]:
        """The worker, with what it said when it was loaded, which was now if there was none.

        counted: whether starting one counts towards the most there may be.
        """
        if self._worker is not None and not self._worker.ended:
            return self._worker, {}
        limits = self.isolation.limits
        if counted and self._starts > limits.restarts and self._losses:
            raise Lost(f"its process was started {self._starts} times, which is the most")
        if not self._starts or (counted and self._losses):
            self._starts += 1
        self._worker = self.isolation.start(self.load, self.needs)
        return self._worker, self._worker.ask(self.load, limits.call_seconds + self.needs.load_seconds)

    def _printed(self) -> str:
        text = self._worker.printed.decode(errors="replace").strip() if self._worker else ""
        return f" (it printed: {one_line(text[-200:])})" if text else ""


@dataclass(frozen=True)
class _KeptThere:
    given: list[Any]
    caller: Isolated
    function: str

    def arguments(self) -> list[Any]:
        return self.caller._value(self.function, {"do": "arguments"})

    def result(self) -> Any:
        return self.caller._value(self.function, {"do": "result"})
