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
from tests.harness.clauses import CLAUSES
from tests.harness.faults import ImplementationError
from tests.harness.subject import Subject

Function = Callable[..., Any]
Arguments = tuple[Any, ...]


@dataclass(frozen=True)
class Baseline:
    """A way of testing: for each function that it has tests for, one that raises AssertionError where they fail."""

    name: str
    tests: Mapping[str, Callable[[Function], None]]

    def rejects(self, implementation: Implementation, name: str) -> bool:
        """Whether the tests of the function ``name`` fail for the implementation. They end at the first failure."""
        any_clause = next(clause for clause in CLAUSES.values() if clause.function == name)
        function = Subject(implementation, any_clause)[name]
        with np.errstate(all="ignore"):
            try:
                self.tests[name](function)
            except (AssertionError, ImplementationError):
                return True
        return False


def compare(each: Callable[[np.ndarray, np.ndarray], None], actual: Any, expected: Any) -> None:
    """Hand every array of a result, which may be a list of pairs, to ``each`` with the one expected in its place."""
    if isinstance(expected, list | tuple):
        assert len(actual) == len(expected), f"{len(actual)} items came, {len(expected)} are due"
        for came, due in zip(actual, expected, strict=True):
            compare(each, came, due)
    else:
        each(actual, np.asarray(expected))
