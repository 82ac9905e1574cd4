"""The built-in adapters compute what the slides show, and their gradients are those of their own losses."""

from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import reference
from impls import Implementation, library, resolve
from impls.builtin import BUILTINS

SOFTMAX_EXAMPLE = np.array([2.6, 1.5, 0.2, 0.6])
LOSSES = {
    "binary_cross_entropy": ("sigmoid", "softmax"),
    "cross_entropy": ("softmax", "sigmoid"),
    "cross_entropy_with_logits": ("identity", "tanh"),
    "mean_squared_error": ("identity", "tanh", "sigmoid", "softmax"),
}
"""Activations of the last layer that go with each loss."""


class Adapter:
    """A built-in, called with NumPy arrays."""

    def __init__(self, name: str) -> None:
        (found,) = resolve(name, reference.FUNCTIONS)
        assert isinstance(found, Implementation), found
        self.implementation = found
        self.library = library(found.arrays, found.device)

    def __getattr__(self, name: str) -> Any:
        function = self.implementation.caller.functions[name]
        return lambda *arguments, **options: self.back(function(*map(self.there, arguments), **options))

    def there(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return type(value)(map(self.there, value))
        if isinstance(value, dict):
            return {key: self.there(item) for key, item in value.items()}
        return self.library.from_numpy(value) if isinstance(value, np.ndarray) else value

    def back(self, value: Any) -> Any:
        if isinstance(value, (list, tuple)):
            return [self.back(item) for item in value]
        if isinstance(value, dict):
            return {key: self.back(item) for key, item in value.items()}
        return self.library.to_numpy(value) if self.library.is_array(value) else value


def present(name: str) -> Adapter:
    if reason := BUILTINS[name].absent():
        pytest.skip(reason)
    return Adapter(name)


@pytest.fixture(params=BUILTINS)
def adapter(request):
    return present(request.param)


@pytest.fixture(params=[name for name, builtin in BUILTINS.items() if builtin.level == "robust"])
def robust(request):
    return present(request.param)


def network(outputs=3):
    rng = np.random.default_rng(5)
    sizes = (2, 4, outputs)
    return [(rng.normal(size=(s, n)), rng.normal(size=s)) for n, s in pairwise(sizes)]


def test_every_function_of_the_interface_is_there(adapter):
    assert tuple(adapter.implementation.functions) == reference.FUNCTIONS


def test_the_worked_softmax_example_and_its_cross_entropy(adapter):
    y_hat = adapter.softmax(SOFTMAX_EXAMPLE)
    assert y_hat.round(2).tolist() == [0.64, 0.21, 0.06, 0.09]
    loss = adapter.cross_entropy(y_hat, np.array([0.0, 1.0, 0.0, 0.0]))
    assert loss == pytest.approx(-np.log(y_hat[1]))
    assert adapter.cross_entropy_with_logits(SOFTMAX_EXAMPLE, np.array(1)) == pytest.approx(loss)


def test_the_slides_eps_is_in_the_lectures_sigmoid_and_nowhere_else(adapter):
    lecture = adapter.implementation.name.partition("-")[2].startswith("lecture")
    assert adapter.sigmoid(np.zeros(1))[0] == (1 / (2 + 1e-8) if lecture else 0.5)


def test_the_half_of_the_mean_squared_error(adapter):
    assert adapter.mean_squared_error(np.array([[1.0, 2.0]]), np.array([[3.0, 2.0]])) == 1.0


def test_the_and_neuron_and_logistic_regression_are_one_formula(adapter):
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    assert (adapter.neuron(x, np.array([7.0, 7.0]), -9.0) > 0.5).tolist() == [False, False, False, True]
    h = adapter.logistic_regression(np.column_stack([np.ones(4), x]), np.array([-9.0, 7.0, 7.0]))
    assert (h.ravel() > 0.5).tolist() == [False, False, False, True]
    assert h.shape == ((4, 1) if adapter.implementation.name.startswith("torch-lecture") else (4,))


@pytest.mark.parametrize("batch", [(), (5,)], ids=["one example", "a batch"])
@pytest.mark.parametrize(("loss", "last"), [(loss, last) for loss, lasts in LOSSES.items() for last in lasts])
def test_gradients_are_the_differences_of_the_loss(adapter, loss, last, batch):
    rng = np.random.default_rng(3)
    x, theta = rng.normal(size=(*batch, 2)), network()
    labels = rng.integers(0, 3, size=batch)
    y = labels if loss == "cross_entropy_with_logits" else np.eye(3)[labels]

    def risk():
        return float(getattr(adapter, loss)(adapter.mlp(x, theta, ["tanh", last]), y))

    gradients = adapter.mlp_gradients(x, y, theta, ["tanh", last], loss)
    step = 1e-5
    for layer, layer_gradients in zip(theta, gradients, strict=True):
        for parameter, gradient in zip(layer, layer_gradients, strict=True):
            assert gradient.shape == parameter.shape
            for i in np.ndindex(parameter.shape):
                kept = parameter[i]
                parameter[i] = kept + step
                above = risk()
                parameter[i] = kept - step
                below = risk()
                parameter[i] = kept
                # The lecture differentiates the formula, without the eps of its code: 1e-8/h of the derivative.
                assert gradient[i] == pytest.approx((above - below) / (2 * step), abs=1e-6)


def test_the_derivative_of_relu_at_zero_is_zero(adapter):
    theta = [(np.ones((1, 1)), np.zeros(1)), (np.ones((1, 1)), np.zeros(1))]
    gradients = adapter.mlp_gradients(
        np.zeros((1, 1)), np.ones((1, 1)), theta, ["relu", "identity"], "mean_squared_error"
    )
    assert gradients[0][1].tolist() == [0.0]
    assert gradients[1][1].tolist() == [-1.0]


@pytest.mark.parametrize(("last", "loss"), [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")])
def test_a_saturated_output_keeps_its_gradient(robust, last, loss):
    theta = [(np.array([[-1.0], [1.0]]), np.zeros(2))]
    (gradient,) = robust.mlp_gradients(np.array([[1000.0]]), np.array([[1.0, 0.0]]), theta, [last], loss)
    expected = [-1.0, 1.0] if loss == "cross_entropy" else [-0.5, 0.5]
    assert gradient[1].tolist() == expected


OPTIMISERS = {
    "sgd_step": {"keys": ["momentum_buffer"], "momentum": 0.9},
    "adagrad_step": {"keys": ["sum"], "eps": 1e-8},
    "rmsprop_step": {"keys": ["square_avg"], "alpha": 0.9, "eps": 1e-8},
    "adam_step": {"keys": ["exp_avg", "exp_avg_sq"], "betas": (0.9, 0.99), "eps": 1e-8, "step": 3},
    "adamax_step": {"keys": ["exp_avg", "exp_inf"], "betas": (0.9, 0.99), "eps": 1e-8, "step": 3},
}


def step(robust, f, theta, grad, keys, step=None, **rates):
    """The arrays that a step gives: parameters and state."""
    state = {key: [array**2 for array in theta] for key in keys} | ({"step": step} if step else {})
    stepped, new = getattr(robust, f)(theta, grad, state, lr=0.1, **rates)
    assert step is None or new["step"] == step + 1
    return [*stepped, *(array for key in keys for array in new[key])]


@pytest.mark.parametrize("f", OPTIMISERS)
def test_gradients_that_do_not_fit_are_refused_by_the_optimisers(robust, f):
    x, b = np.ones((2, 3)), np.ones(3)
    for theta, grad in (([x, b], [x]), ([x], [x, b]), ([x], [b]), ([b], [x])):
        with pytest.raises(ValueError, match=r"shape|arrays"):
            step(robust, f, theta, grad, **OPTIMISERS[f])


def test_float32_stays_float32(robust):
    x = np.linspace(-3, 3, 6, dtype=np.float32).reshape(2, 3)
    W, b, labels = np.ones((3, 3), np.float32), np.zeros(3, np.float32), np.array([0, 2])
    p = robust.softmax(x)
    results = [
        robust.sigmoid(x), robust.tanh(x), robust.relu(x), p, robust.binary_cross_entropy(p, p),
        robust.cross_entropy(p, p), robust.cross_entropy_with_logits(x, labels), robust.mean_squared_error(x, p),
        robust.linear(x, W, b), robust.neuron(x, b, 0.5), robust.logistic_regression(x, b),
        robust.mlp(x, [(W, b)], ["tanh"]),
        *robust.collapse_linear(W, b, W, b), *robust.gradient_descent_step([x, b], [x, b], 0.1),
        *robust.mlp_gradients(x, labels, [(W, b)], ["identity"], "cross_entropy_with_logits")[0],
        *(array for f, args in OPTIMISERS.items() for array in step(robust, f, [x, b], [x, b], **args)),
    ]  # fmt: skip
    assert {result.dtype for result in results} == {np.dtype("float32")}


@pytest.mark.parametrize("function", ["binary_cross_entropy", "cross_entropy"])
@pytest.mark.parametrize("wrong", [-0.1, 1.1, np.nan])
def test_losses_refuse_what_is_no_probability(robust, function, wrong):
    good, bad = np.array([0.5, 0.5]), np.array([0.5, wrong])
    for arguments in ((good, bad), (bad, good)):
        with pytest.raises((ValueError, RuntimeError)):
            getattr(robust, function)(*arguments)


def test_shapes_that_do_not_fit_are_refused(robust):
    p, x, W, b = np.full((2, 3), 0.5), np.ones((2, 3)), np.ones((4, 3)), np.ones(4)
    wrong = [
        ("binary_cross_entropy", p, p[0]), ("cross_entropy", p, p[0]),
        ("cross_entropy_with_logits", x, np.zeros(3, int)),
        ("linear", x, W, b[:1]), ("linear", x[:, :2], W, b), ("neuron", x, np.ones(1), 0.0),
        ("logistic_regression", x, np.ones(2)), ("collapse_linear", W, b[:1], W.T, np.ones(3)),
        ("collapse_linear", W, b, W, b), ("gradient_descent_step", [x], [x, x], 0.1),
        ("gradient_descent_step", [x], [x[0]], 0.1), ("mlp", x, [(W, b)], ["relu", "relu"]),
        ("mlp", x, [(W, b[:1])], ["relu"]), ("mlp", x, [(W, b), (W, b)], ["relu", "relu"]),
        ("mlp", x, [(W, b)], ["elu"]),
    ]  # fmt: skip
    for name, *arguments in wrong:
        with pytest.raises((ValueError, RuntimeError, KeyError)):
            getattr(robust, name)(*arguments)


def test_labels_out_of_range_are_refused(robust):
    for label in (-1, 3):
        with pytest.raises((ValueError, RuntimeError, IndexError)):
            robust.one_hot(np.array([0, label]), 3)
        with pytest.raises((ValueError, RuntimeError, IndexError)):
            robust.cross_entropy_with_logits(np.ones((2, 3)), np.array([0, label]))


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
def test_scipys_functions_are_called_as_they_are():
    special = pytest.importorskip("scipy.special", reason="scipy is not installed")
    scipy = Adapter("scipy")
    for z in (np.array([100, -100], np.int8), np.array([np.inf, 0.0]), np.array([1.0, -2.0], np.float32)):
        np.testing.assert_array_equal(scipy.softmax(z), special.softmax(z, axis=-1))
        np.testing.assert_array_equal(scipy.sigmoid(z), special.expit(z))


def test_the_torch_adapters_leave_torchs_settings_alone():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    Adapter("torch-nn-cpu").mlp(np.ones((1, 2)), network(), ["relu", "identity"])
    assert torch.get_float32_matmul_precision() == "highest"
    assert torch.get_default_dtype() == torch.float32
    assert torch.is_grad_enabled()
