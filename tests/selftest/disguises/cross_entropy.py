"""Disguised mistakes in the cross-entropy of probabilities and in the one of logits, as students write them."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in

FUNCTION = "cross_entropy"
LOGITS = "cross_entropy_with_logits"


@handed_in(FUNCTION, "the sum instead of the mean")
def summed(p, t):
    loss = 0.0
    for row, target in zip(p.reshape(-1, p.shape[-1]), t.reshape(-1, t.shape[-1]), strict=True):
        loss -= math.log(row[target.argmax()])
    return loss


@handed_in(FUNCTION, "the mean over the classes, too")
def all_elements(A, Y):
    return np.mean(-Y * np.log(A + 1e-15))


@handed_in(FUNCTION, "the sign")
def climbing(y_hat, y):
    return np.log(y_hat[y == 1]).mean()


@handed_in(FUNCTION, "divided by the number of classes")
def wrong_count(A, Y):
    m = Y.shape[-1]
    return -np.sum(np.multiply(Y, np.log(A))) / m


@handed_in(FUNCTION, "prediction and target are exchanged")
def exchanged(y_hat, y):
    return -np.mean(np.sum(y_hat * np.log(y + 1e-8), axis=-1))


@handed_in(FUNCTION, "prediction and target are exchanged")
def exchanged_and_clipped(y_hat, y):
    y = np.clip(y, 1e-10, 1.0)
    rows = 1 if y.ndim == 1 else y.shape[0]
    return -np.sum(y_hat * np.log(y)) / rows


@handed_in(FUNCTION, "the binary loss of each class")
def binary_of_each(p, y):
    p = np.clip(p, 1e-12, 1 - 1e-12)
    return -np.sum(y * np.log(p) + (1 - y) * np.log(1 - p)) / (y.size / y.shape[-1])


@handed_in(FUNCTION, "the binary loss of each class")
def binary_averaged(p, y):
    losses = np.where(y > 0.5, -np.log(p), -np.log(1 - p))
    return losses.mean()


@handed_in(FUNCTION, "the logarithm of base 2")
def in_bits(p, y):
    return np.mean(-np.log2((p * y).sum(axis=-1)))


@handed_in(FUNCTION, "the softmax is applied to the probabilities")
def softmaxed(p, y):
    e = np.exp(p)
    q = e / e.sum(axis=-1, keepdims=True)
    return -np.mean(np.sum(y * np.log(q), axis=-1))


@handed_in(FUNCTION, "no logarithm")
def plain(p, y):
    return -np.mean([np.dot(a, b) for a, b in zip(np.atleast_2d(p), np.atleast_2d(y), strict=True)])


@handed_in(FUNCTION, "the loss of the first example")
def too_early(p, y):
    for a, b in zip(np.atleast_2d(p), np.atleast_2d(y), strict=True):
        return -sum(t * math.log(q) for q, t in zip(a, b, strict=True))


@handed_in(FUNCTION, "the squared error")
def brier(p, y):
    return ((p - y) ** 2).mean() / 2


@handed_in(FUNCTION, "the largest probability instead of the label's")
def most_likely(p, y):
    return -np.mean(np.log(np.max(p, axis=-1)))


@handed_in(FUNCTION, "the logarithm of the mean")
def log_of_mean(p, y):
    return -np.log(np.mean(np.sum(p * y, axis=-1)))


@handed_in(FUNCTION, "the loss of the last example")
def overwritten(p, y):
    for a, b in zip(np.atleast_2d(p), np.atleast_2d(y), strict=True):
        loss = -np.sum(b * np.log(a))
    return loss


@handed_in(FUNCTION, "the entropy of the prediction")
def entropy(p, y):
    return -np.sum(p * np.log(p)) / (p.size / p.shape[-1])


@handed_in(FUNCTION, "a loss for each example: no mean")
def for_each(p, y):
    return -np.sum(y * np.log(p), axis=-1)


@handed_in(FUNCTION, "half of it")
def halved(p, y):
    m = p.size // p.shape[-1]
    return -1 / (2 * m) * np.sum(y * np.log(p))


@handed_in(LOGITS, "the sum instead of the mean")
def nll_sum(z, labels):
    total = 0
    for row, label in zip(z.reshape(-1, z.shape[-1]), np.ravel(labels), strict=True):
        total += np.log(sum(np.exp(v - row.max()) for v in row)) + row.max() - row[label]
    return total


@handed_in(LOGITS, "no softmax: the logits taken as probabilities")
def no_softmax(z, labels):
    z = np.atleast_2d(z)
    p = np.clip(z, 1e-12, None)
    return -np.log(p[np.arange(len(p)), np.atleast_1d(labels)]).mean()


@handed_in(LOGITS, "the softmax over the examples")
def wrong_axis(z, labels):
    z = np.atleast_2d(z)
    e = np.exp(z - z.max(axis=0))
    p = e / e.sum(axis=0)
    return np.mean([-np.log(p[i, c]) for i, c in enumerate(np.atleast_1d(labels))])


@handed_in(LOGITS, "the logarithm of the sum is missing")
def sum_of_exp(z, labels):
    z = np.atleast_2d(z)
    return np.mean(np.exp(z).sum(axis=1) - z[range(len(z)), np.atleast_1d(labels)])


@handed_in(LOGITS, "the sign")
def log_likelihood(z, labels):
    z = np.atleast_2d(z)
    s = z - z.max(axis=1, keepdims=True)
    logp = s - np.log(np.exp(s).sum(axis=1, keepdims=True))
    return np.take_along_axis(logp, np.atleast_1d(labels)[:, None], axis=1).mean()


@handed_in(LOGITS, "the softmax is applied twice")
def twice(z, labels):
    def soft(a):
        e = np.exp(a - a.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    p = soft(soft(np.atleast_2d(z)))
    Y = np.eye(p.shape[1])[np.atleast_1d(labels)]
    return -np.sum(Y * np.log(p)) / len(p)


@handed_in(LOGITS, "the logit alone, without the normaliser")
def only_the_logit(z, labels):
    return -np.mean([row[c] for row, c in zip(np.atleast_2d(z), np.atleast_1d(labels), strict=True)])


@handed_in(LOGITS, "the labels are shifted by one")
def counted_from_one(z, labels):
    z = np.atleast_2d(z)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.log(p[np.arange(len(z)), np.atleast_1d(labels) - 1]).mean()


@handed_in(LOGITS, "a sigmoid instead of the softmax")
def sigmoid_of_the_label(z, labels):
    z = np.atleast_2d(z)
    right = z[np.arange(z.shape[0]), np.atleast_1d(labels)]
    return np.mean(np.log(1 + np.exp(-np.abs(right))) + np.maximum(-right, 0))


@handed_in(LOGITS, "the mean over the classes, too")
def mean_of_everything(z, labels):
    z = np.atleast_2d(z)
    logp = z - np.logaddexp.reduce(z, axis=1)[:, None]
    return np.mean(-np.eye(z.shape[1])[np.atleast_1d(labels)] * logp)


@handed_in(LOGITS, "each label for each example")
def fancy_index(z, labels):
    z = np.atleast_2d(z)
    logp = z - np.logaddexp.reduce(z, axis=1, keepdims=True)
    return -logp[:, np.atleast_1d(labels)].mean()


@handed_in(LOGITS, "the largest logit instead of the label's")
def of_the_winner(z, labels):
    z = np.atleast_2d(z)
    e = np.exp(z - z.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    return -np.log(p[np.arange(len(p)), p.argmax(1)]).mean()


@handed_in(LOGITS, "the maximum instead of the logarithm of the sum")
def hard(z, labels):
    z = np.atleast_2d(z)
    return np.mean([max(row) - row[c] for row, c in zip(z, np.atleast_1d(labels), strict=True)])


@handed_in(LOGITS, "the hinge loss")
def svm(z, labels):
    z, labels = np.atleast_2d(z), np.atleast_1d(labels)
    loss = 0.0
    for row, c in zip(z, labels, strict=True):
        for j in range(len(row)):
            if j != c:
                loss += max(0, row[j] - row[c] + 1)
    return loss / len(z)


@handed_in(LOGITS, "the softmax over the whole matrix")
def one_sum(z, labels):
    z = np.atleast_2d(z)
    e = np.exp(z - z.max())
    p = e / e.sum()
    return -np.mean(np.log(p[np.arange(len(z)), np.atleast_1d(labels)]))


@handed_in(LOGITS, "no logarithm")
def one_minus_p(z, labels):
    z = np.atleast_2d(z)
    e = np.exp(z - z.max(axis=1, keepdims=True))
    p = e / e.sum(axis=1, keepdims=True)
    return -np.mean(p[np.arange(len(p)), np.atleast_1d(labels)])


@handed_in(LOGITS, "the loss of the first example")
def just_one(z, labels):
    row, c = np.atleast_2d(z)[0], np.atleast_1d(labels)[0]
    return np.log(np.sum(np.exp(row - row[c])))


@handed_in(LOGITS, "the logarithm of base 2")
def base_two(z, labels):
    z = np.atleast_2d(z)
    s = z - z.max(axis=1, keepdims=True)
    p = np.exp(s)[np.arange(len(z)), np.atleast_1d(labels)] / np.exp(s).sum(axis=1)
    return -np.mean(np.log2(p + 1e-300))
