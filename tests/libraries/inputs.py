"""Examples and predicates that several entries share: which inputs a defect reaches, and one that shows it.

The arrays of the examples are float32 and int32, which every library has.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

import reference

OPTIMISERS = ("SGD", "ADAGRAD", "RMSPROP", "ADAM", "ADAMAX")

LAYER = np.zeros((1, 1), np.float32), np.zeros((1, 1), np.float32), np.zeros(1, np.float32)
NEURON = np.zeros((1, 1), np.float32), np.zeros(1, np.float32), 0.0
UPDATE: Mapping[str, Any] = {
    "because": "",
    "theta": [np.zeros(2, np.float32)],
    "grad": [np.ones(2, np.float32)],
    "signed": [np.ones(2, np.float32)],
    "positive": [np.ones(2, np.float32)],
    "step": 0,
    "lr": 0.1,
    "momentum": 0.9,
    "betas": (0.9, 0.999),
    "eps": 1e-30,
}
"""What an optimiser is asked: one parameter of two elements."""


def one_layer(y: np.ndarray, loss: str, outputs: int = 1, activation: str = "identity") -> tuple[Any, ...]:
    """What gradients are asked: a network of one layer, with one input, whose parameters are 0 and 1."""
    layer = np.zeros((outputs, 1), np.float32), np.ones(outputs, np.float32)
    return np.zeros((len(y), 1), np.float32), y, [layer], [activation], loss


PARAMETER = [np.zeros(2, np.float32)], [np.zeros(2, np.float32)], 1.0
"""What a descent step is asked."""
WHOLE_PARAMETER = [np.zeros(2, np.int32)], [np.array([0, 1], np.int32)], 0.5

LABELLED = {"training": one_layer(np.zeros(1, np.int32), "cross_entropy_with_logits", 2), "at": 0}
"""GRAD-LABELS, without the wrong label."""


def three_targets(loss: str) -> tuple[Any, ...]:
    """GRAD-BROADCAST: targets of three examples, of which one is taken for all."""
    return one_layer(
        np.ones((3, 1), np.float32), loss, activation="sigmoid" if loss == "binary_cross_entropy" else "identity"
    )


def wrong_labels(z: np.ndarray, labels: np.ndarray) -> bool:
    """Whether a label names no class, for a call of ``cross_entropy_with_logits``."""
    return bool(((labels < 0) | (labels >= z.shape[-1])).any())


def impossible(labels: np.ndarray, k: int) -> bool:
    """The same for a call of ``one_hot``."""
    return bool(((labels < 0) | (labels >= k)).any())


def unlike(theta: Sequence[np.ndarray], grad: Sequence[np.ndarray], *rest: Any, **options: Any) -> bool:
    """Whether gradients or state of a step are not those of its parameters."""
    state = [entry for one in rest if isinstance(one, dict) for key, entry in one.items() if key != "step"]
    return any([np.shape(one) for one in arrays] != [one.shape for one in theta] for arrays in (grad, *state))


def more_than_a_dtype_counts(labels: np.ndarray, k: int) -> bool:
    """Whether a class number of ``one_hot`` does not fit the dtype of the labels."""
    return labels.dtype.kind in "iu" and k - 1 > np.iinfo(labels.dtype).max


def wraps(z: np.ndarray, *rest: Any) -> bool:
    """Whether z - max z leaves the integer dtype of z."""
    if z.dtype.kind not in "iu":
        return False
    whole = z.astype(object)
    return bool((whole - whole.max(axis=-1, keepdims=True) < np.iinfo(z.dtype).min).any())


def whole_numbers(*arguments: Any, **options: Any) -> bool:
    """Whether an array among the arguments, or in a list of them, is of an integer dtype."""
    arrays = [one for entry in arguments for one in (entry if isinstance(entry, list | tuple) else [entry])]
    return any(np.asarray(one).dtype.kind in "iu" for one in arrays if isinstance(one, np.ndarray))


def slow_mean(path: Mapping[str, Any]) -> bool:
    """Whether 1 - beta_2 loses digits in float32, for steps from no state."""
    return bool(path["betas"][1] > 0.9)


def slow_mean_of(update: Mapping[str, Any], **others: Any) -> bool:
    """The same for one step."""
    return slow_mean(update)


def resting(parameters: int) -> dict[str, Any]:
    """A step with gradients of 0, of so many parameters of two elements each, in float32."""
    means = [np.array([0.0, 0.1], np.float32)] * parameters
    zeros = [np.zeros(2, np.float32)] * parameters
    return {**UPDATE, "theta": zeros, "grad": zeros, "signed": means, "positive": means, "eps": 1e-8}


def a_path(grads: Sequence[float], dtype: str = "float32", **options: Any) -> dict[str, Any]:
    """Steps from no state, of one parameter of one element, with these gradients."""
    arrays = [[np.array([one], dtype)] for one in grads]
    return {**UPDATE, "theta": [np.zeros(1, dtype)], "grad": arrays[0], "grads": arrays, **options}


def by_elements(reached: Callable[[np.ndarray], np.ndarray], activation: str) -> dict[str, Callable[..., Any]]:
    """By function, which elements of its result are of an activation whose argument is ``reached``.

    For a network these are the rows in which an argument of that activation is reached.
    """

    def of_an_activation(z: np.ndarray) -> np.ndarray:
        return reached(np.asarray(z, np.float64))

    def of_a_neuron(x: np.ndarray, w: np.ndarray, b: float = 0.0) -> np.ndarray:
        return reached(np.asarray(x, np.float64) @ np.asarray(w, np.float64) + b)

    def of_a_network(x: np.ndarray, theta: Sequence[Any], activations: Sequence[str]) -> bool:
        h, found = np.asarray(x, np.float64), False
        for (W, b), name in zip(theta, activations, strict=True):
            z = h @ np.asarray(W, np.float64).T + np.asarray(b, np.float64)
            found |= name == activation and bool(reached(z).any())
            h = z if name == "identity" else np.asarray(getattr(reference, name)(z))
        return found

    return {
        activation: of_an_activation,
        "neuron": of_a_neuron,
        "logistic_regression": of_a_neuron,
        "mlp": of_a_network,
    }
