"""Whether a composed function is wrong by its activation alone: then the activation's own clauses have said it already.

In go failing calls of a neuron, a logistic regression or a network; out come the activations that explain all of them,
or none. A call is explained where its value is within its bound once the implementation's own activation, called at
the reference's pre-activations, takes the place of the reference's. The bound is that of the call, so that a neuron
with a fault of its own beside its sigmoid's is not explained. What would break this: a bound that grew with the
activation's error.

A wrong activation may be rough: where sigmoid loses its digits, neighbouring arguments give values that differ by more
than the bound, and the implementation's own pre-activation is a neighbour of the reference's. So the last activation
is called at several numbers within the bound of the pre-activation, and any value counts that lies among its answers,
or as far beside them as they lie apart. Where the activation is smooth, the bound allows as much anyway.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

import reference
from impls.calling import Caller, CallFailed, Request
from tests.harness.judging import comparison
from tests.harness.judging.exact import in_float64
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.structure import checked
from tests.harness.judging.subject import dtype_of
from tests.harness.judging.trial import Made, Seen

Layers = tuple[Any, Sequence[Any], Sequence[str]]


def _of_a_neuron(x: Any, w: Any, b: Any = 0.0) -> Layers:
    return x, [(np.atleast_2d(w), np.atleast_1d(b))], ["sigmoid"]


LAYERS: Mapping[str, Callable[..., Layers]] = {
    "neuron": _of_a_neuron,
    "logistic_regression": _of_a_neuron,
    "mlp": lambda x, theta, activations: (x, theta, activations),
}
"""How each composed function is written as layers with activations."""
ELEMENTWISE = ("sigmoid", "tanh", "relu")
PARTS_OF_THE_BOUND = (0.0, -1.0, -0.7, -0.4, -0.15, 0.15, 0.4, 0.7, 1.0)
"""Where the last activation is called, in bounds of its argument."""


def explaining(
    function: str,
    failing: Sequence[Seen],
    caller: Caller,
    offers: Sequence[str],
    bound: Callable[..., Any],
    declared: Sequence[str] = (),
) -> tuple[str, ...]:
    """The activations, of those that the implementation ``offers``, that explain every failure; none where one stays.

    bound: gives the bound of a function, named first, at the arguments of a call. declared: the activations of its
    ``network``, which is an mlp with these.
    """
    if function == "network":
        as_mlp = [
            replace(seen, shown=[_as_mlp(made, declared) for made in seen.shown if made.function == "network"])
            for seen in failing
        ]
        return explaining("mlp", as_mlp, caller, offers, bound)
    if function not in LAYERS:
        return ()
    used: dict[str, None] = {}
    for seen in failing:
        calls = [made for made in seen.shown if made.function == function and made.value is not None]
        if not isinstance(seen.fault, Nonconformance) or not calls:
            return ()
        for made in calls:
            x, theta, activations = LAYERS[function](*in_float64(made.arguments))
            own = [name for name in activations if name in offers]
            if not own or not _explains(made, x, theta, activations, own, caller, bound):
                return ()
            used |= dict.fromkeys(own)
    return tuple(used)


def _as_mlp(made: Made, activations: Sequence[str]) -> Made:
    return made._replace(function="mlp", arguments=(*made.arguments, activations))


def _explains(
    made: Made,
    x: Any,
    theta: Sequence[Any],
    activations: Sequence[str],
    own: Sequence[str],
    caller: Caller,
    bound: Callable[..., Any],
) -> bool:
    """Whether the value of the call is right with the own activations in the place of the formula's."""
    dtype = dtype_of(made.arguments) or "float64"
    h, value = x, np.asarray(made.value)

    def answered(name: str, *arguments: np.ndarray) -> list[np.ndarray]:
        answers = caller.ask([Request(name, (z.astype(dtype),)) for z in arguments]).answers
        for answer in answers:
            if answer.failure is not None:
                raise answer.failure
        return [np.asarray(in_float64(checked(name, answer.value))) for answer in answers]

    try:
        for at, (layer, name) in enumerate(zip(theta, activations, strict=True), 1):
            z = reference.linear(h, *layer)
            if name not in own:
                h = z if name == "identity" else getattr(reference, name)(z)
                continue
            if at == len(theta) and name in ELEMENTWISE:
                reach = bound("linear", *(np.asarray(one, dtype) for one in (h, *layer))).bound
                around = [z + part * np.where(np.isfinite(reach), reach, 0) for part in PARTS_OF_THE_BOUND]
                h = _nearest(value.reshape(z.shape), answered(name, *around))
            else:
                (h,) = answered(name, z)
        h = h if np.shape(h) == value.shape else h[..., 0]
        comparison.within(made.value, h, bound(made.function, *made.arguments, **made.options))
    except (Nonconformance, CallFailed, ValueError, IndexError, TypeError):
        return False
    return True


def _nearest(value: np.ndarray, answers: Sequence[np.ndarray]) -> np.ndarray:
    """What lies nearest to the value, of all between the answers and as far beside them as they lie apart.

    Where the value is NaN, that is the first answer.
    """
    lowest, highest = np.min(answers, axis=0), np.max(answers, axis=0)
    apart = highest - lowest
    return np.where(np.isnan(value), answers[0], np.clip(value, lowest - apart, highest + apart))
