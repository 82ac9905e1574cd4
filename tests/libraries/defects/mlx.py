"""MLX."""

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import (
    PARAMETER,
    WHOLE_PARAMETER,
    a_path,
    by_elements,
    slow_mean,
    unlike,
    whole_numbers,
)

_ADAPTERS = ("mlx_cpu",)
_OF = {"adapters": _ADAPTERS, "library": "mlx", "versions": ">=0.32,<0.33"}

_IN_THE_TAIL = by_elements(lambda z: z < -10, "sigmoid")
_FAR_LEFT = np.array([[2.0]], np.float32), np.array([-2.9], np.float32), 0.0
"""The product of ten times the first two, the argument of the sigmoid, is rounded as well."""

DEFECTS = (
    Defect(
        **_OF,
        call="mx.sigmoid(mx.array(-38.066406))",
        got="2.937451e-17, 17 ulp off",
        expected="2.9374455e-17",
        confirmed="mpmath at 50 digits",
        link=NOT_REPORTED,
        seen=(
            Seen(
                "SIGMOID-TAILS",
                {"z": np.array([-64.696014, -92.964302], np.float32)},
                covers_call=_IN_THE_TAIL["sigmoid"],
            ),
            Seen("SIGMOID-INTEGER", {"z": np.array([-63, 0], np.int16)}, covers_call=_IN_THE_TAIL["sigmoid"]),
            Seen("SIGMOID-SWEEP", {"dtype": "float32"}, covers_call=_IN_THE_TAIL["sigmoid"]),
            Seen("LOGREG-TAILS", {"neuron": _FAR_LEFT}, covers_call=_IN_THE_TAIL["logistic_regression"]),
        ),
    ),
    Defect(
        **_OF,
        call="nn.losses.cross_entropy(mx.array([[1, 0]], dtype=mx.uint8), mx.array([0]))",
        got="[255]",
        expected="[0.313262]",
        confirmed="mpmath at 50 digits",
        link=NOT_REPORTED,
        seen=(
            Seen("LOGITS-INTEGER", {"batch": (np.array([[1, 0]], np.uint8), np.array([0]))}, covers_call=whole_numbers),
        ),
    ),
    Defect(
        **_OF,
        call="nn.losses.mse_loss(mx.array([0], dtype=mx.uint8), mx.array([16], dtype=mx.uint8))",
        got="0",
        expected="256",
        confirmed="exact arithmetic",
        link=NOT_REPORTED,
        seen=(
            Seen(
                "MSE-INTEGER", {"batch": (np.array([0], np.uint8), np.array([16], np.uint8))}, covers_call=whole_numbers
            ),
        ),
    ),
    Defect(
        **_OF,
        call="nn.losses.cross_entropy(mx.zeros((2001, 2), mx.float16) * 0 + mx.array([0, -33], mx.float16), "
        "mx.ones(2001, mx.int32), reduction='mean')",
        got="inf",
        expected="33",
        confirmed="exact: each of the losses is 33 to 15 digits; their sum leaves float16",
        link=NOT_REPORTED,
        seen=(
            Seen(
                "LOGITS-OVERFLOW",
                {"batch": (np.tile(np.float32([0.0, -33.0]), (2001, 1)), np.ones(2001, np.int64))},
            ),
        ),
    ),
    Defect(
        **_OF,
        call="nn.losses.cross_entropy(mx.array([0., 1., 2., 3.]), mx.array([1, 0, 0, 1]))",
        got="four losses",
        expected="an exception",
        confirmed="its documentation: there is one label for each row",
        link=NOT_REPORTED,
        seen=(Seen("LOGITS-SHAPES", {"shapes": ((4,), (4,))}),),
    ),
    Defect(
        **_OF,
        call="optim.SGD(1.0).apply_gradients({'w': mx.ones((2, 2))}, {'w': mx.zeros(2)})",
        got="a parameter of the shape (2, 2)",
        expected="an exception",
        confirmed="exact: a parameter keeps its shape",
        link=NOT_REPORTED,
        seen=(Seen("STEP-SHAPES", {"descent": PARAMETER}, covers_call=unlike),),
    ),
    Defect(
        **_OF,
        call="optim.SGD(0.5).apply_gradients({'w': mx.array([1])}, {'w': mx.array([0])})",
        got="[0]: the learning rate is cast to the integer dtype of the gradient",
        expected="[-0.5], or an exception",
        confirmed="exact arithmetic",
        link=NOT_REPORTED,
        seen=(Seen("STEP-INTEGER", {"descent": WHOLE_PARAMETER}, covers_call=whole_numbers),),
    ),
    Defect(
        **_OF,
        call="optim.Adam(0.1, eps=1e-30, bias_correction=True).apply_gradients({'w': mx.ones(1)}, {'w': mx.zeros(1)})",
        got="[-0.09999932], 7e-6 off",
        expected="[-0.1]",
        confirmed="exact arithmetic: the first step of Adam is the learning rate; 1 - beta_2^t is computed in float32",
        link=NOT_REPORTED,
        seen=(Seen("ADAM-PATH", {"path": a_path([1.0, 2.0], eps=1e-8)}, slow_mean),),
    ),
    Defect(
        **_OF,
        call="mx.exp(mx.array(500.0, dtype=mx.float64), stream=mx.cpu)",
        got="inf",
        expected="1.4036e+217",
        confirmed="mpmath at 50 digits; float64 is computed in float32",
        link="https://github.com/ml-explore/mlx/issues/3047",
        seen=(),
    ),
    Defect(
        **_OF,
        call="nn.losses.binary_cross_entropy(mx.array([0.5]), mx.array([2.0]), with_logits=False)",
        got="0.693",
        expected="an exception or nan",
        confirmed="exact: 2 is no probability; its losses check no values",
        link=NOT_REPORTED,
        kind=BY_DESIGN,
        seen=(Seen("BCE-TARGETS", {"batch": (np.float32([0.5]), np.float32([0.0])), "at": 0}),),
    ),
    Defect(
        **_OF,
        call="nn.losses.cross_entropy(mx.array([[0.0, 5.0]]), mx.array([2147483648]))",
        got="SIGSEGV; of label 2 whatever lies behind the logits",
        expected="an exception",
        confirmed="its documentation: an index out of range is undefined behaviour; the adapter refuses it",
        link="https://ml-explore.github.io/mlx/build/html/usage/indexing.html",
        kind=BY_DESIGN,
        seen=(),
    ),
)
