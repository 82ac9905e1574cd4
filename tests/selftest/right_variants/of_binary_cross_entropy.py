"""Right ways to write the binary cross-entropy."""

import math
from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.averages import variants_in_every_order
from tests.selftest.right_variants.registry import variant, variants


def checked(y_hat, y):
    """Raises ValueError for what no loss of probabilities is defined on."""
    if y_hat.shape != y.shape or y.size == 0:
        raise ValueError("predictions and targets of one shape are needed, and one of each at least")
    if not all(((p >= 0) & (p <= 1)).all() for p in (y_hat, y)):
        raise ValueError("predictions and targets have to lie in [0, 1]")


@variant("binary_cross_entropy", "textbook")
def formula_of_the_slide(y_hat, y):
    return np.mean(-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat))


@variant("binary_cross_entropy", "textbook")
def with_the_eps_of_the_slide(y_hat, y):
    eps = 1e-8
    return np.mean(-y * np.log(y_hat + eps) - (1 - y) * np.log(1 - y_hat + eps))


@variant("binary_cross_entropy", "textbook")
def with_the_largest_eps(y_hat, y):
    eps = 1e-7
    return np.mean(-y * np.log(y_hat + eps) - (1 - y) * np.log(1 - y_hat + eps))


@variant("binary_cross_entropy", "textbook")
def clipped_by_the_eps(y_hat, y):
    p = np.clip(y_hat, 1e-7, 1 - 1e-7)
    return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))


@variant("binary_cross_entropy", "textbook")
def element_by_element(y_hat, y):
    total = 0.0
    for p, target in zip(y_hat.ravel(), y.ravel(), strict=True):
        total += -target * math.log(p) - (1 - target) * math.log(1 - p)
    return total / y.size


@variant("binary_cross_entropy", "textbook")
def of_the_true_class(y_hat, y):
    return -np.log(np.where(y == 1, y_hat, 1 - y_hat)).mean()


@variant("binary_cross_entropy", "textbook")
def of_the_likelihood(y_hat, y):
    return -np.mean(np.log(y_hat**y * (1 - y_hat) ** (1 - y)))


@variant("binary_cross_entropy", "textbook")
def of_the_reciprocal(y_hat, y):
    return np.mean(y * np.log(1 / y_hat) + (1 - y) * np.log(1 / (1 - y_hat)))


@variant("binary_cross_entropy", "textbook")
def each_class_by_itself(y_hat, y):
    return (np.sum(-np.log(y_hat[y == 1])) + np.sum(-np.log(1 - y_hat[y == 0]))) / y.size


@variant("binary_cross_entropy", "textbook")
def as_the_cross_entropy_of_two_classes(y_hat, y):
    p, target = (np.stack([one, 1 - one], axis=-1) for one in (y_hat, y))
    return -(target * np.log(p)).sum(axis=-1).mean()


@variant("binary_cross_entropy", "textbook")
def by_inner_products(y_hat, y):
    return -(np.vdot(y, np.log(y_hat)) + np.vdot(1 - y, np.log(1 - y_hat))) / y.size


@variant("binary_cross_entropy", "textbook")
def by_einsum(y_hat, y):
    p, target = y_hat.ravel(), y.ravel()
    return -(np.einsum("j,j->", target, np.log(p)) + np.einsum("j,j->", 1 - target, np.log(1 - p))) / y.size


@variant("binary_cross_entropy", "textbook")
def as_a_running_mean(y_hat, y):
    mean = 0.0
    for n, (p, target) in enumerate(zip(y_hat.flat, y.flat, strict=True), start=1):
        mean += (-target * np.log(p) - (1 - target) * np.log(1 - p) - mean) / n
    return mean


@variant("binary_cross_entropy", "textbook")
def row_by_row(y_hat, y):
    return np.mean(np.mean(-y * np.log(y_hat) - (1 - y) * np.log(1 - y_hat), axis=-1))


def _of_shifted(y_hat, y):
    return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


@variant("binary_cross_entropy", "textbook")
def with_an_eps_one_line_early(y_hat, y):
    return _of_shifted(y_hat + 1e-15, y)


@variant("binary_cross_entropy", "textbook")
def with_a_large_eps_one_line_early(y_hat, y):
    return _of_shifted(y_hat + 1e-8, y)


@variant("binary_cross_entropy", "textbook")
def with_an_eps_in_numerator_and_denominator(y_hat, y):
    return _of_shifted((y_hat + 1e-12) / (1 + 2e-12), y)


def losses(y_hat, y):
    """Of each element, in a vector."""
    checked(y_hat, y)
    of_positive = np.where(y > 0, y * -np.log(y_hat), 0)
    of_negative = np.where(y < 1, (1 - y) * -np.log1p(-y_hat), 0)
    return (of_positive + of_negative).ravel()


variants_in_every_order("binary_cross_entropy", losses)


@variant("binary_cross_entropy", "robust")
def where_the_target_lets_it_count(y_hat, y):
    return losses(y_hat, y).mean()


@variant("binary_cross_entropy", "robust")
def with_the_logarithm_of_1_minus_p(y_hat, y):
    checked(y_hat, y)
    of_negative = np.where(y < 1, (1 - y) * np.log(1 - y_hat), 0)
    return -np.mean(np.where(y > 0, y * np.log(y_hat), 0) + of_negative)


@variant("binary_cross_entropy", "robust")
def with_logarithms_clamped_at_minus_100(y_hat, y):
    checked(y_hat, y)
    return -np.mean(y * np.maximum(np.log(y_hat), -100) + (1 - y) * np.maximum(np.log1p(-y_hat), -100))


@variant("binary_cross_entropy", "robust")
def with_large_numbers_for_infinities(y_hat, y):
    checked(y_hat, y)
    log_p, log_q = (np.nan_to_num(log, neginf=-1e4) for log in (np.log(y_hat), np.log1p(-y_hat)))
    return -np.mean(y * log_p + (1 - y) * log_q)


@variant("binary_cross_entropy", "robust")
def in_float64_inside(y_hat, y):
    return losses(y_hat.astype(np.float64), y.astype(np.float64)).mean().astype(y_hat.dtype)


@variant("binary_cross_entropy", "robust")
def with_the_arguments_checked_by_nan(y_hat, y):
    if y_hat.shape != y.shape:
        raise ValueError("predictions and targets of one shape are needed")
    y = np.where((y >= 0) & (y <= 1), y, np.nan)
    p = np.where((y_hat >= 0) & (y_hat <= 1), y_hat, np.nan)
    loss = np.where(y == 0, 0, -y * np.log(p)) + np.where(y == 1, 0, -(1 - y) * np.log1p(-p))
    return np.mean(np.where(np.isnan(p), np.nan, loss))


if find_spec("scipy"):

    def _scipy():
        from scipy.special import xlog1py, xlogy

        def binary_cross_entropy(y_hat, y):
            checked(y_hat, y)
            return -np.mean(xlogy(y, y_hat) + xlog1py(1 - y, -y_hat))

        return {"binary_cross_entropy": binary_cross_entropy}

    def _scipy_of_certain_targets():
        from scipy.special import rel_entr

        return {"binary_cross_entropy": lambda y_hat, y: np.mean(rel_entr(y, y_hat) + rel_entr(1 - y, 1 - y_hat))}

    variants("binary_cross_entropy: scipy.special.xlogy", "robust", _scipy)
    variants("binary_cross_entropy: scipy.special.rel_entr", "textbook", _scipy_of_certain_targets)

if find_spec("sklearn"):

    def _sklearn():
        from sklearn.metrics import log_loss

        return {"binary_cross_entropy": lambda y_hat, y: log_loss(y.ravel(), y_hat.ravel(), labels=[0, 1])}

    variants("binary_cross_entropy: sklearn.metrics.log_loss", "textbook", _sklearn)

if find_spec("torch"):

    def _torch_functional():
        from torch.nn import functional

        return {"binary_cross_entropy": lambda y_hat, y: functional.binary_cross_entropy(y_hat, y)}

    def _torch_module():
        from torch import nn

        return {"binary_cross_entropy": nn.BCELoss()}

    def _torch_written_out():
        import torch

        return {
            "binary_cross_entropy": lambda h, y: torch.mean(
                -y * torch.log(h + 1e-8) - (1 - y) * torch.log(1 - h + 1e-8)
            )
        }

    def _torch_scripted():
        import torch

        def binary_cross_entropy(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            assert y_hat.shape == y.shape
            assert bool(((y_hat >= 0) & (y_hat <= 1) & (y >= 0) & (y <= 1)).all())
            return -(torch.xlogy(y, y_hat) + torch.special.xlog1py(1 - y, -y_hat)).mean()

        return {"binary_cross_entropy": torch.jit.script(binary_cross_entropy)}

    variants("binary_cross_entropy: torch.nn.functional", "robust", _torch_functional, arrays="torch")
    variants("binary_cross_entropy: torch.nn.BCELoss", "robust", _torch_module, arrays="torch")
    variants("binary_cross_entropy: written out in torch", "textbook", _torch_written_out, arrays="torch")
    variants("binary_cross_entropy: scripted by torch", "robust", _torch_scripted, arrays="torch")
