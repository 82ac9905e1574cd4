"""Half precision, float16 and bfloat16: what every function owes that takes it, and what a loss owes besides."""

import numpy as np

from reference import rounded_bound
from tests.conformance.relations import (
    arguments_of_neuron,
    assert_half_is_as,
    assert_right_in_half_in_any_layout,
    assert_right_or_refused_in_half,
    each,
    in_each_half,
)
from tests.harness import clause, exact, given
from tests.harness.drawing import strategies as draw
from tests.harness.drawing.strategies import palettes


@clause("SIGMOID-HALF", "TANH-HALF", "RELU-HALF")
@each(z=[2 * draw.numbers((4, 3))], mix=draw.ALL_LAYOUTS[:3])
@given(z=draw.arrays(palettes.short, palettes.short_line), mix=draw.mixes())
def test_an_activation(impl, f, z, mix):
    assert_right_in_half_in_any_layout(impl, f, mix, z)


@clause("SOFTMAX-HALF")
@each(z=[2 * draw.numbers((4, 3))], mix=draw.ALL_LAYOUTS[:3])
@given(
    z=draw.arrays(
        palettes.short, palettes.short_masked, palettes.short_spread, shapes=draw.at_least(2, draw.ROWS + draw.MATRICES)
    ),
    mix=draw.mixes(),
)
def test_softmax(impl, z, mix):
    assert_right_in_half_in_any_layout(impl, "softmax", mix, z)
    whole = np.where(np.isinf(z), 0, z)
    for spoilt in (draw.with_nan_at(whole, sum(mix)), np.full_like(z, -np.inf)):
        assert_half_is_as(impl, "softmax", [spoilt], [whole])


@clause("BCE-HALF")
@each(batch=draw.halves_in_layouts(draw.probabilities_of, draw.targets_of), mix=draw.ALL_LAYOUTS)
@given(batch=draw.binary_batches(palettes.short_probabilities, shapes=draw.VECTORS + draw.MATRICES), mix=draw.mixes())
def test_binary_cross_entropy(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "binary_cross_entropy", mix, *batch)
    y_hat, y = batch
    certain, wrong = ([draw.replaced(y_hat, sum(mix), p), draw.replaced(y, sum(mix), 1)] for p in (1, 0))
    assert_right_or_refused_in_half(impl, "binary_cross_entropy", *certain)
    assert_right_or_refused_in_half(impl, "binary_cross_entropy", *wrong)
    assert_nan_is_seen_in_half(impl, "binary_cross_entropy", draw.with_nan_at(y_hat, sum(mix)), y)


@clause("CE-HALF")
@each(batch=[draw.few_classified()], mix=draw.ALL_LAYOUTS)
@given(batch=draw.classified_batches(unit=2**-8), mix=draw.mixes())
def test_cross_entropy(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "cross_entropy", mix, *batch)
    y_hat, y = batch
    assert_right_or_refused_in_half(impl, "cross_entropy", y, y)
    assert_right_or_refused_in_half(impl, "cross_entropy", np.roll(y, 1, axis=-1), y)
    assert_nan_is_seen_in_half(impl, "cross_entropy", draw.with_nan_at(y_hat, sum(mix)), y)


@clause("LOGITS-HALF")
@each(batch=[(draw.numbers((4, 3)), np.array([0, 2, 1, 1]))], mix=draw.ALL_LAYOUTS)
@given(batch=draw.labelled_logits(palettes.short, palettes.short_masked, palettes.short_spread), mix=draw.mixes())
def test_cross_entropy_with_logits(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "cross_entropy_with_logits", mix, *batch)
    z, labels = batch
    assert_nan_is_seen_in_half(impl, "cross_entropy_with_logits", draw.with_nan_at(z, sum(mix)), labels)


@clause("MSE-HALF")
@each(batch=draw.halves_in_layouts(draw.numbers, draw.targets_of), mix=draw.ALL_LAYOUTS)
@given(batch=draw.short_regressions(), mix=draw.mixes())
def test_mean_squared_error(impl, batch, mix):
    assert_right_in_half_in_any_layout(impl, "mean_squared_error", mix, *batch)
    y_hat, y = batch
    assert_nan_is_seen_in_half(impl, "mean_squared_error", draw.with_nan_at(y_hat, sum(mix)), y)
    assert_half_is_as(impl, "mean_squared_error", [draw.replaced(y_hat, sum(mix), np.inf), y], batch)


def assert_nan_is_seen_in_half(impl, f, *spoilt):
    """The loss ``f`` refuses a NaN or is NaN."""
    for passed in in_each_half(impl, spoilt):
        impl.attempt[f](*passed).refused_or_exactly(np.nan)


@clause("LINEAR-HALF")
@each(layer=draw.unit_layers(), mix=[(0, 0)])
@given(layer=draw.layers(numbers=palettes.short), mix=draw.mixes())
def test_linear(impl, layer, mix):
    assert_right_in_half_in_any_layout(impl, "linear", mix, *layer)
    x, W, b = layer
    W = np.where(W == 0, 1, W)  # BLAS may pass over a factor of exactly 0
    assert_half_is_as(impl, "linear", [draw.with_nan_at(x, sum(mix)), W, b], [x, W, b])
    for passed in in_each_half(impl, [np.full_like(x, np.inf), np.abs(W), b]):
        impl.attempt.linear(*passed).refused_or_not_finite("an infinite input")


@clause("NEURON-HALF", "LOGREG-HALF")
@each(neuron=draw.unit_neurons(), mix=[(0, 0)])
@given(neuron=draw.in_eight_bits(draw.neurons()), mix=draw.mixes())
def test_a_neuron(impl, f, neuron, mix):
    assert_right_in_half_in_any_layout(impl, f, mix, *arguments_of_neuron(f, neuron))
    x, w, b = neuron
    whole = x, np.where(w == 0, 1, w), b
    spoilt = draw.with_nan_at(x, sum(mix)), *whole[1:]
    assert_half_is_as(impl, f, arguments_of_neuron(f, spoilt), arguments_of_neuron(f, whole))


@clause("MLP-HALF")
@each(network=draw.unit_networks(), mix=[(0, 0)])
@given(network=draw.in_eight_bits(draw.mlps(depths=(1, 2, 3))), mix=draw.mixes())
def test_a_network(impl, network, mix):
    assert_right_in_half_in_any_layout(impl, "mlp", mix, *network)
    x, theta, activations = network
    theta = [(np.where(W == 0, 1, W), b) for W, b in theta]
    assert_half_is_as(impl, "mlp", [draw.with_nan_at(x, sum(mix)), theta, activations], [x, theta, activations])


@clause("COLLAPSE-HALF")
@each(layers=draw.unit_collapses(), mix=[(0, 0)])
@given(layers=draw.in_eight_bits(draw.linear_pairs(draw.PAIRS)), mix=draw.mixes())
def test_two_layers_collapsed(impl, layers, mix):
    assert_right_in_half_in_any_layout(impl, "collapse_linear", mix, *layers)


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
