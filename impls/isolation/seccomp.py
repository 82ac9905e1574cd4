"""seccomp: the kernel refuses system calls that a worker has no need of and that reach beyond it; for what Landlock
does not know.

A process may set the limits of another one of its user, and the kernel kills that one for them; it may leave shared
memory that outlives it, speak UDP, connect to a socket that has a path: these calls fail with EPERM. It may change
whose a file is, how old and how protected: these calls succeed, and nothing happens, since right code makes them for
its own files, as ``shutil.copy`` does. The filter is a program of the kernel's own small machine:
https://docs.kernel.org/userspace-api/seccomp_filter.html. Numbers of calls differ between processors, and only those
that are named here are known.
"""

import ctypes
import os
import platform
import struct
import sys

_ARCHITECTURES = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_REFUSED = (
    # of the limits, and of the share of the processor, that another process has
    *(("prlimit64", 302, 261), ("setpriority", 141, 140), ("ioprio_set", 251, 30)),
    *(("sched_setscheduler", 144, 119), ("sched_setparam", 142, 118), ("sched_setattr", 314, 274)),
    # of what outlives the process
    *(("shmget", 29, 194), ("semget", 64, 190), ("msgget", 68, 186), ("mq_open", 240, 180)),
    *(("add_key", 248, 217), ("request_key", 249, 218), ("keyctl", 250, 219)),
    # of the network and the sockets of the machine; by io_uring a process makes calls that no filter sees
    *(("socket", 41, 198), ("io_uring_setup", 425, 425)),
    # of the names of files that others change
    ("inotify_add_watch", 254, 27),
)
_WITHOUT_EFFECT = (
    *(("chmod", 90, None), ("fchmod", 91, 52), ("fchmodat", 268, 53), ("fchmodat2", 452, 452)),
    *(("chown", 92, None), ("fchown", 93, 55), ("lchown", 94, None), ("fchownat", 260, 54)),
    *(("utime", 132, None), ("utimes", 235, None), ("futimesat", 261, None), ("utimensat", 280, 88)),
    *(("setxattr", 188, 5), ("lsetxattr", 189, 6), ("fsetxattr", 190, 7), ("setxattrat", 463, 463)),
    *(("removexattr", 197, 14), ("lremovexattr", 198, 15), ("fremovexattr", 199, 16), ("removexattrat", 466, 466)),
)
"""The name of each call, and its number for each of the architectures."""

_SECCOMP = (317, 277)
_GET_ACTION_AVAIL = 2
_PR_SET_SECCOMP, _FILTER = 22, 2
_LOAD, _IF_EQUAL, _IF_AT_LEAST, _RETURN = 0x20, 0x15, 0x35, 0x06
_NUMBER, _ARCHITECTURE, _FIRST_ARGUMENT = 0, 4, 16  # where they stand in what the filter is shown
_OF_X32 = 0x40000000  # from here on the calls of x86_64 are those of another interface, with the same effects
_ALLOW, _ERROR = 0x7FFF0000, 0x00050000
_REFUSE, _DO_NOTHING = _ERROR | 1, _ERROR  # EPERM is 1; an error of number 0 is none
_ITSELF, _UNIX = 0, 1


def is_there() -> bool:
    """Whether this kernel has such filters, and the calls of this processor are known here."""
    if sys.platform != "linux" or platform.machine() not in _ARCHITECTURES:
        return False
    action = ctypes.c_uint32(_ERROR)
    return _libc().syscall(_SECCOMP[_which()], _GET_ACTION_AVAIL, 0, ctypes.byref(action)) == 0


def restrict(unix_sockets: bool) -> None:
    """From now on this thread and what it starts make none of these calls; nothing is refused unless ``is_there``.

    unix_sockets: sockets between processes can be had, as the driver of a GPU uses them. Raises OSError where the
    kernel does not do what it is asked for; it asks for a process that gains no privileges (``privileges``).
    """
    if not is_there():
        return
    steps = _program(unix_sockets)
    code = ctypes.create_string_buffer(b"".join(struct.pack("=HBBI", *step) for step in steps))
    program = ctypes.create_string_buffer(struct.pack("@HP", len(steps), ctypes.addressof(code)))
    words = (_FILTER, ctypes.addressof(program), 0, 0)
    if _libc().prctl(_PR_SET_SECCOMP, *map(ctypes.c_ulong, words)) < 0:
        number = ctypes.get_errno()
        raise OSError(number, f"seccomp: {os.strerror(number)}")


def _program(unix_sockets: bool) -> list[tuple[int, int, int, int]]:
    """The steps: what each does, how many steps are skipped if its question has the answer yes, and if no, a number."""
    allowed = {"prlimit64": _ITSELF} | ({"socket": _UNIX} if unix_sockets else {})
    steps = [
        (_LOAD, 0, 0, _ARCHITECTURE),
        (_IF_EQUAL, 1, 0, _ARCHITECTURES[platform.machine()]),
        (_RETURN, 0, 0, _REFUSE),
        (_LOAD, 0, 0, _NUMBER),
        (_IF_AT_LEAST, 0, 1, _OF_X32),
        (_RETURN, 0, 0, _REFUSE),
    ]
    for name, *numbers in (*_REFUSED, *_WITHOUT_EFFECT):
        number = numbers[_which()]
        if number is None:
            continue
        if name in allowed:
            steps += [
                (_IF_EQUAL, 0, 4, number),
                (_LOAD, 0, 0, _FIRST_ARGUMENT),
                (_IF_EQUAL, 0, 1, allowed[name]),
                (_RETURN, 0, 0, _ALLOW),
            ]
        else:
            steps.append((_IF_EQUAL, 0, 1, number))
        steps.append((_RETURN, 0, 0, _DO_NOTHING if (name, *numbers) in _WITHOUT_EFFECT else _REFUSE))
    return [*steps, (_RETURN, 0, 0, _ALLOW)]


def _which() -> int:
    return list(_ARCHITECTURES).index(platform.machine())


def _libc() -> ctypes.CDLL:
    return ctypes.CDLL(None, use_errno=True)
