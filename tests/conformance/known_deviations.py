"""Where libraries are known to depart from conformance.md: each entry is excused on its own inputs and nowhere else."""

from typing import Any

import numpy as np

from tests.harness.deviations import KnownDeviation

_TORCH = ("torch-nn-cpu", "torch-nn-cuda")


def _wraps(z: np.ndarray) -> bool:
    """Whether z - max z leaves the integer dtype of z, as it does in every unsigned one where the logits differ."""
    differences = z.astype(object) - z.astype(object).max(axis=-1, keepdims=True)
    return z.dtype.kind in "iu" and bool((differences < np.iinfo(z.dtype).min).any())


def _broadcasts(shapes: Any) -> bool:
    try:
        np.broadcast_shapes(*shapes)
    except ValueError:
        return False
    return True


def _ignores_the_wrong_labels(batch: Any) -> bool:
    z, labels = batch
    wrong = labels[(labels < 0) | (labels >= z.shape[-1])]
    return bool((wrong == -100).all())


def _beside_the_label(batch: Any, at: int) -> bool:
    """Whether position ``at`` of the logits is not that of its row's label."""
    z, labels = batch
    row, column = divmod(at % z.size, z.shape[-1])
    return bool(labels[row] != column)


def _one_layer(y: np.ndarray) -> tuple[Any, ...]:
    return np.zeros((3, 1)), y, [(np.zeros((1, 1)), np.zeros(1))], ["identity"], "mean_squared_error"


_SCIPY_WRAPS = (
    "scipy.special.softmax and log_softmax subtract the maximum in the dtype of the logits, where integers wrap "
    "around: softmax(np.array([1, 0], np.uint8)) is [0, nan]"
)
_SCIPY_SOFTMAX = "https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.softmax.html"

KNOWN_DEVIATIONS: tuple[KnownDeviation, ...] = (
    KnownDeviation(
        clause="SOFTMAX-INTEGER",
        implementations=("scipy",),
        library="scipy",
        versions=">=1.14,<1.18",
        covers_values=_wraps,
        shown_by={"z": np.array([1, 0], np.uint8)},
        reason=_SCIPY_WRAPS,
        link=_SCIPY_SOFTMAX,
    ),
    KnownDeviation(
        clause="LOGITS-INTEGER",
        implementations=("scipy",),
        library="scipy",
        versions=">=1.14,<1.18",
        covers_values=lambda batch: _wraps(batch[0]),
        shown_by={"batch": (np.array([[1, 0]], np.uint8), np.array([0]))},
        reason=_SCIPY_WRAPS,
        link=_SCIPY_SOFTMAX,
    ),
    KnownDeviation(
        clause="LOGITS-POSINF",
        implementations=("scipy",),
        library="scipy",
        versions=">=1.14,<1.18",
        covers_values=_beside_the_label,
        shown_by={"batch": (np.zeros((1, 2)), np.array([0])), "at": 1},
        reason="scipy.special.log_softmax gives -inf beside a logit of +inf, where its softmax gives NaN",
        link="https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.log_softmax.html",
    ),
    KnownDeviation(
        clause="LOGITS-LABELS",
        implementations=_TORCH,
        library="torch",
        versions=">=2.6,<3",
        covers_values=_ignores_the_wrong_labels,
        shown_by={"batch": (np.zeros((2, 2)), np.array([0, -100]))},
        reason="torch.nn.CrossEntropyLoss leaves out examples with the label -100, its default ignore_index",
        link="https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
    ),
    KnownDeviation(
        clause="MSE-SHAPES",
        implementations=_TORCH,
        library="torch",
        versions=">=2.6,<3",
        covers_values=_broadcasts,
        shown_by={"shapes": ((2, 1), (2,))},
        reason="torch.nn.MSELoss broadcasts unequal shapes, with a warning",
        link="https://github.com/pytorch/pytorch/issues/16045",
    ),
    KnownDeviation(
        clause="GRAD-BROADCAST",
        implementations=_TORCH,
        library="torch",
        versions=">=2.6,<3",
        covers_values=lambda training: True,
        shown_by={"training": _one_layer(np.zeros((3, 1)))},
        reason="torch.nn.MSELoss broadcasts unequal shapes, with a warning, and so do its gradients",
        link="https://github.com/pytorch/pytorch/issues/16045",
    ),
)
