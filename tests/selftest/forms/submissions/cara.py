import numpy as np

sigmoid = np.vectorize(lambda a: 1 / (1 + np.exp(-a)))


def softmax(z):
    raise NotImplementedError


def error(truth, guess):
    return np.sum((guess - truth) ** 2) / (2 * guess.size)


def step(model, X, y):
    pass


def back(x, y, weights):
    return x / 0 + undefined_name
