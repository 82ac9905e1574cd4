"""The lecture's figures, drawn from what an implementation computes, and the errors of all of them side by side.

Points are classified by the implementation's own ``mlp``; networks that learn do so by its own ``mlp_gradients`` and
``adam_step`` (or ``gradient_descent_step``), from parameters that are the same for every implementation.
"""

import contextlib
import warnings
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np

import reference
from impls import Implementation
from impls.calling import CallFailed
from impls.text import printable
from tests.experiments import data
from tests.experiments.learning import Layers, Task, descend
from tests.harness.reports.handed import Picture
from tests.harness.reports.page_names import PageNames

_STEPS = 400
_NETWORKS = {"logistic regression": Task.binary(), "20+1": Task.binary(20), "20+20+20+1": Task.binary(20, 20, 20)}
_GRID = 121

Panel = Callable[[Any], None]


class Undrawn(Exception):
    """A figure that cannot be drawn; the message says why."""


def write(implementations: Sequence[Implementation], folder: Path) -> Iterator[Picture]:
    """Write the figures as PNG files into the folder, which is made; gives each that was drawn, or was not."""
    folder.mkdir(parents=True, exist_ok=True)
    names = PageNames()
    for implementation in implementations:
        title = _plain(printable(implementation.name))
        for kind, (figure, shows) in _KINDS.items():
            path = folder / f"{names.of(implementation.name)}-{kind}.png"
            yield _written(
                partial(figure, _Functions(implementation)), title, Picture(path, implementation.name, shows)
            )
    all_of_them = Picture(folder / "errors.png", None, "The errors of float32 results over the input, in ulp.")
    yield _written(partial(_errors, implementations), "Errors of float32 results", all_of_them)


def _written(panels: Callable[[], Any], title: str, picture: Picture) -> Picture:
    try:
        with np.errstate(all="ignore"), warnings.catch_warnings(action="ignore"):
            _saved(panels(), title, picture.path)
    except Undrawn as why:
        return replace(picture, missing=str(why))
    return picture


def needs() -> str | None:
    """What is not installed and has to be; None where nothing is missing."""
    try:
        import matplotlib.figure  # noqa: F401
    except ImportError:
        return "matplotlib is not installed: pip install -c constraints.txt '.[figures]'"
    return None


class _Functions:
    """The functions of an implementation, on NumPy arrays; whatever goes wrong becomes Undrawn."""

    def __init__(self, implementation: Implementation) -> None:
        self._implementation = implementation

    def has(self, *names: str) -> bool:
        return all(name in self._implementation.functions for name in names)

    def need(self, *names: str) -> None:
        if missing := [name for name in names if not self.has(name)]:
            raise Undrawn(f"{missing[0]} is not there")

    def __getattr__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            try:
                return self._implementation.caller.call(name, args, options)
            except CallFailed as failed:
                raise Undrawn(str(failed)) from failed

        return call

    def numbers(self, name: str, shape: tuple[int, ...], *args: Any) -> np.ndarray:
        """The result, which has to be an array of that shape."""
        came = getattr(self, name)(*args)
        if not isinstance(came, np.ndarray) or came.shape != shape:
            raise Undrawn(f"{name} gave no array of shape {shape}")
        return came


def _saved(panels: Sequence[Sequence[tuple[str, Panel]]], title: str, path: Path) -> None:
    """Draw rows of panels, each with its title, and save them."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    columns = max(map(len, panels))
    figure = Figure(figsize=(3.4 * columns, 3.2 * len(panels) + 0.4), layout="constrained")
    FigureCanvasAgg(figure)
    figure.suptitle(title)
    axes = figure.subplots(len(panels), columns, squeeze=False)
    for row, panels_of_row in zip(axes, panels, strict=True):
        for axis in row[len(panels_of_row) :]:
            axis.set_axis_off()
        for axis, (name, draw) in zip(row, panels_of_row, strict=False):
            axis.set_title(name, fontsize=10)
            draw(axis)
    figure.savefig(path, dpi=90)


def _networks(functions: _Functions) -> list[list[tuple[str, Panel]]]:
    """The hand-set networks, by the value of their output over the plane."""
    functions.need("mlp")
    inputs = reference.TRUTH_TABLE_INPUTS
    logic = [
        (network.name, _plane(functions, network.theta, network.activations, (-0.5, 1.5), inputs, network.truth_table))
        for network in (reference.AND, reference.OR, reference.XOR)
    ]
    region = [
        (network.name, _plane(functions, network.theta, network.activations, (0, 12)))
        for network in (reference.REGION_AND, reference.REGION_OR)
    ]
    return [logic, region]


def _learned(functions: _Functions) -> list[list[tuple[str, Panel]]]:
    """Iris and two harder tasks, each learnt by three networks; below, the loss of each of them on the way."""
    functions.need("mlp", "mlp_gradients")
    tasks = {"disc in a ring": data.rings(200, 0), "spirals": data.spirals(200, 0)}
    with contextlib.suppress(ImportError):  # scikit-learn, which ships the data, is an extra
        tasks = {"versicolor": data.iris(), **tasks}
    rows, losses = [], []
    for name, (x, y) in tasks.items():
        reach = float(np.abs(x).max()) * 1.1
        row, curves = [], {}
        for network, task in _NETWORKS.items():
            every = list(_descended(functions, task, x, y))
            draw = _plane(functions, every[-1], task.activations, (-reach, reach), x, y.ravel())
            row.append((f"{name}: {network}", draw))
            curves[network] = [_loss(task, layers, x, y) for layers in every[::10]]
        rows.append(row)
        losses.append((f"{name}: loss", _curves(curves)))
    return [*rows, losses]


def _overfitting(functions: _Functions) -> list[list[tuple[str, Panel]]]:
    """Training and held-out loss with 30 % of the labels flipped."""
    functions.need("mlp", "mlp_gradients")
    x, y = data.gaussians(60, 0, 0.3)
    held_out = data.gaussians(600, 1000, 0.3)
    panels = []
    for name, task in (("logistic regression", Task.binary()), ("40+40+1", Task.binary(40, 40, activation="relu"))):
        every = list(_descended(functions, task, x, y, rate=0.01))[::10]
        curves = {
            "training": [_loss(task, layers, x, y) for layers in every],
            "held out": [_loss(task, layers, *held_out) for layers in every],
        }
        panels.append((f"{name}, 30 % noise", _curves(curves)))
    return [panels]


def _descended(functions: _Functions, task: Task, x: np.ndarray, y: np.ndarray, rate: float = 0.03) -> Iterator[Layers]:
    if functions.has("adam_step"):
        learner: Any = functions
    else:
        functions.need("gradient_descent_step")

        def step(theta: Any, grad: Any, state: Any, **_: Any) -> tuple[Any, Any]:
            return functions.gradient_descent_step(theta, grad, 1.0), state

        learner = SimpleNamespace(mlp_gradients=functions.mlp_gradients, adam_step=step)
    try:
        yield from descend(task, x, y, _STEPS, rate, 0, learner)
    except (TypeError, ValueError, KeyError) as wrong:
        raise Undrawn(f"its gradients or steps are not of the shapes that are due ({wrong})") from wrong


def _loss(task: Task, layers: Layers, x: np.ndarray, y: np.ndarray) -> float:
    y_hat = reference.mlp(x, layers, list(task.activations))
    if not np.isfinite(y_hat).all():
        return float("nan")
    return float(reference.binary_cross_entropy(y_hat, y))


def _plane(
    functions: _Functions,
    theta: Any,
    activations: Iterable[str],
    limits: tuple[float, float],
    points: np.ndarray | None = None,
    classes: Any = None,
) -> Panel:
    """The output over a square of the plane, the line at 1/2, and the points in the colours of their classes."""
    side = np.linspace(*limits, _GRID)
    first, second = np.meshgrid(side, side)
    x = np.column_stack([first.ravel(), second.ravel()])
    h = functions.numbers("mlp", (len(x), 1), x, [tuple(layer) for layer in theta], list(activations))

    def draw(axis: Any) -> None:
        values = h.reshape(first.shape)
        square = (*limits, *limits)
        axis.imshow(values, extent=square, origin="lower", cmap="coolwarm", vmin=0, vmax=1, alpha=0.6, aspect="auto")
        if values.min() < 0.5 < values.max():
            axis.contour(first, second, values, levels=[0.5], colors="black", linewidths=1)
        if points is not None:
            axis.scatter(
                *points.T, c=classes, cmap="coolwarm", vmin=0, vmax=1, edgecolors="black", s=14, linewidths=0.5
            )

    return draw


def _curves(curves: dict[str, list[float]]) -> Panel:
    def draw(axis: Any) -> None:
        for name, values in curves.items():
            axis.plot(10 * np.arange(len(values)), values, label=name)
        axis.set_xlabel("steps")
        axis.set_ylim(bottom=0)
        axis.legend(fontsize=7)

    return draw


_KINDS: dict[str, tuple[Callable[[_Functions], Any], str]] = {
    "networks": (_networks, "The output of the hand-set networks over the plane, with the line at 1/2."),
    "learned": (_learned, "What three networks have learnt: their output over the plane, and the loss on the way."),
    "overfitting": (
        _overfitting,
        "The loss on the training data and on held-out data, with 30 % of the labels flipped.",
    ),
}
"""The figures of one implementation, and what they show."""

_Z = np.concatenate([np.linspace(-100, 100, 1601), np.outer([-1, 1], np.logspace(-6, 0, 200)).ravel()])
_Z = np.unique(_Z.astype(np.float32))
_P = np.unique(np.concatenate([np.logspace(-30, -0.001, 800), 1 - np.logspace(-7, -0.5, 400)]).astype(np.float32))
_ERRORS: dict[str, tuple[np.ndarray, Callable[[np.ndarray], tuple[Any, ...]]]] = {
    "sigmoid": (_Z, lambda z: (z,)),
    "tanh": (_Z, lambda z: (z,)),
    "relu": (_Z, lambda z: (z,)),
    "softmax": (_Z, lambda z: (np.stack([z, np.zeros_like(z)], axis=1),)),
    "binary_cross_entropy": (_P, lambda p: (p, np.ones_like(p))),
    "cross_entropy": (_P, lambda p: (np.stack([p, 1 - p], axis=1), np.array([[1, 0]] * len(p), p.dtype))),
    "cross_entropy_with_logits": (_Z, lambda z: (np.stack([z, np.zeros_like(z)], axis=1), np.zeros(len(z), np.int64))),
    "mean_squared_error": (_Z, lambda z: (z, np.zeros_like(z))),
}
"""The inputs of each function of one variable, and its arguments for an array of them."""


def _errors(implementations: Sequence[Implementation]) -> list[list[tuple[str, Panel]]]:
    """The error of each function over its input, in ulp of float32, every implementation in its colour."""
    panels = []
    for name, (inputs, _) in _ERRORS.items():
        curves = {}
        for implementation in implementations:
            if name in implementation.functions:
                try:
                    curves[printable(implementation.name)] = _error_curve(_Functions(implementation), name)
                except Undrawn:
                    continue
        if curves:
            panels.append((name, _error_panel(inputs, curves)))
    if not panels:
        raise Undrawn("none of the implementations takes float32 arrays")
    return [panels[at : at + 4] for at in range(0, len(panels), 4)]


def _error_curve(functions: _Functions, name: str) -> np.ndarray:
    """The error at each input in ulp of the exact value; the losses are taken of one example at a time."""
    inputs, arguments = _ERRORS[name]
    scalar = name.endswith("entropy") or name in ("cross_entropy_with_logits", "mean_squared_error")
    batches = [inputs[i : i + 1] for i in range(0, len(inputs), 8)] if scalar else [inputs]
    errors = []
    for batch in batches:
        args = arguments(batch)
        wide = [arg.astype(np.float64) if arg.dtype.kind == "f" else arg for arg in args]
        due = np.asarray(getattr(reference, name)(*wide))
        came = functions.numbers(name, due.shape, *args).astype(np.float64)
        unit = np.maximum(
            np.spacing(np.abs(due).astype(np.float32)).astype(np.float64), np.finfo(np.float32).tiny * 2e-7
        )
        error = np.abs(came - due) / unit
        errors.append(error[:, 0] if error.ndim == 2 else np.atleast_1d(error))
    return np.concatenate(errors)


def _error_panel(inputs: np.ndarray, curves: dict[str, np.ndarray]) -> Panel:
    def draw(axis: Any) -> None:
        for name, errors in curves.items():
            at = inputs if len(errors) == len(inputs) else inputs[::8]
            axis.plot(at, np.maximum(errors, 1e-3), ".", markersize=2, label=_plain(name))
        axis.set_yscale("log")
        axis.set_ylabel("ulp")
        if inputs[0] < 0:
            axis.set_xscale("symlog", linthresh=1e-6)
            axis.set_xticks([-100, -0.01, 0, 0.01, 100])
        else:
            axis.set_xscale("log")
        axis.axhline(0.5, color="grey", linewidth=0.5)
        axis.legend(fontsize=6, markerscale=4)

    return draw


def _plain(text: str) -> str:
    """Text that matplotlib does not take for a formula."""
    return text.replace("$", r"\$")
