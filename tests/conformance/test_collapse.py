"""collapse_linear: two linear layers without an activation between them are one."""

import numpy as np

from tests.conformance.relations import assert_pure, assert_right_in_layouts, each, floats_of, lengths_of
from tests.harness import clause, exact, given, laid_out
from tests.harness.drawing import strategies as draw

DIFFERENT_SIZES = ((2, 3, 4), (3, 4, 2), (4, 2, 3), (1, 2, 3), (3, 1, 2), (2, 3, 1))


@clause("COLLAPSE-VALUE")
@given(layers=draw.linear_pairs(draw.PAIRS))
def test_the_weights_and_biases_of_the_one_layer(impl, layers):
    impl.check.collapse_linear(*layers)


@clause("COLLAPSE-SHAPE")
@given(layers=draw.linear_pairs(DIFFERENT_SIZES))
def test_the_shapes_of_the_one_layer(impl, layers):
    W1, _, W2, b2 = layers
    W, b = impl.collapse_linear(*layers)
    impl.shape(W, (len(W2), W1.shape[1]))
    impl.shape(b, b2.shape)


@clause("COLLAPSE-FUNCTION")
@given(network=draw.mlps(depths=(2,), hidden=("identity",), outputs=("identity",), widest=8))
def test_the_one_layer_computes_what_the_two_do(impl, network):
    x, ((W1, b1), (W2, b2)), _ = network
    W, b = impl.collapse_linear(W1, b1, W2, b2)
    impl.shape(W, (len(W2), W1.shape[1]))
    impl.shape(b, b2.shape)
    two = exact.linear(exact.linear(x, W1, b1), W2, b2)
    impl.within(exact.linear(x, W, b), two, impl.bound.two_linear_layers(x, W1, b1, W2, b2))


@clause("COLLAPSE-PURE")
@given(layers=draw.linear_pairs(draw.PAIRS))
def test_collapse_keeps_no_buffer_and_changes_no_argument(impl, layers):
    W1, b1, W2, b2 = layers
    assert_pure(impl, "collapse_linear", layers, (W1 + 1, b1 - 2, W2 + 3, b2 - 4))


@clause("COLLAPSE-DTYPE")
@given(layers=draw.linear_pairs(draw.PAIRS, dtypes=draw.FLOATS))
def test_collapse_keeps_the_dtype(impl, layers):
    W, b = impl.collapse_linear(*layers)
    impl.dtype([W, b], layers[0].dtype)
    impl.within([W, b], impl.exact.collapse_linear(*layers), impl.bound.collapse_linear(*layers))


@clause("COLLAPSE-LAYOUT")
@each(layers=[layers for _, layers in draw.blocked_collapses()[:2]], mix=draw.ALL_LAYOUTS)
@given(layers=draw.linear_pairs(draw.PAIRS, dtypes=draw.FLOATS), mix=draw.mixes())
def test_collapse_reads_any_memory_layout(impl, layers, mix):
    assert_right_in_layouts(impl, "collapse_linear", mix, layers)
    W, b, *_ = layers
    if impl.kind.arrays == "numpy":
        impl.because("one array as W1 and as W2: a product of a matrix with itself (OpenMathLib/OpenBLAS#5873)")
        n = min(W.shape)
        both = laid_out(W[:n, :n], "contiguous")
        impl.check.collapse_linear(both, b[:n], both, b[:n])


@clause("COLLAPSE-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_unit_between_two_wide_layers_is_lost(impl, length):
    for reason, layers in draw.long_collapses(lengths_of(impl, length), floats_of(impl)):
        impl.because(reason)
        impl.exactly(impl.collapse_linear(*layers), impl.exact.collapse_linear(*layers))


@clause("COLLAPSE-BLOCKS")
@each(case=draw.blocked_collapses())
def test_no_tile_of_a_product_is_lost_or_rounded(impl, case):
    reason, layers = case
    impl.because(reason)
    impl.check.collapse_linear(*layers)


@clause("COLLAPSE-INTEGER")
@given(layers=draw.linear_pairs(draw.PAIRS, dtypes=draw.INTEGERS))
def test_collapse_promotes_or_refuses_integers(impl, layers):
    impl.attempt.collapse_linear(*layers).refused_or_exactly(impl.exact.collapse_linear(*layers))


@clause("COLLAPSE-SHAPES")
@given(layers=draw.linear_pairs(((2, 3, 4), (3, 4, 5), (5, 4, 3))))
def test_layers_that_do_not_follow_each_other_are_refused(impl, layers):
    W1, b1, W2, b2 = layers
    impl.attempt.collapse_linear(W2, b2, W1, b1).refused("layers in the wrong order")
    impl.attempt.collapse_linear(W1, b1[:-1], W2, b2).refused("a b1 with one bias too few")
    impl.attempt.collapse_linear(W1, b1, W2, b2[:-1]).refused("a b2 with one bias too few")
    impl.attempt.collapse_linear(W1, np.append(b1, b1[0]), W2, b2).refused("a b1 with one bias too many")
    impl.attempt.collapse_linear(W1, b1, W2, np.append(b2, b2[0])).refused("a b2 with one bias too many")
