"""Disguised mistakes in the binary cross-entropy, as students write them."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in

FUNCTION = "binary_cross_entropy"


@handed_in(FUNCTION, "the sum instead of the mean")
def total(p, t):
    loss = 0
    for a, b in zip(p.flat, t.flat, strict=True):
        loss -= b * math.log(a) + (1 - b) * math.log(1 - a)
    return loss


@handed_in(FUNCTION, "the sign")
def positive_sign(a, y):
    m = y.size
    return (1.0 / m) * (np.dot(y.ravel(), np.log(a.ravel())) + np.dot(1 - y.ravel(), np.log(1 - a.ravel())))


@handed_in(FUNCTION, "the second term is missing")
def first_term(A, Y):
    return np.average(-np.multiply(Y, np.log(A + 1e-12)))


@handed_in(FUNCTION, "the first term is missing")
def second_term(A, Y):
    total = 0.0
    for i in np.ndindex(A.shape):
        if Y[i] == 0:
            total += -np.log(1 - A[i])
    return total / A.size


def safe_log(x, tiny=1e-12):
    return np.log(np.clip(x, tiny, None))


@handed_in(FUNCTION, "prediction and target are exchanged")
def helper_exchanged(y_hat, y):
    return -np.mean(y_hat * safe_log(y) + (1 - y_hat) * safe_log(1 - y))


@handed_in(FUNCTION, "prediction and target are exchanged")
def clipped_exchanged(y_hat, y):
    y = np.clip(y, 1e-15, 1 - 1e-15)
    return -(y_hat * np.log(y) + (1 - y_hat) * np.log(1 - y)).mean()


@handed_in(FUNCTION, "prediction and target are exchanged")
def eps_exchanged(y_hat, y, eps=1e-5):
    losses = [-p * math.log(t + eps) - (1 - p) * math.log(1 - t + eps) for p, t in zip(y_hat.flat, y.flat, strict=True)]
    return sum(losses) / len(losses)


@handed_in(FUNCTION, "the decimal logarithm")
def ten(h, y):
    return np.mean(-y * np.log10(h) - (1 - y) * np.log10(1 - h))


@handed_in(FUNCTION, "the logarithm of base 2")
def bits(h, y):
    return sum(-math.log(a if b else 1 - a, 2) for a, b in zip(h.flat, y.flat, strict=True)) / y.size


@handed_in(FUNCTION, "the squared error")
def quadratic(h, y):
    d = h - y
    return np.vdot(d, d) / (2 * d.size)


@handed_in(FUNCTION, "the target in the second logarithm")
def wrong_letter(p, t):
    return -np.mean(t * np.log(p) + (1 - t) * np.log(np.maximum(1 - t, 1e-10)))


@handed_in(FUNCTION, "the sign of the second term")
def one_minus_sign(h, y):
    first = -y * np.log(h)
    second = (1 - y) * np.log(1 - h)
    return (first + second).sum() / h.size


@handed_in(FUNCTION, "the classes are exchanged")
def other_class(p, y):
    q = 1 - p
    return np.mean(np.where(y == 1, -np.log(q), -np.log(p)))


@handed_in(FUNCTION, "half of it")
def one_half(h, y):
    m = h.size
    J = -1 / (2 * m) * np.sum(y * np.log(h) + (1 - y) * np.log(1 - h))
    return J


@handed_in(FUNCTION, "divided by the number of rows")
def rows(h, y):
    m = len(y)
    return -np.sum(y * np.log(h) + (1 - y) * np.log(1 - h)) / m


@handed_in(FUNCTION, "divided by the number of rows")
def clipped_rows(h, y):
    h = h.clip(1e-15, 0.999)
    cost = 0
    for i in range(y.shape[0]):
        cost += np.sum(-y[i] * np.log(h[i]) - (1 - y[i]) * np.log(1 - h[i]))
    return cost / y.shape[0]


@handed_in(FUNCTION, "a loss for each example: no mean")
def elementwise(h, y):
    return -(y * np.log(h) + (1 - y) * np.log(1 - h))


@handed_in(FUNCTION, "the sigmoid is applied to the predictions")
def with_sigmoid(z, y):
    h = 1 / (1 + np.exp(-z))
    return np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))


@handed_in(FUNCTION, "the sigmoid is applied to the predictions")
def from_logits(z, y):
    return np.mean(np.maximum(z, 0) - z * y + np.log(1 + np.exp(-np.abs(z))))


@handed_in(FUNCTION, "the predictions are clipped far inside")
def wide_clip(h, y):
    h = np.clip(h, 0.1, 0.9)
    return np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))


@handed_in(FUNCTION, "the share of wrong classes")
def errors(h, y):
    wrong = 0
    for a, b in zip(h.ravel(), y.ravel(), strict=True):
        wrong += int((a > 0.5) != (b == 1))
    return wrong / h.size


@handed_in(FUNCTION, "no logarithm")
def linear_loss(h, y):
    return 1 - np.mean(y * h + (1 - y) * (1 - h))


@handed_in(FUNCTION, "no logarithm")
def without_log(h, y):
    return -np.mean(y * h + (1 - y) * (1 - h))


@handed_in(FUNCTION, "all pairs: a column against a row")
def pairs(h, y):
    if h.ndim > 1:
        return np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))
    h = h.reshape(-1, 1)
    return np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))


@handed_in(FUNCTION, "the largest loss instead of the mean")
def worst(h, y):
    return max(-math.log(a) if b else -math.log(1 - a) for a, b in zip(h.flat, y.flat, strict=True))


@handed_in(FUNCTION, "the exponential of the loss")
def perplexity(h, y):
    loss = np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))
    return np.exp(loss)


@handed_in(FUNCTION, "the loss of the first example")
def returned_too_early(h, y):
    total = 0
    for a, b in zip(h.flat, y.flat, strict=True):
        total += -(b * np.log(a) + (1 - b) * np.log(1 - a))
        return total


class Trainer:
    def __init__(self):
        self.eps = 1e-9

    def cost(self, out, target):
        part = target * np.log(out + self.eps)
        rest = (1 - target) * np.log(1 - out + self.eps)
        return np.mean(part + rest)


handed_in(FUNCTION, "the sign")(Trainer().cost)


@handed_in(FUNCTION, "the sum of the classes, the mean of the examples")
def classes_summed(y_hat, y):
    losses = -(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))
    return losses.mean(axis=0).sum()


@handed_in(FUNCTION, "the loss of the categorical cross-entropy: 1/m sum of y log y_hat")
def categorical(y_hat, y):
    return -(y * np.log(y_hat)).sum() / y.shape[0]


@handed_in(FUNCTION, "the absolute error")
def absolute(y_hat, y):
    return np.abs(y - y_hat).sum() / y.size
