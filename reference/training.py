"""Training as on the slides: gradient descent over shuffled mini-batches."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from reference._validation import whole_number
from reference.descent import gradient_descent_step
from reference.gradients import mlp_gradients
from reference.layers import Layer

__all__ = ["initial_layers", "mini_batches", "sgd_epoch"]


def mini_batches(permutation: np.ndarray, size: int) -> list[np.ndarray]:
    """The indices of each mini-batch, in the order of the permutation; the last batch may be a smaller one.

    Slide "Training an MLP - The SGD algorithm".
    permutation: the numbers from 0 to m - 1, shuffled, shape (m,); size: the number of examples in a batch; m or more
    gives the single batch of "batch" gradient descent.
    Raises ValueError if permutation is not a permutation, or if size is not an integer of at least 1.

    >>> mini_batches(np.array([2, 0, 1]), 2)
    [array([2, 0]), array([1])]
    """
    permutation, size = np.asarray(permutation), whole_number("size", size, 1)
    if permutation.ndim != 1 or not np.array_equal(np.sort(permutation), np.arange(len(permutation))):
        raise ValueError(f"permutation: got shape {permutation.shape}, needs each number from 0 to m - 1 once")
    return [permutation[start : start + size] for start in range(0, len(permutation), size)]


def sgd_epoch(
    x: np.ndarray,
    y: np.ndarray,
    theta: Sequence[Layer],
    activations: Sequence[str],
    loss: str,
    alpha: float,
    permutation: np.ndarray,
    size: int,
) -> list[Layer]:
    """The parameters after one pass over the examples: a step of gradient descent for each mini-batch.

    Slide "Training an MLP - The SGD algorithm".
    x, y, theta, activations, loss: as for `mlp_gradients`; alpha: as for `gradient_descent_step`; permutation, size: as
    for `mini_batches`. Returns new pairs (W_k, b_k).
    Raises ValueError as these functions do, and if permutation has not one number for each example.

    >>> x, y, theta = np.array([[1.0], [2.0]]), np.array([[0.0], [0.0]]), [(np.array([[1.0]]), np.zeros(1))]
    >>> sgd_epoch(x, y, theta, ["identity"], "mean_squared_error", 0.5, np.array([0, 1]), 1)
    [(array([[0.]]), array([-0.75]))]
    """
    if len(permutation) != len(x):
        raise ValueError(f"permutation: got {len(permutation)} numbers, needs one for each of {len(x)} examples")
    layers = list(theta)
    for batch in mini_batches(permutation, size):
        gradients = mlp_gradients(x[batch], y[batch], layers, activations, loss)
        flat = gradient_descent_step(_flat(layers), _flat(gradients), alpha)
        layers = list(zip(flat[::2], flat[1::2], strict=True))
    return layers


def initial_layers(sizes: Sequence[int], seed: int) -> list[Layer]:
    """Random pairs W_k (S_k, S_k-1), b_k (S_k,) for layers with these sizes; the first is S_0, the number of inputs.

    Every element is uniform between -1/sqrt(S_k-1) and 1/sqrt(S_k-1), as in a new `torch.nn.Linear`.

    >>> [(W.shape, b.shape) for W, b in initial_layers([3, 2], seed=0)]
    [((2, 3), (2,))]
    """
    rng = np.random.default_rng(seed)
    layers = []
    for n, s in pairwise(sizes):
        reach = 1 / np.sqrt(n)
        layers.append((rng.uniform(-reach, reach, (s, n)), rng.uniform(-reach, reach, s)))
    return layers


def _flat(layers: Sequence[Layer]) -> list[np.ndarray]:
    return [parameter for layer in layers for parameter in layer]
