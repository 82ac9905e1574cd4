"""Known mistakes of mean_squared_error, of its own formula."""

import numpy as np

from reference import mean_squared_error as right
from tests.mistakes.of_activations import in_half_only
from tests.mistakes.registry import forms, record

# fmt: off
mean = np.mean

record({
"MSE-VALUE": {
    "leaves out the 1/2, as torch.nn.MSELoss does": lambda h, y: mean((h - y) ** 2),
    "forgets to square, so that errors of opposite signs cancel": lambda h, y: mean(h - y) / 2,
    "takes the absolute value of the error in place of its square": lambda h, y: mean(np.abs(h - y)) / 2,
    "adds the target where it should subtract it": lambda h, y: mean((h + y) ** 2) / 2,
    "takes the difference of the squares for the square of the difference": lambda h, y: mean(h**2 - y**2) / 2,
    "squares the squared errors once more": lambda h, y: mean((h - y) ** 4) / 2,
    "takes the square root at the end, as the root mean squared error does":
        lambda h, y: np.sqrt(mean((h - y) ** 2) / 2),
    "takes the root mean squared error, without the 1/2": lambda h, y: np.sqrt(mean((h - y) ** 2)),
    "squares the half together with the error": lambda h, y: mean(((h - y) / 2) ** 2),
    "gives half the variance of the errors, whose mean it subtracts first": lambda h, y: np.var(h - y) / 2,
    "grows only linearly beyond an error of 1, which is the Huber loss":
        lambda h, y: mean(np.where((e := np.abs(h - y)) <= 1, e**2 / 2, e - 0.5)),
    "divides the errors by the targets": lambda h, y: mean(((h - y) / np.where(y == 0, 1, y)) ** 2 / 2),
    "adds an eps of 1e-8, which only a logarithm or a quotient could need": lambda h, y: mean((h - y) ** 2 + 1e-8) / 2,
    "makes targets a column, so that all pairs meet": forms(
        lambda h, y: mean((h - y.reshape(-1, 1)) ** 2) / 2,
        lambda h, y: mean((h.reshape(-1, 1) - y.reshape(1, -1)) ** 2),
        lambda h, y: mean(((h.reshape(-1, 1) if h.ndim == 1 else h) - y) ** 2) / 2,
        lambda h, y: mean(((h.reshape(-1, 1) if h.ndim == 1 else h) - y) ** 2),
        lambda h, y: np.sum((h.reshape(-1, 1) - y.reshape(1, -1)) ** 2) / len(y),
        lambda h, y: np.sum((h.reshape(-1, 1) - y.reshape(1, -1)) ** 2) / (2 * len(y))),
}, "MSE-MEAN": {
    "squares the mean of the errors where the formula takes the mean of the squares":
        lambda h, y: np.sum(mean(h - y, axis=0) ** 2) / 2 / (y.size // len(y)),
    "divides by one example less": lambda h, y: np.sum((h - y) ** 2) / (2 * max(len(y) - 1, 1) * (y.size // len(y))),
    "takes the median of the examples": lambda h, y: np.median(mean(((h - y) ** 2).reshape(len(y), -1), axis=1)) / 2,
}, "MSE-MATRIX": {
    "divides by the number m of examples": lambda h, y: np.sum((h - y) ** 2) / (2 * len(y)),
    "divides a matrix by m alone, without the 1/2 and the k": lambda h, y: np.sum((h - y) ** 2) / len(y),
    "takes m for the number of label variables as well": lambda h, y: np.sum((h - y) ** 2) / (2 * len(y) ** y.ndim),
    "takes the mean over the examples only and gives one loss for each label variable":
        lambda h, y: mean((h - y) ** 2, axis=0) / 2,
    "multiplies the errors as matrices": lambda h, y: np.sum((h - y).T @ (h - y)) / (2 * y.size),
    "takes NumPy's norm of order 2": lambda h, y: np.linalg.norm(h - y, ord=2) ** 2 / (2 * y.size),
}, "MSE-SCALAR": {
    "takes a column of predictions from a row of targets, a table of all differences":
        lambda h, y: mean((h - (y.ravel() if y.ndim == 2 and y.shape[1] == 1 else y)) ** 2) / 2,
    "halves the mean for vectors and forgets to for columns":
        lambda h, y: mean((h - y) ** 2) / (2 if y.ndim == 1 else 1),
}, "MSE-PURE": {
    "subtracts the targets from the caller's predictions themselves":
        lambda h, y: mean(np.subtract(h, y, out=h) ** 2) / 2,
    "uses the caller's targets as the room for the errors": lambda h, y: mean(np.subtract(h, y, out=y) ** 2) / 2,
}, "MSE-SPREAD": {
    "squares in float32, where the square of 1e20 is infinite":
        lambda h, y: mean((h - y).astype(np.float32) ** 2).astype(h.dtype) / 2,
    "clips the errors at 1000, as one clips gradients": lambda h, y: mean(np.clip(h - y, -1e3, 1e3) ** 2) / 2,
}, "MSE-CLOSE": {
    "multiplies the square out, and the squares of large numbers cancel":
        lambda h, y: mean(h**2 - 2 * h * y + y**2) / 2,
    "takes the error for 0 where numpy.isclose calls prediction and target equal":
        lambda h, y: mean(np.where(np.isclose(h, y), 0, h - y) ** 2) / 2,
}, "MSE-NAN": {
    "leaves NaN out of the mean, so that a network that has diverged seems to learn":
        lambda h, y: np.nanmean((h - y) ** 2) / 2,
    "takes a target that is NaN for one that is missing":
        lambda h, y: np.sum((h - y) ** 2, where=~np.isnan(y)) / 2 / max(np.sum(~np.isnan(y)), 1),
    "replaces NaN in the predictions by 0": lambda h, y: mean((np.nan_to_num(h) - y) ** 2) / 2,
    "bounds the error from below with fmax": lambda h, y: mean(np.fmax((h - y) ** 2, 0)) / 2,
}, "MSE-INTEGER": {
    "subtracts in the integers' own dtype: 0 - 1 is 255 in uint8": lambda h, y: mean((h - y).astype(float) ** 2) / 2,
    "squares in the integers' own dtype, in which the square of 16 is 0":
        lambda h, y: mean((h.astype(float) - y).astype(y.dtype) ** 2) / 2,
}, "MSE-HALF": {
    "multiplies the square out, and subtracts large numbers in half precision":
        in_half_only(right, lambda h, y: mean(h * h - 2 * h * y + y * y) / 2),
}})
