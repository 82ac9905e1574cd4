"""The kind of autograder that courses publish: a few worked examples, and random normal arrays against a solution."""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
from numpy import array
from numpy.random import Generator

import reference
from tests.benchmark.baseline import Arguments, Baseline, Function, compare

RANDOM_ARRAYS = 5

_close = partial(np.testing.assert_allclose, rtol=1e-5)


def autograder() -> Baseline:
    """Examples with the expected values written in, then five random ones; ``assert_allclose`` at rtol 1e-5."""
    return Baseline("autograder", {name: partial(_grade, name) for name in reference.FUNCTIONS})


def _grade(name: str, function: Function) -> None:
    for arguments, expected in EXAMPLES[name]:
        compare(_close, function(*arguments), expected)
    for seed in range(RANDOM_ARRAYS):
        arguments = _RANDOM[name](np.random.default_rng(seed))
        compare(_close, function(*arguments), getattr(reference, name)(*arguments))


_TRUTH_TABLE = array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
_XOR = [(array([[-7.0, 7.0], [7.0, -7.0]]), array([-3.0, -3.0])), (array([[7.0, 7.0]]), array([-5.0]))]

_INPUTS = array([[1.0, 2.0], [-0.5, 0.5], [2.0, -1.0]])
_W1, _b1 = array([[0.5, -1.0], [1.5, 0.25], [-0.5, 2.0]]), array([0.1, -0.2, 0.3])
_W2, _b2 = array([[1.0, -0.5, 0.25], [0.5, 0.75, -1.0]]), array([0.05, -0.1])
_LAYERS = [(_W1, _b1), (_W2, _b2)]

EXAMPLES: Mapping[str, Sequence[tuple[Arguments, Any]]] = {
    "sigmoid": [
        ((array([-1.0, 0.0, 1.0]),), array([0.268941421, 0.5, 0.731058579])),
        ((array([[-2.0, 0.5], [3.0, 10.0]]),), array([[0.119202922, 0.622459331], [0.952574127, 0.999954602]])),
    ],
    "tanh": [
        ((array([-1.0, 0.0, 1.0]),), array([-0.761594156, 0.0, 0.761594156])),
        ((array([[-2.0, 0.5], [3.0, 10.0]]),), array([[-0.964027580, 0.462117157], [0.995054754, 0.999999996]])),
    ],
    "relu": [
        ((array([-2.0, -0.5, 0.0, 0.5, 2.0]),), array([0.0, 0.0, 0.0, 0.5, 2.0])),
        ((array([[1.0, -1.0], [-3.0, 4.0]]),), array([[1.0, 0.0], [0.0, 4.0]])),
    ],
    "softmax": [
        ((array([1.0, 2.0, 3.0]),), array([0.0900305732, 0.244728471, 0.665240956])),
        (
            (array([[2.6, 1.5, 0.2, 0.6], [1.0, 1.0, 1.0, 1.0]]),),
            array([[0.641467958, 0.213526134, 0.0581926600, 0.0868132480], [0.25, 0.25, 0.25, 0.25]]),
        ),
    ],
    "one_hot": [
        ((array([0, 2, 1]), 3), array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0]])),
        ((array([3, 0]), 5), array([[0.0, 0.0, 0.0, 1.0, 0.0], [1.0, 0.0, 0.0, 0.0, 0.0]])),
    ],
    "binary_cross_entropy": [
        ((array([0.9, 0.2, 0.7]), array([1.0, 0.0, 1.0])), 0.228393004),
        ((array([0.5, 0.5]), array([0.0, 1.0])), 0.693147181),
        ((array([[0.9, 0.4], [0.2, 0.6]]), array([[1.0, 0.0], [0.0, 1.0]])), 0.337538829),
    ],
    "cross_entropy": [
        ((array([[0.7, 0.2, 0.1], [0.1, 0.8, 0.1]]), array([[1.0, 0.0, 0.0], [0.0, 0.0, 1.0]])), 1.32963002),
        ((array([0.64, 0.21, 0.06, 0.09]), array([0.0, 1.0, 0.0, 0.0])), 1.56064775),
    ],
    "cross_entropy_with_logits": [
        ((array([[2.0, 1.0, 0.1], [0.5, 2.5, -1.0]]), array([0, 2])), 2.03510411),
        ((array([2.6, 1.5, 0.2, 0.6]), array(1)), 1.54399605),
    ],
    "mean_squared_error": [
        ((array([1.0, 2.0, 3.0]), array([1.0, 4.0, 2.0])), 0.833333333),
        ((array([[1.0, 2.0], [3.0, 4.0]]), array([[0.0, 2.0], [5.0, 4.0]])), 0.625),
    ],
    "linear": [
        ((array([1.0, 2.0]), array([[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]), array([0.5, -0.5, 1.0])), [5.5, 10.5, 18.0]),
        ((_INPUTS, _W1, _b1), [[-1.4, 1.8, 3.8], [-0.65, -0.825, 1.55], [2.1, 2.55, -2.7]]),
    ],
    "neuron": [
        ((_TRUTH_TABLE, array([7.0, 7.0]), -9.0), array([0.000123394576, 0.119202922, 0.119202922, 0.993307149])),
        ((array([1.0, 2.0]), array([0.5, -1.0]), 0.25), 0.222700139),
    ],
    "logistic_regression": [
        (
            (array([[1.0, 2.0], [-1.0, 0.5], [3.0, 1.0]]), array([0.5, -0.25])),
            array([0.5, 0.348645135, 0.777299861]),
        ),
    ],
    "mlp": [
        (
            (_TRUTH_TABLE, _XOR, ["sigmoid", "sigmoid"]),
            array([[0.012919194], [0.866968225], [0.866968225], [0.012919194]]),
        ),
        (
            (_INPUTS, _LAYERS, ["tanh", "softmax"]),
            array([[0.443385367, 0.556614633], [0.864552100, 0.135447900], [0.137242545, 0.862757455]]),
        ),
        ((_INPUTS[0], _LAYERS, ["relu", "identity"]), array([0.1, -2.55])),
    ],
    "collapse_linear": [
        ((_W1, _b1, _W2, _b2), (array([[-0.375, -0.625], [1.875, -2.3125]]), array([0.325, -0.5]))),
    ],
    "gradient_descent_step": [
        (
            ([array([[1.0, 2.0], [3.0, 4.0]]), array([0.5, -0.5])], [array([[0.5, -1.0], [0.0, 2.0]]), array([1.0, 1.0])], 0.1),
            [array([[0.95, 2.1], [3.0, 3.8]]), array([0.4, -0.6])],
        ),
        (([array([5.0])], [array([-2.0])], 0.5), [array([6.0])]),
    ],
    "mlp_gradients": [
        (
            (
                _INPUTS,
                array([[1.0], [0.0], [1.0]]),
                [(array([[0.5, -1.0]]), array([0.25]))],
                ["sigmoid"],
                "binary_cross_entropy",
            ),
            [(array([[-0.385589708, -0.423493308]]), array([-0.165036219]))],
        ),
        (
            (_INPUTS, array([0, 1, 1]), _LAYERS, ["relu", "identity"], "cross_entropy_with_logits"),
            [
                (
                    array([[0.040173867, -0.020086934], [-0.072939247, 0.105208175], [-0.212845899, 0.130359637]]),
                    array([0.020086934, -0.022721913, 0.343205536]),
                ),
                (
                    array([[0.084365121, 0.062849956, 0.376083107], [-0.084365121, -0.062849956, -0.376083107]]),
                    array([0.314738296, -0.314738296]),
                ),
            ],
        ),
        (
            (
                _INPUTS,
                array([[1.0, 0.0], [0.0, 1.0], [0.5, 0.5]]),
                _LAYERS,
                ["tanh", "identity"],
                "mean_squared_error",
            ),
            [
                (
                    array([[-0.001556076, -0.260210546], [0.113537502, -0.087209979], [-0.048641204, 0.043967327]]),
                    array([-0.235856977, -0.179490378, 0.072645871]),
                ),
                (
                    array([[0.263688939, -0.366498242, -0.299327342], [0.651802941, 0.452231878, -0.833201816]]),
                    array([-0.372429571, -0.337064040]),
                ),
            ],
        ),
    ],
}


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
