"""What an engineer writes in an afternoon: Hypothesis' own array strategies, `assert_allclose`, torch's tolerances."""

from collections.abc import Mapping
from functools import partial
from itertools import pairwise
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase
from hypothesis import strategies as st
from hypothesis.errors import Flaky
from hypothesis.extra.numpy import arrays
from hypothesis.strategies import DrawFn, SearchStrategy

import reference
from tests.benchmark.baseline import Admits, Arguments, Baseline, Function, compare

EXAMPLES = 25

_ASSERT_CLOSE = {
    "float32": partial(np.testing.assert_allclose, rtol=1.3e-6, atol=1e-5),
    "float64": partial(np.testing.assert_allclose, rtol=1e-7, atol=1e-7),
}
"""With the default tolerances of `torch.testing.assert_close`."""


def plain_hypothesis() -> Baseline:
    """25 drawn examples for each function; the first that fails ends it, unshrunk."""
    return Baseline("plain Hypothesis", {name: partial(_check, name) for name in _ARGUMENTS})


def _check(name: str, function: Function, admits: Admits) -> None:
    @hypothesis.seed(0)
    @hypothesis.settings(
        max_examples=EXAMPLES,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        derandomize=False,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(_ARGUMENTS[name])
    def equals_the_solution(arguments: Arguments) -> None:
        hypothesis.assume(admits(arguments))
        compare(_assert_close, function(*arguments), getattr(reference, name)(*arguments))

    try:
        equals_the_solution()
    except Flaky as changed_its_mind:
        raise AssertionError("failed, and did not when it was called again") from changed_its_mind


def _assert_close(actual: np.ndarray, expected: np.ndarray) -> None:
    _ASSERT_CLOSE[expected.dtype.name](actual, expected)


_sizes = st.integers(1, 8)
_dtypes = st.sampled_from([np.float32, np.float64])


def _numbers(dtype: type, shape: Any, low: float = -10, high: float = 10) -> SearchStrategy[np.ndarray]:
    return arrays(dtype, shape, elements={"min_value": low, "max_value": high})


def _labels(k: int, shape: Any) -> SearchStrategy[np.ndarray]:
    return arrays(np.int64, shape, elements=st.integers(0, k - 1))


def _one_hot(k: int, m: int, dtype: type) -> SearchStrategy[np.ndarray]:
    return _labels(k, m).map(lambda labels: np.eye(k, dtype=dtype)[labels])


def _bits(dtype: type, shape: Any) -> SearchStrategy[np.ndarray]:
    return arrays(dtype, shape, elements=st.sampled_from([0.0, 1.0]))


def _layer(dtype: type, size: int, inputs: int) -> SearchStrategy[tuple[np.ndarray, np.ndarray]]:
    # Weights as training starts with. With any up to 10 these tolerances reject every right `mlp_gradients`.
    return st.tuples(_numbers(dtype, (size, inputs), -1, 1), _numbers(dtype, size, -1, 1))


@st.composite
def _vector_or_matrix(draw: DrawFn) -> Arguments:
    shape = draw(st.one_of(st.tuples(_sizes), st.tuples(_sizes, _sizes)))
    return (draw(_numbers(draw(_dtypes), shape)),)


@st.composite
def _for_one_hot(draw: DrawFn) -> Arguments:
    k = draw(_sizes)
    return draw(_labels(k, draw(_sizes))), k


@st.composite
def _for_binary_cross_entropy(draw: DrawFn) -> Arguments:
    shape, dtype = draw(st.one_of(st.tuples(_sizes), st.tuples(_sizes, _sizes))), draw(_dtypes)
    return draw(_numbers(dtype, shape, 0.0625, 0.9375)), draw(_bits(dtype, shape))


@st.composite
def _for_cross_entropy(draw: DrawFn) -> Arguments:
    m, k, dtype = draw(_sizes), draw(_sizes), draw(_dtypes)
    weights = draw(_numbers(dtype, (m, k), 0.0625, 1))
    return weights / weights.sum(axis=1, keepdims=True), draw(_one_hot(k, m, dtype))


@st.composite
def _for_logits(draw: DrawFn) -> Arguments:
    m, k = draw(_sizes), draw(_sizes)
    return draw(_numbers(draw(_dtypes), (m, k))), draw(_labels(k, m))


@st.composite
def _for_mean_squared_error(draw: DrawFn) -> Arguments:
    shape, dtype = draw(st.one_of(st.tuples(_sizes), st.tuples(_sizes, _sizes))), draw(_dtypes)
    return draw(_numbers(dtype, shape)), draw(_numbers(dtype, shape))


@st.composite
def _for_linear(draw: DrawFn) -> Arguments:
    m, n, s, dtype = draw(_sizes), draw(_sizes), draw(_sizes), draw(_dtypes)
    return (draw(_numbers(dtype, (m, n))), *draw(_layer(dtype, s, n)))


@st.composite
def _for_neuron(draw: DrawFn) -> Arguments:
    m, n, dtype = draw(_sizes), draw(_sizes), draw(_dtypes)
    return draw(_numbers(dtype, (m, n))), draw(_numbers(dtype, n)), draw(st.floats(-10, 10))


@st.composite
def _for_logistic_regression(draw: DrawFn) -> Arguments:
    m, n, dtype = draw(_sizes), draw(_sizes), draw(_dtypes)
    return draw(_numbers(dtype, (m, n))), draw(_numbers(dtype, n))


@st.composite
def _networks(draw: DrawFn, last: str) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]], list[str]]:
    dtype = draw(_dtypes)
    sizes = draw(st.lists(_sizes, min_size=2, max_size=4))
    layers = [draw(_layer(dtype, size, inputs)) for inputs, size in pairwise(sizes)]
    hidden = [draw(st.sampled_from(["sigmoid", "tanh", "relu"])) for _ in layers[1:]]
    return draw(_numbers(dtype, (draw(_sizes), sizes[0]))), layers, [*hidden, last]


@st.composite
def _for_collapse(draw: DrawFn) -> Arguments:
    n, hidden, s, dtype = draw(_sizes), draw(_sizes), draw(_sizes), draw(_dtypes)
    return (*draw(_layer(dtype, hidden, n)), *draw(_layer(dtype, s, hidden)))


@st.composite
def _for_step(draw: DrawFn) -> Arguments:
    dtype = draw(_dtypes)
    shapes = draw(st.lists(st.one_of(st.tuples(_sizes), st.tuples(_sizes, _sizes)), min_size=1, max_size=3))
    theta, grad = ([draw(_numbers(dtype, shape)) for shape in shapes] for _ in range(2))
    return theta, grad, draw(st.floats(0, 1))


@st.composite
def _for_gradients(draw: DrawFn) -> Arguments:
    pairs = [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]
    pairs += [("identity", "cross_entropy_with_logits"), ("identity", "mean_squared_error")]
    last, loss = draw(st.sampled_from(pairs))
    x, layers, activations = draw(_networks(last))
    m, k, dtype = len(x), len(layers[-1][1]), x.dtype.type
    targets = {
        "binary_cross_entropy": _bits(dtype, (m, k)),
        "cross_entropy": _one_hot(k, m, dtype),
        "cross_entropy_with_logits": _labels(k, m),
        "mean_squared_error": _numbers(dtype, (m, k)),
    }
    return x, draw(targets[loss]), layers, activations, loss


_ARGUMENTS: Mapping[str, SearchStrategy[Arguments]] = {
    "sigmoid": _vector_or_matrix(),
    "tanh": _vector_or_matrix(),
    "relu": _vector_or_matrix(),
    "softmax": _vector_or_matrix(),
    "one_hot": _for_one_hot(),
    "binary_cross_entropy": _for_binary_cross_entropy(),
    "cross_entropy": _for_cross_entropy(),
    "cross_entropy_with_logits": _for_logits(),
    "mean_squared_error": _for_mean_squared_error(),
    "linear": _for_linear(),
    "neuron": _for_neuron(),
    "logistic_regression": _for_logistic_regression(),
    "mlp": st.sampled_from(["sigmoid", "softmax", "identity"]).flatmap(_networks),
    "collapse_linear": _for_collapse(),
    "gradient_descent_step": _for_step(),
    "mlp_gradients": _for_gradients(),
}
