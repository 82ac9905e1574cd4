"""What a process gives up for good, and what it asks the kernel to do for it: Linux's prctl, setresuid and capset.

Elsewhere these functions do nothing, and what they would keep is not kept.
"""

import contextlib
import ctypes
import os
import signal
import sys

_PR_SET_PDEATHSIG, _PR_SET_DUMPABLE, _PR_SET_CHILD_SUBREAPER, _PR_SET_NO_NEW_PRIVS = 1, 4, 36, 38
_PR_SET_KEEPCAPS, _PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE = 8, 47, 2
_CAPABILITY_VERSION_3 = 0x20080522
_DAC_OVERRIDE = 1
_FIRST_USER = 0x70000000
"""From here on the numbers of users are nobody's, as a rule; each process of root's takes one that follows from its own
number, and so it shares the limit of processes with no other."""


def close_memory() -> None:
    """Keep processes of the same user from this one's memory and environment; a process of root is not kept."""
    _prctl(_PR_SET_DUMPABLE, 0)


def adopt_orphans() -> None:
    """Become the parent of what descends from this process and has lost its own parent."""
    _prctl(_PR_SET_CHILD_SUBREAPER, 1)


def end_with_parent() -> None:
    """Be killed when the parent ends; to be asked for after ``give_up_privileges``, which cancels it."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def give_up_privileges(folder: str) -> None:
    """Gain no privilege any more by starting a program, and be root no more.

    Root's number of processes has no limit, so a process of root's becomes one of a user that has no other, and
    ``folder`` becomes that user's; it stays root's where the kernel does not allow that, as in a container without all
    users. What is kept is to read and write files whoever owns them, since a teacher may judge students' files as root;
    which files these are is another matter (``landlock``).
    """
    _prctl(_PR_SET_NO_NEW_PRIVS, 1)
    if sys.platform != "linux" or os.geteuid() != 0:
        return
    header = _words(_CAPABILITY_VERSION_3, 0)
    now = ctypes.create_string_buffer(24)
    _check(_libc().capget(header, now))
    kept = int.from_bytes(now.raw[4:8], sys.byteorder) & (1 << _DAC_OVERRIDE)
    if kept:
        _become_a_user(folder)
    _check(_libc().capset(header, _words(kept, kept, kept, 0, 0, 0)))
    with contextlib.suppress(OSError):  # for the programs that it starts, where the kernel hands a privilege on to them
        _prctl(_PR_CAP_AMBIENT, _PR_CAP_AMBIENT_RAISE, _DAC_OVERRIDE)


def _become_a_user(folder: str) -> None:
    """Change from root to a user without a name, as far as the kernel allows it, and keep the privileges for now."""
    user = _FIRST_USER + os.getpid()
    with contextlib.suppress(OSError):
        _prctl(_PR_SET_KEEPCAPS, 1)
        os.chown(folder, user, -1)
        os.setresuid(user, user, user)


def _prctl(option: int, value: int, second: int = 0) -> None:
    if sys.platform == "linux":
        _check(_libc().prctl(option, *(ctypes.c_ulong(word) for word in (value, second, 0, 0))))


def _words(*words: int) -> bytes:
    return b"".join(word.to_bytes(4, sys.byteorder) for word in words)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _check(result: int) -> None:
    if result < 0:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
