"""Where pytest's configuration keeps what belongs to a run."""

import pytest

from tests.harness.reports.handed import Handed
from tests.harness.reports.run import Run

run_key = pytest.StashKey[Run]()
handed_key = pytest.StashKey[Handed]()
