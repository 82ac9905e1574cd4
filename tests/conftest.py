"""Hands the harness what it does not import: known deviations, known mistakes, and the lecture's figures."""

from collections.abc import Iterable, Sequence

import pytest

from impls.declared import Network
from tests.conformance.known_deviations import KNOWN_DEVIATIONS
from tests.harness.drawing.drawing_and_shrinking import Values
from tests.harness.judging.diagnosis import Suspect
from tests.harness.plugin.keys import handed_key
from tests.harness.reports.handed import Figures, Handed


def pytest_configure(config: pytest.Config) -> None:
    from tests.experiments import figures_of_the_lecture

    figures = Figures(figures_of_the_lecture.needs, figures_of_the_lecture.write)
    config.stash[handed_key] = Handed(KNOWN_DEVIATIONS, _suspects, _inputs, figures)


def _inputs(clause: str) -> Sequence[Values]:
    """Small inputs of a clause; read only where something has failed."""
    from tests.mistakes import inputs

    return inputs.of(clause)


def _suspects(function: str, network: Network | None) -> Iterable[Suspect]:
    """The known mistakes of a function; imported only where something has failed, since they are many."""
    from tests.mistakes import suspects

    return suspects.of(function, network)
