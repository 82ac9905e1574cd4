"""Known deviations: recorded places where a library departs from a clause, excused there and nowhere else."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from packaging.specifiers import SpecifierSet

from impls import Implementation
from impls.calling import LaidOut
from impls.nested import mapped


@dataclass(frozen=True)
class KnownDeviation:
    """One entry.

    library, versions: whose defect it is, and in which of its versions (a PEP 440 specifier); no other is excused.
    covers_values: says of an example's values whether the deviation reaches it. covers_call: says the same of the
    arguments of a call, as NumPy arrays, for clauses that ask many calls in one example; for an elementwise function it
    may say so of each element. shown_by: one example on which the deviation shows; where it no longer does, the entry
    is out of date and the clause ends in an error.
    """

    clause: str
    implementations: tuple[str, ...]
    library: str
    versions: str
    covers_values: Callable[..., bool]
    shown_by: Mapping[str, Any]
    reason: str
    link: str
    covers_call: Callable[..., bool | np.ndarray] = lambda *arguments: True

    @property
    def name(self) -> str:
        return f"the known deviation of {self.library} {self.versions} from {self.clause}"

    @property
    def summary(self) -> str:
        return f"{self.reason} ({self.link})"

    def applies_to(self, clause: str, implementation: Implementation) -> bool:
        """Whether this entry is about that clause, that implementation and the version installed."""
        version = implementation.versions.get(self.library)
        about = clause == self.clause and implementation.spec in self.implementations
        return about and version is not None and SpecifierSet(self.versions).contains(version, prereleases=True)

    def covers(self, values: Mapping[str, Any]) -> bool:
        """Whether the example with these values is one that the entry excuses."""
        return self.covers_values(**values)

    def excuses(
        self, values: Mapping[str, Any], calls: Sequence[Sequence[Any]], elements: np.ndarray | None = None
    ) -> bool:
        """Whether the entry excuses a fault of calls with these arguments, in the example with these values.

        elements: which ones of the result are wrong, where the fault says so; all of them have to be covered.
        """
        return self.covers(values) and any(
            self._covers_all(self.covers_call(*mapped(_plain, tuple(one))), elements) for one in calls
        )

    @staticmethod
    def _covers_all(covered: bool | np.ndarray, wrong: np.ndarray | None) -> bool:
        if wrong is None or np.shape(covered) != wrong.shape:
            return bool(np.all(covered))
        return bool(np.all(covered | ~wrong))


def _plain(leaf: Any) -> Any:
    return leaf.values if isinstance(leaf, LaidOut) else leaf
