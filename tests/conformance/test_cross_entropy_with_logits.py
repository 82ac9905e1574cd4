"""The clauses of cross_entropy_with_logits."""

import numpy as np

from reference import REFERENCE, cross_entropy_bound, gamma, softmax_bound
from tests.conformance.relations import (
    assert_batch_is_mean_of_examples,
    assert_every_position_counts,
    assert_pure,
    assert_right_in,
    assert_same_in_every_layout,
    dtypes_and_lengths,
    each,
    floats_of,
    halves_of,
    integers_of,
)
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes

TEXTBOOK = palettes.moderate, palettes.moderate, palettes.wide


def assert_is_the_loss(impl, z, labels):
    impl.check.cross_entropy_with_logits(z, labels)


@clause("LOGITS-VALUE")
@each(batch=[(z, np.arange(len(z)) % z.shape[-1]) for z in draw.samples(palettes.moderate) if z.ndim == 2])
@given(batch=draw.labelled_logits(*TEXTBOOK))
def test_the_loss_is_the_formula(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-ONE")
@given(batch=draw.labelled_logits(*TEXTBOOK, shapes=draw.ROWS))
def test_one_example_without_a_batch_axis(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-MEAN")
@given(batch=draw.labelled_logits(palettes.moderate, shapes=draw.at_least(2, draw.MATRICES, axis=0)))
def test_the_loss_of_a_batch_is_the_mean_of_its_examples(impl, batch):
    assert_batch_is_mean_of_examples(impl, "cross_entropy_with_logits", *batch)


@clause("LOGITS-COMPOSITION")
@given(batch=draw.labelled_logits(palettes.moderate))
def test_it_is_the_cross_entropy_of_the_softmax_with_the_one_hot_label(impl, batch):
    z, labels = batch
    y_hat, y = exact.softmax(z), exact.one_hot(labels, z.shape[-1])
    of_the_softmax = np.mean(gamma((y * softmax_bound(z, REFERENCE) / y_hat).sum(axis=-1)))
    rounding = of_the_softmax + cross_entropy_bound(y_hat, y, REFERENCE).bound
    bound = impl.bound.cross_entropy_with_logits(z, labels) + rounding
    impl.within(impl.cross_entropy_with_logits(z, labels), exact.cross_entropy(y_hat, y), bound)


@clause("LOGITS-SHIFT")
@given(batch=draw.labelled_logits(palettes.eighths), c=draw.shifts())
def test_adding_a_constant_to_every_logit_changes_nothing(impl, batch, c):
    z, labels = batch
    loss = impl.cross_entropy_with_logits(z + c, labels)
    impl.within(loss, exact.cross_entropy_with_logits(z, labels), impl.bound.cross_entropy_with_logits(z + c, labels))


@clause("LOGITS-PURE")
@given(batch=draw.labelled_logits(palettes.moderate))
def test_no_argument_changes_and_no_result_is_overwritten(impl, batch):
    z, labels = batch
    assert_pure(impl, "cross_entropy_with_logits", (z, labels), (2 * z - 1, labels[::-1]))


@clause("LOGITS-SPREAD")
@given(batch=draw.labelled_logits(palettes.finite_line, dtypes=draw.FLOATS))
def test_logits_may_be_as_far_apart_as_floating_point_allows(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-ENDS")
@each(row=draw.EXTREMES)
def test_the_largest_and_the_lowest_numbers_of_the_dtype_are_logits_like_others(impl, row):
    impl.because("a maximum that starts just above the lowest number of the dtype (microsoft/onnxruntime#26670)")
    label = impl.cast(np.array([0]))
    for dtype in (*floats_of(impl), *halves_of(impl)):
        assert_right_in(impl, "cross_entropy_with_logits", dtype, draw.extreme_row(row, dtype), label)


@clause("LOGITS-MASK")
@each(row=draw.masked_rows())
@given(row=draw.further_masked_rows())
def test_long_runs_of_minus_infinity_are_as_if_they_were_not_there(impl, row):
    reason, z = row
    impl.because(reason)
    batch = np.atleast_2d(z)
    labels = impl.cast(draw.last_finite(batch))
    for dtype in (*floats_of(impl), *halves_of(impl)):
        assert_right_in(impl, "cross_entropy_with_logits", dtype, batch.astype(draw.numpy_dtype(dtype)), labels)


@clause("LOGITS-OFFSET")
@given(batch=draw.labelled(draw.rows_far_apart(offsets=(0, 1e4, -1e4, 1e7, -1e7))))
def test_a_large_offset_of_a_row_costs_no_accuracy(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-NEGINF")
@given(batch=draw.possible_labels())
def test_a_logit_of_minus_infinity_is_as_if_it_were_not_there(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-INFINITE")
@given(batch=draw.impossible_labels())
def test_a_label_with_the_logit_minus_infinity_costs_infinitely_much(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-NAN")
@given(batch=draw.labelled_logits(palettes.moderate, dtypes=draw.FLOATS))
def test_nan_at_any_position_or_minus_infinity_in_a_whole_row_makes_the_loss_nan(impl, batch):
    z, labels = batch
    for at in range(z.size):
        impl.attempt.cross_entropy_with_logits(draw.with_nan_at(z, at), labels).refused_or_exactly(np.nan)
    for row in np.eye(len(z), dtype=bool):
        masked = np.where(row[:, None], -np.inf, z)
        impl.attempt.cross_entropy_with_logits(masked, labels).refused_or_exactly(np.nan)


@clause("LOGITS-POSINF")
@given(
    batch=draw.labelled_logits(palettes.moderate, palettes.with_minus_infinity, dtypes=draw.FLOATS), at=draw.positions()
)
def test_an_infinite_logit_gives_no_finite_loss(impl, batch, at):
    z, labels = batch
    loss = impl.attempt.cross_entropy_with_logits(draw.replaced(z, at, np.inf), labels)
    loss.refused_or_not_finite("a row with a logit of inf")


@clause("LOGITS-LONG")
@given(batch=draw.labelled_at_random(draw.long_logits()))
def test_rows_of_thousands_of_classes(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-BATCH")
@given(batch=draw.labelled_at_random(draw.large_batches()))
def test_batches_of_thousands_of_rows(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-SPIKE")
@each(position=[()])
@given(position=draw.further_positions())
def test_one_loss_among_zeros_counts_at_every_position(impl, position):
    def z(at, dtype):
        ahead = draw.spiked(at, base=200, spike=0, dtype=dtype)
        return np.stack([ahead, np.zeros_like(ahead)], axis=1)

    assert_every_position_counts(
        impl, "cross_entropy_with_logits", position, z, lambda dtype: np.zeros(draw.SPIKED, np.int64)
    )


@clause("LOGITS-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_every_number_of_classes_is_summed_to_its_end(impl, length):
    for dtype, k in dtypes_and_lengths(impl, length):
        rows = 1 + k % 2
        z = draw.recipe(f"np.where(np.arange({rows * k}) % {k} == {k - 1}, 3, 0).reshape({rows}, {k})")
        labels = impl.cast(np.full(rows, k - 1))
        assert_right_in(impl, "cross_entropy_with_logits", dtype, z.astype(draw.numpy_dtype(dtype)), labels)


@clause("LOGITS-SWEEP")
@each(dtype=draw.FLOATS)
def test_each_difference_of_two_logits_of_a_dense_sweep_has_its_loss(impl, dtype):
    impl.because("one example at a time: a mean hides one that is a little wrong")
    label = impl.cast(np.array([0]))
    for part in draw.between_0_and_1():
        assert_is_the_loss(impl, np.array([[40 * part - 20, 0]], dtype), label)
        assert_is_the_loss(impl, np.array([[4 * part - 2, 0]], dtype), label)


@clause("LOGITS-INDEX")
@each(shape=[(5, 3), (3, 50), (50, 3), (100, 3), (200, 3), (22000, 3), (3, 300)])
def test_labels_of_any_integer_dtype_are_taken_as_they_are_or_refused(impl, shape):
    impl.because("the number of an element, row times k plus label, need not fit the labels' dtype (rsokl/MyGrad#122)")
    m, k = shape
    for dtype in integers_of(impl):
        labels = draw.recipe(f"(np.arange({m}) * 7 % {min(k, np.iinfo(dtype).max)}).astype(np.{dtype})")
        impl.attempt.cross_entropy_with_logits(impl.cast(draw.numbers(shape)), labels).refused_or_right()


@clause("LOGITS-DTYPE")
@given(batch=draw.labelled_logits(palettes.moderate, shapes=draw.ROWS + draw.MATRICES, dtypes=draw.FLOATS))
def test_the_loss_is_as_accurate_as_the_dtype_of_the_logits(impl, batch):
    assert_is_the_loss(impl, *batch)


@clause("LOGITS-INTEGER")
@each(batch=[(z, np.array([0, 1])) for z in draw.integer_examples((2, 2))])
@given(batch=draw.labelled(draw.integer_arrays(draw.MATRICES)))
def test_integer_logits_are_promoted_or_refused(impl, batch):
    z, labels = batch
    impl.attempt.cross_entropy_with_logits(z, labels).refused_or_promoted(0)


@clause("LOGITS-LABELS")
@each(batch=[(np.zeros((3, 2)), np.array([1, wrong, 0])) for wrong in draw.wrong_labels(2)])
@given(batch=draw.logits_with_a_wrong_label())
def test_a_label_out_of_range_is_refused(impl, batch):
    impl.attempt.cross_entropy_with_logits(*batch).refused("a label out of range")


@clause("LOGITS-SHAPES")
@each(
    shapes=[
        ((3, 2), (2,)),
        ((3, 2), (4,)),
        ((3, 2), (1,)),
        ((3, 2), ()),
        ((3, 2), (3, 1)),
        ((2, 2), (2, 2)),
        ((4,), (4,)),
    ]
)
def test_labels_of_another_shape_are_refused_or_squeezed_but_not_broadcast(impl, shapes):
    z, labels = impl.cast((draw.numbers(shapes[0]), draw.targets_of(shapes[1], "int64")))
    loss = impl.attempt.cross_entropy_with_logits(z, labels)
    if shapes[1] == (len(z), 1):  # one label for each row, in a column: squeezed, but not broadcast
        squeezed = z, labels[:, 0]
        bound = impl.bound.cross_entropy_with_logits(*squeezed)
        loss.refused_or_within(exact.cross_entropy_with_logits(*squeezed), bound)
    else:
        loss.refused("another number of labels than of rows")


@clause("LOGITS-EMPTY")
@each(k=[1, 3])
def test_an_empty_batch_has_no_loss(impl, k):
    batch = impl.cast((np.zeros((0, k)), np.zeros(0, np.int64)))
    impl.attempt.cross_entropy_with_logits(*batch).refused_or_nan("an empty batch")


@clause("LOGITS-LAYOUT")
@each(batch=draw.labelled_in_each_dtype(), mix=draw.ALL_LAYOUTS)
@each(batch=[(draw.numbers((13,), dtype), np.array(3)) for dtype in draw.FLOATS], mix=draw.ALL_LAYOUTS[:3])
@given(
    batch=draw.labelled_logits(palettes.moderate, shapes=draw.ROWS + draw.MATRICES, dtypes=draw.FLOATS),
    mix=draw.mixes(),
)
def test_the_memory_layout_does_not_matter(impl, batch, mix):
    assert_same_in_every_layout(impl, "cross_entropy_with_logits", mix, *batch)
