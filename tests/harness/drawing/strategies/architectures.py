"""What networks of a declared architecture, and the learning of logistic regression, are checked on."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from tests.harness.drawing.strategies.arrays import one_of_each
from tests.harness.drawing.strategies.networks import (
    SEVERAL,
    Layer,
    Pool,
    in_dtype,
    numbers_but_zero,
    scaled_layers,
    small_numbers,
    targets,
)
from tests.harness.spec.dtypes import FLOAT64, Draw, drawn

DEEPEST = 4
"""How many layers a network of a declared architecture may have."""


@drawn
def architectures(draw: Draw, dtypes: Sequence[str] = FLOAT64) -> dict[str, Any]:
    """What a network of any architecture is asked with: x, codes for targets, and the layers from the last one back.

    Inputs, hidden units and outputs are of different numbers, so that no shape hides an exchange. The first layer is
    drawn with the rest, and those in between are square, so that every depth takes some of them.
    """
    m, n, h, k, dtype = draw(one_of_each(SEVERAL, (1, 2, 3), (4, 5), (1, 2, 3), draw.there(dtypes)))
    pool = Pool(draw)
    x = pool.array(small_numbers, "float64", (m, n))
    shapes = [(h, n), *[(h, h)] * (DEEPEST - 2), (k, h), (k, n)]
    layers = [
        (pool.array(small_numbers, "float64", (s, i)), pool.array(numbers_but_zero, "float64", (s,))) for s, i in shapes
    ]
    return in_dtype({"x": x, "layers": layers}, dtype) | {"codes": pool.codes((m, k)).astype(np.int64), "dtype": dtype}


def of_architecture(
    drawn: Mapping[str, Any], activations: Sequence[str], loss: str | None
) -> tuple[np.ndarray, list[Layer], np.ndarray]:
    """x, theta and targets for a network with these activations and this loss; no layer saturates.

    Under a binary cross-entropy it has one output.
    """
    first, *middle, last, alone = drawn["layers"]
    depth = len(activations)
    theta = [alone] if depth == 1 else [first, *middle[: depth - 2], last]
    binary = loss is not None and loss.startswith("binary_cross_entropy")
    k = 1 if binary else len(theta[-1][1])
    theta[-1] = theta[-1][0][:k], theta[-1][1][:k]
    squashed_by = {"binary_cross_entropy_with_logits": "sigmoid", "cross_entropy_with_logits": "softmax"}
    names = [*activations[:-1], squashed_by.get(loss or "", activations[-1])]
    its_targets = targets("binary_cross_entropy" if binary else loss or "mean_squared_error", drawn["codes"][:, :k])
    x, dtype = drawn["x"], drawn["dtype"]
    scaled = [(W, b) for W, b in scaled_layers(theta, names)]
    return in_dtype((x, scaled, its_targets), dtype)


STEPS = (7, 50, 2, 1, 0)
_RATES = (1.0, 0.3, 0.1, 0.03, 0.01, 0.003, 0.001)


@drawn
def trainings(draw: Draw) -> tuple[np.ndarray, np.ndarray, float, int]:
    """X, y, alpha and steps, as ``fit`` takes them: the largest of some rates with which no step expands an error."""
    steps, m, n = draw(one_of_each(STEPS, (4, 9, 20, 2), (2, 3, 1, 4)))
    pool = Pool(draw)
    X = pool.array(numbers_but_zero, "float64", (m, n))
    y = (pool.codes((m,)) % 2).astype(np.float64)
    largest = 8 * m / float(np.linalg.norm(X.T @ X, 2))
    return X, y, next(rate for rate in _RATES if rate <= largest), steps


@drawn
def classifications(draw: Draw) -> tuple[np.ndarray, np.ndarray]:
    """X and theta, as ``predict`` takes them."""
    m, n = draw(one_of_each((5, 12, 2, 1), (2, 3, 1, 4)))
    pool = Pool(draw)
    return pool.array(small_numbers, "float64", (m, n)), pool.array(numbers_but_zero, "float64", (n,))
