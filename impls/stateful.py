"""Optimisers whose state nobody else can make or read: it stays where they run, and is handed from step to step there.

In go functions, and the names of those that are declared STATEFUL; out come the same with ``NAMEs`` beside each of
these: it takes the gradients of several steps, begins with the state None, and gives the parameters after all steps.
"""

import functools
from collections.abc import Callable, Collection, Mapping
from typing import Any


def with_steps(functions: Mapping[str, Callable[..., Any]], stateful: Collection[str]) -> dict[str, Callable[..., Any]]:
    """The functions, with ``adam_steps`` beside an ``adam_step`` that keeps its own state."""
    return dict(functions) | {f"{name}s": _steps(one) for name, one in functions.items() if name in stateful}


def _steps(step: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(step)
    def steps(theta: Any, grads: Any, **hyper: Any) -> Any:
        state = None
        for grad in grads:
            stepped = step(theta, grad, state, **hyper)
            if not isinstance(stepped, tuple | list):
                return stepped  # which is no pair of parameters and state, and is said to be none
            theta, state = stepped
        return theta

    return steps
