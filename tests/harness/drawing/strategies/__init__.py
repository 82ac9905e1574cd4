"""What the conformance tests draw from, imported as ``draw``."""

# ruff: noqa: F401, F403 - arrays, batches and recipes for activations and losses, networks and sizes for all that has layers
from tests.harness.spec.dtypes import FLOAT64, FLOATS, HALVES, INTEGERS

from .architectures import *
from .arrays import *
from .asked_lengths import *
from .batches import *
from .networks import *
from .recipes import *
from .rows import *
from .sizes import *
from .steps import *
