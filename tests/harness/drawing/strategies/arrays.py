"""Small arrays: logits and numbers of every kind, shape and dtype.

They are drawn element by element from a palette: one draw of bytes, so the cost of an array hardly depends on its
size, and rows, columns and elements shrink apart from each other.
"""

import itertools
import math
from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from impls import LAYOUTS
from impls.calling import LaidOut
from tests.harness.drawing.strategies import palettes
from tests.harness.drawing.strategies.palettes import Palette
from tests.harness.spec.dtypes import FLOAT64, FLOATS, INTEGERS, LARGEST, Draw, Drawing, drawn

Shape = tuple[int, ...]

_SIDE = 8
_POOL = st.binary(min_size=2 * _SIDE * _SIDE, max_size=2 * _SIDE * _SIDE)

VECTORS: tuple[Shape, ...] = tuple((n,) for n in (1, 2, 3, 4, 5, 8, 13, 33, 64))
_SQUARES: tuple[Shape, ...] = ((2, 2), (3, 3), (4, 4))
MATRICES: tuple[Shape, ...] = tuple(
    sorted([*itertools.product((1, 2, 3, 4, 5, 7), repeat=2), *_SQUARES * 3], key=math.prod)
)
"""Rows, columns, matrices with different counts of both, and many squares, whose shape hides a wrong axis."""
ROWS: tuple[Shape, ...] = tuple((k,) for k in (1, 2, 3, 4, 5, 8))
TENSORS: tuple[Shape, ...] = ((), (0,), (2, 0), (0, 3), (1, 1, 1), (2, 3, 2), (3, 2, 4), (2, 1, 3, 2), (1, 2, 3, 4))
"""No axis, no element, more than two axes."""


def one_of_each(*choices: Sequence[Any]) -> SearchStrategy[Any]:
    """An entry of each of the choices, all in a single draw."""
    return _one_of_each(*map(tuple, choices))


@cache
def _one_of_each(*choices: tuple[Any, ...]) -> SearchStrategy[Any]:
    return st.sampled_from(list(itertools.product(*choices)))


def at_least(least: int, shapes: Sequence[Shape], axis: int = -1) -> tuple[Shape, ...]:
    """Those of the shapes that have at least ``least`` elements along the axis."""
    return tuple(shape for shape in shapes if shape[axis] >= least)


def codes(draw: Draw, shape: Shape) -> np.ndarray:
    """Positions in a palette, an array of the shape.

    They are cut out of a pool that is as large for any shape, so that a smaller shape keeps the other elements. The
    pool is reversed: Hypothesis sorts small bytes to its front, and the elements that matter come first in the array.
    """
    pool = np.frombuffer(draw(_POOL)[::-1], ">u2")
    if len(shape) == 2:
        return pool.reshape(_SIDE, _SIDE)[: shape[0], : shape[1]]
    return pool[: math.prod(shape)].reshape(shape)


def picked(draw: Draw, palette: Palette, dtype: str, shape: Shape) -> np.ndarray:
    """An array of the shape, each element one of the palette's."""
    return np.asarray(palette(dtype)[codes(draw, shape)])


def samples(palette: Palette) -> list[np.ndarray]:
    """One array of each kind of shape: a vector, a row, a column, a square, a wide and a tall matrix."""
    pool = palette("float64")[np.random.default_rng(0).integers(palettes.CODES // 2, size=_SIDE**2)]
    return [pool[: math.prod(shape)].reshape(shape) for shape in ((5,), (1, 5), (5, 1), (4, 4), (3, 5), (5, 3))]


@drawn
def arrays(
    draw: Draw,
    *palettes: Palette,
    shapes: Sequence[Shape] = VECTORS + MATRICES,
    dtypes: Sequence[str] = FLOAT64,
) -> np.ndarray:
    """An array of one of the palettes, shapes and dtypes."""
    shape, palette, dtype = draw(one_of_each(shapes, palettes, draw.there(dtypes)))
    return picked(draw, palette, dtype, shape)


def textbook_logits(shapes: Sequence[Shape] = MATRICES) -> Drawing[np.ndarray]:
    """Batches of logits of the textbook's range; two arrays in three with none far from 0, where mistakes show best."""
    return arrays(palettes.moderate, palettes.moderate, palettes.wide, shapes=shapes)


def logits(shapes: Sequence[Shape] = ROWS + MATRICES, dtypes: Sequence[str] = FLOATS) -> Drawing[np.ndarray]:
    """Logits of everyday size."""
    return arrays(palettes.moderate, shapes=shapes, dtypes=dtypes)


@drawn
def shifts(draw: Draw) -> float:
    """Multiples of 1/8, which add up exactly with the palette of eighths, and stay in the textbook's range with it."""
    most = 4 * LARGEST[draw.dtypes.widest]
    return draw(st.integers(-most, most)) / 8


@drawn
def rows_far_apart(draw: Draw, offsets: Sequence[float], dtypes: Sequence[str] = FLOATS) -> np.ndarray:
    """Logits each of whose rows has small whole numbers and an offset of its own, with which they add up exactly."""
    shape, dtype = draw(one_of_each(MATRICES, draw.there(dtypes)))
    entries, which = codes(draw, shape), codes(draw, (shape[0], 1)) % len(offsets)
    return (palettes.integers("float64")[entries] + np.array(offsets)[which]).astype(dtype)


@drawn
def textbook_rows_far_apart(draw: Draw) -> np.ndarray:
    """The same in the textbook's range, as multiples of 1/8 where that is not the range of float64."""
    z = draw(rows_far_apart(offsets=(0, 10, -40, 150, -150), dtypes=FLOAT64))
    share = LARGEST[draw.dtypes.widest] / LARGEST["float64"]
    return z if share == 1 else (np.round(z.astype(np.float64) * share * 8) / 8).astype(z.dtype)


_SPOILT = np.array(
    [
        [0, 0],
        [0, np.nan],
        [0, np.inf],
        [-np.inf, -np.inf],
        [0, -np.inf],
        [-np.inf, np.inf],
        [-np.inf, np.nan],
        [0, -np.nan],
    ]
)


@drawn
def with_rows_of_nan(draw: Draw, shapes: Sequence[Shape]) -> np.ndarray:
    """Logits most of whose rows have no softmax, because of NaN or +inf at one or two positions, or -inf at all."""
    shape, dtype = draw(one_of_each(shapes, draw.there(FLOATS)))
    rows = (*shape[:-1], 1)
    everywhere, there = np.moveaxis(_SPOILT[codes(draw, rows) % len(_SPOILT)], -1, 0)
    one, other = codes(draw, rows) % shape[-1], codes(draw, rows) % (2 * shape[-1])
    z = picked(draw, palettes.moderate, dtype, shape) + everywhere
    here = (np.arange(shape[-1]) == one) | (np.arange(shape[-1]) == other)
    return np.where(here & (there != 0), there, z).astype(dtype)


@drawn
def with_a_finite_logit(draw: Draw, logits: Drawing[np.ndarray]) -> np.ndarray:
    """The drawn logits, with 0 in place of the first of a row that has none but -inf."""
    z = draw(logits)
    z[..., 0] = np.where((z == -np.inf).all(axis=-1), 0, z[..., 0])
    return z


@drawn
def tensors(draw: Draw, palette: Palette = palettes.moderate) -> tuple[np.ndarray, ...]:
    """An array of each of the shapes in TENSORS."""
    dtype = draw(st.sampled_from(draw.there(FLOATS)))
    pool = picked(draw, palette, dtype, (_SIDE**2,))
    return tuple(pool[: math.prod(shape)].reshape(shape) for shape in TENSORS)


@drawn
def integer_arrays(draw: Draw, shapes: Sequence[Shape]) -> np.ndarray:
    """Integers over the whole range of their dtype."""
    shape, dtype = draw(one_of_each(shapes, draw.there(INTEGERS)))
    return picked(draw, palettes.whole_range, dtype, shape)


def integer_examples(shape: Shape) -> list[np.ndarray]:
    """For each integer dtype, and bool, its ends beside 0 and 1: four elements in the shape."""
    ends = [np.array([1, 0, np.iinfo(dtype).max, np.iinfo(dtype).min], dtype) for dtype in INTEGERS]
    return [array.reshape(shape) for array in (*ends, np.array([True, False, True, True]))]


def replaced(array: np.ndarray, at: int, new: float) -> np.ndarray:
    """A copy of the array with ``new`` at the position ``at``, counted around its end, of its elements.

    An integer that the dtype does not hold becomes its largest one.
    """
    copy = array.copy()
    if array.dtype.kind in "iu" and not np.iinfo(array.dtype).min <= new <= np.iinfo(array.dtype).max:
        new = np.iinfo(array.dtype).max
    copy.flat[at % array.size] = new
    return copy


def nan_of(number: int) -> float:
    """NaN, with its sign bit set for every other number, as x86 sets it in 0/0."""
    return -np.nan if number % 2 else np.nan


def with_nan_at(array: np.ndarray, at: int) -> np.ndarray:
    """As ``replaced`` by the NaN of that position."""
    return replaced(array, at, nan_of(at))


def with_nan_in_one(arrays: Sequence[np.ndarray]) -> list[np.ndarray]:
    """The arrays, the first of them with NaN for its first element."""
    first, *others = arrays
    return [replaced(first, 0, nan_of(len(arrays))), *others]


def without_0(array: np.ndarray) -> np.ndarray:
    """The array with 1 in the place of each 0."""
    return np.where(array == 0, 1, array).astype(array.dtype)


def spoilt_in_turn(one: np.ndarray, other: np.ndarray, at: int, new: float) -> tuple[np.ndarray, np.ndarray]:
    """Both arrays, with ``new`` at that position of one of them; which one depends on their size and the position."""
    if (at + one.size) % 2:
        return replaced(one, at, new), other
    return one, replaced(other, at, -new)


def with_nan_in_the_first(array: np.ndarray) -> np.ndarray:
    """A copy of the array with NaN for all of its first row, that of the row's length."""
    copy = array.copy()
    copy[0] = nan_of(array.shape[-1])
    return copy


Mix = tuple[int, int]
"""Which layouts an example asks: (start, apart) is every third from ``start`` on, each argument ``apart`` further on.

In 25 examples each layout of an argument stands beside others of the next one; ``apart`` 0 is one layout for all.
"""

ALL_LAYOUTS: tuple[Mix, ...] = tuple((start, apart) for apart in (0, 4) for start in range(3))
"""Each layout for all arguments, and beside one of another order of the axes or other strides."""


def mixes() -> SearchStrategy[Mix]:
    """Layouts for the arguments of a call."""
    return st.tuples(st.integers(0, 2), st.integers(0, len(LAYOUTS) - 1))


def in_layouts(arguments: Sequence[np.ndarray], mix: Mix, dtype: str | None = None) -> Iterator[Any]:
    """For each choice of layouts: the values of the arguments, the arguments laid out so, and the layouts.

    dtype: of the floating ones, where NumPy has no such type.
    """
    start, apart = mix
    for first in range(start, start + len(LAYOUTS), 3):
        layouts = [LAYOUTS[(first + n * apart) % len(LAYOUTS)] for n in range(len(arguments))]
        values = [constant_rows(a) if one == "broadcast" else a for a, one in zip(arguments, layouts, strict=True)]
        views = [
            LaidOut(a, one, dtype if a.dtype.kind == "f" else None) for a, one in zip(values, layouts, strict=True)
        ]
        yield values, views, layouts


def constant_rows(array: np.ndarray) -> np.ndarray:
    """The first row of the array, as often as there are rows."""
    return np.repeat(array[:1], len(array), axis=0) if array.ndim else array


def positions() -> SearchStrategy[int]:
    """Where in an array that ``replaced`` is given."""
    return st.integers(0, _SIDE**2 - 1)
