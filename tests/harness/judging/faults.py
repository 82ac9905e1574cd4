"""What can be found wrong while a clause is checked, beside a call that fails (``impls.calling.CallFailed``)."""

from typing import Any

import numpy as np

Place = tuple[Any, ...]
"""Where something stands in a result: the keys and numbers of its items, from outside in; last an index in an array."""


SEVERITIES = ("wrong", "not-finite", "crash", "accepts-invalid", "accuracy")
"""How bad a failure is, the worst first: a wrong value, NaN or infinity for a number, an exception, a value where the
arguments are to be refused, a value that is right to three digits."""


class Nonconformance(AssertionError):
    """A value, shape, dtype or side effect is not what the clause demands: the clause has failed.

    got, expected: the values in question, where there are any. ratio: the largest error over the error allowed. place:
    where in the result the fault is. severity: one of SEVERITIES. elements: which of the array that was compared are
    wrong, where one was.
    """

    def __init__(
        self,
        message: str,
        got: object = None,
        expected: object = None,
        ratio: float | None = None,
        place: Place = (),
        severity: str = "wrong",
        elements: np.ndarray | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.got = got
        self.expected = expected
        self.ratio = ratio
        self.place = place
        self.severity = severity
        self.elements = elements

    def __str__(self) -> str:
        where = in_words(self.place)
        return f"{where}: {self.message}" if where else self.message


class HarnessFault(Exception):
    """The suite itself went wrong while it made a call; no implementation is to blame."""


def in_words(place: Place) -> str:
    """A place as a reader says it: "at index (0, 1)", "in item 2, at index (0,)", "dW_1[0, 0]"."""
    said: list[str] = []
    for step in place:
        if isinstance(step, Name):
            said.append(step)
        elif isinstance(step, tuple) and said and isinstance(place[0], Name):
            said[-1] += str(list(step)) if step else ""
        elif isinstance(step, tuple):
            said += [f"at index {step}"] if step else []
        else:
            said.append(f"in item {step}" if isinstance(step, int) else f"in {step!r}")
    return ", ".join(said)


class Name(str):
    """The name of a part of a result, such as "dW_1", in place of its number."""
