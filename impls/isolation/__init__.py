"""Implementations in processes of their own, where whatever they do stays with them."""

from impls.isolation.caller import Isolated
from impls.isolation.isolation import BWRAP, MODES, NONE, PROCESS, Isolation, IsolationError
from impls.isolation.limits import Limits
from impls.isolation.loading import load_isolated, sha256_of, sources_of

__all__ = [
    "BWRAP",
    "MODES",
    "NONE",
    "PROCESS",
    "Isolated",
    "Isolation",
    "IsolationError",
    "Limits",
    "load_isolated",
    "sha256_of",
    "sources_of",
]
