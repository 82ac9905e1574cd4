"""What a submission's process is handed of the disk, and what a person has to know of its source.

A submission is the file that was named, or the folder of a package, and the modules beside it that it imports by name,
and those that these import. Only they are handed to its process: in a class that lies in one folder a file does not
reach its neighbours, unless it says that it imports them, and then its row says so. Above its folder lie the packages
that it is part of, and the folder that was named, if that is one project. What is found out by running the file, such
as a name that is put together for ``importlib``, is not known here and not handed over.
"""

import contextlib
import os
import re
import stat
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from impls.isolation.reachable_paths import is_of_the_suite
from impls.submissions.mentioned_libraries import is_installed
from impls.text import one_line

_MOST_BYTES = 1 << 20
_MOST_FILES = 200
_MOST_NAMES = 10_000

_IMPORTS = re.compile(
    r"^[ \t]*(?:from[ \t]+([\w.]+)(?:[ \t]+import(?:[ \t]*\(([^()]*)|[ \t]+([\w, \t]+)))?|import[ \t]+([\w., \t]+))",
    re.MULTILINE,
)
_COMMENT = re.compile(r"#[^\n]*+")
_TAKEN = re.compile(r"(?:^|,)\s*+(\w++)")

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
    """paths: all that belongs to the submission. own: the texts of what was named, beside: those of the others.

    listed: the folders from which it imports.
    """

    paths: tuple[Path, ...]
    own: tuple[str, ...]
    beside: tuple[str, ...]
    named: Path
    listed: tuple[Path, ...] = ()

    @classmethod
    def of(cls, path: Path, cells: Sequence[str] | None = None, project: Path | None = None) -> "Sources":
        """What belongs to the submission at ``path``; cells: its source, as it was read; None for a package.

        project: the folder that it lies in with all that is its own.
        """
        own = list(cells) if cells is not None else list(_texts(path))
        paths, beside, listed = [path], [], [path.parent]
        left, asked = list(own), set[str]()
        while left and len(paths) < _MOST_FILES and len(asked) < _MOST_NAMES:
            names = _imported(left.pop()) - asked
            asked |= names
            for base, neighbour in _neighbours(path.parent, names, project):
                listed += [base] if base not in listed else []
                if neighbour not in paths:
                    paths.append(neighbour)
                    found = list(_texts(neighbour))
                    beside += found
                    left += found
        return cls(tuple(paths), tuple(own), tuple(beside), path, tuple(listed))

    @property
    def top(self) -> Path:
        """The folder below which all of it lies."""
        return Path(os.path.commonpath(self.listed))

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


def _imported(text: str) -> set[str]:
    """The dotted names that are imported, a relative one with its dots, and of what only looks like it."""
    names: set[str] = set()
    for module, in_brackets, on_the_line, several in _IMPORTS.findall(text.replace("\\\n", " ")):
        names |= {module, *(one.split()[0] for one in several.split(",") if one.strip())}
        within = module if module.endswith(".") else f"{module}."
        taken = on_the_line or _COMMENT.sub("", in_brackets)
        names |= {within + one for one in _TAKEN.findall(taken)}
    return names - {""}


def _neighbours(home: Path, names: Iterable[str], project: Path | None) -> Iterator[tuple[Path, Path]]:
    """What a file in this folder imports under these names, each with the folder from which the name leads there.

    Nothing of the suite's, and nothing that a link leads out to.
    """
    packages = list(_packages_around(home))
    for name in sorted(names):
        parts = name.lstrip(".").split(".")
        base = None
        with contextlib.suppress(OSError):  # of a name that no file can have
            base = _base(home, packages, len(name) - len(name.lstrip(".")), parts[0], project)
        if base is None:
            continue
        for path in _along(base, parts, home):
            with contextlib.suppress(OSError):
                inside = path.exists() and path.resolve().is_relative_to(base.resolve())
                if inside and not is_of_the_suite(str(path)):
                    yield base, path


def _packages_around(home: Path) -> Iterator[Path]:
    """The packages that a folder is part of, itself first."""
    while (home / "__init__.py").is_file() and home != home.parent:
        yield home
        home = home.parent


def _base(home: Path, packages: Sequence[Path], dots: int, first: str, project: Path | None) -> Path | None:
    """The folder in which the first part of an imported name lies; None where it is none of the submission's."""
    if dots:
        return packages[dots - 1] if dots <= len(packages) else None
    if is_installed(first):
        return None
    if (home / first).exists() or (home / f"{first}.py").exists():
        return home
    by_name = [one.parent for one in packages if one.name == first]
    return by_name[-1] if by_name else project if project and (project / first).is_dir() else None


def _along(base: Path, parts: Sequence[str], home: Path) -> Iterator[Path]:
    """The file or folder that a dotted name leads to, and the `__init__.py` of each package around ``home`` before."""
    at = base
    for part in parts:
        at = at / part
        if not home.is_relative_to(at):
            yield from (at, at.with_name(f"{part}.py"))
            return
        yield at / "__init__.py"


def _texts(path: Path) -> Iterator[str]:
    """The source texts of a file, or of the Python files in a folder."""
    files = sorted(path.rglob("*.py"))[:_MOST_FILES] if path.is_dir() else [path]
    for file in files:
        with contextlib.suppress(OSError):
            descriptor = os.open(file, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            with os.fdopen(descriptor, "rb") as opened:
                if stat.S_ISREG(os.fstat(descriptor).st_mode):
                    yield opened.read(_MOST_BYTES).decode(errors="replace")
