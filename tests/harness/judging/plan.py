"""What the test of a clause does on one example, written down as data: calls, and checks on their answers.

In go calls and checks, as ``subject.py`` takes them down from a test body; a Plan holds them in the order of the test,
and ``trial.py`` carries it out for an implementation.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from impls.calling import LaidOut, Request
from impls.nested import leaves
from tests.harness.judging import comparison
from tests.harness.judging.exact import exact
from tests.harness.judging.promise import (
    CallPromise,
    PlanningError,
    Promise,
    calls_behind,
    promised,
)
from tests.harness.judging.structure import kinds, structure_of

_LEAST, _PER_ELEMENT = 1 << 16, 64
"""How many elements an answer may have: so many, and so many for each element of the arguments."""


@dataclass(eq=False)
class Call:
    """One call of a function of the interface, with the arguments as the test gave them, promises among them.

    attempted: the call may be refused. spent: its arguments are written into afterwards. beside: the arguments of the
    call that another thread makes at the same time.
    """

    function: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    attempted: bool = False
    spent: bool = False
    beside: tuple[Any, ...] | None = None
    single: tuple[Any, ...] | None = None
    """The arguments of the single example that the test asks for, where the call is made for a batch of it alone."""
    of_result: Callable[[Any], Any] | None = None
    """What takes the answer for that example out of the result."""
    promise: CallPromise = field(init=False)
    answer: Promise = field(init=False)
    takes_answers: bool = field(init=False)
    elements: int = field(init=False)
    """How many elements the arrays among its arguments have together; an answer that is not there yet counts none."""

    @property
    def asked(self) -> tuple[Any, ...]:
        """The arguments as the test has them."""
        return self.arguments if self.single is None else self.single

    @cached_property
    def request(self) -> Request:
        """What is asked of every implementation, where no argument is an answer."""
        return self.request_with(self.arguments, self.options)

    def request_with(self, arguments: tuple[Any, ...], options: Mapping[str, Any]) -> Request:
        """What is asked, once the answers among its arguments are known."""
        most = _LEAST + _PER_ELEMENT * self.elements
        return Request(self.function, arguments, options, most, self.spent, self.beside)

    def __post_init__(self) -> None:
        given = leaves((self.arguments, self.options))
        self.takes_answers = any(isinstance(one, Promise) for one in given)
        self.elements = sum(map(_size, given))

        def reference_s() -> Any:
            if self.takes_answers:
                raise PlanningError(f"an answer of {self.function} cannot be unpacked where its arguments are answers")
            return exact[self.function](*self.arguments, **self.options)

        self.promise = CallPromise(self, structure_of(kinds()[self.function], reference_s))
        self.answer = self.promise if self.of_result is None else Promise(self.of_result, (self.promise,))


@dataclass(frozen=True, eq=False)
class Check:
    """A demand on answers: ``test`` of the values of ``parts`` raises Nonconformance, or gives the error ratio or None.

    calls: whose answers it is about. compares: where the answer of a call is compared with the formula at its
    arguments, the comparisons made of the values of ``parts``.
    """

    test: "Test"
    parts: tuple[Any, ...]
    calls: tuple[Call, ...]
    compares: "Compares | None" = None

    @cached_property
    def is_of_one_answer(self) -> bool:
        """Whether its first part alone depends on answers."""
        return not promised(self.parts[1:])


@dataclass(frozen=True, eq=False)
class Pure:
    """A demand on all calls so far: none has changed an argument."""

    calls: tuple[Call, ...]


@dataclass(frozen=True)
class Because:
    """Why the calls that follow are asked: a fault among them shows it."""

    reason: str


Test = Callable[..., float | None]
Compares = Callable[..., Iterator[comparison.Comparison]]
Event = Call | Check | Pure | Because


@dataclass(eq=False)
class Plan:
    """The calls and checks of one example, in the order of the test."""

    values: Mapping[str, Any]
    events: list[Event] = field(default_factory=list)

    @property
    def calls(self) -> list[Call]:
        return [event for event in self.events if isinstance(event, Call)]

    @property
    def elements(self) -> int:
        """How many elements the arguments of its calls have together."""
        return sum(call.elements for call in self.calls)

    def demand(self, test: "Test", *parts: Any, compares: "Compares | None" = None) -> None:
        """Take down a check. Raises PlanningError where the first part holds no answer: it could never fail."""
        if not promised(parts[0]):
            raise PlanningError(f"{test.__name__} is asked of what no implementation has answered")
        calls = tuple(promise.call for promise in calls_behind(parts[0] if compares else parts))
        self.events.append(Check(test, parts, calls, compares))


def _size(leaf: Any) -> int:
    array = leaf.values if isinstance(leaf, LaidOut) else leaf
    return array.size if isinstance(array, np.ndarray) else 0
