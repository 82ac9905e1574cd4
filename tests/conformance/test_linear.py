"""linear: the weighted sums of a layer, W x + b for each example."""

import numpy as np

from tests.conformance.relations import assert_pure
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw


@clause("LINEAR-VALUE")
@given(layer=draw.layers())
def test_each_neuron_adds_its_bias_to_its_weighted_inputs(impl, layer):
    impl.check.linear(*layer)


@clause("LINEAR-ONE")
@given(layer=draw.layers(batches=(draw.ONE_EXAMPLE,)))
def test_one_example_without_a_batch_axis(impl, layer):
    impl.check.linear(*layer)


@clause("LINEAR-ROWS")
@given(layer=draw.layers(batches=(2, 3, 4), fans=((2, 3), (3, 2), (3, 4), (4, 3))))
def test_a_batch_has_the_sums_of_each_of_its_examples(impl, layer):
    x, W, b = layer
    rows = impl.linear(x, W, b)
    impl.shape(rows, (len(x), len(b)))
    for index, one in enumerate(x):
        impl.within(rows[index], exact.linear(one, W, b), impl.bound.linear(one, W, b))


@clause("LINEAR-IDENTITY")
@given(x=draw.examples_of_many_magnitudes())
def test_the_identity_matrix_without_bias_gives_x_itself(impl, x):
    n = x.shape[-1]
    impl.exactly(impl.linear(x, np.eye(n), np.zeros(n)), x)


@clause("LINEAR-BIAS")
@given(layer=draw.layers(batches=(1, 2, 3), fans=((1, 2), (2, 2), (2, 3), (3, 3))))
def test_without_weights_each_neuron_gives_its_bias(impl, layer):
    x, W, b = layer
    impl.exactly(impl.linear(x, np.zeros_like(W), b), np.tile(b, (len(x), 1)))


@clause("LINEAR-PURE")
@given(layer=draw.layers())
def test_linear_keeps_no_buffer_and_changes_no_argument(impl, layer):
    x, W, b = layer
    assert_pure(impl, "linear", (x, W, b), (x + 1, W - 2, b + 3))


@clause("LINEAR-DTYPE")
@given(layer=draw.layers(dtypes=draw.FLOATS))
def test_linear_keeps_the_dtype(impl, layer):
    sums = impl.linear(*layer)
    impl.dtype(sums, layer[0].dtype)
    impl.right(sums)


@clause("LINEAR-LAYOUT")
@given(layer=draw.layers())
def test_linear_reads_any_memory_layout(impl, layer):
    for _, arguments in draw.in_every_layout(layer):
        impl.check.linear(*arguments)


@clause("LINEAR-NAN")
@given(layer=draw.layers(batches=draw.SEVERAL))
def test_nan_spoils_its_own_example_and_no_other(impl, layer):
    x, W, b = layer
    W = np.where(W == 0, 1.0, W)  # BLAS may pass over a factor of exactly 0
    for position in range(x.shape[1]):
        spoilt = x.copy()
        spoilt[-1, position] = np.nan
        sums = impl.linear(spoilt, W, b)
        impl.shape(sums, (len(x), len(b)))
        impl.exactly(sums[-1], np.full(len(b), np.nan))
        impl.within(sums[:-1], exact.linear(x[:-1], W, b), impl.bound.linear(x[:-1], W, b))


@clause("LINEAR-LONG")
def test_no_input_of_a_long_example_is_lost(impl):
    for n in range(1, 513):
        counted = np.arange(1.0, n + 1)
        # A batch for eight lengths, one example for the next eight: a block's leftovers show in both.
        x = counted if n // 8 % 2 else np.stack([counted, counted[::-1]])
        # Whole numbers that every dtype adds up exactly, so that an input counts however little it weighs in the sum.
        layer = x, np.stack([np.ones(n), np.resize([1.0, -2.0, 4.0], n)]), np.zeros(2)
        impl.exactly(impl.linear(*layer), exact.linear(*layer))


@clause("LINEAR-BATCH")
@given(layer=draw.in_large_batches(draw.layers(batches=(5,))))
def test_linear_of_a_large_batch(impl, layer):
    impl.check.linear(*layer)


@clause("LINEAR-EMPTY")
@given(layer=draw.layers(batches=(1,)))
def test_an_empty_batch_has_no_rows_of_sums(impl, layer):
    x, W, b = layer
    impl.shape(impl.linear(x[:0], W, b), (0, len(b)))


@clause("LINEAR-INTEGER")
@given(layer=draw.integer_layers())
def test_integers_are_promoted_or_refused(impl, layer):
    impl.attempt.linear(*layer).refused_or_exactly(exact.linear(*layer))


@clause("LINEAR-SHAPES")
@given(layer=draw.layers(batches=(5,), fans=((2, 3), (3, 2), (4, 3), (2, 4))))
def test_shapes_that_do_not_fit_are_refused(impl, layer):
    x, W, b = layer
    impl.attempt.linear(x.T, W, b).refused("a transposed batch")
    impl.attempt.linear(x[:, :1], W, b).refused("an x with one feature for W's several")
    impl.attempt.linear(x, W.T, b).refused("a transposed W")
    impl.attempt.linear(x, W, b[:-1]).refused("a b with one bias too few")
    impl.attempt.linear(x, W, b[:1]).refused("a b with one bias for several neurons")
