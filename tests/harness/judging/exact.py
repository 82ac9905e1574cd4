"""``exact.softmax(z)``: the reference in float64 at the very inputs that an implementation received."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

import reference
from impls.submissions.declared import Network
from tests.harness.drawing.memo import fingerprint, holds, once


def in_float64(value: Any) -> Any:
    """``value`` with every floating array in it widened to float64, which changes no number."""
    if isinstance(value, np.ndarray):
        return value.astype(np.float64) if value.dtype.kind == "f" else value
    if isinstance(value, list | tuple):
        return type(value)(in_float64(item) for item in value)
    if isinstance(value, Mapping):
        return {key: in_float64(item) for key, item in value.items()}
    return value


class Exact:
    """The functions of the reference by name, as attributes or items; one result per input, so do not change it."""

    def __getitem__(self, name: str) -> Callable[..., Any]:
        function = getattr(reference, name)

        def evaluate(*args: Any, **options: Any) -> Any:
            return once(("exact", name, fingerprint([args, options])), lambda: function(*in_float64(args), **options))

        return evaluate

    def gave(self, value: object) -> bool:
        """Whether ``value`` is a result of one of the functions, of an example of the clause at hand."""
        return holds("exact", value)

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self[name]


exact = Exact()


def of_network(function: str, network: Network) -> Callable[..., Any]:
    """`network` or `network_gradients` of this architecture, exact as the functions of `exact` are."""
    if function == "network":
        return lambda x, theta: exact.mlp(x, theta, network.activations)
    architecture = reference.differentiated(network.activations, network.loss or "")
    return lambda x, y, theta: exact.mlp_gradients(x, y, theta, *architecture)
