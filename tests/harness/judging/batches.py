"""A single example as a batch of one: so functions that are declared to take batches only are asked for it, too.

In go the arguments of a call; out come those of the batch, and how the result for the example is found in the batch's.
What is no single example in all of its arguments stays as it is: that one of them has another number of axes may be
what the test is about.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from impls.calling import LaidOut
from tests.harness.judging.comparison import REFUSED

SINGLE_EXAMPLES: Mapping[str, tuple[tuple[int, ...], ...]] = {
    "softmax": ((1,),),
    "linear": ((1,),),
    "neuron": ((1,),),
    "mlp": ((1,),),
    "network": ((1,),),
    "cross_entropy": ((1,), (1,)),
    "cross_entropy_with_logits": ((1,), (0,)),
    "mlp_gradients": ((1,), (0, 1)),
    "network_gradients": ((1,), (0, 1)),
}
"""How many axes the first arguments of each function may have for a single example."""
_ONE_FOR_EACH = {"softmax", "linear", "neuron", "mlp", "network"}
"""Functions that give a result for each example; the others give one for all of them."""


def batch_of_one(function: str, arguments: tuple[Any, ...]) -> tuple[tuple[Any, ...], Callable[[Any], Any]] | None:
    """The arguments for a batch that is this single example, and what takes its result out; None for any other call."""
    axes = SINGLE_EXAMPLES.get(function, ())
    first = arguments[: len(axes)]
    if not axes or not all(_axes(one) in of_one for one, of_one in zip(first, axes, strict=False)):
        return None
    batch = (*map(_as_batch, first), *arguments[len(axes) :])
    return batch, _of_the_first if function in _ONE_FOR_EACH else _as_it_is


def _of_the_first(results: Any) -> Any:
    return results if results is REFUSED else results[0]


def _as_it_is(result: Any) -> Any:
    return result


def _axes(argument: Any) -> int | None:
    values = argument.values if isinstance(argument, LaidOut) else argument
    return np.ndim(values) if isinstance(values, np.ndarray | np.generic | int) else None


def _as_batch(argument: Any) -> Any:
    if isinstance(argument, LaidOut):
        return LaidOut(argument.values[None], argument.layout, argument.dtype)
    return np.asarray(argument)[None]
