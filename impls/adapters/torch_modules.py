"""A class of torch modules that somebody has written, as functions that can be judged: its output and its gradients.

In: the class, and the loss of the network. Out: ``network(x, theta)`` and ``network_gradients(x, y, theta)``. The
module is made anew for each call, gets the parameters that it is called with, and is asked for its output in the mode
in which its constructor leaves it, which is training. What does not fit raises ValueError, with the parameter's name.
"""

import inspect
import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

NAME = "MyTwoLayerMLP"
"""The lecture's name for the class."""
ARRAYS = "torch"
"""What such a module takes."""

_NAMES = ("W_1", "b_1", "W_2", "b_2")
_DEFAULTS = {
    "reduction": "mean",
    "weight": None,
    "pos_weight": None,
    "ignore_index": -100,
    "label_smoothing": 0.0,
}
"""The options of torch's losses, as the lecture's formulas have them."""


class Unsuited(ValueError):
    """A class that cannot be made with given sizes, or is no network of two layers; the message says so."""


def is_module_class(thing: object) -> bool:
    """Whether it is a class of torch modules; torch is not imported to find out."""
    torch = sys.modules.get("torch")
    return torch is not None and isinstance(thing, type) and issubclass(thing, torch.nn.Module)


class TwoLayers:
    """Makes modules of a class. Its constructor takes inputs, hidden units and, where it does not fix it, outputs.

    dtype: of the parameters of a module, as its constructor leaves them. Raises Unsuited.
    """

    def __init__(self, cls: type) -> None:
        self._cls = cls
        signature = inspect.signature(cls)
        parameters = list(signature.parameters.values())
        positional = [p for p in parameters if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        least = sum(p.default is p.empty for p in positional)
        needs_words = any(p.kind == p.KEYWORD_ONLY and p.default is p.empty for p in parameters)
        self._takes_k = len(positional) > 2 and least == 3
        if least > 3 or len(positional) < 2 or needs_words:
            raise Unsuited(
                f"{cls.__name__}{signature} cannot be made with sizes of the suite's choice: its constructor has to "
                "take (inputs, hidden) or (inputs, hidden, outputs)"
            )
        try:
            model = cls(2, 3, 2) if self._takes_k else cls(2, 3)
            self.dtype = str(_parameters(model, (3, 2))[0].dtype).removeprefix("torch.")
        except ValueError as wrong:
            raise Unsuited(f"{cls.__name__}: {wrong}") from wrong
        except Exception as wrong:
            raise Unsuited(f"{cls.__name__}(2, 3{', 2' * self._takes_k}) raises {type(wrong).__name__}") from wrong

    def functions(self, loss: Callable[[Any, Any], Any] | None) -> Mapping[str, Callable[..., Any]]:
        """The functions of the interface by name; the gradients only where there is a loss."""
        functions: dict[str, Callable[..., Any]] = {"network": self.output}
        if loss is not None:
            functions["network_gradients"] = lambda x, y, theta: self.gradients(loss, x, y, theta)
        return functions

    def output(self, x: Any, theta: Sequence[Any]) -> Any:
        """What the module gives for x (m, inputs) with these parameters, without a gradient."""
        import torch

        models = self._with(theta)
        with torch.no_grad():
            return _like(x, _outputs(models, torch.as_tensor(x), theta[0][0].shape, len(theta[1][1])))

    def gradients(self, loss: Callable[[Any, Any], Any], x: Any, y: Any, theta: Sequence[Any]) -> Any:
        """The gradients of the loss with respect to each parameter."""
        import torch

        models, k, shape = self._with(theta), len(theta[1][1]), theta[0][0].shape
        y_hat = _outputs(models, torch.as_tensor(x), shape, k)
        if y_hat.shape != (len(x), k):
            raise ValueError(f"the output has shape {tuple(y_hat.shape)}, expected {(len(x), k)}")
        loss(y_hat, torch.as_tensor(y)).backward()
        for name, parameter in models[0].named_parameters():
            if parameter.grad is None:
                raise ValueError(f"the parameter {name} receives no gradient")
        W1, b1, W2, b2 = zip(*([p.grad for p in _parameters(model, shape)] for model in models), strict=True)
        grads = sum(W1), sum(b1), torch.cat(W2)[:k], torch.cat(b2)[:k]
        dW1, db1, dW2, db2 = (_like(x, grad) for grad in grads)
        return [(dW1, db1), (dW2, db2)]

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


def loss_by_name(name: str) -> Callable[[Any, Any], Any]:
    """The lecture's loss of that name, in torch's functions."""
    import torch

    losses = torch.nn.functional
    return {
        "mean_squared_error": lambda y_hat, y: losses.mse_loss(y_hat, y) / 2,
        "binary_cross_entropy": losses.binary_cross_entropy,
        "binary_cross_entropy_with_logits": losses.binary_cross_entropy_with_logits,
        "cross_entropy": lambda y_hat, y: -(y * y_hat.log()).sum(dim=-1).mean(),
        "cross_entropy_with_logits": losses.cross_entropy,
    }[name]


def loss_of_object(loss: Any) -> Callable[[Any, Any], Any]:
    """The student's own loss object as the lecture's loss: MSELoss has no 1/2."""
    is_squared = type(loss).__name__ == "MSELoss"
    return lambda y_hat, y: loss(y_hat, y) / 2 if is_squared else loss(y_hat, y)


def unusual_options(loss: Any) -> str | None:
    """The options of a loss object that make another loss of it, as ``reduction='sum'``; None where there are none."""
    unusual = [
        f"{name}={value!r}"
        for name, usual in _DEFAULTS.items()
        if (value := getattr(loss, name, usual)) is not usual and value != usual
    ]
    return ", ".join(unusual) or None


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
