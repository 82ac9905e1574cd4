"""Large arrays: recipes with a drawn seed, size and spike, each an expression, which is what a failure shows."""

from collections.abc import Iterator, Sequence

import numpy as np
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from tests.harness.drawing.strategies.arrays import FLOATS, one_of_each
from tests.harness.drawing.strategies.batches import Batch

_MANY = (2001, 2048, 2049, 2500)

LENGTHS = (*range(1, 1026), 2049, 4099)
"""Every number of lanes, blocks and leftover elements that vectorised code divides an array into."""


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
def sweeps(draw: DrawFn) -> np.ndarray:
    """Ascending numbers in [-300, 300] about a drawn one, with a drawn step between them."""
    step = draw(st.sampled_from((1.0, 0.1, 0.01, 1e-6, 1e-12)))
    middle = draw(st.integers(-300, 300))
    return recipe(f"np.clip({middle} + {step} * np.arange(-300, 301), -300, 300)")


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
def many_labels(draw: DrawFn) -> tuple[np.ndarray, int]:
    """Many labels, many classes, or both."""
    m, k = draw(st.sampled_from(((257, 257), (2049, 3), (33, 1500))))
    return recipe(f"{_random(draw)}.integers({k}, size={m})"), k


@st.composite
def many_wrong_predictions(draw: DrawFn) -> Batch:
    """Logits of which each row is wrong by so much that its loss is a number in float16, and the sum of them is not."""
    m, loss = draw(one_of_each(_MANY, (33, 40, 60, 100)))
    return recipe(f"np.tile([0.0, -{loss}.0], ({m}, 1))"), recipe(f"np.ones({m}, np.int64)")


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


def _random(draw: DrawFn) -> str:
    return f"np.random.default_rng({draw(st.integers(0, 999))})"
