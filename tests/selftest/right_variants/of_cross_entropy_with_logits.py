"""Right ways to write the cross-entropy of logits."""

import math
from importlib.util import find_spec

import numpy as np

from tests.selftest.right_variants.averages import variants_in_every_order
from tests.selftest.right_variants.registry import variant, variants


def at_labels(rows, labels):
    """Of each row what stands at its label."""
    return np.take_along_axis(rows, labels[..., None], axis=-1)[..., 0]


def one_hot(z, labels):
    return np.eye(z.shape[-1])[labels]


@variant("cross_entropy_with_logits", "textbook")
def composition_of_the_slides_formulas(z, labels):
    y_hat = np.exp(z) / np.sum(np.exp(z), axis=-1, keepdims=True)
    return -np.mean(np.sum(one_hot(z, labels) * np.log(y_hat), axis=-1))


@variant("cross_entropy_with_logits", "textbook")
def composition_with_an_eps_in_the_logarithm(z, labels):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return -np.mean(np.sum(one_hot(z, labels) * np.log(e / e.sum(axis=-1, keepdims=True) + 1e-7), axis=-1))


@variant("cross_entropy_with_logits", "textbook")
def composition_with_an_eps_in_the_softmax(z, labels):
    e = np.exp(z - z.max(axis=-1, keepdims=True))
    return -np.mean(np.log(at_labels(e / (e.sum(axis=-1, keepdims=True) + 1e-8), labels)))


@variant("cross_entropy_with_logits", "textbook")
def log_sum_exp_minus_the_logit(z, labels):
    return np.mean(np.log(np.sum(np.exp(z), axis=-1)) - at_labels(z, labels))


@variant("cross_entropy_with_logits", "textbook")
def log_add_exp_minus_the_logit(z, labels):
    return np.mean(np.logaddexp.reduce(z, axis=-1) - at_labels(z, labels))


@variant("cross_entropy_with_logits", "textbook")
def log_sum_exp_with_the_maximum_added_back(z, labels):
    largest = z.max(axis=-1, keepdims=True)
    log_sum_exp = largest[..., 0] + np.log(np.exp(z - largest).sum(axis=-1))
    return (log_sum_exp - at_labels(z, labels)).mean()


@variant("cross_entropy_with_logits", "textbook")
def shifted_by_the_mean(z, labels):
    shifted = z - z.mean(axis=-1, keepdims=True)
    return np.mean(np.log(np.exp(shifted).sum(axis=-1)) - at_labels(shifted, labels))


@variant("cross_entropy_with_logits", "textbook")
def shifted_by_the_label(z, labels):
    return np.mean(np.log(np.exp(z - at_labels(z, labels)[..., None]).sum(axis=-1)))


@variant("cross_entropy_with_logits", "textbook")
def row_by_row(z, labels):
    total, rows = 0.0, list(zip(np.atleast_2d(z), np.atleast_1d(labels), strict=True))
    for row, label in rows:
        e = [math.exp(logit) for logit in row]
        total -= math.log(e[label] / sum(e))
    return total / len(rows)


@variant("cross_entropy_with_logits", "textbook")
def indexed_with_rows_and_labels(z, labels):
    z, labels = np.atleast_2d(z), np.atleast_1d(labels)
    e = np.exp(z - z.max(axis=1)[:, np.newaxis])
    log_p = np.log(e / e.sum(axis=1)[:, np.newaxis])
    return -log_p[range(len(labels)), labels].sum() / len(labels)


@variant("cross_entropy_with_logits", "textbook")
def by_einsum(z, labels):
    log_p = z - np.log(np.exp(z).sum(axis=-1, keepdims=True))
    return -np.einsum("...i,...i->...", one_hot(z, labels), log_p).mean()


@variant("cross_entropy_with_logits", "textbook")
def the_label_compared_with_the_classes(z, labels):
    p = np.exp(z) / np.exp(z).sum(axis=-1, keepdims=True)
    return -np.log(np.sum(p * (np.arange(z.shape[-1]) == labels[..., None]), axis=-1)).mean()


def checked(z, labels):
    """The logits in float32 or float64; ValueError unless there is one label in range for each row of them."""
    if z.ndim not in (1, 2) or z.size == 0 or labels.shape != z.shape[:-1]:
        raise ValueError("a label for each row of logits is needed, and a row at least")
    if ((labels < 0) | (labels >= z.shape[-1])).any():
        raise ValueError("labels have to lie between 0 and the number of classes")
    return z.astype(np.result_type(z, np.float32), copy=False)


def losses(z, labels):
    """Of each example, in a vector."""
    z = checked(z, labels)
    shifted = z - z.max(axis=-1, keepdims=True)
    return np.atleast_1d(np.log(np.exp(shifted).sum(axis=-1)) - at_labels(shifted, labels))


variants_in_every_order("cross_entropy_with_logits", losses)


def _checked(z, labels):
    """Raises ValueError for what no loss of logits is defined on."""
    if labels.shape != z.shape[:-1] or z.size == 0 or not ((labels >= 0) & (labels < z.shape[-1])).all():
        raise ValueError("one label in [0, k) for each row is needed, and one row at least")


def _wide(z):
    """In floating point, half precision as float32."""
    return (1.0 * z).astype(np.result_type(1.0 * z, np.float32))


@variant("cross_entropy_with_logits", "robust")
def by_powers_of_2(z, labels):
    """As GPU kernels do it; the scale comes after the subtraction."""
    _checked(z, labels)
    z = _wide(z)
    shifted = z - z.max(axis=-1, keepdims=True)
    total = np.exp2(shifted * z.dtype.type(np.log2(np.e))).sum(axis=-1)
    return np.mean(np.log(total) - at_labels(shifted, labels.astype(np.int64)))


@variant("cross_entropy_with_logits", "robust")
def infinite_beside_an_infinite_logit(z, labels):
    """Only finite maxima are subtracted, so that the loss of another class than that of +inf is the limit, +inf."""
    _checked(z, labels)
    z = _wide(z)
    largest = z.max(axis=-1, keepdims=True)
    shifted = z - np.where(np.isfinite(largest), largest, 0)
    return np.mean(np.log(np.sum(np.exp(shifted), axis=-1)) - at_labels(shifted, labels.astype(np.int64)))


@variant("cross_entropy_with_logits", "robust")
def shifted_log_sum_exp(z, labels):
    return losses(z, labels).mean()


@variant("cross_entropy_with_logits", "robust")
def shifted_log_softmax(z, labels):
    z = checked(z, labels)
    shifted = z - z.max(axis=-1, keepdims=True)
    log_p = shifted - np.log(np.exp(shifted).sum(axis=-1, keepdims=True))
    return -at_labels(log_p, labels).mean()


@variant("cross_entropy_with_logits", "robust")
def with_an_accurate_logarithm_near_1(z, labels):
    z = checked(z, labels)
    shifted = z - z.max(axis=-1, keepdims=True)
    e = np.exp(shifted)
    np.put_along_axis(e, shifted.argmax(axis=-1)[..., None], np.exp(shifted.max(axis=-1, keepdims=True)) - 1, axis=-1)
    return np.mean(np.log1p(e.sum(axis=-1)) - at_labels(shifted, labels))


@variant("cross_entropy_with_logits", "robust")
def summed_over_the_classes_backwards(z, labels):
    z = checked(z, labels)
    shifted = z - z.max(axis=-1, keepdims=True)
    return np.mean(np.log(np.exp(shifted)[..., ::-1].cumsum(axis=-1)[..., -1]) - at_labels(shifted, labels))


@variant("cross_entropy_with_logits", "robust")
def summed_over_the_classes_without_error(z, labels):
    z = np.atleast_2d(checked(z, labels))
    shifted = z - z.max(axis=-1, keepdims=True)
    sums = np.array([math.fsum(row) for row in np.exp(shifted)], z.dtype)
    return np.mean(np.log(sums) - at_labels(shifted, np.atleast_1d(labels)))


@variant("cross_entropy_with_logits", "robust")
def one_hot_without_the_product(z, labels):
    z = checked(z, labels)
    shifted = z - z.max(axis=-1, keepdims=True)
    at_label = np.where(one_hot(z, labels) == 1, shifted, 0).sum(axis=-1)
    return np.mean(np.log(np.exp(shifted).sum(axis=-1)) - at_label)


@variant("cross_entropy_with_logits", "robust")
def in_float64_inside(z, labels):
    loss = losses(z.astype(np.float64), labels).mean()
    return loss.astype(z.dtype) if z.dtype.kind == "f" else loss


if find_spec("scipy"):

    def _scipy_logsumexp():
        from scipy.special import logsumexp

        return {"cross_entropy_with_logits": lambda z, labels: np.mean(logsumexp(z, axis=-1) - at_labels(z, labels))}

    def _scipy_log_softmax():
        from scipy.special import log_softmax

        def cross_entropy_with_logits(z, labels):
            z = checked(z, labels)
            z = np.where((z == np.inf).any(axis=-1, keepdims=True), np.nan, z)
            return -at_labels(log_softmax(z, axis=-1), labels).mean()

        return {"cross_entropy_with_logits": cross_entropy_with_logits}

    def _scipy_softmax():
        from scipy.special import softmax

        return {"cross_entropy_with_logits": lambda z, labels: -np.log(at_labels(softmax(z, axis=-1), labels)).mean()}

    variants("cross_entropy_with_logits: scipy.special.logsumexp", "textbook", _scipy_logsumexp)
    variants("cross_entropy_with_logits: scipy.special.log_softmax", "robust", _scipy_log_softmax)
    variants("cross_entropy_with_logits: scipy.special.softmax", "textbook", _scipy_softmax)

if find_spec("torch"):

    def _torch_functional():
        from torch.nn import functional

        return {"cross_entropy_with_logits": lambda z, labels: functional.cross_entropy(z, labels)}

    def _torch_module():
        import torch
        from torch import nn

        cross_entropy = nn.CrossEntropyLoss()

        def cross_entropy_with_logits(z, labels):
            if bool((labels < 0).any()):
                raise ValueError("labels have to be 0 or more")
            return cross_entropy(z.float() if z.dtype in (torch.float16, torch.bfloat16) else z, labels)

        return {"cross_entropy_with_logits": cross_entropy_with_logits}

    def _torch_nll():
        from torch import nn

        log_softmax, nll = nn.LogSoftmax(dim=-1), nn.NLLLoss()
        return {"cross_entropy_with_logits": lambda z, labels: nll(log_softmax(z), labels)}

    def _torch_of_one_hot_labels():
        from torch.nn import functional

        def cross_entropy_with_logits(z, labels):
            return functional.cross_entropy(z, functional.one_hot(labels, z.shape[-1]).to(z.dtype))

        return {"cross_entropy_with_logits": cross_entropy_with_logits}

    def _torch_scripted():
        import torch

        def cross_entropy_with_logits(z: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
            assert labels.shape == z.shape[:-1]
            assert bool(((labels >= 0) & (labels < z.shape[-1])).all())
            log_p = torch.log_softmax(z if z.dtype == torch.float64 else z.float(), dim=-1)
            return -log_p.gather(-1, labels.unsqueeze(-1)).mean()

        return {"cross_entropy_with_logits": torch.jit.script(cross_entropy_with_logits)}

    variants("cross_entropy_with_logits: torch.nn.functional", "textbook", _torch_functional, arrays="torch")
    variants("cross_entropy_with_logits: torch.nn.CrossEntropyLoss", "robust", _torch_module, arrays="torch")
    variants("cross_entropy_with_logits: torch.nn.NLLLoss", "textbook", _torch_nll, arrays="torch")
    variants(
        "cross_entropy_with_logits: torch's with one-hot labels", "textbook", _torch_of_one_hot_labels, arrays="torch"
    )
    variants("cross_entropy_with_logits: scripted by torch", "robust", _torch_scripted, arrays="torch")
