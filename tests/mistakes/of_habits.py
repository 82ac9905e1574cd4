"""Habits of layout, dtype, integers, NaN and purity, which befall every function that has a clause about them."""

from collections.abc import Callable, Iterator, Mapping
from functools import partial

import numpy as np

import reference
from tests.harness.spec.clauses import CLAUSES
from tests.mistakes import operators as of
from tests.mistakes.memory import as_if_contiguous
from tests.mistakes.networks import backpropagated, linear, mlp
from tests.mistakes.registry import Wrong, record

RIGHT: Mapping[str, of.Function] = {
    **{name: getattr(reference, name) for name in reference.FUNCTIONS},
    "linear": linear,
    "mlp": mlp,
    "mlp_gradients": backpropagated,
}
"""What the habits befall: by function, a right one that does not check what a habit may do."""


def is_matrix(array: np.ndarray) -> bool:
    return array.ndim > 1


def is_vector(array: np.ndarray) -> bool:
    return array.ndim == 1


Argument = tuple[int, of.Chosen]
TWO = {"the predictions": (0, of.everywhere), "the targets": (1, of.everywhere)}
STEPS: dict[str, Argument] = {
    "the parameters": (0, of.everywhere),
    "the gradients": (1, of.everywhere),
    "its state": (2, of.everywhere),
}
LAYERS: dict[str, Argument] = {"the weights": (1, is_matrix), "the biases": (1, is_vector)}
NETWORK: dict[str, Argument] = {"the examples": (0, of.everywhere), **LAYERS}
MODULE: dict[str, Argument] = {"the examples": (0, of.everywhere), "the parameters": (1, of.everywhere)}
GRADIENT: dict[str, Argument] = {
    "the examples": (0, of.everywhere),
    "the targets": (1, of.everywhere),
    "the weights": (2, is_matrix),
    "the biases": (2, is_vector),
}
ARGUMENTS: Mapping[str, Mapping[str, Argument]] = {
    **dict.fromkeys(("sigmoid", "tanh", "relu", "softmax"), {"its argument": (0, of.everywhere)}),
    "one_hot": {"the labels": (0, of.everywhere)},
    **dict.fromkeys(("binary_cross_entropy", "cross_entropy", "mean_squared_error"), TWO),
    "cross_entropy_with_logits": {"the logits": (0, of.everywhere), "the labels": (1, of.everywhere)},
    "linear": {"the examples": (0, of.everywhere), "the weights": (1, is_matrix), "the biases": (2, is_vector)},
    "neuron": {"the examples": (0, of.everywhere), "the weights": (1, of.everywhere)},
    "logistic_regression": {"the examples": (0, of.everywhere), "the parameters": (1, of.everywhere)},
    "mlp": NETWORK,
    "collapse_linear": {
        "the first weights": (0, of.everywhere),
        "the first biases": (1, of.everywhere),
        "the second weights": (2, of.everywhere),
        "the second biases": (3, of.everywhere),
    },
    "gradient_descent_step": {"the parameters": (0, of.everywhere), "the gradients": (1, of.everywhere)},
    "mlp_gradients": GRADIENT,
    **dict.fromkeys(("sgd_step", "adagrad_step", "rmsprop_step", "adam_step", "adamax_step"), STEPS),
    **dict.fromkeys(("regression_module", "binary_module", "multiclass_module"), MODULE),
}
"""The arrays that an author may treat differently: by function and name, the argument's number and which of its arrays."""

ALWAYS_VECTORS = {"the biases", "the first biases", "the second biases", "the labels"}


def clauses_about(suffix: str) -> Iterator[tuple[str, str]]:
    """The id of each clause of that name, and its function."""
    for clause in CLAUSES.values():
        if clause.id.endswith(f"-{suffix}"):
            yield clause.id, clause.function


def befall(suffix: str, family: str, habits: Callable[[str], Mapping[str, of.Function | Wrong]]) -> None:
    """Record the habits of each function that has a clause of that name."""
    for id, function in clauses_about(suffix):
        excused = {what for whats, ids in NOT_ASKED.items() if id in ids for what in whats}
        record({id: {what: wrong for what, wrong in habits(function).items() if what not in excused}}, family)


NOT_ASKED: Mapping[tuple[str, ...], tuple[str, ...]] = {
    ("gives float64 whatever it is given", "gives float32 whatever it is given"): (
        *("BCE-DTYPE", "CE-DTYPE", "LOGITS-DTYPE", "MSE-DTYPE"),  # a loss may be a Python number
    ),
    ("gives up the whole result for one NaN",): ("LOGITS-NAN", "MSE-NAN"),  # a loss is one number
    ("looks for a NaN in the last place only",): ("MLP-NAN",),
    ("keeps one byte of each integer", "takes unsigned integers for signed ones"): (
        *("LINEAR-INTEGER", "NEURON-INTEGER", "LOGREG-INTEGER", "MLP-INTEGER", "COLLAPSE-INTEGER", "STEP-INTEGER"),
    ),
}
"""Habits that clauses leave open, or that the drawn integers do not reach."""


def of_layout(function: str) -> dict[str, of.Function | Wrong]:
    found: dict[str, of.Function | Wrong] = {}
    for name, (at, chosen) in ARGUMENTS[function].items():
        contiguous = of.of_changed_arguments(as_if_contiguous, chosen, at)(RIGHT[function])
        forward = of.of_changed_arguments(of.stepping_forward, chosen, at)(RIGHT[function])
        in_order = of.of_changed_arguments(of.in_the_order_of_memory, chosen, at)(RIGHT[function])
        found[f"reads {name} as if the elements of a view lay one after the other"] = Wrong(
            partial(_itself, contiguous), "pytorch#80006"
        )
        found[f"steps forward through {name} where a reversed view runs backward"] = forward
        if (name not in ALWAYS_VECTORS and function not in ("neuron", "logistic_regression")) or name == "the examples":
            found[f"takes {name} in the order of memory"] = Wrong(partial(_itself, in_order), "pytorch PR51713")
    written_to = of.of_changed_arguments(of.writable_only)(RIGHT[function])
    found["borrows the memory of its arguments, which a read-only array does not allow"] = written_to
    return found


def _itself(function: of.Function) -> of.Function:
    return function


def of_dtype(function: str) -> dict[str, of.Function]:
    f = RIGHT[function]
    return {
        "gives float64 whatever it is given": of.with_changed_result(lambda value: value.astype(np.float64))(f),
        "gives float32 whatever it is given": of.with_changed_result(lambda value: value.astype(np.float32))(f),
        "computes in float32 whatever it is given, and casts back": of.computing_in(np.float32)(f),
        "computes in half precision and casts back": of.computing_in(np.float16)(f),
    }


def of_integers(function: str) -> dict[str, of.Function]:
    f = RIGHT[function]
    return {
        "gives the result the dtype of its argument, whose integers cut it off": of.result_like_the_first_argument(f),
        "keeps one byte of each integer": of.of_changed_arguments(of.one_byte_of_each, of.is_integer)(f),
        "takes unsigned integers for signed ones": of.of_changed_arguments(of.as_signed, of.is_integer)(f),
    }


def of_nan(function: str) -> dict[str, of.Function]:
    f = RIGHT[function]
    return {
        "takes a NaN for 0": of.of_changed_arguments(of.nan_to_zero, of.is_floating)(f),
        "gives up the whole result for one NaN": of.all_lost_for_one_nan(f),
        "looks for a NaN in the last place only": of.of_changed_arguments(
            of.seen_in_the_last_place_only, of.is_floating
        )(f),
    }


def of_purity(function: str) -> dict[str, of.Function | Wrong]:
    f = RIGHT[function]
    found: dict[str, of.Function | Wrong] = {
        "keeps one array for each shape and writes every result into it": Wrong(of.buffers_by_shape(f)),
        "has one work space for all results and gives views of it": Wrong(of.views_of_one_work_space(f)),
    }
    for name, (at, chosen) in ARGUMENTS[function].items():
        found[f"uses {name} as its scratch space and leaves zeros"] = of.leaving(of.cleared, at, chosen)(f)
        found[f"counts {name} up by 1 in place"] = of.leaving(of.one_added, at, chosen)(f)
    return found


befall("LAYOUT", "layout", of_layout)
befall("DTYPE", "dtype", of_dtype)
befall("INTEGER", "integers", of_integers)
befall("NAN", "NaN", of_nan)
befall("PURE", "purity", of_purity)
