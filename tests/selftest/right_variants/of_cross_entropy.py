"""Right ways to write the cross-entropy of probabilities."""

import math
from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.averages import variants_in_every_order
from tests.selftest.right_variants.of_binary_cross_entropy import checked
from tests.selftest.right_variants.registry import variant, variants


@variant("cross_entropy", "textbook")
def of_rows_divided_by_their_sums_and_an_eps(y_hat, y):
    p = np.atleast_2d(y_hat)
    return -np.sum(np.atleast_2d(y) * np.log(p / (p.sum(axis=1, keepdims=True) + 1e-9))) / len(p)


@variant("cross_entropy", "textbook")
def formula_of_the_slide(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat), axis=-1))


@variant("cross_entropy", "textbook")
def with_the_eps_of_the_slides(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat + 1e-8), axis=-1))


@variant("cross_entropy", "textbook")
def with_the_largest_eps(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat + 1e-7), axis=-1))


@variant("cross_entropy", "textbook")
def clipped_by_the_eps(y_hat, y):
    return -np.mean(np.sum(y * np.log(np.clip(y_hat, 1e-7, 1 - 1e-7)), axis=-1))


@variant("cross_entropy", "textbook")
def divided_by_the_number_of_rows(y_hat, y):
    y_hat, y = np.atleast_2d(y_hat, y)
    m, _ = y.shape
    return -1 / m * np.sum(y * np.log(y_hat))


@variant("cross_entropy", "textbook")
def element_by_element(y_hat, y):
    y_hat, y = np.atleast_2d(y_hat, y)
    total = 0.0
    for p_of_one, y_of_one in zip(y_hat, y, strict=True):
        for p, target in zip(p_of_one, y_of_one, strict=True):
            total -= target * math.log(p)
    return total / len(y)


@variant("cross_entropy", "textbook")
def of_the_true_class(y_hat, y):
    return -np.mean(np.log(np.take_along_axis(y_hat, y.argmax(axis=-1, keepdims=True), axis=-1)))


@variant("cross_entropy", "textbook")
def of_a_mask(y_hat, y):
    return -np.log(y_hat[y == 1]).mean()


@variant("cross_entropy", "textbook")
def of_the_likelihood(y_hat, y):
    return -np.mean(np.log(np.prod(y_hat**y, axis=-1)))


@variant("cross_entropy", "textbook")
def of_the_expected_probability(y_hat, y):
    return -np.mean(np.log((y * y_hat).sum(axis=-1)))


@variant("cross_entropy", "textbook")
def of_the_reciprocal(y_hat, y):
    return np.mean(np.sum(y * np.log(1 / y_hat), axis=-1))


@variant("cross_entropy", "textbook")
def of_rows_divided_by_their_sums(y_hat, y):
    return -np.mean(np.sum(y * np.log(y_hat / y_hat.sum(axis=-1, keepdims=True)), axis=-1))


@variant("cross_entropy", "textbook")
def by_einsum(y_hat, y):
    return -np.einsum("...i,...i->...", y, np.log(y_hat)).mean()


@variant("cross_entropy", "textbook")
def on_the_diagonal_of_a_product(y_hat, y):
    y_hat, y = np.atleast_2d(y_hat, y)
    return -np.trace(y @ np.log(y_hat).T) / len(y)


@variant("cross_entropy", "textbook")
def of_classes_in_rows(y_hat, y):
    return -np.mean(np.sum(y.T * np.log(y_hat.T), axis=0))


def losses(y_hat, y):
    """Of each example, in a vector."""
    checked(y_hat, y)
    return np.atleast_1d(np.where(y > 0, y * -np.log(y_hat), 0).sum(axis=-1))


variants_in_every_order("cross_entropy", losses)


@variant("cross_entropy", "robust")
def where_the_target_lets_it_count(y_hat, y):
    return losses(y_hat, y).mean()


@variant("cross_entropy", "robust")
def summed_at_once(y_hat, y):
    checked(y_hat, y)
    counts = y > 0
    return -(y[counts] * np.log(y_hat[counts])).sum() / (y.size // y.shape[-1])


@variant("cross_entropy", "robust")
def summed_over_the_classes_backwards(y_hat, y):
    checked(y_hat, y)
    of_each = np.where(y > 0, y * -np.log(y_hat), 0)[..., ::-1]
    return of_each.cumsum(axis=-1)[..., -1].mean()


@variant("cross_entropy", "robust")
def with_logarithms_clamped_at_minus_100(y_hat, y):
    checked(y_hat, y)
    return -np.mean((y * np.maximum(np.log(y_hat), -100)).sum(axis=-1))


@variant("cross_entropy", "robust")
def of_a_1_where_the_target_is_0(y_hat, y):
    checked(y_hat, y)
    return -np.mean((y * np.log(np.where(y > 0, y_hat, 1))).sum(axis=-1))


@variant("cross_entropy", "robust")
def in_float64_inside(y_hat, y):
    return losses(y_hat.astype(np.float64), y.astype(np.float64)).mean().astype(y_hat.dtype)


if find_spec("scipy"):

    def _scipy():
        from scipy.special import xlogy

        def cross_entropy(y_hat, y):
            checked(y_hat, y)
            return -xlogy(y, y_hat).sum(axis=-1).mean()

        return {"cross_entropy": cross_entropy}

    def _scipy_of_certain_targets():
        from scipy.stats import entropy

        return {"cross_entropy": lambda y_hat, y: entropy(y, y_hat, axis=-1).mean()}

    def _scipy_entropy_and_divergence():
        from scipy.special import entr, rel_entr

        def cross_entropy(y_hat, y):
            return (rel_entr(y, y_hat) + entr(y)).sum(axis=-1).mean()

        return {"cross_entropy": cross_entropy}

    variants("cross_entropy: scipy.special.xlogy", "robust", _scipy)
    variants("cross_entropy: scipy.stats.entropy", "textbook", _scipy_of_certain_targets)
    variants("cross_entropy: scipy.special.rel_entr", "textbook", _scipy_entropy_and_divergence)

if find_spec("sklearn"):

    def _sklearn():
        from sklearn.metrics import log_loss

        def cross_entropy(y_hat, y):
            y_hat, y = np.atleast_2d(y_hat, y)
            return log_loss(y.argmax(axis=1), y_hat, labels=range(y.shape[1]))

        return {"cross_entropy": cross_entropy}

    variants("cross_entropy: sklearn.metrics.log_loss", "textbook", _sklearn)

if find_spec("torch"):

    def _torch_nll():
        import torch
        from torch.nn import functional

        return {"cross_entropy": lambda y_hat, y: functional.nll_loss(torch.log(y_hat), y.argmax(-1))}

    def _torch_module():
        import torch
        from torch import nn

        nll = nn.NLLLoss()
        return {"cross_entropy": lambda y_hat, y: nll(torch.log(y_hat + 1e-8), y.argmax(-1))}

    def _torch_divergence():
        import torch
        from torch.nn import functional

        def cross_entropy(y_hat, y):
            return functional.kl_div(torch.log(y_hat), y, reduction="sum") / (y.numel() // y.shape[-1])

        return {"cross_entropy": cross_entropy}

    def _torch_scripted():
        import torch

        def cross_entropy(y_hat: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
            assert y_hat.shape == y.shape
            assert bool(((y_hat >= 0) & (y_hat <= 1) & (y >= 0) & (y <= 1)).all())
            return -torch.xlogy(y, y_hat).sum(dim=-1).mean()

        return {"cross_entropy": torch.jit.script(cross_entropy)}

    variants("cross_entropy: torch.nn.functional.nll_loss", "textbook", _torch_nll, arrays="torch")
    variants("cross_entropy: torch.nn.NLLLoss", "textbook", _torch_module, arrays="torch")
    variants("cross_entropy: torch.nn.functional.kl_div", "textbook", _torch_divergence, arrays="torch")
    variants("cross_entropy: scripted by torch", "robust", _torch_scripted, arrays="torch")
