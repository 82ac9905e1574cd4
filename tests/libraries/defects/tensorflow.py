"""TensorFlow and Keras."""

from typing import Any

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import (
    PARAMETER,
    WHOLE_PARAMETER,
    a_path,
    by_elements,
    impossible,
    slow_mean,
    three_targets,
    whole_numbers,
)

_ADAPTERS = ("tensorflow_keras",)
_TENSORFLOW = {"adapters": _ADAPTERS, "library": "tensorflow", "versions": ">=2.21,<2.22"}
_KERAS = {"adapters": _ADAPTERS, "library": "keras", "versions": ">=3.15,<3.16"}
_EPS = 1e-7
_EPS_IN_HALF = 2.0**-23
"""1e-7 in float16."""


def _rows_with_nan(z: np.ndarray) -> np.ndarray:
    """Each element of a row that holds NaN."""
    return np.broadcast_to(np.isnan(z).any(axis=-1, keepdims=True), z.shape)


def _clipped(y_hat: np.ndarray, y: np.ndarray) -> bool:
    """Keras clips probabilities to [eps, 1 - eps]; its eps is 1e-7 in every dtype."""
    return bool(((y_hat < 1.1 * _EPS) | (y_hat > 1 - 1.1 * _EPS)).any())


def _raised_in_half(y_hat: np.ndarray, y: np.ndarray) -> bool:
    """In float16 Keras clips to [eps, 1]."""
    return bool((y_hat < _EPS_IN_HALF).any())


def _certain_in_half(y_hat: np.ndarray, y: np.ndarray) -> bool:
    return bool((y_hat == 1).any())


def _of_float64(theta: Any, *rest: Any, **options: Any) -> bool:
    return any(one.dtype == np.float64 for one in theta)


def _steps(rule: str) -> tuple[Seen, Seen]:
    path = a_path([1.0, 3.0], "float64")
    return (
        Seen(f"{rule}-STEPS", {"path": path}, covers_call=_of_float64),
        Seen(f"{rule}-PATH", {"path": path | {"eps": 0.01}}, covers_call=_of_float64),
    )


_INPUTS = np.zeros((3, 1), np.float32)
_STEP = [np.zeros(1), np.zeros(1)], [np.ones(1), np.ones(1)], 0.1
_CERTAIN = np.array([[1.0, 0.0]]), np.array([[1.0, 0.0]])
_WRONG = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
_SURE = np.array([1.0]), np.array([1.0])
_MISSED = np.array([0.0]), np.array([1.0])
_UNSURE = np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])
_MIXED_STEP = [np.zeros(1), np.zeros(1, np.float32)], [np.ones(1), np.ones(1, np.float32)], 0.1

DEFECTS = (
    Defect(
        **_TENSORFLOW,
        call="tf.nn.softmax(tf.constant([[np.nan, 0]], tf.float32))",
        got="[[nan, 0]]",
        expected="[[nan, nan]]",
        confirmed="IEEE 754: a sum with NaN is NaN, and so is each quotient by it",
        link=NOT_REPORTED,
        seen=(
            Seen("SOFTMAX-NAN", {"z": np.array([[np.nan, 0.0]], np.float32)}, covers_call=_rows_with_nan),
            Seen("SOFTMAX-HALF", {"z": np.zeros((1, 2)), "mix": (0, 0)}, covers_call=_rows_with_nan),
            Seen(
                "MLP-NAN",
                {"network": (_INPUTS, [(np.ones((2, 1), np.float32), np.zeros(2, np.float32))], ["softmax"])},
                covers_call=by_elements(_rows_with_nan, "softmax")["mlp"],
            ),
        ),
    ),
    Defect(
        **_TENSORFLOW,
        call="tf.nn.softmax_cross_entropy_with_logits([[1.0, 0.0]], [[0.0, -np.inf]])",
        got="[nan]",
        expected="[0]",
        confirmed="exact: a class of probability 0 does not count",
        link=NOT_REPORTED,
        seen=(),
    ),
    Defect(
        **_KERAS,
        call="keras.losses.binary_crossentropy(np.float16([1.0]), np.float16([1.0]))",
        got="nan",
        expected="0",
        confirmed="exact: -log 1; 1 - keras.config.epsilon() is 1 in float16, and 0 * log(1 - 1) is NaN",
        link=NOT_REPORTED,
        seen=(Seen("BCE-HALF", {"batch": _SURE, "mix": (0, 0)}, covers_call=_certain_in_half),),
    ),
    Defect(
        **_KERAS,
        call="keras.optimizers.SGD(0.1).apply([tf.ones(1, tf.float64)], [v])  # v a float64 variable, 0",
        got="-0.10000000149",
        expected="-0.1",
        confirmed="exact arithmetic; the learning rate is a float32 variable whatever the variables are",
        link=NOT_REPORTED,
        seen=(
            *(
                Seen(f"STEP-{clause}", {"descent": _STEP}, covers_call=_of_float64)
                for clause in ("VALUE", "DTYPE", "NDIM", "NAN")
            ),
            Seen("STEP-MIXED", {"descent": _MIXED_STEP}, covers_call=_of_float64),
            Seen("STEP-LAYOUT", {"descent": _STEP, "mix": (0, 0)}, covers_call=_of_float64),
            *(one for rule in ("SGD", "ADAGRAD", "RMSPROP", "ADAM", "ADAMAX") for one in _steps(rule)),
        ),
    ),
    Defect(
        **_KERAS,
        call="keras.optimizers.SGD(0.5).apply([tf.constant([1])], [v])  # v an integer variable, 0",
        got="0: the learning rate is cast to the integer dtype of the variable",
        expected="-0.5, or an exception",
        confirmed="exact arithmetic",
        link=NOT_REPORTED,
        seen=(Seen("STEP-INTEGER", {"descent": WHOLE_PARAMETER}, covers_call=whole_numbers),),
    ),
    Defect(
        **_KERAS,
        call="keras.optimizers.Adam(0.1, epsilon=1e-30).apply([tf.ones(1)], [v])  # v a variable, 0",
        got="-0.09999933, 7e-6 off; in float64 as well",
        expected="-0.1",
        confirmed="exact arithmetic: the first step of Adam is the learning rate; 1 - beta_2^t is computed in float32",
        link=NOT_REPORTED,
        seen=(Seen("ADAM-PATH", {"path": a_path([1.0, 2.0], eps=1e-8)}, slow_mean),),
    ),
    Defect(
        **_TENSORFLOW,
        call="tf.reduce_mean(tf.fill([2001], tf.constant(33, tf.float16)))",
        got="inf",
        expected="33",
        confirmed="exact arithmetic; the sum leaves float16",
        link=NOT_REPORTED,
        seen=(
            Seen(
                "LOGITS-OVERFLOW",
                {"batch": (np.tile(np.float32([0.0, -33.0]), (2001, 1)), np.ones(2001, np.int64))},
            ),
        ),
    ),
    Defect(
        **_KERAS,
        call="keras.losses.mean_squared_error(np.array([2**62]), np.array([0]))",
        got="0",
        expected="2^124",
        confirmed="exact arithmetic",
        link=NOT_REPORTED,
        seen=(Seen("MSE-INTEGER", {"batch": (np.array([0]), np.array([2**62 + 5]))}, covers_call=whole_numbers),),
    ),
    Defect(
        **_KERAS,
        call="keras.losses.mean_squared_error(np.ones((1, 1)), np.zeros((3, 1)))",
        got="three losses: the targets of one example are taken for three",
        expected="an exception",
        confirmed="its documentation: the two have the same shape",
        link=NOT_REPORTED,
        seen=(
            Seen("MSE-SHAPES", {"shapes": ((3,), ())}),
            Seen(
                "GRAD-BROADCAST",
                {"training": three_targets("mean_squared_error")},
                covers_call=lambda x, y, theta, activations, loss: loss == "mean_squared_error",
            ),
        ),
    ),
    Defect(
        **_KERAS,
        call="keras.losses.binary_crossentropy(np.array([1.0]), np.array([0.0]))",
        got="16.118",
        expected="inf, or 100 and more",
        confirmed="exact: -log 0; probabilities are clipped to [eps, 1 - eps] with keras.config.epsilon(), 1e-7",
        link="https://keras.io/api/utils/config_utils/",
        kind=BY_DESIGN,
        seen=(
            *(Seen(f"{loss}-CERTAIN", {"batch": _CERTAIN}, covers_call=_clipped) for loss in ("BCE", "CE")),
            *(
                Seen(f"{loss}-{clause}", {"batch": _WRONG}, covers_call=_clipped)
                for loss in ("BCE", "CE")
                for clause in ("INFINITE", "TAILS")
            ),
            Seen("BCE-HALF", {"batch": _MISSED, "mix": (0, 0)}, covers_call=_raised_in_half),
            Seen("CE-HALF", {"batch": _WRONG, "mix": (0, 0)}, covers_call=_raised_in_half),
            Seen("CE-LENGTH", {"length": ()}, covers_call=_clipped),
            *(Seen(f"{loss}-SWEEP", {"dtype": "float64"}, covers_call=_clipped) for loss in ("BCE", "CE")),
        ),
    ),
    Defect(
        **_KERAS,
        call="keras.losses.binary_crossentropy(np.array([2.0]), np.array([0.5]))",
        got="0.693",
        expected="an exception or nan",
        confirmed="exact: 2 is no probability; its losses check no values",
        link=NOT_REPORTED,
        kind=BY_DESIGN,
        seen=tuple(
            Seen(f"{loss}-{clause}", {"batch": _UNSURE, "at": 0})
            for loss in ("BCE", "CE")
            for clause in ("DOMAIN", "TARGETS")
        ),
    ),
    Defect(
        **_KERAS,
        call="keras.optimizers.SGD(1.0).apply([], [v])",
        got="nothing happens",
        expected="an exception",
        confirmed="its source says that an empty list of gradients is allowed",
        link="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/optimizers/base_optimizer.py",
        kind=BY_DESIGN,
        seen=(Seen("STEP-SHAPES", {"descent": PARAMETER}, covers_call=lambda theta, grad, alpha: len(grad) == 0),),
    ),
    Defect(
        **_KERAS,
        call="keras.losses.categorical_crossentropy(np.array([[1.0, 0.0]]), np.array([[0.5, 0.25]]))",
        got="0.405, as of [2/3, 1/3]",
        expected="0.693",
        confirmed="exact: -log 0.5; its source scales each row to the sum 1",
        link="https://github.com/keras-team/keras/blob/v3.15.1/keras/src/backend/tensorflow/nn.py",
        kind=BY_DESIGN,
        seen=(
            Seen(
                "CE-TAILS",
                {"batch": (np.array([[0.5, 0.25]]), np.array([[1.0, 0.0]]))},
                covers_call=lambda y_hat, y: bool((y_hat.sum(axis=-1) != 1).any()),
            ),
        ),
    ),
    Defect(
        **_TENSORFLOW,
        call="tf.one_hot([3], 3)",
        got="[[0, 0, 0]]",
        expected="an exception",
        confirmed="its documentation: an index out of range gives zeros",
        link="https://www.tensorflow.org/api_docs/python/tf/one_hot",
        kind=BY_DESIGN,
        seen=(Seen("ONEHOT-LABELS", {"encoding": (np.array([0]), 3), "at": 0}, covers_call=impossible),),
    ),
)
