"""The structure of each function's result, as the interface fixes it: read off the reference's annotations.

In goes what a call returned, plain; out comes the same, checked: an array, or a list, tuple or dictionary of the right
items. What is something else is a fault of the implementation, in words.
"""

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference
from impls.calling import CallFailed, Oversized, Unreadable
from tests.harness.judging.faults import Nonconformance


@dataclass(frozen=True)
class Items:
    """A list or tuple of results; ``fixed`` where their number is, else any number of ``of[0]``."""

    name: str
    of: list[Any]
    fixed: bool


@dataclass(frozen=True)
class Fields:
    """A dictionary of results by these keys; further ones are the implementation's own."""

    name: str
    of: dict[str, Any]


Kind = str | Items | Fields
"""The kind of a result: "array", "scalar", or what holds several."""


@functools.cache
def kinds() -> dict[str, Kind]:
    """The kind of result of each function of the interface, by name."""
    return {name: _kind(_annotation(name)) for name in reference.FUNCTIONS}


def _annotation(name: str) -> Any:
    return typing.get_type_hints(inspect.unwrap(getattr(reference, name)))["return"]


def _kind(annotation: Any) -> Kind:
    origin, items = typing.get_origin(annotation), list(typing.get_args(annotation))
    if origin is list:
        return Items("a list or tuple", [_kind(items[0])], fixed=False)
    if origin is tuple:
        return Items(f"{len(items)} items in a tuple or list", [_kind(item) for item in items], fixed=True)
    if typing.is_typeddict(annotation):
        of = {key: _kind(item) for key, item in typing.get_type_hints(annotation).items()}
        return Fields(f"a dictionary with {' and '.join(map(repr, of))}", of)
    return "scalar" if annotation in (float, int) else "array"


@dataclass(frozen=True)
class Structure:
    """How a promised result can be unpacked. due: gives the reference's result, which tells how long a list is."""

    kind: Items | Fields
    due: Callable[[], Any]

    def keys(self) -> Sequence[Any]:
        if isinstance(self.kind, Fields):
            return list(self.kind.of)
        return range(len(self.kind.of) if self.kind.fixed else len(self.due()))

    def item(self, key: Any) -> "Structure | None":
        """The structure of the item, None where it is an array or a number."""
        of = self.kind.of
        kind = of[key] if isinstance(of, dict) else of[key if self.kind.fixed else 0]  # type: ignore[union-attr]
        return structure_of(kind, lambda: self.due()[key])


def structure_of(kind: Kind, due: Callable[[], Any]) -> Structure | None:
    """The structure of a result of that kind."""
    return None if isinstance(kind, str) else Structure(kind, due)


def checked(function: str, result: Any) -> Any:
    """The plain ``result`` in the structure of the interface. Raises CallFailed or Nonconformance."""
    return _checked(function, kinds()[function], result, f"{function} returned")


def _checked(function: str, kind: Kind, result: Any, says: str) -> Any:
    if isinstance(result, Unreadable):
        raise CallFailed(f"{says} {result.what}", refused=False)
    if isinstance(result, Oversized):
        raise Nonconformance(f"{says} an array of shape {result.shape}, larger than any right result here")
    if isinstance(kind, Fields):
        if not isinstance(result, Mapping):
            raise CallFailed(f"{says} {_named(result)}; {kind.name} is due", refused=False)
        if missing := [key for key in kind.of if key not in result]:
            raise Nonconformance(f"the dictionary that came has no {missing[0]!r}; {kind.name} is due", came=result)
        return {
            key: _checked(function, one, result[key], f"{key!r} in what {function} returned is")
            for key, one in kind.of.items()
        }
    if isinstance(kind, Items):
        if not isinstance(result, list):
            raise CallFailed(f"{says} {_named(result)}; {kind.name} is due", refused=False)
        of = kind.of if kind.fixed else kind.of * len(result)
        if len(of) != len(result):
            raise Nonconformance(f"{len(result)} items came, {len(of)} are due", came=result)
        return [
            _checked(function, one, item, f"item {index} of what {function} returned is")
            for index, (one, item) in enumerate(zip(of, result, strict=True))
        ]
    if not isinstance(result, np.ndarray):
        number = " or a number" * (kind == "scalar")
        raise CallFailed(f"{says} {_named(result)}; an array{number} is due", refused=False)
    return result


def _named(result: Any) -> str:
    if isinstance(result, list):
        return f"a list of {len(result)} items"
    return "an array" if isinstance(result, np.ndarray) else f"a {type(result).__name__}"
