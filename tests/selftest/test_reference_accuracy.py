"""Every function of the reference against mpmath, over moderate, extreme and subnormal inputs: within its own bound."""

import hypothesis.extra.numpy as npst
import hypothesis.strategies as st
import mpmath
import numpy as np
import pytest
from hypothesis import given, settings

import reference
from reference import REFERENCE
from tests.selftest import mpmath_formulas as mp
from tests.selftest.mpmath_formulas import PRECISE, error_ratio, exact_value, exactly

pytestmark = pytest.mark.filterwarnings("error")
quick = settings(max_examples=60, deadline=None, database=None)

MODERATE = st.floats(-30, 30)
SMALL = st.floats(-3, 3)
EXTREME = st.floats(allow_nan=False, allow_infinity=False)
SUBNORMAL = st.integers(-(2**52), 2**52).map(lambda i: i * 2.0**-1074)
ANYWHERE = st.one_of(MODERATE, st.floats(-800, 800), EXTREME, SUBNORMAL)
PROBABILITY = st.one_of(
    st.floats(0, 1), st.floats(0, 1).map(lambda p: 1 - p), st.sampled_from([0.0, 1.0, 5e-324, 1e-50])
)
TARGET = st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))


def arrays(elements, shape):
    return npst.arrays(np.float64, shape, elements=elements, fill=st.nothing())


def small_shapes(min_dims=0, max_dims=2):
    return npst.array_shapes(min_dims=min_dims, max_dims=max_dims, max_side=6)


def pairs(elements, others):
    """Two arrays of one shape, one or two axes."""
    return small_shapes(1).flatmap(lambda shape: st.tuples(arrays(elements, shape), arrays(others, shape)))


def labels_of(m, k):
    return st.lists(st.integers(0, k - 1), min_size=m, max_size=m).map(np.array)


def activations_of(least_dims, most_dims=2):
    return st.tuples(small_shapes(least_dims, most_dims).flatmap(lambda shape: arrays(ANYWHERE, shape)))


@st.composite
def labelled_logits(draw):
    z = draw(small_shapes(2, 2).flatmap(lambda shape: arrays(ANYWHERE, shape)))
    return z, draw(labels_of(*z.shape))


@st.composite
def linear_layers(draw, dims=(1, 2)):
    elements = draw(st.sampled_from([MODERATE, ANYWHERE]))
    m, n, s = (draw(st.integers(1, 4)) for _ in range(3))
    shape = (m, n)[-draw(st.sampled_from(dims)) :]
    return draw(arrays(elements, shape)), draw(arrays(elements, (s, n))), draw(arrays(elements, (s,)))


@st.composite
def two_layers(draw):
    """x, and the parameters W1, b1, W2, b2 of two layers."""
    x, W1, b1 = draw(linear_layers())
    s = draw(st.integers(1, 3))
    return x, W1, b1, draw(arrays(ANYWHERE, (s, len(W1)))), draw(arrays(ANYWHERE, (s,)))


@st.composite
def networks(draw, hidden=tuple(reference.ACTIVATIONS), last=tuple(reference.ACTIVATIONS), elements=MODERATE, depth=3):
    sizes = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(2, 1 + depth)))]
    theta = [(draw(arrays(elements, W)), draw(arrays(elements, b))) for W, b in reference.parameter_shapes(sizes)]
    names = [draw(st.sampled_from(hidden)) for _ in theta[:-1]] + [draw(st.sampled_from(last))]
    return draw(arrays(elements, (draw(st.integers(1, 3)), sizes[0]))), theta, names


@st.composite
def single_or_batch(draw, of_networks):
    x, theta, names = draw(of_networks)
    return (x if draw(st.booleans()) else x[0]), theta, names


LAST_ACTIVATIONS = {
    "binary_cross_entropy": ("sigmoid", "softmax"),
    "cross_entropy": ("softmax", "sigmoid"),
    "cross_entropy_with_logits": tuple(reference.ACTIVATIONS),
    "mean_squared_error": tuple(reference.ACTIVATIONS),
}


@st.composite
def trained_networks(draw):
    loss = draw(st.sampled_from(sorted(LAST_ACTIVATIONS)))
    x, theta, names = draw(networks(last=LAST_ACTIVATIONS[loss], elements=SMALL))
    return x, draw(targets(len(x), theta, loss)), theta, names, loss


@st.composite
def targets(draw, m, theta, loss):
    k = theta[-1][0].shape[0]
    if loss == "mean_squared_error":
        return draw(arrays(MODERATE, (m, k)))
    labels = draw(labels_of(m, k))
    if loss == "cross_entropy_with_logits":
        return labels
    return reference.softmax(draw(arrays(MODERATE, (m, k)))) if draw(st.booleans()) else reference.one_hot(labels, k)


@st.composite
def declared_networks(draw, *kinds):
    elements = draw(st.sampled_from(kinds or (MODERATE, SUBNORMAL)))
    n, h, k = (draw(st.integers(1, 4)) for _ in range(3))
    theta = [(draw(arrays(elements, W)), draw(arrays(elements, b))) for W, b in reference.parameter_shapes([n, h, k])]
    return draw(arrays(elements, (draw(st.integers(1, 3)), n))), theta


@st.composite
def trained_declared_networks(draw):
    x, theta = draw(declared_networks(SMALL))
    return x, draw(targets(len(x), theta, reference.TASKS[reference.TASK][1])), theta


@st.composite
def trainings(draw):
    """X, y, a rate with which no step expands an error, and steps, as `fit` takes them."""
    m, n = draw(st.integers(1, 6)), draw(st.integers(1, 4))
    X, y = draw(arrays(SMALL, (m, n))), draw(arrays(st.sampled_from([0.0, 1.0]), m))
    largest = 8 * m / max(float(np.linalg.norm(X.T @ X, 2)), 1e-3)
    return X, y, draw(st.floats(0, 1)) * min(largest, 10.0), draw(st.sampled_from([0, 1, 2, 7, 50]))


ROOTED = st.one_of(st.floats(0, 30), st.floats(0, 1e100), SUBNORMAL.map(abs))
GRADIENT = st.one_of(MODERATE, st.floats(-1e100, 1e100), SUBNORMAL)
DECAYS = st.sampled_from([0.0, 0.5, 0.9, 0.999])
HYPER = {
    "lr": st.just(0.1),
    "momentum": DECAYS,
    "alpha": DECAYS,
    "betas": st.tuples(DECAYS, DECAYS),
    "eps": st.sampled_from([1e-8, 0.1]),
}
STATE = {"momentum_buffer": GRADIENT, "exp_avg": GRADIENT}
"""Of the entries of a state, those that may be negative."""


@st.composite
def updates(draw, keys, names):
    """One parameter, its gradient, the state with these keys and the hyper-parameters of these names."""
    shape = draw(small_shapes(1))
    state = {key: [draw(arrays(STATE.get(key, ROOTED), shape))] for key in keys if key != "step"}
    if "step" in keys:
        state["step"] = draw(st.sampled_from([0, 1, 7, 1000]))
    theta, grad = draw(arrays(GRADIENT, shape)), draw(arrays(GRADIENT, shape))
    return ([theta], [grad], state), {name: draw(HYPER[name]) for name in names}


ARGUMENTS = {
    "sigmoid": activations_of(0),
    "tanh": activations_of(0),
    "relu": activations_of(0),
    "softmax": activations_of(1, 3),
    "one_hot": st.integers(1, 6).flatmap(
        lambda k: st.tuples(npst.arrays(np.int64, small_shapes(), elements=st.integers(0, k - 1)), st.just(k))
    ),
    "binary_cross_entropy": pairs(PROBABILITY, TARGET),
    "cross_entropy": pairs(PROBABILITY, TARGET),
    "cross_entropy_with_logits": labelled_logits(),
    "mean_squared_error": pairs(ANYWHERE, ANYWHERE),
    "linear": linear_layers(),
    "neuron": linear_layers().map(lambda layer: (layer[0], layer[1][0], float(layer[2][0]))),
    "logistic_regression": linear_layers(dims=(2,)).map(lambda layer: (layer[0], layer[1][0])),
    "mlp": single_or_batch(st.one_of(networks(), networks(elements=SUBNORMAL))),
    "collapse_linear": two_layers().map(lambda layers: layers[1:]),
    "gradient_descent_step": st.tuples(pairs(ANYWHERE, ANYWHERE), st.floats(0, 10)).map(
        lambda drawn: ([drawn[0][0]], [drawn[0][1]], drawn[1])
    ),
    "mlp_gradients": trained_networks(),
    "network": declared_networks(),
    "network_gradients": trained_declared_networks(),
    "fit": trainings(),
    "predict": linear_layers(dims=(2,)).map(lambda layer: (layer[0], layer[1][0])),
}
WITH_HYPER = {
    "sgd_step": updates(("momentum_buffer",), ("lr", "momentum")),
    "adagrad_step": updates(("sum",), ("lr", "eps")),
    "rmsprop_step": updates(("square_avg",), ("lr", "alpha", "eps")),
    "adam_step": updates(("step", "exp_avg", "exp_avg_sq"), ("lr", "betas", "eps")),
    "adamax_step": updates(("step", "exp_avg", "exp_inf"), ("lr", "betas", "eps")),
}
CASES = {name: args.map(lambda args: (args, {})) for name, args in ARGUMENTS.items()} | WITH_HYPER


def test_every_function_of_the_interface_is_checked():
    assert set(CASES) == set(mp.FORMULAS) == set(reference.FUNCTIONS)


@quick
@given(data=st.data())
@pytest.mark.parametrize("name", reference.FUNCTIONS)
def test_the_reference_is_within_its_own_bound_of_the_exact_value(name, data):
    args, hyper = data.draw(CASES[name])
    got = getattr(reference, name)(*args, **hyper)
    bound = getattr(reference, f"{name}_bound")(*args, REFERENCE, **hyper)
    assert error_ratio(got, exact_value(name, args, hyper), bound) <= 1


@pytest.mark.parametrize("gap", [1.0, 40.0, 200.0, 700.0])
def test_a_tiny_cross_entropy_keeps_its_relative_accuracy(gap):
    with mpmath.workdps(mp.DIGITS):
        expected = mpmath.log1p(2 * mpmath.exp(-gap))
        got = reference.cross_entropy_with_logits(np.array([0.0, -gap, -gap]), np.array(0))
        assert abs(got / expected - 1) < 1e-15


@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_an_impossible_label_has_an_infinite_loss_here_and_in_mpmath(name):
    args = np.array([[0.0, 1.0]]), np.array([[1.0, 0.0]])
    assert getattr(reference, name)(*args) == exact_value(name, args) == np.inf


@quick
@given(layers=two_layers())
def test_two_layers_and_the_one_that_they_collapse_to(layers):
    with mpmath.workdps(3 * PRECISE // 2):
        x, W1, b1, W2, b2 = map(exactly, layers)
        expected = (x @ W1.T + b1) @ W2.T + b2
    x, W1, b1, W2, b2 = layers
    bound = reference.two_linear_layers_bound(x, W1, b1, W2, b2, REFERENCE)
    assert error_ratio(reference.linear(reference.linear(x, W1, b1), W2, b2), expected, bound) <= 1
    assert error_ratio(reference.linear(x, *reference.collapse_linear(W1, b1, W2, b2)), expected, bound) <= 1


def test_a_saturated_output_has_the_exact_gradient():
    theta = [(np.array([[1.0], [-1.0]]), np.zeros(2))]
    x, y = np.array([[1e4]]), np.array([[0.0, 1.0]])
    for activation, loss in [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]:
        ((_, db),) = reference.mlp_gradients(x, y, theta, [activation], loss)
        scale = 2 if activation == "sigmoid" else 1
        assert np.array_equal(db, np.array([1.0, -1.0]) / scale)


def test_the_derivative_of_relu_at_0_is_0_and_decided_there():
    theta = [(np.array([[2.0]]), np.array([0.0])), (np.array([[3.0]]), np.array([1.0]))]
    args = np.array([[0.0]]), np.array([[5.0]]), theta, ["relu", "identity"], "mean_squared_error"
    assert reference.mlp_gradients(*args)[0] == (0.0, 0.0)
    assert np.max(reference.mlp_gradients_bound(*args, REFERENCE)[0][1]) == 0.0


def test_training_with_a_rate_that_is_subnormal_is_within_its_bound():
    args = np.array([[30.0], [-29.0], [28.0]]), np.array([1.0, 0.0, 1.0]), 5e-324, 2
    bound = reference.fit_bound(*args, REFERENCE)
    assert error_ratio(reference.fit(*args), exact_value("fit", args), bound) <= 1
    assert bound.max() < 1e-320
