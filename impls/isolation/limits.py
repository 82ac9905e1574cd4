"""What an isolated implementation may use, and the limits that the operating system keeps of it."""

import contextlib
import os
import resource
from dataclasses import asdict, dataclass, replace
from typing import Any

from impls.backends import Needs

_MIB = 1 << 20


@dataclass(frozen=True)
class Limits:
    """call_seconds: of one call; load_seconds: of loading; total_seconds: of all calls of one function, None for any.

    All three are wall time less the time in which the process waited for a processor, see ``patience.Patience``.
    memory_mib: of address space, None for any amount; file_mib: of each file it writes; folder_mib: of all files, where
    they lie in memory (bwrap); files: open at once; processes: beside those that the user has already, with all their
    threads, of which a library may start one for each processor, twice. losses: how often one function may end or hang
    the process before it is not called again. answer_mib: the largest answer taken from it.
    """

    call_seconds: float = 10.0
    load_seconds: float = 60.0
    total_seconds: float | None = 300.0
    memory_mib: int | None = 4096
    file_mib: int = 16
    folder_mib: int = 64
    files: int = 64
    processes: int = 256
    losses: int = 2
    answer_mib: int = 256

    def for_arrays_of(self, elements: int) -> "Limits":
        """The same with room and time for arrays of so many elements, of 8 bytes each."""
        mib = elements * 8 // _MIB
        more = {"memory_mib": _sum(self.memory_mib, 8 * mib), "answer_mib": self.answer_mib + 2 * mib}
        return Limits(**(asdict(self) | more | {"call_seconds": self.call_seconds + mib / 10}))

    def for_needs(self, needs: Needs) -> "Limits":
        """The same with the room and the time that these arrays need."""
        return replace(
            self,
            load_seconds=self.load_seconds + needs.load_seconds,
            memory_mib=_sum(self.memory_mib, needs.address_space_mib),
            files=max(self.files, needs.open_files),
        )

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def restrict_this_process(limits: Limits) -> None:
    """Have the operating system keep the limits of this process and its children."""
    _set(resource.RLIMIT_FSIZE, limits.file_mib * _MIB)
    _set(resource.RLIMIT_NOFILE, limits.files)
    _set(resource.RLIMIT_CORE, 0)
    if limits.memory_mib is not None:
        _set(resource.RLIMIT_AS, limits.memory_mib * _MIB)
    if hasattr(resource, "RLIMIT_NPROC") and (running := _threads_of_this_user()):
        _set(resource.RLIMIT_NPROC, running + limits.processes)


def _sum(one: int | None, other: int | None) -> int | None:
    return None if one is None or other is None else one + other


def _set(which: int, value: int) -> None:
    _, hard = resource.getrlimit(which)
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(which, (value, value))


def _threads_of_this_user() -> int:
    """How many threads this user runs, which is what RLIMIT_NPROC counts; 0 where that cannot be found out."""
    count = 0
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            with contextlib.suppress(OSError):  # of a process that has ended meanwhile
                if entry.name.isdigit() and entry.stat().st_uid == os.getuid():
                    count += len(os.listdir(f"/proc/{entry.name}/task"))
    return count
