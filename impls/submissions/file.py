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
from importlib.machinery import SourceFileLoader
from itertools import count
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any, NoReturn

import numpy as np

from impls.interrupt import was_interrupted
from impls.submissions import notebook as notebooks

_numbers = count(1)


class LoadError(Exception):
    """Code that failed to load; the message says what it raised and where, the cause is what it raised."""


def load_notebook(path: Path, wanted: Iterable[str], cells: Sequence[str] | None = None) -> ModuleType:
    """A module of the functions in a notebook that are ``wanted``, with what they need. Raises LoadError.

    cells: the sources of its cells where they have been read already. The folder it lies in is importable meanwhile.
    """
    path = path.absolute()
    name = re.sub(r"\W", "_", f"submission_{next(_numbers)}_{path.stem}")
    module = ModuleType(name)
    module.__file__ = str(path)
    try:
        code, defined = notebooks.code_of(notebooks.cells_of(path) if cells is None else cells, wanted, str(path))
    except (OSError, notebooks.NotebookError) as wrong:
        raise LoadError(str(wrong)) from wrong
    except SyntaxError as wrong:
        raise LoadError(_reason(wrong, path.parent)) from wrong
    module.__dict__["__all__"] = defined
    with contained(path.parent, own=name):
        sys.modules[name] = module
        for place, piece in code:
            exec(compile(piece, place, "exec"), module.__dict__)
    return module


def load_file(path: Path) -> ModuleType:
    """The module in a `.py` file, or the package in a folder with `__init__.py`, under a name of its own.

    The folder it lies in is importable while it loads; the modules found there are its own and are forgotten after
    that, so the next submission's `helper.py` is the next one's. Raises LoadError.
    """
    path = path.absolute()
    name = re.sub(r"\W", "_", f"submission_{next(_numbers)}_{path.stem}")
    is_package = path.suffix != ".py"
    file = path / "__init__.py" if is_package else path
    loader = _SourceOnly(name, str(file))
    with contained(path.parent, own=name):
        spec = importlib.util.spec_from_file_location(
            name,
            loader=loader,
            submodule_search_locations=[str(path)] if is_package else None,
        )
        assert spec is not None  # with a loader given there is one
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        loader.exec_module(module)
    return module


@contextmanager
def contained(home: Path | None = None, own: str = "") -> Iterator[None]:
    """Run foreign code: what it raises, SystemExit and the like included, becomes LoadError.

    Afterwards sys.path, sys.argv, the working directory, the standard streams, warning filters, NumPy's error state and
    every module that was there before are as they were; the settings of other libraries stay as the code set them.
    Nothing it prints is shown, reading from the keyboard is an error, and no bytecode is written. home: a folder
    importable meanwhile, last in line; the modules found there are dropped at the end, except the one named `own`.
    """
    modules, path, entries, argv = dict(sys.modules), sys.path, list(sys.path), sys.argv
    stdin, no_bytecode, directory = sys.stdin, sys.dont_write_bytecode, os.getcwd()
    importlib.invalidate_caches()
    lent = home is not None and str(home) not in map(os.path.abspath, entries)
    sys.argv, sys.stdin, sys.dont_write_bytecode = [own], _NoKeyboard(), True
    if lent:
        path.append(str(home))
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
        if isinstance(error, KeyboardInterrupt) and was_interrupted():
            raise
        raise LoadError(_reason(error, home)) from error
    finally:
        sys.path, sys.argv, sys.stdin, sys.dont_write_bytecode = path, argv, stdin, no_bytecode
        path[:] = entries
        os.chdir(directory)
        if lent:
            _forget(set(sys.modules) - set(modules), str(home), own)
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


class _SourceOnly(SourceFileLoader):
    """Compiles the source every time: a cached bytecode file beside a submission may be another version of it."""

    def get_code(self, fullname: str) -> CodeType:
        return self.source_to_code(self.get_data(self.path), self.path)


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
            del sys.modules[name]


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
        return " ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())
    except BaseException:
        return "its message cannot be shown"


_HIDING = Path(__file__).parents[1] / "isolation" / "hiding.py"
_MACHINERY = (__file__, str(Path(__file__).with_name("spec.py")), str(_HIDING), importlib.__file__)
