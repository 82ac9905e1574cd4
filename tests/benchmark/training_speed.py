"""An epoch of training on the digits: the reference beside torch on the CPU, in one run.

    python -m tests.benchmark.training_speed

The network of the slides, 64-32-10 with ReLU, softmax and cross-entropy, by plain mini-batch SGD in float64, from the
same parameters on the same batches; torch with 2 threads. The median of several epochs after one to warm up.
"""

import statistics
import time
from collections.abc import Callable, Iterator

import numpy as np
import torch

import reference
from tests.experiments.data import digits

_BATCHES = (32, 256, 1797)
_EPOCHS = 7
_RATE = 0.1


def measure() -> Iterator[str]:
    """The table, by sizes of batches. Raises ModuleNotFoundError without scikit-learn."""
    torch.set_num_threads(2)
    yield "The digits network of the experiments (64-32-10, plain SGD, float64): the reference, and torch on 2 threads."
    yield ""
    yield "| batch | reference, ms an epoch | torch, ms an epoch | reference / torch |"
    yield "|---|---|---|---|"
    x, labels = digits()
    for size in _BATCHES:
        own, other = (_median(epoch) for epoch in (_reference(x, labels, size), _torch(x, labels, size)))
        yield f"| {size} | {own:.1f} | {other:.1f} | {own / other:.2f} |"


def _median(epoch: Callable[[np.ndarray], None]) -> float:
    """Milliseconds."""
    rng = np.random.default_rng(0)
    times = []
    for _ in range(_EPOCHS + 1):
        permutation = rng.permutation(1797)
        start = time.perf_counter()
        epoch(permutation)
        times.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[1:])


def _reference(x: np.ndarray, labels: np.ndarray, size: int) -> Callable[[np.ndarray], None]:
    layers = reference.initial_layers((64, 32, 10), 0)

    def epoch(permutation: np.ndarray) -> None:
        nonlocal layers
        task = ["relu", "identity"], "cross_entropy_with_logits"
        layers = reference.sgd_epoch(x, labels, layers, *task, _RATE, permutation, size)

    return epoch


def _torch(x: np.ndarray, labels: np.ndarray, size: int) -> Callable[[np.ndarray], None]:
    model = torch.nn.Sequential(torch.nn.Linear(64, 32), torch.nn.ReLU(), torch.nn.Linear(32, 10)).double()
    optimiser = torch.optim.SGD(model.parameters(), lr=_RATE)
    loss_fn = torch.nn.CrossEntropyLoss()
    inputs, targets = torch.from_numpy(x), torch.from_numpy(labels)

    def epoch(permutation: np.ndarray) -> None:
        for batch in torch.from_numpy(permutation).split(size):
            optimiser.zero_grad()
            loss_fn(model(inputs[batch]), targets[batch]).backward()
            optimiser.step()

    return epoch


if __name__ == "__main__":
    print("\n".join(measure()))
