"""A torch module that somebody has written, as functions that can be judged: its output and its gradients.

The module is made anew for each call, gets the parameters that it is called with, and is asked for its output, or for
the gradients of the loss that goes with its task. What does not fit raises ValueError, with the parameter's name.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from types import ModuleType
from typing import Any

TASKS = ("regression", "binary", "multiclass")
NAME = "MyTwoLayerMLP"
"""The lecture's name for the class."""
ARRAYS = "torch"
"""What such a module takes."""

_NAMES = ("W_1", "b_1", "W_2", "b_2")


class NoModule(ValueError):
    """There is a module, and it cannot be told what it is for or how it is made."""


def module_class(thing: Any) -> type | None:
    """The class of torch modules that ``thing``, a module of Python or the class itself, is about; None without one.

    Raises NoModule where there are several, and none of them bears the lecture's name or says its TASK.
    """
    torch = sys.modules.get("torch")
    if torch is None:
        return None
    if isinstance(thing, type):
        return thing if issubclass(thing, torch.nn.Module) else None
    if not isinstance(thing, ModuleType):
        return None
    found = [
        one
        for one in vars(thing).values()
        if isinstance(one, type) and issubclass(one, torch.nn.Module) and one.__module__ == thing.__name__
    ]
    named = [one for one in found if one.__name__ == NAME] or [one for one in found if hasattr(one, "TASK")] or found
    if len(named) > 1:
        names = ", ".join(one.__name__ for one in named)
        raise NoModule(f"several torch modules in it ({names}); name the one that is meant {NAME}")
    return named[0] if named else None


def functions_of(cls: type, thing: Any) -> Mapping[str, Callable[..., Any]]:
    """The functions of the interface that the class offers, by name. Raises NoModule."""
    made = _Maker(cls)
    task = getattr(cls, "TASK", None) or getattr(thing, "TASK", None) or made.apparent_task()
    if task not in TASKS:
        raise NoModule(f"TASK = {task!r} in it; it has to be one of {', '.join(TASKS)}")
    return {f"{task}_module": made.output, f"{task}_module_gradients": made.gradients(task)}


class _Maker:
    """Makes modules of a class. Its constructor takes input_dim, h_dim and, where the class does not fix it, k."""

    def __init__(self, cls: type) -> None:
        self._cls = cls
        parameters = list(inspect.signature(cls).parameters.values())
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        least = sum(p.default is p.empty for p in positional)
        self._takes_k = len(positional) > 2 and least == 3
        if (
            least > 3
            or len(positional) < 2
            or any(p.kind == p.KEYWORD_ONLY and p.default is p.empty for p in parameters)
        ):
            raise NoModule(
                f"{cls.__name__}{inspect.signature(cls)} cannot be made: its constructor has to take "
                "(input_dim, h_dim) or (input_dim, h_dim, k)"
            )

    def output(self, x: Any, theta: Sequence[Any], training: bool) -> Any:
        """What the module gives for x, with these parameters, in that mode; without a gradient."""
        import torch

        models = self._with(theta)
        with torch.no_grad():
            in_mode = [model.train(training) for model in models]
            return _like(x, _outputs(in_mode, torch.as_tensor(x), theta[0][0].shape, len(theta[1][1])))

    def gradients(self, task: str) -> Callable[..., Any]:
        def gradients(x: Any, y: Any, theta: Sequence[Any]) -> Any:
            import torch

            models, k, shape = self._with(theta), len(theta[1][1]), theta[0][0].shape
            y_hat, targets = _outputs(models, torch.as_tensor(x), shape, k), torch.as_tensor(y)
            if y_hat.shape != (len(x), k):
                raise ValueError(f"the output has shape {tuple(y_hat.shape)}, {(len(x), k)} is due")
            if task == "multiclass":
                loss = torch.nn.functional.cross_entropy(y_hat, targets)
            elif task == "binary":
                loss = torch.nn.functional.binary_cross_entropy(y_hat, targets)
            else:
                loss = torch.nn.functional.mse_loss(y_hat, targets) / 2
            loss.backward()
            for name, parameter in models[0].named_parameters():
                if parameter.grad is None:
                    raise ValueError(f"the parameter {name} receives no gradient")
            W1, b1, W2, b2 = zip(*([p.grad for p in _parameters(model, shape)] for model in models), strict=True)
            grads = sum(W1), sum(b1), torch.cat(W2)[:k], torch.cat(b2)[:k]
            dW1, db1, dW2, db2 = (_like(x, grad) for grad in grads)
            return [(dW1, db1), (dW2, db2)]

        return gradients

    def apparent_task(self) -> str:
        """Binary where the output goes through a sigmoid, else regression: with W_2 = 0 only b_2 = 5 is left."""
        import torch

        zeros, five = torch.zeros, torch.full
        n, h = 2, 3
        with torch.no_grad():
            try:
                output = self.output(zeros(1, n), [(zeros(h, n), zeros(h)), (zeros(1, h), five((1,), 5.0))], False)
                return "binary" if bool(((output > 0.99) & (output < 1)).all()) else "regression"
            except Exception:  # it will be said of every call what is wrong with it
                return "regression"

    def _with(self, theta: Sequence[Any]) -> list[Any]:
        """A module with these parameters; of a class that fixes its number of outputs as many as have them all.

        The outputs do not depend on each other, so that one module can have the first ones and the next the others;
        the last one has some parameters again where there are not enough.
        """
        import torch

        (W1, b1), (W2, b2) = (tuple(map(torch.as_tensor, layer)) for layer in theta)
        first = self._made(W1, b1, W2, b2)
        outputs = len(_parameters(first, W1.shape)[3])
        if self._takes_k and outputs != len(b2):
            raise ValueError(f"made for {len(b2)} outputs, the module has {outputs}")
        models = [first]
        for start in range(outputs, len(b2), outputs):
            models.append(self._made(W1, b1, W2[start:], b2[start:]))
        return models

    def _made(self, W1: Any, b1: Any, W2: Any, b2: Any) -> Any:
        """One module, with the first rows of W_2 and b_2, from the first on again where there are not enough."""
        import torch

        h, n = W1.shape
        model = self._cls(n, h, len(b2)) if self._takes_k else self._cls(n, h)
        if not isinstance(model, torch.nn.Module):
            raise ValueError(f"{self._cls.__name__}(...) gives no torch module")
        model = model.to(W1.dtype).to(W1.device)
        own = _parameters(model, W1.shape)
        k = len(own[3])
        rows = torch.arange(k, device=W2.device) % len(b2)
        with torch.no_grad():
            for name, parameter, value in zip(_NAMES, own, (W1, b1, W2[rows], b2[rows]), strict=True):
                if parameter.shape != value.shape:
                    raise ValueError(
                        f"{name} has shape {tuple(parameter.shape)}, needs {tuple(value.shape)} in a module of "
                        f"{n} inputs, {h} hidden units and {k} outputs"
                    )
                parameter.copy_(value)
        return model


def _outputs(models: Sequence[Any], x: Any, first: Any, k: int) -> Any:
    """The k outputs that the modules have together; what is no (m, outputs) comes as it is, to be judged."""
    import torch

    came = [model(x) for model in models]
    if not all(isinstance(one, torch.Tensor) and one.ndim == 2 for one in came):
        return came[0]
    own = len(_parameters(models[0], first)[3])
    if any(one.shape[1] != own for one in came):
        return came[0]
    return torch.cat(came, dim=1)[:, :k] if len(came) > 1 or own > k else came[0]


def _parameters(model: Any, first: Any) -> tuple[Any, Any, Any, Any]:
    """W_1, b_1, W_2, b_2, of which W_1 is the one of the shape ``first``, in whatever order the module has them."""
    found = list(model.named_parameters())
    weights = [parameter for _, parameter in found if parameter.ndim == 2]
    biases = [parameter for _, parameter in found if parameter.ndim == 1]
    if len(weights) != 2 or len(biases) != 2 or len(found) != 4:
        names = ", ".join(f"{name} {tuple(parameter.shape)}" for name, parameter in found)
        raise ValueError(f"the parameters have to be W and b of two layers, not {names or 'none at all'}")
    if weights[0].shape != first and weights[1].shape == first:
        weights.reverse()
    if len(biases[0]) != len(weights[0]) and len(biases[1]) == len(weights[0]):
        biases.reverse()
    return weights[0], biases[0], weights[1], biases[1]


def _like(x: Any, tensor: Any) -> Any:
    """The tensor as an array of the library of x."""
    return tensor if type(x).__module__.startswith("torch") else tensor.detach().cpu().numpy()
