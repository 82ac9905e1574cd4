"""The clauses of the elementwise activation functions: sigmoid, tanh, ReLU."""

import numpy as np

from reference import REFERENCE, gamma, sigmoid_bound
from tests.conformance.relations import (
    assert_pure,
    assert_right_at_each_element,
    assert_right_in,
    assert_same_in_every_layout,
    dtypes_and_lengths,
    each,
    halves_of,
    value_of,
)
from tests.harness import clause, exact, given, laid_out
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes


def rounding_of_a_quotient(impl, z):
    """By how much the quotient of two library functions may leave a range that ends at 1."""
    arithmetic = impl.arithmetic(z)
    return gamma(2 * arithmetic.e_exp + arithmetic.unit_roundoff)


@clause("SIGMOID-VALUE", "TANH-VALUE", "RELU-VALUE")
@given(z=draw.textbook_logits(draw.VECTORS + draw.MATRICES))
def test_every_element_is_the_formula(impl, f, z):
    impl.check[f](z)


@clause("SIGMOID-SYMMETRY")
@given(z=draw.textbook_logits(draw.VECTORS))
def test_sigmoid_of_the_negative_is_the_complement(impl, z):
    complement, rounding = 1 - value_of(impl, "sigmoid", z), impl.arithmetic(z).unit_roundoff
    impl.within(impl.sigmoid(-z), complement, impl.bound.sigmoid(-z) + impl.bound.sigmoid(z) + rounding)


@clause("TANH-SYMMETRY")
@given(z=draw.textbook_logits(draw.VECTORS))
def test_tanh_is_odd(impl, z):
    negative = -value_of(impl, "tanh", z)
    impl.within(impl.tanh(-z), negative, impl.bound.tanh(-z) + impl.bound.tanh(z))


@clause("SIGMOID-MONOTONE", "TANH-MONOTONE", "RELU-MONOTONE")
@given(z=draw.sweeps())
def test_a_larger_argument_gives_no_smaller_value(impl, f, z):
    value, bound = value_of(impl, f, z), impl.bound[f](z).bound
    impl.rising(value, z, bound)


@clause("SIGMOID-RANGE")
@given(z=draw.sweeps())
def test_sigmoid_lies_between_0_and_1(impl, z):
    value = value_of(impl, "sigmoid", z)
    impl.within(value, np.clip(value, 0, 1), rounding_of_a_quotient(impl, z))


@clause("TANH-RANGE")
@given(z=draw.sweeps())
def test_tanh_lies_between_minus_1_and_1(impl, z):
    value = value_of(impl, "tanh", z)
    impl.within(value, np.clip(value, -1, 1), rounding_of_a_quotient(impl, z))


@clause("TANH-SIGMOID")
@given(z=draw.arrays(palettes.eighths, shapes=draw.VECTORS))
def test_tanh_is_a_rescaled_sigmoid(impl, z):
    rescaled = 2 * exact.sigmoid(2 * z) - 1
    rounding = 2 * sigmoid_bound(2 * z, REFERENCE) + REFERENCE.unit_roundoff
    impl.within(impl.tanh(z), rescaled, impl.bound.tanh(z) + rounding)


@clause("RELU-PARTS")
@given(z=draw.textbook_logits(draw.MATRICES))
def test_the_positive_part_less_the_negative_part_is_the_argument(impl, z):
    impl.exactly(value_of(impl, "relu", z) - value_of(impl, "relu", -z), z)


@clause("SIGMOID-PURE", "TANH-PURE", "RELU-PURE")
@given(z=draw.textbook_logits(draw.VECTORS + draw.MATRICES))
def test_no_argument_changes_and_no_result_is_overwritten(impl, f, z):
    assert_pure(impl, f, (z,), (-z,))


@clause("SIGMOID-TAILS", "TANH-TAILS", "RELU-TAILS")
@given(z=draw.arrays(palettes.real_line, shapes=draw.VECTORS, dtypes=draw.FLOATS))
def test_every_number_of_the_dtype_has_its_value(impl, f, z):
    impl.check[f](z)


@clause("SIGMOID-NAN", "TANH-NAN", "RELU-NAN")
@each(z=draw.spotted_with_nan())
@given(z=draw.arrays(palettes.with_nan, shapes=draw.VECTORS + draw.MATRICES, dtypes=draw.FLOATS))
def test_nan_gives_nan_and_harms_no_other_element(impl, f, z):
    without = np.nan_to_num(z)
    expected, bound = np.where(np.isnan(z), np.nan, value_of(impl, f, without)), impl.bound[f](without)
    impl.attempt[f](z).refused_or_same(expected, bound + bound)


@clause("SIGMOID-DTYPE", "TANH-DTYPE", "RELU-DTYPE")
@given(z=draw.arrays(palettes.moderate, dtypes=draw.FLOATS))
def test_the_dtype_of_the_argument_is_kept(impl, f, z):
    result = impl[f](z)
    impl.dtype(result, z.dtype)
    impl.right(result)


@clause("SIGMOID-INTEGER", "TANH-INTEGER", "RELU-INTEGER")
@each(z=draw.integer_examples((4,)))
@given(z=draw.integer_arrays(draw.VECTORS + draw.MATRICES))
def test_integers_are_promoted_or_refused(impl, f, z):
    impl.attempt[f](z).refused_or_promoted(0)


@clause("SIGMOID-LAYOUT", "TANH-LAYOUT", "RELU-LAYOUT")
@each(z=draw.in_each_dtype(draw.numbers, draw.large_numbers), mix=draw.ALL_LAYOUTS[:3])
@given(z=draw.arrays(palettes.moderate, palettes.real_line, dtypes=draw.FLOATS) | draw.large_arrays(), mix=draw.mixes())
def test_the_memory_layout_does_not_matter(impl, f, z, mix):
    assert_same_in_every_layout(impl, f, mix, z)


@clause("SIGMOID-NDIM", "TANH-NDIM", "RELU-NDIM")
@given(tensors=draw.tensors())
def test_the_shape_does_not_matter_and_is_kept(impl, f, tensors):
    longest = max(tensors, key=np.size)  # of which the others are the first elements
    of_a_vector = value_of(impl, f, longest.ravel())
    for z in tensors:
        bound = impl.bound[f](z)
        expected = of_a_vector[: z.size].reshape(z.shape), bound + bound
        if z.ndim:
            impl.within(impl[f](z), *expected)
        else:
            impl.attempt[f](z).refused_or_same(*expected)


@clause("SIGMOID-LENGTH", "TANH-LENGTH", "RELU-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_every_length_is_computed_to_its_end(impl, f, length):
    for dtype, n in dtypes_and_lengths(impl, length, sums=False):
        assert_right_in(impl, f, dtype, draw.numbers((n,), draw.numpy_dtype(dtype)))


@clause("SIGMOID-SWEEP", "TANH-SWEEP", "RELU-SWEEP")
@each(dtype=draw.FLOATS)
def test_each_number_of_a_dense_sweep_has_its_value(impl, f, dtype):
    for reason, z in draw.lines(dtype):
        impl.because(reason)
        assert_right_at_each_element(impl, f, z)


@clause("SIGMOID-BITS", "TANH-BITS", "RELU-BITS")
def test_each_number_of_half_precision_has_its_value(impl, f):
    impl.because("each of the 65536 numbers of the dtype: the index is its bit pattern")
    for dtype in halves_of(impl):
        impl.attempt[f](laid_out(draw.EVERY_HALF[dtype], "contiguous", dtype)).refused_or_right()
