"""What one entry about a released library says, and how it becomes known deviations of the suite.

In go the entries of ``tests/libraries/defects``; out come ``KnownDeviation``s, which excuse recorded inputs of recorded
versions and nothing else, and end in an error once the library no longer deviates.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from tests.harness.spec.deviations import KnownDeviation

ADAPTERS = Path(__file__).with_name("adapters")
CHECKOUT = Path(__file__).parents[2]
NOT_REPORTED = "not reported"
DEFECT, BY_DESIGN = "defect", "by design"
"""A defect is what the library does not promise. What it documents, or its own tests assert, is by design."""


def spec(adapter: str) -> str:
    """The path by which the command names an adapter, from the checkout."""
    return str((ADAPTERS / f"{adapter}.py").relative_to(CHECKOUT))


def _any_values(**values: Any) -> bool:
    return True


def _any_call(*arguments: Any, **options: Any) -> bool:
    return True


@dataclass(frozen=True)
class Seen:
    """Where a defect shows: a clause, one example that shows it, and which of its examples and calls it reaches.

    See ``KnownDeviation``.
    """

    clause: str
    shown_by: Mapping[str, Any]
    covers_values: Callable[..., bool] = _any_values
    covers_call: Callable[..., bool | np.ndarray] = _any_call


@dataclass(frozen=True)
class Defect:
    """One thing that a released library does and a clause forbids.

    adapters: the files by which it was seen. library, versions: whose it is, and in which versions it was seen (PEP
    440). call: one line of Python in the library's own words; got, expected: its result. confirmed: what says that the
    expected result is right. link: its issue, or NOT_REPORTED. kind: DEFECT or BY_DESIGN. seen: where it shows.
    """

    adapters: tuple[str, ...]
    library: str
    versions: str
    call: str
    got: str
    expected: str
    confirmed: str
    link: str
    seen: tuple[Seen, ...]
    kind: str = DEFECT

    def deviations(self) -> Iterator[KnownDeviation]:
        """This for the suite: one entry for each clause."""
        for one in self.seen:
            yield KnownDeviation(
                clause=one.clause,
                implementations=tuple(map(spec, self.adapters)),
                library=self.library,
                versions=self.versions,
                covers_values=one.covers_values,
                shown_by=one.shown_by,
                reason=f"{self.call} gives {self.got}, expected {self.expected}",
                link=self.link,
                covers_call=one.covers_call,
            )
