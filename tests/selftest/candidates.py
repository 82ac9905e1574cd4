"""Functions written in this suite's own tests, judged like anybody's."""

from collections.abc import Callable, Mapping
from typing import Any

from impls import Implementation
from impls.backends import BACKENDS, library
from impls.builtin import UNKNOWN_ULP
from impls.calling import Direct


def candidate(name: str, functions: Mapping[str, Callable[..., Any]], arrays: str = "numpy") -> Implementation:
    """An implementation of these functions, with the error budgets that a user's file gets."""
    return Implementation(
        name=name,
        spec=name,
        functions=tuple(functions),
        caller=Direct(dict(functions), library(arrays, "cpu")),
        arrays=arrays,
        device="cpu",
        default_level="textbook",
        ulp=UNKNOWN_ULP,
        flushes_to_zero=BACKENDS[arrays].flushes,
        versions={},
        offers=BACKENDS[arrays].floats,
    )
