"""Right ways to write the softmax."""

import math
from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.registry import variant, variants


def _shifted(z):
    """e^(z - max z), of floating point whatever z is."""
    z = 1.0 * z
    return np.exp(z - z.max(axis=-1, keepdims=True))


@variant("softmax", "textbook")
def formula_of_the_slide(z):
    return np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)


@variant("softmax", "textbook")
def with_an_eps_in_the_denominator(z):
    e = _shifted(z)
    return e / (e.sum(axis=-1, keepdims=True) + 1e-8)


@variant("softmax", "textbook")
def with_the_largest_eps(z):
    e = _shifted(z)
    return e / (e.sum(axis=-1, keepdims=True) + 1e-7)


@variant("softmax", "textbook")
def row_by_row(z):
    if z.ndim > 1:
        return np.array([row_by_row(row) for row in z])
    e = [math.exp(logit) for logit in z]
    return np.array([one / sum(e) for one in e])


@variant("softmax", "textbook")
def log_sum_exp_subtracted(z):
    return np.exp(z - np.logaddexp.reduce(z, axis=-1, keepdims=True))


@variant("softmax", "textbook")
def exponential_less_the_log_of_the_sum(z):
    z = 1.0 * z
    largest = z.max(axis=-1, keepdims=True)
    return np.exp(z - (largest + np.log(np.exp(z - largest).sum(axis=-1, keepdims=True))))


@variant("softmax", "textbook")
def shifted_by_the_mean(z):
    e = np.exp(z - z.mean(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


@variant("softmax", "textbook")
def shifted_over_the_batch(z):
    e = np.exp(z - z.max())
    return e / e.sum(axis=-1, keepdims=True)


@variant("softmax", "textbook")
def pair_by_pair(z):
    return 1 / np.exp(z[..., np.newaxis, :] - z[..., :, np.newaxis]).sum(axis=-1)


@variant("softmax", "textbook")
def rows_as_columns(z):
    e = np.exp(z.T - z.T.max(axis=0))
    return (e / e.sum(axis=0)).T


@variant("softmax", "textbook")
def sum_by_einsum(z):
    e = np.exp(z)
    return np.einsum("...i,...->...i", e, 1 / np.einsum("...j->...", e))


@variant("softmax", "textbook")
def sum_by_a_product_with_ones(z):
    e = np.exp(z)
    return e / (e @ np.ones((z.shape[-1], 1))) if z.ndim > 1 else e / (e @ np.ones(z.shape[-1]))


@variant("softmax", "robust")
def shifted_by_the_largest_logit(z):
    e = _shifted(z)
    return e / e.sum(axis=-1, keepdims=True)


@variant("softmax", "robust")
def times_the_reciprocal_of_the_sum(z):
    e = _shifted(z)
    return e * (1 / e.sum(axis=-1, keepdims=True))


@variant("softmax", "robust")
def summed_one_after_the_other(z):
    e = _shifted(z)
    return e / e.cumsum(axis=-1)[..., -1:]


@variant("softmax", "robust")
def summed_backwards(z):
    e = _shifted(z)
    return e / e[..., ::-1].cumsum(axis=-1)[..., -1:]


@variant("softmax", "robust")
def summed_in_ascending_order(z):
    e = _shifted(z)
    return e / np.sort(e, axis=-1).cumsum(axis=-1)[..., -1:]


@variant("softmax", "robust")
def summed_in_halves(z):
    e = _shifted(z)
    total = e
    while total.shape[-1] > 1:
        if total.shape[-1] % 2:
            total = np.concatenate([total, np.zeros_like(total[..., :1])], axis=-1)
        total = total[..., ::2] + total[..., 1::2]
    return e / total


@variant("softmax", "robust")
def summed_in_blocks(z):
    e = _shifted(z)
    parts = [e[..., start : start + 64].sum(axis=-1, keepdims=True) for start in range(0, z.shape[-1], 64)]
    return e / sum(parts)


@variant("softmax", "robust")
def summed_without_error(z):
    e = _shifted(z)
    sums = np.array([math.fsum(row) for row in e.reshape(-1, z.shape[-1])], e.dtype)
    return e / sums.reshape(*z.shape[:-1], 1)


@variant("softmax", "robust")
def in_one_pass(z):
    """The running sum is rescaled whenever a larger logit comes."""
    z = 1.0 * z
    largest, total = z[..., :1], np.ones_like(z[..., :1])
    for i in range(1, z.shape[-1]):
        larger = np.maximum(largest, z[..., i : i + 1])
        kept, added = (np.exp(one - larger) for one in (largest, z[..., i : i + 1]))
        largest, total = larger, np.where(larger == -np.inf, total, total * kept + added)
    return np.exp(z - largest) / total


@variant("softmax", "robust")
def in_float64_inside(z):
    e = _shifted(z.astype(np.float64))
    return (e / e.sum(axis=-1, keepdims=True)).astype(np.result_type(z, np.float32))


@variant("softmax", "robust")
def by_powers_of_2(z):
    """As GPU kernels do it; the scale comes after the subtraction."""
    z = 1.0 * z
    e = np.exp2((z - z.max(axis=-1, keepdims=True)) * z.dtype.type(np.log2(np.e)))
    return e / e.sum(axis=-1, keepdims=True)


@variant("softmax", "robust")
def limit_at_infinity(z):
    infinite = z == np.inf
    shares = infinite / np.maximum(infinite.sum(axis=-1, keepdims=True), 1)
    settled = infinite.any(axis=-1, keepdims=True) & ~np.isnan(z).any(axis=-1, keepdims=True)
    return np.where(settled, shares, shifted_by_the_largest_logit(z)).astype((1.0 * z).dtype)


@variant("softmax", "robust")
def nan_at_infinity_alone(z):
    infinite = z == np.inf
    settled = infinite.any(axis=-1, keepdims=True) & ~np.isnan(z).any(axis=-1, keepdims=True)
    there = np.where(infinite, np.nan, 0)
    return np.where(settled, there, shifted_by_the_largest_logit(z)).astype((1.0 * z).dtype)


if find_spec("scipy"):

    def _scipy():
        from scipy import special

        return {"softmax": lambda z: special.softmax(1.0 * z, axis=-1)}

    def _scipy_log_softmax():
        from scipy import special

        return {"softmax": lambda z: np.exp(special.log_softmax(z, axis=-1))}

    def _scipy_logsumexp():
        from scipy import special

        return {"softmax": lambda z: np.exp(z - special.logsumexp(z, axis=-1, keepdims=True))}

    variants("softmax: scipy.special.softmax", "robust", _scipy)
    variants("softmax: scipy.special.log_softmax", "textbook", _scipy_log_softmax)
    variants("softmax: scipy.special.logsumexp", "textbook", _scipy_logsumexp)

if find_spec("sklearn"):

    def _sklearn():
        from sklearn.utils.extmath import softmax

        return {"softmax": lambda z: softmax(np.atleast_2d(z)).reshape(z.shape)}

    variants("softmax: sklearn.utils.extmath.softmax", "textbook", _sklearn)

if find_spec("torch"):

    def _torch():
        import torch

        return {"softmax": lambda z: torch.softmax(z, -1)}

    def _torch_functional():
        from torch.nn import functional

        return {"softmax": lambda z: functional.softmax(z, dim=-1)}

    def _torch_module():
        from torch import nn

        return {"softmax": nn.Softmax(dim=-1)}

    def _torch_log_softmax():
        from torch.nn import functional

        return {"softmax": lambda z: functional.log_softmax(z, dim=-1).exp()}

    def _torch_scripted():
        import torch

        def softmax(z: torch.Tensor) -> torch.Tensor:
            e = torch.exp(1.0 * z - torch.amax(1.0 * z, dim=-1, keepdim=True))
            return e / e.sum(dim=-1, keepdim=True)

        return {"softmax": torch.jit.script(softmax)}

    variants("softmax: torch.softmax", "robust", _torch, arrays="torch")
    variants("softmax: torch.nn.functional.softmax", "robust", _torch_functional, arrays="torch")
    variants("softmax: torch.nn.Softmax", "robust", _torch_module, arrays="torch")
    variants("softmax: torch.nn.functional.log_softmax", "textbook", _torch_log_softmax, arrays="torch")
    variants("softmax: scripted by torch", "robust", _torch_scripted, arrays="torch")
