"""Every function as it is where not all elements count: in goes which of them do, out comes the wrong function.

Vectorised code divides an array into lanes and blocks and has elements left over; a counter, a launch or a buffer ends.
Whichever it is, some elements do not count. ``counts(i, n)`` says of the element of number i of n whether it counts;
``PARTIAL`` says for each clause about lengths what is counted, and how the function looks then.
"""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

import reference
from tests.mistakes.networks import backpropagated, linear, mlp, outer_products, sigmoid

# fmt: off
Counts = Callable[[np.ndarray, int], Any]

def kept(counts: Counts, n: int) -> np.ndarray:
    return np.broadcast_to(counts(np.arange(n), n), (n,))

def elements(f, counts):
    """The elements that do not count are left 0."""
    return lambda z: np.where(kept(counts, z.size).reshape(z.shape), value := f(z), value.dtype.type(0))

def rows(f, counts):
    """The results of the examples that do not count are left 0; of one example nothing is left out."""

    def wrong(x, *parameters):
        value = np.array(f(x, *parameters))
        if x.ndim > 1:
            value[~kept(counts, len(x))] = 0
        return value

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

def mean(prefix, counts):
    """The sum leaves losses out, and is divided by all of them."""
    return lambda *batch: (of_each := np.ravel(LOSSES[prefix](*batch)))[kept(counts, of_each.size)].sum() / of_each.size

def softmax_sum(counts):
    """The sum of a row leaves exponentials out."""

    def wrong(z):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        return e / e[..., kept(counts, z.shape[-1])].sum(axis=-1, keepdims=True)

    return wrong

def log_sum_exp(counts):
    def wrong(z, labels):
        shifted = z - z.max(axis=-1, keepdims=True)
        total = np.exp(shifted[..., kept(counts, z.shape[-1])]).sum(axis=-1)
        return np.mean(np.log(total) - at_labels(shifted, labels))

    return wrong

def classes(counts):
    return lambda y_hat, y: np.mean(class_losses(y_hat[..., k := kept(counts, y.shape[-1])], y[..., k]))

def inputs(x, W, counts):
    return x[..., k := kept(counts, x.shape[-1])] @ W[..., k].T

def neuron_inputs(counts):
    return lambda x, w, *b: sigmoid(inputs(x, w, counts) + sum(b))

def network_units(counts):
    return lambda *network: mlp(*network, linear=lambda h, W, b: inputs(h, W, counts) + b)

def hidden_units(counts):
    return lambda W1, b1, W2, b2: (W2[:, k := kept(counts, len(b1))] @ W1[k], W2[:, k] @ b1[k] + b2)

def gradient_of_examples(counts):
    return partial(backpropagated, parameters=lambda dz, h: outer_products(dz[k := kept(counts, len(h))], h[k]))

def parameters(f, counts):
    """The elements of each parameter that do not count stay where they are."""

    def wrong(theta, *rest, **hyper):
        result = f(theta, *rest, **hyper)
        for p, new in zip(theta, result[0] if isinstance(result, tuple) else result, strict=True):
            new.ravel()[~kept(counts, p.size)] = p.ravel()[~kept(counts, p.size)]
        return result

    return wrong

def labels(counts):
    def wrong(labels, k):
        return reference.one_hot(labels, k) * kept(counts, labels.size).reshape(*labels.shape, 1)

    return wrong

PARTIAL: dict[str, tuple[str, Callable[[Counts], Callable[..., Any]]]] = {
    **{
        f"{f.upper()}-{suffix}": ("elements", partial(elements, getattr(reference, f)))
        for suffix in ("LENGTH", "HUGE")
        for f in ("sigmoid", "tanh", "relu")
    },
    "SOFTMAX-LENGTH": ("exponentials", softmax_sum),
    "SOFTMAX-LONG": ("exponentials", softmax_sum),
    "SOFTMAX-BATCH": ("rows", partial(rows, reference.softmax)),
    "SOFTMAX-HUGE": ("elements", partial(elements, reference.softmax)),
    "ONEHOT-BATCH": ("labels", labels),
    "BCE-LENGTH": ("losses", partial(mean, "BCE")),
    "CE-LENGTH": ("classes", classes),
    "LOGITS-LENGTH": ("exponentials", log_sum_exp),
    "LOGITS-LONG": ("exponentials", log_sum_exp),
    "MSE-LENGTH": ("squares", partial(mean, "MSE")),
    "BCE-BATCH": ("losses", partial(mean, "BCE")),
    "CE-BATCH": ("losses", partial(mean, "CE")),
    "LOGITS-BATCH": ("losses", partial(mean, "LOGITS")),
    "MSE-BATCH": ("squares", partial(mean, "MSE")),
    **{f"{loss}-SPIKE": ("losses", partial(mean, loss)) for loss in LOSSES},
    "LINEAR-LENGTH": ("inputs", lambda counts: lambda x, W, b: inputs(x, W, counts) + b),
    "NEURON-LENGTH": ("inputs", neuron_inputs),
    "LOGREG-LENGTH": ("columns", neuron_inputs),
    "MLP-LENGTH": ("units", network_units),
    "COLLAPSE-LENGTH": ("hidden neurons", hidden_units),
    "LINEAR-BATCH": ("rows", partial(rows, linear)),
    "NEURON-BATCH": ("examples", partial(rows, reference.neuron)),
    "LOGREG-BATCH": ("examples", partial(rows, reference.logistic_regression)),
    "MLP-BATCH": ("examples", partial(rows, mlp)),
    "GRAD-BATCH": ("examples", gradient_of_examples),
    "STEP-LENGTH": ("elements", partial(parameters, reference.gradient_descent_step)),
    **{
        f"{rule.upper()}-LENGTH": ("elements", partial(parameters, getattr(reference, f"{rule}_step")))
        for rule in ("sgd", "adagrad", "rmsprop", "adam", "adamax")
    },
    "LOGITS-HUGE": ("examples", partial(mean, "LOGITS")),
    "MSE-HUGE": ("squares", partial(mean, "MSE")),
    "LINEAR-HUGE": ("rows", partial(rows, linear)),
}
"""By the id of the clause: what it counts, and the function of which only some count."""
