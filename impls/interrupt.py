"""Tells the user's Ctrl-C from a KeyboardInterrupt that an implementation raises by itself."""

import signal
import threading
from types import FrameType

_interrupted = False


def watch() -> None:
    """From now on, remember that the process was interrupted; the interrupt itself goes on as ever."""
    if (
        threading.current_thread() is threading.main_thread()
        and signal.getsignal(signal.SIGINT) is signal.default_int_handler
    ):
        signal.signal(signal.SIGINT, _remember)


def was_interrupted() -> bool:
    """Whether a SIGINT has come since ``watch``."""
    return _interrupted


def _remember(signum: int, frame: FrameType | None) -> None:
    global _interrupted
    _interrupted = True
    signal.default_int_handler(signum, frame)
