"""Large arrays, and cases that are asked on purpose: recipes, each an expression, which is what a failure shows.

A deterministic case stands as data with the reason it exists.
"""

import functools
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import CodeType

import numpy as np
from hypothesis import strategies as st

from tests.harness.drawing.strategies.arrays import one_of_each
from tests.harness.drawing.strategies.asked_lengths import SPIKED, asked
from tests.harness.drawing.strategies.batches import Batch
from tests.harness.spec.dtypes import FLOATS, HALVES, LARGEST, Draw, Drawing, drawn

_MANY = (2001, 2048, 2049, 2500)


class Recipe(np.ndarray):
    """An array that knows the expression that made it, with ``np`` in scope; what is computed from it does not."""

    code: str | None

    def __array_finalize__(self, other: object) -> None:
        self.code = None


def remember(array: np.ndarray, code: str) -> Recipe:
    """The array, with the expression that evaluates to it."""
    made = array.view(Recipe)
    made.code = code
    return made


def recipe(code: str) -> Recipe:
    """A fresh array that the expression ``code`` evaluates to, which is what a failure shows for it."""
    with np.errstate(all="ignore"):
        return remember(eval(_compiled(code), {"np": np}), code)


@functools.lru_cache(4096)
def _compiled(code: str) -> CodeType:
    """The expression, compiled once: most of the lengths and layouts are asked of many functions."""
    return compile(code, "<recipe>", "eval")


def numbers(shape: Sequence[int], dtype: str = "float64") -> Recipe:
    """Numbers in [-8, 8] that every floating dtype holds, half precision too, and that no block of 2^n repeats."""
    # Cubes are a permutation of the remainders by 251. With multiples all rows of a matrix had the same softmax.
    cubes = f"((np.arange(6, {6 + _count(shape)}) % 251) ** 3 % 251 - 125)"
    return recipe(f"({cubes} / 16).reshape({tuple(shape)}).astype(np.{dtype})")


def near_numbers(shape: Sequence[int], dtype: str = "float64") -> Recipe:
    """The same in [-1, 1]: as logits, none of which is so far below the others that it could be left out unseen."""
    return recipe(f"({numbers(shape).code} / 8).astype(np.{dtype})")


def large_numbers(shape: Sequence[int], dtype: str = "float64") -> np.ndarray:
    """Numbers in [-954, 954], some of them small: exp over- and underflows at some, in float64 too."""
    return recipe(f"(2 * {numbers(shape).code} ** 3).astype(np.{dtype})")


def probabilities_of(shape: Sequence[int], dtype: str = "float64") -> np.ndarray:
    """Probabilities inside (0, 1), as ``numbers``."""
    return recipe(f"((np.arange({_count(shape)}) * 7 % 251 + 1) / 256).reshape({tuple(shape)}).astype(np.{dtype})")


def targets_of(shape: Sequence[int], dtype: str = "float64") -> np.ndarray:
    """1 for every third prediction and 0 for the others."""
    return recipe(f"(np.arange({_count(shape)}) % 3 == 0).reshape({tuple(shape)}).astype(np.{dtype})")


_LAID_OUT: Sequence[Sequence[int]] = ((517,), (13,), (4, 3), (33, 65))
"""Of the arrays that are asked in every layout: vectors and matrices, small and large, none of them square."""


def spotted_with_nan() -> list[np.ndarray]:
    """Vectors of each dtype in which every third element is NaN, so that each lane of a register meets it."""
    signed = "np.where(np.arange(67) % 2, np.nan, -np.nan)"
    return [recipe(f"np.where(np.arange(67) % 3, 1.5, {signed}).astype(np.{dtype})") for dtype in FLOATS]


Make = Callable[[Sequence[int], str], np.ndarray]


def in_each_dtype(*makes: Make) -> list[np.ndarray]:
    """Arrays to be asked in every layout, each made by one of ``makes`` of its shape and dtype.

    The dtypes take turns over the shapes, and over the makes: of two, each shape is asked in both.
    """
    return [make(shape, FLOATS[(n + turn) % 2]) for turn, make in enumerate(makes) for n, shape in enumerate(_LAID_OUT)]


def pairs_in_each_dtype(one: Make, other: Make) -> list[Batch]:
    """Pairs of such arrays."""
    return list(zip(in_each_dtype(one), in_each_dtype(other), strict=True))


def halves_in_layouts(one: Make, other: Make) -> list[Batch]:
    """Pairs that half precision holds, to be asked in every layout."""
    return [(one((4, 3), "float64"), other((4, 3), "float64"))]


def labelled_in_each_dtype() -> list[Batch]:
    """Such matrices of logits, each with a label for each row."""
    return [(z, (np.arange(len(z)) // 2 + len(z) // 8) % z.shape[1]) for z in in_each_dtype(numbers) if z.ndim == 2]


def last_class_true(k: int, dtype: str = "float64") -> Batch:
    """One example of k classes, of which the last, with the smallest probability, is true; the first has the rest.

    Probabilities are multiples of 2^-8, which half precision holds, or of 2^-13, so that they add up to exactly 1.
    """
    unit = 2.0 ** (-8 if k < 200 else -13)
    y_hat = recipe(f"np.where(np.arange({k}) == 0, {1 - (k - 1) * unit}, {unit})[None].astype(np.{dtype})")
    return y_hat, recipe(f"(np.arange({k}) == {k - 1})[None].astype(np.{dtype})")


def few_classified(dtype: str = "float64") -> Batch:
    """Four examples of three classes whose labels are not the likeliest ones; half precision holds the numbers."""
    y_hat = recipe(f"(np.array([[4, 8, 4], [1, 2, 13], [10, 3, 3], [6, 9, 1]]) / 16).astype(np.{dtype})")
    return y_hat, recipe(f"np.eye(3)[[0, 1, 2, 0]].astype(np.{dtype})")


def single_classified() -> list[Batch]:
    """One example of each dtype, without a batch axis."""
    return [(y_hat[1], y[1]) for y_hat, y in map(few_classified, FLOATS)]


def numpy_dtype(dtype: str) -> str:
    """The dtype in which an array of NumPy carries numbers that are to be passed in ``dtype``."""
    return "float64" if dtype in HALVES else dtype


def _count(shape: Sequence[int]) -> int:
    return math.prod(shape)


def spiked(position: int, base: float, spike: float, dtype: str) -> np.ndarray:
    """SPIKED times ``base``, with ``spike`` in its place at the position."""
    return recipe(f"np.where(np.arange({SPIKED}) == {position}, {spike}, {base}).astype(np.{dtype})")


def lines(dtype: str) -> Iterator[tuple[str, np.ndarray]]:
    """Numbers of the dtype from all over the real line, each array with the reason it is asked for."""
    yield (
        "a dense sweep: a function may be wrong on a short interval alone",
        recipe(f"np.linspace(-40, 40, 2**15 + 1).astype(np.{dtype})"),
    )
    yield (
        "a dense sweep near 0, where a polynomial stands for the function",
        recipe(f"np.linspace(-1, 1, 2**14 + 1).astype(np.{dtype})"),
    )
    exponents, of_each = {"float32": ("-149, 128", 32), "float64": ("-1074, 1024", 16)}[dtype]
    binades = f"np.ldexp(np.arange({of_each}, {2 * of_each})[:, None] / {of_each}, np.arange({exponents})).ravel()"
    yield (
        "numbers from each binade of the dtype, of both signs",
        recipe(f"np.outer([1, -1], {binades}).ravel().astype(np.{dtype})"),
    )


EVERY_HALF: Mapping[str, np.ndarray] = {
    "float16": recipe("np.arange(2**16, dtype=np.uint16).view(np.float16).astype(np.float64)"),
    "bfloat16": recipe("(np.arange(2**16, dtype=np.uint32) << 16).view(np.float32).astype(np.float64)"),
}
"""Every number of each half-precision dtype, infinities and NaN with both signs among them."""


def ends_stand_out(n: int, between: float, first: float, last: float) -> np.ndarray:
    """n numbers of which the first and the last count for so much that half precision shows if one is lost."""
    return recipe(f"np.where(np.arange({n}) == {n - 1}, {last}, np.where(np.arange({n}) == 0, {first}, {between}))")


def between_0_and_1() -> np.ndarray:
    """Multiples of 2^-20 inside (0, 1), dense and about equally far apart: 128 under quick, else 1024."""
    count = asked([128], [1024])[0]
    return np.round((np.arange(count) + 0.62) / count * 2**20) / 2**20


def probabilities_of_each_binade() -> np.ndarray:
    """The same, 1/2, where code may branch, and a multiple of 2^-20 from each binade towards 0 and towards 1."""
    small = np.round(1.4 * 2.0 ** np.arange(14)) / 2**20
    return np.concatenate([[0.5], between_0_and_1(), small, 1 - small])


TINY_PROBABILITIES = tuple(1.375 * 2.0**-exponent for exponent in (24, 30, 40, 60, 90, 120))
"""From binades beyond, in which the loss of the opposite target is a rounding error."""


@drawn
def sweeps(draw: Draw) -> np.ndarray:
    """Ascending numbers of the textbook's range about a drawn one, with a drawn step between them."""
    dtype = draw.dtypes.widest
    step, most = draw(st.sampled_from((1.0, 0.1, 0.01, 1e-6, 1e-12))), LARGEST[dtype]
    middle = draw(st.integers(-most, most))
    return recipe(f"np.clip({middle} + {step} * np.arange(-300, 301), {-most}, {most}).astype(np.{dtype})")


@drawn
def long_logits(draw: Draw) -> np.ndarray:
    """Rows of more than 512 logits, one of which may stand out."""
    m, k, spike, dtype = draw(
        one_of_each((1, 2, 3), (513, 517, 1000, 1024, 1025, 2048, 3000), (0, 6, 20), draw.there(FLOATS))
    )
    position = draw(st.integers(0, k - 1))
    numbers = f"{_random(draw)}.uniform(-3, 3, ({m}, {k})) + {spike} * (np.arange({k}) == {position})"
    return recipe(f"({numbers}).astype(np.{dtype})")


@drawn
def large_batches(draw: Draw, columns: Sequence[int] = (1, 2, 3, 10)) -> np.ndarray:
    """More than 2000 rows of logits."""
    m, k, dtype = draw(one_of_each(_MANY, columns, draw.there(FLOATS)))
    return recipe(f"{_random(draw)}.uniform(-5, 5, ({m}, {k})).astype(np.{dtype})")


@drawn
def many_labels(draw: Draw) -> tuple[np.ndarray, int]:
    """Many labels, many classes, or both."""
    m, k = draw(st.sampled_from(((257, 257), (2049, 3), (33, 1500))))
    return recipe(f"{_random(draw)}.integers({k}, size={m})"), k


@drawn
def many_wrong_predictions(draw: Draw) -> Batch:
    """Logits of which each row is wrong by so much that its loss is a number in float16, and the sum of them is not."""
    m, loss = draw(one_of_each(_MANY, (33, 40, 60, 100)))
    return recipe(f"np.tile([0.0, -{loss}.0], ({m}, 1))"), recipe(f"np.ones({m}, np.int64)")


@drawn
def labelled_at_random(draw: Draw, logits: Drawing[np.ndarray]) -> Batch:
    """The drawn logits, and for each row a label from a recipe."""
    z = draw(logits)
    return z, recipe(f"{_random(draw)}.integers({z.shape[-1]}, size={len(z)})")


@drawn
def many_classified(draw: Draw) -> Batch:
    """More than 2000 rows of probabilities, and one-hot labels."""
    return draw(_classified(((2001, 2), (2048, 3), (2500, 5))))


@drawn
def long_classified(draw: Draw) -> Batch:
    """Rows of more than 512 probabilities, and one-hot labels."""
    return draw(_classified(((1, 517), (2, 1025), (3, 3000))))


@drawn
def _classified(draw: Draw, shapes: Sequence[tuple[int, int]]) -> Batch:
    (m, k), dtype = draw(one_of_each(shapes, draw.there(FLOATS)))
    weights = f"(weights := {_random(draw)}.integers(1, 100, ({m}, {k})))"
    y_hat = recipe(f"({weights} / weights.sum(axis=1, keepdims=True)).astype(np.{dtype})")
    y = recipe(f"(np.arange({k}) == {_random(draw)}.integers({k}, size=({m}, 1))).astype(np.{dtype})")
    return y_hat, y


MANY_OF_EACH = (*((count,) for count in _MANY), (100, 1), (2049, 1), (1, 2049), (300, 7), (33, 65), (7, 300))
"""Shapes of large batches: vectors, and matrices with many rows, with many columns, and with both."""


def many_pairs(y_hat: str, y: str) -> list[Batch]:
    """One large batch of each shape and dtype; the arguments as in ``long_pairs``."""
    return [_pair(y_hat, y, shape, dtype, (0, 1)) for shape in MANY_OF_EACH for dtype in FLOATS]


@drawn
def long_pairs(draw: Draw, y_hat: str, y: str) -> Batch:
    """Many estimates and targets, each made by a method of a random generator: ``"uniform(0, 1, {})"``."""
    shape, dtype = draw(one_of_each(MANY_OF_EACH, draw.there(FLOATS)))
    return _pair(y_hat, y, shape, dtype, draw(st.tuples(st.integers(0, 999), st.integers(0, 999))))


def _pair(y_hat: str, y: str, shape: Sequence[int], dtype: str, seeds: tuple[int, int]) -> Batch:
    one, other = (
        recipe(f"np.random.default_rng({seed}).{method.format(shape)}.astype(np.{dtype})")
        for method, seed in zip((y_hat, y), seeds, strict=True)
    )
    return one, other


@drawn
def large_arrays(draw: Draw) -> np.ndarray:
    """Hundreds of numbers in a vector, or in a matrix of an odd shape."""
    return numbers(*draw(one_of_each(((513,), (33, 65), (130, 9), (3, 700)), draw.there(FLOATS))))


def _random(draw: Draw) -> str:
    return f"np.random.default_rng({draw(st.integers(0, 999))})"
