"""Running other people's module code so that whatever it does or raises stays with it."""

import atexit
import importlib
import importlib.util
import io
import os
import re
import sys
import traceback
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from itertools import count
from pathlib import Path
from types import ModuleType
from typing import Any, NoReturn

import numpy as np

from impls.interrupt import was_interrupted
from impls.submissions.needed_statements import Code
from impls.submissions.notebook import pieces_of
from impls.submissions.running import LOAD_SECONDS, Ran, run

_numbers = count(1)


class LoadError(Exception):
    """Code that failed to load; the message says what it raised and where, the cause is what it raised."""


def load(
    path: Path,
    wanted: Callable[[Code], Iterable[str]],
    source: bytes | Sequence[str] | None = None,
    whole: Callable[[Code], bool] = lambda code: False,
    seconds: float = LOAD_SECONDS,
    alone: bool = False,
) -> Ran:
    """What running gives of a `.py` file, a notebook, or the `__init__.py` of a package: what ``wanted`` need of it.

    source: what the file holds, or each cell of a notebook, as it was read; None for a package. whole: whether all of
    it is to run. seconds: for all statements together. alone: what lies beside its folder is somebody else's. The
    folder it lies in is importable meanwhile; the modules found there are its own and are forgotten after that, so that
    the next submission's `helper.py` is the next one's. Raises LoadError.
    """
    path = path.absolute()
    is_package = path.suffix not in (".py", ".ipynb")
    file = path / "__init__.py" if is_package else path
    module = ModuleType(re.sub(r"\W", "_", f"submission_{next(_numbers)}_{path.stem}"))
    module.__file__ = str(file)
    home = path.parent
    try:
        code = Code(pieces_of(file, source), in_cells=file.suffix == ".ipynb")
    except OSError as wrong:
        raise LoadError(f"{type(wrong).__name__}: {wrong}") from wrong
    except SyntaxError as wrong:
        raise LoadError(_reason(wrong, home)) from wrong
    roots = roots_of(file, code, alone)
    module.__package__ = ".".join(home.relative_to(roots[-1]).parts) if _in_a_package(file) and not is_package else ""
    if is_package:
        module.__path__, module.__package__ = [str(path)], module.__name__
    with contained(*roots, own=module.__name__):
        sys.modules[module.__name__] = module
        return run(
            code,
            wanted(code),
            module,
            is_near=lambda name: is_near(name, roots),
            reason=lambda raised: _reason(raised, home),
            whole=whole(code),
            seconds=seconds,
        )


def roots_of(file: Path, code: Code, alone: bool = False) -> list[Path]:
    """The folders from which a submission imports its own: its own folder, and the root of its project above it.

    A package's root is the folder above the last one with an `__init__.py`; without such files it is the nearest
    folder that has what is imported and lies nowhere else.
    """
    home, roots = file.parent, [file.parent]
    above = home
    while (above / "__init__.py").is_file() and above != above.parent:
        above = above.parent
    if above != home:
        return [home, above]
    if alone:
        return roots
    imported = {name.partition(".")[0] for one in code.statements for name in one.imports}
    for name in sorted(imported):
        if is_near(name, [home]) or name in sys.modules or name in sys.stdlib_module_names:
            continue
        roots += [one for one in home.parents[:2] if (one / name).is_dir() and not _is_installed(name)][:1]
    return list(dict.fromkeys(roots))


def is_near(module: str, roots: Sequence[Path]) -> bool:
    """Whether a module lies in one of these folders."""
    name = module.lstrip(".").partition(".")[0]
    return module.startswith(".") or any((root / f"{name}.py").is_file() or (root / name).is_dir() for root in roots)


def _is_installed(name: str) -> bool:
    try:
        return importlib.util.find_spec(name) is not None
    except (ImportError, ValueError):
        return False


def _in_a_package(file: Path) -> bool:
    return (file.parent / "__init__.py").is_file()


@contextmanager
def contained(*homes: Path, own: str = "") -> Iterator[None]:
    """Run foreign code: what it raises, SystemExit and the like included, becomes LoadError.

    Afterwards sys.path, sys.argv, the working directory, the standard streams, warning filters, NumPy's error state and
    every module that was there before are as they were; the settings of other libraries stay as the code set them.
    Nothing it prints is shown, reading from the keyboard is an error, and no bytecode is written. homes: folders
    importable meanwhile, last in line; the modules found there are dropped at the end, except the one named `own`.
    """
    modules, path, entries, argv = dict(sys.modules), sys.path, list(sys.path), sys.argv
    stdin, no_bytecode, directory = sys.stdin, sys.dont_write_bytecode, os.getcwd()
    importlib.invalidate_caches()
    lent = [str(home) for home in homes if str(home) not in map(os.path.abspath, entries)]
    sys.argv, sys.stdin, sys.dont_write_bytecode = [own], _NoKeyboard(), True
    path.extend(lent)
    silence = io.TextIOWrapper(io.BytesIO(), encoding="utf-8")  # a stream with all that a terminal's has
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            np.errstate(),
            redirect_stdout(silence),
            redirect_stderr(silence),
            exits_raising(),
        ):
            yield
    except BaseException as error:
        if isinstance(error, LoadError) or (isinstance(error, KeyboardInterrupt) and was_interrupted()):
            raise
        raise LoadError(_reason(error, homes[0] if homes else None)) from error
    finally:
        sys.path, sys.argv, sys.stdin, sys.dont_write_bytecode = path, argv, stdin, no_bytecode
        path[:] = entries
        os.chdir(directory)
        for home in lent:
            _forget(set(sys.modules) - set(modules), home, own)
        sys.modules.update(modules)


@contextmanager
def exits_raising() -> Iterator[None]:
    """Keep foreign code in this process from choosing the exit status of the run.

    os._exit raises SystemExit, and of the functions to be called at the end only those of libraries are taken.
    """
    this, leave, register = os.getpid(), os._exit, atexit.register

    def refuse(status: int) -> NoReturn:
        if os.getpid() != this:
            leave(status)
        raise SystemExit(status)

    def register_of_a_library(function: Callable[..., Any], *args: Any, **options: Any) -> Callable[..., Any]:
        file = sys._getframe(1).f_code.co_filename
        if file.startswith((sys.prefix, sys.base_prefix, "<frozen")):
            register(function, *args, **options)
        return function

    os._exit, atexit.register = refuse, register_of_a_library  # type: ignore[assignment]
    try:
        yield
    finally:
        os._exit, atexit.register = leave, register


class _NoKeyboard(io.TextIOBase):
    """Standard input for code that is being loaded."""

    def read(self, size: int | None = -1, /) -> str:
        raise EOFError(
            "it reads from the keyboard while it is loaded, and nobody sits there; move input() into a function"
        )

    readline = read  # type: ignore[assignment]


def _forget(names: set[str], home: str, own: str) -> None:
    """Drop from sys.modules those of `names` whose top-level module or package lies right in `home`."""
    specs = {name: getattr(sys.modules[name], "__spec__", None) for name in names if "." not in name and name != own}
    lying_there = {
        name
        for name, spec in specs.items()
        if spec and home in map(os.path.dirname, [spec.origin or "", *(spec.submodule_search_locations or ())])
    }
    for name in names:
        if name.partition(".")[0] in lying_there:
            sys.modules.pop(name, None)


def _reason(error: BaseException, home: Path | None) -> str:
    """What was raised and where, in one line: the last place in `home`, or outside the import system without one."""
    places = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    if isinstance(error, SyntaxError):
        places.append((error.filename or "", error.lineno or 0))
    own_code = [
        (file, line)
        for file, line in places
        if file not in _MACHINERY and (Path(file).is_relative_to(home) if home else not file.startswith("<"))
    ]
    message = _message(error)
    text = f"{type(error).__name__}: {message}" if message else type(error).__name__
    if not own_code:
        return text
    file, line = own_code[-1]
    return f"{text} ({os.path.relpath(file, home) if home else file}:{line})"


def _message(error: BaseException) -> str:
    try:
        text = " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
        return f"this is Python 2, which is not run here ({text})" if text.startswith(_PYTHON_2) else text
    except BaseException:
        return "its message cannot be shown"


_PYTHON_2 = ("Missing parentheses in call to", "multiple exception types must be parenthesized")
"""How the messages of Python 3 begin for what Python 2 allows."""
_HIDING = Path(__file__).parents[1] / "isolation" / "hiding.py"
_MACHINERY = (__file__, str(Path(__file__).with_name("spec.py")), str(_HIDING), importlib.__file__)
