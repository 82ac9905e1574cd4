"""network: the output and the gradients of the one architecture that an implementation declares."""

import numpy as np

from reference import differentiated
from tests.harness import assert_dtype, assert_pure, assert_within, clause, exact, given
from tests.harness.drawing import strategies as draw


def of_the_architecture(impl, drawn):
    """x, theta and the targets that go with what is declared, in the dtype of its parameters.

    Under a binary cross-entropy the network has one output.
    """
    declared = impl.implementation.says.network
    x, theta, targets = draw.of_architecture(drawn, declared.activations, declared.loss)
    dtype = x.dtype if x.dtype != np.float64 else declared.dtype
    return draw.in_dtype((x, theta), dtype), draw.in_dtype(targets, dtype), declared


def assert_output(impl, x, theta, declared):
    y_hat = impl.network(x, theta)
    assert_within(y_hat, exact.mlp(x, theta, declared.activations), impl.bound.mlp(x, theta, declared.activations))
    return y_hat


def assert_gradients(impl, x, y, theta, declared):
    gradients = impl.network_gradients(x, y, theta)
    architecture = differentiated(declared.activations, declared.loss)
    assert_within(
        gradients, exact.mlp_gradients(x, y, theta, *architecture), impl.bound.mlp_gradients(x, y, theta, *architecture)
    )
    return gradients


@clause("NETWORK-VALUE")
@given(drawn=draw.architectures())
def test_the_network_computes_what_it_declares(impl, drawn):
    (x, theta), _, declared = of_the_architecture(impl, drawn)
    assert_output(impl, x, theta, declared)


@clause("NETWORK-SINGLE")
@given(drawn=draw.architectures())
def test_a_batch_of_one_is_a_batch(impl, drawn):
    (x, theta), _, declared = of_the_architecture(impl, drawn)
    assert_output(impl, x[:1], theta, declared)


@clause("NETWORK-PURE")
@given(drawn=draw.architectures())
def test_the_output_changes_no_argument_and_keeps_no_buffer(impl, drawn):
    (x, theta), _, _ = of_the_architecture(impl, drawn)
    assert_pure(impl, "network", (x, theta), (x + 1, theta))


@clause("NETWORK-DTYPE")
@given(drawn=draw.architectures(dtypes=draw.FLOATS))
def test_the_output_keeps_the_dtype(impl, drawn):
    (x, theta), _, declared = of_the_architecture(impl, drawn)
    assert_dtype(assert_output(impl, x, theta, declared), x.dtype)


@clause("NETWORK-GRADIENT")
@given(drawn=draw.architectures())
def test_every_parameter_receives_its_gradient(impl, drawn):
    (x, theta), y, declared = of_the_architecture(impl, drawn)
    assert_gradients(impl, x, y, theta, declared)


@clause("NETWORK-GRADIENT-DTYPE")
@given(drawn=draw.architectures(dtypes=draw.FLOATS))
def test_the_gradients_keep_the_dtype(impl, drawn):
    (x, theta), y, declared = of_the_architecture(impl, drawn)
    assert_dtype(assert_gradients(impl, x, y, theta, declared), x.dtype)
