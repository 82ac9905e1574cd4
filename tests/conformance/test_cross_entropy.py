"""The clauses of cross_entropy, of probabilities."""

import numpy as np

from reference import SOFTMAX_EXAMPLE
from tests.conformance.relations import (
    assert_batch_is_mean_of_examples,
    assert_every_position_counts,
    assert_pure,
    assert_right_in,
    assert_same_in_every_layout,
    assert_takes_the_same_array_twice,
    dtypes_and_lengths,
    each,
    integers_of,
)
from tests.harness import clause, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes

ONE_EXAMPLE = draw.at_least(2, draw.ROWS)
ROWS_OR_MATRICES = ONE_EXAMPLE + draw.at_least(2, draw.MATRICES)


def assert_is_cross_entropy(impl, y_hat, y):
    impl.check.cross_entropy(y_hat, y)


@clause("CE-VALUE")
@each(batch=draw.classified_samples())
@given(batch=draw.classified_batches())
def test_the_loss_is_the_formula(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-ONE")
@given(batch=draw.classified_batches(ONE_EXAMPLE))
def test_one_example_without_a_batch_axis(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-MEAN")
@given(batch=draw.classified_batches(draw.at_least(2, draw.at_least(2, draw.MATRICES), axis=0)))
def test_the_loss_of_a_batch_is_the_mean_of_its_examples(impl, batch):
    assert_batch_is_mean_of_examples(impl, "cross_entropy", *batch)


@clause("CE-EXAMPLE")
def test_the_worked_example_of_the_slide(impl):
    y_hat = impl.cast(np.array([SOFTMAX_EXAMPLE.probabilities]))
    y = impl.cast(np.eye(y_hat.shape[1])[[SOFTMAX_EXAMPLE.label]])
    rounded = 2 * impl.arithmetic(y_hat).unit_roundoff  # the label's probability, in its dtype
    bound = impl.bound.cross_entropy(y_hat, y) + rounded
    impl.within(impl.cross_entropy(y_hat, y), SOFTMAX_EXAMPLE.cross_entropy, bound)


@clause("CE-PURE")
@given(batch=draw.classified_batches(draw.at_least(2, draw.MATRICES)))
def test_no_argument_changes_and_no_result_is_overwritten(impl, batch):
    y_hat, y = batch
    assert_pure(impl, "cross_entropy", (y_hat, y), (np.roll(y_hat, 1, axis=-1), y))


@clause("CE-CERTAIN")
@given(batch=draw.certain_classified_batches())
def test_a_probability_of_0_elsewhere_than_at_the_label_costs_nothing(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-INFINITE")
@given(batch=draw.impossible_classified_batches())
def test_a_label_of_probability_0_costs_infinitely_much(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-SOFT")
@given(batch=draw.classified_batches(ROWS_OR_MATRICES, dtypes=draw.FLOATS, soft=True))
def test_targets_may_be_any_distribution(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-TAILS")
@given(batch=draw.unlikely_classified_batches(palettes.unit_interval))
def test_every_probability_of_the_dtype_has_its_loss(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-DTYPE")
@given(batch=draw.classified_batches(ROWS_OR_MATRICES, dtypes=draw.FLOATS))
def test_the_loss_is_as_accurate_as_the_dtype_of_the_arguments(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-SHAPES")
@each(shapes=[shapes for shapes in draw.UNEQUAL_SHAPES if max(map(len, shapes)) <= 2])
def test_unequal_shapes_are_refused(impl, shapes):
    batch = impl.cast([draw.probabilities_of(shape) for shape in shapes])
    impl.attempt.cross_entropy(*batch).refused("y of another shape than y_hat")


@clause("CE-DOMAIN")
@given(batch=draw.classified_batches(dtypes=draw.FLOATS), at=draw.positions())
def test_a_prediction_that_is_no_probability_is_refused_or_nan(impl, batch, at):
    y_hat, y = batch
    for wrong in draw.no_probabilities(y_hat.dtype):
        loss = impl.attempt.cross_entropy(draw.replaced(y_hat, at, wrong), y)
        loss.refused_or_nan(f"the prediction {wrong}")


@clause("CE-TARGETS")
@given(batch=draw.classified_batches(dtypes=draw.FLOATS), at=draw.positions())
def test_a_target_that_is_no_probability_is_refused_or_nan(impl, batch, at):
    y_hat, y = batch
    for wrong in draw.no_probabilities(y.dtype):
        loss = impl.attempt.cross_entropy(y_hat, draw.replaced(y, at, wrong))
        loss.refused_or_nan(f"the target {wrong}")


@clause("CE-EMPTY")
@each(shape=[(0, 1), (0, 3)])
def test_an_empty_batch_has_no_loss(impl, shape):
    batch = impl.cast((np.zeros(shape), np.zeros(shape)))
    impl.attempt.cross_entropy(*batch).refused_or_nan("an empty batch")


@clause("CE-INTEGER")
@given(batch=draw.classified_batches(dtypes=draw.FLOATS))
def test_targets_of_any_integer_dtype_are_converted_or_refused(impl, batch):
    y_hat, y = batch
    for dtype in (*integers_of(impl), "bool"):
        impl.attempt.cross_entropy(y_hat, y.astype(dtype)).refused_or_right()


@clause("CE-BATCH")
@given(batch=draw.many_classified())
def test_batches_of_thousands_of_examples(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-LONG")
@given(batch=draw.long_classified())
def test_rows_of_thousands_of_classes(impl, batch):
    assert_is_cross_entropy(impl, *batch)


@clause("CE-SPIKE")
@each(position=[()])
@given(position=draw.further_positions())
def test_one_loss_among_small_ones_counts_at_every_position(impl, position):
    def y_hat(at, dtype):
        p = draw.spiked(at, base=1 - 2**-20, spike=0.5, dtype=dtype)
        return np.stack([p, 1 - p], axis=1)

    assert_every_position_counts(
        impl, "cross_entropy", position, y_hat, lambda dtype: np.tile(np.array([1, 0], dtype), (draw.SPIKED, 1))
    )


@clause("CE-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_every_number_of_classes_is_summed_to_its_end(impl, length):
    for dtype, k in dtypes_and_lengths(impl, length):
        assert_right_in(impl, "cross_entropy", dtype, *draw.last_class_true(k, draw.numpy_dtype(dtype)))


@clause("CE-SWEEP")
@each(dtype=draw.FLOATS)
def test_each_probability_of_a_dense_sweep_has_its_loss(impl, dtype):
    impl.because("one example at a time: a mean hides one that is a little wrong")
    for p in draw.probabilities_of_each_binade():
        y_hat = np.array([[p, 1 - p]], dtype)
        assert_is_cross_entropy(impl, y_hat, np.array([[1, 0]], dtype))
        assert_is_cross_entropy(impl, y_hat, np.array([[1 - p, p]], dtype))
    for p in draw.TINY_PROBABILITIES:
        assert_is_cross_entropy(impl, np.array([[p, 1 - p]], dtype), np.array([[1, 0]], dtype))


@clause("CE-LAYOUT")
@each(batch=draw.classified_samples()[2:3], mix=draw.ALL_LAYOUTS)
@each(batch=draw.single_classified(), mix=draw.ALL_LAYOUTS[:3])
@given(batch=draw.classified_batches(ROWS_OR_MATRICES, dtypes=draw.FLOATS), mix=draw.mixes())
def test_the_memory_layout_does_not_matter(impl, batch, mix):
    assert_same_in_every_layout(impl, "cross_entropy", mix, *batch)
    assert_takes_the_same_array_twice(impl, "cross_entropy", batch[0])
