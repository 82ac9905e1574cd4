"""scikit-learn."""

from typing import Any

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import LAYER, NEURON, UPDATE, impossible, more_than_a_dtype_counts

_ADAPTERS = ("scikit_learn",)
_OF = {"adapters": _ADAPTERS, "library": "scikit-learn", "versions": ">=1.9,<1.10"}


def _clipped(y_hat: np.ndarray, y: np.ndarray) -> bool:
    eps = float(np.finfo(y_hat.dtype).eps)
    return bool(((y_hat < eps) | (y_hat > 1 - eps)).any())


def _clipped_in_half(y_hat: np.ndarray, y: np.ndarray) -> bool:
    eps = float(np.finfo(np.float16).eps)
    return bool(((y_hat < eps) | (y_hat > 1 - eps)).any())


def _has_several_outputs(x: np.ndarray, y: np.ndarray, theta: Any) -> bool:
    return len(theta[-1][1]) > 1


def _architecture(outputs: int) -> dict[str, Any]:
    """A network of one hidden layer of four units; the layers from the second one on are those of deeper networks."""
    shapes = [(4, 1), (4, 4), (4, 4), (outputs, 4), (outputs, 1)]
    layers = [(np.zeros(shape), np.ones(shape[0])) for shape in shapes]
    return {"x": np.zeros((2, 1)), "layers": layers, "codes": np.zeros((2, outputs), np.int64), "dtype": "float64"}


_CERTAIN = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
_WRONG = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])

DEFECTS = (
    Defect(
        **_OF,
        call="LabelBinarizer().fit(np.arange(300)).transform(np.array([0, 5], np.uint8)).nonzero()[1]",
        got="[0, 256, 5, 261]",
        expected="[0, 5]",
        confirmed="exact: a label is one class",
        link=NOT_REPORTED,
        seen=(Seen("ONEHOT-INDEX", {"encoding": (np.array([0]), 300)}, covers_call=more_than_a_dtype_counts),),
    ),
    Defect(
        **_OF,
        call="MLPRegressor()._backprop(X, y, None, activations, deltas, coef_grads, intercept_grads)",
        got="k times the gradient of its own loss, for k outputs",
        expected="the gradient",
        confirmed="exact arithmetic: its loss is the mean over the outputs, its delta h - y is not divided by k",
        link="https://github.com/scikit-learn/scikit-learn/issues/8349",
        seen=tuple(
            Seen(clause, {"drawn": _architecture(2)}, covers_call=_has_several_outputs)
            for clause in ("NETWORK-GRADIENT", "NETWORK-GRADIENT-DTYPE")
        ),
    ),
    Defect(
        **_OF,
        call="LabelBinarizer().fit([0, 1, 2]).transform([3])",
        got="[[0, 0, 0]]",
        expected="an exception",
        confirmed="exact: 3 is none of the classes; its test_label_binarizer_unseen_labels asserts the zeros",
        link=NOT_REPORTED,
        kind=BY_DESIGN,
        seen=(Seen("ONEHOT-LABELS", {"encoding": (np.array([0]), 3), "at": 0}, covers_call=impossible),),
    ),
    Defect(
        **_OF,
        call="_base.log_loss(np.array([[1., 0.]]), np.array([[0., 1.]]))",
        got="36.04",
        expected="inf, or 100 and more",
        confirmed="exact: -log 0; probabilities are clipped to [eps, 1 - eps] of their dtype",
        link="https://scikit-learn.org/stable/modules/generated/sklearn.metrics.log_loss.html",
        kind=BY_DESIGN,
        seen=(
            *(Seen(f"{loss}-CERTAIN", {"batch": _CERTAIN}, covers_call=_clipped) for loss in ("BCE", "CE")),
            *(
                Seen(f"{loss}-{clause}", {"batch": _WRONG}, covers_call=_clipped)
                for loss in ("BCE", "CE")
                for clause in ("INFINITE", "TAILS")
            ),
            Seen(
                "BCE-HALF",
                {"batch": (np.array([0.0625, 0.00048828125]), np.array([0.0, 1.0])), "mix": (0, 0)},
                covers_call=_clipped_in_half,
            ),
            Seen("CE-HALF", {"batch": _WRONG, "mix": (0, 0)}, covers_call=_clipped_in_half),
            Seen("CE-LENGTH", {"length": ()}, covers_call=_clipped),
            *(Seen(f"{loss}-SWEEP", {"dtype": "float64"}, covers_call=_clipped) for loss in ("BCE", "CE")),
        ),
    ),
    Defect(
        **_OF,
        call="LinearRegression().fit([[0.], [1.]], [0., 1.]).predict(np.zeros((0, 1)))",
        got="ValueError: Found array with 0 sample(s)",
        expected="an empty array",
        confirmed="its input validation asks for one sample at least",
        link="https://scikit-learn.org/stable/modules/generated/sklearn.utils.check_array.html",
        kind=BY_DESIGN,
        seen=(
            Seen(
                "ONEHOT-NDIM", {"encoding": (np.zeros(64, np.int64), 1)}, covers_call=lambda labels, k: labels.size == 0
            ),
            Seen("LINEAR-EMPTY", {"layer": LAYER}),
            Seen("NEURON-EMPTY", {"neuron": NEURON}),
            Seen("LOGREG-EMPTY", {"neuron": NEURON}),
        ),
    ),
    Defect(
        **_OF,
        call="_stochastic_optimizers.AdamOptimizer([np.zeros(2)]).update_params([np.zeros(2)], [])",
        got="nothing happens",
        expected="an exception",
        confirmed="exact: there is no gradient; an internal class whose callers give as many gradients as parameters",
        link=NOT_REPORTED,
        kind=BY_DESIGN,
        seen=(Seen("ADAM-SHAPES", {"update": UPDATE}),),
    ),
)
