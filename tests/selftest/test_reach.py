"""The deterministic cases: which are asked under each profile, that their layouts are all there, and their reasons."""

import numpy as np
import pytest
from hypothesis import settings

import reference
from impls import LAYOUTS, library
from tests.conformance import every_test_imported
from tests.harness.drawing import strategies as draw
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import FAILED
from tests.harness.judging.planning import Examples
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
    assert {*range(1, 131)} <= {*lengths}
    assert {length % block for length in lengths} == set(range(block))
    assert {256, 257, 512, 513, 1024, 1025, 4099} & {*lengths} >= {256, 257, 512, 513, 1024, 1025, 4099}


@pytest.mark.parametrize("block", [2, 4, 8, 16, 32, 64])
def test_each_number_of_elements_left_over_is_asked_in_each_dtype_at_small_and_at_large_sizes(profile, block):
    for least, most in ((0, 67), (67, 131), (67, 2227)):
        if block > (most - least) // 2:
            continue
        left_over: dict[str, set[int]] = {dtype: set() for dtype in draw.FLOATS}
        for _, length, dtype in draw.in_dtypes(draw.lengths(), draw.FLOATS):
            if least <= length < most:
                left_over[dtype].add(length % block)
        assert left_over == {dtype: set(range(block)) for dtype in draw.FLOATS}


def test_only_quick_asks_a_length_in_one_dtype_alone(profile):
    lengths, asked = draw.lengths(), list(draw.in_dtypes(draw.lengths(), draw.FLOATS))
    assert {length for _, length, _ in asked} == {length for _, length in lengths}
    assert (len(asked) == 2 * len(lengths)) == (profile != "quick")


def test_parameters_of_each_length_are_updated_in_each_dtype(profile):
    asked = {
        (size, array.dtype.name)
        for update in draw.long_updates(draw.lengths(), draw.FLOATS)
        for array in update["grad"]
        for size in [len(array)]
    }
    assert asked == {(length, dtype) for _, length in draw.lengths() for dtype in draw.FLOATS}


@pytest.mark.parametrize("block", [2, 4, 8, 16, 32])
def test_all_elements_of_a_call_together_leave_over_each_number(profile, block):
    updates = draw.long_updates(draw.lengths(), draw.FLOATS)
    totals = {sum(array.size for array in update["grad"]) for update in updates}
    assert {total % block for total in totals if total > 66} == set(range(block))


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


@pytest.mark.parametrize("block", [4, 8, 16, 32])
def test_each_number_is_left_over_at_every_size(profile, block):
    lengths = [length for _, length in draw.lengths()]
    for start in range(67, 2226 - 17 * block, 17):
        assert {length % block for length in lengths if start <= length < start + 17 * block} == set(range(block))


def test_gradients_of_long_layers_leave_over_each_number_in_each_dtype(profile):
    trainings = [one for _, one in draw.long_trainings(draw.lengths(), draw.FLOATS)]
    for dtype in draw.FLOATS:
        of_dtype = [(x, theta) for x, _, theta, *_ in trainings if x.dtype == dtype]
        inputs = {x.shape[1] % 32 for x, theta in of_dtype if len(theta) == 1}
        units = {len(theta[0][1]) % 32 for _, theta in of_dtype if len(theta) == 2}
        assert inputs == units == set(range(32))


def test_what_lies_beside_the_elements_is_in_the_domain_of_the_function():
    """An implementation that reads it, and checks its arguments, gets no reason to refuse them."""
    probabilities = draw.probabilities_of((4, 3))
    for layout in ("transposed", "strided", "offset", "sliced"):
        array = library("numpy", "cpu").from_numpy(np.asarray(probabilities), layout)
        while isinstance(array.base, np.ndarray):
            array = array.base
        assert array.size > probabilities.size
        assert ((array > 0) & (array < 1)).all()


def test_rows_of_numbers_have_different_softmaxes():
    rows = reference.softmax(draw.numbers((4, 3)))
    assert np.abs(rows[:, None] - rows).max(axis=-1)[~np.eye(4, dtype=bool)].min() > 0.01


@pytest.mark.parametrize("output", ["relu", "tanh"])
def test_the_targets_of_a_squared_error_differ_and_a_relu_is_on_and_off(output):
    (training,) = [one for one in draw.with_each_output() if one[3] == [output]]
    x, y, ((W, b),), _, _ = training
    assert len(np.unique(y)) == y.size
    assert np.unique(x @ W.T + b > 0).size == 2


@pytest.mark.parametrize("entry", [1, 2, 3])
def test_a_parameter_in_c_order_has_a_gradient_and_a_state_in_fortran_order(entry):
    """Of adam_step, which has the most: its arrays are parameters, gradients, and two entries of the state."""
    pairs = set()
    for update in draw.updates_in_layouts():
        arguments = [update[key] for key in ("theta", "grad", "signed", "positive")]
        count = len(update["theta"])
        matrix = next(i for i, one in enumerate(update["theta"]) if one.ndim == 2)
        for mix in draw.ALL_LAYOUTS:
            for _, layouts in draw.in_nested_layouts(arguments, mix):
                pairs.add((layouts[matrix], layouts[matrix + entry * count]))
    assert pairs & {(of_c, "fortran") for of_c in ("contiguous", "offset", "readonly", "requires_grad")}
