"""What wrong functions answer to the calls that a clause's examples make; two that answer alike are one mistake.

The calls are those of a right function. Every array keeps its memory layout, since some mistakes read memory.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES
from tests.mistakes.of_habits import RIGHT
from tests.mistakes.operators import arrays, mapped
from tests.selftest.candidates import outcomes

Call = tuple[Any, Mapping[str, Any]]
RAISED = ("raised",)


def fresh(leaf: Any) -> Any:
    """A copy of an array with its layout, of all the memory that it is a view of; anything else as it is."""
    if not isinstance(leaf, np.ndarray):
        return leaf
    owner = leaf
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    if not leaf.size or not (owner.flags.c_contiguous or owner.flags.f_contiguous):
        return leaf.copy(order="K")
    memory = owner.ravel(order="K").view(np.uint8).copy()
    offset = leaf.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    copied = np.ndarray(leaf.shape, leaf.dtype, memory, offset, leaf.strides)
    copied.flags.writeable = leaf.flags.writeable
    return copied


def calls_of(id: str, examples: Examples, task: str | None = None) -> list[Call]:
    """The calls that a right function gets on the clause's examples. task: what a network declares."""
    noted: list[Call] = []
    function = CLAUSES[id].function

    def noting(*args: Any, **options: Any) -> Any:
        noted.append((mapped(fresh, args), mapped(fresh, options)))
        return RIGHT[function](*args, **options)

    outcomes(lambda: noting, function, id, examples, task)
    return noted


class Answers:
    """The answers of one wrong function to all calls in their order, computed as far as somebody asks.

    An answer is the value, whether the value before has changed since, and the arguments that the call has changed.
    """

    def __init__(self, make: Callable[[], Callable[..., Any]], calls: list[Call]) -> None:
        self._function = make()
        self._calls = calls
        self._answers: list[Any] = []
        self._last: Any = None

    def __len__(self) -> int:
        return len(self._calls)

    def __getitem__(self, at: int) -> Any:
        while len(self._answers) <= at:
            self._answers.append(self._answer(*self._calls[len(self._answers)]))
        return self._answers[at]

    def _answer(self, args: Any, options: Mapping[str, Any]) -> Any:
        passed = mapped(fresh, args)
        try:
            with np.errstate(all="ignore"):
                value = self._function(*passed, **mapped(fresh, options))
        except Exception:
            value = RAISED
        overwritten = self._last is not None and not same(*self._last)
        snapshot = mapped(lambda leaf: np.array(leaf) if isinstance(leaf, np.ndarray) else leaf, value)
        self._last = value, snapshot
        before, after = arrays(args), [np.array(one) for one in arrays(passed)]
        if len(before) != len(after):
            return snapshot, overwritten, after
        changed = [(at, one) for at, (one, old) in enumerate(zip(after, before, strict=True)) if not same(one, old)]
        return snapshot, overwritten, changed


def alike(one: Answers, other: Answers) -> bool:
    """Whether two functions answer every call alike, but for rounding."""
    return all(same(one[at], other[at]) for at in range(len(one)))


def same(one: Any, other: Any) -> bool:
    """Whether two values are the same but for rounding; a number is a number, in whatever dtype."""
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple) or isinstance(other, list | tuple):
        both = isinstance(one, list | tuple) and isinstance(other, list | tuple)
        return both and len(one) == len(other) and all(map(same, one, other))
    a, b = np.asarray(one), np.asarray(other)
    if a.shape != b.shape or (a.ndim and a.dtype != b.dtype):
        return False
    if a.dtype.kind != "f" or b.dtype.kind != "f":
        return bool(np.array_equal(a, b))
    tolerance = 200 * float(np.finfo(a.dtype).eps)
    with np.errstate(all="ignore"):
        return np.allclose(a.astype(np.float64), b.astype(np.float64), rtol=tolerance, atol=0, equal_nan=True)
