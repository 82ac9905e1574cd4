"""Right multilayer perceptrons."""

import functools
import importlib.util

import numpy as np

from tests.mistakes.networks import ACTIVATIONS, floating, layer, mlp, refuse_unless, sigmoid
from tests.selftest.right_variants.registry import variant, variants


def _with_checked_layers(functions, product=np.matmul):
    def linear(x, W, b):
        x, W, b = layer(x, W, b)
        return product(x, W.T) + b

    return {"mlp": lambda x, theta, activations: mlp(x, theta, activations, linear, functions)}


def _softmax_in_logarithms(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


TEXTBOOK_FUNCTIONS = {
    "the slides' formulas": {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
        "tanh": lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1),
        "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True),
    },
    "the largest eps allowed": {
        "sigmoid": lambda z: 1 / (1 + np.exp(-z) + 1e-7),
        "tanh": lambda z: (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1 + 1e-7),
    },
    "a tanh for the sigmoid and a sigmoid for the tanh": {
        "sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2,
        "tanh": lambda z: 2 * sigmoid(2 * z) - 1,
    },
    "softmax in logarithms": {"softmax": _softmax_in_logarithms},
    "ReLU as half of z + |z|": {"relu": lambda z: (z + np.abs(z)) / 2},
    "ReLU as a product": {"relu": lambda z: z * (z > 0)},
}
for _name, _functions in TEXTBOOK_FUNCTIONS.items():
    variants(f"mlp: {_name}", "textbook", lambda functions=_functions: _with_checked_layers(functions))

ROBUST_PARTS = {
    "matrix products": {},
    "einstein sums": {"product": functools.partial(np.einsum, "...i,ij->...j")},
    "elementwise products": {"product": lambda x, W: (x[..., None] * W).sum(axis=-2)},
    "products of copies": {"product": lambda x, W: np.dot(x.copy(), np.ascontiguousarray(W))},
    "products in float64": {"product": lambda x, W: (x.astype(np.float64) @ W).astype(x.dtype)},
}
for _name, _parts in ROBUST_PARTS.items():
    variants(f"mlp: {_name}", "robust", lambda parts=_parts: _with_checked_layers({}, **parts))


def _checked_by_numpy_alone(x, W, b):
    """One bias is broadcast to several neurons, as in everyone's x @ W.T + b."""
    x, W, b = floating(x, W, b)
    return x @ W.T + b


@variant("mlp", "robust")
def half_precision_in_float32(x, theta, activations):
    dtype = theta[0][0].dtype
    wide = np.promote_types(dtype, np.float32)
    layers = [(W.astype(wide), b.astype(wide)) for W, b in theta]
    return mlp(x.astype(wide), layers, activations).astype(dtype)


@variant("mlp", "robust")
def half_precision_refused(x, theta, activations):
    refuse_unless(x.dtype != np.float16)
    return mlp(x, theta, activations)


@variant("mlp", "robust")
def refuses_nan(x, theta, activations):
    refuse_unless(not np.isnan(x).any())
    return mlp(x, theta, activations)


variants(
    "mlp: checked by NumPy alone",
    "robust",
    lambda: {"mlp": lambda x, theta, activations: mlp(x, theta, activations, _checked_by_numpy_alone)},
)

if importlib.util.find_spec("scipy"):
    from scipy.special import expit, softmax

    _scipy = {"sigmoid": expit, "softmax": functools.partial(softmax, axis=-1)}
    variants("mlp: scipy.special", "robust", lambda: _with_checked_layers(_scipy))


@variant("mlp", "textbook")
def folded(x, theta, activations):
    def through(h, named_layer):
        (W, b), g = named_layer
        return ACTIVATIONS[g](h @ W.T + b)

    return functools.reduce(through, zip(theta, activations, strict=True), x)


@variant("mlp", "textbook")
def recursion(x, theta, activations):
    if not theta:
        return x
    (*below, (W, b)), (*names, last) = theta, activations
    return ACTIVATIONS[last](recursion(x, below, names) @ W.T + b)


@variant("mlp", "textbook")
def examples_as_columns(x, theta, activations):
    h = np.atleast_2d(x).T
    for (W, b), g in zip(theta, activations, strict=True):
        h = ACTIVATIONS[g]((W @ h + b[:, None]).T).T
    return h.T if x.ndim == 2 else h[:, 0]


@variant("mlp", "textbook")
def bias_unit_in_every_layer(x, theta, activations):
    for (W, b), g in zip(theta, activations, strict=True):
        with_bias_unit = np.concatenate([np.ones((*x.shape[:-1], 1)), x], axis=-1)
        x = ACTIVATIONS[g](with_bias_unit @ np.column_stack([b, W]).T)
    return x


@variant("mlp", "textbook")
def example_by_example(x, theta, activations):
    if x.ndim == 2:
        return np.array([example_by_example(one, theta, activations) for one in x])
    for (W, b), g in zip(theta, activations, strict=True):
        x = ACTIVATIONS[g](np.array([float(np.dot(w, x)) + bias for w, bias in zip(W, b, strict=True)]))
    return x


@variant("mlp", "robust")
def two_halves_of_the_batch(x, theta, activations):
    if x.ndim == 1 or len(x) < 2:
        return mlp(x, theta, activations)
    half = len(x) // 2
    return np.vstack([mlp(part, theta, activations) for part in (x[:half], x[half:])])
