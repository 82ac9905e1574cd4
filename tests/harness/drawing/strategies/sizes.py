"""Layers and networks of sizes that are asked on purpose, each with the reason; deterministic.

Sizes are (m, n, s), the examples, inputs and neurons of a layer, or a number of examples and the sizes of each layer.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import pairwise

import numpy as np

from tests.harness.drawing.strategies.asked_lengths import Lengths, in_dtypes
from tests.harness.drawing.strategies.networks import (
    ACTIVATIONS,
    LOSSES,
    OUTPUTS,
    Layer,
    Sizes,
    Training,
    in_dtype,
)
from tests.harness.drawing.strategies.recipes import numbers, recipe
from tests.harness.spec.dtypes import FLOATS

LayerCase = tuple[str, tuple[np.ndarray, np.ndarray, np.ndarray]]
"""The reason, and x, W and b."""
Network = tuple[np.ndarray, list[Layer], list[str]]

_WIDE: Mapping[str, Sequence[Sizes]] = {
    "few inputs and many neurons: a product by outer products (numpy/numpy#13828)": (
        *((3, n, s) for n in (1, 2, 3, 4) for s in (7, 8, 9, 16, 17, 33)),
        *((m, n, 8) for m in (1, 5) for n in (1, 2, 3, 4)),
    ),
    "many inputs and few neurons": ((3, 8, 2), (2, 17, 1), (3, 33, 4)),
}
_BLOCKS: Mapping[str, Sequence[Sizes]] = {
    "odd in all directions: the last tile of a product is cut (OpenMathLib/OpenBLAS#5429)": (
        *((45, 33, 33), (65, 45, 33), (33, 9, 65), (129, 9, 33)),
    ),
    "inputs a multiple of 8: tensor cores round factors to eleven bits (pytorch/pytorch#53635)": (
        *((1, 8, 1), (2, 8, 3), (8, 8, 8), (16, 16, 16), (32, 64, 16)),
    ),
    "neurons at the edge of a block": tuple((3, 5, s) for s in (7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65)),
    "examples at the edge of a block": tuple((m, 5, 3) for m in (7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65)),
}
_NETWORKS: Mapping[str, Sequence[tuple[int, tuple[int, ...]]]] = {
    "odd sizes in each layer: the last tile of a product is cut": ((45, (33, 33, 33)), (9, (17, 45, 3))),
    "multiples of 8, which tensor cores take": ((8, (8, 8, 8)), (16, (16, 32, 8))),
    "a wide hidden layer between few inputs and outputs": ((3, (2, 65, 2)), (5, (1, 129, 1))),
}


def whole_numbers(n: int, dtype: str) -> np.ndarray:
    """n whole numbers up to 4095 of which half precision and TF32 round each one up, and which float32 adds exactly."""
    return recipe(f"(4095.0 - 4 * (np.arange({n}) % 500)).astype(np.{dtype})")


def wide_layers() -> list[LayerCase]:
    """Layers of float64 with more inputs or neurons than the lecture draws."""
    return [(reason, _layer(sizes, "float64")) for reason, every in _WIDE.items() for sizes in every]


def blocked_layers() -> list[LayerCase]:
    """Layers of sizes in and beside the blocks of a matrix product, in each dtype."""
    return [(reason, _layer(sizes, dtype)) for reason, every in _BLOCKS.items() for sizes in every for dtype in FLOATS]


def _layer(sizes: Sizes, dtype: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """x, W and b of whole numbers, too large for eleven bits; every product and sum is exact in the dtype."""
    m, n, s = sizes
    x = recipe(f"(4095.0 - 4 * (np.arange({m * n}) % 499)).reshape({m}, {n}).astype(np.{dtype})")
    W = recipe(f"np.resize([1.0, -2.0, 3.0, -1.0, 2.0, -3.0, 4.0], ({s}, {n})).astype(np.{dtype})")
    return x, W, recipe(f"np.arange(1.0, {s + 1}).astype(np.{dtype})")


def layers_in_layouts() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Layers to be asked in every layout: small and large ones, of both dtypes, and a single example."""
    x, W, b = _layer((1, 9, 2), "float32")
    return [(x[0], W, b), _layer((3, 3, 3), "float32"), _layer((33, 33, 17), "float64")]


def long_layers(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[LayerCase]:
    """Layers of two neurons, of each number of inputs that is asked; a batch of one for every other eight lengths."""
    for reason, n, dtype in in_dtypes(lengths, dtypes):
        counted = whole_numbers(n, dtype)
        x = counted[None] if n // 8 % 2 else np.stack([counted, counted[::-1]])
        W = np.stack([np.ones(n), np.resize([1.0, -1.0], n)]).astype(dtype)
        yield reason, (x, W, np.zeros(2, dtype))


def long_neurons(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[tuple[str, tuple[np.ndarray, np.ndarray, float]]]:
    """x, w and b of each number of inputs that is asked: two examples whose sums are exactly 1 and -1."""
    for reason, n, dtype in in_dtypes(lengths, dtypes):
        terms = whole_numbers(n, dtype)
        terms[-1] += 1 - terms.sum()
        yield reason, (np.stack([terms, -terms]), np.ones(n, dtype), 0.0)


def wide_networks(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[tuple[str, Network]]:
    """Networks of one hidden layer of each number of units that is asked, whose sums are exact."""
    for reason, n, dtype in in_dtypes(lengths, dtypes):
        hidden = whole_numbers(n, dtype)[:, None], np.zeros(n, dtype)
        output = np.ones((1, n), dtype), np.zeros(1, dtype)
        yield reason, (np.array([[1.0], [0.5]], dtype), [hidden, output], ["relu", "identity"])


def long_collapses(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[tuple[str, tuple[np.ndarray, ...]]]:
    """Pairs of layers with each number of units between them that is asked, whose sums are exact."""
    for reason, n, dtype in in_dtypes(lengths, dtypes):
        counted = whole_numbers(n, dtype)
        W1 = np.stack([counted, counted[::-1]], 1)
        yield reason, (W1, counted, np.ones((1, n), dtype), np.zeros(1, dtype))


def blocked_collapses() -> list[tuple[str, tuple[np.ndarray, ...]]]:
    """Pairs of layers of sizes in and beside the blocks of a matrix product, in each dtype; all sums are exact."""
    return [(reason, (x, x[:, 0].copy(), W, b)) for reason, (xT, W, b) in blocked_layers() for x in (xT.T.copy(),)]


def neurons_in_layouts() -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Neurons to be asked in every layout: small and large ones, of both dtypes, and a single example."""
    every = (((4, 4), "float32"), ((33, 65), "float64"))
    batches = [(numbers((m, n), dtype) / n, numbers((n,), dtype) / 4, 0.5) for (m, n), dtype in every]
    return [(numbers((9,), "float32") / 9, numbers((9,), "float32")[::-1] / 4, 0.5), *batches]


def long_examples() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Single long examples without a batch axis: a product of a matrix and a vector has code of its own."""
    sizes = ((7, 2), (8, 9), (9, 2), (33, 8), (65, 2), (100, 9), (257, 2), (2, 9), (1, 17))
    cases = (_layer((1, *one), "float64") for one in sizes)
    return [(x[0], W, b) for x, W, b in cases]


_UNITS = (*range(9, 18), 20, 24, 25, 31, 32, 33, 63, 64, 65)


def unit_layers() -> list[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Layers whose examples have a single input other than 0 each, so that one that is lost leaves nothing.

    Half precision holds their numbers; a bound of a long sum in it would cover a lost input.
    """
    return [(np.eye(n), *_counted_layer(n)) for n in (*_UNITS, 100)]


def unit_neurons() -> list[tuple[np.ndarray, np.ndarray, float]]:
    """Neurons on such examples."""
    return [(np.eye(n), np.resize([2.0, -24.0, 4.0, 24.0], n), 0.0) for n in _UNITS]


def unit_networks() -> list[Network]:
    """Networks in which such an example reaches a single unit of the hidden layer."""
    return [(np.eye(n), [(np.eye(n), np.zeros(n)), _counted_layer(n)], ["relu", "identity"]) for n in _UNITS]


def unit_collapses() -> list[tuple[np.ndarray, ...]]:
    """Pairs of layers of which the first one reaches each unit by a single weight, and the last unit by its bias."""
    return [(np.eye(n), np.eye(n)[-1], *_counted_layer(n)) for n in _UNITS]


def _counted_layer(n: int) -> Layer:
    return 1.0 + np.arange(2.0 * n).reshape(2, n) % 100, np.zeros(2)


def blocked_networks() -> list[tuple[str, Network]]:
    """Networks of sizes in and beside the blocks of a matrix product, in each dtype."""
    return [
        (reason, in_dtype((*_network(m, sizes), ["tanh", "identity"]), dtype))
        for reason, every in _NETWORKS.items()
        for m, sizes in every
        for dtype in FLOATS
    ]


def networks_in_layouts() -> list[Network]:
    """Networks to be asked in every layout: large ones, of both dtypes, and a single example."""
    *batches, (x, theta, names) = [network for _, network in blocked_networks()[:4]]
    return [*batches, (x[1], theta, names)]


def blocked_trainings() -> list[tuple[str, Training]]:
    """Batches for such networks to learn from, under each loss."""
    return [
        (reason, in_dtype(training(m, sizes, ["tanh", OUTPUTS[loss][0]], loss), dtype))
        for reason, every in _NETWORKS.items()
        for m, sizes in every
        for loss in LOSSES
        for dtype in FLOATS
        if sizes[-1] > 1
    ]


def trainings_in_layouts() -> list[Training]:
    """Batches to be asked in every layout, one under each loss."""
    every = [training(5, (3, 3, 2), ["tanh", OUTPUTS[loss][0]], loss) for loss in LOSSES]
    return [in_dtype(one, dtype) for one, dtype in zip(every, FLOATS * 2, strict=True)]


def trainings_with_soft_targets() -> list[Training]:
    """Batches of one example and of several whose targets are between 0 and 1; their largest is no label."""
    soft = {"binary_cross_entropy": np.array([[0.125, 0.75, 0.5]]), "cross_entropy": np.array([[0.5, 0.375, 0.125]])}
    return [
        (x, np.resize(y, (m, 3)), theta, names, loss)
        for loss, y in soft.items()
        for m in (1, 4)
        for x, _, theta, names, _ in [training(m, (2, 3), list(OUTPUTS[loss]), loss)]
    ]


def with_each_hidden_activation(loss: str) -> list[Training]:
    """For each activation a network that has it in the hidden layer: a softmax has a Jacobian that is no diagonal."""
    return [training(3, (2, 9, 3), [hidden, OUTPUTS[loss][0]], loss) for hidden in ACTIVATIONS]


def with_each_output() -> list[Training]:
    """For each activation a network that has it at the output, under the squared error: a ReLU is off for some."""
    return [training(7, (2, 3), [output], "mean_squared_error") for output in OUTPUTS["mean_squared_error"]]


def training(m: int, sizes: Sequence[int], names: list[str], loss: str) -> Training:
    """A batch of m examples for a network of these sizes to learn from."""
    x, theta = _network(m, sizes)
    k = sizes[-1]
    codes = f"np.arange({m * k}).reshape({m}, {k}) * 7 % 37"
    y = {
        "mean_squared_error": f"{numbers((m, k)).code}[::-1] / 4",
        "binary_cross_entropy": f"({codes} % 2).astype(np.float64)",
        "cross_entropy": f"np.eye({k})[({codes})[:, 0] % {k}]",
        "cross_entropy_with_logits": f"({codes})[:, 0] % {k}",
    }
    return x, recipe(y[loss]), theta, names, loss


def _network(m: int, sizes: Sequence[int]) -> tuple[np.ndarray, list[Layer]]:
    """x and theta of numbers with few digits; the weights of a layer are the smaller, the more inputs it has."""
    theta = [(numbers((s, n)) / (2 * n), (numbers((s,)) - 1 / 32) / 4) for n, s in pairwise(sizes)]
    return recipe(f"{numbers((m, sizes[0])).code} / 4"), theta


def long_trainings(lengths: Lengths, dtypes: Sequence[str]) -> Iterator[tuple[str, Training]]:
    """Batches whose gradients are whole numbers, of each number of inputs, and of hidden units, that is asked.

    Where there are two dtypes, they take turns by blocks of 32 lengths: one is asked of inputs, the other of units.
    """
    names, loss = ["relu", "identity"], "mean_squared_error"
    for number, dtype in enumerate(dtypes):
        for reason, n in lengths:
            counted, one, none = whole_numbers(n, dtype), np.ones((1, 1), dtype), np.zeros(1, dtype)
            of_units = (n // 32 + number) % 2
            if not of_units or len(dtypes) == 1:
                x = np.stack([counted, counted[::-1]])
                yield reason, (x, np.full((2, 1), -2, dtype), [(np.zeros((1, n), dtype), none)], names[1:], loss)
            if not of_units and len(dtypes) > 1:
                continue
            hidden = counted[:, None], np.zeros(n, dtype)
            wide = [hidden, (np.resize([1.0, -1.0], (1, n)).astype(dtype), none)]
            output = counted[::2].sum() - counted[1::2].sum()
            yield reason, (one, (output - 1) * one, wide, names, loss)
