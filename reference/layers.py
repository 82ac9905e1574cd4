"""Linear layers, neurons and multilayer perceptrons, and how errors pass through them."""

import itertools
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from reference._validation import check_shape, float64_inside, real_number, whole_number, with_dimensions
from reference.activations import ACTIVATIONS, activation_error, sigmoid
from reference.arithmetic import Arithmetic, gamma, product_bound

__all__ = [
    "collapse_linear",
    "collapse_linear_bound",
    "linear",
    "linear_bound",
    "logistic_regression",
    "logistic_regression_bound",
    "mlp",
    "mlp_bound",
    "neuron",
    "neuron_bound",
    "parameter_shapes",
    "two_linear_layers_bound",
]

FUNCTIONS = ("linear", "neuron", "logistic_regression", "mlp", "collapse_linear")

Layer = tuple[np.ndarray, np.ndarray]
"""The parameters (W_k, b_k) of one layer."""


@float64_inside
def linear(x: np.ndarray, W: np.ndarray, b: np.ndarray) -> np.ndarray:
    """A linear layer, Wx + b for each example (slide "Multilayer Perceptron (MLP)").

    x: one example, shape (n,), or a batch, (m, n); W: shape (s, n); b: shape (s,). Returns shape (s,) or (m, s).
    Raises ValueError for shapes that do not fit together.

    >>> linear(np.array([1.0, 2.0]), np.array([[3.0, 4.0], [5.0, 6.0]]), np.array([0.5, 0.0]))
    array([11.5, 17. ])
    """
    x = with_dimensions("x", x, 1, 2)
    W, b = _layer("W", W, "b", b)
    _check_inputs("x", x, W)
    return x @ W.T + b


@np.errstate(all="ignore")
def linear_bound(x: np.ndarray, W: np.ndarray, b: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """gamma((n + 1)u)(|x||W|^T + |b|) + (n + 1)w: n products, n - 1 additions in any order, and b.

    The textbook level admits Winograd's inner product as well, the sum of (x_1 + w_2)(x_2 + w_1) over pairs of inputs,
    less those of x_1 x_2 and of w_1 w_2: two roundings in the factors, one in the product, n/2 - 1 additions, two
    subtractions and b, on magnitudes of at most 3/2 (|x|^2 + |w|^2) + |b|, since 2|xw| <= x^2 + w^2.
    """
    bound = product_bound(x, W.T, arithmetic, addend=b)
    if not arithmetic.eps:
        return bound
    n = W.shape[1]
    of_x = (x**2).sum(axis=-1)
    magnitude = 1.5 * ((of_x[..., None] if x.ndim > 1 else of_x) + (W**2).sum(axis=1)) + np.abs(b)
    return np.maximum(bound, gamma((n / 2 + 5) * arithmetic.unit_roundoff) * magnitude)


@float64_inside
def neuron(x: np.ndarray, w: np.ndarray, b: float) -> np.ndarray:
    r"""An artificial neuron, :math:`\sigma(w \cdot x + b)` (slide "The artificial neuron model").

    x: one example, shape (n,), or a batch, (m, n); w: shape (n,); b: a number. Returns shape () or (m,), values in
    [0, 1].
    Raises ValueError for shapes that do not fit together.

    >>> neuron(np.array([[0.0, 1.0], [1.0, 1.0]]), np.array([7.0, 7.0]), -9.0).round(3)
    array([0.119, 0.993])
    """
    x, w = with_dimensions("x", x, 1, 2), with_dimensions("w", w, 1)
    _check_inputs("x", x, w)
    return sigmoid(x @ w + real_number("b", b))


@np.errstate(all="ignore")
def neuron_bound(x: np.ndarray, w: np.ndarray, b: float, arithmetic: Arithmetic) -> np.ndarray:
    """The bound of the linear layer, passed through the sigmoid."""
    error = product_bound(x, w, arithmetic, addend=np.asarray(b))
    return activation_error("sigmoid", np.asarray(x @ w + b), error, arithmetic)


@float64_inside
def logistic_regression(X: np.ndarray, theta: np.ndarray) -> np.ndarray:
    r"""Logistic regression, :math:`\sigma(X\theta)` (slide "Logistic regression - NumPy vs. PyTorch").

    X: a batch, shape (m, n); theta: shape (n,). Returns shape (m,), values in [0, 1].
    Raises ValueError for shapes that do not fit together.

    >>> logistic_regression(np.array([[1.0, 2.0], [1.0, -2.0]]), np.array([0.0, 1.0])).round(3)
    array([0.881, 0.119])
    """
    X, theta = with_dimensions("X", X, 2), with_dimensions("theta", theta, 1)
    _check_inputs("X", X, theta)
    return sigmoid(X @ theta)


@np.errstate(all="ignore")
def logistic_regression_bound(X: np.ndarray, theta: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """gamma(nu)|X||theta| + nw for the product, passed through the sigmoid."""
    return activation_error("sigmoid", X @ theta, product_bound(X, theta, arithmetic), arithmetic)


@float64_inside
def mlp(x: np.ndarray, theta: Sequence[Layer], activations: Sequence[str]) -> np.ndarray:
    r"""A multilayer perceptron, :math:`g_L(W_L \cdots g_1(W_1 x + b_1) \cdots + b_L)`.

    Slide "Multilayer Perceptron (MLP)". x: one example, shape (S_0,), or a batch, (m, S_0); theta: a pair (W_k, b_k)
    for each layer, shapes (S_k, S_{k-1}) and (S_k,); activations: for each layer one of sigmoid, tanh, relu, softmax,
    identity. Returns shape (S_L,) or (m, S_L).
    Raises ValueError for shapes that do not fit together (and names the layer), for a number of activations that is not
    the number of layers, and for an unknown activation.

    >>> theta = [(np.array([[1.0], [-1.0]]), np.zeros(2)), (np.array([[2.0, 3.0]]), np.array([0.5]))]
    >>> mlp(np.array([[4.0], [-4.0]]), theta, ["relu", "identity"])
    array([[ 8.5],
           [12.5]])
    """
    return forward_pass(*network_arguments(x, theta, activations))[-1].h


@np.errstate(all="ignore")
def mlp_bound(x: np.ndarray, theta: Sequence[Layer], activations: Sequence[str], arithmetic: Arithmetic) -> np.ndarray:
    """Layer by layer: the linear bound, plus E|W|^T for an input with the error E, passed through the activation."""
    return forward_errors(x, theta, activations, arithmetic)[-1].h


class Pass(NamedTuple):
    """The pre-activation z = Wh' + b and the output h = g(z) of a layer with the input h', or the errors of the two."""

    z: np.ndarray
    h: np.ndarray


def forward_pass(x: np.ndarray, theta: Sequence[Layer], activations: Sequence[str]) -> list[Pass]:
    """The pre-activation and the output of each layer."""
    passes: list[Pass] = []
    for (W, b), name in zip(theta, activations, strict=True):
        z = x @ W.T + b
        x = ACTIVATIONS[name](z)
        passes.append(Pass(z, x))
    return passes


def forward_errors(
    x: np.ndarray, theta: Sequence[Layer], activations: Sequence[str], arithmetic: Arithmetic
) -> list[Pass]:
    """The error bounds of the values that `forward_pass` returns."""
    errors: list[Pass] = []
    error = np.zeros_like(x)
    for (W, b), name, exact in zip(theta, activations, forward_pass(x, theta, activations), strict=True):
        z_error = product_bound(x, W.T, arithmetic, A_error=error, addend=b)
        error = activation_error(name, exact.z, z_error, arithmetic)
        errors.append(Pass(z_error, error))
        x = exact.h
    return errors


@float64_inside
def collapse_linear(W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The one linear layer that computes what two in a row compute, (W2 W1, W2 b1 + b2).

    Slide "Multilayer Perceptron (MLP)".
    W1: shape (S_1, S_0); b1: (S_1,); W2: (S_2, S_1); b2: (S_2,). Returns W of shape (S_2, S_0) and b of shape (S_2,).
    Raises ValueError for shapes that do not fit together.

    >>> collapse_linear(np.array([[2.0]]), np.array([1.0]), np.array([[3.0]]), np.array([4.0]))
    (array([[6.]]), array([7.]))
    """
    W1, b1 = _layer("W1", W1, "b1", b1)
    W2, b2 = _layer("W2", W2, "b2", b2)
    check_shape("W2", W2, (len(W2), len(W1)), f"one column for each row of W1, which has shape {W1.shape}")
    return W2 @ W1, W2 @ b1 + b2


@np.errstate(all="ignore")
def collapse_linear_bound(
    W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray, arithmetic: Arithmetic
) -> tuple[np.ndarray, np.ndarray]:
    """gamma(n u)|W2||W1| + nw and gamma((n + 1)u)(|W2||b1| + |b2|) + (n + 1)w: inner products of n = S_1 terms."""
    return product_bound(W2, W1, arithmetic), product_bound(W2, b1, arithmetic, addend=b2)


@np.errstate(all="ignore")
def two_linear_layers_bound(
    x: np.ndarray, W1: np.ndarray, b1: np.ndarray, W2: np.ndarray, b2: np.ndarray, arithmetic: Arithmetic
) -> np.ndarray:
    """The bound of two linear layers in a row, and of the layer that they collapse to; the two differ by twice as much.

    gamma((n0 + n1 + 2)u)((|x||W1|^T + |b1|)|W2|^T + |b2|) + (n0 n1 + n0 + n1)(max row sum of |W2| + sum|x| + 3)w.
    """
    n1, n0 = W1.shape
    x, W1, b1, W2, b2 = (np.abs(array) for array in (x, W1, b1, W2, b2))
    hidden, W, b = x @ W1.T + b1, W2 @ W1, W2 @ b1 + b2
    magnitude = hidden @ W2.T + b2
    underflow = (n0 * n1 + n0 + n1) * (W2.sum(axis=1).max() + x.sum(axis=-1, keepdims=True) + 3)
    bound = gamma((n0 + n1 + 2) * arithmetic.unit_roundoff) * magnitude + underflow * arithmetic.smallest
    largest = max(magnitude.max(), hidden.max(), W.max(), b.max())
    return arithmetic.within_range(largest, bound)


def parameter_shapes(layer_sizes: Sequence[int]) -> list[tuple[tuple[int, int], tuple[int]]]:
    """The shapes ((S_k, S_{k-1}), (S_k,)) of each layer's W_k and b_k (slide "Multilayer Perceptron (MLP)").

    layer_sizes: S_0, the number of input variables, then the number of neurons of each layer.
    Raises ValueError for fewer than two sizes, or a size that is not a positive integer.

    >>> parameter_shapes([3, 2, 1])
    [((2, 3), (2,)), ((1, 2), (1,))]
    """
    sizes = [whole_number(f"layer_sizes[{i}]", size, 1) for i, size in enumerate(layer_sizes)]
    if len(sizes) < 2:
        raise ValueError(f"layer_sizes: got {sizes}, needs the number of inputs and at least one layer's size")
    return [((s, n), (s,)) for n, s in itertools.pairwise(sizes)]


def network_arguments(
    x: np.ndarray, theta: Sequence[Layer], activations: Sequence[str]
) -> tuple[np.ndarray, list[Layer], list[str]]:
    """The arguments of a multilayer perceptron, checked and in float64."""
    x = with_dimensions("x", x, 1, 2)
    layers = [_numbered_layer(k, layer) for k, layer in enumerate(theta, start=1)]
    names = list(activations)
    if not layers:
        raise ValueError("theta: got no layer, needs at least one pair (W, b)")
    if len(names) != len(layers):
        raise ValueError(f"activations: got {len(names)} names, needs one for each of the {len(layers)} layers")
    for k, name in enumerate(names, start=1):
        if name not in ACTIVATIONS:
            raise ValueError(f"activations: got {name!r} for layer {k}, needs one of {', '.join(ACTIVATIONS)}")
    _check_inputs("x", x, layers[0][0])
    for k in range(1, len(layers)):
        W, below = layers[k][0], layers[k - 1][0]
        check_shape(f"W of layer {k + 1}", W, (len(W), len(below)), f"layer {k} has {len(below)} neurons")
    return x, layers, names


def _numbered_layer(k: int, layer: Layer) -> Layer:
    try:
        W, b = layer
    except (TypeError, ValueError) as error:
        raise ValueError(f"theta: got {type(layer).__name__} for layer {k}, needs a pair (W, b)") from error
    return _layer(f"W of layer {k}", W, f"b of layer {k}", b)


def _layer(W_name: str, W: np.ndarray, b_name: str, b: np.ndarray) -> Layer:
    W, b = with_dimensions(W_name, W, 2), with_dimensions(b_name, b, 1)
    check_shape(b_name, b, W.shape[:1], f"one element for each row of {W_name}, which has shape {W.shape}")
    return W, b


def _check_inputs(name: str, x: np.ndarray, weights: np.ndarray) -> None:
    n = weights.shape[-1]
    check_shape(name, x, (*x.shape[:-1], n), f"{n} input variables, as the weights have")
