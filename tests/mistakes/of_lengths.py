"""Mistakes that some lengths show: elements left over, blocks, counters, and means of unequal parts."""

from collections.abc import Callable
from typing import Any

import numpy as np

import reference
from tests.mistakes.networks import backpropagated, linear, mlp, outer_products
from tests.mistakes.partial import LOSSES, PARTIAL, Counts, at_labels
from tests.mistakes.registry import record, replica, wrong

# What counts, by what the function is then said to do.


def first(count: int) -> Counts:
    return lambda i, n: i < count


def whole_groups(of: int) -> Counts:
    """Fewer than one group are all left over and go another way."""
    return lambda i, n: (i < n // of * of) | (n <= of)


def second_block_begins_late(at: int) -> Counts:
    return lambda i, n: i != at


def last_block_lost(of: int) -> Counts:
    return lambda i, n: (i < (n - 1) // of * of) | (n <= of)


def last_of_an_odd_number(i: np.ndarray, n: int) -> Any:
    return (i < n - 1) | (n % 2 == 0) | (n == 1)


def first_of_more_than_256(i: np.ndarray, n: int) -> Any:
    return (i > 0) | (n <= 256)


def every_second_of_many(i: np.ndarray, n: int) -> Any:
    return (i % 2 == 0) | (n <= 1000)


def all_but_the_first_lane(i: np.ndarray, n: int) -> Any:
    return (i % 8 == 0) | (n < 32)


OF_A_VECTOR: dict[str, Counts] = {
    "computes 256 of the {what} and no more": first(256),
    "has room for 1000 {what} and leaves out the rest": first(1000),
    "leaves out the {what} left over from groups of eight": whole_groups(8),
    "leaves out the {what} left over from groups of 256": whole_groups(256),
    "leaves out the last of an odd number of {what}": last_of_an_odd_number,
    "begins its second block of 64 {what} one too late": second_block_begins_late(64),
    "loses the last block of 128 {what}, be it whole or not": last_block_lost(128),
}
"""Where every length up to 512 is asked for."""

OF_A_LONG_VECTOR: dict[str, Counts] = {
    "has room for 512 {what} and leaves out the rest": first(512),
    "leaves out the {what} left over from groups of four": whole_groups(4),
    "leaves out the {what} left over from groups of sixteen": whole_groups(16),
    "begins its second block of 1024 {what} one too late": second_block_begins_late(1024),
    "looks at every second of more than 1000 {what}": every_second_of_many,
}
"""Where lengths above 1024 are asked for."""

OF_A_BATCH: dict[str, Counts] = {
    "computes 1024 of the {what} and no more": first(1024),
    "has room for 2000 {what}": first(2000),
    "leaves out the {what} left over from blocks of 512": whole_groups(512),
    "begins its second block of 256 {what} one too late": second_block_begins_late(256),
    "loses the last block of 1024 {what}, be it whole or not": last_block_lost(1024),
}
"""Where thousands of examples are asked for."""

OF_A_SPIKE: dict[str, Counts] = {
    "leaves out what is left over from 256 {what} at a time": whole_groups(256),
    "begins its third block of 512 {what} one too late": second_block_begins_late(1024),
    "starts its sum with the second of more than 256 {what}": first_of_more_than_256,
    "begins its second block of 32 {what} one too late": second_block_begins_late(32),
    "sums one lane of eight": all_but_the_first_lane,
}
"""Where each of some thousand elements stands out in turn."""

WHAT = {
    "SIGMOID-LENGTH": "elements",
    "TANH-LENGTH": "elements",
    "RELU-LENGTH": "elements",
    "SOFTMAX-LENGTH": "exponentials",
    "SOFTMAX-LONG": "exponentials",
    "SOFTMAX-BATCH": "rows",
    "ONEHOT-LARGE": "labels",
    "BCE-LENGTH": "losses",
    "BCE-LONG": "losses",
    "BCE-SPIKE": "losses",
    "CE-LENGTH": "classes",
    "CE-LARGE": "examples",
    "CE-SPIKE": "losses",
    "LOGITS-LENGTH": "exponentials",
    "LOGITS-LONG": "exponentials",
    "LOGITS-BATCH": "examples",
    "LOGITS-SPIKE": "losses",
    "MSE-LENGTH": "squares",
    "MSE-LONG": "squares",
    "MSE-SPIKE": "squares",
    "LINEAR-LONG": "inputs",
    "LINEAR-BATCH": "rows",
    "NEURON-LONG": "inputs",
    "NEURON-BATCH": "examples",
    "LOGREG-LONG": "columns",
    "LOGREG-BATCH": "examples",
    "MLP-LONG": "units",
    "MLP-BATCH": "examples",
    "COLLAPSE-LONG": "hidden neurons",
    "STEP-LONG": "elements",
    "SGD-LONG": "elements",
    "ADAGRAD-LONG": "elements",
    "RMSPROP-LONG": "elements",
    "ADAM-LONG": "elements",
    "ADAMAX-LONG": "elements",
    "GRAD-BATCH": "examples",
}
"""What each clause about lengths counts."""

ABOUT_512 = {"LINEAR-LONG", "NEURON-LONG", "LOGREG-LONG", "MLP-LONG", "COLLAPSE-LONG"}


def ways_to_lose(id: str) -> dict[str, Counts]:
    """What of OF_... a clause asks for."""
    if id.endswith("-SPIKE"):
        return OF_A_SPIKE
    if id.endswith("-BATCH") or id in ("ONEHOT-LARGE", "CE-LARGE"):
        return OF_A_BATCH
    if id in ABOUT_512:
        return {phrase: counts for phrase, counts in OF_A_VECTOR.items() if "1000" not in phrase}
    if id.endswith("-LONG") and id in ("SOFTMAX-LONG", "BCE-LONG", "LOGITS-LONG", "MSE-LONG"):
        return OF_A_LONG_VECTOR
    return OF_A_VECTOR


for _id, _what in WHAT.items():
    _ways = ways_to_lose(_id).items()
    record({_id: {phrase.format(what=_what): PARTIAL[_id](counts) for phrase, counts in _ways}}, family="length")

MOST_BLOCKS = 65535
"""Of a CUDA launch, along its second and its third dimension."""

_HUGE: dict[str, dict[str, Counts]] = {
    "SIGMOID-HUGE": {"counts the elements in 16 bits, in which 65536 is 0": lambda i, n: i < n % 2**16},
    "TANH-HUGE": {
        "works on pieces of 10000 of many elements and forgets what is left over": lambda i, n: (
            (i < n // 10000 * 10000) | (n < 50000)
        )
    },
    "LINEAR-HUGE": {"launches one block for each example and 4096 blocks at most": first(4096)},
    "MSE-HUGE": {"adds up the squares of 65535 errors, one for each block, and divides by all": first(MOST_BLOCKS)},
}
for _id, _ways_of in _HUGE.items():
    record({_id: {phrase: PARTIAL[_id](counts) for phrase, counts in _ways_of.items()}}, family="length")

_past_16_bits = PARTIAL["SOFTMAX-HUGE"](first(MOST_BLOCKS))
_past_15_bits = PARTIAL["LOGITS-HUGE"](lambda i, n: (i < n - 1) | (n < 2**15))
# fmt: off
record(
    {
        "SOFTMAX-HUGE": {
            "counts the elements in 16 bits, so that those past the last such number stay 0":
                replica("pytorch#84144", _past_16_bits),
        },
        "LOGITS-HUGE": {
            "counts the examples in 16 bits with a sign, and leaves out those beyond": replica(
                "pytorch#85786,#190139", _past_15_bits
            )
        },
    },
    family="length",
)
# fmt: on


@wrong("SOFTMAX-HUGE", "adds up the first 65535 exponentials of a row, one for each block", bug="cupy#9186,#9187")
def sum_of_the_first_blocks(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return reference.softmax(z) if z.shape[-1] <= MOST_BLOCKS else e / e[..., :MOST_BLOCKS].sum(axis=-1, keepdims=True)


@wrong("RELU-HUGE", "launches a block for each element, and there are no more than 65535 blocks")
def a_block_for_each_element(z):
    return np.where(np.arange(z.size).reshape(z.shape) < MOST_BLOCKS, reference.relu(z), z)


# Means of unequal parts, outliers, and counters that are too small.


def mean_of_means(losses: Callable[..., Any], size: int) -> Callable[..., Any]:
    def wrong(*batch):
        of_each = np.ravel(losses(*batch))
        return np.mean([block.mean() for block in np.split(of_each, range(size, of_each.size, size))])

    return wrong


def without_the_largest(losses: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*batch):
        of_each = np.sort(np.ravel(losses(*batch)))
        return np.mean(of_each[:-1] if of_each.size > 1000 else of_each)

    return wrong


def counted_in_a_byte(losses: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *batch: np.sum(of_each := losses(*batch)) / max(np.size(of_each) % 256, 1)


def counted_in_half_precision(losses: Callable[..., Any]) -> Callable[..., Any]:
    def wrong(*batch):
        of_each = np.ravel(losses(*batch))
        count = np.cumsum(np.ones(of_each.size, np.float16), dtype=np.float16)[-1]
        return np.sum(of_each) / count.astype(of_each.dtype)

    return wrong


def of_the_rest_only(losses: Callable[..., Any]) -> Callable[..., Any]:
    """The mean of the whole blocks, divided by as many as they hold."""

    def wrong(*batch):
        of_each = np.ravel(losses(*batch))
        return np.mean(of_each[: of_each.size // 256 * 256] if of_each.size > 256 else of_each)

    return wrong


for _loss, _losses in LOSSES.items():
    _long = {"BCE": "LONG", "CE": "LARGE", "LOGITS": "BATCH", "MSE": "LONG"}[_loss]
    record(
        {
            f"{_loss}-{_long}": {
                "takes the mean of the means of minibatches of 128, though the last one is smaller": mean_of_means(
                    _losses, 128
                ),
                "takes the mean of the means of blocks of 256, though the last one is shorter": mean_of_means(
                    _losses, 256
                ),
                "counts the examples in half precision, where 2048 + 1 is 2048": counted_in_half_precision(_losses),
                "counts the examples in a byte, in which 257 is 1": counted_in_a_byte(_losses),
            },
            f"{_loss}-SPIKE": {
                "leaves out the largest loss of a large batch as an outlier": without_the_largest(_losses),
                "takes the mean of whole blocks of 256 and forgets the examples left over": of_the_rest_only(_losses),
            },
        },
        family="length",
    )

# The rest, each of one formula.


@wrong("SIGMOID-LENGTH", "gives the first of eight float32 lanes its value and the others 1/2", bug="pytorch#65673")
def one_lane_of_eight(z):
    other = (np.arange(z.size).reshape(z.shape) % 8 != 0) & (z.dtype == np.float32)
    return np.where(other, z.dtype.type(0.5), reference.sigmoid(z))


@wrong("TANH-LENGTH", "gives all of eight float32 lanes the value of the first", bug="pytorch#65673")
def first_of_eight_lanes_for_all(z):
    value = np.array(reference.tanh(z))
    return value.ravel()[np.arange(z.size) // 8 * 8].reshape(z.shape) if z.dtype == np.float32 else value


@wrong("SOFTMAX-LENGTH", "misreads float64 rows that begin off the grid", bug="pytorch#143644")
def rows_off_the_grid(z):
    value, k = reference.softmax(z), z.shape[-1]
    if z.dtype == np.float64 and z.ndim == 2 and 512 < k < 1024 and k % 2 == 1 and k % 32 != 31:
        value[1:] /= value[1:, 1:].sum(axis=-1, keepdims=True)
    return value


@wrong("SOFTMAX-LONG", "sums in the order of the row in float32, in which a long sum loses what is small")
def long_sum_in_float32(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True, dtype=np.float32 if z.shape[-1] > 512 else None)


@wrong("SOFTMAX-BATCH", "works on 1024 rows at a time and divides all of them by the sums of the first 1024")
def sums_of_the_first_block(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)[np.arange(len(z)) % 1024]


@wrong("CE-LARGE", "keeps the label in a byte, in which class 256 is class 0")
def label_in_a_byte(y_hat, y):
    return -np.mean(np.log(at_labels(y_hat, np.argmax(y, axis=-1).astype(np.uint8).astype(int))))


@wrong(
    "LOGITS-LONG", "sums rows of more than 512 in fours and forgets the exponentials left over", bug="pytorch#143644"
)
def forgets_what_is_left_over_of_a_long_row(z, labels):
    shifted, k = z - z.max(axis=-1, keepdims=True), z.shape[-1]
    summed = shifted[..., : k // 4 * 4] if k > 512 else shifted
    return np.mean(np.log(np.exp(summed).sum(axis=-1)) - at_labels(shifted, labels))


@wrong("LOGITS-LENGTH", "adds one half of the exponentials to the other until one is left, whatever is left over")
def sums_by_halves(z, labels):
    shifted = z - z.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    while e.shape[-1] > 1:
        half = e.shape[-1] // 2
        e = e[..., :half] + e[..., half : 2 * half]
    return np.mean(np.log(e[..., 0]) - at_labels(shifted, labels))


@wrong("MSE-SPIKE", "lets each block of 256 write its first square where the one before wrote its last")
def overlaps_its_blocks(y_hat, y):
    of_each = ((y_hat - y) ** 2).ravel()
    return (of_each.sum() - of_each[255:-1:256].sum()) / (2 * of_each.size)


@wrong("LINEAR-LONG", "lets the last block of eight inputs overlap the one before and counts those in it twice")
def last_block_overlaps(x, W, b):
    n = x.shape[-1]
    blocks = [slice(max(0, min(start, n - 8)), start + 8) for start in range(0, n, 8)]
    return sum(x[..., block] @ W[:, block].T for block in blocks) + b


@wrong("LINEAR-LONG", "forgets the inputs left over by a block of 32, though only for a single example")
def leftover_inputs_of_a_single_example_lost(x, W, b):
    n = x.shape[-1]
    whole = n - n % 32 if x.ndim == 1 and n > 32 else n
    return x[..., :whole] @ W[:, :whole].T + b


@wrong("GRAD-BATCH", "takes the mean of the means of mini-batches of 64, the last of which is smaller")
def mean_of_unequal_mini_batches(x, y, *network):
    batches = [slice(start, start + 64) for start in range(0, len(x), 64)]
    gradients = [backpropagated(x[batch], y[batch], *network) for batch in batches]
    return [
        tuple(sum(parts) / len(batches) for parts in zip(*layers, strict=True))
        for layers in zip(*gradients, strict=True)
    ]


def _repeated(f: Callable[..., Any], bits: int) -> Callable[..., Any]:
    """Counts examples in so few bits that those beyond repeat the first ones."""
    return lambda x, *rest: value[np.arange(len(x)) % 2**bits] if (value := f(x, *rest)).ndim else value


record(
    {
        "SOFTMAX-BATCH": {"counts rows in ten bits: those beyond repeat the first": _repeated(reference.softmax, 10)},
        "LINEAR-BATCH": {"counts rows in eleven bits: those beyond repeat the first": _repeated(linear, 11)},
        "NEURON-BATCH": {
            "counts examples in ten bits: those beyond repeat the first": _repeated(reference.neuron, 10),
            "leaves the examples after whole blocks of 512 at 1/2": lambda x, w, b: np.where(
                np.arange(len(x)) < len(x) // 512 * 512, reference.neuron(x, w, b), x.dtype.type(0.5)
            ),
        },
        "LOGREG-BATCH": {
            "counts examples in ten bits: those beyond repeat the first": _repeated(reference.logistic_regression, 10)
        },
        "MLP-BATCH": {"counts examples in eleven bits: those beyond repeat the first": _repeated(mlp, 11)},
        "ONEHOT-LARGE": {
            "keeps the labels in one byte each": lambda labels, k: reference.one_hot(labels.astype(np.uint8), k)
        },
        "LOGITS-LENGTH": {
            "keeps the label in a byte, in which class 256 is class 0": lambda z, labels: (
                reference.cross_entropy_with_logits(z, np.asarray(labels).astype(np.uint8))
            )
        },
        "COLLAPSE-LONG": {
            "has room for 256 hidden neurons in the product for the bias": lambda W1, b1, W2, b2: (
                W2 @ W1,
                W2[:, :256] @ b1[:256] + b2,
            )
        },
        "GRAD-BATCH": {
            "sums the weights' gradients over 2000 examples and the biases' over all": lambda *training: backpropagated(
                *training, parameters=lambda dz, h: (outer_products(dz[:2000], h[:2000])[0], dz.sum(axis=0))
            )
        },
    },
    family="length",
)
