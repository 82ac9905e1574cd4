"""Bugs of frameworks that a conformance suite should catch, and what became of each here."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference

FRAMEWORK_BUGS: dict[str, str] = {
    "pytorch#38839": "CUDA log_softmax at offset -1e7 returns integers",
    "pytorch#795,#725": "CUDA log_softmax NaN/-inf at max=94",
    "pytorch#143644": "CUDA f64 softmax k=517 does not sum to 1",
    "pytorch#80006": "MPS softmax of slice garbage",
    "pytorch#65673": "ARM exp/tanh/sigmoid right only in some lanes",
    "pytorch#7999,#10238": "relu(NaN)=0",
    "pytorch#4938": "mse_loss (2,1) vs (2,1,1,1) silently 1, not 1.5",
    "pytorch PR2221": "BCEWithLogits(-100,0)=inf (clamp sign)",
    "pytorch#24933": "BCEWithLogits != BCE(sigmoid)",
    "pytorch#51866": "CUDA BCE(1.00000006)=NaN, CPU raises",
    "pytorch#102894,#49844": "BCEWithLogits(+-inf)=NaN",
    "pytorch#39769,#66872": "CUDA accepts out-of-range class index",
    "pytorch PR51713": "mkldnn_linear wrong for non-contiguous W",
    "pytorch PR172406": "MPS tanh NaN for |x|>44",
    "pytorch PR22628,#2060": "Adam eps scaled by bias correction",
    "tensorflow#29048": "sigmoid(NaN)=1 except in remainder lane",
    "tensorflow#118313": "BCE(from_logits=False) unwraps sigmoid under XLA",
    "jax#777": "grad sigmoid(-200)=NaN (fast-math)",
    "jax#40409": "f16 log_softmax grad NaN for n>=2^16",
    "scikit-learn#24315": "log_loss float32 p=1 -> NaN",
    "chainer#1494": "cupy.sum wrong on shape (69,64,2,947) axis 2",
    "cupy#9186,#9187": "sum wrong beyond 2^32 elements",
    "pytorch#84144": "CUDA softmax wrong past 4*2^30 elements",
    "pytorch#85786,#190139": "CE/NLL illegal access past 2^31",
    "pytorch#61523": "NLLLoss half mean = NaN for large m",
    "burn#315": "softmax/log_softmax not shifted",
    "deeplearning4j#7382": "tanh(100)=NaN",
    "tensorflow#2234": "tanh differs 1 ulp between packet and scalar lanes",
    "pytorch#73205": "label smoothing counts ignored rows",
    "scipy#22903": "logsumexp(b<0) NaN",
    "onnxruntime#22554": "one scratch buffer for all threads",
    "LIVE torch 2.13 CPU": "bf16 log_softmax([-14.375,-20.125])[0]=0, exact -.00318",
}
"""Symptoms, by the report: project and number of the issue or pull request, several where one bug has several."""


@dataclass(frozen=True)
class NotReplicated:
    """Why no known mistake replicates a bug, as something that a test can look up: one of these.

    absent_...: what the suite would have to have. allowed: the clause that the replica passes.
    """

    absent_function: str | None = None
    absent_parameter: str | None = None
    absent_clause: str | None = None
    absent_library: str | None = None
    allowed: tuple[str, Callable[..., Any]] | None = None


def nan_above_1(y_hat: np.ndarray, y: np.ndarray) -> Any:
    return np.nan if np.any(y_hat > 1) else reference.binary_cross_entropy(y_hat, y)


def one_ulp_off_in_whole_packets(z: np.ndarray) -> Any:
    value = reference.tanh(z)
    in_packet = np.arange(z.size).reshape(z.shape) < z.size // 4 * 4
    return np.where(in_packet & (np.abs(value) < 1), np.nextafter(value, 2 * np.sign(value)), value)


NOT_REPLICATED: dict[str, NotReplicated] = {
    "pytorch#51866": NotReplicated(allowed=("BCE-DOMAIN", nan_above_1)),
    "tensorflow#118313": NotReplicated(absent_library="tensorflow"),
    "jax#40409": NotReplicated(absent_clause="GRAD-HALF"),
    "chainer#1494": NotReplicated(absent_parameter="axis"),
    "tensorflow#2234": NotReplicated(allowed=("TANH-DTYPE", one_ulp_off_in_whole_packets)),
    "pytorch#73205": NotReplicated(absent_parameter="label_smoothing"),
    "scipy#22903": NotReplicated(absent_function="logsumexp"),
}
"""Those that no known mistake replicates, with the reason."""
