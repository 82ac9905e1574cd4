"""What the run reads of a submission without running it: its own files, what they declare, what they look into.

A submission is the file that was named, or the folder of a package, and the modules beside it that it imports by name,
and those that these import. Only they are handed to its process: in a class that lies in one folder a file does not
reach its neighbours, unless it says that it imports them, and then its row says so. What is found out by running the
file, such as a name that is put together for ``importlib``, is not known here and not handed over.
"""

import ast
import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from impls.backends import BACKENDS
from impls.calling import one_line
from impls.isolation.reach import is_of_the_suite

_MOST_BYTES = 1 << 20
_MOST_FILES = 200

_IMPORTS = re.compile(r"^[ \t]*(?:from[ \t]+([\w.]+)|import[ \t]+([\w., \t]+))", re.MULTILINE)
_LOOKS_INTO_ITS_CALLER = re.compile(
    r"_getframe|\bgc\.|\bimport gc\b|ctypes|tb_frame|settrace|/proc\b|getppid|sys\.modules"
)
_LOOKS = "looks into its caller: read it"


@dataclass(frozen=True)
class Sources:
    """paths: all that belongs to the submission. own: the texts of what was named, beside: those of the others."""

    paths: tuple[Path, ...]
    own: tuple[str, ...]
    beside: tuple[str, ...]
    named: Path

    @classmethod
    def of(cls, path: Path, cells: Sequence[str] | None = None) -> "Sources":
        """What belongs to the submission at ``path``; cells: of a notebook."""
        home = path.parent
        own = list(cells) if cells is not None else [text for _, text in _texts(path)]
        paths, beside = [path], []
        left = list(own)
        while left and len(paths) < _MOST_FILES:
            for neighbour in _neighbours(home, _imported([left.pop()])):
                if neighbour not in paths:
                    paths.append(neighbour)
                    found = [text for _, text in _texts(neighbour)]
                    beside += found
                    left += found
        return cls(tuple(paths), tuple(own), tuple(beside), path)

    def mentions(self, word: str) -> bool:
        """Whether the word stands in any of the texts."""
        return any(re.search(rf"\b{word}\b", text) for text in (*self.own, *self.beside))

    @property
    def only_library(self) -> str | None:
        """The one array library that it imports, where nothing of it imports NumPy."""
        imported = [name for name in BACKENDS if name in _imported(self.own)]
        return imported[0] if len(imported) == 1 and "numpy" not in _imported((*self.own, *self.beside)) else None

    def declared(self, name: str) -> str | None:
        """The text that is assigned to this name at the top of the submission, the last where there are several."""
        found = None
        for text in (text for text in self.own if name in text):
            with contextlib.suppress(SyntaxError, ValueError, RecursionError, MemoryError):
                for statement in ast.parse(text).body:
                    found = _assigned(statement, name) or found
        return found

    @property
    def remarks(self) -> tuple[str, ...]:
        """What a person has to know who signs the verdict."""
        looks = any(map(_LOOKS_INTO_ITS_CALLER.search, (*self.own, *self.beside)))
        names = ", ".join(one_line(path.name, 40) for path in self.paths[1:])
        return (*([_LOOKS] if looks else []), *([f"imports what lies beside it: {names}"] if names else []))


def declared_arrays(sources: Sources, arrays: str | None) -> tuple[str, ...]:
    """The array libraries that a submission may take; arrays: what is asked for on the command line."""
    if named := sources.declared("ARRAYS") or arrays:
        return (named,)
    if only := sources.only_library:
        return (only,)
    return ("numpy", *(name for name in BACKENDS if name != "numpy" and sources.mentions(name)))


def declared_device(sources: Sources, device: str | None, arrays: str) -> str:
    """The device on which a submission's arrays lie."""
    return sources.declared("DEVICE") or device or BACKENDS[arrays].devices[0]


def _assigned(statement: ast.stmt, name: str) -> str | None:
    targets = statement.targets if isinstance(statement, ast.Assign) else []
    if isinstance(statement, ast.AnnAssign):
        targets = [statement.target]
    value = getattr(statement, "value", None)
    is_it = any(isinstance(target, ast.Name) and target.id == name for target in targets)
    return value.value if is_it and isinstance(value, ast.Constant) and isinstance(value.value, str) else None


def _imported(texts: Iterable[str]) -> set[str]:
    """The first parts of the names that are imported, and of what only looks like it."""
    names: set[str] = set()
    for text in texts:
        for module, several in _IMPORTS.findall(text):
            words = [module, *(one.split()[0] for one in several.split(",") if one.strip())]
            names |= {word.partition(".")[0] for word in words} - {""}
    return names


def _neighbours(home: Path, names: Iterable[str]) -> Iterator[Path]:
    """What lies in this folder under these names; nothing of the suite's, and nothing that a link leads out to."""
    for name in sorted(names):
        for path in (home / name, home / f"{name}.py"):
            with contextlib.suppress(OSError):
                inside = path.exists() and path.resolve().is_relative_to(home.resolve())
                if inside and not is_of_the_suite(str(path)):
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
