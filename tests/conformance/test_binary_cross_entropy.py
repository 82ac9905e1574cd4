"""The clauses of binary_cross_entropy."""

import numpy as np

from reference import REFERENCE, cross_entropy_bound
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
    integers_of,
    loss_of,
)
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes

ANY_SHAPE = draw.VECTORS + draw.MATRICES


def assert_is_binary_cross_entropy(impl, y_hat, y):
    impl.check.binary_cross_entropy(y_hat, y)


@clause("BCE-VALUE")
@given(batch=draw.binary_batches())
def test_the_loss_is_the_formula(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-MATRIX")
@each(batch=[(y_hat, np.round(1 - y_hat)) for y_hat in draw.samples(palettes.probabilities)])
@given(batch=draw.binary_batches(shapes=draw.MATRICES))
def test_the_mean_runs_over_every_element_of_a_matrix(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-MEAN")
@given(batch=draw.binary_batches(shapes=[(m,) for m in range(2, 8)]))
def test_the_loss_of_a_batch_is_the_mean_of_its_examples(impl, batch):
    assert_batch_is_mean_of_examples(impl, "binary_cross_entropy", *batch)


@clause("BCE-CE")
@given(batch=draw.binary_batches(palettes.dyadic_probabilities))
def test_it_is_the_cross_entropy_of_two_classes(impl, batch):
    y_hat, y = (np.stack([p, 1 - p], axis=1) for p in batch)
    bound = impl.bound.binary_cross_entropy(*batch) + cross_entropy_bound(y_hat, y, REFERENCE).bound
    impl.within(impl.binary_cross_entropy(*batch), exact.cross_entropy(y_hat, y), bound)


@clause("BCE-PURE")
@given(batch=draw.binary_batches(shapes=ANY_SHAPE))
def test_no_argument_changes_and_no_result_is_overwritten(impl, batch):
    y_hat, y = batch
    assert_pure(impl, "binary_cross_entropy", (y_hat, y), (1 - y_hat / 2, y))


@clause("BCE-CERTAIN")
@given(batch=draw.certain_binary_batches())
def test_a_certain_and_right_prediction_costs_nothing(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-INFINITE")
@given(batch=draw.impossible_binary_batches())
def test_a_certain_and_wrong_prediction_costs_infinitely_much(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-SOFT")
@given(batch=draw.binary_batches(palettes.probabilities, palettes.soft, shapes=ANY_SHAPE, dtypes=draw.FLOATS))
def test_targets_may_be_any_probability(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-TAILS")
@given(batch=draw.binary_batches(palettes.unit_interval, shapes=[(1,), (2,), (3,), (5,)], dtypes=draw.FLOATS))
def test_every_probability_of_the_dtype_has_its_loss(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-DTYPE")
@given(batch=draw.binary_batches(shapes=ANY_SHAPE, dtypes=draw.FLOATS))
def test_the_loss_is_as_accurate_as_the_dtype_of_the_arguments(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-SHAPES")
@each(shapes=draw.UNEQUAL_SHAPES)
def test_unequal_shapes_are_refused_or_squeezed_but_not_broadcast(impl, shapes):
    assert_not_broadcast(impl, "binary_cross_entropy", *impl.cast([*map(draw.probabilities_of, shapes)]))


@clause("BCE-DOMAIN")
@given(batch=draw.binary_batches(dtypes=draw.FLOATS), at=draw.positions())
def test_a_prediction_that_is_no_probability_is_refused_or_nan(impl, batch, at):
    y_hat, y = batch
    for wrong in draw.no_probabilities(y_hat.dtype):
        loss = impl.attempt.binary_cross_entropy(draw.replaced(y_hat, at, wrong), y)
        loss.refused_or_nan(f"the prediction {wrong}")


@clause("BCE-TARGETS")
@given(batch=draw.binary_batches(dtypes=draw.FLOATS), at=draw.positions())
def test_a_target_that_is_no_probability_is_refused_or_nan(impl, batch, at):
    y_hat, y = batch
    for wrong in draw.no_probabilities(y.dtype):
        loss = impl.attempt.binary_cross_entropy(y_hat, draw.replaced(y, at, wrong))
        loss.refused_or_nan(f"the target {wrong}")


@clause("BCE-EMPTY")
@each(shape=[(0,), (0, 3), (2, 0)])
def test_an_empty_batch_has_no_loss(impl, shape):
    batch = impl.cast((np.zeros(shape), np.zeros(shape)))
    impl.attempt.binary_cross_entropy(*batch).refused_or_nan("an empty batch")


@clause("BCE-INTEGER")
@given(batch=draw.binary_batches(shapes=ANY_SHAPE, dtypes=draw.FLOATS))
def test_targets_of_any_integer_dtype_are_converted_or_refused(impl, batch):
    y_hat, y = batch
    for dtype in (*integers_of(impl), "bool"):
        impl.attempt.binary_cross_entropy(y_hat, y.astype(dtype)).refused_or_right()


@clause("BCE-BATCH")
@each(batch=draw.many_pairs("uniform(0.01, 0.99, {})", "integers(0, 2, {})"))
@given(batch=draw.long_pairs("uniform(0.01, 0.99, {})", "integers(0, 2, {})"))
def test_batches_of_thousands_of_examples(impl, batch):
    assert_is_binary_cross_entropy(impl, *batch)


@clause("BCE-SPIKE")
@each(position=[()])
@given(position=draw.further_positions())
def test_one_loss_among_small_ones_counts_at_every_position(impl, position):
    def y_hat(at, dtype):
        return draw.spiked(at, base=1 - 2**-20, spike=0.5, dtype=dtype)

    assert_every_position_counts(
        impl, "binary_cross_entropy", position, y_hat, lambda dtype: np.ones(draw.SPIKED, dtype)
    )


@clause("BCE-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_every_length_is_summed_to_its_end(impl, length):
    for dtype, n in dtypes_and_lengths(impl, length):
        y_hat, y = (make((n,), draw.numpy_dtype(dtype)) for make in (draw.probabilities_of, draw.targets_of))
        if dtype in draw.HALVES:
            y_hat, y = draw.ends_stand_out(n, 1 - 2**-8, 2**-4, 2**-8), np.ones(n)
        assert_right_in(impl, "binary_cross_entropy", dtype, y_hat, y)


@clause("BCE-SWEEP")
@each(dtype=draw.FLOATS)
def test_each_probability_of_a_dense_sweep_has_its_loss(impl, dtype):
    impl.because("one prediction at a time: a mean hides one that is a little wrong (jax-ml/jax#39707)")
    for p in draw.probabilities_of_each_binade():
        for target in (0, 1, 1 - p):
            assert_is_binary_cross_entropy(impl, np.array([p], dtype), np.array([target], dtype))
    for p in draw.TINY_PROBABILITIES:
        assert_is_binary_cross_entropy(impl, np.array([p], dtype), np.ones(1, dtype))


@clause("BCE-LAYOUT")
@each(batch=draw.pairs_in_each_dtype(draw.probabilities_of, draw.targets_of), mix=draw.ALL_LAYOUTS)
@given(batch=draw.binary_batches(shapes=ANY_SHAPE, dtypes=draw.FLOATS), mix=draw.mixes())
def test_the_memory_layout_does_not_matter(impl, batch, mix):
    y_hat, y = batch
    assert_same_in_every_layout(impl, "binary_cross_entropy", mix, y_hat, y)
    assert_takes_the_same_array_twice(impl, "binary_cross_entropy", y_hat)


@clause("BCE-NDIM")
@given(predictions=draw.tensors(palettes.probabilities), targets=draw.tensors(palettes.zero_or_one))
def test_no_axis_or_more_than_two_make_no_difference(impl, predictions, targets):
    for y_hat, targets_of_one in zip(predictions, targets, strict=True):
        if y_hat.size:
            y = targets_of_one.astype(y_hat.dtype)
            of_vectors = loss_of(impl, "binary_cross_entropy", y_hat.ravel(), y.ravel())
            bound = impl.bound.binary_cross_entropy(y_hat, y)
            if y.ndim:
                impl.within(impl.binary_cross_entropy(y_hat, y), of_vectors, bound + bound)
            else:
                impl.attempt.binary_cross_entropy(y_hat, y).refused_or_same(of_vectors, bound + bound)
