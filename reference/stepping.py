r"""Some steps of an optimiser, from no state: :math:`\theta_0 \to \theta_1 \to \dots \to \theta_t`, and their bounds.

The gradients of all steps are given, so that they do not depend on the parameters. The bound of t steps is that of one
step after the other, each from parameters and a state that are as far off as the bound of the step before says.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from reference import optimiser_bounds, optimisers
from reference.arithmetic import Arithmetic
from reference.optimisers import Arrays

__all__ = [
    "adagrad_steps",
    "adagrad_steps_bound",
    "adam_steps",
    "adam_steps_bound",
    "adamax_steps",
    "adamax_steps_bound",
    "no_state",
    "rmsprop_steps",
    "rmsprop_steps_bound",
    "sgd_steps",
    "sgd_steps_bound",
]

_ENTRIES: Mapping[str, Sequence[str]] = {
    "sgd_step": ("momentum_buffer",),
    "adagrad_step": ("sum",),
    "rmsprop_step": ("square_avg",),
    "adam_step": ("exp_avg", "exp_avg_sq"),
    "adamax_step": ("exp_avg", "exp_inf"),
}
_COUNT = ("adam_step", "adamax_step")


def no_state(rule: str, theta: Arrays) -> dict[str, Any]:
    """The state before the first step of that rule: zeros of the shapes and dtypes of theta, and no step taken."""
    state: dict[str, Any] = {key: [np.zeros_like(one) for one in theta] for key in _ENTRIES[rule]}
    return ({"step": 0} if rule in _COUNT else {}) | state


def _steps(rule: str) -> Callable[..., list[np.ndarray]]:
    def steps(theta: Arrays, grads: Sequence[Arrays], **hyper: Any) -> list[np.ndarray]:
        state = no_state(rule, theta)
        for grad in grads:
            theta, state = getattr(optimisers, rule)(theta, grad, state, **hyper)
        return list(theta)

    steps.__name__ = f"{rule}s"
    steps.__doc__ = f"The parameters after a `{rule}` for each of the gradients, from no state; hyper: as of the step."
    return steps


def _steps_bound(rule: str) -> Callable[..., list[np.ndarray]]:
    def bound(theta: Arrays, grads: Sequence[Arrays], arithmetic: Arithmetic, **hyper: Any) -> list[np.ndarray]:
        state, error = no_state(rule, theta), None
        of_step = getattr(optimiser_bounds, f"{rule}_bound")
        for grad in grads:
            error = of_step(theta, grad, state, arithmetic, error=error, **hyper)
            theta, state = getattr(optimisers, rule)(theta, grad, state, **hyper)
        return list(error[0]) if error is not None else [np.zeros_like(one) for one in theta]

    bound.__name__ = f"{rule}s_bound"
    bound.__doc__ = f"The bound of the parameters after a `{rule}` for each of the gradients."
    return bound


sgd_steps, sgd_steps_bound = _steps("sgd_step"), _steps_bound("sgd_step")
adagrad_steps, adagrad_steps_bound = _steps("adagrad_step"), _steps_bound("adagrad_step")
rmsprop_steps, rmsprop_steps_bound = _steps("rmsprop_step"), _steps_bound("rmsprop_step")
adam_steps, adam_steps_bound = _steps("adam_step"), _steps_bound("adam_step")
adamax_steps, adamax_steps_bound = _steps("adamax_step"), _steps_bound("adamax_step")
