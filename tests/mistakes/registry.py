"""The known mistakes: in go tables of wrong functions, by clause and misconception; out comes ``MISTAKES``.

A table is data, one line for most mistakes::

    record({"SIGMOID-VALUE": {"loses the minus sign of the exponent": lambda z: 1 / (1 + np.exp(z))}})

The sentence completes "the function ..." and is what the diagnosis tells the author of such code. Nothing is computed
while the tables are built.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from tests.harness.spec.clauses import CLAUSES, Clause

Function = Callable[..., Any]

MISTAKES: dict[str, "Mistake"] = {}
"""Every known mistake by name, in the order of the modules; filled as they are imported."""

HAND = "written by hand"
"""The family of the mistakes that belong to one formula alone."""


@dataclass(frozen=True)
class Mistake:
    """One wrong implementation.

    clause: the one that names the fault, on which it must fail. misconception: completes "the function ...".
    make: gives the wrong function, a fresh one each time, so that one with a memory starts without any.
    family: the operator that made it of a right function, as "layout", or HAND.
    """

    name: str
    clause: Clause
    misconception: str
    make: Callable[[], Function]
    bug: str | None = None
    """The framework bug that it replicates, as listed: "pytorch#7999"."""
    family: str = HAND
    task: str | None = None
    """What a network declares itself to be for."""
    others: tuple[Function, ...] = ()
    """Other ways to write the same mistake, which the diagnosis knows by the same name."""

    def forms(self) -> Iterator[Function]:
        """Fresh functions, one for each way to write it."""
        yield self.make()
        yield from self.others


@dataclass(frozen=True)
class Wrong:
    """A wrong function of which a table says more than its code. make: gives a fresh one; others: as of a Mistake."""

    make: Callable[[], Function]
    bug: str | None = None
    others: tuple[Function, ...] = ()


def _itself(function: Function) -> Function:
    return function


def replica(bug: str, function: Function) -> Wrong:
    """The wrong function replicates that bug of a framework."""
    return Wrong(partial(_itself, function), bug)


def forms(function: Function, *others: Function) -> Wrong:
    """One mistake in several ways to write it; the first one stands for it where it is judged."""
    return Wrong(partial(_itself, function), others=others)


def remembering(make: Callable[[], Function]) -> Wrong:
    """``make`` gives the wrong function, which keeps something from call to call."""
    return Wrong(make)


def record(table: Mapping[str, Mapping[str, Function | Wrong]], family: str = HAND, task: str | None = None) -> None:
    """Record the wrong functions of a table, by the id of the clause that each must fail and by its misconception.

    task: what their networks declare. Raises ValueError where the function has a mistake with that sentence already,
    since the sentence is its name.
    """
    for id, mistakes in table.items():
        clause = CLAUSES[id]
        for misconception, function in mistakes.items():
            name = f"{clause.function}{f', {task}' if task else ''}: {misconception}"
            if name in MISTAKES:
                raise ValueError(f"there is a known mistake {name!r} already")
            wrong = function if isinstance(function, Wrong) else Wrong(partial(_itself, function))
            MISTAKES[name] = Mistake(name, clause, misconception, wrong.make, wrong.bug, family, task, wrong.others)


def wrong(id: str, misconception: str, bug: str | None = None) -> Callable[[Function], Function]:
    """Record the decorated function, where it takes several lines to go wrong."""

    def recorded(function: Function) -> Function:
        record({id: {misconception: Wrong(lambda: function, bug)}})
        return function

    return recorded


def wrong_later(id: str, misconception: str) -> Callable[[Callable[[], Function]], Callable[[], Function]]:
    """Record what the decorated function makes: a wrong function that keeps something from call to call."""

    def recorded(make: Callable[[], Function]) -> Callable[[], Function]:
        record({id: {misconception: remembering(make)}})
        return make

    return recorded
