"""Half precision, float16 and bfloat16: what every function owes that takes it, and what a loss owes besides."""

import numpy as np

from reference import rounded_bound
from tests.conformance.relations import (
    assert_right_in_half_in_any_layout,
    each,
    in_each_half,
)
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes


@clause("SIGMOID-HALF", "TANH-HALF", "RELU-HALF")
@given(z=draw.arrays(palettes.short, palettes.short_line), mix=draw.mixes())
def test_an_activation(impl, f, z, mix):
    assert_right_in_half_in_any_layout(impl, f, mix, z)


@clause("SOFTMAX-HALF")
@given(z=draw.arrays(palettes.short, palettes.short_masked, shapes=draw.ROWS + draw.MATRICES), mix=draw.mixes())
def test_softmax(impl, z, mix):
    assert_right_in_half_in_any_layout(impl, "softmax", mix, z)


@clause("BCE-HALF")
@given(batch=draw.binary_batches(palettes.short_probabilities, shapes=draw.VECTORS + draw.MATRICES), mix=draw.mixes())
def test_binary_cross_entropy(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "binary_cross_entropy", mix, *batch)


@clause("CE-HALF")
@given(batch=draw.classified_batches(unit=2**-8), mix=draw.mixes())
def test_cross_entropy(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "cross_entropy", mix, *batch)


@clause("LOGITS-HALF")
@given(batch=draw.labelled_logits(palettes.short, palettes.short_masked), mix=draw.mixes())
def test_cross_entropy_with_logits(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "cross_entropy_with_logits", mix, *batch)


@clause("MSE-HALF")
@given(batch=draw.short_regressions(), mix=draw.mixes())
def test_mean_squared_error(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "mean_squared_error", mix, *batch)


@clause("LINEAR-HALF")
@each(layer=draw.unit_layers(), mix=[(0, 0)])
@given(layer=draw.layers(numbers=palettes.short), mix=draw.mixes())
def test_linear(impl, layer, mix):
    assert_right_in_half_in_any_layout(impl, "linear", mix, *layer)


def assert_computed_in_float32(impl, z, labels):
    """The loss is that of float32 arithmetic, of which the log-probabilities and the mean may be rounded to half."""
    expected = exact.cross_entropy_with_logits(z, labels)
    of_float32 = impl.bound.cross_entropy_with_logits(z.astype(np.float32), labels).bound
    for passed in in_each_half(impl, (z, labels)):
        allowed = rounded_bound(expected, of_float32, impl.arithmetic(*passed), roundings=2)
        impl.attempt.cross_entropy_with_logits(*passed).refused_or_within(expected, allowed)


@clause("LOGITS-CONFIDENT")
@each(batch=[(np.array([[-14.375, -20.125]]), np.array([0]))])
@given(batch=draw.confident_logits())
def test_the_small_loss_of_a_confident_and_right_prediction_is_not_lost(impl, batch):
    assert_computed_in_float32(impl, *batch)


@clause("LOGITS-OVERFLOW")
@given(batch=draw.many_wrong_predictions())
def test_the_mean_of_losses_whose_sum_overflows(impl, batch):
    assert_computed_in_float32(impl, *batch)
