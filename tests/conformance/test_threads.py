"""Two threads that call a function at the same time: each call gives what it gives alone.

The update rules have their own such test, beside the others.
"""

import numpy as np

from tests.conformance.relations import assert_same_beside_another_call
from tests.harness import clause
from tests.harness.drawing import strategies as draw

M = 350
"""The number of examples: a function may have a buffer for large arrays alone."""


@clause("SIGMOID-THREADS", "TANH-THREADS", "RELU-THREADS", "SOFTMAX-THREADS")
def test_an_activation(impl, f):
    z = draw.numbers((M, 4))
    assert_same_beside_another_call(impl, f, [z], [1 - z])


@clause("ONEHOT-THREADS")
def test_one_hot(impl):
    labels = np.arange(M) % 4
    assert_same_beside_another_call(impl, "one_hot", [labels, 4], [3 - labels, 4])


@clause("BCE-THREADS")
def test_binary_cross_entropy(impl):
    y_hat, y = draw.probabilities_of((M,)), draw.targets_of((M,))
    assert_same_beside_another_call(impl, "binary_cross_entropy", [y_hat, y], [y_hat, 1 - y])


@clause("CE-THREADS")
def test_cross_entropy(impl):
    y_hat, y = np.tile([0.5, 0.25, 0.125, 0.125], (M, 1)), np.eye(4)[np.arange(M) % 3]
    assert_same_beside_another_call(impl, "cross_entropy", [y_hat, y], [y_hat[:, ::-1], y])


@clause("LOGITS-THREADS")
def test_cross_entropy_with_logits(impl):
    z, labels = draw.numbers((M, 4)), np.arange(M) % 4
    assert_same_beside_another_call(impl, "cross_entropy_with_logits", [z, labels], [1 - z, labels])


@clause("MSE-THREADS")
def test_mean_squared_error(impl):
    y_hat, y = draw.numbers((M, 4)), draw.targets_of((M, 4))
    assert_same_beside_another_call(impl, "mean_squared_error", [y_hat, y], [3 - y_hat, y])


@clause("LINEAR-THREADS")
def test_linear(impl):
    x, W, b = draw.numbers((M, 3)), draw.numbers((4, 3)), draw.numbers((4,))
    assert_same_beside_another_call(impl, "linear", [x, W, b], [1 - x, -W, 2 * b])


@clause("NEURON-THREADS", "LOGREG-THREADS")
def test_a_neuron(impl, f):
    x, w = draw.numbers((M, 3)) / 8, np.array([0.5, -1.0, 2.0])
    ours, theirs = ([x, w, 0.25], [1 - x, -w, -0.5]) if f == "neuron" else ([x, w], [1 - x, -w])
    assert_same_beside_another_call(impl, f, ours, theirs)


@clause("MLP-THREADS")
def test_mlp(impl):
    x, _, theta, names, _ = draw.training(M, (3, 4, 2), ["tanh", "identity"], "mean_squared_error")
    assert_same_beside_another_call(impl, "mlp", [x, theta, names], [1 - x, [(-W, b + 1) for W, b in theta], names])


@clause("COLLAPSE-THREADS")
def test_collapse_linear(impl):
    layers = [draw.numbers(shape) for shape in ((3, M), (3,), (2, 3), (2,))]
    assert_same_beside_another_call(impl, "collapse_linear", layers, [1 - one for one in layers])


@clause("STEP-THREADS")
def test_gradient_descent_step(impl):
    theta, grad = [draw.numbers((M,)), draw.numbers((2, 3))], [draw.targets_of((M,)), np.ones((2, 3))]
    assert_same_beside_another_call(
        impl, "gradient_descent_step", [theta, grad, 0.5], [[1 - one for one in theta], grad, 0.5]
    )


@clause("GRAD-THREADS")
def test_mlp_gradients(impl):
    x, y, theta, *rest = draw.training(M, (3, 4, 2), ["tanh", "identity"], "mean_squared_error")
    theirs = [1 - x, y + 1, [(-W, b + 1) for W, b in theta], *rest]
    assert_same_beside_another_call(impl, "mlp_gradients", [x, y, theta, *rest], theirs)
