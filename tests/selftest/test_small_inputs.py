"""The small inputs on which failures are shown: each lies where its clause asks, and most clauses have one."""

import numpy as np
import pytest

import reference
from tests.harness.judging.kind import Kind
from tests.harness.judging.planning import plan_of
from tests.harness.judging.trial import carried_out
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, TEXTBOOK
from tests.mistakes import inputs
from tests.selftest.candidates import candidate

pytestmark = pytest.mark.usefixtures("quick_profile")


@pytest.mark.parametrize("id", [id for id in CLAUSES if inputs.of(id)])
def test_a_right_implementation_is_right_on_them(id):
    right = candidate("right", {name: getattr(reference, name) for name in reference.FUNCTIONS})
    with np.errstate(all="ignore"):
        plans = [plan_of(PROPERTIES[id], CLAUSES[id], Kind.of(right), values) for values in inputs.of(id)]
        assert [seen.fault for seen in carried_out(plans, right.caller).seen] == [None] * len(plans)


def test_most_textbook_clauses_that_draw_have_some():
    drawn = [id for id in CLAUSES if PROPERTIES[id].strategies and CLAUSES[id].level == TEXTBOOK]
    small = [
        id for id in drawn if not id.startswith("NETWORK-")
    ]  # an example of which holds the layers of all networks
    without = [id for id in small if not inputs.of(id)]
    assert len(without) <= len(small) / 10, f"run python -m tests.selftest.small_inputs; without: {without}"
