"""The clauses of mean_squared_error."""

import numpy as np

from tests.conformance.relations import (
    assert_batch_is_mean_of_examples,
    assert_every_position_counts,
    assert_pure,
    assert_same_in_every_layout,
    each,
    loss_of,
)
from tests.harness import clause, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes


def assert_is_mean_squared_error(impl, y_hat, y):
    impl.check.mean_squared_error(y_hat, y)


@clause("MSE-VALUE")
@given(batch=draw.regressions(shapes=draw.VECTORS))
def test_the_loss_is_the_formula(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-MATRIX")
@each(batch=[(y_hat, np.round(y_hat) + 1) for y_hat in draw.samples(palettes.moderate)])
@given(batch=draw.regressions(shapes=draw.MATRICES))
def test_the_mean_runs_over_every_element_of_a_matrix(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-SCALAR")
@given(batch=draw.regressions(shapes=[(m, 1) for m in range(1, 8)]))
def test_a_column_of_labels_is_a_vector_of_them(impl, batch):
    y_hat, y = batch
    of_vectors = loss_of(impl, "mean_squared_error", y_hat[:, 0], y[:, 0])
    bound = impl.bound.mean_squared_error(y_hat, y) + impl.bound.mean_squared_error(y_hat[:, 0], y[:, 0])
    impl.within(impl.mean_squared_error(y_hat, y), of_vectors, bound)


@clause("MSE-MEAN")
@given(batch=draw.regressions(shapes=draw.at_least(2, draw.MATRICES, axis=0)))
def test_the_loss_of_a_batch_is_the_mean_of_its_examples(impl, batch):
    assert_batch_is_mean_of_examples(impl, "mean_squared_error", *batch)


@clause("MSE-PURE")
@given(batch=draw.regressions())
def test_no_argument_changes_and_no_result_is_overwritten(impl, batch):
    y_hat, y = batch
    assert_pure(impl, "mean_squared_error", (y_hat, y), (2 * y_hat + 1, y))


@clause("MSE-LARGE")
@given(batch=draw.regressions(palettes.magnitudes, dtypes=draw.FLOATS))
def test_numbers_of_any_size_whose_squares_are_finite(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-CLOSE")
@given(batch=draw.near_misses())
def test_small_differences_of_large_numbers(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-NAN")
@given(batch=draw.regressions(dtypes=draw.FLOATS))
def test_nan_at_any_position_of_either_argument_gives_nan(impl, batch):
    y_hat, y = batch
    for at in range(y.size):
        impl.exactly(impl.mean_squared_error(draw.replaced(y_hat, at, np.nan), y), np.nan)
        impl.exactly(impl.mean_squared_error(y_hat, draw.replaced(y, at, np.nan)), np.nan)


@clause("MSE-DTYPE")
@given(batch=draw.regressions(dtypes=draw.FLOATS))
def test_the_loss_is_as_accurate_as_the_dtype_of_the_arguments(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-INTEGER")
@each(batch=[(y_hat, y_hat[::-1]) for y_hat in draw.integer_examples((4,))])
@given(batch=draw.integer_pairs())
def test_integers_are_promoted_or_refused(impl, batch):
    impl.attempt.mean_squared_error(*batch).refused_or_promoted(0, 1)


@clause("MSE-SHAPES")
@each(shapes=draw.UNEQUAL_SHAPES)
def test_unequal_shapes_are_refused(impl, shapes):
    batch = [np.zeros(shape) for shape in shapes]
    impl.attempt.mean_squared_error(*batch).refused("y of another shape than y_hat")


@clause("MSE-EMPTY")
@each(shape=[(0,), (0, 3), (2, 0)])
def test_an_empty_batch_has_no_loss(impl, shape):
    batch = np.zeros(shape), np.zeros(shape)
    impl.attempt.mean_squared_error(*batch).refused_or_nan("an empty batch")


@clause("MSE-LONG")
@given(batch=draw.long_pairs("uniform(-3, 3, {})", "uniform(-3, 3, {})"))
def test_batches_of_thousands_of_examples(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-SPIKE")
def test_one_difference_among_zeros_counts_at_every_position(impl):
    assert_every_position_counts(
        impl, "mean_squared_error", draw.spiked(1031, base=0, spike=1), np.zeros(1031, np.float32)
    )


@clause("MSE-LENGTH")
def test_every_length_is_summed_to_its_end(impl):
    longest = draw.LENGTHS[-1]
    estimates = draw.prefixes(f"np.random.default_rng(1).uniform(-3, 3, {longest})")
    targets = draw.prefixes(f"np.random.default_rng(2).uniform(-3, 3, {longest})")
    # The bound grows with the length and with the errors: one holds for all.
    bound = impl.bound.mean_squared_error(np.full(longest, 3.0), np.full(longest, -3.0))
    for y_hat, y in zip(estimates, targets, strict=True):
        impl.right(impl.mean_squared_error(y_hat, y), bound)


@clause("MSE-LAYOUT")
@given(batch=draw.regressions(dtypes=draw.FLOATS))
def test_the_memory_layout_does_not_matter(impl, batch):
    assert_same_in_every_layout(impl, "mean_squared_error", *batch)
