"""Training with the reference, and what is asked of the networks that come out."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

import reference

Layers = list[tuple[np.ndarray, np.ndarray]]
Gradients = Callable[..., Layers]


@dataclass(frozen=True)
class Task:
    """A network to be trained: its sizes from the inputs on, its activations, its loss."""

    sizes: tuple[int, ...]
    activations: tuple[str, ...]
    loss: str

    @classmethod
    def binary(cls, *hidden: int, activation: str = "tanh", inputs: int = 2) -> "Task":
        """A classification into two, with these hidden layers; none makes it logistic regression."""
        return cls((inputs, *hidden, 1), (*[activation] * len(hidden), "sigmoid"), "binary_cross_entropy")


def descend(
    task: Task, x: np.ndarray, y: np.ndarray, steps: int, rate: float, seed: int, functions: object = reference
) -> Iterator[Layers]:
    """The parameters after each of ``steps`` steps of Adam over the whole batch, from random ones.

    functions: what offers mlp_gradients and adam_step, the reference or another implementation.
    """
    layers = reference.initial_layers(task.sizes, seed)
    zeros = [np.zeros_like(parameter) for parameter in _flat(layers)]
    state = {"step": 0, "exp_avg": zeros, "exp_avg_sq": zeros}
    for _ in range(steps):
        gradients = functions.mlp_gradients(x, y, layers, list(task.activations), task.loss)  # type: ignore[attr-defined]
        flat, state = functions.adam_step(  # type: ignore[attr-defined]
            _flat(layers), _flat(gradients), state, lr=rate, betas=(0.9, 0.999), eps=1e-8
        )
        state["step"] = int(state["step"])
        layers = list(zip(flat[::2], flat[1::2], strict=True))
        yield layers


def trained(task: Task, x: np.ndarray, y: np.ndarray, steps: int, rate: float, seed: int) -> Layers:
    """The parameters after the last step."""
    *_, layers = descend(task, x, y, steps, rate, seed)
    return layers


def output(task: Task, layers: Layers, x: np.ndarray) -> np.ndarray:
    """What the network says."""
    return reference.mlp(x, layers, list(task.activations))


def loss(task: Task, layers: Layers, x: np.ndarray, y: np.ndarray) -> float:
    """The loss of the network on these examples."""
    return float(getattr(reference, task.loss)(output(task, layers, x), y))


def accuracy(task: Task, layers: Layers, x: np.ndarray, y: np.ndarray) -> float:
    """The share of examples whose class the network tells right."""
    said = output(task, layers, x)
    told = said.argmax(axis=1) if y.ndim == 1 else said > 0.5
    return float(np.mean(told == y))


def best_half_plane(x: np.ndarray, y: np.ndarray) -> float:
    """The largest share of points in the plane, no three of them on a line, that any straight line tells right.

    A best line can be moved until it goes through two of the points, which lie on either side as one likes.
    """
    classes = np.where(y.ravel() > 0.5, 1, -1)
    best = max(np.mean(classes == 1), np.mean(classes == -1))
    for i in range(len(x) - 1):
        along = x[i + 1 :] - x[i]
        beside = along[:, :1] * (x[:, 1] - x[i, 1]) - along[:, 1:] * (x[:, 0] - x[i, 0])
        sides = np.sign(beside)
        sides[:, i] = 0
        sides[np.arange(len(along)), np.arange(i + 1, len(x))] = 0
        agreement = (sides * classes).sum(axis=1)
        # Either side may be the one of class 1; the two points on the line are told right in any case, by tilting it.
        right = (np.abs(agreement) + len(x) - 2) / 2 + 2
        best = max(best, float(right.max()) / len(x))
    return best


def separation(x: np.ndarray, y: np.ndarray) -> np.ndarray | None:
    """(w, b) with y(w.x + b) >= 1 for all points, y being -1 and 1; None where there is none: a linear programme."""
    from scipy.optimize import linprog

    rows = np.where(y.ravel() > 0.5, 1.0, -1.0)[:, None] * np.column_stack([x, np.ones(len(x))])
    found = linprog(np.zeros(rows.shape[1]), -rows, -np.ones(len(rows)), bounds=(None, None))
    if found.status not in (0, 2):
        raise ArithmeticError(f"the linear programme ended without an answer: {found.message}")
    return found.x if found.status == 0 else None


def _flat(layers: Sequence[tuple[np.ndarray, np.ndarray]]) -> list[np.ndarray]:
    return [parameter for layer in layers for parameter in layer]
