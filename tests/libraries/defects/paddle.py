"""PaddlePaddle."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import (
    LABELLED,
    PARAMETER,
    a_path,
    by_elements,
    slow_mean,
    three_targets,
    unlike,
    whole_numbers,
)

_ADAPTERS = ("paddle_cpu",)
_OF = {"adapters": _ADAPTERS, "library": "paddlepaddle", "versions": ">=3.3,<3.4"}


def _far_below(z: np.ndarray) -> np.ndarray:
    """The logits that lie 64 or more below the largest one of their row."""
    z = np.asarray(z, np.float64)
    return z < z.max(axis=-1, keepdims=True) - 63.9


_IS_NAN = by_elements(np.isnan, "relu")
_IS_FAR_BELOW = by_elements(_far_below, "softmax")


def _has_a_label_far_below(z: np.ndarray, labels: np.ndarray) -> bool:
    return bool(np.take_along_axis(_far_below(z), labels[..., None], axis=-1).any())


def _has_an_output_far_below(x: Any, y: Any, theta: Any, activations: Any, loss: str) -> bool:
    if loss == "cross_entropy_with_logits":
        activations = [*activations[:-1], "softmax"]
    return bool(_IS_FAR_BELOW["mlp"](x, theta, activations))


def _has_a_relu_of_nan(x: Any, y: Any, theta: Any, activations: Any, loss: str) -> bool:
    return bool(_IS_NAN["mlp"](x, theta, activations))


def _ignores(z: np.ndarray, labels: np.ndarray) -> bool:
    wrong = labels[(labels < 0) | (labels >= z.shape[-1])]
    return bool((wrong == -100).all())


def _is_cut_off(z: np.ndarray, labels: np.ndarray) -> bool:
    """Whether each label that is no class becomes one in 32 bits."""
    wrong = labels[(labels < 0) | (labels >= z.shape[-1])]
    kept = wrong.astype(np.int64).astype(np.int32)
    return bool(((kept >= 0) & (kept < z.shape[-1])).all())


def _of_float64(theta: Any, *rest: Any, **options: Any) -> bool:
    return any(one.dtype == np.float64 for one in theta)


def _loses_digits(path: Mapping[str, Any]) -> bool:
    """Whether 1 - alpha loses digits in float32, or the parameter is float64."""
    return slow_mean(path) or _of_float64(path["theta"])


def _steps(rule: str, **options: Any) -> tuple[Seen, Seen]:
    path = a_path([1.0, 3.0], "float64", **options)
    return (
        Seen(f"{rule}-STEPS", {"path": path}, covers_call=_of_float64),
        Seen(f"{rule}-PATH", {"path": path | {"eps": 0.01}}, covers_call=_of_float64),
    )


_MINUS_1000 = np.array([[0.0, -1000.0]]), np.array([1])
_SOFTMAX = _IS_FAR_BELOW["softmax"]

DEFECTS = (
    Defect(
        **_OF,
        call="paddle.nn.functional.cross_entropy(paddle.to_tensor([[0.0, -1000.0]]), paddle.to_tensor([1]))",
        got="64; and softmax of [0, -inf] is [1, 1.6e-28]",
        expected="1000; [1, 0]",
        confirmed="exact: log(1 + e^1000) is 1000 to 434 digits; e^-inf is 0",
        link="https://github.com/PaddlePaddle/Paddle/issues/20994",
        seen=(
            Seen("SOFTMAX-SPREAD", {"z": np.array([100.0, 0.0])}, covers_call=_SOFTMAX),
            Seen("SOFTMAX-ENDS", {"row": [1, 0]}, covers_call=_SOFTMAX),
            Seen("SOFTMAX-OFFSET", {"z": np.array([[-92.0, 0.0], [0.0, 0.0]])}, covers_call=_SOFTMAX),
            Seen("SOFTMAX-NEGINF", {"z": np.array([-np.inf, 0.0])}, covers_call=_SOFTMAX),
            Seen("SOFTMAX-MASK", {"row": ("-inf", np.array([0.0, 0.25, -np.inf]))}, covers_call=_SOFTMAX),
            Seen("SOFTMAX-NAN", {"z": np.array([-np.inf, 0.0])}, covers_call=_SOFTMAX),
            Seen("SOFTMAX-SWEEP", {"dtype": "float64"}, covers_call=_SOFTMAX),
            Seen(
                "MLP-SATURATED",
                {"network": (np.array([[10000.0]]), [(np.array([[0.5], [0.0]]), np.array([0.5, 0.5]))], ["softmax"])},
                covers_call=_IS_FAR_BELOW["mlp"],
            ),
            Seen("LOGITS-SPREAD", {"batch": _MINUS_1000}, covers_call=_has_a_label_far_below),
            Seen("LOGITS-OFFSET", {"batch": _MINUS_1000}, covers_call=_has_a_label_far_below),
            Seen(
                "LOGITS-INFINITE",
                {"batch": (np.array([[-np.inf, 0.0]]), np.array([0]))},
                covers_call=_has_a_label_far_below,
            ),
            Seen("LOGITS-ENDS", {"row": [0.5, 1]}, covers_call=_has_a_label_far_below),
            Seen(
                "GRAD-SATURATED",
                {
                    "training": (
                        np.array([[1.0]]),
                        np.array([0]),
                        [(np.array([[0.0], [0.0]]), np.array([0.0, -200.0]))],
                        ["identity"],
                        "cross_entropy_with_logits",
                    )
                },
                covers_call=_has_an_output_far_below,
            ),
        ),
    ),
    Defect(
        **_OF,
        call="paddle.nn.functional.relu(paddle.to_tensor([float('nan')]))",
        got="[0]",
        expected="[nan]",
        confirmed="IEEE 754-2019, section 6.2: a NaN is propagated",
        link="https://github.com/PaddlePaddle/Paddle/issues/79351",
        seen=(
            Seen("RELU-NAN", {"z": np.array([np.nan])}, covers_call=_IS_NAN["relu"]),
            Seen(
                "MLP-NAN",
                {"network": (np.zeros((3, 1)), [(np.array([[1.0]]), np.array([1.0]))], ["relu"])},
                covers_call=_IS_NAN["mlp"],
            ),
            Seen(
                "GRAD-NAN",
                {
                    "training": (
                        np.zeros((1, 1)),
                        np.zeros((1, 1)),
                        [(np.ones((1, 1)), np.ones(1))] * 2,
                        ["relu", "identity"],
                        "mean_squared_error",
                    )
                },
                covers_call=_has_a_relu_of_nan,
            ),
        ),
    ),
    Defect(
        **_OF,
        call="paddle.optimizer.RMSProp(0.1, rho=0.9, epsilon=0.0, parameters=[p]).step()  # p float64, 1, gradient 1",
        got="0.68377227; Adamax gives 0.89999998, Momentum and Adagrad are 1e-8 off as well",
        expected="0.68377223; 0.9",
        confirmed="exact arithmetic; momentum, decays and eps are float32 whatever the parameter is",
        link=NOT_REPORTED,
        seen=(
            *_steps("SGD"),
            _steps("ADAGRAD")[1],
            _steps("RMSPROP")[0],
            Seen("RMSPROP-PATH", {"path": a_path([0.0, 0.1], eps=1e-8)}, _loses_digits),
            *_steps("ADAMAX"),
        ),
    ),
    Defect(
        **_OF,
        call="paddle.optimizer.SGD(0.1, parameters=[p, q]).step()  # p float32, q float64, both 0, gradients 1",
        got="q is -0.10000000149",
        expected="-0.1",
        confirmed="exact arithmetic; the learning rate has the dtype of the first parameter",
        link=NOT_REPORTED,
        seen=(
            Seen(
                "STEP-MIXED",
                {"descent": ([np.zeros(1, np.float32), np.zeros(1)], [np.ones(1, np.float32), np.ones(1)], 0.1)},
                covers_call=_of_float64,
            ),
        ),
    ),
    Defect(
        **_OF,
        call="paddle.optimizer.Adam(0.01, parameters=[p]).step()  # p float32, gradients 0, 0 and 0.1",
        got="7 times what rounding explains off",
        expected="a step within the rounding errors of float32",
        confirmed="exact arithmetic; 1 - beta_2^t is computed in float32",
        link=NOT_REPORTED,
        seen=(Seen("ADAM-PATH", {"path": a_path([0.0, 0.0, 0.1], eps=1e-8)}, slow_mean),),
    ),
    Defect(
        **_OF,
        call="paddle.nn.functional.cross_entropy(paddle.zeros([1, 2]), paddle.to_tensor([4294967296]))",
        got="0.693: the label is taken for 0",
        expected="an exception, as for the label 2",
        confirmed="exact: 2^32 is no class; the label is cut off to 32 bits",
        link=NOT_REPORTED,
        seen=(Seen("LOGITS-LABELS", {"batch": (np.zeros((3, 2)), np.array([1, 2**32, 0]))}, covers_call=_is_cut_off),),
    ),
    Defect(
        **_OF,
        call="paddle.nn.functional.mse_loss(paddle.to_tensor([0], 'int32'), paddle.to_tensor([65536], 'int32'))",
        got="0",
        expected="4294967296",
        confirmed="exact arithmetic",
        link=NOT_REPORTED,
        seen=(
            Seen(
                "MSE-INTEGER",
                {"batch": (np.array([0], np.int32), np.array([65536], np.int32))},
                covers_call=whole_numbers,
            ),
        ),
    ),
    Defect(
        **_OF,
        call="paddle.optimizer.SGD(1.0, parameters=[p]).step()  # p of shape (2,), its gradient of shape (2, 2)",
        got="a step",
        expected="an exception",
        confirmed="exact: a gradient has the shape of its parameter",
        link=NOT_REPORTED,
        seen=(Seen("STEP-SHAPES", {"descent": PARAMETER}, covers_call=unlike),),
    ),
    Defect(
        **_OF,
        call="F.cross_entropy(paddle.ones([3, 1]), paddle.ones([3]), soft_label=True, use_softmax=False)",
        got="a loss",
        expected="an exception",
        confirmed="its documentation: a soft label has the shape of the input",
        link=NOT_REPORTED,
        seen=(Seen("CE-SHAPES", {"shapes": ((3, 1), (3,))}),),
    ),
    Defect(
        **_OF,
        call="paddle.nn.functional.mse_loss(paddle.zeros([3]), paddle.to_tensor([[1.0], [2.0], [3.0]]))",
        got="4.667: the two are broadcast",
        expected="an exception",
        confirmed="its documentation: the label has the shape of the input",
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
        **_OF,
        call="paddle.optimizer.Adamax(0.1, epsilon=0.01, parameters=[p]).step()  # twice, with a gradient of 1",
        got="the second norm is max(0.999 * 1 + 0.01, 1) = 1.009",
        expected="1, or 1.01 or the like where a published rule puts eps",
        confirmed="its documentation: the norm is max(beta2 * norm + epsilon, |grad|)",
        link="https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/optimizer/Adamax_en.html",
        kind=BY_DESIGN,
        seen=(Seen("ADAMAX-PATH", {"path": a_path([1.0, 1.0], eps=0.01)}, lambda path: path["eps"] > 1e-20),),
    ),
    Defect(
        **_OF,
        call="paddle.nn.functional.cross_entropy(paddle.zeros([2, 2]), paddle.to_tensor([0, -100]))",
        got="the loss of the first example",
        expected="an exception",
        confirmed="its documentation: -100 is the default ignore_index",
        link="https://www.paddlepaddle.org.cn/documentation/docs/en/api/paddle/nn/functional/cross_entropy_en.html",
        kind=BY_DESIGN,
        seen=(
            Seen("LOGITS-LABELS", {"batch": (np.zeros((2, 2)), np.array([0, -100]))}, covers_call=_ignores),
            Seen("GRAD-LABELS", {**LABELLED, "beyond": -100}, lambda training, at, beyond: beyond == -100),
        ),
    ),
    Defect(
        **_OF,
        call="paddle.nn.functional.binary_cross_entropy(paddle.to_tensor([0.5]), paddle.to_tensor([2.0]))",
        got="0.693; a negative loss of soft labels for the prediction 2",
        expected="an exception or nan",
        confirmed="exact: 2 is no probability; its losses check no labels",
        link=NOT_REPORTED,
        kind=BY_DESIGN,
        seen=(
            Seen("BCE-TARGETS", {"batch": (np.float32([0.5]), np.float32([0.0])), "at": 0}),
            Seen("CE-TARGETS", {"batch": (np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])), "at": 0}),
            Seen("CE-DOMAIN", {"batch": (np.array([[0.5, 0.5]]), np.array([[1.0, 0.0]])), "at": 0}),
        ),
    ),
)
