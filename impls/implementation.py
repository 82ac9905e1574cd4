"""What the suite checks: an implementation, or the reason why there is none."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from impls.calling import Caller
from impls.text import one_line


@dataclass(frozen=True, eq=False)
class Implementation:
    """Functions that can be called, and what has to be known to call and to judge them.

    functions: the names of the interface that are there. caller: how they are called. arrays ("numpy", "torch", "cupy")
    and device ("cpu", "cuda"): what they take and return; offers: the floating dtypes of that array library.
    default_level ("textbook", "robust"): the level required when nobody names one. ulp: per dtype name, the accuracy in
    ulp that the error bounds assume of exp, log, log1p and tanh; flushes_to_zero: subnormal numbers become 0 on the
    way. versions: the libraries at work. sha256: of all that belongs to a submission, as it was read; None for others.
    """

    name: str
    spec: str
    functions: Collection[str]
    caller: Caller
    arrays: str
    device: str
    default_level: str
    ulp: Mapping[str, float]
    flushes_to_zero: bool
    versions: Mapping[str, str]
    offers: tuple[str, ...]
    isolation: str = "none"
    """Where it runs and what the kernel keeps it from, in words."""
    remarks: tuple[str, ...] = ()
    """What a person has to know who signs the verdict; no part of it."""
    sha256: str | None = None


@dataclass(frozen=True)
class Unloadable:
    """A spec that names something which is there and cannot be loaded: an error row in every report.

    reason: what it raised or why it was refused, in one line of at most 600 characters.
    """

    name: str
    spec: str
    reason: str
    arrays: str
    device: str
    default_level: str = "textbook"
    isolation: str = "none"
    remarks: tuple[str, ...] = ()
    sha256: str | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "reason", one_line(self.reason, 600))


@dataclass(frozen=True)
class Absent:
    """A built-in that cannot run here; ``reason`` says what was probed and what came of it."""

    name: str
    spec: str
    arrays: str
    device: str
    default_level: str
    reason: str
