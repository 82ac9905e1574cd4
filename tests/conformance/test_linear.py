"""linear: the weighted sums of a layer, W x + b for each example."""

import numpy as np

from tests.conformance.relations import assert_pure, assert_right_in_layouts, each, floats_of, lengths_of
from tests.harness import clause, given, laid_out
from tests.harness.drawing import strategies as draw


@clause("LINEAR-VALUE")
@given(layer=draw.layers())
def test_each_neuron_adds_its_bias_to_its_weighted_inputs(impl, layer):
    impl.check.linear(*layer)


@clause("LINEAR-ONE")
@each(layer=draw.long_examples())
@given(layer=draw.layers(batches=(draw.ONE_EXAMPLE,)))
def test_a_single_example_gives_the_sums_without_an_axis_of_examples(impl, layer):
    impl.check.linear(*layer)


@clause("LINEAR-WIDE")
@each(case=draw.wide_layers())
def test_a_layer_of_more_inputs_or_neurons(impl, case):
    assert_right_case(impl, case)


def assert_right_case(impl, case):
    reason, layer = case
    impl.because(reason)
    impl.check.linear(*layer)


@clause("LINEAR-ROWS")
@given(layer=draw.layers(batches=(2, 3, 4), fans=((2, 3), (3, 2), (3, 4), (4, 3))))
def test_a_batch_has_the_sums_of_each_of_its_examples(impl, layer):
    x, W, b = layer
    rows = impl.linear(x, W, b)
    impl.shape(rows, (len(x), len(b)))
    for index, one in enumerate(x):
        impl.within(rows[index], impl.exact.linear(one, W, b), impl.bound.linear(one, W, b))


@clause("LINEAR-IDENTITY")
@given(x=draw.examples_of_many_magnitudes())
def test_the_identity_matrix_without_bias_gives_x(impl, x):
    n = x.shape[-1]
    impl.check.linear(x, np.eye(n, dtype=x.dtype), np.zeros(n, x.dtype))


@clause("LINEAR-DIGITS")
@given(x=draw.examples_of_many_magnitudes(dtypes=draw.FLOATS))
def test_the_identity_matrix_without_bias_gives_every_digit_of_x(impl, x):
    n = x.shape[-1]
    impl.exactly(impl.linear(x, np.eye(n, dtype=x.dtype), np.zeros(n, x.dtype)), x)


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
@each(layer=draw.layers_in_layouts(), mix=draw.ALL_LAYOUTS)
@given(layer=draw.layers(batches=(draw.ONE_EXAMPLE, *draw.BATCHES), dtypes=draw.FLOATS), mix=draw.mixes())
def test_linear_reads_any_memory_layout(impl, layer, mix):
    assert_right_in_layouts(impl, "linear", mix, layer)
    _, W, b = layer
    if impl.kind.arrays == "numpy":
        impl.because("one array as x and as W: a product of a matrix with itself (OpenMathLib/OpenBLAS#5873)")
        both = laid_out(W, "contiguous")
        impl.check.linear(both, both, b)


@clause("LINEAR-NAN")
@given(layer=draw.layers(batches=draw.SEVERAL, dtypes=draw.FLOATS))
def test_nan_spoils_its_own_sums_and_no_other(impl, layer):
    x, W, b = layer
    x, W = draw.without_0(x), draw.without_0(W)  # BLAS may pass over a factor of exactly 0
    bound = impl.bound.linear(x, W, b)
    inputs = [(draw.with_nan_at(x, position - x.shape[1]), W, b) for position in range(x.shape[1])]
    for spoilt in (*inputs, (x, draw.with_nan_at(W, -1), b), (x, W, draw.with_nan_at(b, -1))):
        impl.attempt.linear(*spoilt).refused_or_within(impl.exact.linear(*spoilt), bound)


@clause("LINEAR-INF")
@given(layer=draw.layers(batches=(1, draw.ONE_EXAMPLE), dtypes=draw.FLOATS))
def test_an_infinite_input_gives_no_finite_sum(impl, layer):
    x, W, b = layer
    W = np.where(W == 0, 1, np.abs(W)).astype(W.dtype)  # so that each sum is infinite
    for position in range(x.size):
        infinite = draw.replaced(x, position, np.inf)
        impl.attempt.linear(infinite, W, b).refused_or_not_finite("an infinite input")
        impl.attempt.linear(-infinite, W, b).refused_or_not_finite("an infinite input", -np.inf)
    x = draw.without_0(np.abs(x))
    of_the_last_input = np.where(np.arange(W.shape[1]) == W.shape[1] - 1, np.inf, W).astype(W.dtype)
    impl.attempt.linear(x, of_the_last_input, b).refused_or_not_finite("infinite weights")
    for infinity in (np.inf, -np.inf):
        impl.attempt.linear(x, W, np.full_like(b, infinity)).refused_or_not_finite("infinite biases", infinity)


@clause("LINEAR-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_input_of_a_long_example_is_lost(impl, length):
    for reason, layer in draw.long_layers(lengths_of(impl, length), floats_of(impl)):
        impl.because(reason)
        impl.exactly(impl.linear(*layer), impl.exact.linear(*layer))


@clause("LINEAR-BLOCKS")
@each(case=draw.blocked_layers())
def test_no_tile_of_a_product_is_lost_or_rounded(impl, case):
    assert_right_case(impl, case)


@clause("LINEAR-BATCH")
@given(layer=draw.in_large_batches(draw.layers(batches=(5,), dtypes=draw.FLOATS)))
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
    impl.attempt.linear(*layer).refused_or_exactly(impl.exact.linear(*layer))


@clause("LINEAR-SHAPES")
@given(layer=draw.layers(batches=(5,), fans=((2, 3), (3, 4), (4, 3), (2, 4))))
def test_shapes_that_do_not_fit_are_refused(impl, layer):
    x, W, b = layer
    impl.attempt.linear(x.T, W, b).refused("a transposed batch")
    impl.attempt.linear(x[:, :1], W, b).refused("an x with one feature for W's several")
    impl.attempt.linear(x, W.T, b).refused("a transposed W")
    impl.attempt.linear(x, W, b[:-1]).refused("a b with one bias too few")
    impl.attempt.linear(x, W, np.append(b, b[0])).refused("a b with one bias too many")
