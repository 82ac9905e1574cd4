"""What the ways of testing that this suite is compared with have in common.

Each gets what it tests as this suite does: a function of NumPy arrays, called through the same conversions, whose every
exception, and every result that is no array of the right structure, counts against it. Where one compares with a
computed value, it is the reference's: none of them loses by a weak solution of its own.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from impls import Implementation
from impls.calling import CallFailed
from tests.harness.judging.structure import checked
from tests.harness.spec.clauses import TEXTBOOK

Function = Callable[..., Any]
Arguments = tuple[Any, ...]
Admits = Callable[[Arguments], bool]


@dataclass(frozen=True)
class Baseline:
    """A way of testing. tests: for each function that it has tests for, one that raises AssertionError where they fail.

    They call the function only with arguments that are admitted, and end at the first failure.
    """

    name: str
    tests: Mapping[str, Callable[[Function, Admits], None]]

    def rejects(self, implementation: Implementation, name: str, level: str) -> bool | None:
        """Whether the tests of the function ``name`` fail for an implementation that claims conformance at ``level``.

        At the textbook level they call it with nothing beyond that; None where nothing is left of them.
        """
        calls = 0

        def function(*args: Any, **options: Any) -> Any:
            nonlocal calls
            calls += 1
            return checked(name, implementation.caller.call(name, args, options))

        with np.errstate(all="ignore"):
            try:
                self.tests[name](function, _of_the_textbook if level == TEXTBOOK else _anything)
            except (AssertionError, CallFailed):
                return True
        return False if calls else None


def _anything(_: Arguments) -> bool:
    return True


def _of_the_textbook(value: Any) -> bool:
    """Whether all floating arrays are float64 ones of one or two axes, and all labels have one axis at most."""
    if isinstance(value, list | tuple):
        return all(map(_of_the_textbook, value))
    if not isinstance(value, np.ndarray):
        return True
    if value.dtype.kind == "i":
        return value.ndim <= 1
    return value.dtype == np.float64 and value.ndim in (1, 2)


def compare(each: Callable[[np.ndarray, np.ndarray], None], actual: Any, expected: Any) -> None:
    """Hand every array of a result, which may be a list of pairs, to ``each`` with the one expected in its place."""
    if isinstance(expected, list | tuple):
        assert isinstance(actual, list | tuple) or np.ndim(actual), f"got a number, expected {len(expected)} items"
        assert len(actual) == len(expected), f"got {len(actual)} items, expected {len(expected)}"
        for one, other in zip(actual, expected, strict=True):
            compare(each, one, other)
    else:
        each(actual, np.asarray(expected))
