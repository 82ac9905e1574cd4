"""Bugs of frameworks that a conformance suite should catch, and what became of each here."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

import reference
from tests.harness.spec.clauses import CLAUSES

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
    "LIVE torch 2.13 CPU": "bf16 log_softmax([-14.375,-20.125])[0]=0, exact -.00318",
}
"""Symptoms, by the report: project and number of the issue or pull request, several where one bug has several."""


@dataclass(frozen=True)
class NotReplicated:
    """Why no known mistake replicates a bug: in words, and as something that a self-test asks for."""

    reason: str
    holds: Callable[[], bool]


def _no_function_takes(argument: str) -> bool:
    functions = (getattr(reference, name) for name in reference.FUNCTIONS)
    return not any(argument in inspect.signature(function).parameters for function in functions)


def _one_ulp_is_within_the_bound_of_tanh() -> bool:
    z, arithmetic = np.linspace(-9, 9, 181), reference.Arithmetic.of("float32", 1)
    return bool(np.all(np.spacing(np.abs(np.tanh(z)).astype(np.float32)) <= reference.tanh_bound(z, arithmetic)))


NOT_REPLICATED: dict[str, NotReplicated] = {
    "pytorch#51866": NotReplicated(
        "CUDA gave NaN for a prediction just above 1, and BCE-DOMAIN allows NaN",
        lambda: "give NaN" in CLAUSES["BCE-DOMAIN"].requirement,
    ),
    "tensorflow#118313": NotReplicated(
        "the loss replaces y_hat by the logits of the graph behind it; a function of arrays has no such choice",
        lambda: _no_function_takes("from_logits"),
    ),
    "jax#40409": NotReplicated(
        "a gradient in float16; no clause is about gradients in half precision", lambda: "GRAD-HALF" not in CLAUSES
    ),
    "chainer#1494": NotReplicated(
        "a sum over a middle axis; no function of the interface has a choice of axes",
        lambda: _no_function_takes("axis"),
    ),
    "tensorflow#2234": NotReplicated("1 ulp between lanes is within the bound", _one_ulp_is_within_the_bound_of_tanh),
    "pytorch#73205": NotReplicated(
        "label smoothing is outside the scope", lambda: _no_function_takes("label_smoothing")
    ),
    "scipy#22903": NotReplicated(
        "log-sum-exp with weights is not among the functions of the interface",
        lambda: "logsumexp" not in reference.FUNCTIONS,
    ),
}
"""Those that no known mistake replicates."""
