"""Known mistakes of cross_entropy_with_logits, of its own formula."""

import numpy as np

from reference import cross_entropy_with_logits as right
from tests.mistakes.networks import softmax
from tests.mistakes.of_activations import in_half_only
from tests.mistakes.partial import at_labels, log_softmax
from tests.mistakes.registry import record, replica, wrong

# fmt: off
exp, log, mean = np.exp, np.log, np.mean

def of_sum(z):
    return z.sum(axis=-1)

def of_max(z):
    return z.max(axis=-1, keepdims=True)

def with_log_sum_exp(of, z, labels):
    """The mean of log-sum-exp, as ``of`` has it, less the label's logit."""
    return mean(of(z) - at_labels(z, labels))

def one_hot(z, labels):
    return np.eye(z.shape[-1])[labels]

def of_each(z, labels):
    return -at_labels(log_softmax(z), labels)

record({
"LOGITS-VALUE": {
    "takes the logarithm to base 2": lambda z, y: with_log_sum_exp(lambda z: np.log2(of_sum(exp(z))), z, y),
    "takes the logits for logarithms of probabilities already": lambda z, y: -mean(at_labels(z, y)),
    "leaves out the logarithm of the softmax": lambda z, y: -mean(at_labels(softmax(z), y)),
    "takes the largest logit where log-sum-exp is due": lambda z, y: with_log_sum_exp(lambda z: z.max(axis=-1), z, y),
    "treats the classes as independent and applies a sigmoid": lambda z, y: mean(np.logaddexp(0, -at_labels(z, y))),
    "takes the binary loss of each class and averages over m and k":
        lambda z, y: mean(np.logaddexp(0, z) - one_hot(z, y) * z),
    "counts the classes from 1 and so reads the logit of the class before the label":
        lambda z, y: right(z, (y - 1) % z.shape[-1]),
    "leaves label smoothing switched on, by 0.1":
        lambda z, y: -mean(0.9 * at_labels(log_softmax(z), y) + 0.1 * mean(log_softmax(z), axis=-1)),
    "clips the logits to [-10, 10]": lambda z, y: right(np.clip(z, -10, 10), y),
    "adds an eps of 0.001 to the argument of the logarithm": lambda z, y: -mean(log(at_labels(softmax(z), y) + 1e-3)),
    "normalises over the examples": lambda z, y: -mean(log(at_labels(exp(z) / exp(z).sum(axis=0), y))),
    "averages over the classes too": lambda z, y: -mean(one_hot(z, y) * log_softmax(z)),
}, "LOGITS-COMPOSITION": {
    "applies the softmax twice: to the logits, and again in a loss that contains it": lambda z, y: right(softmax(z), y),
    "leaves the label's own logit out of the sum of the softmax":
        lambda z, y: mean(log(of_sum(exp(z)) - at_labels(exp(z), y)) - at_labels(z, y)),
}, "LOGITS-MEAN": {
    "normalises over the whole batch": lambda z, y: -mean(log(at_labels(exp(z) / exp(z).sum(), y))),
    "forgets keepdims: in a square batch it divides each column by a row's sum, other batches fail":
        lambda z, y: -mean(log(at_labels(exp(z) / of_sum(exp(z)), y))),
    "guesses that the axis of m entries holds the examples, and a square batch has two":
        lambda z, y: right(z.T if z.ndim == 2 and z.shape[1] == len(y) else z, y),
    "indexes with the labels alone and reads every example's label in every row":
        lambda z, y: -mean(log_softmax(z)[..., y]),
    "takes the logarithm of a mean": lambda z, y: -log(mean(at_labels(softmax(z), y))),
    "gives every class the same weight, however many examples it has":
        lambda z, y: mean([right(z[y == label], y[y == label]) for label in np.unique(y)]),
}, "LOGITS-ONE": {
    "divides the loss of one example by its length": lambda z, y: np.sum(of_each(z, y)) / len(z),
    "takes the k logits of one example for k examples of one class, which cost nothing":
        lambda z, y: right(z[:, None], np.zeros(z.shape, int)) if z.ndim == 1 else right(z, y),
    "counts the labels with len(), and the label of one example has no length":
        lambda z, y: -mean(log_softmax(z)[np.arange(len(y)), y]),
    "gives the loss of one example the axis of a batch": lambda z, y: np.atleast_1d(right(z, y)),
}, "LOGITS-SHIFT": {
    "subtracts the maximum in the exponentials and forgets it at the label's logit":
        lambda z, y: mean(log(of_sum(exp(z - of_max(z)))) - at_labels(z, y)),
    "sends the logits through the ReLU of the hidden layers": lambda z, y: right(np.maximum(z, 0), y),
    "scales every row of logits to the length 1":
        lambda z, y: right(z / np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1e-12), y),
}, "LOGITS-PURE": {
    "subtracts the maximum from the caller's logits themselves":
        lambda z, y: right(np.subtract(z, of_max(z), out=z), y),
}, "LOGITS-SPREAD": {
    "exponentiates without a shift, and e^94 overflows float32":
        replica("pytorch#795,#725", lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z))), z, y)),
    "takes the logarithm of a softmax": lambda z, y: -mean(log(at_labels(softmax(z), y))),
    "goes through a loss of probabilities that clamps its logarithms at -100":
        replica("pytorch#24933", lambda z, y: mean(-np.maximum(log(at_labels(softmax(z), y)), -100))),
    "clamps the log-softmax at -64": lambda z, y: mean(np.minimum(of_each(z, y), 64)),
}, "LOGITS-OFFSET": {
    "shifts by the maximum with the wrong sign and doubles what it should take away": replica(
        "pytorch PR2221",
        lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z + of_max(z)))) - z.max(axis=-1), z, y),
    ),
    "adds the maximum back before it subtracts the logit, and loses the normaliser": replica(
        "pytorch#38839",
        lambda z, y: with_log_sum_exp(lambda z: z.max(axis=-1) + log(of_sum(exp(z - of_max(z)))), z, y),
    ),
    "shifts every row by the maximum of the whole batch, and rows far below it underflow":
        lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z))), z - np.max(z), y),
    "shifts every row by the maximum of the first one, above which another may overflow":
        lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z))), z - np.max(np.atleast_2d(z)[0]), y),
}, "LOGITS-NEGINF": {
    "multiplies by a one-hot label, and 0 times -inf is NaN":
        replica("pytorch#102894,#49844", lambda z, y: -mean(of_sum(one_hot(z, y) * log_softmax(z)))),
    "replaces a logit of -inf by 0, as if it were a missing value": lambda z, y: right(np.where(z == -np.inf, 0, z), y),
}, "LOGITS-INFINITE": {
    "masks a logit by -20 where -inf is due": lambda z, y: right(np.maximum(z, -20), y),
}, "LOGITS-NAN": {
    "leaves NaN out of the sum as if that class did not exist": lambda z, y: mean(
        log(np.nansum(exp(z - np.nanmax(z, axis=-1, keepdims=True)), axis=-1))
        - at_labels(z - np.nanmax(z, axis=-1, keepdims=True), y)
    ),
    "leaves the examples whose loss is NaN out of the mean": lambda z, y: np.nanmean(of_each(z, y)),
}, "LOGITS-POSINF": {
    "replaces an infinite logit by the largest finite number, for which a softmax exists":
        lambda z, y: right(np.where(np.isinf(z), np.sign(z) * 1e30, z), y),
}, "LOGITS-DTYPE": {
    "keeps the normaliser in half precision, as under careless mixed precision":
        lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z))).astype(np.float16), z, y),
    "keeps the slides' eps in the logarithm of the softmax": lambda z, y: -mean(log(at_labels(softmax(z), y) + 1e-8)),
}, "LOGITS-INTEGER": {
    "subtracts the maximum in the integers' own dtype": lambda z, y: right((z - of_max(z)).astype(float), y),
    "writes the exponentials into an array like the logits, which cuts them off to integers":
        lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z).astype(int))), z - of_max(z).astype(float), y),
}, "LOGITS-LABELS": {
    "lets a negative label count from the last class, as NumPy's indices do": lambda z, y: mean(of_each(z, y)),
    "finds the label's logit in flat memory, where one out of range belongs to another row": replica(
        "pytorch#39769,#66872",
        lambda z, y: -mean(np.take(log_softmax(z), np.arange(len(y)) * z.shape[-1] + y, mode="clip")),
    ),
    "ignores examples labelled -100 as padding":
        lambda z, y: right(z[y != -100], y[y != -100]) if (y != -100).any() else np.nan,
    "compares the labels with the classes, and a label that is none of them costs nothing":
        lambda z, y: -mean(np.sum(log_softmax(z), axis=-1, where=np.arange(z.shape[-1]) == y[..., None])),
    "takes labels modulo the number of classes": lambda z, y: right(z, y % z.shape[-1]),
}, "LOGITS-SHAPES": {
    "takes one label for all rows": lambda z, y: right(z, np.broadcast_to(y, z.shape[:-1])),
}, "LOGITS-HALF": {
    "takes the logarithm of a softmax, whose small probabilities are 0 in half precision":
        in_half_only(right, lambda z, y: -mean(log(at_labels(softmax(z), y)))),
}, "LOGITS-CONFIDENT": {
    "keeps the sum of the exponentials in half precision, where 1 + 0.0002 is 1": replica(
        "LIVE torch 2.13 CPU",
        in_half_only(right, lambda z, y: with_log_sum_exp(lambda z: log(of_sum(exp(z))), z - of_max(z), y)),
    ),
}})

@wrong("LOGITS-OVERFLOW", "adds up the losses of the batch in half precision before it divides", bug="pytorch#61523")
def losses_added_up_in_half(z, labels):
    if z.dtype != np.float16:
        return right(z, labels)
    losses = [right(row, label) for row, label in zip(np.atleast_2d(z), np.ravel(labels), strict=True)]
    return np.array(losses, np.float16).sum() / np.float16(len(losses))

@wrong("LOGITS-PURE", "turns the caller's labels into positions in the flattened batch")
def offsets_the_labels_in_place(z, labels):
    labels += np.arange(labels.size).reshape(labels.shape) * z.shape[-1]
    return -mean(log_softmax(z).ravel()[labels])
