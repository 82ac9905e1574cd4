"""Known mistakes of binary_cross_entropy, of its own formula."""

import numpy as np

from reference import binary_cross_entropy as right
from tests.mistakes.of_losses import binary
from tests.mistakes.partial import binary_losses
from tests.mistakes.registry import record, replica, wrong

log = np.log


# fmt: off
record(
    {
        "BCE-VALUE": {
            "forgets the minus sign before the second term": lambda h, y: np.mean(binary(h, y, negative=1)),
            "forgets the minus sign before the first term": lambda h, y: np.mean(binary(h, y, positive=1)),
            "leaves out the term of the negative examples": lambda h, y: np.mean(binary(h, y, negative=0)),
            "leaves out the term of the positive examples": lambda h, y: np.mean(binary(h, y, positive=0)),
            "gives each term the other one's logarithm, so that being right is punished": lambda h, y: right(1 - h, y),
            "takes the prediction for a logit and applies the sigmoid to it once more":
                lambda h, y: right(1 / (1 + np.exp(-h)), y),
            "multiplies the two terms where it should add them":
                lambda h, y: np.mean((y * log(h)) * ((1 - y) * log(1 - h))),
            "writes log(1 - y) for log(1 - y_hat)":
                lambda h, y: np.mean(-y * log(h) - (1 - y) * log(np.maximum(1 - y, 1e-15))),
            "writes 1 - log(y_hat) for log(1 - y_hat)": lambda h, y: np.mean(-y * log(h) - (1 - y) * (1 - log(h))),
            "takes the squared error": lambda h, y: np.mean((h - y) ** 2) / 2,
            "takes the hinge of targets -1 and 1": lambda h, y: np.mean(np.maximum(0, 1 - (2 * y - 1) * h)),
            "takes the share of wrong classes": lambda h, y: np.mean(np.round(h) != y),
            "makes targets a column, so that all pairs meet": lambda h, y: np.mean(binary(h, y.reshape(-1, 1))),
            "weighs positive examples twice": lambda h, y: np.mean(binary(h, y, positive=-2)),
        },
        "BCE-CE": {
            "averages over the two classes as well, where their two terms add up": lambda h, y: right(h, y) / 2,
        },
        "BCE-MEAN": {
            "gives both classes the same weight, however many examples each one has":
                lambda h, y: np.mean([right(h[y == label], y[y == label]) for label in np.unique(y)]),
            "takes the logarithm of a mean where the formula takes the mean of the logarithms":
                lambda h, y: -log(np.mean(y * h + (1 - y) * (1 - h))),
            "divides by the number of positive examples": lambda h, y: np.sum(binary_losses(h, y)) / max(np.sum(y), 1),
        },
        "BCE-MATRIX": {
            "divides by the number m of rows where the mean over a matrix divides by mk":
                lambda h, y: np.sum(binary_losses(h, y)) / len(y),
            "divides by the number k of columns where the mean over a matrix divides by mk":
                lambda h, y: np.sum(binary_losses(h, y)) / y.shape[-1],
            "takes the mean over the examples only and gives one loss for each column":
                lambda h, y: np.mean(binary_losses(h, y), axis=0),
            "takes the mean over the columns only and gives one loss for each example":
                lambda h, y: np.mean(binary_losses(h, y), axis=-1),
            "multiplies matrices where it should multiply elements":
                lambda h, y: -np.sum(y.T @ log(h) + (1 - y).T @ log(1 - h)) / y.size,
            "clips to [1e-15, 0.999] and divides a matrix by m":
                lambda h, y: np.sum(binary_losses(np.clip(h, 1e-15, 0.999), y)) / len(y),
            "takes the losses of the first column": lambda h, y: np.mean(binary_losses(h, y)[:, 0]),
        },
        "BCE-PURE": {
            "negates the caller's targets to save a minus sign": lambda h, y: right(h, -np.negative(y, out=y)),
            "uses the caller's predictions as the room for their logarithms":
                lambda h, y: np.mean(-y * log(h) - (1 - y) * log(np.subtract(1, h, out=h))),
        },
        "BCE-CERTAIN": {
            "adds the eps to the logarithm instead of to its argument, where it protects from nothing":
                lambda h, y: np.mean(-y * (log(h) + 1e-15) - (1 - y) * (np.log1p(-h) + 1e-15)),
            "clips to 1 - 1e-15, which in float32 is 1 itself":
                replica("scikit-learn#24315", lambda h, y: np.mean(binary(np.clip(h, 1e-15, 1 - 1e-15), y))),
            "goes back from the probability to the logit, which is infinite for a certain prediction":
                lambda h, y: np.mean(np.logaddexp(0, logit := log(h) - np.log1p(-h)) - y * logit),
        },
        "BCE-SOFT": {
            "chooses one of the two logarithms by the target where the target weighs both":
                lambda h, y: np.mean(np.where(y > 0.5, -log(h), -np.log1p(-h))),
            "takes the target's complement for 0 unless the target is 0":
                lambda h, y: np.mean(-y * log(h) - (y == 0) * np.log1p(-h)),
        },
        "BCE-TAILS": {
            "divides by the probability, and 1/p overflows where p is subnormal":
                lambda h, y: np.mean(y * np.log1p((1 - h) / h) + (1 - y) * np.log1p(h / (1 - h))),
        },
        "BCE-NDIM": {
            "asks for the number of examples, which one prediction without an axis does not have":
                lambda h, y: np.sum(binary_losses(h, y)) / (len(y) * (y.size // len(y))),
            "divides by m and k, the first two axes, and knows of no third":
                lambda h, y: np.sum(binary_losses(h, y)) / np.prod(y.shape[:2]),
            "divides by the length of the first axis of more than two":
                lambda h, y: np.sum(binary_losses(h, y)) / (len(y) if y.ndim > 2 else max(y.size, 1)),
            "averages over the last axis of more than two and sums the rest": lambda h, y: np.sum(
                np.mean(binary_losses(h, y), axis=-1) if y.ndim > 2 else np.mean(binary_losses(h, y))
            ),
        },
    }
)
# fmt: on


@wrong("BCE-SHAPES", "compares the numbers of examples where it should compare the shapes")
def compares_lengths_only(h, y):
    if len(h) != len(y):
        raise ValueError("as many targets as predictions are needed")
    return np.mean(binary_losses(h, y))
