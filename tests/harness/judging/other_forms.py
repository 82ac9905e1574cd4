"""Right code for another form of its arguments: labels for one-hot rows, the transposed weights.

In go the calls of a failing clause and a way to ask the implementation again; out comes what to say, or nothing. The
implementation is asked with the arguments in the other form, and it is told so where it then gives the right value each
time, several different ones, and gave something else before.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tests.harness.judging.diagnosis import Again, flat, rounded, value_at, without_layout
from tests.harness.judging.trial import Made

TAKES_LABELS = "takes a vector of labels for its target, where the target is a matrix of one-hot rows"
TAKES_ROWS = "takes a matrix of one-hot rows for its target, where the target is a vector of labels"
TRANSPOSED = "takes weights of shape (inputs, outputs), where W has a row for each output"

_FORMS: Mapping[str, tuple[str, Callable[..., tuple[Any, ...]]]] = {
    "cross_entropy": (TAKES_LABELS, lambda h, y: (h, np.argmax(y, axis=-1))),
    "cross_entropy_with_logits": (TAKES_ROWS, lambda z, labels: (z, np.eye(np.shape(z)[-1])[labels])),
    "linear": (TRANSPOSED, lambda x, W, b: (x, W.T.copy(), b)),
    "mlp": (TRANSPOSED, lambda x, theta, names: (x, [(W.T.copy(), b) for W, b in theta], names)),
}
"""By function what is said of such code, and its arguments in that form."""
_MOST_CALLS = 8
_LEAST_VALUES = 3


def other_form(function: str, calls: Sequence[Made], formula: Callable[..., Any], again: Again) -> list[str]:
    """What to say where the implementation is right for the other form of its arguments, if anything."""
    if function not in _FORMS:
        return []
    phrase, converted = _FORMS[function]
    right: set[float] = set()
    was_wrong = False
    for call in [one for one in calls if one.function == function][:_MOST_CALLS]:
        try:
            arguments = converted(*without_layout(call.arguments))
        except (IndexError, ValueError):  # a label out of range, a batch without classes: they have no other form
            return []
        with np.errstate(all="ignore"):
            value = again(function, arguments, call.options)
        expected = value_at(formula, call)
        if expected is None or not _alike(value, expected):
            return []
        was_wrong |= not _alike(call.value, expected)
        numbers = flat(expected)
        right |= set(rounded(numbers[0])) if numbers else set()
    return [phrase] if was_wrong and len(right) >= _LEAST_VALUES else []


def _alike(value: Any, expected: Any) -> bool:
    if value is None or (numbers := flat(value)) is None or (right := flat(expected)) is None:
        return False
    return numbers[1] == right[1] and np.allclose(numbers[0], right[0], 1e-3, 1e-7)
