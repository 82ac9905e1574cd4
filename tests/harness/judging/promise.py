"""A value that depends on what an implementation answers, before there is an answer.

In goes what a test body does with the result of ``impl.softmax(z)``; out comes a written list of operations, which is
carried out for each implementation once its answers are there.

A body runs once for an example, whoever is judged. What it gets from a call is a promise:

- It can be computed with: operators, the ufuncs of NumPy, the functions and methods listed below. Each gives a promise.
- It can be unpacked where the interface fixes the structure: ``W, b = impl.collapse_linear(...)``, ``state["sum"]``,
  and the layers of a list of which the reference tells the length.
- It can be handed on: to a check, to another call, to ``exact`` and ``impl.bound``, to a ``deferred`` function.
- It has no truth, no length (unless it is unpacked), no order and no value. A body that asks for one would do different
  things for different implementations, and raises PlanningError instead. So the plan of an example cannot depend on
  what an implementation answers: that is what allows one plan to serve all of them.

Everything deferred is carried out by the process that judges, never where the implementation runs. What would break
this: a body that catches PlanningError, or that keeps something from one example for the next.
"""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from impls.calling import LaidOut
from impls.nested import leaves
from reference import Band

_PLAIN = frozenset({np.ndarray, np.float64, int, float, str, LaidOut})
"""The types of most of what stands beside promises, and holds none."""

_FUNCTIONS = {np.clip, np.concatenate, np.diff, np.ravel, np.roll, np.round, np.stack, np.where}
_METHODS = {"astype", "max", "mean", "ravel", "reshape", "sum", "var"}


class PlanningError(TypeError):
    """A test body did with a promise what cannot be written down; the message says what."""


class Promise(NDArrayOperatorsMixin):
    """The value of ``compute`` on the values of ``parts``, once they are known.

    structure: of the value, as ``structure.Structure`` describes it; None where it is an array or not known.
    """

    def __init__(self, compute: Callable[..., Any], parts: tuple[Any, ...], structure: Any = None) -> None:
        self.compute = compute
        self.parts = parts
        self._structure = structure

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *args: Any, **options: Any) -> "Promise":
        if method != "__call__":
            raise PlanningError(f"np.{ufunc.__name__}.{method} of an answer is not among what can be deferred")
        return Promise(functools.partial(ufunc, **options), args)

    def __array_function__(self, function: Any, types: Any, args: Any, options: Mapping[str, Any]) -> "Promise":
        if function not in _FUNCTIONS:
            raise PlanningError(f"np.{function.__name__} of an answer is not among what can be deferred")
        return Promise(functools.partial(_applied, function, tuple(options)), (*args, *options.values()))

    def __getattr__(self, name: str) -> Callable[..., "Promise"]:
        if name not in _METHODS:
            raise AttributeError(f"{name} of an answer is not among what can be deferred")
        return lambda *args, **options: Promise(
            lambda value, *given: getattr(value, name)(*given, **options), (self, *args)
        )

    def __getitem__(self, key: Any) -> "Promise":
        if self._structure is None:
            return Promise(lambda value: value[key], (self,))
        return Promise(lambda value: value[key], (self,), self._structure.item(key))

    def __iter__(self) -> Iterator["Promise"]:
        return (self[at] for at in range(len(self)))

    def __len__(self) -> int:
        return len(self._keys())

    def keys(self) -> list[Any]:
        """The keys of a mapping."""
        return self._keys()

    def _keys(self) -> list[Any]:
        if self._structure is None:
            raise PlanningError("an answer cannot be unpacked where the interface fixes no structure")
        return list(self._structure.keys())

    def _has_none(self, *_: Any) -> Any:
        raise PlanningError("a test body may not depend on what an implementation answers: state a check instead")

    __bool__ = __float__ = __int__ = __index__ = __array__ = __contains__ = _has_none
    __hash__ = object.__hash__


def _applied(function: Callable[..., Any], names: tuple[str, ...], *values: Any) -> Any:
    """The function of the first values, with the last ones as its keyword arguments of these names."""
    positional = len(values) - len(names)
    return function(*values[:positional], **dict(zip(names, values[positional:], strict=True)))


def deferred(function: Callable[..., Any]) -> Callable[..., Any]:
    """Let ``function``, which depends on its arguments alone, be called on promises: its value is then a promise."""

    @functools.wraps(function)
    def call(*args: Any) -> Any:
        return Promise(function, args) if promised(args) else function(*args)

    return call


def promised(tree: Any) -> list[Promise]:
    """The promises in nested values."""
    if isinstance(tree, Promise):
        return [tree]
    found: list[Promise] = []
    for leaf in leaves(tree):
        if type(leaf) in _PLAIN:
            continue
        if isinstance(leaf, Promise):
            found.append(leaf)
        elif isinstance(leaf, Band):
            found += promised([leaf.bound, leaf.below, leaf.above, leaf.floor])
    return found


def calls_behind(tree: Any) -> list["CallPromise"]:
    """The promises of calls, in their order of discovery, on which nested values depend."""
    found: dict[CallPromise, None] = {}
    ahead = promised(tree)
    seen = set(ahead)
    while ahead:
        promise = ahead.pop(0)
        if isinstance(promise, CallPromise):
            found[promise] = None
            continue
        further = [one for one in promised(promise.parts) if one not in seen]
        seen.update(further)
        ahead = further + ahead
    return list(found)


class CallPromise(Promise):
    """The promise of the result of one call, which a plan knows as ``call``."""

    def __init__(self, call: Any, structure: Any) -> None:
        super().__init__(_no_value, (), structure)
        self.call = call


def _no_value() -> Any:
    raise PlanningError("the result of a call is known only once the call has been answered")


Known = dict[Promise, Any]
"""The values of promises, those of all calls answered so far among them."""


def value_of(tree: Any, known: Known) -> Any:
    """Nested values with every promise in them replaced by its value. Raises KeyError where a call is not answered."""
    if type(tree) in _PLAIN:
        return tree
    if isinstance(tree, CallPromise):
        return known[tree]
    if isinstance(tree, Promise):
        if tree not in known:
            known[tree] = tree.compute(*(value_of(part, known) for part in tree.parts))
        return known[tree]
    if isinstance(tree, Band):
        parts = tree.bound, tree.below, tree.above, tree.floor
        return tree if _PLAIN.issuperset(map(type, parts)) else Band(*(value_of(part, known) for part in parts))
    if isinstance(tree, list | tuple):
        return type(tree)(value_of(item, known) for item in tree)
    if isinstance(tree, Mapping):
        return {key: value_of(item, known) for key, item in tree.items()}
    return tree
