"""The node test vectors that the `onnx` package ships, for the operators that are functions of the interface."""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from tests.benchmark.baseline import Admits, Arguments, Baseline, Function, compare


@dataclass(frozen=True)
class Vector:
    """One node test in the interface's terms, with the tolerances that it has in ONNX: rtol 1e-3, atol 1e-7."""

    name: str
    function: str
    arguments: Arguments
    expected: Any
    rtol: float
    atol: float

    def check(self, function: Function) -> None:
        """Compare as ONNX's runner does: shape, dtype, then values by ``assert_allclose``.

        The dtype only where it is the inputs': a loss may be a Python number, and `one_hot` takes no dtype.
        """
        compare(self._assert_similar, function(*self.arguments), self.expected)

    def _assert_similar(self, actual: np.ndarray, expected: np.ndarray) -> None:
        np.testing.assert_equal(actual.shape, expected.shape)
        if expected.ndim and self.function != "one_hot":
            np.testing.assert_equal(actual.dtype, expected.dtype)
        np.testing.assert_allclose(actual, expected, rtol=self.rtol, atol=self.atol)


def onnx_vectors() -> Baseline:
    """Every vector, for the functions that there are any for. Raises ModuleNotFoundError where onnx is not there."""
    by_function: defaultdict[str, list[Vector]] = defaultdict(list)
    for vector in vectors():
        by_function[vector.function].append(vector)
    return Baseline("onnx node vectors", {name: partial(_check, found) for name, found in by_function.items()})


def _check(found: Sequence[Vector], function: Function, admits: Admits) -> None:
    for vector in found:
        if admits(vector.arguments):
            vector.check(function)


def vectors() -> Iterator[Vector]:
    """Every node test that is a call of one function of the interface; raises ModuleNotFoundError without onnx."""
    try:
        from onnx import helper, numpy_helper
        from onnx.backend.test.loader import load_model_tests
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(
            f'{missing}; the node test vectors come with onnx: pip install -c constraints.txt ".[comparison]"'
        ) from missing
    with np.errstate(all="ignore"):  # onnx computes its vectors as it loads them, overflow and all
        cases: list[Any] = load_model_tests(kind="node")
    for case in cases:
        # The "_expanded" cases are the same vectors once more, for the operator written out as a graph.
        if case.name.endswith("_expanded") or case.model.graph.node[0].op_type not in _TRANSLATIONS:
            continue
        (node,) = case.model.graph.node
        function, translate = _TRANSLATIONS[node.op_type]
        attributes = {one.name: helper.get_attribute_value(one) for one in node.attribute}
        for data in case.data_sets:
            inputs, outputs = (
                [numpy_helper.to_array(one) if hasattr(one, "dims") else np.asarray(one) for one in side]
                for side in data
            )
            if call := translate(inputs, outputs, **attributes):
                yield Vector(case.name, function, *call, case.rtol, case.atol)


# What follows gives, for the inputs, outputs and attributes of a node, the arguments and the result of the function, or
# None where that has no such case. The interface has the classes on the last axis and W of shape (s, n).

_Arrays = Sequence[np.ndarray]
_Call = tuple[Arguments, Any]


def _elementwise(inputs: _Arrays, outputs: _Arrays) -> _Call:
    return (inputs[0],), outputs[0]


def _softmax(inputs: _Arrays, outputs: _Arrays, axis: int = -1) -> _Call:
    return (np.moveaxis(inputs[0], axis, -1),), np.moveaxis(outputs[0], axis, -1)


def _one_hot(inputs: _Arrays, outputs: _Arrays, axis: int = -1) -> _Call | None:
    labels, k = inputs[0].astype(np.int64), int(inputs[1].item())
    off, on = inputs[2].astype(np.float64)
    if labels.min() < 0 or labels.max() >= k:  # ONNX wraps the one and drops the other; the interface refuses both
        return None
    return (labels, k), (np.moveaxis(outputs[0], axis, -1).astype(np.float64) - off) / (on - off)


def _cross_entropy_with_logits(
    inputs: _Arrays, outputs: _Arrays, reduction: bytes = b"mean", ignore_index: int | None = None
) -> _Call | None:
    if len(inputs) == 3 or ignore_index is not None:  # class weights
        return None
    z, labels = np.moveaxis(inputs[0], 1, -1), inputs[1].ravel()
    loss = outputs[0] / len(labels) if reduction == b"sum" else outputs[0].mean()
    return (z.reshape(len(labels), -1), labels), loss


def _gemm(
    inputs: _Arrays,
    outputs: _Arrays,
    alpha: float = 1.0,
    beta: float = 1.0,
    transA: int = 0,
    transB: int = 0,
) -> _Call | None:
    x = inputs[0].T if transA else inputs[0]
    W = alpha * (inputs[1] if transB else inputs[1].T)
    b = beta * np.atleast_2d(inputs[2]) if len(inputs) == 3 else np.zeros((1, 1), W.dtype)
    if len(b) > 1:  # a bias for each example
        return None
    return (x, W, np.broadcast_to(b[0], len(W))), outputs[0]


def _matmul(inputs: _Arrays, outputs: _Arrays) -> _Call | None:
    if any(one.ndim != 2 for one in inputs):
        return None
    return _gemm(inputs, outputs)


def _momentum(inputs: _Arrays, outputs: _Arrays, mode: bytes, **settings: float) -> _Call | None:
    """The last line of the operator, X_new = X - R V_new: a step along the new velocity, which is an output, too."""
    if mode != b"standard":
        return None
    half = len(outputs) // 2
    return (list(inputs[2 : 2 + half]), list(outputs[half:]), float(inputs[0])), list(outputs[:half])


_TRANSLATIONS: Mapping[str, tuple[str, Callable[..., _Call | None]]] = {
    "Sigmoid": ("sigmoid", _elementwise),
    "Tanh": ("tanh", _elementwise),
    "Relu": ("relu", _elementwise),
    "Softmax": ("softmax", _softmax),
    "OneHot": ("one_hot", _one_hot),
    "SoftmaxCrossEntropyLoss": ("cross_entropy_with_logits", _cross_entropy_with_logits),
    "Gemm": ("linear", _gemm),
    "MatMul": ("linear", _matmul),
    "Momentum": ("gradient_descent_step", _momentum),
}
