"""Logistic regression that learns: batch gradient descent, and the class it predicts."""

import math

import numpy as np

from reference._validation import check_shape, float64_inside, probabilities, real_number, whole_number, with_dimensions
from reference.activations import activation_error, sigmoid
from reference.arithmetic import Arithmetic, product_bound, rounded_bound

__all__ = ["fit", "fit_bound", "predict", "predict_bound"]

FUNCTIONS = ("fit", "predict")


@float64_inside
def fit(X: np.ndarray, y: np.ndarray, alpha: float, steps: int) -> np.ndarray:
    r"""The parameters of logistic regression after `steps` steps of batch gradient descent.

    Slide "Logistic regression - NumPy vs. PyTorch": :math:`\theta \leftarrow \theta - \alpha \frac{1}{m} X^T (\sigma(X
    \theta) - y)`, from theta = 0. X: (m, n), to which nothing is added; y: (m,), elements in [0, 1]; alpha: the
    learning rate. Returns theta, shape (n,). Raises ValueError for shapes that do not fit together.

    >>> fit(np.array([[2.0], [-2.0]]), np.array([1.0, 0.0]), alpha=0.5, steps=1).tolist()
    [0.5]
    """
    X, y = _batch(X, y)
    theta, alpha = np.zeros(X.shape[1]), real_number("alpha", alpha)
    for _ in range(whole_number("steps", steps, 0)):
        theta = theta - alpha / len(X) * (X.T @ (sigmoid(X @ theta) - y))
    return theta


@np.errstate(all="ignore")
def fit_bound(X: np.ndarray, y: np.ndarray, alpha: float, steps: int, arithmetic: Arithmetic) -> np.ndarray:
    r"""The sum of the errors of single steps, as long as a step expands none; infinite where one may.

    In exact arithmetic a step is a map G of theta with the derivative I - (alpha/m) X^T D X, D the diagonal matrix of
    s(1 - s), each between 0 and 1/4. That matrix is symmetric, and its eigenvalues lie in [1 - c, 1], where
    c = alpha ||X^T X|| / (4m). So with c <= 2 the map expands no distance in the 2-norm, and
    ||computed_k+1 - exact_k+1|| <= ||computed_k - exact_k|| + e_k, e_k being the 2-norm of what the step itself rounds,
    at the computed parameters: those of z = X theta, of the sigmoid, of its difference to y, of the product with X^T,
    of two multiplications by alpha and 1/m, in any order, and of the last subtraction. No element exceeds the 2-norm.
    Where alpha / m, or its product with the residual r, is subnormal, it is off by up to the smallest number w: the
    product with X^T makes w |X|^T |r| or w |X|^T 1 of that.
    """
    m, n = X.shape
    if steps == 0:
        return np.zeros(n)
    if alpha * np.linalg.norm(X.T @ X, 2) / (4 * m) > 2:
        return np.full(n, np.inf)
    theta, total = np.zeros(n), 0.0
    for _ in range(steps):
        z = X @ theta
        off = np.full(n, total)  # the computed theta differs from this one by as much, which no step adds to
        h_error = activation_error("sigmoid", z, product_bound(np.abs(X), np.abs(theta) + off, arithmetic), arithmetic)
        residual = sigmoid(z) - y
        spread = np.abs(residual) + np.abs(X) @ off / 4
        residual_error = rounded_bound(spread, h_error, arithmetic)
        step = np.abs(X.T) @ spread * alpha / m
        step_error = product_bound(np.abs(X.T), spread, arithmetic, B_error=residual_error, roundings=3) * alpha / m
        step_error += arithmetic.smallest * (np.abs(X.T) @ (1 + spread))
        rounded = rounded_bound(np.abs(theta) + off + step, step_error, arithmetic)
        theta = theta - alpha / m * (X.T @ residual)
        total += math.hypot(*rounded)
    return np.full(n, total)


@float64_inside
def predict(X: np.ndarray, theta: np.ndarray) -> np.ndarray:
    r"""The class of each example: 1 where :math:`\sigma(X\theta) \ge 1/2`, else 0.

    X: (m, n); theta: (n,). Returns (m,). Slide "Logistic regression - NumPy vs. PyTorch".
    Raises ValueError for shapes that do not fit together.

    >>> predict(np.array([[2.0], [-2.0], [0.0]]), np.array([1.0])).tolist()
    [1.0, 0.0, 1.0]
    """
    X, theta = with_dimensions("X", X, 2), with_dimensions("theta", theta, 1)
    check_shape("theta", theta, X.shape[1:], "one parameter for each column of X")
    return np.asarray(X @ theta >= 0, dtype=np.float64)


@np.errstate(all="ignore")
def predict_bound(X: np.ndarray, theta: np.ndarray, arithmetic: Arithmetic) -> np.ndarray:
    """1, which allows either class, where the probability may be 1/2 within the bound of logistic regression."""
    z = X @ theta
    error = activation_error("sigmoid", z, product_bound(X, theta, arithmetic), arithmetic)
    return np.asarray(np.abs(sigmoid(z) - 0.5) <= error, dtype=np.float64)


def _batch(X: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    X, y = with_dimensions("X", X, 2), probabilities("y", with_dimensions("y", y, 1))
    check_shape("y", y, X.shape[:1], "one target for each row of X")
    if not len(X):
        raise ValueError("X: got no examples, needs at least one")
    return X, y
