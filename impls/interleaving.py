"""Two calls of a function at the same time: in go two calls, out comes the result of the first one.

A function that keeps a scratch buffer for all its calls is right until two threads call it. Two threads that merely run
show it once in a hundred calls, or never on a busy machine. So the threads take turns where it matters: before each
step of the first call that may read or write an array (a line, a call, an operation, an assignment to an item, a
return) the first thread waits while the other one makes the second call from beginning to end. What the first call has
left in a buffer is then gone when it goes on.

This is one of the orders in which threads may run, so that a function that is safe to share gives its result. A
function may well make its calls wait for each other, by a lock: then the second call does not come to its end while the
first one waits, and the first one goes on alone after ``_PATIENCE`` seconds. A call of compiled code, or of an array
library, is a single step, into which nobody sees.
"""

import contextlib
import dis
import sys
import threading
import time
from collections.abc import Callable
from types import FrameType
from typing import Any

_PATIENCE = 1.0
_TURNS = 2000
"""How often the second call is made at most: a loop over many elements goes on alone then."""
_SECONDS = 3.0
"""Processor time after which the second call is not made again: all of them together count as one call of a function.

It is processor time, so that a busy machine makes as many calls as an idle one.
"""
_SAFE = sys.stdlib_module_names | {"numpy", "scipy", "torch", "jax", "jaxlib", "cupy", "cupyx"}
"""Packages that many threads share every day: a call of theirs is one step."""
_STEPS = tuple(
    code
    for name, code in dis.opmap.items()
    if name.startswith(("CALL", "BINARY_", "STORE_SUBSCR", "STORE_SLICE", "RETURN_"))
)


def interleaved(first: Callable[[], Any], second: Callable[[], Any]) -> Any:
    """The result of ``first()``, or what it raises, while another thread calls ``second`` between its steps.

    What becomes of the second calls does not matter. Raises RuntimeError where no thread can be started.
    """
    other = _Other(second)

    def traced(frame: FrameType, event: str, _: Any) -> Any:
        if event == "call":
            if str(frame.f_globals.get("__name__")).partition(".")[0] in _SAFE:
                return None
            frame.f_trace, frame.f_trace_opcodes = traced, True
        elif event == "line" or (event == "opcode" and frame.f_code.co_code[frame.f_lasti] in _STEPS):
            other.takes_a_turn()
            frame.f_trace_opcodes = True  # Python 3.13 stops at the first untraced call of the same code, as this was
        return traced if other.turns else None

    before = sys.gettrace()
    sys._getframe().f_trace_opcodes = True  # Python 3.12 heeds what is set before it traces
    sys.settrace(traced)
    try:
        return first()
    finally:
        sys.settrace(before)
        other.ends()


class _Other:
    """The thread of the second call. turns: how often it may still be called."""

    def __init__(self, call: Callable[[], Any]) -> None:
        self.turns = _TURNS
        self._call = call
        self._until = time.process_time() + _SECONDS
        self._asked, self._done = threading.Semaphore(0), threading.Semaphore(0)
        self._thread = threading.Thread(target=self._runs, daemon=True)
        self._thread.start()

    def takes_a_turn(self) -> None:
        """Have the call made once, and wait for its end, though not for long."""
        if self.turns:
            self.turns -= 1
            self._asked.release()
            if not self._done.acquire(timeout=_PATIENCE) or time.process_time() > self._until:
                self.turns = 0

    def ends(self) -> None:
        self.turns = 0
        self._call = _ended
        self._asked.release()
        self._thread.join(_PATIENCE)

    def _runs(self) -> None:
        while self._call is not _ended:
            self._asked.acquire()
            with contextlib.suppress(BaseException):
                self._call()
            self._done.release()


def _ended() -> None:
    """Stands for the call that is no longer made."""
