"""What a submission's process is handed of the disk, and what a person has to know of its source.

A submission is the file that was named, or the folder of a package, and the modules beside it that it imports by name,
and those that these import. Only they are handed to its process: in a class that lies in one folder a file does not
reach its neighbours, unless it says that it imports them, and then its row says so. What is found out by running the
file, such as a name that is put together for ``importlib``, is not known here and not handed over.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from impls.isolation.reach import is_of_the_suite
from impls.submissions.mentions import imported, is_installed
from impls.text import one_line

_MOST_BYTES = 1 << 20
_MOST_FILES = 200

_OF_ITS_CALLER = (
    *("_getframe", "_current_frames", "currentframe", "inspect.stack", "inspect.trace", "walk_stack", "walk_tb"),
    *("tb_frame", "__traceback__", ".f_back", ".f_locals", ".f_globals", ".gi_frame", "__subclasses__", "ctypes"),
    *("cffi", "settrace", "setprofile", "sys.monitoring", "sys.modules", "getppid"),
)
_LIBRARY = "(?:np|numpy|math|os|json|struct|socket|hashlib|builtins)"
_ALSO = re.compile(
    r"\bgc\.|(?:import|from) gc\b|from sys import [^\n]{0,80}modules|/proc\b"
    rf"|^[ \t]*+{_LIBRARY}(?:\.\w++)++[ \t]*+=(?!=)|setattr\({_LIBRARY}\b",
    re.MULTILINE,
)
"""Words and patterns of what reaches the frames, objects and modules of its caller, or replaces what both import."""

_UNSEEN = re.compile(r"(?<![\w.])(?:exec|eval)\(|__import__|import_module|\bsubprocess\b|\bos\.popen|\brunpy")
_LOOKS, _RUNS = "looks into its caller: read it", "runs what does not stand in its text: read it"


@dataclass(frozen=True)
class Sources:
    """paths: all that belongs to the submission. own: the texts of what was named, beside: those of the others."""

    paths: tuple[Path, ...]
    own: tuple[str, ...]
    beside: tuple[str, ...]
    named: Path

    @classmethod
    def of(cls, path: Path, cells: Sequence[str] | None = None) -> "Sources":
        """What belongs to the submission at ``path``; cells: its source, as it was read; None for a package."""
        home = path.parent
        own = list(cells) if cells is not None else [text for _, text in _texts(path)]
        paths, beside = [path], []
        left = list(own)
        while left and len(paths) < _MOST_FILES:
            for neighbour in _neighbours(home, imported(left.pop())):
                if neighbour not in paths:
                    paths.append(neighbour)
                    found = [text for _, text in _texts(neighbour)]
                    beside += found
                    left += found
        return cls(tuple(paths), tuple(own), tuple(beside), path)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person has to know who signs the verdict."""
        texts = (*self.own, *self.beside)
        looks = [_LOOKS] if any(map(_looks_into_its_caller, texts)) else []
        runs = [_RUNS] if any(map(_UNSEEN.search, texts)) else []
        names = ", ".join(one_line(path.name, 40) for path in self.paths[1:])
        return (*looks, *runs, *([f"imports what lies beside it: {names}"] if names else []))


def _looks_into_its_caller(text: str) -> bool:
    return any(word in text for word in _OF_ITS_CALLER) or _ALSO.search(text) is not None


def _neighbours(home: Path, names: Iterable[str]) -> Iterator[Path]:
    """What is found in this folder by these names; nothing of the suite's, and nothing that a link leads out to."""
    for name in sorted(names):
        for path in (home / name, home / f"{name}.py"):
            with contextlib.suppress(OSError):
                inside = path.exists() and path.resolve().is_relative_to(home.resolve())
                if inside and not is_of_the_suite(str(path)) and not is_installed(name):
                    yield path


def _texts(path: Path) -> Iterator[tuple[Path, str]]:
    """The source texts of a file, or of the Python files in a folder."""
    files = sorted(path.rglob("*.py"))[:_MOST_FILES] if path.is_dir() else [path]
    for file in files:
        with contextlib.suppress(OSError):
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as opened:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    yield file, opened.read(_MOST_BYTES).decode(errors="replace")
