"""Disguised mistakes in the softmax, as students write them."""

import math

import numpy as np

from tests.selftest.disguises.registry import handed_in


@handed_in("softmax", "over the wrong axis: over the examples")
def per_column(z):
    out = np.empty(z.shape)
    for j in range(z.shape[-1]):
        e = np.exp(z[..., j] - np.max(z[..., j]))
        out[..., j] = e / np.sum(e)
    return out


@handed_in("softmax", "over the wrong axis: over the examples")
def einsum_of_columns(X):
    E = np.exp(X)
    return np.einsum("ij,j->ij", E, 1 / np.einsum("ij->j", E)) if X.ndim == 2 else E / E.sum()


@handed_in("softmax", "over the whole matrix")
def everything(z):
    e = np.exp(z - z.max())
    s = sum(sum(row) for row in np.atleast_2d(e))
    return e / s


@handed_in("softmax", "not normalised")
def only_exp(z):
    return np.array([math.exp(v) for v in z.flat]).reshape(z.shape)


@handed_in("softmax", "the sign of the exponent")
def falling(z):
    e = np.exp(-(z - z.min(axis=-1, keepdims=True)))
    return e / e.sum(axis=-1, keepdims=True)


@handed_in("softmax", "no exponential")
def proportions(z):
    z = np.asarray(z)
    return z / np.sum(z, axis=-1, keepdims=True)


@handed_in("softmax", "the logarithm of the softmax")
def log_probs(z):
    m = z.max(-1)[..., None]
    return z - m - np.log(np.exp(z - m).sum(-1)[..., None])


@handed_in("softmax", "a sigmoid for each class")
def each_for_itself(z):
    return 1 / (1 + np.exp(-z))


@handed_in("softmax", "1 at the largest logit")
def winner(z):
    rows = np.atleast_2d(z)
    p = np.zeros(rows.shape)
    for i, row in enumerate(rows):
        p[i, list(row).index(max(row))] = 1
    return p.reshape(z.shape)


@handed_in("softmax", "the maximum is subtracted in the numerator only")
def half_stable(z):
    num = np.exp(z - np.max(z, axis=-1, keepdims=True))
    den = np.exp(z).sum(axis=-1, keepdims=True)
    return num / den


@handed_in("softmax", "the mean instead of the sum")
def by_the_mean(z):
    t = np.exp(z)
    return t / np.mean(t, axis=-1, keepdims=True)


@handed_in("softmax", "divided by the largest instead of the sum")
def by_the_largest(z):
    e = np.exp(z)
    return e / e.max(axis=-1, keepdims=True)


@handed_in("softmax", "the Euclidean length instead of the sum")
def by_the_length(z):
    e = np.exp(z)
    return e / np.linalg.norm(e, axis=-1, keepdims=True)


@handed_in("softmax", "base 2 instead of e")
def binary_powers(z):
    p = 2.0**z
    return p / p.sum(axis=-1, keepdims=True)


@handed_in("softmax", "applied twice")
def twice(z):
    for _ in range(2):
        e = np.exp(z - z.max(axis=-1, keepdims=True))
        z = e / e.sum(axis=-1, keepdims=True)
    return z


@handed_in("softmax", "the sum of the first row for all rows")
def first_sum(z):
    e = np.exp(np.atleast_2d(z))
    total = 0
    for j in range(e.shape[1]):
        total += e[0, j]
    return (e / total).reshape(z.shape)


@handed_in("softmax", "the logits are standardised first")
def normalised_first(z):
    z = (z - z.mean(axis=-1, keepdims=True)) / (z.std(axis=-1, keepdims=True) + 1e-8)
    e = np.exp(z)
    return e / e.sum(axis=-1, keepdims=True)


@handed_in("softmax", "keepdims is missing: rows divided by sums of other rows")
def lost_axis(z):
    e = np.exp(z)
    sums = e.sum(axis=-1)
    return e / sums


@handed_in("softmax", "the sign of the result")
def negative(z):
    e = np.exp(z)
    return -e / e.sum(axis=-1, keepdims=True)


@handed_in("softmax", "1 is added to the sum")
def with_one(z):
    e = np.exp(z)
    return e / (1 + e.sum(axis=-1, keepdims=True))


@handed_in("softmax", "the derivative p(1 - p)")
def with_derivative(z):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    p = e / e.sum(axis=-1, keepdims=True)
    grad = p * (1 - p)
    return grad
