"""A network of one architecture, which an implementation declares: its output and the gradients of its loss.

The lecture's own has two layers, and a form for each task (slides "MLP neural network model for regression - PyTorch"
and "... for classification - PyTorch"): a linear layer, ReLU, a linear layer; for binary classification a sigmoid after
it, for k classes none, since the loss contains the softmax. This module declares the one for k classes.
"""

from collections.abc import Sequence

import numpy as np

from reference.arithmetic import Arithmetic
from reference.gradients import mlp_gradients, mlp_gradients_bound
from reference.layers import Layer, mlp, mlp_bound

__all__ = [
    "TASK",
    "TASKS",
    "WITH_LOGITS",
    "differentiated",
    "network",
    "network_bound",
    "network_gradients",
    "network_gradients_bound",
]

TASKS = {
    "regression": (("relu", "identity"), "mean_squared_error"),
    "binary": (("relu", "sigmoid"), "binary_cross_entropy"),
    "multiclass": (("relu", "identity"), "cross_entropy_with_logits"),
}
"""The activations of each task's network, and its loss."""

TASK = "multiclass"
"""What this implementation declares."""

WITH_LOGITS = "binary_cross_entropy_with_logits"
"""The binary cross-entropy of a sigmoid that the loss contains, as `torch.nn.BCEWithLogitsLoss` has it."""

FUNCTIONS = ("network", "network_gradients")

Gradients = list[tuple[np.ndarray, np.ndarray]]


def differentiated(activations: Sequence[str], loss: str) -> tuple[Sequence[str], str]:
    """The activations and the loss of which `mlp_gradients` gives the same gradients.

    A binary cross-entropy of logits is one of probabilities, after a sigmoid on the last layer.
    """
    if loss != WITH_LOGITS:
        return activations, loss
    return (*activations[:-1], "sigmoid"), "binary_cross_entropy"


def network(x: np.ndarray, theta: Sequence[Layer]) -> np.ndarray:
    r"""The logits W_2 ReLU(W_1 x + b_1) + b_2 (slide "MLP neural network model for classification - PyTorch").

    x: (m, S_0); theta: [(W_1, b_1), (W_2, b_2)], shapes as for `mlp`. Returns (m, S_2).
    Raises ValueError as `mlp` does.

    >>> theta = [(np.array([[1.0], [-1.0]]), np.zeros(2)), (np.eye(2), np.zeros(2))]
    >>> network(np.array([[2.0], [-3.0]]), theta).tolist()
    [[2.0, 0.0], [0.0, 3.0]]
    """
    return mlp(x, theta, TASKS[TASK][0])


def network_gradients(x: np.ndarray, y: np.ndarray, theta: Sequence[Layer]) -> Gradients:
    """dJ/dW_k and dJ/db_k of the cross-entropy of logits; y: integer labels (m,). As `mlp_gradients`.

    >>> theta = [(np.array([[0.0], [0.0]]), np.ones(2)), (np.zeros((2, 2)), np.zeros(2))]
    >>> [db.tolist() for _, db in network_gradients(np.array([[1.0]]), np.array([0]), theta)]
    [[0.0, 0.0], [-0.5, 0.5]]
    """
    return mlp_gradients(x, y, theta, *TASKS[TASK])


def network_bound(x: np.ndarray, theta: Sequence[Layer], arithmetic: Arithmetic) -> np.ndarray:
    """That of `mlp`."""
    return mlp_bound(x, theta, TASKS[TASK][0], arithmetic)


def network_gradients_bound(x: np.ndarray, y: np.ndarray, theta: Sequence[Layer], arithmetic: Arithmetic) -> Gradients:
    """That of `mlp_gradients`."""
    return mlp_gradients_bound(x, y, theta, *TASKS[TASK], arithmetic)
