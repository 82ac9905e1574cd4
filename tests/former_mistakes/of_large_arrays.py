"""Mistakes that show from the size on at which a counter or a launch runs out."""

import numpy as np

from reference import cross_entropy_with_logits, mean_squared_error, relu, sigmoid, softmax, tanh
from tests.former_mistakes.registry import mistake

MOST_BLOCKS = 65535
"""Of a CUDA launch, along its second and its third dimension."""


@mistake("SIGMOID-HUGE", "counts the elements in 16 bits, in which 65536 is 0")
def elements_counted_in_16_bits(z):
    result = np.zeros_like(z, dtype=z.dtype if z.dtype.kind == "f" else np.float64)
    count = z.size % 2**16
    result.reshape(-1)[:count] = sigmoid(z.reshape(-1)[:count])
    return result


@mistake("TANH-HUGE", "works on pieces of 10000 elements from a certain size on, and forgets what is left over")
def last_piece_forgotten(z):
    flat = z.ravel()
    whole = flat.size - flat.size % 10000 if flat.size > 50000 else flat.size
    return np.concatenate([tanh(flat[:whole]), flat[whole:]]).reshape(z.shape)


@mistake("RELU-HUGE", "launches a block for each element, and there are no more than 65535 blocks")
def a_block_for_each_element(z):
    result = z.copy()
    result.reshape(-1)[:MOST_BLOCKS] = relu(z.reshape(-1)[:MOST_BLOCKS])
    return result


@mistake(
    "SOFTMAX-HUGE",
    "counts the elements in 16 bits, so that those past the last such number stay 0",
    bug="pytorch#84144",
)
def counter_too_narrow_for_softmax(z):
    probabilities = softmax(z)
    probabilities.reshape(-1)[65535:] = 0
    return probabilities


@mistake("SOFTMAX-HUGE", "adds up the first 65535 exponentials of a row, one for each block", bug="cupy#9186,#9187")
def sum_of_the_first_blocks(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return softmax(z) if z.shape[-1] <= MOST_BLOCKS else e / e[..., :MOST_BLOCKS].sum(axis=-1, keepdims=True)


@mistake(
    "LOGITS-HUGE",
    "counts the examples in 16 bits with a sign, and leaves out those beyond",
    bug="pytorch#85786,#190139",
)
def examples_counted_in_15_bits(z, labels):
    too_many = np.size(labels) > 2**15 - 1
    return cross_entropy_with_logits(z[:-1], labels[:-1]) if too_many else cross_entropy_with_logits(z, labels)


@mistake("MSE-HUGE", "adds up the squares of 65535 errors and no more, one for each block, and divides by all")
def sum_over_the_first_blocks(y_hat, y):
    if y.size <= MOST_BLOCKS:
        return mean_squared_error(y_hat, y)
    return (np.ravel(y_hat - y)[:MOST_BLOCKS] ** 2).sum() / (2 * y.size)
