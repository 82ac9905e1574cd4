"""A pytest plugin that hands the entries of ``tests/libraries/defects`` to the suite, beside its known deviations.

``python -m tests.libraries`` loads it. A plain run of an adapter goes without, and reports each defect as a failure.
"""

from dataclasses import replace

import pytest

from tests.harness.plugin.keys import handed_key
from tests.libraries.defects import DEFECTS


@pytest.hookimpl(tryfirst=True)
def pytest_sessionstart(session: pytest.Session) -> None:
    of_libraries = [entry for defect in DEFECTS for entry in defect.deviations()]
    handed = session.config.stash[handed_key]
    session.config.stash[handed_key] = replace(handed, deviations=(*handed.deviations, *of_libraries))
