"""What may be behind an exception that many students meet: a function and a message in, what to do about it out."""

import re

from tests.harness.judging.structure import called_as
from tests.harness.spec.clauses import Clause

_OTHER_PARAMETERS = re.compile(r"raised TypeError: \S+\(\) (takes|missing|got an unexpected) [^()]*$")
"""Said of a function that cannot be called with these arguments; of one inside it a line number is said, too."""
_A_NUMBER = "it works for a single number, and the suite passes arrays: {}"
_HINTS = {
    r"(only (0-dimensional|length-1|size-1) arrays can be|must be real number, not)|"
    r"only one element tensors can be": _A_NUMBER.format("take np.exp and np.log, not those of math"),
    r"truth value of an array|Boolean value of Tensor": _A_NUMBER.format(
        "take np.where or np.maximum in place of `if` and `max`"
    ),
}


_OF_AXES = re.compile(
    r"axis 1 is out of bounds|index out of range|too many indices|Dimension out of range|not enough values"
)


_AS_INDICES = re.compile(r"used as indices must be|are valid indices")


def hint(clause: Clause, message: str) -> str | None:
    """What to say behind the message of a call that failed on a clause; None where nothing is known."""
    function = clause.function
    if clause.id.endswith("-ONE") and _OF_AXES.search(message):
        return "one example is a vector, without an axis of examples: take axis -1, not 1"
    if function == "cross_entropy" and _AS_INDICES.search(message):
        return "the target is a matrix of one-hot rows, and no labels to index with"
    if _OTHER_PARAMETERS.search(message):
        return f"the suite calls {called_as(function)}"
    return next((said for pattern, said in _HINTS.items() if re.search(pattern, message)), None)
