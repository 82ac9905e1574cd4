"""What earlier implementations were asked and answered, put to use for the next one on the same examples.

The test of a clause asks each implementation the same things, as long as it gets the same answers. So the requests
that one implementation got are sent to the next at once, and where its answers are, bit for bit, those of an earlier
one, what came of that one is its outcome too. Nothing is taken on trust: every answer is the implementation's own.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np

from impls import Implementation
from impls.calling import LaidOut
from impls.isolation import Isolated, Requests, answers_body, answers_in

T = TypeVar("T")

_KEPT = 32
"""How many different sets of answers are remembered, of a clause and of each example."""


class Unforeseen(BaseException):
    """The test asks otherwise than foreseen, after some of the answers were used: the example has to be run again."""


@dataclass
class Script:
    """What the test of one clause asks, example by example, and what came of the answers so far."""

    requests: dict[int, list[Mapping[str, Any]]] = field(default_factory=dict)
    complete: set[int] = field(default_factory=set)
    """The examples on which some implementation got to the end of the test."""
    of_clause: "Remembered[Any]" = field(default_factory=lambda: Remembered())
    of_example: dict[int, "Remembered[Any]"] = field(default_factory=dict)
    _all: Requests | None = None

    @property
    def all(self) -> Requests:
        """All requests as one."""
        if self._all is None:
            self._all = Requests([one for index in sorted(self.requests) for one in self.requests[index]])
        return self._all

    def learn(self, index: int, requests: Sequence[Mapping[str, Any]], complete: bool) -> None:
        """Take down what was asked on an example, unless more is known of it."""
        if index in self.complete or (not complete and len(requests) <= len(self.requests.get(index, ()))):
            return
        self.requests[index] = list(requests)
        self._all = None
        if complete:
            self.complete.add(index)


class Remembered(Generic[T]):
    """What came of some answers, by the answers; the longest unused is forgotten first."""

    def __init__(self) -> None:
        self._values: OrderedDict[bytes, T] = OrderedDict()

    def get(self, key: bytes) -> T | None:
        if key not in self._values:
            return None
        self._values.move_to_end(key)
        return self._values[key]

    def put(self, key: bytes, value: T) -> None:
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > _KEPT:
            self._values.popitem(last=False)


class Foresight:
    """The answers of one implementation on the examples of one clause, as far as they were had in advance."""

    def __init__(self, script: Script, function: str, implementation: Implementation) -> None:
        self.script = script
        self.key: bytes | None = None
        """Stands for the answers that came; None where none did."""
        self._content: Any = None
        self._more_was_asked = False
        self._caller = implementation.caller if isinstance(implementation.caller, Isolated) else None
        self._came: dict[int, list[dict[str, Any]] | None] = {}
        if self._caller is None or not script.requests:
            return
        self._content = self._caller.several(function, script.all)
        if self._content is not None:
            self.key = _hashed(self._content)
            self._counts = {index: len(script.requests[index]) for index in sorted(script.requests)}

    @cached_property
    def _answers(self) -> dict[int, list[dict[str, Any]]]:
        """The answers by example, of those examples for which they are all there."""
        found: dict[int, list[dict[str, Any]]] = {}
        if self._content is None:
            return found
        answers, at = answers_in(self._content), 0
        for index, count in self._counts.items():
            if len(answers) < at + count:
                break
            found[index] = answers[at : at + count]
            at += count
        return found

    def after_all(self) -> bytes | None:
        """What stands for all that the implementation has answered; None where more was asked than it stands for."""
        if self._more_was_asked:
            return None
        if self.key is not None:
            return self.key if self._answers.keys() == self._counts.keys() else None
        if len(self._came) == len(self.script.requests) and all(self._came.values()):
            return _digest([one for index in sorted(self._came) for one in self._came[index] or ()])
        return None

    def key_of(self, index: int) -> bytes | None:
        """Stands for the answers on an example; None where they are not there."""
        return _digest(self._answers[index]) if index in self._answers else None

    def running(self, index: int, run: Callable[[], T]) -> tuple[T, bytes | None]:
        """What ``run``, the test on that example, gives; and what stands for all answers it got, if they are known."""
        if self._caller is None:
            return run(), None
        prompter = _Prompter(self.script.requests.get(index, ()), self._answers.get(index, ()))
        self._caller.foreseen = prompter
        try:
            result = run()
        except Unforeseen:
            self._more_was_asked = True
            self._caller.foreseen = prompter = _Prompter((), ())
            result = run()
        finally:
            self._caller.foreseen = None
        self.script.learn(index, prompter.asked, complete=result is None)
        all_answered = len(prompter.answered) == len(prompter.asked) == len(self.script.requests[index])
        self._came[index] = prompter.answered if all_answered else None
        return result, _digest(prompter.answered) if all_answered else None


class _Prompter:
    """Gives the answers that are there, as long as what is asked is what was foreseen."""

    def __init__(self, requests: Sequence[Mapping[str, Any]], answers: Sequence[dict[str, Any]]) -> None:
        self._requests = requests
        self._answers = answers
        self.asked: list[Mapping[str, Any]] = []
        self.answered: list[dict[str, Any]] = []

    def answer(self, request: Mapping[str, Any]) -> dict[str, Any] | None:
        at = len(self.asked)
        self.asked.append(request)
        if not self._answers:
            return None
        if at >= len(self._answers) or not _same(request, self._requests[at]):
            raise Unforeseen
        self.answered.append(self._answers[at])
        return self._answers[at]

    def came(self, answer: dict[str, Any]) -> None:
        self.answered.append(answer)


def _digest(answers: Sequence[Mapping[str, Any]]) -> bytes:
    return _hashed(answers_body(answers))


def _hashed(content: tuple[bytes, bytes]) -> bytes:
    header, arrays = content
    digest = hashlib.blake2b(header, digest_size=16)
    digest.update(arrays)
    return digest.digest()


def _same(one: Any, other: Any) -> bool:
    """Whether two requests, or values in them, are the same bit for bit."""
    if one is other:
        return True
    if type(one) is not type(other):
        return False
    if isinstance(one, np.ndarray):
        return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()
    if isinstance(one, LaidOut):
        return (one.layout, one.dtype) == (other.layout, other.dtype) and _same(one.values, other.values)
    if isinstance(one, Mapping):
        return one.keys() == other.keys() and all(_same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return len(one) == len(other) and all(map(_same, one, other))
    if isinstance(one, float):
        return one.hex() == other.hex()
    return bool(one == other)
