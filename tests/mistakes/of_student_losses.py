"""Known mistakes that students make in losses: in the mean, the logarithm, the clip, and one loss for another."""

import numpy as np

from tests.mistakes.networks import sigmoid, softmax
from tests.mistakes.of_losses import binary, classes
from tests.mistakes.partial import LOSSES, binary_losses
from tests.mistakes.registry import forms, record

# fmt: off
log = np.log
mean = np.mean

CLIPS = (0.1, 0.2, 0.05, 0.02, 0.01, 0.005, 0.001, 1e-4, 1e-5)

def rows(losses):
    """The loss of each example, as students have it who go through the rows of a matrix."""
    return np.reshape(losses, (len(losses), -1)) if np.ndim(losses) else np.reshape(losses, (1, 1))

OF_EACH = {
    "gives half the loss, as 1/(2m) in the place of 1/m": lambda f: lambda *batch: mean(f(*batch)) / 2,
    "gives twice the loss": lambda f: lambda *batch: 2 * mean(f(*batch)),
    "gives the exponential of the loss": lambda f: lambda *batch: np.exp(mean(f(*batch))),
    "gives the likelihood, the product of the probabilities, and no logarithm":
        lambda f: lambda *batch: np.exp(-np.sum(f(*batch))),
    "gives the root of the loss": lambda f: lambda *batch: np.sqrt(mean(f(*batch))),
}
for _loss in ("BCE", "CE", "LOGITS"):
    record({f"{_loss}-VALUE": {what: make(LOSSES[_loss]) for what, make in OF_EACH.items()}}, family="mean")

for _loss, _formula in {"BCE": binary, "CE": classes}.items():
    record({
    f"{_loss}-VALUE": {
        "clips the predictions too far inside 0 and 1": forms(
            *(lambda h, y, c=c, f=_formula: mean(f(np.clip(h, c, 1 - c), y)) for c in CLIPS),
            *(lambda h, y, c=c, f=_formula: mean(f(np.maximum(h, c), y)) for c in CLIPS)),
        "adds an eps to the predictions that is not small": forms(
            *(lambda h, y, c=c, f=_formula: mean(f(h, y, log=lambda p, c=c: log(p + c)))
              for c in (0.1, 1.0, 0.01, 1e-4, 1e-5, 1e-6))),
        "adds an eps outside the logarithm that is not small": forms(
            *(lambda h, y, c=c, f=_formula: mean(f(h, y, log=lambda p, c=c: log(p) + c))
              for c in (0.1, 1.0, 0.01, 0.001, 1e-4, 1e-5))),
    }}, family="probabilities")

def last_of_matrix(losses):
    return mean(rows(losses)[-1])

record({
"BCE-VALUE": {
    "gives the share of wrong classes": lambda h, y: mean((h > 0.5) != (y > 0.5)),
    "gives the share of right classes": lambda h, y: mean((h > 0.5) == (y > 0.5)),
    "takes the absolute error, what is missing to the right class, and no logarithm":
        lambda h, y: mean(y * (1 - h) + (1 - y) * h),
    "takes log(y_hat) in both terms": lambda h, y: mean(-log(h)),
    "takes log(1 - y_hat) in both terms": lambda h, y: mean(-log(1 - h)),
    "leaves out the targets: -log y_hat - log(1 - y_hat)": lambda h, y: mean(-log(h) - log(1 - h)),
    "leaves out the factor 1 - y of the second term": lambda h, y: mean(-y * log(h) - log(1 - h)),
    "leaves out the factor y of the first term": lambda h, y: mean(-log(h) - (1 - y) * log(1 - h)),
    "takes the square of the difference, without half": lambda h, y: mean((h - y) ** 2),
    "takes the root of the mean squared error": lambda h, y: np.sqrt(mean((h - y) ** 2)),
    "takes the hinge loss": forms(
        lambda h, y: mean(np.maximum(0, 1 - (2 * y - 1) * h)),
        lambda h, y: mean(np.maximum(0, 1 - (2 * y - 1) * (2 * h - 1)))),
    "weights with y in the second term, where 1 - y belongs": lambda h, y: mean(-y * log(h) - y * log(1 - h)),
}, "BCE-MATRIX": {
    "sums over each row and leaves the mean to the caller": lambda h, y: rows(binary_losses(h, y)).sum(axis=1),
    "gives the mean of each row": lambda h, y: rows(binary_losses(h, y)).mean(axis=1),
    "takes the loss of the first row only": lambda h, y: mean(rows(binary_losses(h, y))[0]),
    "takes the loss of the last row only": lambda h, y: last_of_matrix(binary_losses(h, y)),
    "divides by the number k of columns": lambda h, y: np.sum(binary_losses(h, y)) / y.shape[-1],
    "counts the positive class only, and divides by m": lambda h, y: np.sum(-y * log(h)) / len(y),
}, "CE-VALUE": {
    "takes the squared error": forms(lambda h, y: mean((h - y) ** 2) / 2, lambda h, y: mean((h - y) ** 2)),
    "takes the sum of the squared errors of each example": lambda h, y: mean(np.sum((h - y) ** 2, axis=-1)),
    "gives the entropy of the predictions, without the targets": lambda h, y: mean(-np.sum(h * log(h), axis=-1)),
    "leaves out the targets: sums the logarithms of all probabilities": lambda h, y: mean(-np.sum(log(h), axis=-1)),
    "takes log(1 - y_hat)": lambda h, y: mean(-np.sum(y * log(1 - h), axis=-1)),
    "takes the other classes and not the label: (1 - y) log(1 - y_hat)":
        lambda h, y: mean(-np.sum((1 - y) * log(1 - h), axis=-1)),
    "gives the share of wrong classes": lambda h, y: mean(np.argmax(h, axis=-1) != np.argmax(y, axis=-1)),
    "gives the share of right classes": lambda h, y: mean(np.argmax(h, axis=-1) == np.argmax(y, axis=-1)),
    "takes the absolute error": lambda h, y: mean(np.sum(np.abs(h - y), axis=-1)),
    "sums over the batch and over the classes, and takes the logarithm last": lambda h, y: -log(np.sum(y * h)),
    "gives the mean over the examples for each class": lambda h, y: -mean(y * log(h), axis=0),
}, "LOGITS-VALUE": {
    "takes the logits for probabilities, without a softmax": forms(
        *(lambda z, y, c=c: mean(-log(np.maximum(at(z, y), c))) for c in (1e-12, 1e-15, 1e-10, 1e-9, 1e-8, 1e-7, 1e-5)),
        *(lambda z, y, c=c: mean(-log(np.clip(at(z, y), c, 1 - c))) for c in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7)),
        lambda z, y: mean(-log(at(z, y)))),
    "leaves out the logarithm of the sum of the exponentials":
        lambda z, y: mean(np.exp(z).sum(axis=-1) - at(z, y)),
    "takes the largest probability, not the label's": lambda z, y: mean(-log(softmax(z).max(axis=-1))),
    "takes the hinge loss": forms(
        *(lambda z, y, d=d: mean(np.maximum(0, z - at(z, y)[..., None] + d).sum(axis=-1) - d) for d in (1.0, 0.5))),
    "takes the logarithm of the probability to base 2":
        lambda z, y: mean(np.logaddexp.reduce(z, axis=-1) - at(z, y)) / log(2),
    "takes the logarithm of the probability to base 10":
        lambda z, y: mean(np.logaddexp.reduce(z, axis=-1) - at(z, y)) / log(10),
    "clips the probabilities too far from 0": forms(
        *(lambda z, y, c=c: mean(-log(np.maximum(at(softmax(z), y), c)))
          for c in (0.01, 0.001, 1e-5, 1e-7, 1e-8, 1e-9, 1e-10, 1e-12, 1e-15)),
        *(lambda z, y, c=c: mean(-log(at(softmax(z), y) + c)) for c in (1e-15, 1e-12, 1e-10, 1e-9, 1e-8, 1e-7, 1e-5))),
    "gives what is missing to probability 1, and no logarithm": lambda z, y: mean(1 - at(softmax(z), y)),
    "takes the sum of the logits, not of their exponentials": lambda z, y: mean(z.sum(axis=-1) - at(z, y)),
    "takes the squared error of the softmax": forms(
        lambda z, y: mean((softmax(z) - np.eye(z.shape[-1])[y]) ** 2),
        lambda z, y: mean((softmax(z) - np.eye(z.shape[-1])[y]) ** 2) / 2,
        lambda z, y: mean(((softmax(z) - np.eye(z.shape[-1])[y]) ** 2).sum(axis=-1))),
    "gives the share of wrong classes": lambda z, y: mean(z.argmax(axis=-1) != y),
    "takes the binary loss of each class and sums over the classes":
        lambda z, y: mean((np.logaddexp(0, z) - np.eye(z.shape[-1])[y] * z).sum(axis=-1)),
    "counts the classes one too far": lambda z, y: mean(np.logaddexp.reduce(z, axis=-1) - at(z, (y + 1) % z.shape[-1])),
    "applies a sigmoid before the softmax":
        lambda z, y: mean(np.logaddexp.reduce(sigmoid(z), axis=-1) - at(sigmoid(z), y)),
    "leaves out the label's own logit: gives the logarithm of the sum":
        lambda z, y: mean(np.logaddexp.reduce(z, axis=-1)),
    "adds the label's logit where it should subtract it": lambda z, y: mean(np.logaddexp.reduce(z, axis=-1) + at(z, y)),
}, "MSE-VALUE": {
    "takes the square of the length of the error, summed and not halved": lambda h, y: np.sum((h - y) ** 2),
    "takes the absolute value of the error, without the 1/2": lambda h, y: mean(np.abs(h - y)),
    "takes the length of the error, the root of the sum of its squares": forms(
        lambda h, y: np.linalg.norm(h - y), lambda h, y: np.linalg.norm(h - y) / (2 * h.size),
        lambda h, y: np.linalg.norm(h - y) / 2, lambda h, y: np.linalg.norm(h - y) / h.size,
        lambda h, y: np.linalg.norm(h - y) / len(h), lambda h, y: np.linalg.norm(h - y) / (2 * len(h))),
    "forgets to square, and takes the mean without the 1/2": lambda h, y: mean(h - y),
    "takes the largest absolute error": lambda h, y: np.max(np.abs(h - y)),
    "takes the cross-entropy of two classes": lambda h, y: np.mean(binary(np.clip(h, 1e-12, 1 - 1e-12), y)),
    "squares the prediction alone": forms(lambda h, y: mean(h**2 - y) / 2, lambda h, y: mean(h**2 - y)),
    "multiplies by 2 where it should divide by 2": lambda h, y: 2 * mean((h - y) ** 2),
    "doubles the error where it should square it": lambda h, y: mean(2 * (h - y)),
    "squares the mean of the errors, where the mean of the squares is meant": forms(
        lambda h, y: mean(h - y) ** 2 / 2, lambda h, y: mean(h - y) ** 2),
    "squares the sum of the errors": forms(
        lambda h, y: np.sum(h - y) ** 2 / (2 * h.size), lambda h, y: np.sum(h - y) ** 2 / h.size,
        lambda h, y: np.sum(h - y) ** 2),
    "divides by the mean of the squared targets, a relative error":
        lambda h, y: mean((h - y) ** 2) / (mean(y**2) + 1e-300),
}, "MSE-MATRIX": {
    "takes the loss of the first row only": forms(
        lambda h, y: mean((h[0] - y[0]) ** 2) / 2, lambda h, y: mean((h[0] - y[0]) ** 2)),
    "takes the loss of the last row only": forms(
        lambda h, y: mean((h[-1] - y[-1]) ** 2) / 2, lambda h, y: mean((h[-1] - y[-1]) ** 2)),
    "multiplies by m where it should divide by it, as 1/2 * m * sum":
        lambda h, y: np.sum((h - y) ** 2) / 2 * len(y),
    "gives one loss for each example, without the mean": forms(
        lambda h, y: rows((h - y) ** 2).mean(axis=1) / 2, lambda h, y: rows((h - y) ** 2).mean(axis=1),
        lambda h, y: rows((h - y) ** 2).sum(axis=1) / 2, lambda h, y: rows((h - y) ** 2).sum(axis=1)),
    "gives one loss for each label variable, without the mean": forms(
        lambda h, y: np.sum((h - y) ** 2, axis=0) / 2, lambda h, y: np.sum((h - y) ** 2, axis=0),
        lambda h, y: mean((h - y) ** 2, axis=0)),
    "divides by the number k of label variables alone": lambda h, y: np.sum((h - y) ** 2) / (2 * y.shape[-1]),
}})

def at(z, y):
    """The number of each example at its label."""
    return np.take_along_axis(z, np.expand_dims(y, -1), axis=-1)[..., 0]
