"""Known mistakes of binary_cross_entropy, of its own formula."""

import numpy as np

from reference import binary_cross_entropy as right
from tests.mistakes.of_losses import binary
from tests.mistakes.partial import binary_losses
from tests.mistakes.registry import forms, record, replica

# fmt: off
log = np.log

record({
"BCE-VALUE": {
    "forgets the minus sign before the second term": lambda h, y: np.mean(binary(h, y, negative=1)),
    "forgets the minus sign before the first term": lambda h, y: np.mean(binary(h, y, positive=1)),
    "leaves out the term of the negative examples": lambda h, y: np.mean(binary(h, y, negative=0)),
    "leaves out the term of the positive examples": lambda h, y: np.mean(binary(h, y, positive=0)),
    "gives each term the other one's logarithm, so that being right is punished": lambda h, y: right(1 - h, y),
    "takes the prediction for a logit and applies the sigmoid to it once more":
        lambda h, y: right(1 / (1 + np.exp(-h)), y),
    "takes the squared error": lambda h, y: np.mean((h - y) ** 2) / 2,
    "makes targets a column, so that all pairs meet": forms(
        lambda h, y: np.mean(binary(h, y.reshape(-1, 1))),
        lambda h, y: np.mean(binary(h.reshape(-1, 1), y.reshape(1, -1))),
        lambda h, y: np.mean(binary(h.reshape(-1, 1) if h.ndim == 1 else h, y)),
        lambda h, y: np.sum(binary(h.reshape(-1, 1), y.reshape(1, -1))) / len(y)),
}, "BCE-CE": {
    "averages over the two classes as well, where their two terms add up": lambda h, y: right(h, y) / 2,
}, "BCE-MEAN": {
    "gives both classes the same weight, however many examples each one has":
        lambda h, y: np.mean([right(h[y == label], y[y == label]) for label in np.unique(y)]),
    "takes the logarithm of a mean": lambda h, y: -log(np.mean(y * h + (1 - y) * (1 - h))),
}, "BCE-MATRIX": {
    "divides by the number m of rows": lambda h, y: np.sum(binary_losses(h, y)) / len(y),
    "takes the mean over the examples only and gives one loss for each column":
        lambda h, y: np.mean(binary_losses(h, y), axis=0),
    "multiplies matrices where it should multiply elements":
        lambda h, y: -np.sum(y.T @ log(h) + (1 - y).T @ log(1 - h)) / y.size,
    "clips to [1e-15, 0.999] and divides a matrix by m":
        lambda h, y: np.sum(binary_losses(np.clip(h, 1e-15, 0.999), y)) / len(y),
}, "BCE-PURE": {
    "negates the caller's targets to save a minus sign": lambda h, y: right(h, -np.negative(y, out=y)),
}, "BCE-CERTAIN": {
    "clips to 1 - 1e-15": replica("scikit-learn#24315", lambda h, y: np.mean(binary(np.clip(h, 1e-15, 1 - 1e-15), y))),
}, "BCE-SOFT": {
    "chooses one of the two logarithms by the target where the target weighs both":
        lambda h, y: np.mean(np.where(y > 0.5, -log(h), -np.log1p(-h))),
}, "BCE-TAILS": {
    "divides by the probability, and 1/p overflows where p is subnormal":
        lambda h, y: np.mean(y * np.log1p((1 - h) / h) + (1 - y) * np.log1p(h / (1 - h))),
}, "BCE-NDIM": {
    "divides by m and k, the first two axes": lambda h, y: np.sum(binary_losses(h, y)) / np.prod(y.shape[:2]),
}})
