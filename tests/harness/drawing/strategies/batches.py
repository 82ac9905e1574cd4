"""Small batches for the losses: predictions, or logits, with their targets, or labels."""

from collections.abc import Sequence

import numpy as np
from hypothesis import strategies as st

from tests.harness.drawing.strategies import palettes
from tests.harness.drawing.strategies.arrays import (
    MATRICES,
    ROWS,
    VECTORS,
    Shape,
    at_least,
    codes,
    one_of_each,
    picked,
    positions,
    replaced,
    samples,
)
from tests.harness.drawing.strategies.palettes import Palette
from tests.harness.spec.dtypes import FLOAT64, FLOATS, INTEGERS, Draw, Drawing, drawn

Batch = tuple[np.ndarray, np.ndarray]

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


@drawn
def labels(draw: Draw, shapes: Sequence[Shape], classes: Sequence[int]) -> tuple[np.ndarray, int]:
    """Class labels, and the number k of classes."""
    shape, k = draw(one_of_each(shapes, classes))
    return np.asarray(codes(draw, shape) % k, np.int64), k


def wrong_labels(k: int) -> tuple[int, ...]:
    """Labels out of range: the nearest ones, those that wrap, and those that only a narrower integer wraps."""
    return (k, -1, k + 1, -k, -k - 1, -100, 255, 256, 2**31, 2**32)


def no_probabilities(dtype: np.dtype) -> tuple[float, ...]:
    """What lies outside [0, 1], by a little or by much, and NaN."""
    eps = float(np.finfo(dtype).eps)
    return (2.0, -1.0, 1 + eps, -eps, np.inf, -np.inf, np.nan)


@drawn
def labelled_logits(
    draw: Draw,
    *choices: Palette,
    shapes: Sequence[Shape] = MATRICES,
    dtypes: Sequence[str] = FLOAT64,
) -> Batch:
    """Logits of one of the palettes, and a label for each row."""
    shape, palette, dtype = draw(one_of_each(shapes, choices, draw.there(dtypes)))
    return picked(draw, palette, dtype, shape), _labels(draw, shape)


@drawn
def confident_logits(draw: Draw) -> Batch:
    """One row of logits, multiples of 1/8 that float16 and bfloat16 hold, of which the label's is far ahead."""
    k, lead, offset = draw(one_of_each((2, 3, 5, 8), range(25, 60), range(-100, 101, 25)))
    others = -(codes(draw, (1, k)) % 64).astype(np.float64) - lead
    labels = _labels(draw, (1, k))
    np.put_along_axis(others, labels[:, None], 0, axis=1)
    return (others + offset) / 8, labels


@drawn
def possible_labels(draw: Draw) -> Batch:
    """Logits some of which are minus infinity, but never that of the label."""
    z, labels = draw(labelled_logits(palettes.with_minus_infinity, dtypes=FLOATS))
    np.put_along_axis(z, labels[:, None], 0, axis=1)
    return z, labels


@drawn
def impossible_labels(draw: Draw) -> Batch:
    """Logits of which that of at least one label is minus infinity, and another one of the same row is not."""
    z, labels = draw(labelled_logits(palettes.moderate, shapes=at_least(2, MATRICES), dtypes=FLOATS))
    wrong = draw(st.integers(0, len(z) - 1))
    z[wrong, labels[wrong]] = -np.inf
    return z, labels


@drawn
def logits_with_a_wrong_label(draw: Draw) -> Batch:
    """Logits, and labels one of which is out of range."""
    z, labels = draw(labelled_logits(palettes.moderate))
    wrong = draw(st.sampled_from(wrong_labels(z.shape[1])))
    return z, replaced(labels, draw(positions()), wrong)


@drawn
def labelled(draw: Draw, logits: Drawing[np.ndarray]) -> Batch:
    """The drawn logits, and a label for each row."""
    z = draw(logits)
    return z, _labels(draw, z.shape)


def _labels(draw: Draw, shape: Shape) -> np.ndarray:
    return np.asarray(codes(draw, shape[:-1]) % shape[-1], np.int64)


@drawn
def regressions(
    draw: Draw,
    palette: Palette = palettes.moderate,
    shapes: Sequence[Shape] = VECTORS + MATRICES,
    dtypes: Sequence[str] = FLOAT64,
) -> Batch:
    """Estimates and targets on the real line."""
    shape, dtype = draw(one_of_each(shapes, draw.there(dtypes)))
    return picked(draw, palette, dtype, shape), picked(draw, palette, dtype, shape)


@drawn
def short_regressions(draw: Draw) -> Batch:
    """Estimates and targets that float16 and bfloat16 both hold: of every size, or large and near to each other."""
    shape, near = draw(one_of_each(VECTORS + MATRICES, (False, True)))
    if near:
        return 100.0 + codes(draw, shape) % 8, 100.0 + codes(draw, shape) % 8
    return picked(draw, palettes.short, "float64", shape), picked(draw, palettes.short, "float64", shape)


@drawn
def near_misses(draw: Draw) -> Batch:
    """Large estimates whose differences from their targets are small and exact."""
    shape, dtype = draw(one_of_each(VECTORS + MATRICES, draw.there(FLOATS)))
    y = picked(draw, palettes.integers, "float64", shape) + 10**6
    return (y + picked(draw, palettes.eighths, "float64", shape)).astype(dtype), y.astype(dtype)


@drawn
def integer_pairs(draw: Draw) -> Batch:
    """Estimates and targets of an integer dtype, which may hold neither their differences nor the squares."""
    shape, dtype = draw(one_of_each(VECTORS + MATRICES, draw.there(INTEGERS)))
    return picked(draw, palettes.whole_range, dtype, shape), picked(draw, palettes.whole_range, dtype, shape)


@drawn
def binary_batches(
    draw: Draw,
    predictions: Palette = palettes.probabilities,
    targets: Palette = palettes.zero_or_one,
    shapes: Sequence[Shape] = VECTORS,
    dtypes: Sequence[str] = FLOAT64,
) -> Batch:
    """Estimated probabilities and their targets."""
    shape, dtype = draw(one_of_each(shapes, draw.there(dtypes)))
    return picked(draw, predictions, dtype, shape), picked(draw, targets, dtype, shape)


@drawn
def certain_binary_batches(draw: Draw) -> Batch:
    """Probabilities of which many are 0 and 1, and then right."""
    y_hat, y = draw(binary_batches(palettes.certain, shapes=VECTORS + MATRICES, dtypes=FLOATS))
    return y_hat, np.where((y_hat == 0) | (y_hat == 1), y_hat, y)


@drawn
def impossible_binary_batches(draw: Draw) -> Batch:
    """Probabilities of which one at least is 0 or 1, and wrong."""
    y_hat, y = draw(binary_batches(palettes.certain, shapes=VECTORS, dtypes=FLOATS))
    wrong = draw(positions()) % len(y)
    return np.where(np.arange(len(y)) == wrong, 1 - y, y_hat), y


@drawn
def classified_batches(
    draw: Draw,
    shapes: Sequence[Shape] = at_least(2, MATRICES),
    dtypes: Sequence[str] = FLOAT64,
    soft: bool = False,
    unit: float = 2**-20,
) -> Batch:
    """Rows of estimated probabilities, and one-hot labels or, if ``soft``, rows of probabilities.

    Every row adds up to exactly 1 in whatever order, so that dividing it by its sum changes nothing; the estimates are
    multiples of ``unit``.
    """
    shape, dtype = draw(one_of_each(shapes, draw.there(dtypes)))
    unit = max(unit, float(np.finfo(dtype).eps))
    y_hat = _distributions(picked(draw, palettes.weights, "float64", shape), unit)
    if soft:
        y = _distributions(picked(draw, palettes.weights, "float64", shape))
    else:
        y = np.eye(shape[-1])[_labels(draw, shape)]
    return y_hat.astype(dtype), y.astype(dtype)


@drawn
def certain_classified_batches(draw: Draw) -> Batch:
    """One-hot labels, and probabilities of which some are 0, never the label's; it is 1 where all others are 0."""
    shape, dtype = draw(one_of_each(ROWS + MATRICES, draw.there(FLOATS)))
    y = np.eye(shape[-1])[_labels(draw, shape)]
    weights = picked(draw, palettes.weights, "float64", shape) * (codes(draw, shape) % 3 == 0)
    return _distributions(np.maximum(weights, y)).astype(dtype), y.astype(dtype)


@drawn
def impossible_classified_batches(draw: Draw) -> Batch:
    """One-hot labels of which one at least has the probability 0."""
    y_hat, y = draw(classified_batches(dtypes=FLOATS))
    wrong = draw(st.integers(0, len(y) - 1))
    y_hat[wrong] = np.roll(y[wrong], 1)
    return y_hat, y


@drawn
def unlikely_classified_batches(draw: Draw, palette: Palette) -> Batch:
    """One-hot labels, each with a probability of the palette; the other classes share the rest of it."""
    shape, dtype = draw(one_of_each(at_least(2, MATRICES), draw.there(FLOATS)))
    y = np.eye(shape[-1])[_labels(draw, shape)]
    p = picked(draw, palette, dtype, (shape[0], 1)).astype(np.float64)
    return np.where(y == 1, p, (1 - p) / (shape[-1] - 1)).astype(dtype), y.astype(dtype)


def classified_samples() -> list[Batch]:
    """Rows of probabilities with one-hot labels: a row, a square, a wide and a tall matrix."""
    rows = [
        _distributions(weights) for weights in samples(palettes.weights) if weights.ndim == 2 and weights.shape[1] > 1
    ]
    return [(y_hat, np.eye(y_hat.shape[1])[np.arange(len(y_hat)) % y_hat.shape[1]]) for y_hat in rows]


def _distributions(weights: np.ndarray, unit: float = 2**-20) -> np.ndarray:
    """Rows in proportion to the weights: 0 where the weight is, else a multiple of the unit and at least two of it."""
    shares = weights / weights.sum(axis=-1, keepdims=True)
    parts = np.where(weights > 0, np.floor(shares * (1 / unit - 2 * weights.shape[-1])) + 2, 0)
    largest = parts.argmax(axis=-1, keepdims=True)
    left = 1 / unit - parts.sum(axis=-1, keepdims=True)
    np.put_along_axis(parts, largest, np.take_along_axis(parts, largest, axis=-1) + left, axis=-1)
    return parts * unit
