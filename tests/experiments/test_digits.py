"""Ten classes of digits by softmax and cross-entropy: the reference and torch from the same parameters and batches."""

import os
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest

import reference
from reference import REFERENCE, Arithmetic
from tests.experiments.data import digits, idx, mnist
from tests.experiments.learning import Task, accuracy

TASK = Task((64, 32, 10), ("relu", "identity"), "cross_entropy_with_logits")
RATE, BATCH = 0.3, 32
TORCH = Arithmetic.of("float64", 4)


@pytest.fixture(scope="module")
def data():
    pytest.importorskip("sklearn", reason="scikit-learn, which ships the data, is not installed")
    x, labels = digits()
    order = np.random.default_rng(0).permutation(len(x))
    held_out, training = order[:360], order[360:]
    return (x[training], labels[training]), (x[held_out], labels[held_out])


def network(layers):
    """The slides' MyTwoLayerMLP with these parameters, in float64."""
    torch = pytest.importorskip("torch", reason="torch is not installed")

    class MyTwoLayerMLP(torch.nn.Module):
        def __init__(self, input_dim, h_dim, k):
            super().__init__()
            self.layers = torch.nn.Sequential(
                torch.nn.Linear(input_dim, h_dim), torch.nn.ReLU(), torch.nn.Linear(h_dim, k)
            )

        def forward(self, x):
            return self.layers(x)

    model = MyTwoLayerMLP(layers[0][0].shape[1], len(layers[0][1]), len(layers[1][1]))
    with torch.no_grad():
        for parameter, value in zip(model.double().parameters(), (p for layer in layers for p in layer), strict=True):
            parameter.copy_(torch.from_numpy(value))
    return model


def parameters(model):
    flat = [parameter.detach().numpy().copy() for parameter in model.parameters()]
    return list(zip(flat[::2], flat[1::2], strict=True))


def torch_steps(model, x, labels, batches):
    """torch's parameters after each mini-batch."""
    import torch

    optimiser = torch.optim.SGD(model.parameters(), lr=RATE)
    loss_fn = torch.nn.CrossEntropyLoss()
    for batch in batches:
        optimiser.zero_grad()
        loss_fn(model(torch.from_numpy(x[batch])), torch.from_numpy(labels[batch])).backward()
        optimiser.step()
        yield parameters(model)


def step(layers, x, labels, batch):
    """The reference's parameters after one mini-batch, and how far right ones may be off, elementwise."""
    arguments = (x[batch], labels[batch], layers, list(TASK.activations), TASK.loss)
    gradients = reference.mlp_gradients(*arguments)
    bounds = [reference.mlp_gradients_bound(*arguments, arithmetic) for arithmetic in (TORCH, REFERENCE)]
    flat, grad = ([p for layer in value for p in layer] for value in (layers, gradients))
    error = [sum(parts) for parts in zip(*([p for layer in bound for p in layer] for bound in bounds), strict=True)]
    moved = reference.gradient_descent_step(flat, grad, RATE)
    rounding = [reference.gradient_descent_step_bound(flat, grad, RATE, a) for a in (TORCH, REFERENCE)]
    allowed = [RATE * e * (1 + 1e-9) + r + s for e, r, s in zip(error, *rounding, strict=True)]
    return list(zip(moved[::2], moved[1::2], strict=True)), allowed


def test_torch_stays_within_the_propagated_bound_over_the_first_steps(data, seed):
    """The distance of two trajectories after a step is what the exact step makes of the distance before it, and at
    most the bound of that step more. So each step of torch is held to the step of the reference from torch's own
    parameters, and the distances so allowed, carried on by the reference's own steps, to what the two are apart.
    """
    (x, labels), _ = data
    own = start = reference.initial_layers(TASK.sizes, seed)
    batches = reference.mini_batches(np.random.default_rng(seed).permutation(len(x)), BATCH)[:10]
    before = start
    for batch, after in zip(batches, torch_steps(network(start), x, labels, batches), strict=True):
        due, allowed = step(before, x, labels, batch)
        for came, right, most in zip(*([p for layer in v for p in layer] for v in (after, due)), allowed, strict=True):
            assert (np.abs(came - right) <= most).all()
        own, _ = step(own, x, labels, batch)
        carried = [
            np.abs(p - q) for layer, other in zip(due, own, strict=True) for p, q in zip(layer, other, strict=True)
        ]
        apart = [
            np.abs(p - q) for layer, other in zip(after, own, strict=True) for p, q in zip(layer, other, strict=True)
        ]
        assert all((d <= c + most).all() for d, c, most in zip(apart, carried, allowed, strict=True))
        before = after
    moved = np.abs(own[0][0] - start[0][0]).max()
    assert max(d.max() for d in apart) < 1e-9 * moved, "the two are further apart than rounding errors carry them"


def test_reference_and_torch_learn_the_digits_equally_well(data):
    """From the same parameters and batches; other seeds say how much chance there is in an accuracy."""
    (x, labels), held_out = data
    reached = {"reference": [], "torch": []}
    for seed in range(3):
        rng = np.random.default_rng(seed)
        own = start = reference.initial_layers(TASK.sizes, seed)
        model = network(start)
        for _ in range(4):
            permutation = rng.permutation(len(x))
            own = reference.sgd_epoch(x, labels, own, list(TASK.activations), TASK.loss, RATE, permutation, BATCH)
            *_, other = torch_steps(model, x, labels, reference.mini_batches(permutation, BATCH))
        reached["reference"].append(accuracy(TASK, own, *held_out))
        reached["torch"].append(accuracy(TASK, other, *held_out))
    everything = reached["reference"] + reached["torch"]
    spread = max(everything) - min(everything)
    assert abs(np.mean(reached["reference"]) - np.mean(reached["torch"])) <= spread
    # A network that guesses is right once in ten, and by how much chance alone can better it, five standard deviations.
    assert min(everything) > 0.1 + 5 * np.sqrt(0.1 * 0.9 / 360)


def test_mini_batches_are_a_partition():
    permutation = np.random.default_rng(0).permutation(10)
    batches = reference.mini_batches(permutation, 4)
    assert [len(batch) for batch in batches] == [4, 4, 2]
    assert np.concatenate(batches).tolist() == permutation.tolist()
    with pytest.raises(ValueError, match="each number from 0 to m - 1 once"):
        reference.mini_batches(np.array([0, 0, 1]), 2)
    with pytest.raises(ValueError, match="one for each of 3 examples"):
        reference.sgd_epoch(np.ones((3, 2)), np.ones((3, 1)), [], [], "mean_squared_error", 0.1, np.arange(2), 1)


def test_an_epoch_of_one_batch_is_a_step_of_batch_gradient_descent():
    rng = np.random.default_rng(0)
    x, y = rng.normal(size=(6, 3)), rng.normal(size=(6, 1))
    layers = reference.initial_layers((3, 4, 1), 0)
    arguments = (["tanh", "identity"], "mean_squared_error")
    one = reference.sgd_epoch(x, y, layers, *arguments, 0.1, np.arange(6), 6)
    for (W, b), (dW, db), (W1, b1) in zip(layers, reference.mlp_gradients(x, y, layers, *arguments), one, strict=True):
        assert np.allclose(W - 0.1 * dW, W1, rtol=0, atol=1e-15)
        assert np.allclose(b - 0.1 * db, b1, rtol=0, atol=1e-15)
    assert [b.shape for _, b in one] == [(s,) for _, s in pairwise((3, 4, 1))]


def _write_idx(path, array):
    magic = {1: 2049, 3: 2051}[array.ndim]
    header = b"".join(number.to_bytes(4, "big") for number in (magic, *array.shape))
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def test_mnist_is_read_from_its_files(tmp_path):
    images = np.arange(2 * 28 * 28).reshape(2, 28, 28) % 256
    _write_idx(tmp_path / "train-images-idx3-ubyte", images)
    with pytest.raises(FileNotFoundError, match="neither train-labels-idx1-ubyte nor"):
        mnist(tmp_path)
    _write_idx(tmp_path / "train-labels-idx1-ubyte", np.array([7, 3]))
    x, labels = mnist(tmp_path)
    assert (x.shape, labels.tolist()) == ((2, 784), [7, 3])
    assert np.array_equal(x * 255, images.reshape(2, -1))
    (tmp_path / "short").write_bytes((tmp_path / "train-images-idx3-ubyte").read_bytes()[:-1])
    with pytest.raises(ValueError, match="holds 1567 bytes of elements, 1568 are due"):
        idx(tmp_path / "short")
    (tmp_path / "other").write_bytes(b"no IDX at all")
    with pytest.raises(ValueError, match="no IDX file"):
        idx(tmp_path / "other")


def test_mnist_is_learnt_where_its_files_are():
    if not (folder := os.environ.get("MNIST")):
        pytest.skip("the environment variable MNIST names no folder with MNIST's IDX files")
    x, labels = mnist(Path(folder))
    task = Task((784, 32, 10), TASK.activations, TASK.loss)
    layers = reference.initial_layers(task.sizes, 0)
    permutation = np.random.default_rng(0).permutation(len(x))
    layers = reference.sgd_epoch(x, labels, layers, list(task.activations), task.loss, 0.1, permutation, BATCH)
    assert accuracy(task, layers, x, labels) > 0.1 + 5 * np.sqrt(0.1 * 0.9 / len(x))
