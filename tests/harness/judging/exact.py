"""``exact.softmax(z)``: the reference in float64 at the very inputs that an implementation received.

In go arguments as a test body has them; out comes the reference's result, or where an argument is a promise the promise
of it.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

import reference
from impls.calling import LaidOut
from impls.declared import Network
from impls.nested import mapped
from tests.harness.judging.promise import deferred


def in_float64(value: Any) -> Any:
    """``value`` with every floating array in it widened to float64, which changes no number, and laid out anyhow."""
    return mapped(_widened, value)


def _widened(leaf: Any) -> Any:
    values = leaf.values if isinstance(leaf, LaidOut) else leaf
    if not isinstance(values, np.ndarray):
        return values
    return np.asarray(values, dtype=np.float64 if values.dtype.kind == "f" else None)


class Exact:
    """The functions of the reference by name, as attributes or items."""

    def __getitem__(self, name: str) -> Callable[..., Any]:
        function = getattr(reference, name)

        def evaluate(*args: Any, **options: Any) -> Any:
            return deferred(lambda *given: function(*in_float64(given), **options))(*args)

        return evaluate

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self[name]


exact = Exact()


def of_network(function: str, network: Network) -> Callable[..., Any]:
    """`network` or `network_gradients` of this architecture, exact as the functions of `exact` are."""
    if function == "network":
        return lambda x, theta: exact.mlp(x, theta, network.activations)
    architecture = reference.differentiated(network.activations, network.loss or "")
    return lambda x, y, theta: exact.mlp_gradients(x, y, theta, *architecture)
