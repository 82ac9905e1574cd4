"""The forward error bounds: right implementations in float32 and float64 stay inside, subtly wrong ones do not.

`ratio` is the largest error over the error allowed, as the conformance tests measure it: against the reference, with
the reference's own bound added.
"""

import numpy as np
import pytest

import reference
from reference import REFERENCE, SLIDE_EPS, Arithmetic, rounded_bound
from reference.trees import mapped
from tests.selftest import float32_formulas as plain
from tests.selftest.mpmath_formulas import error_ratio

FLOAT32 = Arithmetic.of("float32", 4)
FLOAT64 = Arithmetic.of("float64", 2)
TEXTBOOK = Arithmetic.of("float64", 4, eps=SLIDE_EPS)
FLUSHING = Arithmetic.of("float32", 4, flushes_to_zero=True)

NEAR = 0.2
"""A bound is near if some right implementation uses this share of it."""

ROUND_NOTHING = {"relu", "one_hot", "predict"}
"""The formulas that no search comes near to: their bound is 0, but where a class is undecided."""

OF_A_NORM = {"fit"}
"""Those whose bound is that of a 2-norm, which no single element comes near to."""


def in_dtype(value, dtype):
    def cast(leaf):
        return leaf.astype(dtype) if isinstance(leaf, np.ndarray) and leaf.dtype.kind == "f" else leaf

    return mapped(cast, value)


def allowed(name, args, arithmetic):
    bound = getattr(reference, f"{name}_bound")
    return mapped(lambda one, other: one + other, bound(*args, arithmetic), bound(*args, REFERENCE))


def ratio(name, got, args, arithmetic):
    args = in_dtype(tuple(args), np.float64)
    return error_ratio(got, getattr(reference, name)(*args), allowed(name, args, arithmetic))


@pytest.fixture
def rng():
    return np.random.default_rng(5)


def test_every_function_of_the_interface_has_a_plain_formula():
    assert set(plain.FORMULAS) == set(reference.FUNCTIONS)


@pytest.mark.parametrize("name", reference.FUNCTIONS)
def test_a_plain_formula_in_float32_stays_inside_the_bound_and_comes_near_it(name, rng):
    largest = 0.0
    for drawn in range(4000):
        args = in_dtype(plain.arguments(name, rng), np.float32)
        with np.errstate(all="ignore"):
            largest = max(largest, ratio(name, plain.FORMULAS[name](*args), args, plain.CORRECTLY_ROUNDED))
        assert largest <= 1, args
        if drawn >= 300 and (largest >= _near(name) or name in ROUND_NOTHING):
            break
    if name in ROUND_NOTHING:
        assert not getattr(reference, f"{name}_bound")(*args, plain.CORRECTLY_ROUNDED).any()
    else:
        assert largest >= _near(name)


def _near(name):
    return NEAR / 4 if name in OF_A_NORM else NEAR


def test_the_bound_of_training_stays_far_below_a_step(rng):
    for steps in (1, 2, 7, 50):
        for _ in range(50):
            m, n = int(rng.integers(4, 21)), int(rng.integers(1, 5))
            X, y = rng.normal(size=(m, n)), rng.integers(0, 2, size=m).astype(float)
            alpha = 0.1 * 8 * m / float(np.linalg.norm(X.T @ X, 2))
            last = reference.fit(X, y, alpha, steps) - reference.fit(X, y, alpha, steps - 1)
            assert 100 * reference.fit_bound(X, y, alpha, steps, FLOAT64).max() < np.linalg.norm(last)


def rounded_to_ten_bits(x):
    """What TF32 makes of the factors of a product."""
    return ((x.view(np.uint32) + 0x1000) & 0xFFFFE000).astype(np.uint32).view(np.float32)


def network(rng, last):
    theta = [(rng.normal(size=W), rng.normal(size=b)) for W, b in reference.parameter_shapes([3, 4, 5, 2])]
    return rng.normal(size=(6, 3)), theta, ["tanh", "sigmoid", last]


def through_softmax(v, p):
    return p * (v - (v * p).sum(axis=-1, keepdims=True))


def through_jacobian(v, p):
    jacobians = p[:, :, None] * np.eye(p.shape[1], dtype=p.dtype) - p[:, :, None] * p[:, None, :]
    return (jacobians @ v[:, :, None])[:, :, 0]


ROUTES = {
    "combined, softmax": ("softmax", "cross_entropy", lambda p, y: (p - y) / len(y)),
    "quotient through softmax": ("softmax", "cross_entropy", lambda p, y: through_softmax(-y / p / len(y), p)),
    "quotient through the Jacobian": ("softmax", "cross_entropy", lambda p, y: through_jacobian(-y / p / len(y), p)),
    "combined, sigmoid": ("sigmoid", "binary_cross_entropy", lambda p, y: (p - y) / y.size),
    "torch's quotient through sigmoid": (
        "sigmoid",
        "binary_cross_entropy",
        lambda p, y: (p - y) / np.maximum(p * (1 - p), 1e-12) / y.size * (p * (1 - p)),
    ),
    "two quotients through sigmoid": (
        "sigmoid",
        "binary_cross_entropy",
        lambda p, y: ((1 - y) / (1 - p) - y / p) / y.size * p * (1 - p),
    ),
    "logits by softmax": ("identity", "cross_entropy_with_logits", lambda z, y: (plain.softmax(z) - y) / len(y)),
    "logits by log-softmax": (
        "identity",
        "cross_entropy_with_logits",
        lambda z, y: (plain.exp(plain.log_softmax(z)) - y) / len(y),
    ),
    "squares": ("identity", "mean_squared_error", lambda y_hat, y: (y_hat - y) / y.size),
}


@pytest.mark.parametrize("route", ROUTES)
def test_every_way_to_a_gradient_stays_inside(route, rng):
    last, loss, delta_of = ROUTES[route]
    ratios, forward = [], []
    for _ in range(40):
        x, theta, names = in_dtype(network(rng, last), np.float32)
        labels = rng.integers(0, 2, size=6)
        y = reference.one_hot(labels, 2).astype(np.float32)
        got = plain.gradients(x, theta, names, lambda h, y=y: delta_of(h, y))
        args = (x, labels if last == "identity" and "logits" in loss else y, theta, names, loss)
        ratios.append(ratio("mlp_gradients", got, args, FLOAT32))
        forward.append(ratio("mlp", plain.layers(x, theta, names)[-1], (x, theta, names), FLOAT32))
    assert 0.01 <= max(ratios) <= 1
    assert 0.02 <= max(forward) <= 1


def test_coarse_and_wrong_gradients_are_rejected(rng):
    x, theta, names = in_dtype(network(rng, "softmax"), np.float32)
    y = reference.one_hot(rng.integers(0, 2, size=6), 2).astype(np.float32)
    args = (x, y, theta, names, "cross_entropy")
    right = reference.mlp_gradients(*in_dtype(args, np.float64))
    coarse = plain.gradients(rounded_to_ten_bits(x), theta, names, lambda p: (p - y) / len(y))
    assert ratio("mlp_gradients", coarse, args, FLOAT32) > 5
    for factor in (1.001, 2.0, -1.0, len(y)):
        wrong = [(factor * dW, factor * db) for dW, db in right]
        assert ratio("mlp_gradients", wrong, in_dtype(args, np.float64), TEXTBOOK) > 1


def test_the_textbook_level_admits_the_slides_eps_in_activations_and_losses(rng):
    z, eps = np.linspace(-300, 300, 601), SLIDE_EPS
    with np.errstate(over="ignore"):
        assert 0.99 < ratio("sigmoid", 1 / (1 + np.exp(-z) + eps), (z,), TEXTBOOK) <= 1
    assert ratio("tanh", (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1), (z,), TEXTBOOK) <= 1
    for _ in range(100):
        p, y = rng.uniform(1e-6, 1 - 1e-6, size=(3, 4)), rng.integers(0, 2, size=(3, 4)).astype(float)
        lossy = np.mean(-y * np.log(p + eps) - (1 - y) * np.log(1 - p + eps))
        assert ratio("binary_cross_entropy", lossy, (p, y), TEXTBOOK) <= 1
        assert ratio("binary_cross_entropy", lossy, (p, y), FLOAT64) > 1
        y = reference.one_hot(rng.integers(0, 4, size=3), 4)
        lossy = np.mean(-(y * np.log(p + eps)).sum(axis=1))
        assert ratio("cross_entropy", lossy, (p, y), TEXTBOOK) <= 1
        logits, labels = rng.normal(size=(3, 4)) * 30, rng.integers(0, 4, size=3)
        for got in (
            -np.log(plain.at(plain.softmax(logits), labels) + eps),
            np.log(np.exp(logits).sum(1)) - plain.at(logits, labels),
        ):
            assert ratio("cross_entropy_with_logits", np.mean(got), (logits, labels), TEXTBOOK) <= 1


@pytest.mark.parametrize("last", ["softmax", "sigmoid"])
def test_the_textbook_level_admits_the_derivatives_of_the_slides_eps(last, rng):
    eps = SLIDE_EPS
    loss = {"softmax": "cross_entropy", "sigmoid": "binary_cross_entropy"}[last]
    for _ in range(100):
        W, b = rng.normal(size=(3, 2)), rng.normal(size=3)
        x, y = rng.normal(size=(5, 2)), reference.one_hot(rng.integers(0, 3, size=5), 3)
        z = x @ W.T + b
        if last == "softmax":
            p = plain.softmax(z)
            delta = through_jacobian(-y / (p + eps) / len(y), p)
            labels = y.argmax(axis=1)
            got = [(delta.T @ x, delta.sum(axis=0))]
            args = (x, labels, [(W, b)], ["identity"], "cross_entropy_with_logits")
            assert ratio("mlp_gradients", got, args, TEXTBOOK) <= 1
        else:
            p = 1 / (1 + np.exp(-z) + eps)
            delta = ((1 - y) / (1 - p + eps) - y / (p + eps)) / y.size * np.exp(-z) * p**2
        got = [(delta.T @ x, delta.sum(axis=0))]
        assert ratio("mlp_gradients", got, (x, y, [(W, b)], [last], loss), TEXTBOOK) <= 1


def test_sigmoid_by_tanh_is_rejected_in_the_left_tail():
    z = np.linspace(-30, -20, 50)
    assert ratio("sigmoid", (1 + np.tanh(z / 2)) / 2, (z,), FLOAT64) > 1e3
    assert ratio("sigmoid", plain.sigmoid(z), (z,), FLOAT64) <= 1


def test_the_slides_quotient_is_rejected_as_a_tanh_near_0():
    z = np.linspace(1e-9, 1e-6, 50)
    assert ratio("tanh", (np.exp(2 * z) - 1) / (np.exp(2 * z) + 1), (z,), FLOAT64) > 1e6


def test_the_log_of_a_softmax_and_a_lost_normaliser_are_rejected():
    z, labels = np.array([[0.0, -120.0, -3.0]]), np.array([1])
    with np.errstate(divide="ignore"):
        got = -np.log(plain.at(plain.softmax(z.astype(np.float32)), labels))
    assert ratio("cross_entropy_with_logits", float(got[0]), (z, labels), FLOAT32) > 1
    z, labels = np.array([[1e7, 1e7 + 0.5, 1e7 - 1]]), np.array([0])
    largest = z.max(axis=1)
    lse = largest + np.log(np.exp(z - largest).sum(axis=1))
    assert ratio("cross_entropy_with_logits", np.mean(lse - plain.at(z, labels)), (z, labels), FLOAT64) > 1e3
    assert (
        ratio("cross_entropy_with_logits", plain.FORMULAS["cross_entropy_with_logits"](z, labels), (z, labels), FLOAT64)
        <= 1
    )


def test_products_rounded_to_ten_bits_are_rejected(rng):
    x = rng.normal(size=(4, 8)).astype(np.float32)
    W, b = np.eye(8, dtype=np.float32), np.zeros(8, dtype=np.float32)
    assert ratio("linear", rounded_to_ten_bits(x) @ W.T + b, (x, W, b), FLOAT32) > 50
    assert ratio("linear", x @ W.T + b, (x, W, b), FLOAT32) <= 1


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("mean_squared_error", lambda y_hat, y: np.mean(y_hat**2 - 2 * y_hat * y + y**2) / 2),
        ("mean_squared_error", lambda y_hat, y: np.mean((y_hat - y) ** 2)),
        ("cross_entropy", lambda p, y: np.mean(-y * np.log(p))),
        ("cross_entropy", lambda p, y: np.mean(-(y * np.log(p + np.float32(1e-6))).sum(axis=-1))),
        ("binary_cross_entropy", lambda p, y: np.mean(-y * np.log(p) - (1 - y) * np.log(1 - p + np.float32(1e-6)))),
        ("softmax", lambda z: np.exp(z) / np.exp(z).sum()),
    ],
)
def test_coarse_and_wrong_formulas_are_rejected(name, wrong, rng):
    ratios = []
    for _ in range(100):
        args = in_dtype(plain.arguments(name, rng), np.float32)
        with np.errstate(all="ignore"):
            ratios.append(ratio(name, wrong(*args), args, FLOAT32))
    assert not max(ratios) <= 1


def test_a_loss_clamped_at_100_per_example_is_admitted_and_no_less():
    certain = np.ones((2, 1))
    clamped = (100.0 + np.log(2)) / 2
    for name in ("binary_cross_entropy", "cross_entropy"):
        args = (np.array([[1e-60], [0.5]]), certain)
        assert ratio(name, clamped, args, FLOAT64) <= 1 < ratio(name, clamped - 1e-9, args, FLOAT64)
        band = getattr(reference, f"{name}_bound")(np.array([[0.0], [0.5]]), certain, FLOAT64)
        assert band.floor == pytest.approx(clamped)
        assert np.isfinite(band.bound)
    z = np.array([[-np.inf, 0.0], [0.0, -np.inf]])
    band = reference.cross_entropy_with_logits_bound(z, np.array([0, 0]), FLOAT64)
    assert band.floor == 50.0
    assert np.isfinite(band.bound)


def test_hardware_that_flushes_subnormals_is_admitted_under_its_own_arithmetic():
    x, W, b = np.array([1.1e-38]), np.array([[100.0]]), np.zeros(1)
    assert ratio("linear", np.zeros(1), (x, W, b), FLUSHING) <= 1 < ratio("linear", np.zeros(1), (x, W, b), FLOAT32)
    subnormal, one = np.array([1e-40]), np.ones(1)
    for lost in (100.0, np.inf):
        assert ratio("binary_cross_entropy", lost, (subnormal, one), FLUSHING) <= 1
        assert ratio("binary_cross_entropy", lost, (subnormal, one), FLOAT32) > 1


def test_an_overflow_on_the_way_makes_no_statement():
    huge = np.array([[3e38, 3e38]])
    assert reference.linear_bound(huge, np.ones((1, 2)), np.zeros(1), FLOAT32)[0, 0] == np.inf
    assert reference.mean_squared_error_bound(huge, -huge, FLOAT32).bound == np.inf


def test_a_relu_whose_sign_is_undecided_admits_both_derivatives():
    theta = [(np.array([[0.1, 0.2, -0.3]]), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))]
    args = (np.ones((1, 3)), np.ones((1, 1)), theta, ["relu", "identity"], "mean_squared_error")
    (dW, _), _ = reference.mlp_gradients_bound(*args, FLOAT32)
    assert np.all(dW >= 1)


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_an_arithmetic_is_that_of_its_dtype(dtype):
    arithmetic, info = Arithmetic.of(dtype, 1), np.finfo(dtype)
    assert arithmetic.unit_roundoff == info.eps / 2
    assert (arithmetic.smallest, arithmetic.largest) == (info.smallest_subnormal, info.max)
    assert Arithmetic.of(dtype, 1, flushes_to_zero=True).smallest == info.tiny
    assert hash(arithmetic) == hash(Arithmetic.of(dtype, 1))


def test_bands_add_up_their_bounds_and_keep_the_wider_allowance():
    band = reference.Band(1.0, below=2.0, above=0.5, floor=10.0) + reference.Band(3.0, below=1.0) + 4.0
    assert (band.bound, band.below, band.above, band.floor) == (8.0, 2.0, 0.5, 10.0)


@pytest.mark.parametrize("dtype", ["float16", "bfloat16"])
def test_the_bound_in_half_precision_covers_float32_inside_and_one_rounding(dtype):
    half = Arithmetic.of(dtype, 1)
    random = np.random.default_rng(7)
    z, p = random.uniform(-10, 10, (200, 3, 4)), random.uniform(0.01, 0.99, (200, 3, 4))
    labels, y = random.integers(4, size=3), (p > 0.5).astype(np.float64)
    for rows, probabilities, targets in zip(z, p, y, strict=True):
        for name, args in {
            "sigmoid": (rows,),
            "tanh": (rows,),
            "softmax": (rows,),
            "binary_cross_entropy": (probabilities, targets),
            "cross_entropy": (probabilities, np.eye(4)[labels]),
            "cross_entropy_with_logits": (rows, labels),
            "mean_squared_error": (rows, probabilities),
            "linear": (rows, probabilities, rows[:, 0]),
        }.items():
            bounds = [getattr(reference, f"{name}_bound")(*args, one) for one in (FLOAT32, half)]
            wide, narrow = (getattr(one, "bound", one) for one in bounds)
            assert np.all(rounded_bound(getattr(reference, name)(*args), wide, half) <= narrow), name


def test_a_bound_after_rounding_is_reached_and_not_exceeded():
    z = np.random.default_rng(8).uniform(-5, 5, 20000).astype(np.float16)
    exact, of_float32 = reference.sigmoid(z.astype(np.float64)), reference.sigmoid_bound(z.astype(np.float64), FLOAT32)
    got = reference.sigmoid(z.astype(np.float32)).astype(np.float16)
    errors = np.abs(got - exact) / rounded_bound(exact, of_float32, Arithmetic.of("float16", 1))
    assert 0.9 < errors.max() <= 1
