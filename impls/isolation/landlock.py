"""Landlock: the kernel keeps a process and its children from what it is not allowed; paths in, a restriction out.

It needs no package and no privilege, and it holds for root as well. The kernel's version of it ("ABI") says which
rights it knows: https://docs.kernel.org/userspace-api/landlock.html. All rights that it knows are refused but for the
paths that are named here; of what it does not know nothing is refused, and ``words`` says so.

Landlock does not keep a process from ``stat``, ``chmod`` and ``utime`` of any path, from UDP, nor from Unix sockets
that have a path; but for ``stat`` that is what ``seccomp`` is for.
"""

import ctypes
import os
import stat
import sys
from collections.abc import Iterable

_CREATE_RULESET, _ADD_RULE, _RESTRICT_SELF = 444, 445, 446
_CREATE_RULESET_VERSION, _RULE_PATH_BENEATH = 1, 1

_EXECUTE, _WRITE_FILE, _READ_FILE, _READ_DIR = (1 << bit for bit in range(4))
_MAKE_CHAR, _MAKE_BLOCK = 1 << 6, 1 << 11
_TRUNCATE, _IOCTL_DEV = 1 << 14, 1 << 15
_READ = _EXECUTE | _READ_FILE | _READ_DIR
_OF_A_FILE = _EXECUTE | _WRITE_FILE | _READ_FILE | _TRUNCATE | _IOCTL_DEV

# The first ABI that knows a right, and the bits of the rights that it then knows, all of them together.
_FILE_RIGHTS = ((1, (1 << 13) - 1), (2, (1 << 14) - 1), (3, (1 << 15) - 1), (5, (1 << 16) - 1))
_TCP_RIGHTS = ((4, 0b11),)  # bind and connect
_SCOPES = ((6, 0b11),)  # abstract Unix sockets and signals


def version() -> int:
    """The kernel's version of Landlock; 0 where there is none, or it may not be used."""
    if sys.platform != "linux":
        return 0
    return max(0, _libc().syscall(_CREATE_RULESET, None, ctypes.c_size_t(0), _CREATE_RULESET_VERSION))


def words(abi: int) -> str:
    """What a kernel of this version refuses, for people: ``landlock 7: files, TCP, signals``."""
    kinds = ["files"] + ["TCP"] * bool(_known(_TCP_RIGHTS, abi)) + ["signals"] * bool(_known(_SCOPES, abi))
    return f"landlock {abi}: {', '.join(kinds)}"


def restrict(readable: Iterable[str], writable: Iterable[str], listed: Iterable[str] = ()) -> None:
    """From now on this thread and what it starts reach these files and folders alone, with all that is in them.

    readable: to be read and executed. writable: everything but making devices; a device may be controlled. listed:
    the names in these folders. Paths that are not there are left out, and nothing is refused where ``version`` is 0.
    Raises OSError where the kernel does not do what it is asked for.
    """
    abi = version()
    if not abi:
        return
    files = _known(_FILE_RIGHTS, abi)
    words_of_attributes = [files, _known(_TCP_RIGHTS, abi), _known(_SCOPES, abi)][: 1 + (abi >= 4) + (abi >= 6)]
    attributes = b"".join(word.to_bytes(8, sys.byteorder) for word in words_of_attributes)
    ruleset = _checked(_libc().syscall(_CREATE_RULESET, attributes, ctypes.c_size_t(len(attributes)), 0))
    try:
        for path in readable:
            _allow(ruleset, path, files & _READ)
        for path in listed:
            _allow(ruleset, path, _READ_DIR)
        for path in writable:
            _allow(ruleset, path, files & ~_MAKE_CHAR & ~_MAKE_BLOCK)
        _checked(_libc().syscall(_RESTRICT_SELF, ruleset, 0))
    finally:
        os.close(ruleset)


def _allow(ruleset: int, path: str, rights: int) -> None:
    try:
        beneath = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except (FileNotFoundError, NotADirectoryError):
        return
    try:
        if not stat.S_ISDIR(os.fstat(beneath).st_mode):
            rights &= _OF_A_FILE
        rule = rights.to_bytes(8, sys.byteorder) + beneath.to_bytes(4, sys.byteorder)
        _checked(_libc().syscall(_ADD_RULE, ruleset, _RULE_PATH_BENEATH, rule, 0))
    finally:
        os.close(beneath)


def _known(rights: tuple[tuple[int, int], ...], abi: int) -> int:
    return max((bits for first, bits in rights if abi >= first), default=0)


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)


def _checked(result: int) -> int:
    if result < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"Landlock: {os.strerror(number)}")
    return result
