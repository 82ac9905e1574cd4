"""The formulas of the lecture in plain NumPy, and how far a right implementation may be from them.

Every function of the interface computes in float64 and is accurate over its whole range. Its forward error bound has
the same name with `_bound` appended. The hand-set networks of the slides are data in `networks`.
"""

from inspect import signature

# ruff: noqa: F403 - each family's __all__ says what it offers
from reference import activations, architecture, descent, gradients, layers, logistic, losses, optimisers
from reference.activations import *
from reference.architecture import *
from reference.arithmetic import *
from reference.descent import *
from reference.gradients import *
from reference.layers import *
from reference.logistic import *
from reference.losses import *
from reference.networks import *
from reference.optimiser_bounds import *
from reference.optimisers import *
from reference.stepping import *
from reference.training import *

FUNCTIONS: tuple[str, ...] = (
    *activations.FUNCTIONS,
    *losses.FUNCTIONS,
    *layers.FUNCTIONS,
    *descent.FUNCTIONS,
    *gradients.FUNCTIONS,
    *optimisers.FUNCTIONS,
    *architecture.FUNCTIONS,
    *logistic.FUNCTIONS,
)
"""The names of the interface's functions, in its order."""

PARAMETERS: dict[str, tuple[str, ...]] = {
    name: tuple(one for one in signature(globals()[name]).parameters if one != "eps_place") for name in FUNCTIONS
}
"""The names of each function's parameters; `eps_place` is the reference's own."""
