"""What layers, networks, gradients and descent steps are checked on.

Sizes come from short lists in which a count is often 1, often equal to another one, and often neither. The numbers of an
example come from one draw of bytes, each of them an entry of a palette of readable numbers: the cost of a draw hardly
depends on how many numbers it has, and they shrink to zeros.
"""

import itertools
import math
from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

import reference
from impls import LAYOUTS
from tests.harness.provenance import remember
from tests.harness.subject import laid_out

ONE_EXAMPLE = None
"""The batch size of an x without a batch axis."""
BATCHES = (ONE_EXAMPLE, 1, 2, 3, 5)
SEVERAL = (2, 3, 5)
FANS = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3), (3, 3), (4, 1), (1, 4), (4, 4), (4, 3), (2, 4))
"""(n, s), the inputs and neurons of a layer. Only squares let a transposed W pass unnoticed by the shapes."""
PARAMETERS = (
    ((2,),),
    ((2, 1), (2,)),
    ((3,), (3,), (3,)),
    ((2, 3), (2,), (1, 2), (1,)),
    ((2, 2), (2,), (2, 2), (2,)),
    ((1,), (4, 1), (1, 4), (4,)),
)
"""The shapes of sequences of parameters; where they are equal nothing but their order tells them apart."""
HIDDEN = ("sigmoid", "tanh", "relu")
ACTIVATIONS = (*HIDDEN, "softmax", "identity")
OUTPUTS = {
    "mean_squared_error": ("identity", "sigmoid", "tanh", "softmax"),
    "binary_cross_entropy": ("sigmoid",),
    "cross_entropy": ("softmax",),
    "cross_entropy_with_logits": ("identity",),
}
"""The activations of a last layer whose output a loss takes."""

FLOAT64 = ("float64",)
FLOATS = ("float64", "float32")
INTEGERS = ("int64", "int32", "int8", "uint8")

_SIGNED = np.array([1.0, -1.0])
_SMALL_INTEGERS = np.resize([0.0, *np.outer([1, 2, 3], _SIGNED).flat], 128)
_TENTHS = np.resize(np.outer(np.arange(1, 33) / 10, _SIGNED), 128)
# Small integers add up exactly and often cancel; tenths need every bit of a significand.
_NUMBERS = np.concatenate([_SMALL_INTEGERS, _TENTHS])
_LARGEST_NUMBER = 3.2
_TENTHS_TO_12 = np.resize(np.arange(121) / 10, 256)
# Two thirds of the products of the larger ones change sign where only eight bits are kept.
_WIDE_INTEGERS = np.resize([0, 1, 2, 3, 50, 100], 256)

_LARGEST_Z = 4.0
"""Further out a sigmoid hardly depends on its argument, and mistakes before it hide."""


@cache
def _one_of_each(*choices: Sequence[Any]) -> SearchStrategy[Any]:
    """An entry of each of the choices, all in a single draw."""
    return st.sampled_from(list(itertools.product(*choices)))


def _entries(draw: DrawFn, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    """Arrays of the shapes whose elements are positions in a palette of 256."""
    counts = [math.prod(shape) for shape in shapes]
    drawn = np.frombuffer(draw(st.binary(min_size=sum(counts), max_size=sum(counts))), np.uint8)
    ends = itertools.accumulate(counts)
    return [drawn[end - count : end].reshape(shape) for count, end, shape in zip(counts, ends, shapes, strict=True)]


def _numbers(draw: DrawFn, *shapes: tuple[int, ...]) -> list[np.ndarray]:
    return [_NUMBERS[entries] for entries in _entries(draw, *shapes)]


def _batch_shape(m: int | None, n: int) -> tuple[int, ...]:
    return (n,) if m is ONE_EXAMPLE else (m, n)


@st.composite
def layers(
    draw: DrawFn,
    batches: Sequence[int | None] = BATCHES,
    fans: Sequence[tuple[int, int]] = FANS,
    dtypes: Sequence[str] = FLOAT64,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, W and b, as ``linear`` takes them."""
    m, (n, s), dtype = draw(_one_of_each(batches, fans, dtypes))
    x, W, b = _numbers(draw, _batch_shape(m, n), (s, n), (s,))
    return x.astype(dtype), W.astype(dtype), b.astype(dtype)


@st.composite
def integer_layers(draw: DrawFn) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, W and b of one integer dtype, which may be too small for their products."""
    (n, s), dtype = draw(_one_of_each(FANS, INTEGERS))
    x, W, b = (_WIDE_INTEGERS[entries].astype(dtype) for entries in _entries(draw, (3, n), (s, n), (s,)))
    return x, W, b


@st.composite
def neurons(
    draw: DrawFn,
    batches: Sequence[int | None] = (1, *SEVERAL),
    dtypes: Sequence[str] = FLOAT64,
) -> tuple[np.ndarray, np.ndarray, float]:
    """x, w and the number b, as ``neuron`` takes them."""
    m, n, dtype = draw(_one_of_each(batches, (1, 2, 3, 5), dtypes))
    x, w, b = _numbers(draw, _batch_shape(m, n), (n,), ())
    return x.astype(dtype), w.astype(dtype), float(b)


@st.composite
def linear_pairs(
    draw: DrawFn, sizes: Sequence[tuple[int, int, int]], dtypes: Sequence[str] = FLOAT64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """W1, b1, W2 and b2, as ``collapse_linear`` takes them, of layers with the sizes S_0, S_1, S_2."""
    (n, hidden, s), dtype = draw(_one_of_each(sizes, dtypes))
    W1, b1, W2, b2 = _numbers(draw, (hidden, n), (hidden,), (s, hidden), (s,))
    return W1.astype(dtype), b1.astype(dtype), W2.astype(dtype), b2.astype(dtype)


@st.composite
def networks(
    draw: DrawFn,
    depths: Sequence[int] = (1, 2, 3, 4),
    batches: Sequence[int | None] = BATCHES,
    activations: Sequence[str] = ACTIVATIONS,
    dtypes: Sequence[str] = FLOAT64,
) -> tuple[np.ndarray, list[Layer], list[str]]:
    """x, theta and activations, as ``mlp`` takes them."""
    depth, m, dtype = draw(_one_of_each(depths, batches, dtypes))
    sizes = draw(_one_of_each(*[(1, 2, 3, 4)] * (depth + 1)))
    names = draw(_one_of_each(*[activations] * depth))
    ...
