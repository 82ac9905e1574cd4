"""The right variants: other ways to write the formulas, none of which may ever be accused."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from impls import Implementation
from impls.declared import Network
from tests.selftest.candidates import candidate

VARIANTS: dict[str, "Variant"] = {}
"""Every right variant by name; filled as the modules are imported."""


@dataclass(frozen=True)
class Variant:
    """One right implementation of some functions, at the level that it deserves."""

    name: str
    level: str
    make: Callable[[], dict[str, Callable[..., Any]]]
    arrays: str = "numpy"
    task: str | None = None
    """What it declares its network to be for; or the network itself."""
    network: Network | None = None

    def implementation(self) -> Implementation:
        """It as something that can be judged."""
        return candidate(self.name, self.make(), self.arrays, self.task, self.network)


def variant(function: str, level: str, *, arrays: str = "numpy") -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Record the decorated function as a right implementation of ``function`` at ``level``."""

    def record(right: Callable[..., Any]) -> Callable[..., Any]:
        variants(f"{function}: {right.__name__.replace('_', ' ')}", level, lambda: {function: right}, arrays=arrays)
        return right

    return record


def variants(
    name: str,
    level: str,
    make: Callable[[], dict[str, Callable[..., Any]]],
    *,
    arrays: str = "numpy",
    task: str | None = None,
    network: Network | None = None,
) -> None:
    """Record what ``make`` gives, functions by name, as one right implementation at ``level``."""
    if name in VARIANTS:
        raise ValueError(f"there is a right variant {name!r} already")
    VARIANTS[name] = Variant(name, level, make, arrays, task, network)
