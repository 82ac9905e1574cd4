"""The known mistakes: wrong implementations of one function each, with the misconception behind each."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from impls import Implementation
from tests.harness.spec.clauses import CLAUSES, Clause
from tests.selftest.candidates import candidate

MISTAKES: dict[str, "Mistake"] = {}
"""Every known mistake by name, in the order of the modules; filled as they are imported."""


@dataclass(frozen=True)
class Mistake:
    """One wrong implementation.

    clause: the one that names the fault, on which it must fail. misconception: completes "the function ...".
    make: gives the wrong function, a fresh one each time, so that one with a memory starts without any.
    """

    name: str
    clause: Clause
    misconception: str
    make: Callable[[], Callable[..., Any]]
    bug: str | None = None
    """The framework bug that it replicates, as listed: "pytorch#7999"."""
    task: str | None = None
    """What it declares its network to be for."""

    def implementation(self) -> Implementation:
        """It as something that can be judged: an implementation of this one function, on NumPy arrays."""
        return candidate(self.name, {self.clause.function: self.make()}, task=self.task)


def mistake(
    clause: str,
    misconception: str,
    *,
    bug: str | None = None,
    remembers: bool = False,
    task: str | None = None,
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Record the decorated function as a known mistake that must fail on ``clause``.

    remembers: the decorated function makes the wrong one, which keeps something from call to call. task: of a network.
    """

    def record(function: Callable[..., Any]) -> Callable[..., Any]:
        cited = CLAUSES[clause]
        name = f"{cited.function}: {function.__name__.replace('_', ' ')}"
        if name in MISTAKES:
            raise ValueError(f"there is a known mistake {name!r} already")
        MISTAKES[name] = Mistake(name, cited, misconception, function if remembers else lambda: function, bug, task)
        return function

    return record
