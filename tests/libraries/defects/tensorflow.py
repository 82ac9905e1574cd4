"""TensorFlow and Keras."""

from typing import Any

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import a_path, impossible

_ADAPTERS = ("tensorflow_keras",)
_TENSORFLOW = {"adapters": _ADAPTERS, "library": "tensorflow", "versions": ">=2.21,<2.22"}
_KERAS = {"adapters": _ADAPTERS, "library": "keras", "versions": ">=3.15,<3.16"}
_EPS = 1e-7


def _rows_with_nan(z: np.ndarray) -> np.ndarray:
    """Each element of a row that holds NaN."""
    return np.broadcast_to(np.isnan(z).any(axis=-1, keepdims=True), z.shape)


def _of_float64(theta: Any, *rest: Any, **options: Any) -> bool:
    return any(one.dtype == np.float64 for one in theta)


def _steps(rule: str) -> tuple[Seen, Seen]:
    path = a_path([1.0, 3.0], "float64")
    return (
        Seen(f"{rule}-STEPS", {"path": path}, covers_call=_of_float64),
        Seen(f"{rule}-PATH", {"path": path | {"eps": 0.01}}, covers_call=_of_float64),
    )


DEFECTS = (
    Defect(
        **_TENSORFLOW,
        call="tf.nn.softmax(tf.constant([[np.nan, 0]], tf.float32))",
        got="[[nan, 0]]",
        expected="[[nan, nan]]",
        confirmed="IEEE 754: a sum with NaN is NaN, and so is each quotient by it",
        link=NOT_REPORTED,
        seen=(Seen("SOFTMAX-NAN", {"z": np.array([[np.nan, 0.0]], np.float32)}, covers_call=_rows_with_nan),),
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
        call="keras.optimizers.SGD(0.1).apply([tf.ones(1, tf.float64)], [v])  # v a float64 variable, 0",
        got="-0.10000000149",
        expected="-0.1",
        confirmed="exact arithmetic; the learning rate is a float32 variable whatever the variables are",
        link=NOT_REPORTED,
        seen=(
            _steps("SGD")[0],
            *(one for rule in ("ADAGRAD", "RMSPROP", "ADAM", "ADAMAX") for one in _steps(rule)),
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
