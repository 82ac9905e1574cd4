"""Known mistakes of cross_entropy_with_logits."""

import numpy as np

from reference import cross_entropy_with_logits as right
from tests.former_mistakes.registry import mistake


def softmax(z):
    """Where nothing is wrong with it."""
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / np.sum(e, axis=-1, keepdims=True)


def log_softmax(z):
    """Where nothing is wrong with it."""
    shifted = z - np.max(z, axis=-1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=-1, keepdims=True))


def at_labels(rows, labels):
    """Of each row what stands at its label."""
    return np.take_along_axis(rows, labels[..., None], axis=-1)[..., 0]


# Signs, logarithms, labels


@mistake("LOGITS-VALUE", "leaves out the minus sign, so that descent makes the predictions worse")
def forgets_the_minus_sign(z, labels):
    return np.mean(at_labels(log_softmax(z), labels))


@mistake("LOGITS-VALUE", "takes the logarithm to base 2 although the exponentials are to base e")
def takes_the_logarithm_to_base_2(z, labels):
    return np.mean(np.log2(np.sum(np.exp(z), axis=-1)) - at_labels(z, labels))


@mistake("LOGITS-VALUE", "takes the logits for logarithms of probabilities already and leaves the softmax to nobody")
def forgets_the_softmax(z, labels):
    return -np.mean(at_labels(z, labels))


@mistake("LOGITS-VALUE", "leaves out the logarithm of the softmax")
def forgets_the_logarithm(z, labels):
    return -np.mean(at_labels(softmax(z), labels))


@mistake("LOGITS-VALUE", "takes the largest logit where log-sum-exp is due: a hinge with corners")
def takes_the_maximum_for_log_sum_exp(z, labels):
    return np.mean(np.max(z, axis=-1) - at_labels(z, labels))


@mistake("LOGITS-VALUE", "treats the classes as independent and applies a sigmoid where the softmax is due")
def applies_a_sigmoid_to_each_class(z, labels):
    return np.mean(np.logaddexp(0, -at_labels(z, labels)))


@mistake("LOGITS-VALUE", "counts the classes from 1 and so reads the logit of the class before the label")
def counts_the_classes_from_1(z, labels):
    return right(z, (labels - 1) % z.shape[-1])


@mistake("LOGITS-VALUE", "leaves label smoothing switched on, by 0.1")
def smooths_the_labels(z, labels):
    log_p = log_softmax(z)
    return -np.mean(0.9 * at_labels(log_p, labels) + 0.1 * np.mean(log_p, axis=-1))


@mistake("LOGITS-VALUE", "clips the logits to [-10, 10]")
def clips_the_logits(z, labels):
    return right(np.clip(z, -10, 10), labels)


@mistake("LOGITS-VALUE", "adds an eps to the argument of the logarithm that is no longer small: 0.001")
def adds_too_large_an_eps(z, labels):
    return -np.mean(np.log(at_labels(softmax(z), labels) + 1e-3))


@mistake("LOGITS-COMPOSITION", "applies the softmax twice: to the logits, and again in a loss that contains it")
def applies_the_softmax_twice(z, labels):
    return right(softmax(z), labels)


@mistake("LOGITS-COMPOSITION", "leaves the label's own logit out of the sum of the softmax")
def leaves_the_label_out_of_the_sum(z, labels):
    e = np.exp(z)
    return np.mean(np.log(np.sum(e, axis=-1) - at_labels(e, labels)) - at_labels(z, labels))


# Sums, means and axes


@mistake("LOGITS-VALUE", "normalises over the examples where the softmax runs over the classes")
def normalises_over_the_batch(z, labels):
    e = np.exp(z)
    return -np.mean(np.log(at_labels(e / np.sum(e, axis=0), labels)))


@mistake("LOGITS-MEAN", "normalises over the whole batch, so that the examples compete with each other")
def normalises_over_everything(z, labels):
    e = np.exp(z)
    return -np.mean(np.log(at_labels(e / np.sum(e), labels)))


@mistake("LOGITS-MEAN", "forgets keepdims: in a square batch it divides each column by a row's sum, other batches fail")
def forgets_keepdims(z, labels):
    e = np.exp(z)
    return -np.mean(np.log(at_labels(e / np.sum(e, axis=-1), labels)))


@mistake("LOGITS-MEAN", "guesses that the axis of m entries holds the examples, and a square batch has two of them")
def guesses_the_axis_of_the_examples(z, labels):
    return right(z.T if z.ndim == 2 and z.shape[1] == len(labels) else z, labels)


@mistake("LOGITS-MEAN", "indexes with the labels alone and reads every example's label in every row")
def reads_every_label_in_every_row(z, labels):
    return -np.mean(log_softmax(z)[..., labels])


@mistake("LOGITS-VALUE", "averages over the classes too, where the formula sums over them")
def averages_over_the_classes(z, labels):
    return -np.mean(np.eye(z.shape[-1])[labels] * log_softmax(z))


@mistake("LOGITS-MEAN", "sums over the batch where the formula takes the mean")
def sums_over_the_batch(z, labels):
    return -np.sum(at_labels(log_softmax(z), labels))


@mistake("LOGITS-MEAN", "takes the logarithm of a mean where the formula takes the mean of the logarithms")
def takes_the_logarithm_of_the_mean(z, labels):
    return -np.log(np.mean(at_labels(softmax(z), labels)))


@mistake("LOGITS-MEAN", "gives every class the same weight, however many examples it has")
def balances_the_classes(z, labels):
    labels = np.atleast_1d(labels)
    return np.mean([right(np.atleast_2d(z)[labels == label], labels[labels == label]) for label in np.unique(labels)])


@mistake("LOGITS-ONE", "divides the loss of one example by its length, taking classes for examples")
def takes_classes_for_examples(z, labels):
    return -np.sum(at_labels(log_softmax(z), labels)) / len(z)


@mistake("LOGITS-ONE", "takes the k logits of one example for k examples of one class, which cost nothing")
def makes_a_column_of_one_example(z, labels):
    if z.ndim == 1:
        z, labels = z[:, None], np.zeros(z.shape, int)
    return right(z, labels)


@mistake("LOGITS-ONE", "counts the labels with len(), and the label of one example has no length")
def needs_a_batch_axis(z, labels):
    return -np.mean(log_softmax(z)[np.arange(len(labels)), labels])


@mistake("LOGITS-SHIFT", "subtracts the maximum in the exponentials and forgets it at the label's logit")
def shifts_the_sum_only(z, labels):
    shifted = z - np.max(z, axis=-1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=-1)) - at_labels(z, labels))


@mistake("LOGITS-SHIFT", "sends the logits through the ReLU of the hidden layers")
def applies_the_relu_of_the_hidden_layers(z, labels):
    return right(np.maximum(z, 0), labels)


@mistake("LOGITS-SHIFT", "scales every row of logits to the length 1")
def normalises_the_logits(z, labels):
    return right(z / np.maximum(np.linalg.norm(z, axis=-1, keepdims=True), 1e-12), labels)


# What stays from call to call


@mistake("LOGITS-PURE", "subtracts the maximum from the caller's logits themselves")
def shifts_in_place(z, labels):
    z -= np.max(z, axis=-1, keepdims=True)
    return np.mean(np.log(np.sum(np.exp(z), axis=-1)) - at_labels(z, labels))


@mistake("LOGITS-PURE", "turns the caller's labels into positions in the flattened batch")
def offsets_the_labels_in_place(z, labels):
    log_p = log_softmax(z)
    labels += np.arange(labels.size).reshape(labels.shape) * z.shape[-1]
    return -np.mean(log_p.ravel()[labels])


@mistake("LOGITS-PURE", "gives every call's result in one and the same array", remembers=True)
def reuses_the_buffer_of_the_result():
    result = np.zeros(())
    return lambda z, labels: np.mean(-at_labels(log_softmax(z), labels), out=result)


@mistake(
    "LOGITS-VALUE",
    "keeps the labels of the first batch of each size, as a traced function keeps its constants",
    remembers=True,
)
def keeps_the_first_labels():
    first = {}
    return lambda z, labels: right(z, first.setdefault(z.shape, labels.copy()))


@mistake("LOGITS-VALUE", "remembers as the number of classes the largest one seen so far", remembers=True)
def pads_to_the_most_classes_seen():
    most = [0]

    def padded(z, labels):
        most[0] = max(most[0], z.shape[-1])
        zeros = np.zeros((*z.shape[:-1], most[0] - z.shape[-1]), z.dtype)
        return right(np.concatenate([z, zeros], axis=-1), labels)

    return padded
