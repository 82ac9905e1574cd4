"""How a name, a path or a module becomes an Implementation.

A spec is, in this order: a built-in name, a path to a `.py` file, a folder of such files, `package.module` or
`package.module:object`. What names nothing raises SpecError; what is there and does not load becomes Unloadable.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any

from impls.adapters import torch_modules as modules
from impls.backends import BACKENDS, DEVICES, library, probe
from impls.builtin import BUILTINS, UNKNOWN_ULP, versions
from impls.calling import Direct
from impls.implementation import Absent, Implementation, Unloadable
from impls.submissions.aliases import Aliases
from impls.submissions.file import LoadError, contained, load_file, load_notebook

Resolved = Implementation | Unloadable


class SpecError(ValueError):
    """A spec that names nothing, or a device that is not there: a mistake in the command, not in an implementation."""


def resolve(
    spec: str,
    function_names: Sequence[str],
    arrays: str | None = None,
    device: str | None = None,
    load: "Load | None" = None,
    aliases: Aliases | None = None,
) -> list[Resolved]:
    """The implementations that `spec` names: one, or for a folder one per file.

    function_names: the interface. arrays (a name in ``impls.backends``) and device: what a user's functions take where
    their module does not say it itself by ARRAYS and DEVICE; built-ins know their own. load: how each is loaded; by
    default in this process.
    Raises SpecError if the spec names nothing, or if what was asked for by name is not there.
    """
    asked = Asked(arrays, device, aliases or Aliases())
    return [(load or load_here)(found, function_names, asked) for found in _named_by(spec, asked)]


@dataclass(frozen=True)
class Asked:
    """The arrays and the device named on the command line, and the other names that functions may have."""

    arrays: str | None
    device: str | None
    aliases: Aliases = field(default_factory=Aliases)

    def __str__(self) -> str:
        options = {"--arrays": self.arrays, "--device": self.device}
        return " ".join(f"{option} {value}" for option, value in options.items() if value)

    def target(self, declared: Mapping[str, Any]) -> tuple[str, str]:
        """The arrays and the device of a module that declares these ARRAYS and DEVICE, or None of them.

        Raises LoadError for a declaration that is wrong or cannot be had here, SpecError for an option.
        """
        own_arrays = _one_of(tuple(BACKENDS), "ARRAYS", declared)
        own_device = _one_of(DEVICES, "DEVICE", declared)
        arrays = own_arrays or self.arrays or "numpy"
        device = own_device or self.device or BACKENDS[arrays].devices[0]
        if own_arrays and not own_device and device not in BACKENDS[arrays].devices:
            raise LoadError(f"it declares {arrays} arrays, and --device asks for {device}, where there are none")
        if reason := probe(arrays, device):
            if own_device or (own_arrays and device != self.device):
                raise LoadError(f"it declares {arrays} arrays on {device}: {reason}")
            raise SpecError(f"{self} cannot be had: {reason}")
        return arrays, device


@dataclass(frozen=True)
class Named:
    """One implementation that a spec names, not loaded yet.

    path: of its file or package, None for a module. cells: of a notebook that has been read. refused: why it is not to
    be loaded at all.
    """

    name: str
    spec: str
    path: Path | None = None
    cells: tuple[str, ...] | None = None
    refused: str | None = None

    @property
    def is_builtin(self) -> bool:
        return self.path is None and self.spec in BUILTINS


Load = Callable[[Named, Sequence[str], Asked], Resolved]


def load_here(found: Named, function_names: Sequence[str], asked: Asked) -> Resolved:
    """Load it in this process. Raises SpecError for a module that is not there."""
    if found.is_builtin:
        return _builtin(found.spec, function_names)
    if found.path is not None:
        return _from_file(found, found.path, function_names, asked)
    return _from_module(found.spec, function_names, asked)


def _named_by(spec: str, asked: Asked) -> list[Named]:
    if spec in BUILTINS:
        if reason := BUILTINS[spec].absent():
            raise SpecError(f"{spec} cannot run here: {reason}")
        if asked.arrays not in (None, BUILTINS[spec].arrays) or asked.device not in (None, BUILTINS[spec].device):
            takes = f"{BUILTINS[spec].arrays} arrays on {BUILTINS[spec].device}"
            raise SpecError(f"{spec} takes {takes}, not what is asked for: {asked}")
        return [Named(spec, spec)]
    if asked.arrays and (reason := probe(asked.arrays, asked.device or BACKENDS[asked.arrays].devices[0])):
        raise SpecError(f"{asked} cannot be had: {reason}")
    if spec.endswith((".py", ".ipynb")) and os.path.lexists(spec):
        return [Named(spec, spec, Path(spec))]
    if spec and os.path.isdir(spec):
        folder = Path(spec)
        if (folder / "__init__.py").is_file():
            return [Named(spec, spec, folder)]
        names = sorted(path.relative_to(folder).as_posix() for path in _submissions(folder))
        if not names:
            raise SpecError(f"{spec!r}: a folder without any .py or .ipynb file to check; {_accepted(spec)}")
        return [Named(name, str(folder / name), folder / name, refused=_outside(folder, name)) for name in names]
    return [Named(spec, spec)]


def _outside(folder: Path, name: str) -> str | None:
    """Why a file of a folder is none of its own, None where it is one."""
    inside = (folder / name).resolve().is_relative_to(folder.resolve())
    return None if inside else "a symbolic link that leads out of the folder"


def builtins_present(function_names: Sequence[str], load: "Load | None" = None) -> tuple[list[Resolved], list[Absent]]:
    """Every built-in that can run here, loaded as ``resolve`` does, and the others with what was probed."""
    present: list[Resolved] = []
    absent: list[Absent] = []
    for name, builtin in BUILTINS.items():
        if reason := builtin.absent():
            absent.append(Absent(name, name, builtin.arrays, builtin.device, builtin.level, reason))
        else:
            present.append((load or load_here)(Named(name, name), function_names, Asked(None, None)))
    return present, absent


def with_unique_names(resolved: Iterable[Resolved]) -> list[Resolved]:
    """The same under names that are all different: a name that came before gets #2, #3, ..."""
    taken: set[str] = set()
    unique = []
    for one in resolved:
        name, number = one.name, 1
        while name in taken:
            number += 1
            name = f"{one.name}#{number}"
        taken.add(name)
        unique.append(replace(one, name=name))
    return unique


def _one_of(allowed: tuple[str, ...], word: str, declared: Mapping[str, Any]) -> str | None:
    value = declared[word]
    if value is None or (isinstance(value, str) and value in allowed):
        return value
    raise LoadError(f"{word} = {value!r} in it; it has to be one of {', '.join(allowed)}")


def _builtin(name: str, function_names: Sequence[str]) -> Resolved:
    builtin = BUILTINS[name]
    try:
        with contained():
            functions = _functions(builtin.load(), function_names, name, Aliases())
    except LoadError as error:
        return Unloadable(name, name, str(error), builtin.arrays, builtin.device, builtin.level)
    return Implementation(
        name=name,
        spec=name,
        functions=tuple(functions),
        caller=Direct(functions, library(builtin.arrays, builtin.device)),
        arrays=builtin.arrays,
        device=builtin.device,
        default_level=builtin.level,
        ulp=builtin.ulp,
        flushes_to_zero=BACKENDS[builtin.arrays].flushes,
        versions=builtin.versions(),
        offers=BACKENDS[builtin.arrays].floats,
    )


def _submissions(folder: Path) -> Iterator[Path]:
    """The modules in a folder and in its immediate subfolders; what cannot be read is among them, to be reported."""
    try:
        entries = list(folder.iterdir())
    except OSError as error:
        raise SpecError(f"{str(folder)!r}: a folder that cannot be read: {error}") from error
    for entry in entries:
        if entry.name.startswith(".") or entry.name == "conftest.py":
            continue
        if entry.suffix in (".py", ".ipynb") or (entry / "__init__.py").is_file():
            yield entry
        elif entry.is_dir():
            yield from (
                file
                for pattern in ("[!.]*.py", "[!.]*.ipynb")
                for file in entry.glob(pattern)
                if file.name != "conftest.py"
            )


def _from_file(found: Named, path: Path, function_names: Sequence[str], asked: Asked) -> Resolved:
    def load() -> Any:
        if found.refused:
            raise LoadError(found.refused)
        if path.suffix != ".ipynb":
            return load_file(path)
        names = [name for function in function_names for name in asked.aliases.names(function, found.name)]
        return load_notebook(path, [*names, modules.NAME, "TASK", "ARRAYS", "DEVICE"], found.cells)

    return _users(found.name, found.spec, load, function_names, asked)


def _from_module(spec: str, function_names: Sequence[str], asked: Asked) -> Resolved:
    module_name, colon, attribute = spec.partition(":")
    parts = module_name.split(".") + (attribute.split(".") if colon else [])
    if not all(part.isidentifier() for part in parts):
        raise SpecError(_nothing(spec))

    def load() -> Any:
        try:
            with contained():
                module = importlib.import_module(module_name)
        except LoadError as error:
            cause = error.__cause__
            if isinstance(cause, ModuleNotFoundError) and f"{module_name}.".startswith(f"{cause.name}."):
                raise SpecError(_nothing(spec)) from error
            raise
        if not colon:
            return module
        try:
            found = attrgetter(attribute)(module)
        except AttributeError as error:
            raise SpecError(f"{spec!r}: {error}; {_accepted(spec)}") from error
        with contained():
            return found() if isinstance(found, type) and modules.module_class(found) is None else found

    return _users(spec, spec, load, function_names, asked)


def _users(name: str, spec: str, load: Callable[[], Any], function_names: Sequence[str], asked: Asked) -> Resolved:
    """What `load` gives, as an implementation nobody has vouched for."""
    try:
        thing = load()
        with contained():
            home = sys.modules.get(spec.partition(":")[0])
            declared = {word: getattr(thing, word, getattr(home, word, None)) for word in ("ARRAYS", "DEVICE")}
            functions = _functions(thing, function_names, name, asked.aliases)
            of_a_module = _of_a_module(thing, home)
            only_a_module = bool(of_a_module) and not functions
            functions |= of_a_module
            public = [one for one in dir(thing) if not one.startswith("_") and callable(getattr(thing, one, None))]
        if not functions:
            raise LoadError(_none_of(function_names, public or getattr(thing, "__all__", [])))
        if not declared["ARRAYS"] and not asked.arrays:
            declared["ARRAYS"] = modules.ARRAYS if only_a_module else _the_only_library_of(thing)
        arrays, device = asked.target(declared)
    except LoadError as error:
        cause = error.__cause__
        reason = str(cause) if isinstance(cause, modules.NoModule) else str(error)
        return Unloadable(name, spec, reason, asked.arrays or "numpy", asked.device or "cpu")
    return Implementation(
        name=name,
        spec=spec,
        functions=tuple(functions),
        caller=Direct(functions, library(arrays, device)),
        arrays=arrays,
        device=device,
        default_level="textbook",
        ulp=UNKNOWN_ULP,
        flushes_to_zero=BACKENDS[arrays].flushes,
        versions=versions(arrays),
        offers=BACKENDS[arrays].floats,
    )


def _of_a_module(thing: Any, home: Any) -> Mapping[str, Any]:
    """The functions that a class of torch modules offers, none where there is no such class; in foreign code."""
    cls = modules.module_class(thing)
    return {} if cls is None else modules.functions_of(cls, home if isinstance(thing, type) else thing)


def _none_of(function_names: Sequence[str], public: Sequence[str]) -> str:
    """That none of the functions is there, what is, and what that may be meant for."""
    found = []
    for name in public[:12]:
        near = get_close_matches(name, function_names, n=1)
        found.append(f"{name} (meant to be {near[0]}?)" if near else name)
    return (
        f"no function of the interface in it ({', '.join(function_names)}); "
        f"found {', '.join(found) or 'no function at all'}; rename them, or name them in a table for --aliases"
    )


def _the_only_library_of(thing: Any) -> str | None:
    """The arrays that a module can take: those of the one array library from which it has imported something.

    None where it has imported from several, from none or from NumPy, which is what is assumed, or is no module.
    """
    if not isinstance(thing, ModuleType):
        return None
    foreign = [value for value in vars(thing).values() if getattr(value, "__module__", "") != thing.__name__]
    names = [one.__name__ if isinstance(one, ModuleType) else getattr(one, "__module__", None) for one in foreign]
    roots = {name.partition(".")[0] for name in names if isinstance(name, str)}
    libraries = [name for name in BACKENDS if name in roots]
    return libraries[0] if len(libraries) == 1 and libraries != ["numpy"] else None


def _functions(thing: Any, names: Sequence[str], implementation: str, aliases: Aliases) -> dict[str, Any]:
    """The attributes of `thing` with these names; None and ... stand for a function still to be written."""
    found = {
        function: next(
            (
                value
                for name in aliases.names(function, implementation)
                if (value := getattr(thing, name, None)) is not None
            ),
            None,
        )
        for function in names
    }
    return {
        name: value if callable(value) else _not_a_function(name, value)
        for name, value in found.items()
        if value is not None and value is not ...
    }


def _not_a_function(name: str, value: object) -> Callable[..., Any]:
    """What is called in place of `value`, so that this function is an error and the others are unharmed."""

    def refuse(*arguments: Any) -> Any:
        raise TypeError(f"{name} is not a function but {type(value).__name__}")

    return refuse


def _nothing(spec: str) -> str:
    is_file = os.path.lexists(spec)
    what = (
        "a file, but neither a .py file nor a .ipynb notebook"
        if is_file
        else "no built-in, file, folder or module of that name"
    )
    return f"{spec!r}: {what}; {_accepted(spec)}"


def _accepted(spec: str) -> str:
    near = get_close_matches(spec, BUILTINS, n=1)
    return (
        f"accepted are a built-in name ({', '.join(BUILTINS)}), a path to a .py file or a notebook, a folder of them, "
        f"package.module and package.module:object{f'; did you mean {near[0]}?' if near else ''}"
    )
