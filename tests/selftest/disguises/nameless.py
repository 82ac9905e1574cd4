"""Wrong activations and losses whose fault has no name, or is another one than its first wrong value suggests.

Kinds: rare slips and several faults at once; agreement with a known mistake on one value; NaN; an exception; a dtype or
a range in which a right formula breaks, as in released libraries.
"""

import numpy as np

from tests.selftest.disguises.registry import nameless


def sig(z):
    return 1 / (1 + np.exp(-z))


def soft(z):
    e = np.exp(z - np.max(z, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def bce(h, y):
    return np.mean(-y * np.log(h) - (1 - y) * np.log(1 - h))


# ---- activations


@nameless("sigmoid", "another function")
def waves(z):
    return np.cos(z) / 3


@nameless("sigmoid", "a wrong constant: agrees with sigmoid(-z) at 0")
def one_half(z):
    return np.full(z.shape, 0.5)


@nameless("sigmoid", "always 0")
def zeros(z):
    return np.zeros_like(z)


@nameless("sigmoid", "two faults: sign and factor")
def two_faults(z):
    return 3 / (1 + np.exp(z))


@nameless("sigmoid", "right, except for one element: the last")
def last_is_raw(z):
    h = sig(z)
    h.flat[-1] = z.flat[-1]
    return h


@nameless("sigmoid", "raises for a matrix")
def vectors_only(z):
    if z.ndim > 1:
        raise TypeError("only vectors")
    return 1 / (1 + np.exp(-1.01 * z))


@nameless("sigmoid", "NaN for everything below 0")
def nan_below(z):
    with np.errstate(invalid="ignore"):
        return sig(z) + 0 * np.sqrt(z)


@nameless("sigmoid", "a power series broken off")
def taylor(z):
    return 0.5 + z / 4 - z**3 / 48


@nameless("tanh", "a wrong factor in the exponent")
def three(z):
    return np.tanh(3 * z)


@nameless("tanh", "softsign")
def softsign(z):
    return z / (1 + np.abs(z))


@nameless("tanh", "NaN beyond 20: inf / inf")
def overflow(z):
    with np.errstate(all="ignore"):
        e = np.exp(40 * z)
        return np.tanh(z) * (e / e)


@nameless("relu", "cubed")
def cubed(z):
    return np.maximum(z, 0) ** 3


@nameless("relu", "NaN becomes 0, as in a library", clauses=("RELU-NAN",))
def comparison(z):
    return np.where(z > 0, z, 0).astype(z.dtype)


# ---- softmax, one-hot


@nameless("softmax", "integers wrap", clauses=("SOFTMAX-INTEGER",))
def subtract_in_integers(z):
    e = np.exp((z - z.max(axis=-1, keepdims=True)).astype(float))
    return e / e.sum(axis=-1, keepdims=True)


@nameless("softmax", "equal probabilities")
def uniform(z):
    return np.full(z.shape, 1 / z.shape[-1])


@nameless("softmax", "the exponent times 1.5")
def hot(z):
    return soft(1.5 * z)


@nameless("softmax", "logits clamped at -64 below the maximum, as in a library", clauses=("SOFTMAX-SPREAD",))
def clamped(z):
    return soft(np.maximum(z - z.max(axis=-1, keepdims=True), -64.0))


@nameless("softmax", "the last class is forgotten")
def forgets_last(z):
    p = soft(z)
    p[..., -1] = 0
    return p


@nameless("softmax", "raises for rows of another length than three")
def three_classes(z):
    a, b, c = np.exp(z).T
    return np.stack([a, b, c]).T / (a + b)


@nameless("softmax", "squares of exponentials over their sum")
def squares(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return e**2 / e.sum(axis=-1, keepdims=True)


@nameless("one_hot", "all zeros")
def empty(labels, k):
    return np.zeros((len(labels), k))


@nameless("one_hot", "twice: a second 1 beside the label")
def neighbours(labels, k):
    Y = np.eye(k)[labels]
    return np.minimum(Y + np.roll(Y, 1, axis=1), 1)


@nameless("one_hot", "labels compared modulo 256, as in a library", clauses=("ONEHOT-LABELS",))
def in_their_dtype(labels, k):
    return (np.asarray(labels)[..., None] == np.arange(k).astype(np.asarray(labels).dtype)).astype(float)


# ---- losses


@nameless("binary_cross_entropy", "a wrong factor")
def seven_tenths(h, y):
    return 0.7 * bce(h, y)


@nameless("binary_cross_entropy", "a constant is added")
def plus_one(h, y):
    return 1 + bce(h, y)


@nameless("binary_cross_entropy", "a bracket: log(1) - h")
def bracket(h, y):
    return np.mean(-y * np.log(h) - (1 - y) * np.log(1) - h)


@nameless("binary_cross_entropy", "NaN: the logarithm of a negative number")
def always_nan(h, y):
    with np.errstate(invalid="ignore"):
        return np.mean(-y * np.log(-h) - (1 - y) * np.log(1 - h))


@nameless("binary_cross_entropy", "inf: the logarithm of the target")
def infinite(h, y):
    with np.errstate(all="ignore"):
        return np.mean(-np.log(y * h))


@nameless("binary_cross_entropy", "0 log 0 is NaN", clauses=("BCE-CERTAIN",))
def nan_for_certain(h, y):
    with np.errstate(all="ignore"):
        return bce(h, y)


@nameless("binary_cross_entropy", "float32 inside")
def bce_float32(h, y):
    return float(bce(h.astype(np.float32), y.astype(np.float32)))


@nameless("binary_cross_entropy", "weights the classes")
def weighted(h, y):
    return np.mean(-3 * y * np.log(h) - (1 - y) * np.log(1 - h))


@nameless("binary_cross_entropy", "the sum of the squares of the losses")
def of_squares(h, y):
    return np.mean((-y * np.log(h) - (1 - y) * np.log(1 - h)) ** 2)


@nameless("cross_entropy", "a wrong factor")
def third(p, y):
    return -np.mean(np.sum(y * np.log(p), axis=-1)) / 3.3


@nameless("cross_entropy", "0 for everything")
def nothing(p, y):
    return 0.0


@nameless("cross_entropy", "NaN: 0 times the logarithm of 0")
def of_the_target(p, y):
    with np.errstate(all="ignore"):
        return -np.sum(y * np.log(y)) / len(y)


@nameless("cross_entropy", "the focal loss")
def focal(p, y):
    q = np.sum(p * y, axis=-1)
    return -np.mean((1 - q) ** 2 * np.log(q))


@nameless("cross_entropy", "raises for a vector, and adds a constant")
def raises(p, y):
    if p.ndim == 1:
        raise IndexError("tuple index out of range")
    return 0.1 - np.mean(np.sum(y * np.log(p), axis=1))


@nameless("cross_entropy_with_logits", "a temperature")
def cool(z, labels):
    z = np.atleast_2d(z) / 2.5
    return np.mean(np.logaddexp.reduce(z, axis=1) - z[np.arange(len(z)), np.atleast_1d(labels)])


@nameless("cross_entropy_with_logits", "NaN for everything")
def nan_loss(z, labels):
    return np.nan


@nameless("mean_squared_error", "a wrong factor")
def seven(h, y):
    return np.mean((h - y) ** 2) / 7


@nameless("mean_squared_error", "cubes")
def cubes(h, y):
    return np.mean(np.abs(h - y) ** 3) / 2


@nameless("mean_squared_error", "relative to the target")
def relative(h, y):
    return np.mean(((h - y) / (1 + np.abs(y))) ** 2) / 2


@nameless("mean_squared_error", "always 0: compares the target with itself")
def itself(h, y):
    h = y
    return np.mean((h - y) ** 2) / 2
