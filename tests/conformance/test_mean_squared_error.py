"""The clauses of mean_squared_error."""

import numpy as np

from tests.conformance.relations import (
    assert_batch_is_mean_of_examples,
    assert_every_position_counts,
    assert_not_broadcast,
    assert_pure,
    assert_right_in,
    assert_same_in_every_layout,
    assert_takes_the_same_array_twice,
    dtypes_and_lengths,
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


@clause("MSE-SPREAD")
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
        spoilt = draw.spoilt_in_turn(y_hat, y, at, draw.nan_of(at))
        impl.attempt.mean_squared_error(*spoilt).refused_or_exactly(np.nan)


@clause("MSE-INF")
@given(batch=draw.regressions(dtypes=draw.FLOATS))
def test_an_infinity_at_any_position_of_either_argument_costs_infinitely_much(impl, batch):
    y_hat, y = batch
    for at in range(y.size):
        spoilt = draw.spoilt_in_turn(y_hat, y, at, np.inf if at // 2 % 2 else -np.inf)
        impl.attempt.mean_squared_error(*spoilt).refused_or_exactly(np.inf)


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
def test_unequal_shapes_are_refused_or_squeezed_but_not_broadcast(impl, shapes):
    assert_not_broadcast(impl, "mean_squared_error", *impl.cast([*map(draw.numbers, shapes)]))


@clause("MSE-EMPTY")
@each(shape=[(0,), (0, 3), (2, 0)])
def test_an_empty_batch_has_no_loss(impl, shape):
    batch = impl.cast((np.zeros(shape), np.zeros(shape)))
    impl.attempt.mean_squared_error(*batch).refused_or_nan("an empty batch")


@clause("MSE-BATCH")
@each(batch=draw.many_pairs("uniform(-3, 3, {})", "uniform(-3, 3, {})"))
@given(batch=draw.long_pairs("uniform(-3, 3, {})", "uniform(-3, 3, {})"))
def test_batches_of_thousands_of_examples(impl, batch):
    assert_is_mean_squared_error(impl, *batch)


@clause("MSE-SPIKE")
@each(position=[()])
@given(position=draw.further_positions())
def test_one_difference_among_zeros_counts_at_every_position(impl, position):
    def y_hat(at, dtype):
        return draw.spiked(at, base=0, spike=1, dtype=dtype)

    assert_every_position_counts(
        impl, "mean_squared_error", position, y_hat, lambda dtype: np.zeros(draw.SPIKED, dtype)
    )


@clause("MSE-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_every_length_is_summed_to_its_end(impl, length):
    for dtype, n in dtypes_and_lengths(impl, length):
        y_hat, y = (make((n,), draw.numpy_dtype(dtype)) for make in (draw.numbers, draw.targets_of))
        if dtype in draw.HALVES:
            y_hat, y = draw.ends_stand_out(n, 2**-4, 4, 8), np.zeros(n)
        assert_right_in(impl, "mean_squared_error", dtype, y_hat, y)


@clause("MSE-SWEEP")
@each(dtype=draw.FLOATS)
def test_each_estimate_and_each_target_of_a_dense_sweep_has_its_loss(impl, dtype):
    impl.because("one estimate at a time: a mean hides one that is a little wrong")
    for part in draw.between_0_and_1():
        pair = np.array([40 * part - 20], dtype), np.array([0.25], dtype)
        assert_is_mean_squared_error(impl, *pair)
        assert_is_mean_squared_error(impl, *pair[::-1])


@clause("MSE-LAYOUT")
@each(batch=draw.pairs_in_each_dtype(draw.numbers, draw.numbers), mix=draw.ALL_LAYOUTS)
@given(batch=draw.regressions(dtypes=draw.FLOATS), mix=draw.mixes())
def test_the_memory_layout_does_not_matter(impl, batch, mix):
    assert_same_in_every_layout(impl, "mean_squared_error", mix, *batch)
    assert_takes_the_same_array_twice(impl, "mean_squared_error", batch[0])
