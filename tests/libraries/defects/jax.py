"""JAX, and optax, whose losses and optimisers stand for those that JAX has not."""

import numpy as np

from tests.libraries.defect import BY_DESIGN, NOT_REPORTED, Defect, Seen
from tests.libraries.inputs import (
    LABELLED,
    OPTIMISERS,
    PARAMETER,
    UPDATE,
    WHOLE_PARAMETER,
    a_path,
    impossible,
    more_than_a_dtype_counts,
    resting,
    slow_mean,
    slow_mean_of,
    three_targets,
    unlike,
    whole_numbers,
    wraps,
    wrong_labels,
)

_BOTH = ("jax_float32", "jax_float64")
_JAX = {"adapters": _BOTH, "library": "jax", "versions": ">=0.10,<0.11"}
_OPTAX = {"adapters": _BOTH, "library": "optax", "versions": ">=0.2.8,<0.3"}

_FIRST = np.array([0], np.int32)
_WRONG_LABELS = np.zeros((3, 2), np.float32), np.array([1, -1, 0], np.int32)


def _is_far_from_0(z: np.ndarray, labels: np.ndarray) -> bool:
    """Beside the logits the normaliser is so small that their dtype holds few digits of it."""
    finite = z[np.isfinite(z)]
    return bool(finite.size and np.abs(finite).max() >= 16)


DEFECTS = (
    Defect(
        **_JAX,
        call="jax.nn.one_hot(jnp.array([44], jnp.uint8), 1000).nonzero()[1]",
        got="[44, 300, 556, 812]",
        expected="[44]",
        confirmed="exact: a label is one class",
        link=NOT_REPORTED,
        seen=(Seen("ONEHOT-INDEX", {"encoding": (_FIRST, 300)}, covers_call=more_than_a_dtype_counts),),
    ),
    Defect(
        **_JAX,
        call="jax.nn.softmax(jnp.array([1, 0], jnp.uint8))",
        got="[0, nan]; of int8 [-100, 100] it is [1, 4.8e-25]",
        expected="[0.7311, 0.2689]; [0, 1]",
        confirmed="mpmath at 50 digits",
        link=NOT_REPORTED,
        seen=(Seen("SOFTMAX-INTEGER", {"z": np.array([1, 0], np.uint8)}, covers_call=wraps),),
    ),
    Defect(
        **_OPTAX,
        call="optax.softmax_cross_entropy_with_integer_labels(jnp.array([[1e7, 1e7]]), jnp.array([0]))",
        got="[1.0]",
        expected="[0.6931]",
        confirmed="exact: log 2",
        link="https://github.com/google-deepmind/optax/pull/1792",
        seen=(
            Seen("LOGITS-OFFSET", {"batch": (np.array([[1e7, 1e7]], np.float32), _FIRST)}, covers_call=_is_far_from_0),
            Seen("LOGITS-SPREAD", {"batch": (np.array([[1e7, 1e7]], np.float32), _FIRST)}, covers_call=_is_far_from_0),
            Seen("LOGITS-ENDS", {"row": [1, 1]}, covers_call=_is_far_from_0),
        ),
    ),
    Defect(
        **_OPTAX,
        call="optax.softmax_cross_entropy_with_integer_labels(jnp.float16([[-9.375, -12.5]]), jnp.array([0]))",
        got="[0.0469]",
        expected="[0.0430]",
        confirmed="mpmath at 50 digits; a sum of exponentials in half precision costs a small loss its digits",
        link="https://github.com/google-deepmind/optax/issues/1020",
        seen=(Seen("LOGITS-CONFIDENT", {"batch": (np.array([[-9.375, -12.5]], np.float32), _FIRST)}),),
    ),
    Defect(
        **_OPTAX,
        call="optax.softmax_cross_entropy_with_integer_labels(jnp.array([[0., 5.]]), jnp.array([-1]))",
        got="[0.0067]: -1 is the last class",
        expected="an exception or nan, as for the label 2",
        confirmed="its documentation: labels lie between 0 and num_classes - 1",
        link="https://github.com/google-deepmind/optax/issues/1185",
        seen=(
            Seen("LOGITS-LABELS", {"batch": _WRONG_LABELS}, covers_call=wrong_labels),
            Seen("GRAD-LABELS", {**LABELLED, "beyond": -1}),
        ),
    ),
    Defect(
        **_OPTAX,
        call="optax.softmax_cross_entropy_with_integer_labels(jnp.zeros((3, 2)), jnp.array([1]))",
        got="three losses",
        expected="an exception",
        confirmed="its documentation: labels have the shape [batch_size]",
        link=NOT_REPORTED,
        seen=(Seen("LOGITS-SHAPES", {"shapes": ((3, 2), (1,))}),),
    ),
    Defect(
        **_OPTAX,
        call="optax.apply_updates([jnp.zeros(2)], [jnp.ones((2, 2))])[0].shape",
        got="(2, 2)",
        expected="an exception",
        confirmed="its documentation: the shape of the updates must match that of the parameters",
        link=NOT_REPORTED,
        seen=(
            Seen("STEP-SHAPES", {"descent": PARAMETER}, covers_call=unlike),
            *(Seen(f"{rule}-SHAPES", {"update": UPDATE}, covers_call=unlike) for rule in OPTIMISERS),
        ),
    ),
    Defect(
        **_JAX,
        call="jax.nn.one_hot(jnp.array([3]), 3)",
        got="[[0, 0, 0]]",
        expected="an exception",
        confirmed="its documentation: indices outside the range are encoded as zeros",
        link="https://docs.jax.dev/en/latest/_autosummary/jax.nn.one_hot.html",
        kind=BY_DESIGN,
        seen=(Seen("ONEHOT-LABELS", {"encoding": (_FIRST, 3), "at": 0}, covers_call=impossible),),
    ),
    Defect(
        **_OPTAX,
        call="optax.apply_updates([jnp.array([0])], [jnp.array([-0.5])])",
        got="[0]",
        expected="[-0.5]",
        confirmed="its documentation: updated parameters have the type of the parameters",
        link="https://optax.readthedocs.io/en/latest/api/apply_updates.html",
        kind=BY_DESIGN,
        seen=(Seen("STEP-INTEGER", {"descent": WHOLE_PARAMETER}, covers_call=whole_numbers),),
    ),
    Defect(
        **_OPTAX,
        call="optax.sigmoid_binary_cross_entropy(jnp.zeros((3, 1)), jnp.ones((1, 1))).shape",
        got="(3, 1)",
        expected="an exception",
        confirmed="its documentation warns of implicit broadcasting",
        link="https://optax.readthedocs.io/en/latest/api/losses.html",
        kind=BY_DESIGN,
        seen=(
            Seen(
                "GRAD-BROADCAST",
                {"training": three_targets("binary_cross_entropy")},
                covers_call=lambda x, y, theta, activations, loss: loss == "binary_cross_entropy",
            ),
        ),
    ),
    Defect(
        **{**_OPTAX, "adapters": ("jax_float32",)},
        call="optax.tree.bias_correction(jnp.float32(0.001), 0.999, 1)",
        got="1.0000129: 1 - beta_2 is computed in float32, and a step of Adam is as far off",
        expected="1.0",
        confirmed="exact arithmetic: 0.001 / (1 - 0.999)",
        link=NOT_REPORTED,
        seen=(
            *(
                Seen(f"ADAM-{suffix}", {"update": resting(1)}, slow_mean_of)
                for suffix in ("EPS", "DTYPE", "MIXED", "NDIM")
            ),
            Seen("ADAM-LAYOUT", {"update": resting(1), "mix": (0, 0)}, slow_mean_of),
            Seen("ADAM-NAN", {"update": resting(2)}, slow_mean_of),
            Seen("ADAM-PATH", {"path": a_path([0.0, 0.0, 0.1], eps=1e-8)}, slow_mean),
        ),
    ),
    Defect(
        **_JAX,
        call="jnp.log1p(jnp.float64(-0.414))  # with jax_enable_x64",
        got="-0.5344354894051104",
        expected="-0.5344354894051044",
        confirmed="mpmath at 50 digits",
        link="https://github.com/jax-ml/jax/issues/39707",
        seen=(),
    ),
)
