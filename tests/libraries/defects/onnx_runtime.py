"""ONNX Runtime."""

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import by_elements, impossible, wrong_labels

_ADAPTERS = ("onnx_runtime",)
_OF = {"adapters": _ADAPTERS, "library": "onnxruntime", "versions": ">=1.32,<1.33"}

_IN_THE_TAIL = by_elements(lambda z: z < -2.0, "sigmoid")
_FAR_LEFT = np.array([[10.0]]), np.array([-1.0]), 0.0
_PADDED = np.full((2001, 1), 10.0), np.array([-1.0]), 0.0
_TWO = np.array([[10.0], [1.0]]), np.array([-1.0]), 0.0


def _has_nan(z: np.ndarray, labels: np.ndarray) -> bool:
    return bool(np.isnan(z).any())


def _of_neurons(of: str, function: str) -> tuple[Seen, ...]:
    reached = _IN_THE_TAIL[function]
    return (
        Seen(f"{of}-TAILS", {"neuron": _FAR_LEFT}, covers_call=reached),
        Seen(f"{of}-DTYPE", {"neuron": _FAR_LEFT}, covers_call=reached),
        Seen(f"{of}-NAN", {"neuron": _TWO}, covers_call=reached),
        Seen(f"{of}-LAYOUT", {"neuron": _FAR_LEFT, "mix": (0, 0)}, covers_call=reached),
        Seen(f"{of}-BATCH", {"neuron": _PADDED}, covers_call=reached),
    )


_SIGMOID = (
    Seen("SIGMOID-TAILS", {"z": np.array([-6.0])}, covers_call=_IN_THE_TAIL["sigmoid"]),
    Seen("SIGMOID-DTYPE", {"z": np.array([-6.0])}, covers_call=_IN_THE_TAIL["sigmoid"]),
    Seen("SIGMOID-LENGTH", {"length": ()}, covers_call=_IN_THE_TAIL["sigmoid"]),
    Seen("SIGMOID-SWEEP", {"dtype": "float32"}, covers_call=_IN_THE_TAIL["sigmoid"]),
    *_of_neurons("NEURON", "neuron"),
    *_of_neurons("LOGREG", "logistic_regression"),
    Seen(
        "MLP-SATURATED",
        {"network": (np.array([[0.0]]), [(np.array([[0.0]]), np.array([-40.0]))], ["sigmoid"])},
        covers_call=_IN_THE_TAIL["mlp"],
    ),
)

DEFECTS = (
    Defect(
        **_OF,
        call="session.run(None, {'x': np.array([-18, -15], np.float32)})  # of a model Sigmoid(x)",
        got="[0, 3.576e-07]; in float64 0 at -37",
        expected="[1.523e-08, 3.059e-07]; 8.533e-17",
        confirmed="mpmath at 50 digits",
        link="https://github.com/microsoft/onnxruntime/issues/22557",
        seen=_SIGMOID,
    ),
    Defect(
        **_OF,
        call="session.run(None, {'x': np.array([[0, np.nan]])})  # of a model LogSoftmax(x) in float64",
        got="[[46.05, nan]], and -46.05 as SoftmaxCrossEntropyLoss of label 0",
        expected="[[nan, nan]], nan",
        confirmed="IEEE 754: a sum with NaN is NaN; a loss is not negative",
        link=NOT_REPORTED,
        seen=(Seen("LOGITS-NAN", {"batch": (np.array([[0.0, np.nan]]), np.array([0]))}, covers_call=_has_nan),),
    ),
    Defect(
        **_OF,
        call="session.run(None, {'z': np.zeros((3, 2)), 'y': np.array([1, -1, 0])})  # SoftmaxCrossEntropyLoss(z, y)",
        got="0.693: -1 is the last class",
        expected="an exception",
        confirmed="the operator's specification: the labels lie in [0, C)",
        link=NOT_REPORTED,
        seen=(Seen("LOGITS-LABELS", {"batch": (np.zeros((3, 2)), np.array([1, -1, 0]))}, covers_call=wrong_labels),),
    ),
    Defect(
        **_OF,
        call="session.run(None, {'z': np.zeros((3, 2)), 'y': np.array([1, 0])})  # SoftmaxCrossEntropyLoss(z, y)",
        got="a loss",
        expected="an exception",
        confirmed="the operator's specification: labels have the shape (N)",
        link=NOT_REPORTED,
        seen=(Seen("LOGITS-SHAPES", {"shapes": ((3, 2), (2,))}),),
    ),
    Defect(
        **_OF,
        call="session.run(None, {'x': np.zeros(0)})  # of a model ReduceMean(x)",
        got="0.0",
        expected="nan, or an exception",
        confirmed="exact: 0 / 0",
        link=NOT_REPORTED,
        seen=(Seen("MSE-EMPTY", {"shape": (0,)}),),
    ),
    Defect(
        **_OF,
        call="session.run(None, {'labels': np.array([3]), 'depth': np.array([3])})  # OneHot",
        got="[[0, 0, 0]]",
        expected="an exception",
        confirmed="the operator's specification: indices out of range give rows of the off value",
        link="https://onnx.ai/onnx/operators/onnx__OneHot.html",
        kind=BY_DESIGN,
        seen=(Seen("ONEHOT-LABELS", {"encoding": (np.array([0]), 3), "at": 0}, covers_call=impossible),),
    ),
)
