"""The dtypes that an implementation has, and examples of these dtypes alone.

In goes what an implementation declares; out come the dtypes that it is asked in, strategies that draw numbers of them
(``Drawing``), and for arrays that were made in another dtype the same numbers in one that is there (``Dtypes.cast``).
A strategy is written once, for all kinds of implementations: it becomes one of Hypothesis when the dtypes are known.
"""

import functools
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Concatenate, Generic, ParamSpec, TypeVar

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

P = ParamSpec("P")
T = TypeVar("T")
S = TypeVar("S")

FLOAT64 = ("float64",)
"""The dtype of the textbook level; an implementation that does not have it is asked in the widest one it has."""
FLOATS = ("float64", "float32")
HALVES = ("float16", "bfloat16")
INTEGERS = ("int64", "int32", "int16", "int8", "uint8", "uint16", "uint32", "uint64")

LARGEST = {"float64": 300, "float32": 40, "float16": 4}
"""Up to which |z| the textbook level asks, by dtype. Beyond it e^z, plainly written, leaves too few digits."""
LEAST = {"float64": 1e-6, "float32": 1e-6, "float16": 2.0**-9}
"""The smallest p that the textbook level asks, by dtype; the largest is 1 - p."""


@dataclass(frozen=True)
class Dtypes:
    """The dtypes that there are, the widest first; one of the floating ones at least is a dtype of NumPy."""

    floats: tuple[str, ...] = FLOATS + HALVES
    integers: tuple[str, ...] = INTEGERS

    @property
    def widest(self) -> str:
        """The floating dtype of the textbook level."""
        return self.floats[0]

    @property
    def for_drawing(self) -> "Dtypes":
        """The same for drawing, which needs no half precision where there is something wider."""
        wider = tuple(one for one in self.floats if one in FLOATS)
        return Dtypes(wider or (self.widest,), self.there(INTEGERS))

    @property
    def is_half(self) -> bool:
        """Whether there is no wider floating dtype than those of half precision."""
        return self.widest in HALVES

    def there(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Those of the dtypes asked for that are there; the widest of their sort where none is."""
        found = tuple(one for one in asked if one in self.floats or one in self.integers)
        return found or ((self.integers[0],) if asked[0] in INTEGERS else (self.widest,))

    def cast(self, value: Any) -> Any:
        """The same numbers, nested as they are, in dtypes that are there.

        An integer that the new dtype does not hold becomes its largest one: a label out of range stays out of range.
        """
        if isinstance(value, np.ndarray):
            return self._array(value)
        if isinstance(value, str) and value in FLOATS + INTEGERS:
            return self.there((value,))[0]
        if isinstance(value, list | tuple):
            return type(value)(self.cast(item) for item in value)
        if isinstance(value, Mapping):
            return {key: self.cast(item) for key, item in value.items()}
        return value

    def _array(self, array: np.ndarray) -> np.ndarray:
        if self.has(array.dtype.name):
            return array
        (dtype,) = self.there((array.dtype.name,))
        if array.dtype.kind == "f":
            return as_dtype(array, dtype)
        ends = np.iinfo(dtype)
        held = (array >= ends.min) & (array <= ends.max)
        return as_dtype(array if held.all() else np.where(held, array, ends.max), dtype)

    def has(self, dtype: str) -> bool:
        """Whether there is that dtype; what is neither floating nor an integer always is."""
        return dtype in self.floats + self.integers or dtype not in FLOATS + HALVES + INTEGERS


def as_dtype(array: np.ndarray, dtype: str) -> np.ndarray:
    """The array in another dtype; one that knows the expression that made it (``recipes.Recipe``) still does."""
    with np.errstate(all="ignore"):
        new = array.astype(dtype)
    if code := getattr(array, "code", None):
        new.code = f"({code}).astype(np.{dtype})"  # type: ignore[attr-defined]
    return new


ALL = Dtypes()


def is_held(value: Any, cast: Any) -> bool:
    """Whether every finite number of a value is finite in the value that it was cast to."""
    if isinstance(value, np.ndarray) and value.dtype.kind == "f":
        return bool((np.isfinite(value) == np.isfinite(cast)).all())
    if isinstance(value, list | tuple):
        return all(map(is_held, value, cast))
    if isinstance(value, Mapping):
        return all(is_held(item, cast[key]) for key, item in value.items())
    return True


class Draw:
    """What the function of a Drawing draws with, and the dtypes in which it is to draw."""

    def __init__(self, draw: DrawFn, dtypes: Dtypes) -> None:
        self._draw = draw
        self.dtypes = dtypes

    def __call__(self, strategy: "SearchStrategy[S] | Drawing[S]") -> S:
        return self._draw(strategy.of(self.dtypes) if isinstance(strategy, Drawing) else strategy)

    def there(self, asked: Sequence[str]) -> tuple[str, ...]:
        """Those of the dtypes asked for that are there."""
        return self.dtypes.there(asked)


class Drawing(Generic[T]):
    """A strategy that waits for the dtypes. of: gives Hypothesis' own strategy for them."""

    def __init__(self, of: Callable[[Dtypes], SearchStrategy[T]]) -> None:
        self.of = functools.cache(of)

    def __or__(self, other: "Drawing[S]") -> "Drawing[T | S]":
        return Drawing(lambda dtypes: self.of(dtypes) | other.of(dtypes))


def drawn(function: Callable[Concatenate[Draw, P], T]) -> Callable[P, Drawing[T]]:
    """Make a function that draws into one that gives a Drawing, as Hypothesis' ``composite`` makes strategies."""

    @functools.wraps(function)
    def drawing(*args: P.args, **options: P.kwargs) -> Drawing[T]:
        def of(dtypes: Dtypes) -> SearchStrategy[T]:
            @st.composite
            def composite(draw: DrawFn) -> T:
                return function(Draw(draw, dtypes), *args, **options)

            return composite()

        return Drawing(of)

    return drawing


def strategy_of(strategy: "SearchStrategy[T] | Drawing[T]", dtypes: Dtypes) -> SearchStrategy[T]:
    """Hypothesis' own strategy, of either."""
    return strategy.of(dtypes) if isinstance(strategy, Drawing) else strategy
