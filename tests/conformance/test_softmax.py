"""The clauses of softmax."""

from functools import partial

import numpy as np

from reference import REFERENCE, SOFTMAX_EXAMPLE, gamma, sigmoid_bound
from tests.conformance.relations import (
    assert_pure,
    assert_right_in,
    assert_same_in_every_layout,
    dtypes_and_lengths,
    each,
    floats_of,
    halves_of,
    value_of,
)
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes


def assert_is_softmax(impl, z):
    impl.check.softmax(z)


@clause("SOFTMAX-VALUE")
@each(z=[z for z in draw.samples(palettes.moderate) if z.ndim == 2])
@given(z=draw.textbook_logits())
def test_every_row_is_the_formula(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-ONE")
@given(z=draw.textbook_logits(draw.ROWS))
def test_one_example_without_a_batch_axis(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-SUM")
@given(z=draw.textbook_logits())
def test_every_row_sums_to_1(impl, z):
    sums = value_of(impl, "softmax", z).sum(axis=-1)
    rounding = gamma(z.shape[-1] * impl.arithmetic(z).unit_roundoff)
    impl.within(sums, np.ones(z.shape[:-1]), impl.bound.softmax(z).bound.sum(axis=-1) + rounding)


@clause("SOFTMAX-SHIFT")
@given(z=draw.arrays(palettes.eighths, shapes=draw.MATRICES), c=draw.shifts())
def test_adding_a_constant_to_every_logit_changes_nothing(impl, z, c):
    impl.within(impl.softmax(z + c), exact.softmax(z), impl.bound.softmax(z + c))


@clause("SOFTMAX-PERMUTATION")
@given(z=draw.textbook_logits(draw.at_least(2, draw.MATRICES)))
def test_reordering_the_classes_reorders_the_probabilities(impl, z):
    reordered = np.roll(z, 1, axis=-1)
    expected = np.roll(value_of(impl, "softmax", z), 1, axis=-1)
    impl.within(impl.softmax(reordered), expected, impl.bound.softmax(reordered).bound * 2)


@clause("SOFTMAX-ROWS")
@given(z=draw.textbook_rows_far_apart())
def test_each_row_is_normalised_by_itself(impl, z):
    alone = np.stack([value_of(impl, "softmax", row[None])[0] for row in z])
    impl.within(impl.softmax(z), alone, impl.bound.softmax(z).bound * 2)


@clause("SOFTMAX-SIGMOID")
@given(z=draw.arrays(palettes.eighths, shapes=[(m, 2) for m in range(1, 8)]))
def test_softmax_of_two_logits_is_the_sigmoid_of_their_difference(impl, z):
    difference = z - z[:, ::-1]
    rounding = sigmoid_bound(difference, REFERENCE)
    impl.within(impl.softmax(z), exact.sigmoid(difference), impl.bound.softmax(z) + rounding)


@clause("SOFTMAX-EXAMPLE")
def test_the_worked_example_of_the_slide(impl):
    logits, probabilities = impl.cast(np.array([SOFTMAX_EXAMPLE.logits])), np.array([SOFTMAX_EXAMPLE.probabilities])
    assert_is_softmax(impl, logits)
    impl.exactly(np.round(impl.softmax(logits).astype("float64"), 2), probabilities)


@clause("SOFTMAX-PURE")
@given(z=draw.textbook_logits())
def test_no_argument_changes_and_no_result_is_overwritten(impl, z):
    assert_pure(impl, "softmax", (z,), (-z,))


@clause("SOFTMAX-SPREAD")
@given(z=draw.arrays(palettes.finite_line, shapes=draw.ROWS + draw.MATRICES, dtypes=draw.FLOATS))
def test_logits_may_be_as_far_apart_as_floating_point_allows(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-ENDS")
@each(row=draw.EXTREMES)
def test_the_largest_and_the_lowest_numbers_of_the_dtype_are_logits_like_others(impl, row):
    impl.because("a maximum that starts just above the lowest number of the dtype (microsoft/onnxruntime#26670)")
    for dtype in (*floats_of(impl), *halves_of(impl)):
        assert_right_in(impl, "softmax", dtype, draw.extreme_row(row, dtype))


@clause("SOFTMAX-OFFSET")
@given(z=draw.rows_far_apart(offsets=(0, 1e4, -1e4, 1e7, -1e7)))
def test_a_large_offset_of_a_row_costs_no_accuracy(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-LONG")
@given(z=draw.long_logits())
def test_rows_of_thousands_of_classes(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-BATCH")
@given(z=draw.large_batches())
def test_batches_of_thousands_of_rows(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-NEGINF")
@given(
    z=draw.with_a_finite_logit(
        draw.arrays(palettes.with_minus_infinity, shapes=draw.ROWS + draw.MATRICES, dtypes=draw.FLOATS)
    )
)
def test_a_logit_of_minus_infinity_is_as_if_it_were_not_there(impl, z):
    assert_is_softmax(impl, z)


@clause("SOFTMAX-MASK")
@each(row=draw.masked_rows())
@given(row=draw.further_masked_rows())
def test_long_runs_of_minus_infinity_are_as_if_they_were_not_there(impl, row):
    reason, z = row
    impl.because(reason)
    for dtype in (*floats_of(impl), *halves_of(impl)):
        assert_right_in(impl, "softmax", dtype, z.astype(draw.numpy_dtype(dtype)))


def nan_where_infinity_allows_it(answer, z):
    """``answer`` with NaN for each row of z that holds +inf, and no NaN, where the row of ``answer`` is allowed.

    It is where NaN stands at a +inf, and where it is the limit: 0 beside +inf, numbers in [0, 1] that sum to 1 at it.
    """
    infinite = z == np.inf
    on, off = np.where(infinite, answer, 0.0), np.where(infinite, 0.0, answer)
    limit = (off == 0).all(axis=-1) & (on >= 0).all(axis=-1) & (np.abs(on.sum(axis=-1) - 1) <= 1e-3)
    allowed = infinite.any(axis=-1) & ~np.isnan(z).any(axis=-1) & (limit | np.isnan(on).any(axis=-1))
    return np.where(allowed[..., None], np.nan, answer)


@clause("SOFTMAX-NAN")
@given(z=draw.with_rows_of_nan(draw.ROWS + draw.MATRICES))
def test_a_row_without_a_softmax_is_nan_and_harms_no_other(impl, z):
    adjust = partial(nan_where_infinity_allows_it, z=z)
    impl.attempt.softmax(z).refused_or_adjusted(adjust, exact.softmax(z), impl.bound.softmax(z))


@clause("SOFTMAX-DTYPE")
@given(z=draw.logits())
def test_the_dtype_of_the_argument_is_kept(impl, z):
    result = impl.softmax(z)
    impl.dtype(result, z.dtype)
    impl.right(result)


@clause("SOFTMAX-INTEGER")
@each(z=draw.integer_examples((2, 2)))
@given(z=draw.integer_arrays(draw.ROWS + draw.MATRICES))
def test_integers_are_promoted_or_refused(impl, z):
    impl.attempt.softmax(z).refused_or_promoted(0)


@clause("SOFTMAX-LAYOUT")
@each(z=draw.in_each_dtype(draw.numbers, draw.large_numbers), mix=draw.ALL_LAYOUTS[:3])
@given(z=draw.logits() | draw.logits() | draw.large_arrays(), mix=draw.mixes())
def test_the_memory_layout_does_not_matter(impl, z, mix):
    assert_same_in_every_layout(impl, "softmax", mix, z)


@clause("SOFTMAX-NDIM")
@given(tensors=draw.tensors())
def test_the_last_axis_holds_the_classes_whatever_stands_before_it(impl, tensors):
    for z in tensors:
        if z.ndim and z.shape[-1]:
            assert_is_softmax(impl, z)


@clause("SOFTMAX-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_every_number_of_classes_is_summed_to_its_end(impl, length):
    for dtype, k in dtypes_and_lengths(impl, length):
        rows = 2 + k % 2  # so that the number of elements may be odd, too
        assert_right_in(impl, "softmax", dtype, draw.near_numbers((rows, k), draw.numpy_dtype(dtype)))


@clause("SOFTMAX-SWEEP")
@each(dtype=draw.FLOATS)
def test_each_of_two_logits_of_a_dense_sweep_has_its_probability(impl, dtype):
    for reason, z in draw.lines(dtype):
        impl.because(reason)
        assert_is_softmax(impl, beside_zero(z))


def beside_zero(z):
    return draw.recipe(f"np.stack([{z.code}, 0 * {z.code}], axis=1)")
