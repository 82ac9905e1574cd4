"""The deterministic cases: which are asked under each profile, that their layouts are all there, and their reasons."""

import numpy as np
import pytest
from hypothesis import settings

import reference
from impls import LAYOUTS
from tests.conformance import every_test_imported
from tests.harness.drawing import strategies as draw
from tests.harness.judging.examples import Examples
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import FAILED
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate


@pytest.fixture(params=["quick", "default"])
def profile(request):
    before = settings.get_current_profile_name()
    settings.load_profile(request.param)
    yield request.param
    settings.load_profile(before)


def outcome(id, function):
    every_test_imported()
    clause = CLAUSES[id]
    return judge(PROPERTIES[id], clause, candidate("mine", {clause.function: function}), Examples(0), (), 0)


@pytest.mark.parametrize("block", [2, 4, 8, 16, 32, 64, 96, 100, 128])
def test_lengths_leave_over_each_number_of_elements(profile, block):
    lengths = [length for _, length in draw.lengths()]
    assert lengths == sorted(set(lengths))
    assert {length % block for length in lengths} == set(range(block))
    assert {256, 257, 512, 513, 1024, 1025, 4099} & {*lengths} >= {256, 257, 512, 513, 1024, 1025, 4099}


def test_every_profile_but_quick_asks_each_length_and_each_position(profile):
    asked = {length for _, length in draw.lengths()}, {at for _, at in draw.spike_positions()}
    every = set(draw.LENGTHS), set(range(draw.SPIKED))
    assert (asked == every) == (profile != "quick")
    assert list(draw.lengths((777,))) == [("drawn by the seed", 777)]


def test_the_edges_of_each_block_are_among_the_positions_of_a_spike(profile):
    positions = {at for _, at in draw.spike_positions()}
    for block in (32, 64, 128, 256, 512, 1024):
        for edge in range(block, draw.SPIKED, block):
            assert {edge - 1, edge} <= positions
    assert draw.SPIKED - 1 in positions


@pytest.mark.parametrize("arguments", [1, 2])
def test_the_explicit_cases_ask_each_layout_of_each_argument(arguments):
    array = np.ones((2, 3))
    asked = [layouts for mix in draw.ALL_LAYOUTS for _, _, layouts in draw.in_layouts([array] * arguments, mix)]
    for number in range(arguments):
        assert {layouts[number] for layouts in asked} == set(LAYOUTS)
    assert any(len(set(layouts)) > 1 for layouts in asked) == (arguments > 1)


def test_every_half_is_every_number_of_its_dtype():
    of_float16 = draw.EVERY_HALF["float16"].astype(np.float16).view(np.uint16)
    numbers = ~np.isnan(draw.EVERY_HALF["float16"])
    assert (of_float16 == np.arange(2**16))[numbers].all()
    of_bfloat16 = draw.EVERY_HALF["bfloat16"].astype(np.float32).view(np.uint32) >> 16
    assert (of_bfloat16 == np.arange(2**16))[~np.isnan(draw.EVERY_HALF["bfloat16"])].all()


def test_a_failure_shows_the_reason_of_its_case():
    def masked_first_block(z, labels):
        loss = reference.cross_entropy_with_logits(z, labels)
        return np.nan * loss if z.shape[-1] > 64 and (z[..., :60] == -np.inf).all() else loss

    found = outcome("LOGITS-MASK", masked_first_block)
    assert found.outcome == FAILED
    assert found.message.endswith("[-inf in every other block of 64]")


def test_a_sweep_shows_the_worst_element_alone():
    def off_at_3(z):
        return np.where((z > 2.999) & (z < 3.001), 0.5, reference.sigmoid(z)).astype(z.dtype)

    found = outcome("SIGMOID-SWEEP", off_at_3)
    assert found.outcome == FAILED
    assert found.expected.startswith("[0.952")
    assert len(found.counterexample) < 200


def test_a_short_length_is_shown_before_a_drawn_one():
    def from_29_on(z):
        return np.where(np.arange(z.size) < 28, reference.sigmoid(z), 0).astype(z.dtype)

    found = outcome("SIGMOID-LENGTH", lambda z: from_29_on(z) if z.ndim == 1 else reference.sigmoid(z))
    assert found.message.endswith("[each number of lanes and of elements left over]")
