"""What Linux tells of processes: who descends from whom, and how long each thread waited for a processor.

Elsewhere a process has no family here, and nobody waited.
"""

import os

_PAGE = 4096


def family(pid: int) -> list[int]:
    """A process and all that descends from it, parents first."""
    found = [pid]
    for one in found:
        for thread in _threads(one):
            found += _children(thread)
    return found


def children(pid: int) -> set[int]:
    """The children of a process of one thread."""
    return set(_children(f"/proc/{pid}/task/{pid}"))


def run_delays(pids: list[int]) -> dict[str, float]:
    """By thread of these processes: the seconds in which it was ready to run and had no processor."""
    return {thread: _run_delay(thread) for pid in pids for thread in _threads(pid)}


def _threads(pid: int) -> list[str]:
    """The folder of each thread of a process."""
    folder = f"/proc/{pid}/task"
    try:
        return [f"{folder}/{thread}" for thread in os.listdir(folder)]
    except OSError:
        return []


def _children(thread: str) -> list[int]:
    return list(map(int, _said(f"{thread}/children").split()))


def _run_delay(thread: str) -> float:
    said = _said(f"{thread}/schedstat").split()
    return int(said[1]) / 1e9 if len(said) > 1 else 0.0


def _said(file: str) -> bytes:
    """What the kernel says in a file of it, nothing where there is none. It is asked after each message of calls."""
    try:
        descriptor = os.open(file, os.O_RDONLY)
    except OSError:
        return b""
    said = b""
    try:
        while piece := os.read(descriptor, _PAGE):  # a read gives a page at most
            said += piece
    except OSError:
        return b""
    finally:
        os.close(descriptor)
    return said
