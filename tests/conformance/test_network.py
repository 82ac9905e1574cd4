"""network: the output and the gradients of the one architecture that an implementation declares."""

import numpy as np

from reference import differentiated
from tests.conformance.relations import assert_pure
from tests.harness import clause, given
from tests.harness.drawing import strategies as draw


def of_the_architecture(impl, drawn):
    """x, theta and the targets that go with what is declared, in the dtype of its parameters."""
    network = impl.kind.network
    x, theta, targets = draw.of_architecture(drawn, network.activations, network.loss)
    dtype = x.dtype.name if x.dtype != np.float64 else network.dtype
    return impl.cast(draw.in_dtype((x, targets, theta), dtype))


def assert_output(impl, x, theta):
    y_hat, activations = impl.network(x, theta), impl.kind.network.activations
    impl.within(y_hat, impl.exact.mlp(x, theta, activations), impl.bound.mlp(x, theta, activations))
    return y_hat


def assert_gradients(impl, x, y, theta):
    gradients, network = impl.network_gradients(x, y, theta), impl.kind.network
    arguments = (x, y, theta, *differentiated(network.activations, network.loss))
    impl.within(gradients, impl.exact.mlp_gradients(*arguments), impl.bound.mlp_gradients(*arguments))
    return gradients


@clause("NETWORK-VALUE")
@given(drawn=draw.architectures())
def test_the_network_computes_what_it_declares(impl, drawn):
    x, _, theta = of_the_architecture(impl, drawn)
    assert_output(impl, x, theta)


@clause("NETWORK-SINGLE")
@given(drawn=draw.architectures())
def test_a_batch_of_one_is_a_batch(impl, drawn):
    x, _, theta = of_the_architecture(impl, drawn)
    assert_output(impl, x[:1], theta)


@clause("NETWORK-PURE")
@given(drawn=draw.architectures())
def test_the_output_changes_no_argument_and_keeps_no_buffer(impl, drawn):
    x, _, theta = of_the_architecture(impl, drawn)
    assert_pure(impl, "network", (x, theta), (x + 1, theta))


@clause("NETWORK-DTYPE")
@given(drawn=draw.architectures(dtypes=draw.FLOATS))
def test_the_output_keeps_the_dtype(impl, drawn):
    x, _, theta = of_the_architecture(impl, drawn)
    impl.dtype(assert_output(impl, x, theta), x.dtype)


@clause("NETWORK-GRADIENT")
@given(drawn=draw.architectures())
def test_every_parameter_receives_its_gradient(impl, drawn):
    x, y, theta = of_the_architecture(impl, drawn)
    assert_gradients(impl, x, y, theta)


@clause("NETWORK-GRADIENT-PURE")
@given(drawn=draw.architectures())
def test_the_gradients_change_no_argument_and_keep_no_buffer(impl, drawn):
    x, y, theta = of_the_architecture(impl, drawn)
    assert_pure(impl, "network_gradients", (x, y, theta), (x + 1, y, theta))


@clause("NETWORK-GRADIENT-DTYPE")
@given(drawn=draw.architectures(dtypes=draw.FLOATS))
def test_the_gradients_keep_the_dtype(impl, drawn):
    x, y, theta = of_the_architecture(impl, drawn)
    impl.dtype(assert_gradients(impl, x, y, theta), x.dtype)
