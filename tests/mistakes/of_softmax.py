"""Known mistakes of softmax and one_hot."""

import numpy as np

from reference import one_hot, sigmoid, softmax
from tests.mistakes.of_activations import in_half_only
from tests.mistakes.registry import forms, record, remembering, replica, wrong, wrong_later

# fmt: off
exp = np.exp

def of_sum(z):
    return z.sum(axis=-1, keepdims=True)

def of_max(z):
    return z.max(axis=-1, keepdims=True)

def shifted(z):
    """The exponentials of a row, of which the largest is 1."""
    return exp(z - of_max(z))

record({
"SOFTMAX-VALUE": {
    "puts a minus sign into the exponent, so that the smallest logit wins": lambda z: softmax(-z),
    "applies the softmax twice, as a model does whose loss contains it already": lambda z: softmax(softmax(z)),
    "gives the logarithm of the probabilities": lambda z: np.log(softmax(z)),
    "gives all the probability to the largest logit": forms(
        lambda z: (z == of_max(z)).astype(z.dtype), lambda z: np.eye(z.shape[-1])[z.argmax(axis=-1)]),
    "forgets keepdims, and divides a matrix along the wrong axis": forms(
        lambda z: shifted(z) / shifted(z).sum(axis=-1), lambda z: exp(z) / exp(z).sum(axis=-1),
        lambda z: exp(z - z.max()) / exp(z - z.max()).sum(axis=-1)),
    "finds the axis by its length, and of a square matrix the wrong one":
        lambda z: along(z.shape.index(z.shape[-1]), z),
    "takes a single column for the logits of a binary classifier and gives their sigmoid":
        lambda z: sigmoid(z) if z.shape[-1] == 1 else softmax(z),
    "divides the logits by the root of their number, as attention does": lambda z: softmax(z / np.sqrt(z.shape[-1])),
    "clips the logits to [-5, 5] against overflow": lambda z: softmax(np.clip(z, -5, 5)),
    "takes 2 for the base of the exponential": lambda z: 2.0**z / of_sum(2.0**z),
    "gives the exponentials and does not divide": exp,
    "answers from memory when a batch of the same shape comes again": remembering(lambda: from_memory({})),
}, "SOFTMAX-SUM": {
    "gives each logit its sigmoid, and does not divide": sigmoid,
    "divides by the sum over the whole matrix": lambda z: exp(z - z.max()) / exp(z - z.max()).sum(),
    "keeps the 1 of the sigmoid's denominator": lambda z: exp(z) / (1 + of_sum(exp(z))),
    "adds an eps of 1e-5 to the denominator": lambda z: shifted(z) / (of_sum(shifted(z)) + 1e-5),
    "adds the eps to every numerator and not to the denominator": lambda z: softmax(z) + 1e-6,
    "divides by the mean of the exponentials": lambda z: shifted(z) / shifted(z).mean(axis=-1, keepdims=True),
}, "SOFTMAX-SHIFT": {
    "divides the logits by their sum and forgets the exponential": lambda z: z / of_sum(z),
    "divides the sigmoids of the logits by their sum": lambda z: sigmoid(z) / of_sum(sigmoid(z)),
    "scales the logits by the largest of them": lambda z: softmax(z / np.maximum(of_max(np.abs(z)), 1)),
}, "SOFTMAX-PERMUTATION": {
    "takes the last class for the one whose logit is 0":
        lambda z: softmax(np.where(np.arange(z.shape[-1]) == z.shape[-1] - 1, 0, z)),
    "sums in one pass and forgets to rescale the sum when a larger logit comes":
        lambda z: exp(z - of_max(z)) / of_sum(exp(z - np.maximum.accumulate(z, axis=-1))),
    "gives the probabilities in descending order": lambda z: np.sort(softmax(z), axis=-1)[..., ::-1],
}, "SOFTMAX-ROWS": {
    "divides by the sums of the columns": lambda z: along(0, z),
    "subtracts from each logit the largest of its column": lambda z: softmax(z - z.max(axis=0) if z.ndim > 1 else z),
    "divides every row by the sum of the first one": lambda z: exp(z) / np.atleast_2d(exp(z))[0].sum(),
}, "SOFTMAX-SIGMOID": {
    "treats two classes apart and swaps them": lambda z: softmax(z)[..., ::-1] if z.shape[-1] == 2 else softmax(z),
    "treats two classes apart and gives only the probability of the second":
        lambda z: softmax(z)[..., 1:] if z.shape[-1] == 2 else softmax(z),
}, "SOFTMAX-EXAMPLE": {
    "normalises the logits to mean 0 and variance 1 first":
        lambda z: softmax((z - z.mean(axis=-1, keepdims=True)) / np.maximum(z.std(axis=-1, keepdims=True), 1e-9)),
}, "SOFTMAX-PURE": {
    "subtracts the largest logit from its argument itself": lambda z: softmax(np.subtract(z, of_max(z), out=z)),
}, "SOFTMAX-SPREAD": {
    "does not subtract the largest logit before the exponential overflows":
        replica("burn#315", lambda z: exp(z) / of_sum(exp(z))),
    "subtracts the logarithm of an unshifted sum, which is infinite":
        replica("pytorch#795,#725", lambda z: exp(z - np.log(of_sum(exp(z))))),
    "subtracts the smallest logit where it should subtract the largest":
        lambda z: exp(z - z.min(axis=-1, keepdims=True)) / of_sum(exp(z - z.min(axis=-1, keepdims=True))),
}, "SOFTMAX-OFFSET": {
    "subtracts the largest logit of the batch from every row": lambda z: exp(z - z.max()) / of_sum(exp(z - z.max())),
    "adds the largest logit to log-sum-exp, where a large one swallows it":
        replica("pytorch#38839", lambda z: exp(z - (of_max(z) + np.log(of_sum(shifted(z)))))),
}, "SOFTMAX-NEGINF": {
    "subtracts the mean of the logits": lambda z: softmax(z - z.mean(axis=-1, keepdims=True)),
    "takes a logit of -inf for 0": lambda z: softmax(np.where(np.isneginf(z), 0, z)),
}, "SOFTMAX-NAN": {
    "passes over NaN in the largest logit and in the sum": lambda z: np.nan_to_num(
        exp(z - np.fmax.reduce(z, axis=-1, keepdims=True))
        / np.nansum(exp(z - np.fmax.reduce(z, axis=-1, keepdims=True)), axis=-1, keepdims=True)
    ),
    "gives a row of -inf alone equal probabilities":
        lambda z: softmax(np.where(np.isneginf(z).all(axis=-1, keepdims=True), 0, z)),
}, "SOFTMAX-DTYPE": {
    "adds the exponentials up in half precision":
        lambda z: shifted(z) / shifted(z).sum(axis=-1, keepdims=True, dtype=np.float16).astype(z.dtype),
    "keeps an eps of 1e-8 in the denominator": lambda z: shifted(z) / (of_sum(shifted(z)) + 1e-8),
}, "SOFTMAX-INTEGER": {
    "subtracts the largest logit before it promotes integers, and the difference wraps": lambda z: (
        exp((z - of_max(z)).astype(np.result_type(z, np.float32)))
        / of_sum(exp((z - of_max(z)).astype(np.result_type(z, np.float32))))
    ),
}, "SOFTMAX-NDIM": {
    "takes the second axis for that of the classes wherever there is one": lambda z: along(min(z.ndim, 2) - 1, z),
    "looks for the largest logit of all, and an empty batch has none": lambda z: softmax(np.clip(z, None, z.max())),
    "drops axes of length 1": lambda z: np.squeeze(softmax(z)),
}, "SOFTMAX-HALF": {
    "leaves the maximum in, so that e^z overflows in half precision from z = 11.1 on":
        in_half_only(softmax, lambda z: exp(z) / of_sum(exp(z))),
}})

def along(axis, z):
    """The softmax along another axis."""
    e = exp(z - z.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)

def from_memory(answers):
    return lambda z: answers.setdefault((z.shape, z.dtype), softmax(z)).copy()

@wrong("SOFTMAX-NEGINF", "takes a logit of -inf for a mistake and refuses it")
def infinity_refused(z):
    if np.isinf(z).any():
        raise ValueError("the logits have to be finite")
    return softmax(z)

@wrong("SOFTMAX-NAN", "gives a logit of +inf all the probability")
def infinity_takes_all(z):
    value = softmax(z)
    value[(z == np.inf).any(axis=-1) & ~np.isnan(z).any(axis=-1)] = 0
    value[(z == np.inf) & ~np.isnan(z).any(axis=-1, keepdims=True)] = 1
    return value

# One-hot encoding

def ones_at(labels, k, ones):
    """Zeros of the shape of the result, with 1 at the flat positions ``ones``."""
    out = np.zeros((*labels.shape, k))
    out.flat[ones] = 1
    return out

record({
"ONEHOT-VALUE": {
    "counts the labels from 1": lambda labels, k: np.eye(k)[labels - 1],
    "counts the classes from the last one": lambda labels, k: one_hot(labels, k)[..., ::-1],
    "gives each class a row where each label is due one": lambda labels, k: np.arange(k)[:, None] == labels,
    "swaps 0 and 1": lambda labels, k: 1 - one_hot(labels, k),
    "gives -1 for the other classes": lambda labels, k: 2 * one_hot(labels, k) - 1,
    "smooths the labels": lambda labels, k: 0.9 * one_hot(labels, k) + 0.1 / k,
    "sets all classes up to the label to 1": lambda labels, k: np.arange(k) <= labels[..., None],
    "takes the number of classes from the largest label that it sees":
        lambda labels, k: np.eye(labels.max() + 1)[labels],
    "numbers the classes that occur anew": lambda labels, k: np.eye(k)[np.unique(labels, return_inverse=True)[1]],
    "sets the columns of all labels in every row: out[:, labels] = 1":
        lambda labels, k: np.broadcast_to(np.isin(np.arange(k), labels), (*labels.shape, k)),
    "puts the 1 of each example where the example stands in the batch": lambda labels, k: np.eye(labels.size, k),
    "gives two classes a single column": lambda labels, k: labels[..., None] if k == 2 else one_hot(labels, k),
    "squeezes the axis of a batch of one example away": lambda labels, k: np.squeeze(one_hot(labels, k)),
    "adds a class for what is unknown": lambda labels, k: one_hot(labels, k + 1),
}, "ONEHOT-LABELS": {
    "takes a negative label for one counted from the last class": lambda labels, k: np.eye(k)[labels],
    "gives a label out of range a row of zeros": lambda labels, k: labels[..., None] == np.arange(k),
    "moves a label out of range to the nearest class": lambda labels, k: one_hot(np.clip(labels, 0, k - 1), k),
    "takes labels modulo the number of classes": lambda labels, k: one_hot(labels % k, k),
    "allows the label k": lambda labels, k: one_hot(labels, k + 1)[..., :k],
    "takes the label -100 for an example to be ignored, as torch's losses do":
        lambda labels, k: one_hot(np.where(labels == -100, 0, labels), k) * (labels != -100)[..., None],
    "checks the first label only":
        lambda labels, k: one_hot(labels.ravel()[:1], k) is not None and one_hot(labels % k, k),
}, "ONEHOT-INDEX": {
    "compares with class numbers in the dtype of the labels, where 256 is 0 again":
        lambda labels, k: labels[..., None] == np.arange(k).astype(labels.dtype),
    "computes the places of the ones in the dtype of the labels, where they wrap":
        lambda labels, k: ones_at(labels, k, (k * np.arange(labels.size)).astype(labels.dtype) + labels.ravel()),
    "takes labels of one byte for a mask, as indexing in torch does":
        lambda labels, k: one_hot(labels.astype(bool).astype(np.int64) if labels.dtype == np.uint8 else labels, k),
}, "ONEHOT-NDIM": {
    "makes one long row of labels of all labels": lambda labels, k: one_hot(labels.ravel(), k),
    "puts the classes second": lambda labels, k: np.moveaxis(one_hot(labels, k), -1, min(labels.ndim, 1)),
    "counts the examples with len, which a single label has not":
        lambda labels, k: np.stack([one_hot(label, k) for label in labels]),
}})

@wrong("ONEHOT-PURE", "moves the labels of its argument to their places in the flat result")
def labels_moved_in_place(labels, k):
    labels += k * np.arange(labels.size).reshape(labels.shape)
    return ones_at(labels, k, labels.ravel())

@wrong_later("ONEHOT-PURE", "has one array of zeros for each shape and never clears it")
def zeros_never_cleared():
    zeros = {}

    def filling(labels, k):
        out = zeros.setdefault((labels.shape, k), np.zeros((*labels.shape, k)))
        np.put_along_axis(out, labels[..., None], 1, axis=-1)
        return out

    return filling
