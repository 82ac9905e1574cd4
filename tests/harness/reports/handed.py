"""What the harness needs of the other parts of the suite, and does not import: ``tests/conftest.py`` hands it over."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from impls import Implementation
from tests.harness.drawing.drawing_and_shrinking import Values
from tests.harness.judging.diagnosis import Suspects
from tests.harness.spec.deviations import KnownDeviation


@dataclass(frozen=True)
class Picture:
    """A figure of one implementation, or of all of them together.

    path: its PNG file. of: the name of the implementation, None for all. shows: what is to be seen, as a sentence.
    missing: why it was not drawn; None where it was.
    """

    path: Path
    of: str | None
    shows: str
    missing: str | None = None


@dataclass(frozen=True)
class Figures:
    """The lecture's figures. needs: says what is not installed. write: draws them into a folder, one after the other.

    Raises OSError where the folder cannot be written.
    """

    needs: Callable[[], str | None]
    write: Callable[[Sequence[Implementation], Path], Iterable[Picture]]


@dataclass(frozen=True)
class Handed:
    """deviations: of libraries, recorded. suspects: the known mistakes of a function, asked for when it has failed.

    inputs: small examples of a clause, what known mistakes were shrunk to.
    """

    deviations: Sequence[KnownDeviation] = ()
    suspects: Suspects = lambda function, network: ()
    inputs: Callable[[str], Sequence[Values]] = lambda clause: ()
    figures: Figures | None = None
