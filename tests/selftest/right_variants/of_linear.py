"""Right linear layers, and right collapses of two of them: above all every order in which a sum can be taken."""

import functools
import math

import numpy as np

from tests.mistakes.networks import floating, layer, refuse_unless
from tests.selftest.right_variants.registry import variant, variants


@variant("linear", "textbook")
def as_the_formula_has_it(x, W, b):
    return W @ x + b if x.ndim == 1 else (W @ x.T + b[:, None]).T


@variant("linear", "textbook")
def einstein_sum(x, W, b):
    return np.einsum("...i,ji->...j", x, W) + b


@variant("linear", "textbook")
def python_loops(x, W, b):
    if x.ndim == 2:
        return np.array([python_loops(one, W, b) for one in x])
    return np.array([sum(w * xi for w, xi in zip(row, x, strict=True)) + bias for row, bias in zip(W, b, strict=True)])


@variant("linear", "textbook")
def bias_as_a_column_of_the_weights(x, W, b):
    return np.concatenate([x, np.ones((*x.shape[:-1], 1))], axis=-1) @ np.column_stack([W, b]).T


@variant("linear", "robust")
def matrix_product(x, W, b):
    x, W, b = layer(x, W, b)
    return x @ W.T + b


@variant("linear", "robust")
def inner_product(x, W, b):
    x, W, b = layer(x, W, b)
    return np.add(b, np.inner(x, W))


@variant("linear", "robust")
def contiguous_copies(x, W, b):
    x, W, b = map(np.ascontiguousarray, layer(x, W, b))
    return np.tensordot(x, W, axes=(-1, 1)) + b


@variant("linear", "robust")
def elementwise_products(x, W, b):
    x, W, b = layer(x, W, b)
    return (x[..., None, :] * W).sum(axis=-1) + b


@variant("linear", "textbook")
def winograds_inner_product(x, W, b):
    """Half the products, (x_1 + w_2)(x_2 + w_1) - x_1 x_2 - w_1 w_2 for each pair of inputs."""
    odd = x.shape[-1] % 2
    if odd:
        x, W = (np.concatenate([a, np.zeros((*a.shape[:-1], 1))], axis=-1) for a in (x, W))
    x1, x2, w1, w2 = x[..., None, ::2], x[..., None, 1::2], W[:, ::2], W[:, 1::2]
    products = ((x1 + w2) * (x2 + w1)).sum(axis=-1)
    return products - (x1 * x2).sum(axis=-1) - (w1 * w2).sum(axis=-1) + b


@variant("linear", "robust")
def checked_by_numpy_alone(x, W, b):
    """One bias is broadcast to several neurons, as in everyone's x @ W.T + b."""
    x, W, b = floating(x, W, b)
    return x @ W.T + b


@variant("linear", "robust")
def refuses_what_is_not_finite(x, W, b):
    x, W, b = layer(x, W, b)
    refuse_unless(np.isfinite(x).all())
    return x @ W.T + b


@variant("linear", "robust")
def refuses_negative_strides(x, W, b):
    x, W, b = layer(x, W, b)
    refuse_unless(min(x.strides + W.strides + b.strides, default=0) >= 0)
    return x @ W.T + b


@variant("linear", "robust")
def blocked_product(x, W, b):
    """The inputs in blocks of eight, one partial sum after the other."""
    x, W, b = layer(x, W, b)
    return sum((x[..., i : i + 8] @ W[:, i : i + 8].T for i in range(0, W.shape[1], 8)), np.zeros_like(b)) + b


def _with_sums(weighted_sum):
    """A linear layer that has ``weighted_sum`` add up each row of terms, the bias the last of them."""

    def with_these_sums(x, W, b):
        x, W, b = layer(x, W, b)
        terms = x[..., None, :] * W
        biases = np.broadcast_to(b[:, None], (*terms.shape[:-1], 1))
        return weighted_sum(np.concatenate([terms, biases], axis=-1))

    return with_these_sums


def _sequential(terms):
    return functools.reduce(np.add, np.moveaxis(terms, -1, 0))


def _pairwise(terms):
    while terms.shape[-1] > 1:
        even, odd = terms[..., ::2], terms[..., 1::2]
        terms = np.concatenate([even[..., : odd.shape[-1]] + odd, even[..., odd.shape[-1] :]], axis=-1)
    return terms[..., 0]


def _in_lanes(terms):
    lanes = [_sequential(terms[..., lane::8]) for lane in range(min(8, terms.shape[-1]))]
    return functools.reduce(np.add, lanes)


def _compensated(terms):
    total = np.zeros_like(terms[..., 0])
    lost = np.zeros_like(total)
    for term in np.moveaxis(terms, -1, 0):
        corrected = term - lost
        new = total + corrected
        lost = (new - total) - corrected
        total = new
    return total


def _exact(terms):
    rows = terms.reshape(math.prod(terms.shape[:-1]), terms.shape[-1])
    return np.array([math.fsum(row) for row in rows], terms.dtype).reshape(terms.shape[:-1])


SUMS = {
    "from the first term to the last": _sequential,
    "from the last term to the first": lambda terms: _sequential(terms[..., ::-1]),
    "from the smallest term to the largest": lambda terms: _sequential(
        np.take_along_axis(terms, np.abs(terms).argsort(axis=-1), axis=-1)
    ),
    "pairwise": _pairwise,
    "in eight lanes": _in_lanes,
    "cumulative": lambda terms: terms.cumsum(axis=-1)[..., -1],
    "rounded once, by math.fsum": _exact,
    "in float64 whatever the dtype": lambda terms: terms.sum(axis=-1, dtype=np.float64).astype(terms.dtype),
    "in extended precision": lambda terms: terms.sum(axis=-1, dtype=np.longdouble).astype(terms.dtype),
}
for _name, _sum in SUMS.items():
    variants(f"linear: summed {_name}", "robust", lambda weighted_sum=_sum: {"linear": _with_sums(weighted_sum)})
variants("linear: summed by Kahan's compensation", "robust", lambda: {"linear": _with_sums(_compensated)})


@variant("collapse_linear", "textbook")
def as_the_slide_has_it(W1, b1, W2, b2):
    return W2 @ W1, W2 @ b1 + b2


@variant("collapse_linear", "textbook")
def list_of_dot_products(W1, b1, W2, b2):
    return [np.dot(W2, W1), np.dot(W2, b1) + b2]


@variant("collapse_linear", "textbook")
def one_product_of_block_matrices(W1, b1, W2, b2):
    both = np.column_stack([W2, b2]) @ np.block([[W1, b1[:, None]], [np.zeros((1, W1.shape[1])), np.ones((1, 1))]])
    return both[:, :-1], both[:, -1]


@variant("collapse_linear", "textbook")
def einstein_sums(W1, b1, W2, b2):
    return np.einsum("kj,ji->ki", W2, W1), np.einsum("kj,j->k", W2, b1) + b2


@variant("collapse_linear", "textbook")
def loops(W1, b1, W2, b2):
    W = np.zeros((len(W2), W1.shape[1]))
    b = b2.copy()
    for k, j in np.ndindex(W2.shape):
        W[k] += W2[k, j] * W1[j]
        b[k] += W2[k, j] * b1[j]
    return W, b


def _checked(W1, b1, W2, b2):
    refuse_unless(W1.ndim == W2.ndim == 2 and b1.shape == W1.shape[:1])
    return layer(W1.T, W2, b2)[0].T, *layer(b1, W2, b2)


@variant("collapse_linear", "robust")
def collapse_checked_by_numpy_alone(W1, b1, W2, b2):
    W1, b1, W2, b2 = floating(W1, b1, W2, b2)
    return W2 @ W1, W2 @ b1 + b2


@variant("collapse_linear", "robust")
def matrix_products(W1, b1, W2, b2):
    W1, b1, W2, b2 = _checked(W1, b1, W2, b2)
    return W2 @ W1, W2 @ b1 + b2


@variant("collapse_linear", "robust")
def transposed_products(W1, b1, W2, b2):
    W1, b1, W2, b2 = _checked(W1, b1, W2, b2)
    return (W1.T @ W2.T).T, b2 + b1 @ W2.T


@variant("collapse_linear", "robust")
def outer_products_added(W1, b1, W2, b2):
    W1, b1, W2, b2 = _checked(W1, b1, W2, b2)
    return sum(np.multiply.outer(W2[:, j], W1[j]) for j in range(len(b1))), sum((W2 * b1).T) + b2


@variant("collapse_linear", "robust")
def products_in_float64(W1, b1, W2, b2):
    W1, b1, W2, b2 = _checked(W1, b1, W2, b2)
    W, b = W2.astype(np.float64) @ W1, W2.astype(np.float64) @ b1 + b2
    return W.astype(W1.dtype), b.astype(b1.dtype)


@variant("collapse_linear", "robust")
def exact_sums(W1, b1, W2, b2):
    W1, b1, W2, b2 = _checked(W1, b1, W2, b2)
    W = [[math.fsum(row * column) for column in W1.T] for row in W2]
    b = [math.fsum([*(row * b1), bias]) for row, bias in zip(W2, b2, strict=True)]
    return np.array(W, W1.dtype), np.array(b, b1.dtype)
