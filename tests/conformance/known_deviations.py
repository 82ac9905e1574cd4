"""Where libraries are known to depart from conformance.md: each entry is excused on its own inputs and nowhere else."""

from typing import Any

import numpy as np

from reference import cross_entropy_with_logits
from tests.harness.spec.deviations import KnownDeviation

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


def _adds_up_beyond_float16(batch: Any) -> bool:
    z, labels = batch
    return bool(len(z) * cross_entropy_with_logits(z, labels) > float(np.finfo(np.float16).max))


def _one_layer(y: np.ndarray, loss: str = "mean_squared_error", outputs: int = 1) -> tuple[Any, ...]:
    return np.zeros((3, 1)), y, [(np.zeros((outputs, 1)), np.zeros(outputs))], ["identity"], loss


_CONFIDENT = np.array([[-14.375, -20.125]]), np.array([0])
_SCIPY_WRAPS = (
    "scipy.special.softmax and log_softmax subtract the maximum in the dtype of the logits, where integers wrap "
    "around: softmax(np.array([1, 0], np.uint8)) is [0, nan]"
)
_CUPY_READ = "; read in the sources of CuPy 13.4, 13.6, 14.0 and 14.2, and not confirmed on a GPU yet"
_CUPY_LOG_SOFTMAX = "https://github.com/cupy/cupy/blob/v14.0.0/cupyx/scipy/special/_logsoftmax.py"
_CUPY_SOFTMAX = "https://github.com/cupy/cupy/blob/v14.0.0/cupyx/scipy/special/_softmax.py"
_SCIPY_SOFTMAX = "https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.softmax.html"

KNOWN_DEVIATIONS: tuple[KnownDeviation, ...] = (
    KnownDeviation(
        clause="SOFTMAX-INTEGER",
        implementations=("scipy",),
        library="scipy",
        versions=">=1.14,<1.19",
        covers_values=_wraps,
        shown_by={"z": np.array([1, 0], np.uint8)},
        reason=_SCIPY_WRAPS,
        link=_SCIPY_SOFTMAX,
    ),
    KnownDeviation(
        clause="LOGITS-INTEGER",
        implementations=("scipy",),
        library="scipy",
        versions=">=1.14,<1.19",
        covers_values=lambda batch: _wraps(batch[0]),
        shown_by={"batch": (np.array([[1, 0]], np.uint8), np.array([0]))},
        reason=_SCIPY_WRAPS,
        link=_SCIPY_SOFTMAX,
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
        clause="LOGITS-CONFIDENT",
        implementations=("torch-nn-cpu",),
        library="torch",
        versions=">=2.6,<3",
        covers_values=lambda batch: True,
        shown_by={"batch": _CONFIDENT},
        reason="on the CPU log_softmax keeps the sum of the exponentials, and its logarithm, in half precision: "
        "torch.log_softmax(torch.tensor([-14.375, -20.125], dtype=torch.bfloat16), 0)[0] is 0",
        link="https://github.com/pytorch/pytorch/blob/v2.6.0/aten/src/ATen/native/cpu/SoftMaxKernel.cpp",
    ),
    KnownDeviation(
        clause="LOGITS-CONFIDENT",
        implementations=("scipy",),
        library="scipy",
        versions=">=1.14,<1.19",
        covers_values=lambda batch: True,
        shown_by={"batch": _CONFIDENT},
        reason="scipy.special.log_softmax of float16 adds up the exponentials, and takes the logarithm, in float16",
        link="https://docs.scipy.org/doc/scipy/reference/generated/scipy.special.log_softmax.html",
    ),
    KnownDeviation(
        clause="LOGITS-OVERFLOW",
        implementations=("torch-nn-cpu",),
        library="torch",
        versions=">=2.6,<3",
        covers_values=_adds_up_beyond_float16,
        shown_by={"batch": (np.array([[0.0, -40.0]] * 2000), np.ones(2000, np.int64))},
        reason="on the CPU the losses of a batch are added up in half precision: the mean of 2000 losses of 40 is inf",
        link="https://github.com/pytorch/pytorch/issues/61523",
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
        clause="GRAD-LABELS",
        implementations=_TORCH,
        library="torch",
        versions=">=2.6,<3",
        covers_values=lambda training, at, beyond: beyond == -100,
        shown_by={
            "training": _one_layer(np.zeros(3, np.int64), "cross_entropy_with_logits", 2),
            "at": 1,
            "beyond": -100,
        },
        reason="torch.nn.CrossEntropyLoss leaves out examples with the label -100, its default ignore_index, and so do "
        "its gradients",
        link="https://docs.pytorch.org/docs/stable/generated/torch.nn.CrossEntropyLoss.html",
    ),
    KnownDeviation(
        clause="GRAD-BROADCAST",
        implementations=_TORCH,
        library="torch",
        versions=">=2.6,<3",
        covers_values=lambda training: training[-1] == "mean_squared_error",
        shown_by={"training": _one_layer(np.zeros((3, 1)))},
        reason="torch.nn.MSELoss broadcasts unequal shapes, with a warning, and so do its gradients",
        link="https://github.com/pytorch/pytorch/issues/16045",
    ),
    KnownDeviation(
        clause="SOFTMAX-INTEGER",
        implementations=("cupy",),
        library="cupy",
        versions=">=13.4,<15",
        covers_values=_wraps,
        shown_by={"z": np.array([1, 0], np.uint8)},
        reason="cupyx.scipy.special.softmax subtracts the maximum in the dtype of the logits, where integers wrap "
        f"around: softmax of uint8 [1, 0] is [0, nan]{_CUPY_READ}",
        link=_CUPY_SOFTMAX,
    ),
    KnownDeviation(
        clause="LOGITS-INTEGER",
        implementations=("cupy",),
        library="cupy",
        versions=">=13.4,<15",
        covers_values=lambda batch: _wraps(batch[0]),
        shown_by={"batch": (np.array([[1, 0]], np.uint8), np.array([0]))},
        reason="cupyx.scipy.special.log_softmax subtracts the maximum in the dtype of the logits, where integers wrap "
        f"around{_CUPY_READ}",
        link=_CUPY_LOG_SOFTMAX,
    ),
    KnownDeviation(
        clause="LOGITS-CONFIDENT",
        implementations=("cupy",),
        library="cupy",
        versions=">=13.4,<15",
        covers_values=lambda batch: True,
        shown_by={"batch": _CONFIDENT},
        reason="cupyx.scipy.special.log_softmax of float16 adds up the exponentials, and takes the logarithm, in "
        f"float16{_CUPY_READ}",
        link=_CUPY_LOG_SOFTMAX,
    ),
)
