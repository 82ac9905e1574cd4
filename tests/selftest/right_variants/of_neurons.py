"""Right neurons and right logistic regressions: the sigmoid's forms after a weighted sum."""

import importlib.util
import math

import numpy as np

from tests.mistakes.networks import floating, refuse_unless, sigmoid
from tests.selftest.right_variants.registry import variant, variants


def _both(activation, weighted_sum=np.matmul):
    """A neuron and a logistic regression without any check of the arguments."""
    return {
        "neuron": lambda x, w, b: activation(weighted_sum(x, w) + b),
        "logistic_regression": lambda X, theta: activation(weighted_sum(X, theta)),
    }


def _both_checked(activation, weighted_sum=np.matmul):
    """The same, promoting integers and refusing weights that do not fit."""

    def neuron(x, w, b):
        refuse_unless(x.shape[-1:] == w.shape)
        x, w = floating(x, w)
        return activation(weighted_sum(x, w) + b)

    return {"neuron": neuron, "logistic_regression": lambda X, theta: neuron(X, theta, 0.0)}


def _logistic(z):
    return 1 / (1 + np.exp(-z))


def _by_cases(z):
    z = np.asarray(z)
    h = np.empty_like(z)
    left = z < 0
    h[left] = np.exp(z[left]) / (1 + np.exp(z[left]))
    h[~left] = 1 / (1 + np.exp(-z[~left]))
    return h


def _element_by_element(z):
    return np.reshape([1 / (1 + math.exp(-one)) for one in np.ravel(z)], np.shape(z))


TEXTBOOK_ACTIVATIONS = {
    "the formula": _logistic,
    "the slides' eps": lambda z: 1 / (1 + np.exp(-z) + 1e-8),
    "the largest eps allowed": lambda z: 1 / (1 + np.exp(-z) + 1e-7),
    "numerator and denominator times e^z": lambda z: np.exp(z) / (1 + np.exp(z)),
    "half a tanh": lambda z: (1 + np.tanh(z / 2)) / 2,
    "the complement": lambda z: 1 - 1 / (1 + np.exp(z)),
    "e to the minus softplus": lambda z: np.exp(-np.logaddexp(0, -z)),
    "clipping at 500": lambda z: _logistic(np.clip(z, -500, 500)),
    "math.exp for each element": _element_by_element,
    "np.vectorize": np.vectorize(lambda z: 1 / (1 + math.exp(-z))),
}
for _name, _activation in TEXTBOOK_ACTIVATIONS.items():
    variants(f"neurons by {_name}", "textbook", lambda activation=_activation: _both(activation))

ROBUST_ACTIVATIONS = {
    "the formula, checked": _logistic,
    "the exponential of minus the modulus": sigmoid,
    "two cases": _by_cases,
    "a power of e": lambda z: np.reciprocal(1 + np.exp(np.negative(z))),
}
for _name, _activation in ROBUST_ACTIVATIONS.items():
    variants(f"neurons by {_name}", "robust", lambda activation=_activation: _both_checked(activation))

if importlib.util.find_spec("scipy"):
    from scipy.special import expit

    variants("neurons by scipy.special.expit", "robust", lambda: _both_checked(expit))

SUMS = {
    "elementwise products": lambda x, w: (x * w).sum(axis=-1),
    "an einstein sum": lambda x, w: np.einsum("...i,i->...", x, w),
    "the transposed product": lambda x, w: w @ x.T,
    "sums from the last input to the first": lambda x, w: (x * w)[..., ::-1].cumsum(axis=-1)[..., -1],
}
for _name, _sum in SUMS.items():
    variants(f"neurons of {_name}", "robust", lambda weighted_sum=_sum: _both_checked(sigmoid, weighted_sum))


@variant("neuron", "textbook")
def column(x, w, b):
    return _logistic(x @ w[:, None] + b) if x.ndim == 2 else _logistic(x @ w + b)


@variant("neuron", "textbook")
def bias_as_a_weight_of_one(x, w, b):
    return _logistic(np.concatenate([np.ones((*x.shape[:-1], 1)), x], axis=-1) @ np.append(b, w))


@variant("neuron", "textbook")
def loop_over_the_examples(x, w, b):
    if x.ndim == 1:
        return np.float64(1 / (1 + math.exp(-(sum(wi * xi for wi, xi in zip(w, x, strict=True)) + b))))
    return np.array([loop_over_the_examples(one, w, b) for one in x])


@variant("logistic_regression", "textbook")
def column_of_probabilities(X, theta):
    return _logistic(np.dot(X, theta[:, None]))


@variant("logistic_regression", "textbook")
def softmax_against_zero(X, theta):
    e = np.exp(np.column_stack([X @ theta, np.zeros(len(X))]))
    return (e / e.sum(axis=1, keepdims=True))[:, 0]


@variant("logistic_regression", "textbook")
def list_comprehension(X, theta):
    return np.array([1 / (1 + math.exp(-float(example @ theta))) for example in X])


if importlib.util.find_spec("sklearn"):

    @variant("logistic_regression", "textbook")
    def scikit_learn(X, theta):
        from sklearn.linear_model import LogisticRegression

        model = LogisticRegression()
        model.coef_, model.intercept_, model.classes_ = theta[None], np.zeros(1), np.array([0, 1])
        return model.predict_proba(X)[:, 1]


def _half_in_float32(x, w, b):
    refuse_unless(x.shape[-1:] == w.shape)
    x, w = floating(x, w)
    wide = np.promote_types(x.dtype, np.float32)
    return sigmoid(x.astype(wide) @ w.astype(wide) + b).astype(x.dtype)


variants(
    "neurons: half precision in float32, rounded at the end",
    "robust",
    lambda: {"neuron": _half_in_float32, "logistic_regression": lambda X, theta: _half_in_float32(X, theta, 0.0)},
)


def _refusing_nan(x, w, b):
    refuse_unless(x.shape[-1:] == w.shape and not np.isnan(x).any())
    x, w = floating(x, w)
    return sigmoid(x @ w + b)


variants(
    "neuron, logistic_regression: NaN refused, as statsmodels does",
    "robust",
    lambda: {"neuron": _refusing_nan, "logistic_regression": lambda X, theta: _refusing_nan(X, theta, 0.0)},
)
