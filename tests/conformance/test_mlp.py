"""mlp: layers composed; the networks that the lecture sets by hand."""

import numpy as np

import reference
from tests.conformance.relations import assert_pure, assert_right_in_layouts, each, floats_of, lengths_of
from tests.harness import clause, exact, given, laid_out
from tests.harness.drawing import strategies as draw


@clause("MLP-VALUE")
@given(network=draw.mlps())
def test_a_network_of_up_to_four_layers(impl, network):
    impl.check.mlp(*network)


@clause("MLP-ONE")
@given(network=draw.mlps(batches=(draw.ONE_EXAMPLE,)))
def test_a_single_example_gives_the_output_without_an_axis_of_examples(impl, network):
    impl.check.mlp(*network)


@clause("MLP-COMPOSED")
@given(network=draw.mlps(depths=(5, 6, 7, 8)))
def test_a_network_is_its_layers_composed(impl, network):
    x, theta, activations = network
    h = x
    for layer, name in zip(theta, activations, strict=True):
        z = exact.linear(h, *layer)
        h = z if name == "identity" else exact[name](z)
    impl.within(impl.mlp(x, theta, activations), h, impl.bound.mlp(x, theta, activations))


@clause("MLP-ACTIVATIONS")
@given(network=draw.differently_activated_mlps())
def test_each_layer_has_the_activation_of_its_place(impl, network):
    impl.check.mlp(*network)


@clause("MLP-XOR")
def test_xor_by_hand(impl):
    h = _assert_layers(impl, reference.XOR, reference.TRUTH_TABLE_INPUTS)
    impl.exactly(h[:, 0] > 0.5, np.array(reference.XOR.truth_table))


@clause("MLP-REGION-AND")
@given(x=draw.plane_points())
def test_the_points_on_one_side_of_both_lines(impl, x):
    _assert_region(impl, reference.REGION_AND, x)


@clause("MLP-REGION-OR")
@given(x=draw.plane_points())
def test_the_points_on_one_side_of_either_line(impl, x):
    _assert_region(impl, reference.REGION_OR, x)


def _assert_region(impl, network, x):
    h = _assert_layers(impl, network, x)
    arguments = impl.cast((x, list(network.theta), list(network.activations)))
    due = impl.exact.mlp(*arguments)
    decided = abs(due - 0.5) > impl.bound.mlp(*arguments).bound
    impl.exactly((h > 0.5)[decided], (due > 0.5)[decided])


def _assert_layers(impl, network, x):
    """Compare what every layer makes of x, a hidden one by the network that ends there; return the last one's."""
    for depth in range(1, len(network.theta) + 1):
        arguments = impl.cast((x, list(network.theta[:depth]), list(network.activations[:depth])))
        h = impl.mlp(*arguments)
        impl.right(h)
    return h


@clause("MLP-PURE")
@given(network=draw.mlps())
def test_mlp_keeps_no_buffer_and_changes_no_argument(impl, network):
    x, theta, activations = network
    others = [(W + 1, b - 2) for W, b in theta]
    assert_pure(impl, "mlp", (x, theta, activations), (x - 1, others, activations))


@clause("MLP-DTYPE")
@given(network=draw.mlps(dtypes=draw.FLOATS))
def test_mlp_keeps_the_dtype(impl, network):
    h = impl.mlp(*network)
    impl.dtype(h, network[0].dtype)
    impl.right(h)


@clause("MLP-LAYOUT")
@each(network=draw.networks_in_layouts(), mix=draw.ALL_LAYOUTS)
@given(
    network=draw.mlps(depths=(1, 2, 3), batches=(draw.ONE_EXAMPLE, *draw.BATCHES), dtypes=draw.FLOATS), mix=draw.mixes()
)
def test_mlp_reads_any_memory_layout(impl, network, mix):
    assert_right_in_layouts(impl, "mlp", mix, network)
    x, ((W, b), *_), _ = network
    if impl.kind.arrays == "numpy":
        impl.because("one array as the weights of two layers, which multiply themselves (OpenMathLib/OpenBLAS#5873)")
        n = min(W.shape)
        tied = laid_out(W[:n, :n], "contiguous"), b[:n]
        impl.check.mlp(x[..., :n], [tied, tied], ["identity", "identity"])


@clause("MLP-SATURATED")
@given(network=draw.mlps(hidden=("sigmoid", "tanh"), outputs=("sigmoid",), depths=(1, 2), dtypes=draw.FLOATS))
def test_large_pre_activations_overflow_nowhere(impl, network):
    x, theta, activations = network
    for output in ("sigmoid", "tanh", "softmax"):
        far = 10000 * x, theta, [*activations[:-1], output]
        impl.check.mlp(*far)


@clause("MLP-NAN")
@given(network=draw.mlps(batches=draw.SEVERAL, dtypes=draw.FLOATS))
def test_nan_spoils_its_own_example_and_no_other(impl, network):
    x, theta, activations = network
    theta = [(draw.without_0(W), b) for W, b in theta]  # BLAS may pass over a factor of exactly 0
    bound = impl.bound.mlp(x, theta, activations)
    for position in range(x.shape[1]):
        spoilt = draw.with_nan_at(x, position - x.shape[1]), theta, activations
        impl.attempt.mlp(*spoilt).refused_or_within(impl.exact.mlp(*spoilt), bound)
    for at, (W, b) in enumerate(theta):
        spoilt = x, [*theta[:at], (W, draw.with_nan_at(b, -1)), *theta[at + 1 :]], activations
        impl.attempt.mlp(*spoilt).refused_or_within(impl.exact.mlp(*spoilt), bound)
    (W, b), *others = theta
    whole = draw.without_0(x), theta, activations
    spoilt = whole[0], [(draw.with_nan_at(W, -1), b), *others], activations
    impl.attempt.mlp(*spoilt).refused_or_within(impl.exact.mlp(*spoilt), impl.bound.mlp(*whole))


@clause("MLP-INF")
@given(network=draw.mlps((1, 2), (1,), hidden=("relu", "identity"), outputs=("relu", "identity"), dtypes=draw.FLOATS))
def test_an_infinite_input_gives_no_finite_output(impl, network):
    x, theta, activations = network
    theta = [(np.where(W == 0, 1, np.abs(W)).astype(W.dtype), b) for W, b in theta]  # so that each sum is infinite
    for position in range(x.shape[1]):
        infinite = draw.replaced(x, position, np.inf)
        impl.attempt.mlp(infinite, theta, activations).refused_or_not_finite("an infinite input")


@clause("MLP-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_unit_of_a_wide_layer_is_lost(impl, length):
    for reason, network in draw.wide_networks(lengths_of(impl, length), floats_of(impl)):
        impl.because(reason)
        impl.exactly(impl.mlp(*network), impl.exact.mlp(*network))


@clause("MLP-BLOCKS")
@each(case=draw.blocked_networks())
def test_no_tile_of_a_product_is_lost_or_rounded(impl, case):
    reason, network = case
    impl.because(reason)
    impl.check.mlp(*network)


@clause("MLP-INTEGER")
@given(network=draw.mlps())
def test_integer_examples_are_promoted_or_refused(impl, network):
    x, theta, activations = network
    for brightest in (1, 79):  # 79 times 3.2 is beyond the largest signed byte
        pixels = impl.cast((brightest * np.abs(x)).astype(np.uint8)), theta, activations
        impl.attempt.mlp(*pixels).refused_or_right()


@clause("MLP-BATCH")
@given(network=draw.in_large_batches(draw.mlps(batches=(5,), depths=(1, 2, 3), dtypes=draw.FLOATS)))
def test_mlp_of_a_large_batch(impl, network):
    impl.check.mlp(*network)


@clause("MLP-EMPTY")
@given(network=draw.mlps(batches=(1,)))
def test_mlp_of_an_empty_batch(impl, network):
    x, theta, activations = network
    _, b = theta[-1]
    impl.shape(impl.mlp(x[:0], theta, activations), (0, len(b)))


@clause("MLP-SHAPES")
@given(network=draw.mlps(depths=(2, 3), batches=(5,)))
def test_layers_that_do_not_fit_are_refused(impl, network):
    x, theta, activations = network
    (W1, b1), (W2, b2), *rest = theta
    wider = np.hstack([W2, W2[:, :1]])
    impl.attempt.mlp(np.hstack([x, x]), theta, activations).refused("an x with too many features")
    impl.attempt.mlp(x, [(W1, b1), (wider, b2), *rest], activations).refused("a W with a column too many")
    impl.attempt.mlp(x, [(W1, np.append(b1, b1)), *theta[1:]], activations).refused("a b with too many biases")


@clause("MLP-NAMES")
@given(network=draw.mlps())
def test_activations_that_do_not_match_the_layers_are_refused(impl, network):
    x, theta, activations = network
    impl.attempt.mlp(x, theta, activations[:-1]).refused("one activation too few")
    impl.attempt.mlp(x, theta, [*activations, "relu"]).refused("one activation too many")
    impl.attempt.mlp(x, theta, [*activations[:-1], "no such activation"]).refused("an unknown activation")
