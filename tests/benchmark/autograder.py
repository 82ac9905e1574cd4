"""The kind of autograder that courses publish: a few worked examples, and random normal arrays against a solution."""

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from numpy.random import Generator

import reference
from tests.benchmark.baseline import Admits, Arguments, Baseline, Function, compare
from tests.benchmark.worked_examples import EXAMPLES

RANDOM_ARRAYS = 5

_close = partial(np.testing.assert_allclose, rtol=1e-5)


def autograder() -> Baseline:
    """Examples with the expected values written in, then five random ones; ``assert_allclose`` at rtol 1e-5."""
    return Baseline("autograder", {name: partial(_grade, name) for name in _RANDOM})


def _grade(name: str, function: Function, admits: Admits) -> None:
    random = [_RANDOM[name](np.random.default_rng(seed)) for seed in range(RANDOM_ARRAYS)]
    solved = [(arguments, getattr(reference, name)(*arguments)) for arguments in random]
    for arguments, expected in (*EXAMPLES[name], *solved):
        if admits(arguments):
            compare(_close, function(*arguments), expected)


def _size(rng: Generator) -> int:
    return int(rng.integers(2, 10))


def _matrix(rng: Generator) -> np.ndarray:
    return rng.standard_normal((_size(rng), _size(rng)))


def _labels(rng: Generator, logits: np.ndarray) -> np.ndarray:
    return rng.integers(0, logits.shape[1], len(logits))


def _one_hot_labels(rng: Generator, logits: np.ndarray) -> np.ndarray:
    return np.eye(logits.shape[1])[_labels(rng, logits)]


def _bits(rng: Generator, shape: tuple[int, ...]) -> np.ndarray:
    return rng.integers(0, 2, shape).astype(float)


def _layer(rng: Generator, inputs: int) -> tuple[np.ndarray, np.ndarray]:
    size = _size(rng)
    return rng.standard_normal((size, inputs)), rng.standard_normal(size)


def _network(rng: Generator, last: str) -> tuple[np.ndarray, list[tuple[np.ndarray, np.ndarray]], list[str]]:
    """Inputs, three layers, and their activations, of which the last is given."""
    x = _matrix(rng)
    layers: list[tuple[np.ndarray, np.ndarray]] = []
    for _ in range(3):
        layers.append(_layer(rng, len(layers[-1][1]) if layers else x.shape[1]))
    return x, layers, [*rng.permutation(["sigmoid", "tanh", "relu"])[:2].tolist(), last]


def _for_one_matrix(rng: Generator) -> Arguments:
    return (_matrix(rng),)


def _for_one_hot(rng: Generator) -> Arguments:
    logits = _matrix(rng)
    return _labels(rng, logits), logits.shape[1]


def _for_binary_cross_entropy(rng: Generator) -> Arguments:
    z = _matrix(rng)
    return reference.sigmoid(z), _bits(rng, z.shape)


def _for_cross_entropy(rng: Generator) -> Arguments:
    logits = _matrix(rng)
    return reference.softmax(logits), _one_hot_labels(rng, logits)


def _for_logits(rng: Generator) -> Arguments:
    logits = _matrix(rng)
    return logits, _labels(rng, logits)


def _for_mean_squared_error(rng: Generator) -> Arguments:
    y = _matrix(rng)
    return rng.standard_normal(y.shape), y


def _for_linear(rng: Generator) -> Arguments:
    x = _matrix(rng)
    return (x, *_layer(rng, x.shape[1]))


def _for_neuron(rng: Generator) -> Arguments:
    x = _matrix(rng)
    return x, rng.standard_normal(x.shape[1]), float(rng.standard_normal())


def _for_logistic_regression(rng: Generator) -> Arguments:
    X = _matrix(rng)
    return X, rng.standard_normal(X.shape[1])


def _for_mlp(rng: Generator) -> Arguments:
    return _network(rng, str(rng.choice(["sigmoid", "softmax", "identity"])))


def _for_collapse(rng: Generator) -> Arguments:
    W1, b1 = _layer(rng, _size(rng))
    return (W1, b1, *_layer(rng, len(b1)))


def _for_step(rng: Generator) -> Arguments:
    theta = [_matrix(rng), rng.standard_normal(_size(rng))]
    return theta, [rng.standard_normal(parameter.shape) for parameter in theta], 0.1


def _for_gradients(rng: Generator) -> Arguments:
    losses = [("sigmoid", "binary_cross_entropy"), ("softmax", "cross_entropy")]
    losses += [("identity", "cross_entropy_with_logits"), ("identity", "mean_squared_error")]
    last, loss = losses[rng.integers(len(losses))]
    x, layers, activations = _network(rng, last)
    output = rng.standard_normal((len(x), len(layers[-1][1])))
    targets = {
        "binary_cross_entropy": lambda: _bits(rng, output.shape),
        "cross_entropy": lambda: _one_hot_labels(rng, output),
        "cross_entropy_with_logits": lambda: _labels(rng, output),
        "mean_squared_error": lambda: output,
    }
    return x, targets[loss](), layers, activations, loss


_RANDOM: Mapping[str, Callable[[Generator], Arguments]] = {
    "sigmoid": _for_one_matrix,
    "tanh": _for_one_matrix,
    "relu": _for_one_matrix,
    "softmax": _for_one_matrix,
    "one_hot": _for_one_hot,
    "binary_cross_entropy": _for_binary_cross_entropy,
    "cross_entropy": _for_cross_entropy,
    "cross_entropy_with_logits": _for_logits,
    "mean_squared_error": _for_mean_squared_error,
    "linear": _for_linear,
    "neuron": _for_neuron,
    "logistic_regression": _for_logistic_regression,
    "mlp": _for_mlp,
    "collapse_linear": _for_collapse,
    "gradient_descent_step": _for_step,
    "mlp_gradients": _for_gradients,
}
