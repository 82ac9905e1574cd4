"""The known mistakes of a function as the diagnosis takes them.

In go a function and, for `network` and `network_gradients`, the declared architecture; out come suspects. A network has
the mistakes of its task, and those of `mlp` and `mlp_gradients` with its own activations and loss.
"""

from collections.abc import Callable, Iterator
from functools import partial

import reference
from impls.declared import TASKS, Network
from tests.harness.judging.diagnosis import Suspect
from tests.mistakes import MISTAKES, Mistake

Function = Callable[..., object]


def of(function: str, network: Network | None = None) -> Iterator[Suspect]:
    """The suspects of a function, in the order of the tables."""
    for mistake in MISTAKES.values():
        if mistake.clause.function == function and (mistake.task is None or _is_of(mistake.task, network)):
            yield Suspect(mistake.clause, mistake.misconception, mistake.forms)
    if network and function in _PLAIN:
        plain, adapted = _PLAIN[function]
        for mistake in MISTAKES.values():
            if mistake.clause.function == plain:
                yield Suspect(mistake.clause, mistake.misconception, partial(_forms_of, mistake, adapted, network))


def _is_of(task: str, network: Network | None) -> bool:
    activations, loss = TASKS[task]
    return network is not None and network.activations == activations and network.loss in (None, loss)


def _of_outputs(f: Function, network: Network) -> Function:
    return lambda x, theta: f(x, theta, list(network.activations))


def _of_gradients(f: Function, network: Network) -> Function:
    activations, loss = reference.differentiated(network.activations, network.loss or "")
    return lambda x, y, theta: f(x, y, theta, list(activations), loss)


_PLAIN: dict[str, tuple[str, Callable[[Function, Network], Function]]] = {
    "network": ("mlp", _of_outputs),
    "network_gradients": ("mlp_gradients", _of_gradients),
}


def _forms_of(
    mistake: Mistake, adapted: Callable[[Function, Network], Function], network: Network
) -> Iterator[Function]:
    return (adapted(form, network) for form in mistake.forms())
