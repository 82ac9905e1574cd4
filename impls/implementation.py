"""What the suite checks: an implementation, or the reason why there is none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from impls.calling import Caller


@dataclass(frozen=True, eq=False)
class Implementation:
    """Functions that can be called, and what has to be known to call and to judge them.

    functions: the names of the interface that are there. caller: how they are called. arrays (a name in
    ``impls.backends``) and device: what they take and return; offers: the floating dtypes of that array library.
    default_level ("textbook", "robust"): the level required when nobody names one. ulp: per dtype name, the accuracy in
    ulp that the error bounds assume of exp, log, log1p and tanh; flushes_to_zero: the dtypes in which subnormal
    numbers become 0 on the way. versions: the libraries at work.
    """

    name: str
    spec: str
    functions: Collection[str]
    caller: Caller
    arrays: str
    device: str
    default_level: str
    ulp: Mapping[str, float]
    flushes_to_zero: Collection[str]
    versions: Mapping[str, str]
    offers: tuple[str, ...]
    isolation: str = "none"
    """Where it runs and what the kernel keeps it from, in words."""
    remarks: tuple[str, ...] = ()
    """What a person has to know who signs the verdict; no part of it."""


@dataclass(frozen=True)
class Unloadable:
    """A spec that names something which is there and cannot be loaded: an error row in every report."""

    name: str
    spec: str
    reason: str
    arrays: str
    device: str
    default_level: str = "textbook"
    isolation: str = "none"
    remarks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Absent:
    """A built-in that cannot run here; ``reason`` says what was probed and what came of it."""

    name: str
    spec: str
    arrays: str
    device: str
    default_level: str
    reason: str
