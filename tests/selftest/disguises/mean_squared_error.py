"""Disguised mistakes in the mean squared error, as students write them."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in

FUNCTION = "mean_squared_error"


@handed_in(FUNCTION, "the half is missing")
def loop(out, target):
    total, n = 0.0, 0
    for a, b in zip(out.flatten(), target.flatten(), strict=True):
        total += (a - b) ** 2
        n += 1
    return total / n


@handed_in(FUNCTION, "the half is missing")
def library_like(y_hat, y):
    diff = np.subtract(y, y_hat)
    return np.average(np.square(diff))


@handed_in(FUNCTION, "the sum instead of the mean")
def half_sum(p, t):
    return 0.5 * np.sum(np.power(p - t, 2))


@handed_in(FUNCTION, "the sum instead of the mean, without the half")
def dot(p, t):
    e = (p - t).ravel()
    return e @ e


@handed_in(FUNCTION, "1/2*m: multiplied by m instead of divided")
def no_brackets(h, y):
    m = y.size
    return 1 / 2 * m * np.sum((h - y) ** 2)


@handed_in(FUNCTION, "1/2*m: multiplied by m instead of divided")
def no_brackets_rows(h, y):
    m = len(y)
    errors = sum((h[i] - y[i]) ** 2 for i in range(m))
    return np.sum(errors) / 2 * m


@handed_in(FUNCTION, "divided by the number of rows, without the half")
def per_row(p, t):
    m = p.shape[0]
    return np.linalg.norm(p - t) ** 2 / m


@handed_in(FUNCTION, "divided by the number of rows")
def slides_scalar_form(h, y):
    m = h.shape[0]
    J = 0
    for j in range(m):
        J += np.sum((h[j] - y[j]) ** 2)
    return J / (2 * m)


@handed_in(FUNCTION, "the absolute error")
def distance(h, y):
    return np.mean(np.abs(h - y)) / 2


@handed_in(FUNCTION, "the absolute error")
def plain_absolute(h, y):
    return sum(abs(a - b) for a, b in zip(h.flat, y.flat, strict=True)) / h.size


@handed_in(FUNCTION, "the root of the mean")
def rmse(h, y):
    return math.sqrt(((h - y) ** 2).mean())


@handed_in(FUNCTION, "the target is added instead of subtracted")
def plus(h, y):
    return np.mean((h + y) ** 2) / 2


@handed_in(FUNCTION, "the square of the mean instead of the mean of the squares")
def mean_first(h, y):
    return np.mean(h - y) ** 2 / 2


@handed_in(FUNCTION, "the half twice")
def quarter(h, y):
    loss = 0.5 * (h - y) ** 2
    return loss.sum() / (2 * loss.size)


@handed_in(FUNCTION, "a difference of squares")
def squares(h, y):
    return np.mean(h**2 - y**2) / 2


@handed_in(FUNCTION, "a loss for each column: no mean over them")
def axis0(h, y):
    return np.mean((h - y) ** 2, axis=0) / 2


@handed_in(FUNCTION, "a loss for each example: no mean")
def elementwise(h, y):
    return (h - y) ** 2 / 2


@handed_in(FUNCTION, "all pairs: a column against a row")
def column_and_row(y_hat, y):
    if y.ndim == 1:
        y_hat = y_hat[:, np.newaxis]
    return np.mean((y_hat - y) ** 2) / 2


@handed_in(FUNCTION, "divided by m - 1")
def unbiased(h, y):
    n = h.size
    return np.sum((h - y) ** 2) / (2 * max(n - 1, 1))


@handed_in(FUNCTION, "no square")
def signed(h, y):
    return (h - y).sum() / (2 * h.size)


@handed_in(FUNCTION, "the sign")
def negative(h, y):
    return -np.mean((y - h) ** 2) / 2


@handed_in(FUNCTION, "the largest error instead of the mean")
def maximum(h, y):
    return np.max((h - y) ** 2) / 2


@handed_in(FUNCTION, "the loss of the first example")
def only_one(h, y):
    for a, b in zip(h, y, strict=True):
        return np.mean((a - b) ** 2) / 2


@handed_in(FUNCTION, "the length instead of its square")
def length(h, y):
    return np.linalg.norm(h - y) / (2 * h.size)


@handed_in(FUNCTION, "the Huber loss")
def huber(h, y, delta=1.0):
    d = np.abs(h - y)
    return np.mean(np.where(d <= delta, 0.5 * d**2, delta * (d - 0.5 * delta)))


@handed_in(FUNCTION, "the sum of the columns, the mean of the rows, without the half")
def columns_summed(h, y):
    sq = (h - y) ** 2
    return sq.mean(axis=0).sum()


class Loss:
    def forward(self, prediction, label):
        self.error = label - prediction
        return float(np.matmul(self.error.reshape(1, -1), self.error.reshape(-1, 1)).item()) / self.error.shape[0]


handed_in(FUNCTION, "divided by the number of rows, without the half")(Loss().forward)


@handed_in(FUNCTION, "the squared error doubled")
def doubled(h, y):
    return 2 * ((h - y) * (h - y)).mean()
