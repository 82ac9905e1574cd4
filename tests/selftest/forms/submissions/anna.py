import matplotlib.pyplot as no_plots_here
import numpy as np


def squash(z):
    return 1 / (1 + np.exp(-z))


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def mean_squared_error(target, guess_or_output):
    return ((guess_or_output - target) ** 2).mean() / 2


def step(model, X, y):
    slope = X.T @ (squash(X @ model["theta"]) - y) / len(y)
    return {"theta": model["theta"] - model["rate"] * slope, "rate": model["rate"]}


def back(x, y, weights):
    (W1, b1), (W2, b2) = weights["first"], weights["second"]
    h = np.tanh(x @ W1.T + b1)
    d2 = (squash(h @ W2.T + b2) - y) / len(x)
    d1 = d2 @ W2 * (1 - h**2)
    return {"first": (d1.T @ x, d1.sum(0)), "second": (d2.T @ h, d2.sum(0))}


data = np.load("lectures.npz")
no_plots_here.plot(data)
