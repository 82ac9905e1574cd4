"""What the reference refuses and how it says so, its dtypes, the edges of its formulas, and the slides' data."""

import doctest
import importlib
import pkgutil

import numpy as np
import pytest

import reference
from reference import FUNCTIONS, SOFTMAX_EXAMPLE, TRUTH_TABLE_INPUTS
from reference.trees import mapped

pytestmark = pytest.mark.filterwarnings("error")

W1, b1 = np.ones((4, 3)), np.ones(4)
squares = [W1, b1]
W2, b2 = np.ones((2, 4)), np.ones(2)
x, z, p = np.ones((5, 3)), np.ones((5, 2)), np.full((5, 2), 0.5)
labels = np.zeros(5, dtype=int)
theta, names = [(W1, b1), (W2, b2)], ["relu", "softmax"]

REFUSED = [
    ("sigmoid", ([1j],), "z: got an array of dtype complex128, needs real numbers"),
    ("tanh", (["a"],), "z: got an array of dtype <U1"),
    ("relu", (np.array([None]),), "z: got an array of dtype object"),
    ("sigmoid", ([[1.0], [1.0, 2.0]],), "z: got nested sequences of unequal lengths"),
    ("softmax", (np.float64(1),), r"z: got shape \(\), needs a last axis"),
    ("softmax", (np.ones((2, 0)),), r"z: got shape \(2, 0\), needs a last axis of at least one class"),
    ("one_hot", ([3], 3), "labels: got the label 3, needs labels from 0 to 2"),
    ("one_hot", ([-1], 3), "labels: got the label -1"),
    ("one_hot", ([1.0], 3), "labels: got an array of dtype float64, needs integers"),
    ("one_hot", ([0], 0), "k: got 0, needs an integer of at least 1"),
    ("one_hot", ([0], 2.0), "k: got 2.0"),
    ("binary_cross_entropy", (p, p[:1]), r"y: got shape \(1, 2\), needs \(5, 2\)"),
    ("binary_cross_entropy", ([1.5], [1.0]), r"y_hat: got the element 1.5, needs elements in \[0, 1\]"),
    ("binary_cross_entropy", ([0.5], [np.nan]), "y: got the element nan"),
    ("cross_entropy", (p, -p), "y: got the element -0.5"),
    ("cross_entropy", ([], []), r"y_hat: got shape \(0,\), needs at least one element"),
    ("cross_entropy", (np.ones((1, 1, 1)), np.ones((1, 1, 1))), "y_hat: got shape .* of 1 or 2 dimensions"),
    ("cross_entropy_with_logits", (z, labels + 2), "labels: got the label 2, needs labels from 0 to 1"),
    ("cross_entropy_with_logits", (z, labels[:4]), r"labels: got shape \(4,\), needs \(5,\)"),
    ("cross_entropy_with_logits", (z[:0], labels[:0]), "z: got shape .* needs at least one element"),
    ("mean_squared_error", (z, z[:, :1]), r"y: got shape \(5, 1\), needs \(5, 2\)"),
    ("mean_squared_error", ([], []), "y_hat: got shape"),
    ("linear", (x, W2, b2), r"x: got shape \(5, 3\), needs \(5, 4\) \(4 input variables"),
    ("linear", (x, W1, b2), r"b: got shape \(2,\), needs \(4,\)"),
    ("linear", (x[None], W1, b1), "x: got shape .* of 1 or 2 dimensions"),
    ("neuron", (x, W1, 1.0), "w: got shape .* of 1 dimensions"),
    ("neuron", (x, W1[0], b1), "b: got shape .* of 0 dimensions"),
    ("logistic_regression", (x[0], W1[0]), "X: got shape .* of 2 dimensions"),
    ("logistic_regression", (x, b1), r"X: got shape \(5, 3\), needs \(5, 4\)"),
    ("mlp", (x, theta, ["relu"]), "activations: got 1 names, needs one for each of the 2 layers"),
    (
        "mlp",
        (x, theta, ["relu", "swish"]),
        "got 'swish' for layer 2, needs one of sigmoid, tanh, relu, softmax, identity",
    ),
    (
        "mlp",
        (x, [(W1, b1), (W1, b1)], names),
        r"W of layer 2: got shape \(4, 3\), needs \(4, 4\) \(layer 1 has 4 neurons",
    ),
    ("mlp", (x, [], []), "theta: got no layer"),
    ("mlp", (x, [W1, W2], names), "theta: got ndarray for layer 1, needs a pair"),
    ("collapse_linear", (W1, b1, W1, b1), r"W2: got shape \(4, 3\), needs \(4, 4\)"),
    ("gradient_descent_step", ([W1, b1], [W1], 0.1), "grad: got 1 arrays, needs 2"),
    ("gradient_descent_step", ([W1], [b1], 0.1), r"grad\[0\]: got shape \(4,\), needs \(4, 3\)"),
    ("gradient_descent_step", ([W1], [W1], W1), "alpha: got shape"),
    ("sgd_step", ([W1, b1], [W1], {"momentum_buffer": [W1, b1]}), "grad: got 1 arrays, needs 2"),
    ("sgd_step", ([W1], [W1], {"momentum_buffer": [b1]}), r"state\['momentum_buffer'\]\[0\]: got shape"),
    ("sgd_step", ([W1], [W1], {"velocity": [W1]}), r"state: got the keys \['velocity'\], needs 'momentum_buffer'"),
    ("adagrad_step", ([W1], [W1], {"sum": []}), r"state\['sum'\]: got 0 arrays, needs 1"),
    ("rmsprop_step", ([W1], [W1], {}), r"state: got the keys \[\], needs 'square_avg'"),
    ("adam_step", ([W1], [W1], {"step": 0.5}), r"state\['step'\]: got 0.5, needs an integer"),
    ("adamax_step", ([W1], [W1], {"step": -1}), r"state\['step'\]: got -1, needs an integer"),
    (
        "mlp_gradients",
        (x, z, theta, names, "hinge"),
        "loss: got 'hinge', needs one of binary_cross_entropy, cross_entropy,",
    ),
    ("mlp_gradients", (x, z[:, :1], theta, names, "cross_entropy"), r"y: got shape \(5, 1\), needs \(5, 2\)"),
    ("mlp_gradients", (x, labels + 2, theta, names, "cross_entropy_with_logits"), "y: got the label 2"),
    ("mlp_gradients", (x, 2 * z, theta, names, "cross_entropy"), "y: got the element 2.0"),
    ("mlp_gradients", (x, z, theta, ["relu"] * 2, "binary_cross_entropy"), "output of the network under binary_cross"),
    ("mlp_gradients", (x[:0], z[:0], theta, names, "cross_entropy"), "x: got shape"),
    ("parameter_shapes", ([3],), r"layer_sizes: got \[3\]"),
    ("parameter_shapes", ([3, 0],), r"layer_sizes\[1\]: got 0"),
]


@pytest.mark.parametrize(("name", "args", "message"), REFUSED)
def test_a_wrong_argument_is_refused_by_its_name(name, args, message):
    with pytest.raises(ValueError, match=message):
        getattr(reference, name)(*args)


ACCEPTED = {
    "sigmoid": (z,),
    "tanh": (z,),
    "relu": (z,),
    "softmax": (z,),
    "binary_cross_entropy": (p, p),
    "cross_entropy": (p, p),
    "cross_entropy_with_logits": (z, labels),
    "mean_squared_error": (z, p),
    "linear": (x, W1, b1),
    "neuron": (x, W1[0], 0.5),
    "logistic_regression": (x, W1[0]),
    "mlp": (x, theta, names),
    "collapse_linear": (W1, b1, W2, b2),
    "gradient_descent_step": ([W1, b1], [W1, b1], 0.1),
    "mlp_gradients": (x, p, theta, names, "cross_entropy"),
    "network": (x, theta),
    "network_gradients": (x, labels, theta),
    "fit": (x, p[:, 0], 0.1, 2),
    "predict": (x, W1[0]),
    "sgd_step": ([W1, b1], [W1, b1], {"momentum_buffer": [W1, b1]}),
    "adagrad_step": ([W1, b1], [W1, b1], {"sum": squares}),
    "rmsprop_step": ([W1, b1], [W1, b1], {"square_avg": squares}),
    "adam_step": ([W1, b1], [W1, b1], {"step": 2, "exp_avg": [W1, b1], "exp_avg_sq": squares}),
    "adamax_step": ([W1, b1], [W1, b1], {"step": 2, "exp_avg": [W1, b1], "exp_inf": squares}),
}


def cast(value, dtype):
    def leaf(one):
        return one.astype(dtype) if isinstance(one, np.ndarray) and one.dtype.kind == "f" else one

    return mapped(leaf, value)


def flattened(value):
    if isinstance(value, dict):
        value = [entry for key, entry in value.items() if key != "step"]
    return [leaf for item in value for leaf in flattened(item)] if isinstance(value, list | tuple) else [value]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
@pytest.mark.parametrize("name", ACCEPTED)
def test_a_result_has_the_dtype_of_the_arguments_and_new_memory(name, dtype):
    args = cast(ACCEPTED[name], dtype)
    for result in flattened(getattr(reference, name)(*args)):
        assert np.asarray(result).dtype == dtype
        given = [arg for arg in flattened(list(args)) if isinstance(arg, np.ndarray)]
        assert not any(np.shares_memory(result, arg) for arg in given)


@pytest.mark.parametrize("dtype", ["int8", "uint8", "int32", "bool"])
def test_integers_are_promoted_to_float64(dtype):
    whole = np.array([[0, 1], [1, 1]], dtype=dtype)
    for name in ("sigmoid", "tanh", "relu", "softmax"):
        got = getattr(reference, name)(whole)
        assert got.dtype == np.float64
        assert np.array_equal(got, getattr(reference, name)(whole.astype(np.float64)))
    assert reference.mean_squared_error(whole, 1 - whole.astype(np.int8)) == 0.5


def test_each_parameter_of_a_step_keeps_its_own_dtype():
    theta = [np.ones(2, np.float32), np.ones(3), np.ones(1, np.int8)]
    dtypes = [np.float32, np.float64, np.float64]
    assert [one.dtype for one in reference.gradient_descent_step(theta, theta, 0.1)] == dtypes
    stepped, state = reference.sgd_step(theta, theta, {"momentum_buffer": theta}, lr=0.1, momentum=0.5)
    assert [one.dtype for one in stepped] == [one.dtype for one in state["momentum_buffer"]] == dtypes


def test_a_python_float_does_not_decide_the_dtype():
    assert reference.neuron(cast(x, "float32"), np.ones(3, dtype=np.float32), 0.1).dtype == np.float32
    assert reference.linear(cast(x, "float32"), W1, b1).dtype == np.float64


def test_every_function_of_the_interface_has_its_bound():
    assert len(FUNCTIONS) == len(set(FUNCTIONS)) == 25
    assert set(FUNCTIONS) == {*ACCEPTED, "one_hot"}
    for name in FUNCTIONS:
        assert callable(getattr(reference, f"{name}_bound"))


@pytest.mark.parametrize("module", [module.name for module in pkgutil.iter_modules(reference.__path__)])
def test_the_examples_in_the_docstrings_are_true(module):
    assert doctest.testmod(importlib.import_module(f"reference.{module}")).failed == 0


def test_every_function_of_the_interface_has_an_example_in_its_docstring():
    assert [name for name in FUNCTIONS if f"{name}(" not in _examples(name)] == []


def _examples(name):
    examples = doctest.DocTestParser().get_examples(getattr(reference, name).__doc__)
    return "".join(example.source for example in examples)


def test_not_a_number_and_infinities():
    for name in ("sigmoid", "tanh", "relu"):
        assert np.isnan(getattr(reference, name)(np.array(np.nan)))
    assert np.array_equal(reference.sigmoid(np.array([-np.inf, np.inf])), [0, 1])
    for row in ([np.nan, 0.0], [np.inf, 0.0], [0.0, np.inf, -np.inf], [-np.inf, -np.inf]):
        assert np.isnan(reference.softmax(np.array(row))).all()
        for label in (0, 1):
            assert np.isnan(reference.cross_entropy_with_logits(np.array(row), np.array(label)))
    assert np.array_equal(reference.softmax(np.array([0.0, -np.inf, 0.0])), [0.5, 0.0, 0.5])
    assert reference.cross_entropy_with_logits(np.array([0.0, -np.inf]), np.array(1)) == np.inf


def test_no_elements():
    for name in ("sigmoid", "tanh", "relu"):
        assert getattr(reference, name)(np.ones((0, 3))).shape == (0, 3)
    assert reference.softmax(np.ones((0, 3))).shape == (0, 3)
    assert reference.one_hot(np.array([], dtype=int), 3).shape == (0, 3)
    assert reference.linear(np.ones((0, 3)), W1, b1).shape == (0, 4)


def test_impossible_labels_cost_infinitely_much_and_certain_ones_nothing():
    certain = np.array([[0.0, 1.0]])
    assert reference.cross_entropy(certain, certain) == reference.binary_cross_entropy(certain, certain) == 0
    assert reference.cross_entropy(certain, 1 - certain) == np.inf
    assert reference.binary_cross_entropy(certain, 1 - certain) == np.inf


def test_one_example_is_a_batch_of_one():
    batch = reference.mlp_gradients(x[:1], p[:1], theta, names, "cross_entropy")
    single = reference.mlp_gradients(x[0], p[0], theta, names, "cross_entropy")
    label = reference.mlp_gradients(x[0], np.array(1), theta, ["tanh", "identity"], "cross_entropy_with_logits")
    assert all(np.array_equal(*both) for both in zip(flattened(batch), flattened(single), strict=True))
    assert [dW.shape for dW, _ in label] == [W1.shape, W2.shape]
    assert reference.mlp(x[0], theta, names).shape == (2,)
    assert reference.neuron(x[0], W1[0], 0.0).shape == ()


@pytest.mark.parametrize("network", reference.NETWORKS, ids=lambda network: network.name)
def test_the_hand_set_networks_compute_what_the_slides_say(network):
    got = reference.mlp(TRUTH_TABLE_INPUTS, network.theta, network.activations)
    if network.truth_table is not None:
        assert np.array_equal(got[:, 0] > 0.5, network.truth_table)
    shapes = [(W.shape, b.shape) for W, b in network.theta]
    assert shapes == reference.parameter_shapes([2, *(len(b) for _, b in network.theta)])
    with pytest.raises(ValueError, match="read-only"):
        network.theta[0][0][0, 0] = 1


def test_the_region_lies_between_the_two_lines():
    inside, beside = np.array([[3.0, 1.0]]), np.array([[0.0, 1.0]])
    lines = reference.mlp(np.vstack((inside, beside)), reference.LINES.theta, reference.LINES.activations) > 0.5
    assert np.array_equal(lines, [[True, True], [True, False]])
    for network, expected in ((reference.REGION_AND, [True, False]), (reference.REGION_OR, [True, True])):
        got = reference.mlp(np.vstack((inside, beside)), network.theta, network.activations)[:, 0]
        assert np.array_equal(got > 0.5, expected)


def test_the_worked_softmax_example():
    softmax = reference.softmax(SOFTMAX_EXAMPLE.logits)
    assert np.array_equal(np.round(softmax, 2), SOFTMAX_EXAMPLE.probabilities)
    label = reference.one_hot(np.array(SOFTMAX_EXAMPLE.label), 4)
    assert np.array_equal(label, [0, 1, 0, 0])
    assert reference.cross_entropy(SOFTMAX_EXAMPLE.probabilities, label) == SOFTMAX_EXAMPLE.cross_entropy
