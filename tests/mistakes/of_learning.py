"""Mistakes in logistic regression that learns, in its predictions, and with one example without a batch axis."""

import numpy as np

from tests.mistakes.networks import mlp, sigmoid, softmax
from tests.mistakes.registry import forms, record, wrong


def _descent(X, y, alpha, steps, step):
    theta = np.zeros(X.shape[1])
    for _ in range(steps):
        theta = step(theta, X, y, alpha)
    return theta


@wrong("FIT-VALUE", "climbs: it adds the gradient")
def climbs(X, y, alpha, steps):
    return _descent(X, y, alpha, steps, lambda t, X, y, a: t + a * X.T @ (sigmoid(X @ t) - y) / len(X))


@wrong("FIT-VALUE", "adds the gradients of the examples up where their mean is meant")
def sum_over_the_examples(X, y, alpha, steps):
    return _descent(X, y, alpha, steps, lambda t, X, y, a: t - a * X.T @ (sigmoid(X @ t) - y))


@wrong("FIT-VALUE", "divides the gradient by m twice")
def divided_twice(X, y, alpha, steps):
    return _descent(X, y, alpha, steps, lambda t, X, y, a: t - a * X.T @ (sigmoid(X @ t) - y) / len(X) ** 2)


@wrong("FIT-VALUE", "leaves the sigmoid out, as in linear regression")
def without_the_sigmoid(X, y, alpha, steps):
    return _descent(X, y, alpha, steps, lambda t, X, y, a: t - a * X.T @ (X @ t - y) / len(X))


@wrong("FIT-VALUE", "makes one step less than it is told")
def one_step_less(X, y, alpha, steps):
    return _descent(X, y, alpha, max(steps - 1, 0), lambda t, X, y, a: t - a * X.T @ (sigmoid(X @ t) - y) / len(X))


@wrong("FIT-VALUE", "stops after the first example of each step")
def one_example_a_step(X, y, alpha, steps):
    return _descent(X, y, alpha, steps, lambda t, X, y, a: t - a * X[0] * (sigmoid(X[0] @ t) - y[0]))


@wrong("FIT-PURE", "normalises its data in place")
def normalises_in_place(X, y, alpha, steps):
    theta = _descent(X, y, alpha, steps, lambda t, X, y, a: t - a * X.T @ (sigmoid(X @ t) - y) / len(X))
    X -= X.mean(axis=0) + 1
    return theta


def where(chosen):
    return lambda X, theta: chosen(X @ theta).astype(int)


record(
    {
        "PREDICT-VALUE": {
            "exchanges the classes": forms(where(lambda z: z < 0), where(lambda z: z <= 0)),
            "gives -1 and 1 for the classes": forms(
                where(lambda z: np.where(z >= 0, 1, -1)), where(lambda z: np.where(z > 0, 1, -1)), where(np.sign)
            ),
        }
    }
)


@wrong("PREDICT-VALUE", "gives the probability instead of the class")
def the_probability(X, theta):
    return sigmoid(X @ theta)


@wrong("PREDICT-VALUE", "puts its threshold at 0.5 before the sigmoid")
def threshold_before_the_sigmoid(X, theta):
    return (X @ theta >= 0.5).astype(int)


@wrong("PREDICT-PURE", "overwrites its data with the products")
def overwrites_its_data(X, theta):
    X *= theta
    return (X.sum(axis=1) >= 0).astype(int)


@wrong("SOFTMAX-ONE", "needs a batch axis, and refuses a single example")
def softmax_of_batches_only(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@wrong("MLP-ONE", "takes the softmax of a single example over the wrong axis")
def network_of_columns(x, theta, activations):
    y = mlp(x, theta, activations)
    return y if x.ndim == 2 else softmax(y[:, None])
