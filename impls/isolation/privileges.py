"""What a process gives up for good, and what it asks the kernel to do for it: Linux's prctl and capset.

Elsewhere these functions do nothing, and what they would keep is not kept.
"""

import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE = 1 << 1


def close_memory() -> None:
    """Keep processes of the same user from this one's memory and environment; a process of root is not kept."""
    _prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of what descends from this process and has lost its own parent."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Be killed when the parent ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def give_up_privileges() -> None:
    """Gain no privilege any more by starting a program, and lose root's.

    What stays is to read and write files whoever owns them, since a teacher may judge students' files as root; which
    files these are is another matter (``landlock``). It is lost with the next program that is started.
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if sys.platform == "linux" and os.geteuid() == 0:
        header = _words(_CAPABILITY_VERSION_3, 0)
        now = ctypes.create_string_buffer(24)
        _check(_libc().capget(header, now))
        permitted = int.from_bytes(now.raw[4:8], sys.byteorder) & _DAC_OVERRIDE
        _check(_libc().capset(header, _words(permitted, permitted, 0, 0, 0, 0)))


def _prctl(option: int, value: int) -> None:
    if sys.platform == "linux":
        _check(_libc().prctl(option, *(ctypes.c_ulong(word) for word in (value, 0, 0, 0))))


def _words(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, sys.byteorder) for word in words)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
