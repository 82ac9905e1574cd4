"""The assignment: what a lecturer asks for, read from one TOML file, and what of it concerns a single submission.

In: the file, and the interface (every function with its parameters). Out: an Assignment, checked: a key, a function or
a value that it cannot have is an AssignmentError, which says what there is. The adapter is read and tried here, too.
"""

import math
import tomllib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

from impls import declared
from impls.backends import BACKENDS, DEVICES
from impls.declared import Terms
from impls.submissions.course_adapter import Adapter

LEVELS = ("textbook", "robust")
ALL_OR_NOTHING, SHARE = "all-or-nothing", "share"

Interface = Mapping[str, Sequence[str]]
"""The parameters of every function of the interface."""


class AssignmentError(ValueError):
    """An assignment that cannot be used; the message says what is wrong in it."""


@dataclass(frozen=True)
class Wanted:
    """What is asked of one submission: plain data, which is handed to the process that loads it.

    functions: which. own: names of this submission alone, which replace all others; names: further ones. order: for
    each of the function's arguments in the submission's order, its place in the interface's. declared: by source, the
    nearest one first, what is declared for the submission. adapter: its name and source.
    """

    functions: tuple[str, ...]
    own: Mapping[str, Sequence[str]] = field(default_factory=dict)
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    order: Mapping[str, Sequence[int]] = field(default_factory=dict)
    declared: Sequence[tuple[str, Mapping[str, Any]]] = ()
    forbidden: Sequence[str] = ()
    adapter: tuple[str, str] | None = None
    is_homework: bool = False
    """Handed in for an assignment, not a library's adapter: what loosens is not declared by the file itself."""

    def said(self, file: Mapping[str, Any]) -> dict[str, Any]:
        """All that is declared, the nearest source of each; file: what the submission may say itself."""
        said: dict[str, Any] = {}
        for one in (file, *(says for _, says in reversed(self.declared))):
            said |= one
        return said

    def of_networks(self) -> list[tuple[str, Mapping[str, Any]]]:
        """By source, what is declared of networks."""
        words = declared.NETWORK
        return [(source, {word: said[word] for word in words if word in said}) for source, said in self.declared]

    def terms(self, file: Mapping[str, Any]) -> Terms:
        """What of it changes the judging."""
        return Terms.of(self.said(file), self.functions)

    def as_json(self) -> dict[str, Any]:
        return {name: dict(value) if isinstance(value, Mapping) else value for name, value in vars(self).items()}


@dataclass(frozen=True)
class Item:
    """What a table says of one function."""

    points: float | None = None
    names: tuple[str, ...] = ()
    order: tuple[int, ...] = ()
    declared: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Assignment:
    """One homework. functions, and for each submission: what is said of the functions."""

    path: str
    name: str
    functions: Mapping[str, Item]
    submissions: Mapping[str, Mapping[str, Item]] = field(default_factory=dict)
    level: str | None = None
    arrays: str | None = None
    device: str | None = None
    scoring: str = ALL_OR_NOTHING
    forbidden: tuple[str, ...] = ()
    declared: Mapping[str, Any] = field(default_factory=dict)
    of_submissions: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    """What is declared of a whole submission, in its entry."""
    adapter: Adapter | None = None

    def wanted(self, submission: str) -> Wanted:
        """What is asked of the submission of that name."""
        entry = next((name for name in self.submissions if is_named(submission, name)), "")
        own, of_it = self.submissions.get(entry, {}), self.of_submissions.get(entry, {})
        both = {name: (own.get(name, Item()), item) for name, item in self.functions.items()}
        sources: list[tuple[str, Mapping[str, Any]]] = [
            (f'the entry for "{submission}"', {**of_it, **_together(one for one, _ in both.values())}),
            ("the assignment", {**self.declared, **_together(one for _, one in both.values())}),
        ]
        if self.adapter:
            sources.append((self.adapter.name, self.adapter.declared))
        return Wanted(
            functions=tuple(self.functions),
            own={name: one.names for name, (one, _) in both.items() if one.names},
            names={name: one.names for name, one in self.functions.items() if one.names},
            order={name: order for name, (one, item) in both.items() if (order := one.order or item.order)},
            declared=[(source, said) for source, said in sources if said],
            forbidden=self.forbidden,
            adapter=(self.adapter.name, self.adapter.source) if self.adapter else None,
            is_homework=True,
        )

    def points(self, function: str, submission: str) -> float:
        """How many points there are for a function."""
        own = next((items for name, items in self.submissions.items() if is_named(submission, name)), {})
        points = own[function].points if function in own else None
        return points if points is not None else self.functions[function].points or 0.0

    def unknown(self, submissions: Mapping[str, Path | None]) -> str | None:
        """A submission of the table that this run does not have and that lies nowhere near: a slip of the pen.

        submissions: the names of those of the run, with their paths. A run of fewer ones than the table has is one of
        a few of them.
        """
        if len(submissions) < len(self.submissions):
            return None
        folders = {folder for path in submissions.values() if path for folder in path.absolute().parents[:2]}
        for entry in self.submissions:
            if not any(is_named(name, entry) for name in submissions) and not any(
                (folder / entry).exists() for folder in folders
            ):
                near = get_close_matches(entry, submissions, n=1)
                meant = f"; did you mean {near[0]}?" if near else ""
                return f'{self.path}: [submissions."{entry}"] is none of the submissions of this run{meant}'
        return None


def is_named(submission: str, entry: str) -> bool:
    """Whether a table means that submission: named alone, a file goes by its whole path."""
    return submission == entry or submission.endswith(f"/{entry}")


def read(path: Path, interface: Interface) -> Assignment:
    """The assignment in a TOML file. Raises AssignmentError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
        return _Reader(path, interface).assignment(content)
    except OSError as wrong:
        raise AssignmentError(f"--assignment {path}: {wrong.filename} cannot be read: {wrong.strerror}") from wrong
    except ValueError as wrong:
        raise AssignmentError(f"--assignment {path}: {wrong}") from wrong


def _together(items: Iterable[Item]) -> dict[str, Any]:
    """What is declared of any of these functions; a number of axes holds for its function alone."""
    said: dict[str, Any] = {}
    for item in items:
        said |= item.declared
    return said


class _Reader:
    """Turns tables into items; every message begins with the table that it is about."""

    def __init__(self, path: Path, interface: Interface) -> None:
        self._path, self._interface = path, interface

    def assignment(self, content: Mapping[str, Any]) -> Assignment:
        _known(content, ("assignment", "functions", "submissions"), "the file")
        of_it = _table(content, "assignment", "the file")
        says = "[assignment]"
        words = [word.lower() for word in (*declared.LOOSENING, "OPTIMISER_EPS", *declared.NETWORK)]
        _known(of_it, ("name", "level", "adapter", "arrays", "device", "forbidden", "scoring", *sorted(words)), says)
        functions = self._items(_table(content, "functions", "the file"), "functions")
        if not functions:
            raise ValueError("it asks for no function: a table [functions.sigmoid] is needed for each")
        entries = _table(content, "submissions", "the file")
        submissions, of_submissions = {}, {}
        for name in entries:
            entry, where = _table(entries, name, "[submissions]"), f'[submissions."{name}"]'
            _known(entry, ("functions", *sorted(words)), where)
            of_submissions[name] = self._declared({key: entry[key] for key in words if key in entry}, where)
            submissions[name] = self._items(_table(entry, "functions", says), f'submissions."{name}".functions')
            if missing := sorted(set(submissions[name]) - set(functions)):
                raise ValueError(f'[submissions."{name}".functions.{missing[0]}]: [functions] does not ask for it')
        adapter = of_it.get("adapter")
        of_all = self._declared({key: of_it[key] for key in words if key in of_it}, says)
        said = {**of_all, **_together(functions.values())}
        _have_meaning([said], says)
        for name, own in submissions.items():
            _have_meaning([of_submissions[name] | _together(own.values()), said], f'[submissions."{name}"]')
        return Assignment(
            path=str(self._path),
            name=_checked(of_it, "name", _is_text, "a text", says) or self._path.stem,
            functions=functions,
            submissions=submissions,
            level=_one_of(of_it, "level", LEVELS, says),
            arrays=_one_of(of_it, "arrays", tuple(BACKENDS), says),
            device=_one_of(of_it, "device", DEVICES, says),
            scoring=_one_of(of_it, "scoring", (ALL_OR_NOTHING, SHARE), says) or ALL_OR_NOTHING,
            forbidden=tuple(_checked(of_it, "forbidden", _are_dotted, "a list of modules", says) or ()),
            declared=of_all,
            of_submissions=of_submissions,
            adapter=None if adapter is None else self._adapter(adapter),
        )

    def _adapter(self, name: object) -> Adapter:
        if not isinstance(name, str):
            raise ValueError(f"[assignment] adapter = {name!r}: the name of a Python file is needed")
        return Adapter.read(self._path.parent / name, tuple(self._interface))

    def _items(self, table: Mapping[str, Any], where: str) -> dict[str, Item]:
        items = {}
        for function in table:
            if function not in self._interface:
                raise ValueError(f"[{where}.{function}]: {unknown(function, self._interface, 'a function')}")
            items[function] = self._item(function, _table(table, function, where), f"[{where}.{function}]")
        return items

    def _item(self, function: str, table: Mapping[str, Any], where: str) -> Item:
        words = ["one_example"] + ["optimiser_eps"] * (function in declared.EPS_PLACES)
        words += ["activations", "loss", "task"] * function.startswith("network")
        _known(table, ("points", "names", "arguments", *words), where)
        says = "a number of points, 0 or more"
        points = _checked(table, "points", _is_points, says, where)
        names = _checked(table, "names", _are_dotted, 'a list of names, as in ["bce", "Model.__loss"]', where) or ()
        given = {key: value for key, value in table.items() if key in words}
        return Item(
            points=None if points is None else float(points),
            names=tuple([names] if isinstance(names, str) else names),
            order=self._order(function, table, where),
            declared=self._declared(given, where, function),
        )

    def _order(self, function: str, table: Mapping[str, Any], where: str) -> tuple[int, ...]:
        """The places in the interface of the arguments, in the submission's order; none where it is not said."""
        if "arguments" not in table:
            return ()
        parameters, given = list(self._interface[function]), table["arguments"]
        if not isinstance(given, list) or sorted(map(str, given)) != sorted(parameters):
            raise ValueError(f"{where} arguments = {given!r}: each of {', '.join(parameters)} once, in their order")
        return tuple(parameters.index(one) for one in given)

    def _declared(self, given: Mapping[str, Any], where: str, function: str | None = None) -> dict[str, Any]:
        """The declarations in the words that a file uses; those of a single function are kept for it."""
        said = {}
        for key, value in given.items():
            try:
                of_function = key == "optimiser_eps" and function is not None
                checked = declared.checked(key.upper(), {function: value} if of_function else value)
            except ValueError as wrong:
                raise ValueError(f"{where} {key}: {wrong}") from wrong
            if key in ("one_example", "optimiser_eps") and function is not None:
                said[f"{key.upper()} {function}"] = checked[function] if of_function else checked
            else:
                said[key.upper()] = checked
        return said


def unknown(word: str, known: Iterable[str], what: str) -> str:
    """That there is no such thing, and which one may be meant."""
    known = list(known)
    near = get_close_matches(word, known, n=1)
    return f"{word} is not {what}; " + (f"did you mean {near[0]}?" if near else f"there are {', '.join(known)}")


def _have_meaning(sources: Sequence[Mapping[str, Any]], where: str) -> None:
    activations, loss = declared.architecture(sources)
    if activations and (why := declared.meaningless(activations, loss)):
        raise ValueError(f"{where} for network: {why}")


def _known(table: Mapping[str, Any], keys: Sequence[str], where: str) -> None:
    for key in table:
        if key not in keys:
            raise ValueError(f"{where}: {unknown(key, keys, 'a key of it')}")


def _table(table: Mapping[str, Any], key: str, where: str) -> Mapping[str, Any]:
    value = table.get(key, {})
    if not isinstance(value, dict):
        raise ValueError(f"{where}: {key} = {value!r}, where a table is needed")
    return value


def _checked(table: Mapping[str, Any], key: str, fits: Callable[[Any], bool], what: str, where: str) -> Any:
    if key not in table:
        return None
    if not fits(table[key]):
        raise ValueError(f"{where} {key} = {table[key]!r}: {what} is needed")
    return table[key]


def _one_of(table: Mapping[str, Any], key: str, allowed: Sequence[str], where: str) -> str | None:
    return _checked(table, key, lambda value: value in allowed, f"one of {', '.join(allowed)}", where)


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_points(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value < math.inf


def _are_dotted(value: object) -> bool:
    names = [value] if isinstance(value, str) else value
    return isinstance(names, list) and all(
        isinstance(one, str) and all(part.isidentifier() for part in one.split(".")) for one in names
    )
