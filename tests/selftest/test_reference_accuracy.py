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
from tests.selftest.mpmath_formulas import PRECISE, error_ratio, exactly

pytestmark = pytest.mark.filterwarnings("error")
quick = settings(max_examples=60, deadline=None, database=None)

MODERATE = st.floats(-30, 30)
EXTREME = st.floats(allow_nan=False, allow_infinity=False)
SUBNORMAL = st.integers(-(2**52), 2**52).map(lambda i: i * 2.0**-1074)
ANYWHERE = st.one_of(MODERATE, st.floats(-800, 800), EXTREME, SUBNORMAL)
PROBABILITY = st.one_of(
    st.floats(0, 1), st.floats(0, 1).map(lambda p: 1 - p), st.sampled_from([0.0, 1.0, 5e-324, 1e-50])
)


def arrays(elements, shape):
    return npst.arrays(np.float64, shape, elements=elements, fill=st.nothing())


def small_shapes(min_dims=0, max_dims=2):
    return npst.array_shapes(min_dims=min_dims, max_dims=max_dims, max_side=6)


def pairs(elements, others):
    """Two arrays of one shape, one or two axes."""
    return small_shapes(1).flatmap(lambda shape: st.tuples(arrays(elements, shape), arrays(others, shape)))


def ratio(name, *args, due):
    return error_ratio(getattr(reference, name)(*args), due, getattr(reference, f"{name}_bound")(*args, REFERENCE))


@pytest.fixture(autouse=True)
def fifty_digits():
    with mpmath.workdps(mp.DIGITS):
        yield


@quick
@given(z=small_shapes().flatmap(lambda shape: arrays(ANYWHERE, shape)))
@pytest.mark.parametrize("name", ["sigmoid", "tanh", "relu"])
def test_elementwise_activations(name, z):
    assert ratio(name, z, due=mp.ACTIVATIONS[name](exactly(z))) <= 1


@quick
@given(z=small_shapes(1, 3).flatmap(lambda shape: arrays(ANYWHERE, shape)))
def test_softmax(z):
    assert ratio("softmax", z, due=mp.softmax(exactly(z))) <= 1


@quick
@given(z=small_shapes(2, 2).flatmap(lambda shape: arrays(ANYWHERE, shape)), data=st.data())
def test_cross_entropy_with_logits(z, data):
    labels = np.array([data.draw(st.integers(0, z.shape[1] - 1)) for _ in z])
    with mpmath.workdps(PRECISE):
        due = mp.cross_entropy_with_logits(exactly(z), labels)
    assert ratio("cross_entropy_with_logits", z, labels, due=due) <= 1


@pytest.mark.parametrize("gap", [1.0, 40.0, 200.0, 700.0])
def test_a_tiny_cross_entropy_keeps_its_relative_accuracy(gap):
    due = mpmath.log1p(2 * mpmath.exp(-gap))
    came = reference.cross_entropy_with_logits(np.array([0.0, -gap, -gap]), np.array(0))
    assert abs(came / due - 1) < 1e-15


@quick
@given(pair=pairs(PROBABILITY, st.one_of(st.sampled_from([0.0, 1.0]), st.floats(0, 1))))
@pytest.mark.parametrize("name", ["binary_cross_entropy", "cross_entropy"])
def test_losses_of_probabilities(name, pair):
    p, y = pair
    impossible = (y > 0) & (p == 0)
    if name == "binary_cross_entropy":
        impossible |= (y < 1) & (p == 1)
    if impossible.any():
        assert getattr(reference, name)(p, y) == np.inf
        return
    with mpmath.workdps(400):
        due = getattr(mp, name)(exactly(p), exactly(y))
    band = getattr(reference, f"{name}_bound")(p, y, REFERENCE)
    assert error_ratio(getattr(reference, name)(p, y), due, band.bound) <= 1


@quick
@given(pair=pairs(ANYWHERE, ANYWHERE))
def test_mean_squared_error(pair):
    with mpmath.workdps(PRECISE):
        due = mp.mean_squared_error(*map(exactly, pair))
    assert ratio("mean_squared_error", *pair, due=due) <= 1


@st.composite
def linear_layers(draw, elements):
    m, n, s = (draw(st.integers(1, 4)) for _ in range(3))
    x = draw(arrays(elements, draw(st.sampled_from([(n,), (m, n)]))))
    return x, draw(arrays(elements, (s, n))), draw(arrays(elements, (s,)))


@quick
@given(layer=st.one_of(linear_layers(MODERATE), linear_layers(ANYWHERE)))
def test_linear(layer):
    with mpmath.workdps(PRECISE):
        x, W, b = map(exactly, layer)
        due = x @ W.T + b
    assert ratio("linear", *layer, due=due) <= 1


@quick
@given(layer=st.one_of(linear_layers(MODERATE), linear_layers(ANYWHERE)))
def test_neuron_and_logistic_regression(layer):
    x, W, b = layer
    with mpmath.workdps(PRECISE):
        product = exactly(x) @ exactly(W[0])
        shifted = product + exactly(b[0])
    with mpmath.workdps(mp.DIGITS):
        assert ratio("neuron", x, W[0], float(b[0]), due=mp.sigmoid(shifted)) <= 1
        due = mp.sigmoid(np.atleast_1d(product))
        assert ratio("logistic_regression", np.atleast_2d(x), W[0], due=due) <= 1


@quick
@given(first=linear_layers(ANYWHERE), data=st.data())
def test_collapsed_layers(first, data):
    x, W1, b1 = first
    s = data.draw(st.integers(1, 3))
    W2, b2 = data.draw(arrays(ANYWHERE, (s, len(W1)))), data.draw(arrays(ANYWHERE, (s,)))
    with mpmath.workdps(3 * PRECISE // 2):
        exact_x, *exact = map(exactly, (x, W1, b1, W2, b2))
        E1, e1, E2, e2 = exact
        due = (E2 @ E1, E2 @ e1 + e2)
        through = (exact_x @ E1.T + e1) @ E2.T + e2
    assert ratio("collapse_linear", W1, b1, W2, b2, due=due) <= 1
    bound = reference.two_linear_layers_bound(x, W1, b1, W2, b2, REFERENCE)
    assert error_ratio(reference.linear(reference.linear(x, W1, b1), W2, b2), through, bound) <= 1
    assert error_ratio(reference.linear(x, *reference.collapse_linear(W1, b1, W2, b2)), through, bound) <= 1


@quick
@given(pair=pairs(ANYWHERE, ANYWHERE), alpha=st.floats(0, 10))
def test_gradient_descent_step(pair, alpha):
    theta, grad = pair
    with mpmath.workdps(PRECISE):
        due = [exactly(theta) - mpmath.mpf(alpha) * exactly(grad)]
    assert ratio("gradient_descent_step", [theta], [grad], alpha, due=due) <= 1


ROOTED = st.one_of(st.floats(0, 30), st.floats(0, 1e100), SUBNORMAL.map(abs))
GRADIENT = st.one_of(MODERATE, st.floats(-1e100, 1e100), SUBNORMAL)
DECAYS = st.sampled_from([0.0, 0.5, 0.9, 0.999])


@st.composite
def updates(draw):
    """A parameter, its gradient, a signed and a positive entry of a state."""
    shape = draw(small_shapes(1))
    return [draw(arrays(elements, shape)) for elements in (GRADIENT, GRADIENT, GRADIENT, ROOTED)]


def mp_step(rule, p, g, signed, positive, t, rates):
    """What the rule gives of mpmath's numbers: the parameter, then the entries of the state."""
    lr, momentum, (beta1, beta2), eps = rates
    m = beta1 * signed + (1 - beta1) * g
    if rule == "sgd_step":
        v = momentum * signed + g
        return p - lr * v, v
    if rule == "adamax_step":
        u = max(beta2 * positive, abs(g) + eps)
        return p - lr / (1 - beta1**t) * m / u, m, u
    square = positive + g**2 if rule == "adagrad_step" else beta2 * positive + (1 - beta2) * g**2
    if rule == "adam_step":
        return p - lr * (m / (1 - beta1**t)) / (mpmath.sqrt(square / (1 - beta2**t)) + eps), m, square
    return p - lr * g / (mpmath.sqrt(square) + eps), square


STATES = {
    "sgd_step": (("momentum_buffer",), ("lr", "momentum")),
    "adagrad_step": (("sum",), ("lr", "eps")),
    "rmsprop_step": (("square_avg",), ("lr", "alpha", "eps")),
    "adam_step": (("exp_avg", "exp_avg_sq"), ("lr", "betas", "eps")),
    "adamax_step": (("exp_avg", "exp_inf"), ("lr", "betas", "eps")),
}
SIGNED = {"momentum_buffer", "exp_avg"}


@quick
@given(
    rule=st.sampled_from(list(STATES)),
    update=updates(),
    betas=st.tuples(DECAYS, DECAYS),
    eps=st.sampled_from([1e-8, 0.1]),
    steps=st.sampled_from([0, 1, 7, 1000]),
)
def test_steps_of_the_optimisers(rule, update, betas, eps, steps):
    p, g, signed, positive = update
    keys, names = STATES[rule]
    rates = {"lr": 0.1, "momentum": betas[0], "alpha": betas[1], "betas": betas, "eps": eps}
    hyper = {name: rates[name] for name in names}
    state = {key: [signed if key in SIGNED else positive] for key in keys} | (
        {"step": steps} if rule.startswith("adam") else {}
    )
    with mpmath.workdps(PRECISE):
        exact_rates = (mpmath.mpf(0.1), mpmath.mpf(betas[0]), tuple(map(mpmath.mpf, betas)), mpmath.mpf(eps))
        columns = [exactly(one).ravel() for one in update]
        rows = [mp_step(rule, *row, steps + 1, exact_rates) for row in zip(*columns, strict=True)]
        due = [np.array(column, dtype=object).reshape(p.shape) for column in zip(*rows, strict=True)]
        came, bound = (
            function([p], [g], state, *extra, **hyper)
            for function, extra in (
                (getattr(reference, rule), ()),
                (getattr(reference, f"{rule}_bound"), (REFERENCE,)),
            )
        )
        assert error_ratio(came[0], [due[0]], bound[0]) <= 1
        for key, exact in zip(keys, due[1:], strict=True):
            assert error_ratio(came[1][key], [exact], bound[1][key]) <= 1
    assert came[1].get("step", steps + 1) == steps + 1


@st.composite
def networks(draw, activations, last, elements=MODERATE):
    sizes = [draw(st.integers(1, 4)) for _ in range(draw(st.integers(2, 4)))]
    theta = [(draw(arrays(elements, W)), draw(arrays(elements, b))) for W, b in reference.parameter_shapes(sizes)]
    names = [draw(st.sampled_from(activations)) for _ in theta[:-1]] + [draw(st.sampled_from(last))]
    return draw(arrays(elements, (draw(st.integers(1, 3)), sizes[0]))), theta, names


def exact_layers(theta):
    return [(exactly(W), exactly(b)) for W, b in theta]


@quick
@given(network=st.one_of(*(networks(*[list(reference.ACTIVATIONS)] * 2, kind) for kind in (MODERATE, SUBNORMAL))))
def test_mlp(network):
    x, theta, names = network
    due = mp.mlp(exactly(x), exact_layers(theta), names)
    assert ratio("mlp", x, theta, names, due=due) <= 1
    assert ratio("mlp", x[0], theta, names, due=due[0]) <= 1


LAST_ACTIVATIONS = {
    "binary_cross_entropy": ["sigmoid", "softmax"],
    "cross_entropy": ["softmax", "sigmoid"],
    "cross_entropy_with_logits": list(reference.ACTIVATIONS),
    "mean_squared_error": list(reference.ACTIVATIONS),
}


@quick
@given(data=st.data())
@pytest.mark.parametrize("loss", LAST_ACTIVATIONS)
def test_mlp_gradients(loss, data):
    x, theta, names = data.draw(networks(list(reference.ACTIVATIONS), LAST_ACTIVATIONS[loss], st.floats(-3, 3)))
    m, k = len(x), theta[-1][0].shape[0]
    labels = np.array(data.draw(st.lists(st.integers(0, k - 1), min_size=m, max_size=m)))
    targets = reference.one_hot(labels, k)
    if loss == "mean_squared_error":
        targets = data.draw(arrays(MODERATE, (m, k)))
    elif loss != "cross_entropy_with_logits" and data.draw(st.booleans()):
        targets = reference.softmax(data.draw(arrays(MODERATE, (m, k))))
    y = labels if loss == "cross_entropy_with_logits" else targets
    with mpmath.workdps(4 * mp.DIGITS):
        due = mp.mlp_gradients(exactly(x), exactly(targets), exact_layers(theta), names, loss)
    assert ratio("mlp_gradients", x, y, theta, names, loss, due=due) <= 1


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
