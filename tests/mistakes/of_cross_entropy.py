"""Known mistakes of cross_entropy, of probabilities, in its own formula."""

import numpy as np

from reference import cross_entropy as right
from tests.mistakes.partial import class_losses
from tests.mistakes.registry import forms, record, wrong

# fmt: off
log = np.log

def of_label(h, y, shift=0):
    """The probability of the label, or of the class that stands so far from it."""
    return np.take_along_axis(h, (np.argmax(y, axis=-1, keepdims=True) + shift) % y.shape[-1], axis=-1)

record({
"CE-VALUE": {
    "adds the binary cross-entropy's term of what is not true for every class":
        lambda h, y: -np.mean(np.sum(y * log(h) + (1 - y) * log(1 - h), axis=-1)),
    "takes whole rows, y_hat[label], where y_hat[row, label] is meant": forms(
        lambda h, y: -np.sum(log(h[np.argmax(y, axis=1)])) / len(y),
        lambda h, y: -np.mean(log(h[np.argmax(y, axis=1)])), lambda h, y: -np.sum(log(h[np.argmax(y, axis=1)]))),
    "gives a number for each class of each example, and adds nothing up": forms(
        lambda h, y: -y * log(h), lambda h, y: -y * log(h) - (1 - y) * log(1 - h)),
    "takes the binary loss of each class and averages over m and k":
        lambda h, y: -np.mean(y * log(h) + (1 - y) * log(1 - h)),
    "takes the probabilities for logits and applies the softmax to them once more":
        lambda h, y: right(np.exp(h) / np.sum(np.exp(h), axis=-1, keepdims=True), y),
    "counts the classes from 1 and so reads the probability of the class before the label":
        lambda h, y: -np.mean(log(of_label(h, y, -1))),
    "punishes wrong predictions only and gives no loss for right ones":
        lambda h, y: np.mean((np.argmax(h, axis=-1) != np.argmax(y, axis=-1)) * class_losses(h, y)),
    "averages over the classes too, where the formula sums over them": lambda h, y: -np.mean(y * log(h)),
    "sums over the examples and averages over the classes": lambda h, y: -np.mean(np.sum(y * log(h), axis=0)),
    "guesses that labels lie in columns wherever that fits": lambda h, y: right(h, y.T if y.T.shape == h.shape else y),
    "multiplies matrices where it should multiply elements":
        lambda h, y: -np.sum(y @ log(h).T) / (y.size // y.shape[-1]),
    "takes how far the label's probability is from 1 and no logarithm":
        lambda h, y: np.mean(1 - np.sum(y * h, axis=-1)),
    "leaves label smoothing switched on, by 0.1": lambda h, y: right(h, 0.9 * y + 0.1 / y.shape[-1]),
}, "CE-EXAMPLE": {
    "measures how sure the network is of its own answer and does not look at the label":
        lambda h, y: -np.mean(log(np.max(h, axis=-1))),
}, "CE-MEAN": {
    "takes the logarithm of a mean": lambda h, y: -log(np.mean(np.sum(y * h, axis=-1))),
}, "CE-ONE": {
    "divides the loss of one example by its length": lambda h, y: -np.sum(y * log(h)) / len(y),
    "sums over axis 1": lambda h, y: -np.mean(np.sum(y * log(h), axis=1)),
    "gives the loss of one example the axis of a batch": lambda h, y: np.atleast_1d(right(h, y)),
}, "CE-PURE": {
    "uses the caller's targets as the room for y log y_hat":
        lambda h, y: -np.mean(np.sum(np.multiply(y, log(h), out=y), axis=-1)),
}, "CE-CERTAIN": {
    "leaves examples predicted with certainty out, where they count with 0":
        lambda h, y: np.mean(np.atleast_1d(class_losses(h, y))[np.all(np.atleast_2d(h) < 1, axis=-1)]),
}, "CE-SOFT": {
    "takes the most likely class of a soft target for the label":
        lambda h, y: right(h, (y == np.max(y, axis=-1, keepdims=True)).astype(y.dtype)),
    "takes the logarithm of the expected probability": lambda h, y: -np.mean(log(np.sum(y * h, axis=-1))),
}, "CE-DOMAIN": {
    "divides each row by its sum, whatever it holds, instead of refusing what is no probability":
        lambda h, y: np.mean(class_losses(h / np.sum(h, axis=-1, keepdims=True), y)),
}, "CE-TARGETS": {
    "reads off the label as the largest target": lambda h, y: right(h, np.eye(y.shape[-1])[np.argmax(y, axis=-1)]),
}})

@wrong("CE-MEAN", "gives every class the same weight, however many examples it has")
def balances_the_classes(h, y):
    labels, losses = np.argmax(np.atleast_2d(y), axis=-1), np.atleast_1d(class_losses(h, y))
    return np.mean([np.mean(losses[labels == label]) for label in np.unique(labels)])

@wrong("CE-DOMAIN", "looks at the label's probability only and not at the others")
def looks_at_the_label_only(h, y):
    if h.shape != y.shape or np.any(h[y == 1] > 1):
        raise ValueError("predictions and targets do not fit")
    return np.mean(class_losses(h, y))
