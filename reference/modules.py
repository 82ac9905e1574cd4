"""The lecture's two-layer network as a module for each task, with the loss of that task.

A linear layer, ReLU, a linear layer. Binary classification has a sigmoid at the end; classification into k classes has
none, since its loss contains the softmax.
"""

from collections.abc import Sequence

import numpy as np

from reference.error_bounds import Arithmetic
from reference.gradients import mlp_gradients, mlp_gradients_bound
from reference.layers import Layer, mlp, mlp_bound

__all__ = [
    "TASKS",
    "binary_module",
    "binary_module_bound",
    "binary_module_gradients",
    "binary_module_gradients_bound",
    "multiclass_module",
    "multiclass_module_bound",
    "multiclass_module_gradients",
    "multiclass_module_gradients_bound",
    "regression_module",
    "regression_module_bound",
    "regression_module_gradients",
    "regression_module_gradients_bound",
]

TASKS = {
    "regression": (("relu", "identity"), "mean_squared_error"),
    "binary": (("relu", "sigmoid"), "binary_cross_entropy"),
    "multiclass": (("relu", "identity"), "cross_entropy_with_logits"),
}
"""The activations of each task's network, and its loss."""

FUNCTIONS = (
    "regression_module",
    "regression_module_gradients",
    "binary_module",
    "binary_module_gradients",
    "multiclass_module",
    "multiclass_module_gradients",
)

Gradients = list[tuple[np.ndarray, np.ndarray]]


def regression_module(x: np.ndarray, theta: Sequence[Layer], training: bool) -> np.ndarray:
    r"""W_2 ReLU(W_1 x + b_1) + b_2 (slide "MLP neural network model for regression - PyTorch").

    x: (m, S_0); theta: [(W_1, b_1), (W_2, b_2)], shapes as for `mlp`; training: whether the module is in training mode,
    which changes nothing. Returns (m, S_2). Raises ValueError as `mlp` does.

    >>> theta = [(np.array([[1.0], [-1.0]]), np.zeros(2)), (np.array([[2.0, 3.0]]), np.array([0.5]))]
    >>> regression_module(np.array([[4.0]]), theta, training=False)
    array([[8.5]])
    """
    return mlp(x, theta, TASKS["regression"][0])


def binary_module(x: np.ndarray, theta: Sequence[Layer], training: bool) -> np.ndarray:
    """sigmoid(W_2 ReLU(W_1 x + b_1) + b_2) (slide "MLP neural network model for classification - PyTorch").

    Arguments, result and errors as for `regression_module`.

    >>> theta = [(np.array([[1.0], [-1.0]]), np.zeros(2)), (np.array([[0.5, 1.0]]), np.array([0.0]))]
    >>> binary_module(np.array([[4.0]]), theta, training=False).round(3)
    array([[0.881]])
    """
    return mlp(x, theta, TASKS["binary"][0])


def multiclass_module(x: np.ndarray, theta: Sequence[Layer], training: bool) -> np.ndarray:
    """The logits W_2 ReLU(W_1 x + b_1) + b_2 (slide "MLP neural network model for classification - PyTorch").

    Arguments, result and errors as for `regression_module`.

    >>> theta = [(np.array([[1.0]]), np.zeros(1)), (np.array([[2.0], [3.0]]), np.zeros(2))]
    >>> multiclass_module(np.array([[4.0]]), theta, training=False)
    array([[ 8., 12.]])
    """
    return mlp(x, theta, TASKS["multiclass"][0])


def regression_module_gradients(x: np.ndarray, y: np.ndarray, theta: Sequence[Layer]) -> Gradients:
    """dJ/dW_k and dJ/db_k of the mean squared error, with its 1/2; y: (m, S_2); else as `mlp_gradients`.

    >>> theta = [(np.array([[1.0]]), np.zeros(1)), (np.array([[2.0]]), np.zeros(1))]
    >>> regression_module_gradients(np.array([[3.0]]), np.array([[5.0]]), theta)
    [(array([[6.]]), array([2.])), (array([[3.]]), array([1.]))]
    """
    return mlp_gradients(x, y, theta, *TASKS["regression"])


def binary_module_gradients(x: np.ndarray, y: np.ndarray, theta: Sequence[Layer]) -> Gradients:
    """dJ/dW_k and dJ/db_k of the binary cross-entropy; y: (m, 1); else as `mlp_gradients`.

    >>> theta = [(np.array([[1.0]]), np.zeros(1)), (np.array([[0.0]]), np.zeros(1))]
    >>> binary_module_gradients(np.array([[3.0]]), np.array([[0.0]]), theta)
    [(array([[0.]]), array([0.])), (array([[1.5]]), array([0.5]))]
    """
    return mlp_gradients(x, y, theta, *TASKS["binary"])


def multiclass_module_gradients(x: np.ndarray, y: np.ndarray, theta: Sequence[Layer]) -> Gradients:
    """dJ/dW_k and dJ/db_k of the cross-entropy of logits; y: integer labels (m,); else as `mlp_gradients`.

    >>> theta = [(np.array([[1.0]]), np.zeros(1)), (np.array([[0.0], [0.0]]), np.zeros(2))]
    >>> multiclass_module_gradients(np.array([[3.0]]), np.array([0]), theta)[1]
    (array([[-1.5],
           [ 1.5]]), array([-0.5,  0.5]))
    """
    return mlp_gradients(x, y, theta, *TASKS["multiclass"])


def regression_module_bound(
    x: np.ndarray, theta: Sequence[Layer], training: bool, arithmetic: Arithmetic
) -> np.ndarray:
    """The bound of `mlp`."""
    return mlp_bound(x, theta, TASKS["regression"][0], arithmetic)


def binary_module_bound(x: np.ndarray, theta: Sequence[Layer], training: bool, arithmetic: Arithmetic) -> np.ndarray:
    """The bound of `mlp`."""
    return mlp_bound(x, theta, TASKS["binary"][0], arithmetic)


def multiclass_module_bound(
    x: np.ndarray, theta: Sequence[Layer], training: bool, arithmetic: Arithmetic
) -> np.ndarray:
    """The bound of `mlp`."""
    return mlp_bound(x, theta, TASKS["multiclass"][0], arithmetic)


def regression_module_gradients_bound(
    x: np.ndarray, y: np.ndarray, theta: Sequence[Layer], arithmetic: Arithmetic
) -> Gradients:
    """The bound of `mlp_gradients`."""
    return mlp_gradients_bound(x, y, theta, *TASKS["regression"], arithmetic)


def binary_module_gradients_bound(
    x: np.ndarray, y: np.ndarray, theta: Sequence[Layer], arithmetic: Arithmetic
) -> Gradients:
    """The bound of `mlp_gradients`."""
    return mlp_gradients_bound(x, y, theta, *TASKS["binary"], arithmetic)


def multiclass_module_gradients_bound(
    x: np.ndarray, y: np.ndarray, theta: Sequence[Layer], arithmetic: Arithmetic
) -> Gradients:
    """The bound of `mlp_gradients`."""
    return mlp_gradients_bound(x, y, theta, *TASKS["multiclass"], arithmetic)
