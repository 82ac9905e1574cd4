"""Right ways to write the mean squared error."""

from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.averages import variants_in_every_order
from tests.selftest.right_variants.registry import variant, variants


@variant("mean_squared_error", "textbook")
def formula_of_the_slide(y_hat, y):
    return 1 / (2 * y.size) * np.sum((y_hat - y) ** 2)


@variant("mean_squared_error", "textbook")
def half_the_mean(y_hat, y):
    return np.mean((y_hat - y) ** 2) / 2


@variant("mean_squared_error", "textbook")
def half_the_average_square(y_hat, y):
    return 0.5 * np.average(np.square(np.subtract(y_hat, y)))


@variant("mean_squared_error", "textbook")
def target_minus_prediction(y_hat, y):
    return np.mean(np.abs(y - y_hat) * np.abs(y - y_hat)) / 2


@variant("mean_squared_error", "textbook")
def element_by_element(y_hat, y):
    total = 0.0
    for estimate, target in zip(y_hat.ravel().tolist(), y.ravel().tolist(), strict=True):
        total += (estimate - target) ** 2
    return total / (2 * y.size)


@variant("mean_squared_error", "textbook")
def element_by_element_by_indices(y_hat, y):
    if y.ndim == 1:
        y_hat, y = y_hat[:, None], y[:, None]
    m, k = y.shape
    total = 0.0
    for j in range(m):
        for i in range(k):
            total = total + pow(y_hat[j, i] - y[j, i], 2)
    return total / (2 * m * k)


@variant("mean_squared_error", "textbook")
def square_of_the_norm(y_hat, y):
    return np.linalg.norm(y_hat - y) ** 2 / (2 * y.size)


@variant("mean_squared_error", "textbook")
def by_an_inner_product(y_hat, y):
    error = (y_hat - y).ravel()
    return error @ error / (2 * error.size)


@variant("mean_squared_error", "textbook")
def by_einsum(y_hat, y):
    error = np.ravel(y_hat - y)
    return np.einsum("i,i->", error, error) / (2 * error.size)


@variant("mean_squared_error", "textbook")
def on_the_diagonal_of_a_product(y_hat, y):
    error = (y_hat - y).reshape(len(y), -1)
    return np.trace(error.T @ error) / (2 * error.size)


@variant("mean_squared_error", "textbook")
def each_label_variable_by_itself(y_hat, y):
    return np.mean(np.mean((y_hat - y) ** 2, axis=0) / 2)


@variant("mean_squared_error", "textbook")
def each_example_by_itself(y_hat, y):
    return sum(np.mean((estimate - target) ** 2) for estimate, target in zip(y_hat, y, strict=True)) / (2 * len(y))


@variant("mean_squared_error", "textbook")
def as_a_running_mean(y_hat, y):
    mean = 0.0
    for n, square in enumerate(((y_hat - y) ** 2).flat, start=1):
        mean += (square - mean) / n
    return mean / 2


@variant("mean_squared_error", "textbook")
def half_of_each_square(y_hat, y):
    return np.mean((y_hat - y) ** 2 / 2)


def floating(array):
    return array if array.dtype.kind == "f" else array.astype(np.float64)


def halves_of_squares(y_hat, y):
    """Of the errors, in a vector; ValueError where there are none."""
    if y_hat.shape != y.shape or y.size == 0:
        raise ValueError("estimates and targets of one shape are needed, and one of each at least")
    return ((floating(y_hat) - floating(y)) ** 2).ravel() / 2


variants_in_every_order("mean_squared_error", halves_of_squares)


@variant("mean_squared_error", "robust")
def checked(y_hat, y):
    return halves_of_squares(y_hat, y).mean()


@variant("mean_squared_error", "robust")
def of_floating_point_only(y_hat, y):
    if y_hat.dtype.kind != "f" or y_hat.shape != y.shape or not y.size:
        raise TypeError("floating-point numbers in equal shapes are needed")
    error = y_hat - y
    return np.vdot(error, error) / (2 * y.size)


@variant("mean_squared_error", "robust")
def nan_for_nothing(y_hat, y):
    np.testing.assert_equal(y_hat.shape, y.shape)
    return np.divide(np.sum(np.square(floating(y_hat) - floating(y))), 2 * y.size)


@variant("mean_squared_error", "robust")
def in_float64_inside(y_hat, y):
    loss = halves_of_squares(y_hat.astype(np.float64), y.astype(np.float64)).mean()
    return loss.astype(y_hat.dtype) if y_hat.dtype.kind == "f" else loss


if find_spec("sklearn"):

    def _sklearn():
        from sklearn import metrics

        return {"mean_squared_error": lambda y_hat, y: metrics.mean_squared_error(y, y_hat) / 2}

    variants("mean_squared_error: sklearn.metrics", "textbook", _sklearn)

if find_spec("torch"):

    def _torch_functional():
        from torch.nn import functional

        def mean_squared_error(y_hat, y):
            if y_hat.shape != y.shape:
                raise ValueError("estimates and targets of one shape are needed")
            return functional.mse_loss(y_hat, y) / 2

        return {"mean_squared_error": mean_squared_error}

    def _torch_module():
        from torch import nn

        mse = nn.MSELoss()
        return {"mean_squared_error": lambda y_hat, y: 0.5 * mse(y_hat, y)}

    def _torch_sum():
        from torch import nn

        mse = nn.MSELoss(reduction="sum")
        return {"mean_squared_error": lambda y_hat, y: mse(y_hat, y) / (2 * y.numel())}

    def _torch_scripted():
        import torch

        def mean_squared_error(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            assert y_hat.shape == y.shape
            error = 1.0 * y_hat - 1.0 * y
            return (error * error).mean() / 2

        return {"mean_squared_error": torch.jit.script(mean_squared_error)}

    variants("mean_squared_error: torch.nn.functional", "robust", _torch_functional, arrays="torch")
    variants("mean_squared_error: torch.nn.MSELoss", "textbook", _torch_module, arrays="torch")
    variants("mean_squared_error: torch's sum", "textbook", _torch_sum, arrays="torch")
    variants("mean_squared_error: scripted by torch", "robust", _torch_scripted, arrays="torch")
