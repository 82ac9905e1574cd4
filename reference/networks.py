"""The hand-set networks and the worked example of the slides, as data.

The slides' w_lij is the weight of input i in neuron j of layer l. It is W_l[j - 1, i - 1] here: a row of W holds the
weights of one neuron.
"""

from dataclasses import dataclass

import numpy as np

__all__ = [
    "AND",
    "LINES",
    "NETWORKS",
    "OR",
    "REGION_AND",
    "REGION_OR",
    "SOFTMAX_EXAMPLE",
    "TRUTH_TABLE_INPUTS",
    "XOR",
    "Network",
    "SoftmaxExample",
]


@dataclass(frozen=True, eq=False)
class Network:
    """A multilayer perceptron with weights set by hand; every activation is a sigmoid."""

    name: str
    slide: str
    theta: tuple[tuple[np.ndarray, np.ndarray], ...]
    truth_table: tuple[int, ...] | None = None
    """The classes, at threshold 1/2, of the four rows of TRUTH_TABLE_INPUTS; None for a network over the plane."""

    @property
    def activations(self) -> tuple[str, ...]:
        """The name of each layer's activation function."""
        return ("sigmoid",) * len(self.theta)


@dataclass(frozen=True, eq=False)
class SoftmaxExample:
    """The slides' softmax of four logits, rounded to two digits, with the label of their cross-entropy example."""

    slide: str
    logits: np.ndarray
    probabilities: np.ndarray
    label: int
    cross_entropy: float
    """-log 0.21, of the rounded probabilities."""


def _constant(values: object) -> np.ndarray:
    array = np.array(values, dtype=np.float64)
    array.flags.writeable = False
    return array


def _layer(*neurons: tuple[float, float, float]) -> tuple[np.ndarray, np.ndarray]:
    """The layer of neurons (w_1, w_2, b) with two inputs."""
    return _constant([neuron[:2] for neuron in neurons]), _constant([neuron[2] for neuron in neurons])


_BOTH = _layer((7, 7, -9))
_EITHER = _layer((7, 7, -5))
_TWO_LINES = _layer((-7, -5, 60), (4, -5, -5))
_EXACTLY_ONE = _layer((-7, 7, -3), (7, -7, -3))
_LOGIC = "The expressive power of neural networks - An example"

TRUTH_TABLE_INPUTS = _constant([[0, 0], [0, 1], [1, 0], [1, 1]])

AND = Network("AND", _LOGIC, (_BOTH,), (0, 0, 0, 1))
OR = Network("OR", _LOGIC, (_EITHER,), (0, 1, 1, 1))
XOR = Network("XOR", 'The "XOR" problem', (_EXACTLY_ONE, _EITHER), (0, 1, 1, 0))
LINES = Network("two lines", _LOGIC, (_TWO_LINES,))
REGION_AND = Network("region of two lines, AND", _LOGIC, (_TWO_LINES, _BOTH))
REGION_OR = Network("region of two lines, OR", _LOGIC, (_TWO_LINES, _EITHER))

NETWORKS = (AND, OR, XOR, LINES, REGION_AND, REGION_OR)

SOFTMAX_EXAMPLE = SoftmaxExample(
    "The Softmax activation function",
    _constant([2.6, 1.5, 0.2, 0.6]),
    _constant([0.64, 0.21, 0.06, 0.09]),
    label=1,
    cross_entropy=float(-np.log(0.21)),
)
