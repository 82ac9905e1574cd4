"""What the conformance tests draw from, imported as ``draw``."""

# ruff: noqa: F403 - arrays for activations and losses, networks for all that has layers
from .arrays import *
from .networks import *
