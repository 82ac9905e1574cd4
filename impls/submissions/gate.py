"""The gate: what a folder has to offer is found, and each submission is read once, before anything of it is used.

In goes a path; out come its bytes, what they mention, and a hash of all that belongs to it; or Refused, with the
reason for its row. Nothing here waits, follows a link out of its folder, or reads more than the limits say, whatever
lies there: a pipe, a device, a link to itself, a folder that is locked, a file without end. The process that runs the
submission is given these bytes, so that what is hashed, looked at and run is the same.

To a file belong the modules and data beside it that it could load: those of which the words of its name stand in its
text, and what these could load in turn. A name that a program puts together from parts is not seen.
"""

import contextlib
import hashlib
import json
import os
import re
import stat
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

from impls.submissions.mentioned_libraries import Mentions, imported, is_installed, mentions

MIB = 1 << 20
LARGEST_SOURCE = 4 * MIB
LARGEST_NOTEBOOK = 16 * MIB
"""With the pictures in it."""
MOST_CELLS = 10_000
MOST_CODE = 1 << 19
"""Characters of code in a notebook."""
MOST_FILES = 1000
MOST_TOGETHER = 64 * MIB
"""Files and bytes of a package; of helpers what is beyond it counts by size and date."""

SUFFIXES = (".py", ".ipynb")
_WORDS = re.compile(r"\w++")


class Refused(Exception):
    """A submission that is not read; the message says why."""


@dataclass(frozen=True)
class Submission:
    """What the gate has read.

    source: the bytes of a `.py` file, the cells of a notebook (empty ones for text, so that they are counted as it
    shows them), None for a package, which Python's import system reads. sha256: of all that belongs to it.
    """

    source: bytes | tuple[str, ...] | None
    sha256: str
    mentions: Mentions = field(default_factory=Mentions)


@dataclass(frozen=True)
class Entry:
    """A submission in a folder, by its path in it; refused: why it is not even to be read."""

    name: str
    refused: str | None = None


def submissions(folder: Path) -> list[Entry]:
    """Those in a folder and its immediate subfolders, sorted by name: each file once, whatever links lead to it.

    A link is refused, with what is wrong with it, as is a folder that cannot be read. Raises OSError where the folder
    itself cannot be.
    """
    root = Path(os.path.realpath(folder))
    found: dict[str, str | None] = {}
    for entry in _listed(root):
        if entry.name.lower().endswith(SUFFIXES):
            if entry.name != _INIT or is_package(root):
                found[entry.name] = None if entry.name.endswith(SUFFIXES) else _SUFFIX
            continue
        if not os.path.isdir(entry.path):
            continue
        try:
            inside = _listed(Path(entry.path))
        except OSError as error:
            found[entry.name] = f"a folder that cannot be read: {error.strerror}"
            continue
        files = [one.name for one in inside if one.name.lower().endswith(SUFFIXES) and one.name != _INIT]
        if entry.is_symlink() and (files or is_package(Path(entry.path))):
            found[entry.name] = _where_to(Path(entry.path), root)
        elif is_package(Path(entry.path)):
            found[entry.name] = None
        else:
            found |= {f"{entry.name}/{name}": None if name.endswith(SUFFIXES) else _SUFFIX for name in files}
            if not files and not entry.is_symlink() and (deeper := _deeper(Path(entry.path))):
                found[entry.name] = (
                    f"nothing to judge lies right in this folder, but there is {deeper}; name its folder"
                )
    return [Entry(name, found[name] or _as_another(root, name, found)) for name in sorted(found)]


def _listed(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return [one for one in entries if not one.name.startswith(".") and one.name not in _NO_SUBMISSIONS]


_NO_SUBMISSIONS = {"conftest.py", "__pycache__"}
_SUFFIX = f"its name ends in capitals; rename it, so that it ends in {' or '.join(SUFFIXES)}"


_INIT = "__init__.py"
_COMMENT = re.compile(rb"#[^\n]*+")
_LARGEST_BLANK = 4096


def is_package(folder: Path) -> bool:
    """Whether a folder is one submission: an `__init__.py` that says something lies in it.

    A blank one makes its modules importable and is no work; a folder of nothing else stays a package.
    """
    init = folder / _INIT
    if not os.path.lexists(init):
        return False
    try:
        blank = not _COMMENT.sub(b"", _content(init, None, _LARGEST_BLANK)).strip()
        return not (blank and any(one.name.endswith(SUFFIXES) and one.name != _INIT for one in _listed(folder)))
    except (OSError, RuntimeError, Refused):
        return True


def _deeper(folder: Path) -> str | None:
    """A submission that lies deeper in a folder than is looked for, by its path in it; not in an environment's."""
    if (folder / "pyvenv.cfg").exists():
        return None
    files = (file.relative_to(folder) for file in islice(_files_below(folder), MOST_FILES) if file.suffix in SUFFIXES)
    return next((file.as_posix() for file in files if not file.name.startswith(".")), None)


def _where_to(link: Path, root: Path) -> str:
    target = Path(os.path.realpath(link))
    if root.is_relative_to(target):
        return "a symbolic link that leads round, to the folder it lies in"
    return f"a symbolic link to {target.relative_to(root)}" if target.is_relative_to(root) else _OUT


_OUT = "a symbolic link that leads out of the folder"


def _as_another(root: Path, name: str, found: dict[str, str | None]) -> str | None:
    """Why a link is refused, None for what is no link and for one to a file that is no submission by itself."""
    path = root / name
    if not path.is_symlink():
        return None
    try:
        target = path.resolve(strict=True)
    except (OSError, RuntimeError):
        return "a symbolic link that leads nowhere, or to itself"
    if not target.is_relative_to(root):
        return _OUT
    own = target.relative_to(root).as_posix()
    return f"a symbolic link to {own}, which is judged by itself" if own in found else None


class Beside:
    """What lies in the folders of submissions; each is listed once, or a class would be as slow as its square."""

    def __init__(self) -> None:
        self._folders: dict[Path, dict[str, list[tuple[str, set[str]]]]] = {}

    def meant_by(self, words: set[str], home: Path) -> set[str]:
        """The names in a folder whose words are all among these; what cannot be listed has none."""
        if home not in self._folders:
            self._folders[home] = _by_a_word(home)
        there = self._folders[home]
        return {name for word in words for name, of_name in there.get(word, ()) if of_name <= words}


def _by_a_word(home: Path) -> dict[str, list[tuple[str, set[str]]]]:
    """The names in a folder with their words, by one of these."""
    found: dict[str, list[tuple[str, set[str]]]] = {}
    with contextlib.suppress(OSError):
        for entry in _listed(home):
            if of_name := set(_WORDS.findall(entry.name.partition(".")[0])):
                found.setdefault(max(of_name), []).append((entry.name, of_name))
    return found


def read(path: Path, root: Path | None = None, beside: Beside | None = None) -> Submission:
    """Read the file or the package at ``path``. Raises Refused.

    root: the folder that it may not lead out of; a path that the user named may be a link to anywhere. beside: what is
    known already of the folder it lies in.
    """
    beside = beside or Beside()
    try:
        if path.is_dir():
            if path.suffix in SUFFIXES:
                raise Refused("a folder named like a file")
            return _package(path, Path(os.path.realpath(root or path)), beside)
        content = _content(path, root, LARGEST_NOTEBOOK if path.suffix == ".ipynb" else LARGEST_SOURCE)
    except (OSError, RuntimeError) as wrong:  # RuntimeError is what Python 3.11 makes of a loop of links
        raise Refused(_said(wrong)) from wrong
    source = cells_of(content) if path.suffix == ".ipynb" else content
    text = _text(content) if isinstance(source, bytes) else "\n".join(source)
    return _described(path, source, [(path.name, content)], [text], beside)


def _package(path: Path, root: Path, beside: Beside) -> Submission:
    """A package with everything in its folder, which may be data."""
    files: list[tuple[str, bytes]] = []
    texts: list[str] = []
    left = MOST_TOGETHER
    for file in _files_below(path, _raise):
        if len(files) == MOST_FILES:
            raise Refused(f"a package of more than {MOST_FILES} files")
        name = file.relative_to(path).as_posix()
        try:
            content = _content(file, root, left)
        except _TooLarge as wrong:
            raise Refused(f"a package of more than {MOST_TOGETHER // MIB} MiB") from wrong
        except Refused as wrong:
            raise Refused(f"{name}: {wrong}") from wrong
        left -= len(content)
        files.append((name, content))
        if file.suffix == ".py" and len(content) <= LARGEST_SOURCE:
            texts.append(_text(content))
    return _described(path, None, files, texts, beside)


def contents(paths: Iterable[Path], home: Path) -> dict[str, bytes]:
    """The files at and below these paths, each by its path from ``home``; nothing that a link leads out to.

    Raises Refused where all together are more than ``MOST_TOGETHER``.
    """
    found: dict[str, bytes] = {}
    left = MOST_TOGETHER
    for file in (file for path in paths for file in _files_below(path)):
        try:
            content = _content(file, home, left)
        except _TooLarge as wrong:
            raise Refused(f"with what belongs to it, it is more than {MOST_TOGETHER // MIB} MiB") from wrong
        except (OSError, RuntimeError, Refused):
            continue  # its process could not read it either
        found[file.relative_to(home).as_posix()] = content
        left -= len(content)
    return found


def _described(path: Path, source: Any, files: list[tuple[str, bytes]], texts: list[str], beside: Beside) -> Submission:
    """Its hash: of the bytes of a lone file, so that it is what ``sha256sum`` says; and what is mentioned."""
    helpers = dict(_helpers(path, texts, beside))
    digest = hashlib.sha256(files[0][1] if len(files) == 1 else b"")
    hash_files(digest, [*(files if len(files) > 1 else []), *sorted(helpers.items())])
    own = mentions(texts[0]) if texts else Mentions()
    helping = [*texts[1:], *_imported_from(helpers, texts)]
    return Submission(source, digest.hexdigest(), own.with_helpers(map(mentions, helping)))


def hash_files(digest: Any, files: Iterable[tuple[str, bytes]]) -> None:
    """Let a hash go on with these files, each with its name."""
    for name, content in files:
        digest.update(f"\0{name}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)


def _imported_from(helpers: Mapping[str, bytes], texts: Iterable[str]) -> list[str]:
    """The texts of those helpers that these import, and that these import in turn: a neighbour is none by its name."""
    found: dict[str, str] = {}
    waiting = list(texts)
    while waiting:
        names = imported(waiting.pop())
        for path, content in helpers.items():
            name = path.partition("/")[0].removesuffix(".py")
            if path not in found and path.endswith(".py") and name in names and not is_installed(name):
                found[path] = _text(content)
                waiting.append(found[path])
    return list(found.values())


def _helpers(path: Path, texts: list[str], beside: Beside) -> Iterator[tuple[str, bytes]]:
    """What lies beside a submission and could be loaded by it, by name, with its content."""
    home = path.absolute().parent
    left, files, words, taken = MOST_TOGETHER, 0, set[str](), {path.name}
    waiting = list(texts)
    while waiting:
        words.update(_WORDS.findall(waiting.pop()))
        for name in sorted(beside.meant_by(words, home) - taken):
            taken.add(name)
            for file in _files_below(home / name):
                files += 1
                content = _stamp(file, min(left, LARGEST_SOURCE) if files <= MOST_FILES else 0)
                left -= len(content)
                yield file.relative_to(home).as_posix(), content
                if file.suffix in SUFFIXES:
                    waiting.append(_text(content))


def _stamp(file: Path, most: int) -> bytes:
    """The content of a helper; of one that is too large, or no file that can be read, size and date."""
    try:
        return _content(file, None, most)
    except (OSError, RuntimeError, Refused):
        try:
            status = os.stat(file)
        except (OSError, RuntimeError) as wrong:
            return _said(wrong).encode()
        return f"{stat.S_IFMT(status.st_mode)} {status.st_size} {status.st_mtime_ns}".encode()


def _files_below(path: Path, onerror: Callable[[OSError], None] | None = None) -> Iterator[Path]:
    """The file itself, or what lies in the folder, in a fixed order; a link to a folder is one of the files."""
    if not path.is_dir():
        yield path
        return
    for folder, folders, names in os.walk(path, onerror=onerror):
        names += [name for name in folders if os.path.islink(os.path.join(folder, name))]
        folders[:] = sorted(name for name in folders if not name.startswith(".") and name not in _NO_SUBMISSIONS)
        yield from (Path(folder, name) for name in sorted(names, key=lambda name: (name != "__init__.py", name)))


def _raise(error: OSError) -> None:
    raise error


class _TooLarge(Refused):
    pass


def _content(path: Path, root: Path | None, most: int) -> bytes:
    """The bytes of a regular file. Raises Refused for anything else, and OSError."""
    real = path.resolve(strict=True)
    if root is not None and not real.is_relative_to(root.resolve()):
        raise Refused(_OUT)
    _regular(os.stat(real), path, most)
    # Between the look and the opening another may have taken its place: opening must not wait, and is looked at again.
    with open(os.open(real, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC), "rb") as file:
        status = os.fstat(file.fileno())
        _regular(status, path, most)
        return file.read(status.st_size)


_HINTS = {".ipynb": "; clear its outputs"}


def _regular(status: os.stat_result, path: Path, most: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise Refused(f"{_KINDS.get(stat.S_IFMT(status.st_mode), 'something else')}, not a file")
    if status.st_size > most:
        raise _TooLarge(f"a file of more than {most / MIB:.3g} MiB{_HINTS.get(path.suffix, '')}")


_KINDS = {
    stat.S_IFIFO: "a named pipe",
    stat.S_IFCHR: "a device",
    stat.S_IFBLK: "a device",
    stat.S_IFSOCK: "a socket",
    stat.S_IFDIR: "a folder",
}


def _said(wrong: Exception) -> str:
    return f"{type(wrong).__name__}: {getattr(wrong, 'strerror', None) or wrong}"


def _text(content: bytes) -> str:
    """Source as text; which encoding it has does not matter to what is looked for in it."""
    return content.decode("utf-8", "surrogateescape")


_NO_NOTEBOOK: Mapping[type, str] = {json.JSONDecodeError: "its text is not JSON", KeyError: "it has no cells"}


def cells_of(content: bytes) -> tuple[str, ...]:
    """The sources of all cells of a notebook, in nbformat 3 or later; empty for text. Raises Refused."""
    try:
        notebook = json.loads(content)
        sheets = [notebook] if "cells" in notebook else notebook["worksheets"]
        cells = [cell for sheet in sheets for cell in sheet["cells"]]
        if not (language := _language(notebook)).lower().startswith(("python", "ipython", "xpython")):
            raise Refused(f"a notebook of {language}, not of Python")
        if len(cells) > MOST_CELLS:
            raise Refused(f"a notebook of more than {MOST_CELLS} cells")
        sources = tuple(_code(cell) if cell["cell_type"] == "code" else "" for cell in cells)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        why = _NO_NOTEBOOK.get(type(wrong), "its cells cannot be read")
        where = f", line {wrong.lineno}" if isinstance(wrong, json.JSONDecodeError) else ""
        raise Refused(f"no notebook that can be read: {why} ({type(wrong).__name__}{where})") from wrong
    if sum(map(len, sources)) > MOST_CODE:
        raise Refused(f"a notebook of more than {MOST_CODE} characters of code")
    return sources


def _language(notebook: Any) -> str:
    """The language that a notebook says it is in; Python where it says nothing."""
    about = notebook.get("metadata") or {}
    kernel, language = (about.get(key) or {} for key in ("kernelspec", "language_info"))
    return str(language.get("name") or kernel.get("language") or "python")


def _code(cell: Any) -> str:
    lines = cell["source"] if "source" in cell else cell["input"]
    code = lines if isinstance(lines, str) else "".join(lines)
    return code.encode("utf-8", "backslashreplace").decode()
