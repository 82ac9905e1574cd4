"""One process at the other end of a channel, seen from the run: frames out, frames in, within limits of time.

Why not multiprocessing, loky or pebble: they unpickle what the child sends, and unpickling runs code. A hostile child
would run its code in the process that judges it. Here a frame is JSON and the bytes of arrays (``wire``), its lengths
are checked before it is read, and each answer bears the token of its request.
"""

import contextlib
import os
import select
import signal
import socket
from collections.abc import Callable, Mapping
from typing import Any

from impls.backends import Needs
from impls.calling import Lost
from impls.isolation import wire
from impls.isolation.limits import Limits
from impls.isolation.patience import Patience
from impls.isolation.processes import family, run_delays
from impls.text import one_line

_PRINTED = 2000
_PIECE = 1 << 16
_PIECES = 16
_BUFFER = 1 << 20


class Ended(Exception):
    """The process at the other end closed the channel."""


class Channel:
    """The run's end: a socket for frames, and a pipe with what the process prints."""

    def __init__(self) -> None:
        self.socket, self.theirs = socket.socketpair()
        self.socket.setblocking(False)
        for end in (self.socket, self.theirs):
            end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _BUFFER)
        self._output, self.their_output = os.pipe()
        os.set_blocking(self._output, False)
        self._poll = select.poll()
        self._awaited = select.POLLIN
        self._poll.register(self.socket, select.POLLIN)
        self._poll.register(self._output, select.POLLIN)
        self._came = bytearray()
        self._silent = False
        self._printed = b""

    def handed_over(self) -> None:
        """Close what is the other process's alone."""
        self.theirs.close()
        os.close(self.their_output)

    def close(self) -> None:
        self._drain()
        self.socket.close()
        os.close(self._output)

    @property
    def printed(self) -> str:
        """The end of what the process has printed, as one line."""
        return one_line(self._printed.decode(errors="replace").strip()[-200:])

    def send(self, content: wire.Body, patience: Patience) -> int:
        """Send a message; the token that its answers have to bear. Raises TimeoutError and Ended."""
        token = int.from_bytes(os.urandom(6), "big")
        view = memoryview(wire.frame(token, content))
        try:
            while view:
                try:
                    view = view[self.socket.send(view) :]
                except BlockingIOError:
                    self._wait(patience, select.POLLIN | select.POLLOUT)
        except (BrokenPipeError, ConnectionResetError) as closed:
            raise Ended from closed
        return token

    def receive(self, token: int, most: int, patience: Patience) -> dict[str, Any]:
        """The next answer, with arrays of at most ``most`` bytes. Raises TimeoutError, Ended and WireError."""
        _, header, arrays = wire.lengths(self._at_least(wire.PREFIX.size, patience), most, token)
        start = wire.PREFIX.size + header
        came = self._at_least(start + arrays, patience)
        with memoryview(came) as view:
            content = bytes(view[wire.PREFIX.size : start]), bytes(view[start : start + arrays])
        del came[: start + arrays]
        return wire.message(*content)

    def _at_least(self, count: int, patience: Patience) -> bytearray:
        """What has come and was not taken, once it is so many bytes or more."""
        while len(self._came) < count:
            self._wait(patience, select.POLLIN)
            try:
                piece = self.socket.recv(max(_PIECE, min(count, 64 * _PIECE)))
            except BlockingIOError:
                continue
            except ConnectionResetError as closed:
                raise Ended from closed
            if not piece:
                raise Ended
            self._came += piece
        return self._came

    def _wait(self, patience: Patience, events: int) -> None:
        """Until the channel is ready; meanwhile what the process prints is taken away."""
        if events != self._awaited:
            self._poll.modify(self.socket, events)
            self._awaited = events
        while not (ready := self._poll.poll(patience.left() * 1000)):
            pass
        if any(descriptor == self._output for descriptor, _ in ready):
            self._drain()
            patience.left()

    def _drain(self) -> None:
        """Take what was printed, as much as a pipe holds and not without end, keep the end of it, and drop the rest."""
        try:
            for _ in range(_PIECES):
                if not (piece := os.read(self._output, _PIECE)):
                    break
                self._printed = (self._printed + piece)[-_PRINTED:]
            else:
                return
        except BlockingIOError:
            return
        if not self._silent:
            self._silent = True
            self._poll.unregister(self._output)


class Worker:
    """A process that answers, until it is ended."""

    def __init__(self, limits: Limits, needs: Needs, on_end: "Callable[[Worker], None]") -> None:
        self.channel = Channel()
        self.limits = limits.for_needs(needs)
        self.shared: dict[str, str] = {}
        """Folders that all workers of one submission share, each by the environment variable that names it."""
        self.ended = False
        self._needs = needs
        self._on_end = on_end

    def patience(self, seconds: float, option: str) -> Patience:
        """A wait for one answer of this worker, of wall time alone where a device computes: Linux does not see it."""
        return Patience(seconds, option, None if self._needs.device_files else self._delays)

    def send(self, content: wire.Body, patience: Patience) -> int:
        """As ``Channel.send``, but what goes wrong ends the worker and becomes Lost."""
        with self._ending():
            return self.channel.send(content, patience)

    def receive(self, token: int, most: int, patience: Patience) -> dict[str, Any]:
        """As ``Channel.receive``, but what goes wrong ends the worker and becomes Lost."""
        with self._ending():
            return self.channel.receive(token, most, patience)

    def end(self) -> int | None:
        """End the process with all that it started; the status it had ended with, None where this call ended it."""
        if self.ended:
            return None
        self.ended = True
        self._on_end(self)
        try:
            return self._kill()
        finally:
            self.channel.close()

    @property
    def may_use(self) -> str:
        """How much memory it may use, in words; "" where there is no limit."""
        mib = self.limits.memory_mib
        return "" if mib is None else f"it may use {mib} MiB; --memory-mib raises the limit"

    @contextlib.contextmanager
    def _ending(self) -> Any:
        try:
            yield
        except (TimeoutError, wire.WireError) as wrong:
            self.end()
            raise Lost(str(wrong)) from None
        except Ended:
            raise Lost(_how_it_ended(self.end(), self.may_use)) from None

    def has_left_processes(self) -> bool:
        """Whether there are processes that the submission started and that still run."""
        raise NotImplementedError

    def _kill(self) -> int | None:
        raise NotImplementedError

    def _delays(self) -> Mapping[str, float]:
        return run_delays(family(self.pid))

    @property
    def pid(self) -> int:
        raise NotImplementedError


def _how_it_ended(status: int | None, may_use: str) -> str:
    if status is None:
        return "its process closed the channel to the run"
    code = os.waitstatus_to_exitcode(status)
    if code == -9:
        return "its process was killed, perhaps for memory" + (f" ({may_use})" if may_use else "")
    if code < 0:
        name = signal.Signals(-code).name if -code in set(signal.Signals) else f"number {-code}"
        return f"its process died with signal {name}"
    return f"its process ended itself, with status {code}"
