"""What Linux tells of processes: who descends from whom, and how long each thread waited for a processor.

Elsewhere a process has no family here, and nobody waited.
"""

import contextlib
from pathlib import Path


def family(pid: int) -> list[int]:
    """A process and all that descends from it, parents first."""
    found = [pid]
    for one in found:
        for thread in _threads(one):
            with contextlib.suppress(OSError, ValueError):
                found += map(int, (thread / "children").read_text().split())
    return found


def children(pid: int) -> set[int]:
    """The children of a process of one thread."""
    try:
        return set(map(int, Path(f"/proc/{pid}/task/{pid}/children").read_text().split()))
    except (OSError, ValueError):
        return set()


def run_delays(pids: list[int]) -> dict[str, float]:
    """By thread of these processes: the seconds in which it was ready to run and had no processor."""
    return {str(thread): _run_delay(thread) for pid in pids for thread in _threads(pid)}


def _threads(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


def _run_delay(thread: Path) -> float:
    try:
        return int((thread / "schedstat").read_text().split()[1]) / 1e9
    except (OSError, ValueError, IndexError):
        return 0.0
