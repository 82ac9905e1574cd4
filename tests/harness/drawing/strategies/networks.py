"""What layers, networks, gradients and descent steps are checked on.

Sizes come from short lists in which a count is often 1, often equal to another one, and often neither.
"""

import itertools
import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy
from numpy.typing import ArrayLike

import reference
from impls.calling import LaidOut
from impls.nested import leaves, mapped
from tests.harness.drawing.strategies.arrays import (
    Mix,
    Shape,
    in_layouts,
    one_of_each,
)
from tests.harness.drawing.strategies.palettes import Palette, eight_bits, palette
from tests.harness.drawing.strategies.recipes import remember
from tests.harness.spec.dtypes import FLOAT64, INTEGERS, Draw, Drawing, as_dtype, drawn

Layer = tuple[np.ndarray, np.ndarray]
"""W and b."""
Sizes = tuple[int, int, int]
"""S_0, S_1, S_2."""

ONE_EXAMPLE = None
"""The batch size of an x without a batch axis."""
BATCHES = (1, 2, 3, 5)
SEVERAL = (2, 3, 5)
FANS = ((1, 1), (2, 1), (1, 2), (2, 2), (3, 2), (2, 3), (3, 3), (4, 1), (1, 4), (4, 4), (4, 3), (2, 4))
"""(n, s), the inputs and neurons of a layer. Only squares let a transposed W pass unnoticed by the shapes."""
PAIRS: tuple[Sizes, ...] = (
    *((1, 1, 1), (2, 2, 2), (3, 3, 3), (4, 4, 4), (2, 3, 2), (3, 2, 3), (1, 3, 2), (2, 1, 3), (2, 3, 1), (2, 4, 3)),
)
"""S_0, S_1, S_2: where they are equal the shapes of W2 W1 and W1 W2 agree, and only the numbers tell."""
ACTIVATIONS = ("sigmoid", "tanh", "relu", "softmax", "identity")
DIFFERENT_ACTIVATIONS = (*itertools.permutations(ACTIVATIONS, 3), *itertools.permutations(ACTIVATIONS, 4))
OUTPUTS = {
    "mean_squared_error": ("identity", "sigmoid", "tanh", "softmax", "relu"),
    "binary_cross_entropy": ("sigmoid",),
    "cross_entropy": ("softmax",),
    "cross_entropy_with_logits": ("identity",),
}
"""The activations of a last layer whose output a loss takes."""
LOSSES = tuple(OUTPUTS)

_SMALL_INTEGERS = np.outer([1, 2, 3], [1, -1]).ravel()
_TENTHS = np.outer(np.arange(1, 33) / 10, [1, -1]).ravel()
_LARGEST_NUMBER = 3.2
_LARGEST_Z = 4.0
"""Further out a sigmoid hardly depends on its argument, and mistakes before it hide."""


@palette
def small_numbers(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Small integers, which add up exactly and often cancel, and tenths, which need every digit of a significand."""
    return [(1, [0, *_SMALL_INTEGERS]), (1, _TENTHS)]


@palette
def numbers_but_zero(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The same without 0."""
    return [(1, _SMALL_INTEGERS), (1, _TENTHS)]


@palette
def _tenths(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Tenths alone, nine in ten of which no integer equals."""
    return [(1, _TENTHS)]


@palette
def many_magnitudes(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Numbers from 1e-30 to 3.2 in size."""
    return [(1, [0, *_SMALL_INTEGERS]), (1, _TENTHS), (4, np.outer(10.0 ** -np.arange(3, 30, 3), _TENTHS).ravel())]


_LARGE_INTEGERS = (200, 4095, 40001)
"""Beyond the largest signed byte, the digits of half precision and of TF32, and the largest signed pair of bytes."""


def _held(numbers: Sequence[int], dtype: str) -> list[int]:
    return [one for one in numbers if one <= np.iinfo(dtype).max]


@palette
def wrapping_integers(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Integers of which most products need more than eight bits."""
    return [(1, [0, 1, 2, 3, 50, 70, 100])]


@palette
def large_integers(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The same, and larger ones: float32 adds four products of one of these and one of those exactly."""
    return [(2, [0, 1, 2, 3, 50, 70, 100]), (1, _held(_LARGE_INTEGERS, dtype) or [100])]


@palette
def _some_wrapping_integers(dtype: str) -> list[tuple[int, ArrayLike]]:
    """Integers of which half the products are small, and many others need more than eight bits."""
    return [(1, [0, 1, 2, 3]), (1, [50, 70, 100])]


@palette
def _some_large_integers(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The same, and larger ones."""
    return [(2, [0, 1, 2, 3]), (1, [50, 70, 100]), (1, _held(_LARGE_INTEGERS, dtype) or [100])]


@palette
def _to_twelve(dtype: str) -> list[tuple[int, ArrayLike]]:
    """The tenths from 0 to 12."""
    return [(1, np.arange(121) / 10)]


_BYTES = st.binary(min_size=512, max_size=512)


class Pool:
    """Codes of palettes, drawn all at once and taken by one array after the other.

    Hypothesis goes on from an example by copying parts of it over other parts of the same kind. Were each array a draw
    of its own, most examples would be such copies, all of the same sizes.
    """

    def __init__(self, draw: Draw) -> None:
        self._left = np.frombuffer(draw(_BYTES), ">u2")

    def codes(self, shape: Shape) -> np.ndarray:
        count = math.prod(shape)
        taken, self._left = self._left[:count], self._left[count:]
        return taken.reshape(shape)

    def array(self, palette: Palette, dtype: str, shape: Shape) -> np.ndarray:
        return np.asarray(palette(dtype)[self.codes(shape)])


def _batch_shape(m: int | None, n: int) -> Shape:
    return (n,) if m is ONE_EXAMPLE else (m, n)


@drawn
def layers(
    draw: Draw,
    batches: Sequence[int | None] = BATCHES,
    fans: Sequence[tuple[int, int]] = FANS,
    dtypes: Sequence[str] = FLOAT64,
    numbers: Palette = small_numbers,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, W and b, as ``linear`` takes them."""
    m, (n, s), dtype = draw(one_of_each(batches, fans, draw.there(dtypes)))
    pool = Pool(draw)
    x, W, b = (pool.array(numbers, dtype, shape) for shape in (_batch_shape(m, n), (s, n), (s,)))
    return x, W, b


@drawn
def integer_layers(draw: Draw) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, W and b of one integer dtype, which may be too small for their products."""
    (n, s), dtype = draw(one_of_each(FANS, draw.there(INTEGERS)))
    pool = Pool(draw)
    x = pool.array(large_integers, dtype, (3, n))
    W, b = (pool.array(wrapping_integers, dtype, shape) for shape in ((s, n), (s,)))
    return x, W, b


@drawn
def examples_of_many_magnitudes(draw: Draw, dtypes: Sequence[str] = FLOAT64) -> np.ndarray:
    """x, whose elements differ in size by up to 30 powers of ten."""
    m, n, dtype = draw(one_of_each(BATCHES, (1, 2, 3, 5, 8), draw.there(dtypes)))
    return Pool(draw).array(many_magnitudes, dtype, _batch_shape(m, n))


@drawn
def neurons(
    draw: Draw,
    batches: Sequence[int | None] = (1, *SEVERAL),
    inputs: Sequence[int] = (1, 2, 3, 5),
    dtypes: Sequence[str] = FLOAT64,
) -> tuple[np.ndarray, np.ndarray, float]:
    """x, w and the number b, as ``neuron`` takes them."""
    m, n, dtype = draw(one_of_each(batches, inputs, draw.there(dtypes)))
    pool = Pool(draw)
    x, w, b = (pool.array(small_numbers, dtype, shape) for shape in (_batch_shape(m, n), (n,), ()))
    return x, w, float(b)


@drawn
def integer_neurons(draw: Draw) -> tuple[np.ndarray, np.ndarray, float]:
    """x and w of one integer dtype, which may be too small for their products, and the number b."""
    m, n, dtype = draw(one_of_each((1, *SEVERAL), (1, 2), draw.there(INTEGERS)))
    pool = Pool(draw)
    x, w = pool.array(_some_large_integers, dtype, (m, n)), pool.array(_some_wrapping_integers, dtype, (n,))
    return x, w, float(pool.array(_tenths, "float64", ()))


@drawn
def linear_pairs(
    draw: Draw, sizes: Sequence[Sizes], dtypes: Sequence[str] = FLOAT64
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """W1, b1, W2 and b2, as ``collapse_linear`` takes them."""
    (n, hidden, s), dtype = draw(one_of_each(sizes, draw.there(dtypes)))
    pool = Pool(draw)
    one, other = (large_integers, wrapping_integers) if dtype in INTEGERS else (small_numbers, small_numbers)
    W1, b1 = (pool.array(one, dtype, shape) for shape in ((hidden, n), (hidden,)))
    W2, b2 = (pool.array(other, dtype, shape) for shape in ((s, hidden), (s,)))
    return W1, b1, W2, b2


@drawn
def mlps(
    draw: Draw,
    depths: Sequence[int] = (1, 2, 3, 4),
    batches: Sequence[int | None] = BATCHES,
    hidden: Sequence[str] = ACTIVATIONS,
    outputs: Sequence[str] = ACTIVATIONS,
    widest: int = 4,
    dtypes: Sequence[str] = FLOAT64,
) -> tuple[np.ndarray, list[Layer], list[str]]:
    """x, theta and activations, as ``mlp`` takes them; no layer saturates."""
    # A softmax as the output is the rule, and its axis is what most often goes wrong.
    twice = [name for name in outputs if name == "softmax"]
    depth, m, output, dtype = draw(one_of_each(depths, batches, (*outputs, *twice), draw.there(dtypes)))
    pool = Pool(draw)
    architecture = pool.codes((2 * depth,)).tolist()
    sizes = [1 + code % widest for code in architecture[: depth + 1]]
    names = [*(hidden[code % len(hidden)] for code in architecture[depth + 1 :]), output]
    return in_dtype((*_network(pool, m, sizes, names), names), dtype)


@drawn
def differently_activated_mlps(draw: Draw) -> tuple[np.ndarray, list[Layer], list[str]]:
    """Networks of three or four layers no two of which have the same activation."""
    names, m = draw(one_of_each(DIFFERENT_ACTIVATIONS, BATCHES))
    pool = Pool(draw)
    sizes = [1 + code % 4 for code in pool.codes((len(names) + 1,)).tolist()]
    return *_network(pool, m, sizes, names), list(names)


Training = tuple[np.ndarray, np.ndarray, list[Layer], list[str], str]
"""x, y, theta, activations and the name of the loss, as ``mlp_gradients`` takes them."""


@drawn
def training_batches(
    draw: Draw,
    *losses: str,
    depths: Sequence[int] = (1, 2, 3),
    batches: Sequence[int] = BATCHES,
    hidden: Sequence[str] = ACTIVATIONS,
    dtypes: Sequence[str] = FLOAT64,
    outputs: Mapping[str, Sequence[str]] = OUTPUTS,
    soft: bool = False,
) -> Training:
    """A batch to learn from under one of the losses; no layer saturates. soft: targets between 0 and 1."""
    loss, square, depth, m, dtype = draw(one_of_each(losses, (True, False), depths, batches, draw.there(dtypes)))
    pool = Pool(draw)
    architecture = pool.codes((2 * depth + 1,)).tolist()
    output = outputs[loss][architecture[-1] % len(outputs[loss])]
    squashed_by = "softmax" if loss == "cross_entropy_with_logits" else output
    k = (2 if squashed_by == "softmax" else 1) + architecture[0] % 3
    # Only between layers of one size, and more than 1, can a transposed W pass unnoticed by the shapes.
    hidden_sizes = [max(k, 2) if square else 1 + code % 4 for code in architecture[2 : depth + 1]]
    sizes = [1 + architecture[1] % 4, *hidden_sizes, k]
    names = [*(hidden[code % len(hidden)] for code in architecture[depth + 1 : -1]), output]
    x, theta = _network(pool, m, sizes, [*names[:-1], squashed_by])
    codes = pool.codes((m, k))
    y = _soft_targets(loss, codes) if soft else targets(loss, codes)
    return in_dtype((x, y, theta, names, loss), dtype)


BEYOND_LABELS = (-1, 0, 7, -2, -100)
"""What is no label: a negative number, or how far beyond the last label one lies. torch leaves out -100."""


def beyond_labels() -> SearchStrategy[int]:
    """One of them."""
    return st.sampled_from(BEYOND_LABELS)


def _network(pool: Pool, m: int | None, sizes: Sequence[int], names: Sequence[str]) -> tuple[np.ndarray, list[Layer]]:
    x = pool.array(small_numbers, "float64", _batch_shape(m, sizes[0]))
    theta = [
        # Without bias a unit that has no input either is at exactly 0, where only the robust level says what ReLU' is.
        (pool.array(small_numbers, "float64", (s, n)), pool.array(numbers_but_zero, "float64", (s,)))
        for n, s in itertools.pairwise(sizes)
    ]
    return x, list(scaled_layers(theta, names))


def scaled_layers(theta: Iterable[Layer], names: Sequence[str]) -> Iterator[Layer]:
    """The layers; one that could saturate is scaled by the power of two that keeps its pre-activations small."""
    largest_input = _LARGEST_NUMBER
    for (W, b), name in zip(theta, names, strict=True):
        largest_z = float(np.max(np.abs(W).sum(axis=1) * largest_input + np.abs(b)))
        if name in ("relu", "identity"):
            yield W, b
            largest_input = largest_z
        else:
            scale = 2.0 ** min(0, -math.ceil(math.log2(largest_z / _LARGEST_Z)))
            yield W * scale, b * scale
            largest_input = 1.0


def targets(loss: str, drawn: np.ndarray) -> np.ndarray:
    """The targets of a loss that codes of the shape of the network's output stand for."""
    if loss == "mean_squared_error":
        return np.asarray(small_numbers("float64")[drawn])
    if loss == "binary_cross_entropy":
        return (drawn % 2).astype(np.float64)
    k = drawn.shape[1]
    labels = drawn[:, 0].astype(np.int64) % k
    return labels if loss == "cross_entropy_with_logits" else np.eye(k)[labels]


def _soft_targets(loss: str, drawn: np.ndarray) -> np.ndarray:
    """Targets of a cross-entropy between 0 and 1, few of them at the ends: eighths, or rows that sum to 1."""
    if loss == "binary_cross_entropy":
        return (drawn % 9) / 8
    weights = 1.0 + drawn % 4
    return np.asarray(weights / weights.sum(axis=1, keepdims=True))


@drawn
def in_large_batches(draw: Draw, arguments: Drawing[tuple[Any, ...]], per_example: int = 1) -> tuple[Any, ...]:
    """The arguments, the first ``per_example`` of them with more than 2000 examples, picked from those they have."""
    drawn = draw(arguments)
    batch, m, seed = len(drawn[0]), draw(st.integers(2001, 2100)), draw(st.integers(0, 2**16))
    which = np.random.default_rng(seed).integers(batch, size=m)
    pick = f"[np.random.default_rng({seed}).integers({batch}, size={m})]"
    large = (remember(array[which], f"np.array({array.tolist()}){pick}") for array in drawn[:per_example])
    return *large, *drawn[per_example:]


@drawn
def plane_points(draw: Draw) -> np.ndarray:
    """Points of the square [0, 12]^2: half of them anywhere, a quarter within 1 of each line of the decision region."""
    pool = Pool(draw)
    anywhere, *along = (pool.array(_to_twelve, "float64", shape) for shape in ((4, 2), (2, 2), (2, 2)))
    ((weights, biases),) = reference.LINES.theta
    return np.concatenate([anywhere, *map(_near, weights, biases, along)])


def _near(w: np.ndarray, b: float, along: np.ndarray) -> np.ndarray:
    """Points within 1 of the line w.x + b = 0; ``along``: how far along it and across it, each from 0 to 12."""
    crossings = [(x, -(w[0] * x + b) / w[1]) for x in (0, 12)] + [(-(w[1] * y + b) / w[0], y) for y in (0, 12)]
    inside = [point for point in crossings if min(point) >= 0 and max(point) <= 12]
    start, end = np.array(min(inside)), np.array(max(inside))
    fraction, across = along[:, :1] / 12, along[:, 1:] / 6 - 1
    return np.clip(start + fraction * (end - start) + 0.9 * across * w / np.linalg.norm(w), 0, 12).round(1)


def in_dtype(value: Any, dtype: str) -> Any:
    """The value, with the floating arrays in it in the dtype."""
    return _mapped(lambda array: as_dtype(array, dtype) if array.dtype.kind == "f" else array, value)


@drawn
def in_eight_bits(draw: Draw, arguments: Drawing[Any]) -> Any:
    """The arguments, their numbers rounded to eight significant bits: float16 and bfloat16 both hold them."""

    def rounded(leaf: Any) -> Any:
        if isinstance(leaf, float):
            return float(eight_bits(leaf))
        return eight_bits(leaf) if isinstance(leaf, np.ndarray) else leaf

    return mapped(rounded, draw(arguments))


def passed_in(arguments: Any, dtype: str) -> Any:
    """The arguments, with the floating arrays in them to be passed in a dtype that holds their values exactly."""
    return _mapped(lambda array: LaidOut(array, "contiguous", dtype) if array.dtype.kind == "f" else array, arguments)


def in_nested_layouts(arguments: Any, mix: Mix, dtype: str | None = None) -> Iterator[tuple[Any, list[str]]]:
    """As ``in_layouts``, for arrays nested in the arguments: the arguments laid out, and the layouts."""
    arrays = [leaf for leaf in leaves(arguments) if isinstance(leaf, np.ndarray)]
    for _, views, layouts in in_layouts(arrays, mix, dtype):
        following = iter(views)
        yield _mapped(lambda _, following=following: next(following), arguments), layouts


def _mapped(function: Callable[..., Any], value: Any) -> Any:
    """The value with ``function`` applied to the arrays in it."""
    if isinstance(value, np.ndarray):
        return function(value)
    if isinstance(value, list | tuple):
        return type(value)(_mapped(function, item) for item in value)
    if isinstance(value, Mapping):
        return {key: _mapped(function, item) for key, item in value.items()}
    return value
