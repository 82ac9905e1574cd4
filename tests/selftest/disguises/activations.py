"""Disguised mistakes in sigmoid, tanh, ReLU and one-hot, as students write them."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in


@handed_in("sigmoid", "the exponent has the wrong sign")
def logistic(x):
    out = np.zeros(x.shape)
    for index in np.ndindex(x.shape):
        out[index] = 1.0 / (1.0 + math.exp(x[index]))
    return out


@handed_in("sigmoid", "the exponent has the wrong sign")
def one_minus_it(z):
    e = np.exp(-z)
    return e / (e + 1)


@handed_in("sigmoid", "the division comes before the sum")
def precedence(z):
    return np.divide(1, 1) + np.power(np.e, -z)


@handed_in("sigmoid", "the derivative")
def sigmoid_and_derivative(z):
    a = 1 / (1 + np.exp(-z))
    cache = {"a": a}
    return cache["a"] - cache["a"] ** 2


@handed_in("sigmoid", "sigmoid(2z)")
def by_tanh(x):
    return 0.5 * (np.tanh(x) + 1)


@handed_in("sigmoid", "sigmoid(2z)")
def squared_exponential(x):
    up = np.exp(x)
    down = np.exp(-x)
    return up / (up + down)


@handed_in("sigmoid", "tanh instead of the sigmoid")
def squash(v):
    return np.array([math.tanh(number) for number in v.ravel()]).reshape(v.shape)


@handed_in("sigmoid", "the class instead of the probability")
def decide(z):
    h = 1 / (1 + np.exp(-z))
    return np.where(h > 0.5, 1.0, 0.0)


@handed_in("sigmoid", "the logarithm of the sigmoid")
def log_sig(z):
    return -np.log1p(np.exp(-z))


@handed_in("sigmoid", "the absolute value of z")
def stable_for_one_side_only(z):
    z = np.abs(z)
    return np.reciprocal(1 + np.exp(-z))


@handed_in("sigmoid", "z is clipped")
def never_overflows(z):
    z = np.minimum(np.maximum(z, -5), 5)
    return 1 / (1 + np.exp(-z))


@handed_in("sigmoid", "no exponential: a minus in the place of the exponential, or 1 - e^-z")
def minus_in_the_denominator(z):
    with np.errstate(divide="ignore"):
        return 1 / (1 - np.exp(-z))


@handed_in("sigmoid", "softmax instead of the sigmoid")
def over_the_row(z):
    e = [np.exp(row - row.max()) for row in np.atleast_2d(z)]
    return np.reshape([row / row.sum() for row in e], z.shape)


@handed_in("tanh", "tanh(z/2): the exponent without the 2")
def hyperbolic(x):
    e = np.exp(x)
    return (e - 1) / (e + 1)


@handed_in("tanh", "tanh(z/2): the exponent without the 2")
def from_sigmoid(z):
    def sig(t):
        return 1 / (1 + math.exp(-t))

    return np.vectorize(lambda t: 2 * sig(t) - 1, otypes=[float])(z)


@handed_in("tanh", "the numerator and the denominator are exchanged")
def cotangens(z):
    a, b = np.exp(z), np.exp(-z)
    with np.errstate(divide="ignore"):
        return (a + b) / (a - b)


@handed_in("tanh", "the denominator is missing: sinh")
def half_of_the_difference(z):
    return (np.exp(z) - np.exp(-z)) / 2


@handed_in("tanh", "tan instead of tanh")
def tangens(z):
    flat = [math.tan(t) for t in z.flatten()]
    return np.array(flat).reshape(z.shape)


@handed_in("tanh", "the derivative")
def tanh_prime(z):
    t = np.sinh(z) / np.cosh(z)
    return 1 - np.square(t)


@handed_in("tanh", "the sigmoid instead of tanh")
def wrong_squash(z):
    return 1 / (1 + np.exp(-z))


@handed_in("tanh", "the sign")
def other_way_round(z):
    e2 = np.exp(2 * z)
    return (1 - e2) / (1 + e2)


@handed_in("tanh", "arctan instead of tanh")
def arcus(z):
    return np.arctan(z)


@handed_in("relu", "a leaky ReLU")
def rectify(x):
    result = x.copy()
    for i in np.ndindex(result.shape):
        if result[i] < 0:
            result[i] *= 0.01
    return result


@handed_in("relu", "the minimum instead of the maximum")
def smaller(x):
    return (x - np.abs(x)) / 2


@handed_in("relu", "the derivative")
def step(z):
    return np.array(z > 0, dtype=float)


@handed_in("relu", "the absolute value")
def positive(z):
    return np.sqrt(z**2)


@handed_in("relu", "softplus instead of ReLU")
def smooth(z):
    return np.logaddexp(0, z)


@handed_in("relu", "clipped above as well")
def six(z):
    out = []
    for value in z.ravel():
        out.append(max(0.0, min(6.0, value)))
    return np.array(out).reshape(z.shape)


@handed_in("relu", "the identity")
def nothing(z):
    z = z.copy()
    for row in np.atleast_2d(z):
        for value in row:
            if value < 0:
                value = 0
    return z


@handed_in("relu", "ELU instead of ReLU")
def elu(z, a=1.0):
    return np.where(z > 0, z, a * (np.exp(np.minimum(z, 0)) - 1))


@handed_in("one_hot", "the labels are shifted by one")
def from_one(labels, n_classes):
    encoded = np.zeros((len(labels), n_classes))
    for i, label in enumerate(labels):
        encoded[i, label - 1] = 1
    return encoded


@handed_in("one_hot", "0 at the label and 1 elsewhere")
def cold(labels, k):
    return np.array([[0 if j == label else 1 for j in range(k)] for label in labels])


@handed_in("one_hot", "the classes in reversed order")
def backwards(labels, k):
    return np.fliplr(np.eye(k))[labels]


@handed_in("one_hot", "the label itself instead of 1")
def value_in_place(labels, k):
    m = labels.shape[0]
    Y = np.zeros((m, k))
    Y[np.arange(m), labels] = labels
    return Y


@handed_in("one_hot", "all classes up to the label")
def thermometer(labels, k):
    return (np.arange(k)[None, :] <= labels[:, None]).astype(float)


@handed_in("one_hot", "-1 for the other classes")
def plus_minus(labels, k):
    return 2 * np.eye(k)[labels] - 1


@handed_in("one_hot", "classes in the rows: transposed")
def columns(labels, k):
    Y = np.zeros((k, len(labels)))
    Y[labels, range(len(labels))] = 1
    return Y


@handed_in("one_hot", "as many classes as the largest label has")
def counts_itself(labels, k):
    n = int(max(labels)) + 1
    return np.identity(n)[labels]
