"""What activations and losses are checked on: logits, probabilities, labels, and batches of them with their targets.

Small arrays are drawn element by element from a palette: one draw of bytes, so the cost of an array hardly depends on its
size, and rows, columns and elements shrink apart from each other. Large arrays are recipes: a drawn seed, shape and spike
in an expression, which is what a failure shows.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.harness.provenance import remember
from tests.harness.strategies import palettes
from tests.harness.strategies.palettes import Palette

Shape = tuple[int, ...]
Batch = tuple[np.ndarray, np.ndarray]

FLOAT64 = ("float64",)
FLOATS = ("float64", "float32")
INTEGERS = ("int64", "int32", "int8", "uint8")

_SIDE = 8
_POOL = st.binary(min_size=2 * _SIDE * _SIDE, max_size=2 * _SIDE * _SIDE)

VECTORS: tuple[Shape, ...] = tuple((n,) for n in (1, 2, 3, 4, 5, 8, 13, 33, 64))
MATRICES: tuple[Shape, ...] = tuple(sorted(itertools.product((1, 2, 3, 4, 5, 7), repeat=2), key=math.prod))
"""Rows, columns, squares, and matrices with different counts of rows and columns."""
ROWS: tuple[Shape, ...] = tuple((k,) for k in (1, 2, 3, 4, 5, 8))
TENSORS: tuple[Shape, ...] = ((), (0,), (2, 0), (0, 3), (1, 1, 1), (2, 3, 2), (3, 2, 4), (2, 1, 3, 2), (1, 2, 3, 4))
"""No axis, no element, more than two axes."""

UNEQUAL_SHAPES: tuple[tuple[Shape, Shape], ...] = (
    ((2,), (3,)),
    ((3,), (1,)),
    ((1,), (3,)),
    ((3,), (3, 1)),
    ((3, 1), (3,)),
    ((3,), (3, 3)),
    ((2, 3), (3,)),
    ((3, 3), (3,)),
    ((2, 3), (2, 1)),
    ((2, 3), (1, 3)),
    ((1, 3), (2, 3)),
    ((2, 3), (3, 2)),
    ((2, 3), (6,)),
    ((3,), ()),
    ((2, 1), (2, 1, 1, 1)),
)
"""Of two arguments whose shapes must be equal: as many elements, as many rows, or shapes that NumPy would broadcast."""

LENGTHS = (*range(1, 1026), 2049, 4099)
"""Every number of lanes, blocks and leftover elements that vectorised code divides an array into."""


def one_of_each(*choices: Sequence[Any]) -> SearchStrategy[Any]:
    """An entry of each of the choices, all in a single draw."""
    return _one_of_each(*map(tuple, choices))


@cache
def _one_of_each(*choices: tuple[Any, ...]) -> SearchStrategy[Any]:
    return st.sampled_from(list(itertools.product(*choices)))


def at_least(least: int, shapes: Sequence[Shape], axis: int = -1) -> tuple[Shape, ...]:
    """Those of the shapes that have at least ``least`` elements along the axis."""
    return tuple(shape for shape in shapes if shape[axis] >= least)


def codes(draw: DrawFn, shape: Shape) -> np.ndarray:
    """Positions in a palette. The pool they come from is the same whatever the shape, and reversed: what Hypothesis sorts
    to the end of the bytes, the elements that matter, comes first in the array."""
    pool = np.frombuffer(draw(_POOL)[::-1], ">u2")
    if len(shape) == 2:
        return pool.reshape(_SIDE, _SIDE)[: shape[0], : shape[1]]
    return pool[: math.prod(shape)].reshape(shape)


def picked(draw: DrawFn, palette: Palette, dtype: str, shape: Shape) -> np.ndarray:
    """An array of the shape, each element one of the palette's."""
    return np.asarray(palette(dtype)[codes(draw, shape)])


@st.composite
def arrays(
    draw: DrawFn,
    *palettes: Palette,
    shapes: Sequence[Shape] = VECTORS + MATRICES,
    dtypes: Sequence[str] = FLOAT64,
) -> np.ndarray:
    """An array of one of the palettes, shapes and dtypes."""
    shape, palette, dtype = draw(one_of_each(shapes, palettes, dtypes))
    return picked(draw, palette, dtype, shape)


def textbook_logits(shapes: Sequence[Shape] = ROWS + MATRICES) -> SearchStrategy[np.ndarray]:
    """Logits in [-300, 300]; two arrays in three with none far from 0, where mistakes show best."""
    return arrays(palettes.moderate, palettes.moderate, palettes.wide, shapes=shapes)


def logits(shapes: Sequence[Shape] = ROWS + MATRICES, dtypes: Sequence[str] = FLOATS) -> SearchStrategy[np.ndarray]:
    """Logits of everyday size."""
    return arrays(palettes.moderate, shapes=shapes, dtypes=dtypes)


@st.composite
def sweeps(draw: DrawFn) -> np.ndarray:
    """Ascending numbers in [-300, 300], so near to each other or so far apart as the drawn step says."""
    step = draw(st.sampled_from((1.0, 0.1, 0.01, 1e-6, 1e-12)))
    start = draw(st.integers(-300, 300))
    return recipe(f"np.minimum({start} + {step} * np.arange(300), 300)")


def shifts() -> SearchStrategy[float]:
    """Multiples of 1/8, which add up exactly with the palette of eighths, and stay within 300 with it."""
    return st.integers(-1200, 1200).map(lambda eighths: eighths / 8)


@st.composite
def rows_far_apart(draw: DrawFn, offsets: Sequence[float], dtypes: Sequence[str] = FLOATS) -> np.ndarray:
    """Logits each of whose rows has small whole numbers and an offset of its own, with which they add up exactly."""
    shape, dtype = draw(one_of_each(MATRICES, dtypes))
    entries, which = codes(draw, shape), codes(draw, (shape[0], 1)) % len(offsets)
    return (palettes.integers("float64")[entries] + np.array(offsets)[which]).astype(dtype)


@st.composite
def with_a_finite_logit(draw: DrawFn, logits: SearchStrategy[np.ndarray]) -> np.ndarray:
    """The drawn logits, with 0 in place of the first of a row that has none but -inf."""
    z = draw(logits)
    z[..., 0] = np.where((z == -np.inf).all(axis=-1), 0, z[..., 0])
    return z


@st.composite
def integer_arrays(draw: DrawFn, shapes: Sequence[Shape], dtypes: Sequence[str] = (*INTEGERS, "bool")) -> np.ndarray:
    """Integers over the whole range of their dtype."""
    shape, dtype = draw(one_of_each(shapes, dtypes))
    return picked(draw, palettes.whole_range, dtype, shape)


@st.composite
def labels(draw: DrawFn, shapes: Sequence[Shape], classes: Sequence[int], dtypes: Sequence[str] = ("int64",)) -> tuple[np.ndarray, int]:
    """Class labels of a dtype that holds them all, and the number k of classes."""
    shape, k, dtype = draw(one_of_each(shapes, classes, dtypes))
    return np.asarray(codes(draw, shape) % min(k, np.iinfo(dtype).max + 1), dtype), k


@st.composite
def mislabelled(draw: DrawFn, shapes: Sequence[Shape], classes: Sequence[int]) -> tuple[np.ndarray, int]:
    """Labels one of which is out of range, and the number k of classes."""
    valid, k = draw(labels(shapes, classes))
    wrong = draw(st.sampled_from((k, -1, k + 1, -k, -k - 1, -100, 255, 2**31)))
    return np.where(np.arange(len(valid)) == draw(st.integers(0, len(valid) - 1)), wrong, valid), k


@st.composite
def many_labels(draw: DrawFn) -> tuple[np.ndarray, int]:
    """Many labels, many classes, or both."""
    m, k = draw(st.sampled_from(((257, 257), (2049, 3), (33, 1500))))
    return recipe(f"{_random(draw)}.integers({k}, size={m})"), k


@st.composite
def labelled_logits(
    draw: DrawFn,
    *choices: Palette,
    shapes: Sequence[Shape] = MATRICES,
    dtypes: Sequence[str] = FLOAT64,
) -> Batch:
    """Logits of one of the palettes, and a label for each row."""
    shape, palette, dtype = draw(one_of_each(shapes, choices, dtypes))
    return picked(draw, palette, dtype, shape), _labels(draw, shape)


@st.composite
def possible_labels(draw: DrawFn) -> Batch:
    """Logits some of which are minus infinity, but never that of the label."""
    z, labels = draw(labelled_logits(palettes.with_minus_infinity, dtypes=FLOATS))
    np.put_along_axis(z, labels[:, None], 0, axis=1)
    return z, labels


@st.composite
def impossible_labels(draw: DrawFn) -> Batch:
    """Logits of which that of at least one label is minus infinity, and another one of the same row is not."""
    z, labels = draw(labelled_logits(palettes.moderate, shapes=at_least(2, MATRICES), dtypes=FLOATS))
    wrong = draw(st.integers(0, len(z) - 1))
    z[wrong, labels[wrong]] = -np.inf
    return z, labels


@st.composite
def logits_with_a_wrong_label(draw: DrawFn) -> Batch:
    """Logits, and labels one of which is out of range."""
    labels, k = draw(mislabelled([(m,) for m in (1, 2, 3, 5)], classes=(1, 2, 3, 5)))
    return picked(draw, palettes.moderate, "float64", (len(labels), k)), labels


@st.composite
def labelled(draw: DrawFn, logits: SearchStrategy[np.ndarray]) -> Batch:
    """The drawn logits, and a label for each row."""
    z = draw(logits)
    return z, _labels(draw, z.shape)


def _labels(draw: DrawFn, shape: Shape) -> np.ndarray:
    return np.asarray(codes(draw, shape[:-1]) % shape[-1], np.int64)


@st.composite
def regressions(
    draw: DrawFn, palette: Palette = palettes.moderate, shapes: Sequence[Shape] = VECTORS + MATRICES, dtypes: Sequence[str] = FLOAT64
) -> Batch:
    """Estimates and targets on the real line."""
    shape, dtype = draw(one_of_each(shapes, dtypes))
    return picked(draw, palette, dtype, shape), picked(draw, palette, dtype, shape)


@st.composite
def near_misses(draw: DrawFn) -> Batch:
    """Large estimates whose differences from their targets are small and exact."""
    shape, dtype = draw(one_of_each(VECTORS + MATRICES, FLOATS))
    y = picked(draw, palettes.integers, "float64", shape) + 10**6
    return (y + picked(draw, palettes.eighths, "float64", shape)).astype(dtype), y.astype(dtype)


@st.composite
def integer_pairs(draw: DrawFn) -> Batch:
    """Integers of one dtype, in which neither their differences nor the squares of those may fit."""
    shape, dtype = draw(one_of_each(VECTORS + MATRICES, INTEGERS))
    return picked(draw, palettes.whole_range, dtype, shape), picked(draw, palettes.whole_range, dtype, shape)


@st.composite
def regressions_with_nan(draw: DrawFn) -> Batch:
    """Estimates and targets, one element of which, of either, is NaN."""
    batch = draw(regressions(dtypes=FLOATS))
    array = batch[draw(st.integers(0, 1))]
    array.flat[draw(st.integers(0, array.size - 1))] = np.nan
    return batch


@st.composite
def binary_batches(
    draw: DrawFn,
    predictions: Palette = palettes.probabilities,
    targets: Palette = palettes.zero_or_one,
    shapes: Sequence[Shape] = VECTORS,
    dtypes: Sequence[str] = FLOAT64,
) -> Batch:
    """Estimated probabilities and their targets."""
    shape, dtype = draw(one_of_each(shapes, dtypes))
    return picked(draw, predictions, dtype, shape), picked(draw, targets, dtype, shape)


@st.composite
def certain_binary_batches(draw: DrawFn) -> Batch:
    """Probabilities of which many are 0 and 1, and then right."""
    y_hat, y = draw(binary_batches(palettes.certain, shapes=VECTORS + MATRICES, dtypes=FLOATS))
    return y_hat, np.where((y_hat == 0) | (y_hat == 1), y_hat, y)


@st.composite
def impossible_binary_batches(draw: DrawFn) -> Batch:
    """Probabilities of which one at least is 0 or 1, and wrong."""
    y_hat, y = draw(binary_batches(palettes.certain, shapes=VECTORS, dtypes=FLOATS))
    wrong = draw(st.integers(0, _SIDE**2)) % len(y)
    return np.where(np.arange(len(y)) == wrong, 1 - y, y_hat), y


@st.composite
def classified_batches(
    draw: DrawFn, shapes: Sequence[Shape] = at_least(2, MATRICES), dtypes: Sequence[str] = FLOAT64, soft: bool = False
) -> Batch:
    """Rows of estimated probabilities, and one-hot labels or, if ``soft``, rows of probabilities.

    Every row adds up to exactly 1 in whatever order, so that dividing it by its sum changes nothing.
    """
    shape, dtype = draw(one_of_each(shapes, dtypes))
    y_hat = _distributions(picked(draw, palettes.weights, "float64", shape))
    if soft:
        y = _distributions(picked(draw, palettes.weights, "float64", shape))
    else:
        y = np.eye(shape[-1])[_labels(draw, shape)]
    return y_hat.astype(dtype), y.astype(dtype)


def _distributions(weights: np.ndarray) -> np.ndarray:
    """Rows in proportion to the weights: 0 where the weight is, else a multiple of 2^-20 from 2^-19 on."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    parts = np.where(weights > 0, np.floor(shares * (2**20 - 2 * weights.shape[-1])) + 2, 0)
    largest = parts.argmax(axis=-1, keepdims=True)
    left = 2**20 - parts.sum(axis=-1, keepdims=True)
    np.put_along_axis(parts, largest, np.take_along_axis(parts, largest, axis=-1) + left, axis=-1)
    return parts / 2**20


@st.composite
def certain_classified_batches(draw: DrawFn) -> Batch:
    """One-hot labels, and probabilities of which some are 0, never the label's; it is 1 where all others are 0."""
    shape, dtype = draw(one_of_each(ROWS + MATRICES, FLOATS))
    y = np.eye(shape[-1])[_labels(draw, shape)]
    weights = picked(draw, palettes.weights, "float64", shape) * (codes(draw, shape) % 3 == 0)
    return _distributions(np.maximum(weights, y)).astype(dtype), y.astype(dtype)


@st.composite
def impossible_classified_batches(draw: DrawFn) -> Batch:
    """One-hot labels of which one at least has the probability 0."""
    y_hat, y = draw(classified_batches(dtypes=FLOATS))
    wrong = draw(st.integers(0, len(y) - 1))
    y_hat[wrong] = np.roll(y[wrong], 1)
    return y_hat, y


@st.composite
def spoilt(draw: DrawFn, batches: SearchStrategy[Batch], argument: int) -> Batch:
    """The drawn batch with an element, of the predictions (argument 0) or of the targets (1), that is no probability."""
    batch = draw(batches)
    array = batch[argument]
    eps = np.finfo(array.dtype).eps
    wrong = draw(st.sampled_from((2.0, -1.0, np.nan, np.inf, -np.inf, 1 + eps, -eps)))
    array.flat[draw(st.integers(0, array.size - 1))] = wrong
    return batch


@st.composite
def unlikely_classified_batches(draw: DrawFn, palette: Palette) -> Batch:
    """One-hot labels, each with a probability of the palette; the other classes share the rest of it."""
    shape, dtype = draw(one_of_each(at_least(2, MATRICES), FLOATS))
    y = np.eye(shape[-1])[_labels(draw, shape)]
    p = picked(draw, palette, dtype, (shape[0], 1)).astype(np.float64)
    return np.where(y == 1, p, (1 - p) / (shape[-1] - 1)).astype(dtype), y.astype(dtype)


def recipe(code: str) -> np.ndarray:
    """The array that the expression ``code`` evaluates to, which is what a failure shows for it."""
    return remember(eval(code, {"np": np}), code)


def prefixes(code: str) -> Iterator[np.ndarray]:
    """The recipe cut to each of LENGTHS along its last axis, the shortest first."""
    whole = recipe(code)
    for length in LENGTHS:
        yield remember(whole[..., :length], f"{code}[..., :{length}]")


def spiked(count: int, base: float, spike: float) -> Iterator[np.ndarray]:
    """``count`` times ``base`` in float32, with ``spike`` in its place at each position in turn."""
    for position in range(count):
        yield recipe(f"np.where(np.arange({count}) == {position}, {spike}, {base}).astype(np.float32)")


@st.composite
def long_logits(draw: DrawFn) -> np.ndarray:
    """Rows of more than 512 logits, one of which may stand out."""
    m, k, spike, dtype = draw(one_of_each((1, 2, 3), (513, 517, 1000, 1024, 1025, 2048, 3000), (0, 6, 20), FLOATS))
    position = draw(st.integers(0, k - 1))
    numbers = f"{_random(draw)}.uniform(-3, 3, ({m}, {k})) + {spike} * (np.arange({k}) == {position})"
    return recipe(f"({numbers}).astype(np.{dtype})")


@st.composite
def large_batches(draw: DrawFn, columns: Sequence[int] = (1, 2, 3, 10)) -> np.ndarray:
    """More than 2000 rows of logits."""
    m, k, dtype = draw(one_of_each(_MANY, columns, FLOATS))
    return recipe(f"{_random(draw)}.uniform(-5, 5, ({m}, {k})).astype(np.{dtype})")


@st.composite
def labelled_at_random(draw: DrawFn, logits: SearchStrategy[np.ndarray]) -> Batch:
    """The drawn logits, and for each row a label from a recipe."""
    z = draw(logits)
    return z, recipe(f"{_random(draw)}.integers({z.shape[-1]}, size={len(z)})")


@st.composite
def many_classified(draw: DrawFn) -> Batch:
    """More than 2000 rows of probabilities, or rows of more than 512, and one-hot labels."""
    (m, k), dtype = draw(one_of_each(((2001, 2), (2048, 3), (2500, 5), (1, 517), (2, 1025), (3, 3000)), FLOATS))
    weights = f"(weights := {_random(draw)}.integers(1, 100, ({m}, {k})))"
    y_hat = recipe(f"({weights} / weights.sum(axis=1, keepdims=True)).astype(np.{dtype})")
    y = recipe(f"(np.arange({k}) == {_random(draw)}.integers({k}, size=({m}, 1))).astype(np.{dtype})")
    return y_hat, y


@st.composite
def long_pairs(draw: DrawFn, y_hat: str, y: str) -> Batch:
    """More than 2000 estimates and targets, each made by a method of a random generator: ``"uniform(0, 1, {})"``."""
    count, dtype = draw(one_of_each(_MANY, FLOATS))
    one, other = (recipe(f"{_random(draw)}.{method.format(count)}.astype(np.{dtype})") for method in (y_hat, y))
    return one, other


_MANY = (2001, 2048, 2049, 2500)


def _random(draw: DrawFn) -> str:
    return f"np.random.default_rng({draw(st.integers(0, 999))})"
