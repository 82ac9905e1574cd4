import numpy as np
from scipy.special import softmax


class Model:
    def __squash(self, z):
        return 0.5 + 0.5 * np.tanh(z / 2)


def mean_squared_error(y_hat, y):
    return np.mean((y_hat - y) ** 2)


def step(model, X):
    return model


def back(x, y, weights):
    return {"first": (x, y)}
