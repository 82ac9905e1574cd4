"""Mistakes that some lengths show: elements left over, blocks, counters, and means of unequal parts."""

import numpy as np

import reference
from tests.mistakes.networks import linear, mlp
from tests.mistakes.partial import LOSSES, PARTIAL, Counts, at_labels
from tests.mistakes.registry import record, replica

# fmt: off

def first(count: int) -> Counts:
    return lambda i, n: i < count

def whole_groups(of: int) -> Counts:
    """Fewer than one group are all left over and go another way."""
    return lambda i, n: (i < n // of * of) | (n <= of)

def last_block_lost(of: int) -> Counts:
    return lambda i, n: (i < (n - 1) // of * of) | (n <= of)

def but(one: int) -> Counts:
    return lambda i, n: i != one

OF_A_VECTOR: dict[str, Counts] = {
    "computes 256 {what} and no more": first(256),
    "leaves out the {what} left over from groups of eight": whole_groups(8),
    "leaves out the {what} left over from groups of 256": whole_groups(256),
    "leaves out the last of an odd number of {what}": lambda i, n: (i < n - 1) | (n % 2 == 0) | (n == 1),
    "begins its second block of 64 {what} one too late": but(64),
    "loses the last block of 128 {what}, be it whole or not": last_block_lost(128),
}
OF_A_LONG_VECTOR: dict[str, Counts] = {
    "has room for 512 {what} and leaves out the rest": first(512),
    "has room for 2000 {what} and leaves out the rest": first(2000),
    "leaves out the {what} left over from groups of sixteen": whole_groups(16),
    "begins its second block of 1024 {what} one too late": but(1024),
    "looks at every second of more than 1000 {what}": lambda i, n: (i % 2 == 0) | (n <= 1000),
}
OF_A_BATCH: dict[str, Counts] = {
    "computes 1024 {what} and no more": first(1024),
    "has room for 2000 {what} and leaves out the rest": first(2000),
    "leaves out the {what} left over from blocks of 256": whole_groups(256),
    "leaves out the {what} left over from blocks of 512": whole_groups(512),
    "begins its second block of 256 {what} one too late": but(256),
}
OF_A_SPIKE: dict[str, Counts] = {
    "leaves out what is left over from 256 {what} at a time": whole_groups(256),
    "begins its third block of 512 {what} one too late": but(1024),
    "starts its sum with the second of more than 256 {what}": lambda i, n: (i > 0) | (n <= 256),
    "sums one lane of eight {what}": lambda i, n: (i % 8 == 0) | (n < 32),
}
MOST_BLOCKS = 65535
"""Of a CUDA launch, along its second and its third dimension."""

for _id, (_what, _form) in PARTIAL.items():
    _ways = OF_A_VECTOR
    if _id.endswith("-SPIKE"):
        _ways = OF_A_SPIKE
    elif _id in ("SOFTMAX-LONG", "BCE-BATCH", "LOGITS-LONG", "MSE-BATCH"):
        _ways = OF_A_LONG_VECTOR
    elif _id.endswith("-BATCH"):
        _ways = OF_A_BATCH
    elif _id.endswith("-HUGE"):
        continue
    record({_id: {way.format(what=_what): _form(counts) for way, counts in _ways.items()}}, family="length")

# Means of unequal parts, outliers, and counters that are too small.

def mean_of_means(size):
    return lambda of_each: np.mean([block.mean() for block in np.split(of_each, range(size, of_each.size, size))])

def counted_in_half(of_each):
    return np.sum(of_each) / np.cumsum(np.ones_like(of_each, np.float16), dtype=np.float16)[-1].astype(of_each.dtype)

MEANS = {
    "takes the mean of the means of blocks of 64, though the last one is shorter": mean_of_means(64),
    "takes the mean of the means of blocks of 128, though the last one is shorter": mean_of_means(128),
    "takes the mean of the means of blocks of 256, though the last one is shorter": mean_of_means(256),
    "counts the examples in half precision, where 2048 + 1 is 2048": counted_in_half,
    "counts the examples in a byte, in which 257 is 1": lambda of_each: np.sum(of_each) / max(of_each.size % 256, 1),
}
MEANS_OF_A_SPIKE = {
    "leaves out the largest loss of a large batch as an outlier": lambda of_each: np.mean(
        np.sort(of_each)[: -1 if of_each.size > 1000 else None]
    ),
    "takes the mean of whole blocks of 256 and forgets the examples left over": lambda of_each: np.mean(
        of_each[: of_each.size // 256 * 256] if of_each.size > 256 else of_each
    ),
    "lets each block of 256 write its first loss where the one before wrote its last": lambda of_each: (
        (of_each.sum() - of_each[255:-1:256].sum()) / of_each.size
    ),
}
for _loss, _losses in LOSSES.items():
    for _id, _means in {f"{_loss}-BATCH": MEANS, f"{_loss}-SPIKE": MEANS_OF_A_SPIKE}.items():
        _wrong = {
            what: lambda *batch, mean=mean, losses=_losses: mean(np.ravel(losses(*batch)))
            for what, mean in _means.items()
        }
        record({_id: _wrong}, family="length")

# The rest, each of one formula.

def partly(id, counts):
    return PARTIAL[id][1](counts)

def repeated(f, bits):
    """Counts examples in so few bits that those beyond repeat the first ones."""
    return lambda x, *rest: value[np.arange(len(x)) % 2**bits] if (value := f(x, *rest)).ndim else value

def or_as_it_is(counts):
    """ReLU, and what does not count stays as it is."""
    return lambda z: np.where(counts(np.arange(z.size), z.size).reshape(z.shape), reference.relu(z), z)

record({
"SIGMOID-HUGE": {
    "counts the elements in 16 bits, in which 65536 is 0": partly("SIGMOID-HUGE", lambda i, n: i < n % 2**16),
}, "TANH-HUGE": {
    "works on pieces of 10000 of many elements and forgets what is left over":
        partly("TANH-HUGE", lambda i, n: (i < n // 10000 * 10000) | (n < 50000)),
}, "RELU-HUGE": {
    "launches a block for each element, and there are no more than 65535 blocks": or_as_it_is(first(MOST_BLOCKS)),
}, "MSE-HUGE": {
    "adds up the squares of 65535 errors, one for each block": partly("MSE-HUGE", first(MOST_BLOCKS)),
}, "LINEAR-HUGE": {
    "launches one block for each example and 4096 blocks at most": partly("LINEAR-HUGE", first(4096)),
}, "SOFTMAX-HUGE": {
    "counts the elements in 16 bits, so that those past the last such number stay 0":
        replica("pytorch#84144", partly("SOFTMAX-HUGE", first(MOST_BLOCKS))),
    "adds up the first 65535 exponentials of a row, one for each block":
        replica("cupy#9186,#9187", partly("SOFTMAX-LONG", first(MOST_BLOCKS))),
}, "LOGITS-HUGE": {
    "counts the examples in 16 bits with a sign, and leaves out those beyond":
        replica("pytorch#85786,#190139", partly("LOGITS-HUGE", lambda i, n: (i < n - 1) | (n < 2**15))),
}, "RELU-LENGTH": {
    "rectifies pairs of elements and leaves the last of an odd number as it is":
        or_as_it_is(lambda i, n: i < n // 2 * 2),
    "rectifies the first 1024 elements and leaves the others as they are": or_as_it_is(first(1024)),
}, "SIGMOID-LENGTH": {
    "gives the first of eight float32 lanes its value and the others 1/2": replica("pytorch#65673", lambda z: np.where(
        (np.arange(z.size).reshape(z.shape) % 8 != 0) & (z.dtype == np.float32), z.dtype.type(0.5), reference.sigmoid(z)
    )),
}, "TANH-LENGTH": {
    "gives all of eight float32 lanes the value of the first": replica("pytorch#65673", lambda z: reference.tanh(
        z.ravel()[np.arange(z.size) // 8 * 8].reshape(z.shape) if z.dtype == np.float32 else z
    )),
}, "SOFTMAX-BATCH": {
    "works on 1024 rows at a time and divides all of them by the sums of the first 1024": lambda z: (
        (e := np.exp(z - z.max(axis=-1, keepdims=True)))
        / e.sum(axis=-1, keepdims=True)[np.arange(len(z)) % 1024]
    ),
}, "NEURON-BATCH": {
    "leaves the examples after whole blocks of 512 at 1/2":
        lambda x, w, b: np.where(np.arange(len(x)) < len(x) // 512 * 512, reference.neuron(x, w, b), x.dtype.type(0.5)),
}, "LOGREG-BATCH": {
    "counts examples in ten bits: those beyond repeat the first": repeated(reference.logistic_regression, 10),
}, "MLP-BATCH": {
    "counts examples in eleven bits: those beyond repeat the first": repeated(mlp, 11),
}, "ONEHOT-BATCH": {
    "keeps the labels in one byte each": lambda labels, k: reference.one_hot(labels.astype(np.uint8), k),
}, "CE-LONG": {
    "keeps the label in a byte, in which class 256 is class 0":
        lambda y_hat, y: -np.mean(np.log(at_labels(y_hat, np.argmax(y, axis=-1).astype(np.uint8).astype(int)))),
}, "LOGITS-LENGTH": {
    "keeps the label in a byte, in which class 256 is class 0":
        lambda z, labels: reference.cross_entropy_with_logits(z, np.asarray(labels).astype(np.uint8)),
}, "LOGITS-LONG": {
    "sums rows of more than 512 in fours and forgets the exponentials left over":
        replica("pytorch#143644", partly("LOGITS-LONG", lambda i, n: (i < n // 4 * 4) | (n <= 512))),
    "has room for the 1000 classes of ImageNet": partly("LOGITS-LONG", first(1000)),
}, "CE-LENGTH": {
    "has room for the 1000 classes of ImageNet": partly("CE-LENGTH", first(1000)),
    "works on four classes at a time and forgets those left over": partly("CE-LENGTH", whole_groups(4)),
}, "SOFTMAX-LENGTH": {
    "adds up four exponentials of a longer row at a time and leaves out what is left over":
        partly("SOFTMAX-LENGTH", lambda i, n: (i < n // 4 * 4) | (n <= 16)),
}, "COLLAPSE-LENGTH": {
    "has room for 256 hidden neurons in the product for the bias":
        lambda W1, b1, W2, b2: (W2 @ W1, W2[:, :256] @ b1[:256] + b2),
}, "LINEAR-ONE": {
    "forgets the inputs left over by a block of 32, though only for a single example":
        lambda x, *rest: (partly("LINEAR-LENGTH", whole_groups(32)) if x.ndim == 1 else linear)(x, *rest),
}}, family="length")
