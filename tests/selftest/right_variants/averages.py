"""The mean of a vector, the additions done in other orders than NumPy's."""

import math

import numpy as np

from tests.selftest.right_variants.registry import variants


def one_after_the_other(losses):
    return losses.cumsum()[-1] / losses.size


def from_the_last_to_the_first(losses):
    return losses[::-1].cumsum()[-1] / losses.size


def from_the_smallest_to_the_largest(losses):
    return np.sort(losses).cumsum()[-1] / losses.size


def in_halves(losses):
    total = losses
    while total.size > 1:
        total = np.append(total, np.zeros_like(total[: total.size % 2]))
        total = total[::2] + total[1::2]
    return total[0] / losses.size


def in_blocks(losses):
    return sum(losses[start : start + 64].sum() for start in range(0, losses.size, 64)) / losses.size


def without_error(losses):
    try:
        total = math.fsum(losses)
    except OverflowError:  # which is what the sum does in floating point as well
        total = math.inf
    return losses.dtype.type(total / losses.size)


def times_the_reciprocal_of_their_number(losses):
    return losses.sum() * losses.dtype.type(1 / losses.size)


def as_a_product_with_equal_weights(losses):
    return losses @ np.full_like(losses, 1 / losses.size)


AVERAGES = (
    one_after_the_other,
    from_the_last_to_the_first,
    from_the_smallest_to_the_largest,
    in_halves,
    in_blocks,
    without_error,
    times_the_reciprocal_of_their_number,
    as_a_product_with_equal_weights,
)


def variants_in_every_order(function, losses):
    """Record ``function`` as the mean of the vector that ``losses`` makes of its arguments, once for each AVERAGES."""
    for average in AVERAGES:
        implementation = lambda *arguments, average=average: average(losses(*arguments))  # noqa: E731
        name = f"{function}: averaged {average.__name__.replace('_', ' ')}"
        variants(name, "robust", lambda one=implementation: {function: one})
