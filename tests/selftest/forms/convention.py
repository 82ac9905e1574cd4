"""The convention of this course: `step(model)` trains a dictionary, `back(x, y, weights)` gives one of gradients."""

import numpy as np

ONE_EXAMPLE = False


def fit(student, X, y, alpha, steps):
    model = {"theta": np.zeros(X.shape[1]), "rate": alpha}
    for _ in range(steps):
        model = student.step(model, X, y)
    return model["theta"]


def network_gradients(student, x, y, theta):
    weights = {"first": theta[0], "second": theta[1]}
    if len(theta) != 2:
        raise ValueError("the suite asked for another network")
    gradients = student.back(x, y, weights)
    return [pair(gradients, layer) for layer in ("first", "second")]


def pair(gradients, layer):
    return gradients[layer][0], gradients[layer][1]
