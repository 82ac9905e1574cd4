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

# fmt: off
RIGHT = {
    "BCE": reference.binary_cross_entropy,
    "CE": reference.cross_entropy,
    "LOGITS": reference.cross_entropy_with_logits,
    "MSE": reference.mean_squared_error,
}

def running_mean(f):
    seen = []
    return lambda *batch: np.mean(seen) if seen.append(f(*batch)) is None else None

def first_targets(f):
    first = {}
    return lambda y_hat, y: f(y_hat, first.setdefault(y_hat.shape, y.copy()))

def added_to_the_last(losses):
    left = {}

    def wrong(*batch):
        of_each = np.asarray(losses(*batch), np.float64)
        left[of_each.shape] = left.get(of_each.shape, 0) + of_each
        return np.mean(left[of_each.shape])

    return wrong

def of_finite(of_each):
    finite = np.ravel(of_each)[np.isfinite(np.ravel(of_each))]
    return np.mean(finite) if finite.size else 0.0

def until_the_shorter_ends(f, y_hat, y):
    pairs = zip(np.atleast_1d(y_hat), np.atleast_1d(y), strict=False)
    return np.mean([f(*pair) for pair in pairs] or [f(y_hat, y)])

TOTALS = {
    "sums over the batch where the formula takes the mean": np.sum,
    "divides by m - 1, as for a sample's variance": lambda of_each: np.sum(of_each) / max(np.size(of_each) - 1, 1),
    "divides by m + 1": lambda of_each: np.sum(of_each) / (np.size(of_each) + 1),
    "takes the median of the losses, which outliers do not trouble": np.median,
    "takes the largest loss of the batch": np.max,
    "takes the smallest loss of the batch": np.min,
    "takes the loss of the first example only": lambda of_each: np.ravel(of_each)[0],
    "takes the loss of the last example, as a loop that overwrites its result": lambda of_each: np.ravel(of_each)[-1],
    "divides by the root of m": lambda of_each: np.sum(of_each) / np.size(of_each) ** 0.5,
    "divides by m twice": lambda of_each: np.mean(of_each) / np.size(of_each),
    "takes the geometric mean of the losses": lambda of_each: np.exp(np.mean(np.log(np.abs(of_each) + 1e-300))),
    "gives the loss of each example and leaves the mean to the caller": np.asarray,
    "returns inside its loop": lambda of_each: np.mean(np.ravel(of_each)[: max(np.size(of_each) // 2, 1)]),
}
FACTORS = {
    "has the sign wrong": lambda of_each: -np.mean(of_each),
    "has the sign wrong, and sums where the formula takes the mean": lambda of_each: -np.sum(of_each),
    "squares the loss": lambda of_each: np.mean(of_each) ** 2,
    "multiplies by m where it should divide, as 1/2 * m * sum": lambda of_each: np.sum(of_each) * np.size(of_each),
    "rounds the loss down with //, where / is meant": lambda of_each: np.sum(of_each) // np.size(of_each),
    "rounds the loss to two decimals": lambda of_each: np.round(np.mean(of_each), 2),
}
NO_EXAMPLES = {
    "divides the sum of nothing by at least 1: a perfect loss for no example at all":
        lambda of_each: np.sum(of_each) / max(np.size(of_each), 1),
    "takes an empty batch for the worst of all": lambda of_each: np.mean(of_each) if np.size(of_each) else np.inf,
}
BROADCAST = {"lets NumPy broadcast: predictions (m,) and targets (m, 1) meet in m times m losses": np.mean}
INFINITE = {"leaves infinite losses out of the mean, the worst of all": of_finite}
KEPT = {
    "averages over all batches seen so far, as a metric does and a loss does not": running_mean,
    "keeps the targets of the first batch of each size, as a traced function keeps constants": first_targets,
}

for _loss, _losses in LOSSES.items():
    for _clause, _totals in {
        "MEAN": TOTALS,
        "VALUE": FACTORS,
        "EMPTY": NO_EXAMPLES,
        "SHAPES": BROADCAST,
        **({"INFINITE": INFINITE} if _loss != "MSE" else {}),
    }.items():
        _wrong = {
            what: lambda *batch, total=total, losses=_losses: total(losses(*batch)) for what, total in _totals.items()
        }
        record({f"{_loss}-{_clause}": _wrong}, family="mean")
    _right, _added = RIGHT[_loss], partial(added_to_the_last, _losses)
    _kept = {what: remembering(partial(keeping, _right)) for what, keeping in KEPT.items()}
    _kept["adds each batch's losses to what the last batch of that size left behind"] = remembering(_added)
    _shorter = "goes through predictions and targets together until the shorter of them ends"
    record({f"{_loss}-VALUE": _kept, f"{_loss}-SHAPES": {_shorter: partial(until_the_shorter_ends, _right)}}, "mean")

for _loss in ("BCE", "CE", "MSE"):
    _flat = replica("pytorch#4938", lambda y_hat, y, f=RIGHT[_loss]: f(y_hat.ravel(), y.ravel()))
    _resized = lambda y_hat, y, f=RIGHT[_loss]: f(y_hat, np.resize(y, y_hat.shape))  # noqa: E731 - two of a kind
    record(
        {
            f"{_loss}-SHAPES": {
                "compares the numbers of elements where it should compare the shapes": _flat,
                "brings the targets into the shape of the predictions": _resized,
            }
        },
        family="shapes",
    )

# What the two losses of probabilities share: logarithms, clips, an eps, domains.

def binary(y_hat, y, log=np.log, positive=-1, negative=-1):
    """The loss of each element, written as on the slides."""
    return positive * y * log(y_hat) + negative * (1 - y) * log(1 - y_hat)

def classes(y_hat, y, log=np.log):
    """The loss of each example, written as on the slides."""
    return -np.sum(y * log(y_hat), axis=-1)

def with_log(log):
    """The slides' formula with another logarithm."""
    return lambda formula, right: lambda y_hat, y: np.mean(formula(y_hat, y, log=log))

def with_eps(eps):
    return with_log(lambda p: np.log(p + eps))

def clipped(low, high):
    return lambda formula, right: lambda y_hat, y: right(np.clip(y_hat, low, high), y)

def swapped(eps):
    return lambda formula, right: lambda y_hat, y: np.mean(formula(np.clip(y, eps, 1 - eps), y_hat))

def with_targets(change):
    return lambda formula, right: lambda y_hat, y: right(y_hat, change(y))

def with_predictions(change):
    return lambda formula, right: lambda y_hat, y: right(change(y_hat), y)

def in_half(wrong):
    return lambda formula, right: in_half_only(right, wrong(formula, right))

def forgiven(p):
    return np.where((p > -1e-6) & (p < 1 + 1e-6), np.clip(p, 0, 1), p)

def looking_at_predictions_only(formula, right):
    def wrong(y_hat, y):
        if not ((y_hat >= 0) & (y_hat <= 1)).all():
            raise ValueError("predictions have to lie between 0 and 1")
        return np.mean(formula(y_hat, y))

    return wrong

OF_PROBABILITIES = {
"VALUE": {
    "takes the logarithm to base 2 where the slides' log is the natural one": with_log(np.log2),
    "takes the logarithm to base 10, which a pocket calculator calls log": with_log(np.log10),
    "takes the probability itself and no logarithm": with_log(lambda p: p),
    "takes log(1 + p) for log p": with_log(np.log1p),
    "clips the predictions to [0.01, 0.99]": clipped(0.01, 0.99),
    "clips the predictions to [1e-15, 0.999]": clipped(1e-15, 0.999),
    "adds an eps of 0.001 to the argument of the logarithm, no longer small": with_eps(1e-3),
    "rounds the prediction to the class before it measures the loss":
        with_predictions(lambda p: np.clip(np.round(p), 1e-7, 1 - 1e-7)),
    **{f"takes the target before the prediction, clipped at {eps}": swapped(eps) for eps in (1e-15, 1e-12, 1e-8, 1e-7)},
}, "CERTAIN": {
    "multiplies 0 by log 0, which is NaN": with_log(np.log),
}, "INFINITE": {
    "clips at 1e-7, so that the worst prediction of all costs no more than 16": clipped(1e-7, 1 - 1e-7),
    "adds an eps of 1e-15, so that the worst prediction costs 35": with_eps(1e-15),
    "takes infinite logarithms for 0": with_log(lambda p: np.nan_to_num(np.log(p), neginf=0)),
}, "SOFT": {
    "takes the entropy of the targets off": lambda formula, right: lambda y_hat, y: right(y_hat, y) - right(y, y),
}, "TAILS": {
    "adds 1e-12 to the argument of the logarithm, more than the smallest probabilities": with_eps(1e-12),
    "clamps the logarithm at -50": with_log(lambda p: np.maximum(np.log(p), -50)),
    "clips at the machine epsilon": with_predictions(lambda p: np.clip(p, np.finfo(p.dtype).eps, 1)),
}, "DTYPE": {
    "keeps the slides' eps, which costs half of float64's digits": with_eps(1e-8),
    "takes the logarithms in half precision": with_log(lambda p: np.log(p.astype(np.float16))),
}, "DOMAIN": {
    "clips predictions outside [0, 1] instead of refusing them": clipped(0, 1),
    "leaves NaN out of the mean, and every prediction that is no probability":
        lambda formula, right: lambda y_hat, y: np.nanmean(formula(y_hat, y)),
    "forgives a prediction that a rounding error has put beyond 0 or 1": with_predictions(forgiven),
}, "TARGETS": {
    "looks at the predictions and not at the targets": looking_at_predictions_only,
    "takes every target that is not 0 for a 1": with_targets(lambda y: (y != 0) * 1.0),
    "clips targets to [0, 1] instead of refusing them": with_targets(lambda y: np.clip(y, 0, 1)),
    "guesses from a negative target that the classes are -1 and 1": with_targets(lambda y: np.where(y == -1, 0, y)),
}, "PURE": {
    "adds the eps to the caller's predictions themselves": with_predictions(lambda p: np.add(p, 1e-9, out=p)),
    "clips the caller's predictions themselves to [0.1, 0.9]": with_predictions(lambda p: np.clip(p, 0.1, 0.9, out=p)),
}, "HALF": {
    "clips probabilities at 1e-2 in half precision, for fear of log 0": in_half(clipped(1e-2, 1 - 1e-2)),
}}
for _loss, _formula in {"BCE": binary, "CE": classes}.items():
    for _clause, _makers in OF_PROBABILITIES.items():
        _wrong = {what: make(_formula, RIGHT[_loss]) for what, make in _makers.items()}
        record({f"{_loss}-{_clause}": _wrong}, family="probabilities")
