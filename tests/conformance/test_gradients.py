"""mlp_gradients: the derivatives of a network's loss with respect to its parameters."""

from itertools import combinations

import numpy as np

from reference import gamma
from tests.conformance.relations import (
    as_vector,
    assert_pure,
    assert_right_in_layouts,
    each,
    floats_of,
    integers_of,
    lengths_of,
)
from tests.harness import clause, exact, given, laid_out
from tests.harness.drawing import strategies as draw


@clause("GRAD-MSE")
@each(training=draw.with_each_hidden_activation("mean_squared_error") + draw.with_each_output())
@given(training=draw.training_batches("mean_squared_error"))
def test_the_gradients_of_the_squared_error(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-BCE")
@each(training=draw.with_each_hidden_activation("binary_cross_entropy"))
@given(training=draw.training_batches("binary_cross_entropy"))
def test_the_gradients_of_the_binary_cross_entropy(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-CE")
@each(training=draw.with_each_hidden_activation("cross_entropy"))
@given(training=draw.training_batches("cross_entropy"))
def test_the_gradients_of_the_cross_entropy(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-LOGITS")
@each(training=draw.with_each_hidden_activation("cross_entropy_with_logits"))
@given(training=draw.training_batches("cross_entropy_with_logits"))
def test_the_gradients_of_the_cross_entropy_of_logits(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-DEEP")
@given(training=draw.training_batches("mean_squared_error", depths=(4, 5)))
def test_the_gradients_of_a_deep_network(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-BATCH")
@each(training=[draw.training(2049, (2, 3), [draw.OUTPUTS[loss][0]], loss) for loss in draw.LOSSES])
@given(training=draw.in_large_batches(draw.training_batches(*draw.LOSSES, batches=(5,), dtypes=draw.FLOATS), 2))
def test_the_gradients_over_a_large_batch(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-SATURATED")
@given(training=draw.training_batches("cross_entropy_with_logits", hidden=("sigmoid", "tanh"), dtypes=draw.FLOATS))
def test_gradients_vanish_and_do_not_overflow_where_units_saturate(impl, training):
    x, *rest = training
    _assert_gradients(impl, (10000 * x, *rest))


@clause("GRAD-RELU-ZERO")
@given(training=draw.training_batches("mean_squared_error", depths=(2, 3), hidden=("relu",)))
def test_a_relu_at_zero_passes_no_gradient(impl, training):
    x, y, ((W, b), *others), *rest = training
    idle = np.arange(len(b)) == 0
    _assert_gradients(impl, (x, y, [(np.where(idle[:, None], 0.0, W), np.where(idle, 0.0, b)), *others], *rest))


@clause("GRAD-COLLAPSE")
@given(training=draw.training_batches("mean_squared_error", depths=(2,), hidden=("identity",)))
def test_two_linear_layers_learn_as_the_one_they_collapse_into(impl, training):
    x, y, ((W1, b1), (W2, b2)), names, loss = training
    ((dW, db),) = exact.mlp_gradients(x, y, [exact.collapse_linear(W1, b1, W2, b2)], names[1:], loss)
    due = [(W2.T @ dW, W2.T @ db), (dW @ W1.T + np.outer(db, b1), db)]
    bound = impl.bound.mlp_gradients(*training)
    # Once for the implementation and once for the chain rule above, whose roundings are no more than those of a layer.
    allowed = [tuple(one + one for one in layer) for layer in bound]
    impl.within(impl.mlp_gradients(*training), due, allowed)


@clause("GRAD-VARIANCE")
@given(training=draw.training_batches("mean_squared_error", batches=(3, 5), depths=(1, 2)))
def test_the_variance_of_the_gradient_grows_as_the_batch_shrinks(impl, training):
    x, y, *rest = training
    m = len(x)
    of_size = {
        b: [_flat_gradient(impl, x[list(i)], y[list(i)], rest) for i in combinations(range(m), b)] for b in (1, 2)
    }
    whole, bound = _flat_gradient(impl, x, y, rest)
    singles = np.stack([gradient for gradient, _ in of_size[1]])
    for b, gradients in of_size.items():
        values, bounds = (np.stack(part) for part in zip(*gradients, strict=True))
        rounding = gamma((len(gradients) + 2) * 2.0**-53) * np.abs(values).mean(axis=0)
        impl.within(values.mean(axis=0), whole, bound + bounds.mean(axis=0) + rounding)
        variance, share = values.var(axis=0), (m - b) / (b * (m - 1))
        slack = _variance_slack(values, bounds) + share * _variance_slack(singles, np.array([e for _, e in of_size[1]]))
        impl.within(variance, share * singles.var(axis=0), slack)


def _flat_gradient(impl, x, y, rest):
    """All gradients of a batch as one vector, and its bound."""
    bounds = [part.bound for layer in impl.bound.mlp_gradients(x, y, *rest) for part in layer]
    gradient = as_vector(impl.mlp_gradients(x, y, *rest), [np.shape(one) for one in bounds])
    return gradient, np.concatenate([np.ravel(one) for one in bounds])


def _variance_slack(values, bounds):
    """How far the variance of values may be off that are each within a bound: mean(2|d| e + e^2), and roundings."""
    distance = np.abs(values - values.mean(axis=0)) + bounds.max(axis=0)
    rounding = gamma((2 * len(bounds) + 8) * 2.0**-53) * ((values**2).mean(axis=0) + distance.max(axis=0) ** 2)
    return (2 * distance * bounds + bounds**2).mean(axis=0) + bounds.max(axis=0) * distance.max(axis=0) + rounding


def _assert_gradients(impl, training):
    impl.check.mlp_gradients(*training)


@clause("GRAD-SOFTMAX")
@given(training=draw.training_batches("cross_entropy", depths=(1,)))
def test_a_softmax_layer_learns_from_its_errors(impl, training):
    x, y, ((W, b),), _, _ = training
    error = exact.softmax(exact.linear(x, W, b)) - y
    due = [(error.T @ x / len(x), error.mean(axis=0))]
    impl.within(impl.mlp_gradients(*training), due, impl.bound.mlp_gradients(*training))


@clause("GRAD-SOFT")
@each(training=draw.trainings_with_soft_targets())
@given(training=draw.training_batches("binary_cross_entropy", "cross_entropy", soft=True, dtypes=draw.FLOATS))
def test_the_gradients_for_targets_between_0_and_1(impl, training):
    _assert_gradients(impl, training)


@clause("GRAD-PURE")
@given(training=draw.training_batches(*draw.LOSSES))
def test_gradients_keep_no_buffer_and_change_no_argument(impl, training):
    x, y, theta, *rest = training
    assert_pure(impl, "mlp_gradients", training, (x - 1, y, [(W / 2, b / 2) for W, b in theta], *rest))


@clause("GRAD-DTYPE")
@given(training=draw.training_batches(*draw.LOSSES, dtypes=draw.FLOATS))
def test_gradients_keep_the_dtype(impl, training):
    gradients = impl.mlp_gradients(*training)
    impl.dtype(gradients, training[0].dtype)
    impl.right(gradients)


@clause("GRAD-LAYOUT")
@each(training=draw.trainings_in_layouts(), mix=draw.ALL_LAYOUTS)
@given(training=draw.training_batches(*draw.LOSSES, depths=(1, 2), dtypes=draw.FLOATS), mix=draw.mixes())
def test_gradients_read_any_memory_layout(impl, training, mix):
    assert_right_in_layouts(impl, "mlp_gradients", mix, training)
    x, _, ((W, b), *_), *_ = training
    if impl.kind.arrays == "numpy":
        impl.because("one array as x and as y, and one as the weights of both layers, as in an autoencoder")
        n = min(W.shape)
        both, tied = laid_out(x[:, :n], "contiguous"), (laid_out(W[:n, :n], "contiguous"), b[:n])
        impl.check.mlp_gradients(both, both, [tied, tied], ["tanh", "identity"], "mean_squared_error")


@clause("GRAD-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_input_and_no_hidden_unit_is_left_without_its_gradient(impl, length):
    for reason, training in draw.long_trainings(lengths_of(impl, length), floats_of(impl)):
        impl.because(reason)
        impl.exactly(impl.mlp_gradients(*training), impl.exact.mlp_gradients(*training))


@clause("GRAD-BLOCKS")
@each(case=draw.blocked_trainings())
def test_no_tile_of_a_product_is_lost_or_rounded(impl, case):
    reason, training = case
    impl.because(reason)
    _assert_gradients(impl, training)


WITHOUT_RELU = {loss: [name for name in names if name != "relu"] for loss, names in draw.OUTPUTS.items()}


@clause("GRAD-NAN")
@each(training=[draw.training(3, (2, 3, 3), ["tanh", draw.OUTPUTS[loss][0]], loss) for loss in draw.LOSSES])
@given(training=draw.training_batches(*draw.LOSSES, outputs=WITHOUT_RELU, dtypes=draw.FLOATS))
def test_nan_in_an_example_or_its_target_makes_gradients_nan(impl, training):
    x, y, theta, names, loss = training
    theta = [(np.where(W == 0, 1, W).astype(W.dtype), b) for W, b in theta]  # BLAS may pass over a factor of exactly 0
    nan = [(np.full_like(W, np.nan), np.full_like(b, np.nan)) for W, b in theta]
    # The derivative of a ReLU at NaN may be 0, which passes no NaN on to its layer and to those before it.
    reached = 1 + max((k for k, name in enumerate(names) if name == "relu"), default=-1)
    free = [np.inf] * reached + [0.0] * (len(theta) - reached)
    spoilt = draw.with_nan_in_the_first(x), y, theta, names, loss
    impl.attempt.mlp_gradients(*spoilt).refused_or_within(nan, [(one, one) for one in free])
    if loss != "cross_entropy_with_logits":  # whose labels are integers
        spoilt = x, draw.with_nan_in_the_first(y), theta, names, loss
        impl.attempt.mlp_gradients(*spoilt).refused_or_within(nan, [(np.inf, one) for one in free])


@clause("GRAD-INDEX")
@each(m=[5, 50, 100, 200])
def test_labels_of_any_integer_dtype_are_taken_as_they_are_or_refused(impl, m):
    impl.because("the number of an element, row times k plus label, need not fit the labels' dtype (rsokl/MyGrad#122)")
    x, labels, *rest = impl.cast(draw.training(m, (2, 3), ["identity"], "cross_entropy_with_logits"))
    for dtype in integers_of(impl):
        impl.attempt.mlp_gradients(x, labels.astype(dtype), *rest).refused_or_right()


@clause("GRAD-LABELS")
@each(training=[draw.training(3, (2, 3), ["identity"], "cross_entropy_with_logits")], at=[2], beyond=draw.BEYOND_LABELS)
@given(training=draw.training_batches("cross_entropy_with_logits"), at=draw.positions(), beyond=draw.beyond_labels())
def test_labels_out_of_range_are_refused(impl, training, at, beyond):
    x, labels, theta, *rest = training
    k = len(theta[-1][1])
    wrong = beyond if beyond < 0 else k + beyond
    spoilt = draw.replaced(labels, at, wrong)
    impl.attempt.mlp_gradients(x, spoilt, theta, *rest).refused_or_all_nan(f"a label {wrong} of {k} classes")


@clause("GRAD-SHAPES")
@given(training=draw.training_batches(*draw.LOSSES, batches=(3, 5)))
def test_targets_of_other_examples_are_refused(impl, training):
    x, y, *network = training
    impl.attempt.mlp_gradients(x, y[:-1], *network).refused("targets of one example too few")
    impl.attempt.mlp_gradients(x[:-1], y, *network).refused("targets of one example too many")


@clause("GRAD-BROADCAST")
@given(training=draw.training_batches("mean_squared_error", "binary_cross_entropy", batches=(3, 5)))
def test_targets_are_not_broadcast(impl, training):
    x, y, *network = training
    impl.attempt.mlp_gradients(x, y[:1], *network).refused("one example's targets for several examples")
    without_axis = impl.attempt.mlp_gradients(x, y[:, 0], *network)
    if y.shape[1] == 1:  # a library may take (m,) for (m, 1), and must not make (m, m) of the two
        without_axis.refused_or_within(impl.exact.mlp_gradients(*training), impl.bound.mlp_gradients(*training))
    else:
        without_axis.refused("targets without the axis of outputs")


@clause("GRAD-NAMES")
@given(training=draw.training_batches(*draw.LOSSES))
def test_an_unknown_loss_is_refused(impl, training):
    impl.attempt.mlp_gradients(*training[:-1], "no such loss").refused("an unknown loss")
