"""Mistakes that show from the size on at which a counter or a launch runs out."""

import numpy as np

from reference import cross_entropy_with_logits, linear, mean_squared_error, relu, sigmoid, softmax, tanh
from tests.selftest.known_mistakes.registry import mistake

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


@mistake("SOFTMAX-HUGE", "adds up the first 65535 exponentials of a row, one for each block", bug="cupy#9186,#9187")
def sum_of_the_first_blocks(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return softmax(z) if z.shape[-1] <= MOST_BLOCKS else e / e[..., :MOST_BLOCKS].sum(axis=-1, keepdims=True)


@mistake("LOGITS-HUGE", "reads labels that lie far into the batch from where they are not", bug="pytorch#85786,#190139")
def labels_indexed_in_15_bits(z, labels):
    if np.ndim(labels) == 0:
        return cross_entropy_with_logits(z, labels)
    return cross_entropy_with_logits(z, labels)if len(labels) < 2**15 else cross_entropy_with_logits(z[:-1], labels[:-1])


@mistake("MSE-HUGE", "adds up the squares in two passes of 32767, which 16 bits can count")
def two_passes(y_hat, y):
    counted = slice(2 * 32767)
    left_out = 1 if y.size <= 2 * 32767 else 2 * 32767 / y.size
    return mean_squared_error(y_hat, y) if left_out == 1 else left_out * mean_squared_error(y_hat[counted], y[counted])


@mistake("LINEAR-HUGE", "multiplies at most 8191 examples at a time, and leaves the others at 0")
def one_tile_of_examples(x, W, b):
    sums = linear(x, W, b)
    if x.ndim == 2:
        sums[8191:] = 0
    return sums
