"""Every function as it is where not all elements count: in goes which of them do, out comes the wrong function.

Vectorised code divides an array into lanes and blocks and has elements left over; a counter, a launch or a buffer ends.
Whichever it is, some elements do not count. ``PARTIAL`` says for each clause about lengths how the function looks then:
``PARTIAL[id](counts)`` is the wrong function, ``counts(i, n)`` says of the element of number i of n whether it counts.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import reference
from tests.mistakes.networks import backpropagated, linear, mlp, outer_products, sigmoid

Counts = Callable[[np.ndarray, int], Any]


def mask(counts: Counts, n: int) -> np.ndarray:
    return np.broadcast_to(counts(np.arange(n), n), (n,))


def elementwise(f, counts):
    """The elements that do not count are left 0."""

    def wrong(z):
        value = np.array(f(z))
        value.ravel()[~mask(counts, z.size)] = 0
        return value

    return wrong


def rows(f, counts):
    """The results of the examples that do not count are left 0; of one example nothing is left out."""

    def wrong(x, *parameters):
        value = np.array(f(x, *parameters))
        if x.ndim > 1:
            value[~mask(counts, len(x))] = 0
        return value

    return wrong


def labels(counts):
    def wrong(labels, k):
        value = np.array(reference.one_hot(labels, k))
        value.reshape(-1, k)[~mask(counts, labels.size)] = 0
        return value

    return wrong


def softmax_of_the_sum(counts):
    """The sum of a row leaves the exponentials out."""

    def wrong(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e[..., mask(counts, z.shape[-1])].sum(axis=-1, keepdims=True)

    return wrong


def log_sum_exp(counts):
    def wrong(z, labels):
        shifted = z - z.max(axis=-1, keepdims=True)
        total = np.exp(shifted[..., mask(counts, z.shape[-1])]).sum(axis=-1)
        return np.mean(np.log(total) - at_labels(shifted, labels))

    return wrong


def at_labels(rows, labels):
    """Of each row what stands at its label."""
    return np.take_along_axis(rows, np.asarray(labels)[..., None], axis=-1)[..., 0]


def log_softmax(z):
    shifted = z - z.max(axis=-1, keepdims=True)
    return shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))


def binary_losses(y_hat, y):
    """The loss of each element, where nothing is wrong with it."""
    return np.where(y > 0, -y * np.log(y_hat), 0) + np.where(y < 1, -(1 - y) * np.log1p(-y_hat), 0)


def class_losses(y_hat, y):
    """The loss of each example, where nothing is wrong with it."""
    return np.where(y > 0, -y * np.log(y_hat), 0).sum(axis=-1)


LOSSES = {
    "BCE": binary_losses,
    "CE": class_losses,
    "LOGITS": lambda z, labels: -at_labels(log_softmax(z), labels),
    "MSE": lambda y_hat, y: (y_hat - y) ** 2 / 2,
}
"""What each loss function takes the mean of, by the prefix of its clauses."""


def mean(losses, counts):
    """The sum leaves losses out, and is divided by all of them."""

    def wrong(*batch):
        of_each = np.ravel(losses(*batch))
        return of_each[mask(counts, of_each.size)].sum() / of_each.size

    return wrong


def classes(counts):
    def wrong(y_hat, y):
        kept = mask(counts, y.shape[-1])
        return np.mean(class_losses(y_hat[..., kept], y[..., kept]))

    return wrong


def inputs(x, W, kept):
    return x[..., kept] @ W[..., kept].T


def linear_inputs(counts):
    return lambda x, W, b: inputs(x, W, mask(counts, x.shape[-1])) + b


def neuron_inputs(counts):
    return lambda x, w, *b: sigmoid(inputs(x, w, mask(counts, len(w))) + sum(b))


def network_units(counts):
    def of_some(h, W, b):
        kept = mask(counts, W.shape[1])
        return linear(h[..., kept], W[:, kept], b)

    return lambda x, theta, activations: mlp(x, theta, activations, linear=of_some)


def hidden_units(counts):
    def wrong(W1, b1, W2, b2):
        kept = mask(counts, len(b1))
        return W2[:, kept] @ W1[kept], W2[:, kept] @ b1[kept] + b2

    return wrong


def gradient_of_examples(counts):
    def of_some(dz, h):
        kept = mask(counts, len(h))
        return outer_products(dz[kept], h[kept])

    return partial(backpropagated, parameters=of_some)


def parameters(f, counts):
    """The elements of each parameter that do not count stay where they are."""

    def wrong(theta, *rest, **hyper):
        result = f(theta, *rest, **hyper)
        moved = result[0] if isinstance(result, tuple) else result
        for p, new in zip(theta, moved, strict=True):
            stay = ~mask(counts, p.size)
            new.ravel()[stay] = p.ravel()[stay]
        return result

    return wrong


RULES = {
    prefix: getattr(reference, f"{prefix.lower()}_step") for prefix in ("SGD", "ADAGRAD", "RMSPROP", "ADAM", "ADAMAX")
}

PARTIAL: dict[str, Callable[[Counts], Callable[..., Any]]] = {
    "SIGMOID-LENGTH": partial(elementwise, reference.sigmoid),
    "TANH-LENGTH": partial(elementwise, reference.tanh),
    "RELU-LENGTH": partial(elementwise, reference.relu),
    "SOFTMAX-LENGTH": softmax_of_the_sum,
    "SOFTMAX-LONG": softmax_of_the_sum,
    "SOFTMAX-BATCH": partial(rows, reference.softmax),
    "ONEHOT-LARGE": labels,
    "BCE-LENGTH": partial(mean, LOSSES["BCE"]),
    "BCE-LONG": partial(mean, LOSSES["BCE"]),
    "BCE-SPIKE": partial(mean, LOSSES["BCE"]),
    "CE-LENGTH": classes,
    "CE-LARGE": partial(mean, LOSSES["CE"]),
    "CE-SPIKE": partial(mean, LOSSES["CE"]),
    "LOGITS-LENGTH": log_sum_exp,
    "LOGITS-LONG": log_sum_exp,
    "LOGITS-BATCH": partial(mean, LOSSES["LOGITS"]),
    "LOGITS-SPIKE": partial(mean, LOSSES["LOGITS"]),
    "MSE-LENGTH": partial(mean, LOSSES["MSE"]),
    "MSE-LONG": partial(mean, LOSSES["MSE"]),
    "MSE-SPIKE": partial(mean, LOSSES["MSE"]),
    "LINEAR-LONG": linear_inputs,
    "LINEAR-BATCH": partial(rows, linear),
    "NEURON-LONG": neuron_inputs,
    "NEURON-BATCH": partial(rows, reference.neuron),
    "LOGREG-LONG": neuron_inputs,
    "LOGREG-BATCH": partial(rows, reference.logistic_regression),
    "MLP-LONG": network_units,
    "MLP-BATCH": partial(rows, mlp),
    "COLLAPSE-LONG": hidden_units,
    "STEP-LONG": partial(parameters, reference.gradient_descent_step),
    **{f"{rule}-LONG": partial(parameters, step) for rule, step in RULES.items()},
    "GRAD-BATCH": gradient_of_examples,
    "SIGMOID-HUGE": partial(elementwise, reference.sigmoid),
    "TANH-HUGE": partial(elementwise, reference.tanh),
    "RELU-HUGE": partial(elementwise, reference.relu),
    "SOFTMAX-HUGE": partial(elementwise, reference.softmax),
    "LOGITS-HUGE": partial(mean, LOSSES["LOGITS"]),
    "MSE-HUGE": partial(mean, LOSSES["MSE"]),
    "LINEAR-HUGE": partial(rows, linear),
}
