"""How a name, a path or a module becomes an Implementation.

A spec is, in this order: a built-in name, a path to a `.py` file, a folder of such files, `package.module` or
`package.module:object`. What names nothing raises SpecError; what is there and does not load becomes Unloadable.
"""

import importlib
import os
import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from operator import attrgetter
from pathlib import Path
from types import ModuleType
from typing import Any, TypeVar

from impls.adapters.torch_modules import is_module_class
from impls.backends import BACKENDS, DEVICES, library, probe
from impls.builtin import BUILTINS, UNKNOWN_ULP, versions
from impls.calling import Direct
from impls.implementation import Absent, Implementation, Says, Unloadable, arithmetic_of
from impls.stateful import with_steps
from impls.submissions import gate, networks
from impls.submissions.assignment import Assignment, Wanted
from impls.submissions.file import LoadError, contained
from impls.submissions.mentioned_libraries import Mentions
from impls.submissions.running import LOAD_SECONDS
from impls.submissions.submission import loaded
from impls.text import printable

Resolved = Implementation | Unloadable
_Either = TypeVar("_Either", "Named", Implementation | Unloadable)


class SpecError(ValueError):
    """A spec that names nothing, or a device that is not there: a mistake in the command, not in an implementation."""


def resolve(
    spec: str,
    function_names: Sequence[str],
    arrays: str | None = None,
    device: str | None = None,
    load: "Load | None" = None,
    assignment: Assignment | None = None,
) -> list[Resolved]:
    """The implementations that `spec` names: one, or for a folder one per file.

    function_names: the interface. arrays (a name in ``impls.backends``) and device: what a user's functions take where
    their module does not say it itself by ARRAYS and DEVICE; built-ins know their own. load: how each is loaded; by
    default in this process. assignment: what is asked of files, in place of the whole interface.
    Raises SpecError if the spec names nothing, or if what was asked for by name is not there.
    """
    asked = Asked.by(arrays, device, assignment)
    found = [asked_of(one, function_names, assignment) for one in named_by(spec, asked)]
    return [(load or load_here)(one, function_names, asked) for one in found]


def asked_of(
    found: "Named",
    function_names: Sequence[str],
    assignment: Assignment | None,
    seconds: float = LOAD_SECONDS,
    task: str | None = None,
) -> "Named":
    """The same with what is asked of it: by the assignment, or else the whole interface.

    task: of a network, where neither the assignment nor the adapter declares it.
    """
    every = Wanted(tuple(function_names))
    wanted = assignment.wanted(found.name) if assignment and not found.is_builtin else every
    if task is not None:
        wanted = replace(wanted, declared=[*wanted.declared, ("--task", {"TASK": task})])
    return replace(found, wanted=wanted, seconds=seconds)


@dataclass(frozen=True)
class Asked:
    """The arrays and the device named on the command line, or the arrays that the assignment names."""

    arrays: str | None
    device: str | None

    def __str__(self) -> str:
        options = {"--arrays": self.arrays, "--device": self.device}
        return " ".join(f"{option} {value}" for option, value in options.items() if value)

    @classmethod
    def by(cls, arrays: str | None, device: str | None, assignment: Assignment | None) -> "Asked":
        """What the command says, else what the assignment does."""
        if assignment is None:
            return cls(arrays, device)
        return cls(arrays or assignment.arrays, device or assignment.device)

    def target(self, declared: Mapping[str, Any], probe: Callable[[str, str], str | None] = probe) -> tuple[str, str]:
        """The arrays and the device of a module that declares these ARRAYS and DEVICE, or None of them.

        probe: says why arrays of a library on a device cannot be had, None where they can. Raises LoadError for a
        declaration that is wrong or cannot be had here, SpecError for an option.
        """
        own_arrays = _one_of(tuple(BACKENDS), "ARRAYS", declared)
        own_device = _one_of(DEVICES, "DEVICE", declared)
        arrays = own_arrays or self.arrays or "numpy"
        device = own_device or self.device or BACKENDS[arrays].devices[0]
        if own_arrays and not own_device and device not in BACKENDS[arrays].devices:
            raise LoadError(f"it declares {arrays} arrays, and --device asks for {device}, where there are none")
        if reason := probe(arrays, device):
            if own_device or (own_arrays and device != self.device):
                raise LoadError(f"it takes {arrays} arrays on {device}: {reason}")
            raise SpecError(f"{self} cannot be had: {reason}")
        return arrays, device


@dataclass(frozen=True)
class Named:
    """One implementation that a spec names, not loaded yet.

    name: printable, as reports show it. path: of its file or package, None for a module. read: what the gate has read
    of these. refused: why it is not to be loaded at all. wanted: what is asked of it. seconds: for running what its
    functions need. root: the folder that was named and that it lies in; None where it was named itself.
    """

    name: str
    spec: str
    path: Path | None = None
    read: gate.Submission | None = None
    refused: str | None = None
    wanted: Wanted = field(default_factory=lambda: Wanted(()))
    seconds: float = LOAD_SECONDS
    root: Path | None = None

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
    return _from_module(found, function_names, asked)


def named_by(spec: str, asked: Asked) -> list[Named]:
    """What a spec names: one, or for a folder each submission in it; all are read, and nothing of them is run.

    Raises SpecError where the spec names nothing, or what was asked for by name is not there.
    """
    if spec in BUILTINS:
        if reason := BUILTINS[spec].absent():
            raise SpecError(f"{spec} cannot run here: {reason}")
        if asked.arrays not in (None, BUILTINS[spec].arrays) or asked.device not in (None, BUILTINS[spec].device):
            takes = f"{BUILTINS[spec].arrays} arrays on {BUILTINS[spec].device}"
            raise SpecError(f"{spec} takes {takes}, not what is asked for: {asked}")
        return [Named(spec, spec)]
    if asked.arrays and (reason := probe(asked.arrays, asked.device or BACKENDS[asked.arrays].devices[0])):
        raise SpecError(f"{asked} cannot be had: {reason}")
    if spec.endswith(gate.SUFFIXES) and os.path.lexists(spec):
        return [_read(spec, spec)]
    if spec and os.path.isdir(spec):
        folder = Path(spec)
        if gate.is_package(folder):
            return [_read(spec, spec)]
        try:
            entries = gate.submissions(folder)
        except OSError as error:
            raise SpecError(f"{spec!r}: a folder that cannot be read: {error}") from error
        if not entries:
            raise SpecError(f"{spec!r}: a folder without any .py or .ipynb file to check; {_accepted(spec)}")
        beside = gate.Beside()
        return [_read(one.name, str(folder / one.name), folder, one.refused, beside) for one in entries]
    return [Named(printable(spec), spec)]


def _read(
    name: str,
    spec: str,
    root: Path | None = None,
    refused: str | None = None,
    beside: gate.Beside | None = None,
) -> Named:
    path = Path(spec)
    if refused is None:
        try:
            return Named(printable(name), spec, path, gate.read(path, root, beside), root=root)
        except gate.Refused as wrong:
            refused = str(wrong)
    return Named(printable(name), spec, path, refused=refused)


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


def with_unique_names(resolved: Iterable[_Either]) -> list[_Either]:
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
            thing = builtin.load()
            functions = _functions(thing, function_names)
            says = networks.of_module(thing, functions, None, function_names, builtin.declared)
    except LoadError as error:
        return Unloadable(name, name, str(error), builtin.arrays, builtin.device, builtin.level)
    return Implementation(
        name=name,
        spec=name,
        functions=tuple(functions),
        caller=Direct(with_steps(functions, says.terms.stateful), library(builtin.arrays, builtin.device)),
        arrays=builtin.arrays,
        device=builtin.device,
        default_level=builtin.level,
        ulp=builtin.ulp,
        versions=builtin.versions(),
        **arithmetic_of(builtin.arrays, says),
        says=says,
    )


def _from_file(found: Named, path: Path, function_names: Sequence[str], asked: Asked) -> Resolved:
    mentions = found.read.mentions if found.read else Mentions()
    try:
        if found.refused or found.read is None:
            raise LoadError(found.refused or "it was not read")
        wanted = found.wanted if found.wanted.functions else Wanted(tuple(function_names))
        there = loaded(path, wanted, found.read.source, found.seconds)
        if not there.functions and not there.says.not_judged and not wanted.is_homework:
            raise LoadError(_none_of(there.says.not_looked_at, there.says.absent.values()))
        own = {"ARRAYS": there.arrays, "DEVICE": there.device}
        if not own["ARRAYS"] and not asked.arrays:
            own["ARRAYS"] = mentions.only or ("torch" if there.is_of_torch else None)
        return _users(found, there.functions, *asked.target(own), there.says)
    except LoadError as error:
        return unloadable(found, str(error), asked)


def _from_module(named: Named, function_names: Sequence[str], asked: Asked) -> Resolved:
    spec = named.spec
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
            return found() if isinstance(found, type) and not is_module_class(found) else found

    try:
        thing = load()
        with contained():
            home = sys.modules.get(module_name)
            own = {word: getattr(thing, word, getattr(home, word, None)) for word in ("ARRAYS", "DEVICE")}
            functions = _functions(thing, function_names)
            try:
                says = networks.of_module(thing, functions, home, function_names, sources=named.wanted.of_networks())
            except ValueError as wrong:
                raise LoadError(f"{wrong}, in the module") from wrong
            public = [one for one in dir(thing) if not one.startswith("_") and callable(getattr(thing, one, None))]
        if not functions and not says.not_judged:
            raise LoadError(_none_of(public))
        if not own["ARRAYS"] and not asked.arrays:
            own["ARRAYS"] = "torch" if is_module_class(thing) else _only_library(thing)
        return _users(named, functions, *asked.target(own), says)
    except SpecError:
        raise
    except (LoadError, ValueError) as error:
        return unloadable(named, str(error), asked)


def unloadable(named: Named, reason: str, asked: Asked) -> Unloadable:
    """What was named, with the reason why it cannot be judged."""
    mentions = named.read.mentions if named.read else Mentions()
    sha256 = named.read.sha256 if named.read else None
    arrays = asked.arrays or mentions.arrays or mentions.only or "numpy"
    device = asked.device or mentions.device or BACKENDS[arrays].devices[0]
    return Unloadable(named.name, named.spec, reason, arrays, device, sha256=sha256)


def _users(
    named: Named, functions: Mapping[str, Callable[..., Any]], arrays: str, device: str, says: Says
) -> Implementation:
    """An implementation nobody has vouched for. Raises LoadError where it declares dtypes that it cannot have."""
    if not named.wanted.is_homework:  # of which a setting of its own would loosen the judging
        says = replace(says, flushing=library(arrays, device).flushing())
    try:
        arithmetic = arithmetic_of(arrays, says)
    except ValueError as wrong:
        raise LoadError(str(wrong)) from wrong
    return Implementation(
        name=named.name,
        spec=named.spec,
        functions=tuple(one for one in functions if "#" not in one),
        caller=Direct(with_steps(functions, says.terms.stateful), library(arrays, device)),
        arrays=arrays,
        device=device,
        default_level="textbook",
        ulp=UNKNOWN_ULP,
        versions=dict(says.versions) | versions(arrays),
        **arithmetic,
        sha256=named.read.sha256 if named.read else None,
        says=says,
    )


def _none_of(there: Sequence[str], said: Iterable[str] = ()) -> str:
    """That none of the functions is there, what is, and what is said of it."""
    why = "".join(f": {one}" for one in ["; ".join(dict.fromkeys(said))] if one)
    if not there:
        return f"no function of the interface is in it{why or '; in it: no function and no class'}"
    shown = sorted(there, key=lambda one: "?)" not in one)[:12]
    return (
        f"no function of the interface is in it{why}; in it: {', '.join(shown)}. Rename what is meant, or name it "
        "in a table for --assignment; conformance.md lists the names"
    )


def _only_library(thing: Any) -> str | None:
    """The array library from which alone a module has imported, so that it can take no other arrays; None for NumPy."""
    if not isinstance(thing, ModuleType):
        return None
    foreign = [value for value in vars(thing).values() if getattr(value, "__module__", "") != thing.__name__]
    names = [one.__name__ if isinstance(one, ModuleType) else getattr(one, "__module__", None) for one in foreign]
    roots = {name.partition(".")[0] for name in names if isinstance(name, str)}
    return Mentions(frozenset(roots & BACKENDS.keys())).only


def _functions(thing: Any, names: Sequence[str]) -> dict[str, Any]:
    """The attributes of `thing` with these names; None and ... stand for a function still to be written."""
    found = {name: getattr(thing, name, None) for name in names}
    return {name: value for name, value in found.items() if callable(value)}


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
