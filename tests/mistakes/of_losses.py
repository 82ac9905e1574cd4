"""Known mistakes that every loss can have: in its mean, its eps, its arguments, and what it keeps from call to call.

A loss is the mean of the losses of its examples, ``LOSSES[prefix]``; what is wrong here is wrong with the mean, or with
the arguments before it.
"""

from functools import partial

import numpy as np

import reference
from tests.mistakes.of_activations import in_half_only
from tests.mistakes.partial import LOSSES
from tests.mistakes.registry import record, remembering, replica

RIGHT = {
    "BCE": reference.binary_cross_entropy,
    "CE": reference.cross_entropy,
    "LOGITS": reference.cross_entropy_with_logits,
    "MSE": reference.mean_squared_error,
}


def of_batch(total, losses):
    """The loss whose ``total`` takes the place of the mean."""
    return lambda *batch: total(losses(*batch))


def running_mean(f):
    def make():
        seen = []
        return lambda *batch: np.mean(seen) if seen.append(f(*batch)) is None else None

    return make


def first_targets_of_each_size(f):
    def make():
        first = {}
        return lambda y_hat, y: f(y_hat, first.setdefault(y_hat.shape, y.copy()))

    return make


def added_to_the_last(losses):
    """Never clears the buffer of the losses of a batch of that size."""

    def make():
        left = {}

        def wrong(*batch):
            of_each = np.asarray(losses(*batch), np.float64)
            left[of_each.shape] = left.get(of_each.shape, 0) + of_each
            return np.mean(left[of_each.shape])

        return wrong

    return make


def until_the_shorter_ends(f):
    return lambda y_hat, y: np.mean(
        [f(*pair) for pair in zip(np.atleast_1d(y_hat), np.atleast_1d(y), strict=False)] or [f(y_hat, y)]
    )


def without_infinite_losses(losses):
    def wrong(*batch):
        of_each = np.ravel(losses(*batch))
        finite = of_each[np.isfinite(of_each)]
        return np.mean(finite) if finite.size else 0.0

    return wrong


# fmt: off
TOTALS = {
    "sums over the batch where the formula takes the mean": np.sum,
    "divides by m - 1, as for a sample's variance": lambda of_each: np.sum(of_each) / max(np.size(of_each) - 1, 1),
    "divides by m + 1": lambda of_each: np.sum(of_each) / (np.size(of_each) + 1),
    "takes the median of the losses, which outliers do not trouble": np.median,
    "takes the largest loss of the batch": np.max,
    "takes the smallest loss of the batch": np.min,
    "takes the loss of the first example only": lambda of_each: np.ravel(of_each)[0],
    "takes the loss of the last example only, as a loop that overwrites its result":
        lambda of_each: np.ravel(of_each)[-1],
    "divides by the root of m": lambda of_each: np.sum(of_each) / np.size(of_each) ** 0.5,
    "divides by m twice": lambda of_each: np.mean(of_each) / np.size(of_each),
    "takes the geometric mean of the losses": lambda of_each: np.exp(np.mean(np.log(np.abs(of_each) + 1e-300))),
    "gives the loss of each example and leaves the mean to the caller": lambda of_each: np.asarray(of_each),
    "returns inside its loop, after the first half of the batch":
        lambda of_each: np.mean(np.ravel(of_each)[: max(np.size(of_each) // 2, 1)]),
}
# fmt: on
FACTORS = {
    "has the sign wrong": lambda of_each: -np.mean(of_each),
    "has the sign wrong, and sums where the formula takes the mean": lambda of_each: -np.sum(of_each),
    "squares the loss": lambda of_each: np.mean(of_each) ** 2,
    "multiplies by m where it should divide, as 1 / 2 * m * sum does": lambda of_each: (
        np.sum(of_each) * np.size(of_each)
    ),
    "rounds the loss down with //, where / is meant": lambda of_each: np.sum(of_each) // np.size(of_each),
    "rounds the loss to two decimals": lambda of_each: np.round(np.mean(of_each), 2),
}

for _loss, _losses in LOSSES.items():
    _right = RIGHT[_loss]
    record(
        {
            f"{_loss}-MEAN": {what: of_batch(total, _losses) for what, total in TOTALS.items()},
            f"{_loss}-VALUE": {
                **{what: of_batch(factor, _losses) for what, factor in FACTORS.items()},
                "averages over all batches seen so far, as a metric does and a loss does not": remembering(
                    running_mean(_right)
                ),
                "keeps the targets of the first batch of each size, as a traced function keeps constants": remembering(
                    first_targets_of_each_size(_right)
                ),
                "adds each batch's losses to what the last batch of that size left behind": remembering(
                    added_to_the_last(_losses)
                ),
            },
            f"{_loss}-EMPTY": {
                "divides the sum of nothing by at least 1: a perfect loss for no example at all": of_batch(
                    lambda of_each: np.sum(of_each) / max(np.size(of_each), 1), _losses
                ),
                "takes an empty batch for the worst of all": lambda *batch, losses=_losses: (
                    np.inf if np.size(batch[0]) == 0 else np.mean(losses(*batch))
                ),
            },
            f"{_loss}-SHAPES": {
                "lets NumPy broadcast: predictions (m,) and targets (m, 1) meet in m times m losses": of_batch(
                    np.mean, _losses
                ),
                "goes through predictions and targets together until the shorter of them ends": until_the_shorter_ends(
                    _right
                ),
            },
            f"{_loss}-DTYPE": {
                "adds up in float32 what it computed in float64": of_batch(
                    lambda of_each: np.mean(of_each, dtype=np.float32), _losses
                ),
            },
        },
        family="mean",
    )

for _loss in ("BCE", "CE", "MSE"):
    _right = RIGHT[_loss]
    # fmt: off
    record({
    f"{_loss}-SHAPES": {
        "compares the numbers of elements where it should compare the shapes":
            replica("pytorch#4938", lambda y_hat, y, f=_right: f(y_hat.ravel(), y.ravel())),
        "brings the targets into the shape of the predictions":
            lambda y_hat, y, f=_right: f(y_hat, np.resize(y, y_hat.shape)),
    }}, family="shapes")
    # fmt: on

for _loss, _infinite in {"BCE": "BCE-INFINITE", "CE": "CE-INFINITE", "LOGITS": "LOGITS-INFINITE"}.items():
    # fmt: off
    record({
    _infinite: {
        "leaves infinite losses out of the mean, the worst of all": without_infinite_losses(LOSSES[_loss]),
    }}, family="mean")
    # fmt: on

# What the two losses of probabilities share: logarithms, clips, an eps, domains.


def clipped(f, low, high):
    return lambda y_hat, y: f(np.clip(y_hat, low, high), y)


def binary(y_hat, y, log=np.log, positive=-1, negative=-1):
    """The loss of each element, written as on the slides."""
    return positive * y * log(y_hat) + negative * (1 - y) * log(1 - y_hat)


def classes(y_hat, y, log=np.log):
    """The loss of each example, written as on the slides."""
    return -np.sum(y * log(y_hat), axis=-1)


def with_eps(formula, eps, **parts):
    """The slides' formula with an eps in every logarithm."""
    return lambda y_hat, y: np.mean(formula(y_hat, y, log=lambda p: np.log(p + eps), **parts))


def swapped(formula, eps):
    return lambda y_hat, y: np.mean(formula(np.clip(y, eps, 1 - eps), y_hat))


def checking(argument, f, losses):
    """Looks whether one of the arguments lies between 0 and 1, and not at the other."""

    def wrong(*batch):
        if not ((batch[argument] >= 0) & (batch[argument] <= 1)).all():
            raise ValueError("has to lie between 0 and 1")
        return np.mean(losses(*batch))

    return wrong


def forgiving(f, y_hat, y):
    near = (y_hat > -1e-6) & (y_hat < 1 + 1e-6)
    return f(np.where(near, np.clip(y_hat, 0, 1), y_hat), y)


def in_place(argument, change, formula):
    def wrong(*batch):
        change(batch[argument])
        return np.mean(formula(*batch))

    return wrong


def _eps_added(p):
    p += 1e-9


def _clipped_in_place(p):
    np.clip(p, 0.1, 0.9, out=p)


for _loss, _formula in {"BCE": binary, "CE": classes}.items():
    _right = RIGHT[_loss]
    # fmt: off
    record({
    f"{_loss}-VALUE": {
        "takes the logarithm to base 2 where the slides' log is the natural one":
            of_batch(np.mean, partial(_formula, log=np.log2)),
        "takes the logarithm to base 10, which a pocket calculator calls log":
            of_batch(np.mean, partial(_formula, log=np.log10)),
        "takes the probability itself and no logarithm": of_batch(np.mean, partial(_formula, log=lambda p: p)),
        "takes log(1 + p) for log p": of_batch(np.mean, partial(_formula, log=np.log1p)),
        "clips the predictions to [0.01, 0.99]": clipped(_right, 0.01, 0.99),
        "clips the predictions at 0.999 and divides by m": clipped(_right, 1e-15, 0.999),
        "adds an eps of 0.001 to the argument of the logarithm, no longer small": with_eps(_formula, 1e-3),
        "rounds the prediction to the class before it measures the loss":
            lambda y_hat, y, f=_formula: np.mean(f(np.clip(np.round(y_hat), 1e-7, 1 - 1e-7), y)),
        **{
            f"takes the target first and the prediction second, clipped at {eps}": swapped(_formula, eps)
            for eps in (1e-15, 1e-12, 1e-8, 1e-7)
        },
    }, f"{_loss}-CERTAIN": {
        "multiplies 0 by log 0, which is NaN": of_batch(np.mean, _formula),
    }, f"{_loss}-INFINITE": {
        "clips at 1e-7, so that the worst prediction of all costs no more than 16": clipped(_right, 1e-7, 1 - 1e-7),
        "adds an eps of 1e-15, so that the worst prediction costs 35": with_eps(_formula, 1e-15),
        "takes infinite logarithms for 0, so that the worst prediction costs nothing":
            of_batch(np.mean, partial(_formula, log=lambda p: np.nan_to_num(np.log(p), neginf=0))),
    }, f"{_loss}-SOFT": {
        "takes the entropy of the targets off, which shows for soft targets only":
            lambda y_hat, y, f=_right: f(y_hat, y) - f(y, y),
        "rounds the targets to classes": lambda y_hat, y, f=_right: f(y_hat, np.round(y)),
    }, f"{_loss}-TAILS": {
        "adds 1e-12 to the argument of the logarithm, more than the smallest probabilities": with_eps(_formula, 1e-12),
        "clamps the logarithm at -50": of_batch(np.mean, partial(_formula, log=lambda p: np.maximum(np.log(p), -50))),
        "clips at the machine epsilon, far above the smallest probabilities":
            lambda y_hat, y, f=_right: f(np.clip(y_hat, np.finfo(y_hat.dtype).eps, 1), y),
    }, f"{_loss}-DTYPE": {
        "keeps the slides' eps, which costs half of float64's digits": with_eps(_formula, 1e-8),
        "takes the logarithms in half precision":
            of_batch(np.mean, partial(_formula, log=lambda p: np.log(p.astype(np.float16)))),
    }, f"{_loss}-DOMAIN": {
        "clips predictions outside [0, 1] instead of refusing them": clipped(_right, 0, 1),
        "leaves NaN out of the mean, and every prediction that is no probability": of_batch(np.nanmean, _formula),
        "forgives a prediction that a rounding error has put beyond 0 or 1": partial(forgiving, _right),
    }, f"{_loss}-TARGETS": {
        "looks at the predictions and not at the targets": checking(0, _right, _formula),
        "takes every target that is not 0 for a 1": lambda y_hat, y, f=_right: f(y_hat, (y != 0) * 1.0),
        "clips targets to [0, 1] instead of refusing them": lambda y_hat, y, f=_right: f(y_hat, np.clip(y, 0, 1)),
        "guesses from a negative target that the classes are -1 and 1":
            lambda y_hat, y, f=_right: f(y_hat, np.where(y == -1, 0, y)),
    }, f"{_loss}-PURE": {
        "adds the eps to the caller's predictions themselves": in_place(0, _eps_added, _formula),
        "clips the caller's predictions themselves to [0.1, 0.9]": in_place(0, _clipped_in_place, _formula),
    }, f"{_loss}-HALF": {
        "clips probabilities at 1e-2 in half precision, for fear of log 0":
            in_half_only(_right, clipped(_right, 1e-2, 1 - 1e-2)),
        "adds an eps of 1e-2 in half precision, in which 1e-8 is 0":
            in_half_only(_right, with_eps(_formula, np.float16(1e-2))),
    }}, family="probabilities")
    # fmt: on
