"""Habits of layout, dtype, integers, NaN and purity, which befall every function that has a clause about them."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np

import reference
from tests.harness.spec.clauses import CLAUSES
from tests.mistakes import operators as of
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


def named(*names: str) -> dict[str, tuple[int, of.Chosen]]:
    """The arguments of these names, in this order."""
    return {name: (at, of.everywhere) for at, name in enumerate(names)}


def layers(at: int) -> dict[str, tuple[int, of.Chosen]]:
    return {"the weights": (at, is_matrix), "the biases": (at, is_vector)}


def called(parameters: Sequence[str]) -> list[str]:
    """Words for the arguments of a function of which nothing better is said below."""
    return ["its argument"] if len(parameters) == 1 else [f"its argument {name}" for name in parameters]


STEP = named("the parameters", "the gradients", "its state")
NETWORK = named("the examples", "the parameters")
ARGUMENTS: Mapping[str, Mapping[str, tuple[int, of.Chosen]]] = {
    **{name: named(*called(parameters)) for name, parameters in reference.PARAMETERS.items()},
    "one_hot": named("the labels"),
    **{
        name: named("the predictions", "the targets")
        for name in ("binary_cross_entropy", "cross_entropy", "mean_squared_error")
    },
    "cross_entropy_with_logits": named("the logits", "the labels"),
    "linear": named("the examples", "the weights", "the biases"),
    "neuron": named("the examples", "the weights"),
    "logistic_regression": named("the examples", "the parameters"),
    "mlp": named("the examples") | layers(1),
    "collapse_linear": named("the first weights", "the first biases", "the second weights", "the second biases"),
    "gradient_descent_step": named("the parameters", "the gradients"),
    "mlp_gradients": named("the examples", "the targets") | layers(2),
    **dict.fromkeys(("sgd_step", "adagrad_step", "rmsprop_step", "adam_step", "adamax_step"), STEP),
    "network": NETWORK,
    "fit": named("the data", "the targets"),
    "predict": named("the data", "the parameters"),
}
"""What an author may treat differently: by function and name, the argument's number and which of its arrays."""

VECTORS = {"the biases", "the first biases", "the second biases", "the labels"}
OF_VECTORS = ("neuron", "logistic_regression", "fit", "predict")
LOSSES = ("BCE", "CE", "LOGITS", "MSE")
NOT_ASKED: Mapping[str, set[str]] = {
    "gives float64 whatever it is given": {f"{loss}-DTYPE" for loss in LOSSES},  # a loss may be a Python number
    "gives float32 whatever it is given": {f"{loss}-DTYPE" for loss in LOSSES},
    "gives up the whole result for one NaN": {
        "LOGITS-NAN",
        "MSE-NAN",
        "GRAD-NAN",
    },  # a loss is one number, and all gradients are NaN
    "gives the result the dtype of its argument, whose integers cut it off": {
        "LINEAR-INTEGER",  # as products wrap
        *(_targets := {"BCE-INTEGER", "CE-INTEGER"}),  # whose integers are targets, 0 and 1
    },
    "steps forward through the targets where a reversed view runs backward": {f"{loss}-LAYOUT" for loss in LOSSES},
    "takes a NaN for 0": {"RELU-NAN"},  # as the bug that it replicates
    "takes a NaN with its sign bit set for 0": {"RELU-NAN"},  # as one that looks at the sign bit alone
    "has one work space for all results and gives views of it": {f"{loss}-PURE" for loss in LOSSES},
    "keeps one byte of each integer": _targets,
    "takes unsigned integers for signed ones": _targets | {"MLP-INTEGER"},  # where an integer has one byte
}
"""By habit, the clauses that leave it open, or whose examples do not reach it."""


def befall(suffix: str, habits: Callable[[str], Mapping[str, of.Function | Wrong]]) -> None:
    """Record the habits of each function that has a clause of that name, which is their family's as well."""
    for clause in CLAUSES.values():
        if clause.id.endswith(f"-{suffix}"):
            found = habits(clause.function).items()
            asked = {what: wrong for what, wrong in found if clause.id not in NOT_ASKED.get(what, ())}
            record({clause.id: asked}, family=suffix.lower())


def in_the_order_of_memory(array: np.ndarray) -> np.ndarray:
    return array.ravel(order="K").reshape(array.shape)


def stepping_forward(array: np.ndarray) -> np.ndarray:
    return array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]


def writable_only(array: np.ndarray) -> np.ndarray:
    if not array.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return array


def of_layout(function: str) -> Mapping[str, of.Function | Wrong]:
    found: dict[str, of.Function | Wrong] = {}
    for name, (at, chosen) in ARGUMENTS[function].items():

        def reading(change: of.Change, at: int = at, chosen: of.Chosen = chosen) -> of.Function:
            return of.of_changed_arguments(change, chosen, at)(RIGHT[function])

        contiguous = reading(of.as_if_contiguous)
        found[f"reads {name} as if the elements of a view lay one after the other"] = Wrong(
            lambda contiguous=contiguous: contiguous, "pytorch#80006"
        )
        found[f"steps forward through {name} where a reversed view runs backward"] = reading(stepping_forward)
        if name == "the examples" or (name not in VECTORS and function not in OF_VECTORS):
            in_order = reading(in_the_order_of_memory)
            found[f"takes {name} in the order of memory"] = Wrong(lambda f=in_order: f, "pytorch PR51713")
    written_to = of.of_changed_arguments(writable_only)(RIGHT[function])
    return found | {"borrows the memory of its arguments, which a read-only array does not allow": written_to}


def of_dtype(function: str) -> Mapping[str, of.Function]:
    f = RIGHT[function]
    return {
        "gives float64 whatever it is given": of.with_changed_result(lambda value: value.astype(np.float64))(f),
        "gives float32 whatever it is given": of.with_changed_result(lambda value: value.astype(np.float32))(f),
        "computes in float32 whatever it is given, and casts back": of.computing_in(np.float32)(f),
        "computes in half precision and casts back": of.computing_in(np.float16)(f),
    }


def of_integers(function: str) -> Mapping[str, of.Function]:
    f, integers = RIGHT[function], of.of_kind("iu")
    signed = of.of_changed_arguments(lambda array: array.view(array.dtype.str.replace("u", "i")), integers)
    return {
        "gives the result the dtype of its argument, whose integers cut it off": of.result_like_the_first_argument(f),
        "keeps one byte of each integer": of.of_changed_arguments(lambda array: array.astype(np.int8), integers)(f),
        "takes unsigned integers for signed ones": signed(f),
    }


def zero_for_nan(seen: Callable[[int], Any]) -> Callable[..., of.Function]:
    """NaN becomes 0 but in the places that are ``seen`` of so many."""
    return of.of_changed_arguments(
        lambda a: np.where(np.isnan(a) & ~(np.arange(a.size) == seen(a.size)).reshape(a.shape), a.dtype.type(0), a),
        of.of_kind("f"),
    )


def of_nan(function: str) -> Mapping[str, of.Function]:
    return {
        "takes a NaN for 0": zero_for_nan(lambda size: size)(RIGHT[function]),
        "looks for a NaN in the last place only": zero_for_nan(lambda size: size - 1)(RIGHT[function]),
        "takes a NaN with its sign bit set for 0": of.of_changed_arguments(
            lambda a: np.where(np.isnan(a) & np.signbit(a), a.dtype.type(0), a), of.of_kind("f")
        )(RIGHT[function]),
        "gives up the whole result for one NaN": of.all_lost_for_one_nan(RIGHT[function]),
    }


def of_purity(function: str) -> Mapping[str, of.Function | Wrong]:
    f = RIGHT[function]
    found: dict[str, of.Function | Wrong] = {
        "keeps one array for each shape and writes every result into it": Wrong(partial(of.buffers_by_shape, f)),
        "has one work space for all results and gives views of it": Wrong(partial(of.views_of_one_work_space, f)),
    }
    for name, (at, chosen) in ARGUMENTS[function].items():
        found[f"uses {name} as its scratch space and leaves zeros"] = of.leaving(lambda a: a.fill(0), at, chosen)(f)
        found[f"counts {name} up by 1 in place"] = of.leaving(lambda a: np.add(a, 1, out=a), at, chosen)(f)
    return found


def of_threads(function: str) -> Mapping[str, Wrong]:
    shared = partial(of.through_one_buffer, RIGHT[function])
    return {"has one scratch buffer for the calls of all threads": Wrong(shared, "onnxruntime#22554")}


for _suffix, _habits in {
    "LAYOUT": of_layout,
    "DTYPE": of_dtype,
    "INTEGER": of_integers,
    "NAN": of_nan,
    "PURE": of_purity,
    "THREADS": of_threads,
}.items():
    befall(_suffix, _habits)
