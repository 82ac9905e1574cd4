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
from tests.harness.judging.faults import Name, Nonconformance, Place


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


AN_ARRAY = "make it an array, with np.array"
"""Said to code that returns a list of numbers or rows."""
ALONE = "return the result alone, without a cache or a gradient beside it"
"""Said to code that returns more than was asked for."""

Kind = str | Items | Fields
"""The kind of a result: "array", "scalar", or what holds several."""


STEPS = tuple(f"{name}s" for name in reference.FUNCTIONS if name.endswith("_step") and f"{name}s" in vars(reference))
"""Several steps of an optimiser in one call, for those whose state is their own affair."""


@functools.cache
def kinds() -> dict[str, Kind]:
    """The kind of result of each function of the interface, by name."""
    return {name: _kind(_annotation(name)) for name in (*reference.FUNCTIONS, *STEPS)}


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


def called_as(function: str) -> str:
    """A call of the function as the interface has it: ``one_hot(labels, k)``."""
    parameters = inspect.signature(inspect.unwrap(getattr(reference, function))).parameters.values()
    by_name = [one.kind is one.KEYWORD_ONLY for one in parameters]
    words = [f"{one.name}=..." if named else one.name for one, named in zip(parameters, by_name, strict=True)]
    return f"{function}({', '.join(words)})"


@dataclass(frozen=True)
class Structure:
    """How a promised result can be unpacked. reference: gives the reference's result, which tells how long
    a list is."""

    kind: Items | Fields
    reference: Callable[[], Any]

    def keys(self) -> Sequence[Any]:
        if isinstance(self.kind, Fields):
            return list(self.kind.of)
        return range(len(self.kind.of) if self.kind.fixed else len(self.reference()))

    def item(self, key: Any) -> "Structure | None":
        """The structure of the item, None where it is an array or a number."""
        of = self.kind.of
        kind = of[key] if isinstance(of, dict) else of[key if self.kind.fixed else 0]  # type: ignore[union-attr]
        return structure_of(kind, lambda: self.reference()[key])


def structure_of(kind: Kind, reference: Callable[[], Any]) -> Structure | None:
    """The structure of a result of that kind."""
    return None if isinstance(kind, str) else Structure(kind, reference)


def named(function: str, place: Place) -> Place:
    """A place in the result of that function, with the name of the part where its items have names."""
    if not place or not isinstance(place[0], int):
        return place
    if function == "collapse_linear":
        return (Name("Wb"[place[0]]), *place[1:])
    if function in ("mlp_gradients", "network_gradients") and len(place) > 1:
        layer, part, *rest = place
        return (Name(f"d{'Wb'[part]}_{layer + 1}"), *rest)
    if function == "gradient_descent_step":
        return (Name(f"theta[{place[0]}]"), *place[1:])
    if function in STEPS:
        return (Name(f"theta[{place[0]}]"), *place[1:])
    if function.endswith("_step") and len(place) > 1:
        which, *keys = place
        if isinstance(keys[0], tuple):  # in one of the new parameters, which are compared alone
            return (Name(f"theta[{which}]"), *keys)
        items = [key for key in keys if not isinstance(key, tuple)]
        text = ("theta", "state")[which] + "".join(f"[{key!r}]" for key in items)
        return (Name(text), *keys[len(items) :])
    return place


def checked(function: str, result: Any) -> Any:
    """The plain ``result`` in the structure of the interface. Raises CallFailed or Nonconformance."""
    if function == "predict" and isinstance(result, list):  # the one array that may be a list of numbers
        result = _as_array(result)
    return _checked(function, kinds()[function], result, f"{function} returned")


def _as_array(result: list[Any]) -> Any:
    numbers = all(isinstance(item, np.ndarray) and item.ndim == 0 for item in result)
    return np.array(result) if numbers else result


def _checked(function: str, kind: Kind, result: Any, says: str) -> Any:
    if isinstance(result, np.ndarray) and isinstance(kind, str):
        return result
    if isinstance(result, Unreadable):
        raise CallFailed(f"{says} {result.what}", refused=False)
    if isinstance(result, Oversized):
        raise Nonconformance(f"{says} an array of shape {result.shape}, larger than any right result here")
    if isinstance(kind, Fields):
        if not isinstance(result, Mapping):
            raise CallFailed(f"{says} {_named(result)}, expected {kind.name}", refused=False)
        if missing := [key for key in kind.of if key not in result]:
            raise Nonconformance(f"got a dictionary without {missing[0]!r}, expected {kind.name}", result)
        return {
            key: _checked(function, one, result[key], f"{key!r} in what {function} returned is")
            for key, one in kind.of.items()
        }
    if isinstance(kind, Items):
        if not isinstance(result, list):
            raise CallFailed(f"{says} {_named(result)}, expected {kind.name}", refused=False)
        of = kind.of if kind.fixed else kind.of * len(result)
        if len(of) != len(result):
            raise Nonconformance(f"got {len(result)} items, expected {len(of)}", result)
        return [
            _checked(function, one, item, f"item {index} of what {function} returned is")
            for index, (one, item) in enumerate(zip(of, result, strict=True))
        ]
    number = " or a number" * (kind == "scalar")
    alone = f": {_instead(kind, result)}" if isinstance(result, list) and says.startswith(f"{function} ") else ""
    raise CallFailed(f"{says} {_named(result)}, expected an array{number}{alone}", refused=False)


def _instead(kind: Kind, result: list[Any]) -> str:
    """What to return in the place of several things: the first alone, or an array of a list of numbers or rows.

    Two arrays of one shape may be rows, or a result and its cache.
    """
    if kind != "array" or not all(isinstance(item, list | np.ndarray) for item in result):
        return ALONE
    if all(isinstance(item, list) or np.ndim(item) == 0 for item in result):
        return AN_ARRAY
    arrays = [item for item in result if isinstance(item, np.ndarray)]
    if len({item.shape for item in arrays}) > 1 or arrays[0].ndim > 1:
        return ALONE
    return f"{ALONE}; or, where these are its rows, {AN_ARRAY}" if len(result) == 2 else AN_ARRAY


def _named(result: Any) -> str:
    if isinstance(result, list):
        return f"a tuple or list of {len(result)} items"
    return "an array" if isinstance(result, np.ndarray) else f"a {type(result).__name__}"
