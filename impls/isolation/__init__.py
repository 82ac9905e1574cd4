"""Implementations in processes of their own, where whatever they do stays with them."""

from impls.isolation.isolated import (
    BWRAP,
    MODES,
    NONE,
    PROCESS,
    Isolated,
    Isolation,
    IsolationError,
    Requests,
    answers_body,
    answers_in,
)
from impls.isolation.limits import Limits
from impls.isolation.loading import load_isolated

__all__ = [
    "BWRAP",
    "MODES",
    "NONE",
    "PROCESS",
    "Isolated",
    "Isolation",
    "IsolationError",
    "Limits",
    "Requests",
    "answers_body",
    "answers_in",
    "load_isolated",
]
