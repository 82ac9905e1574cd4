"""The slides' two harder tasks in the plane: logistic regression, 20+1 and 20+20+20+1 neurons; and overfitting."""

import numpy as np
import pytest

import reference
from tests.experiments.data import gaussians, rings, spirals
from tests.experiments.learning import Task, accuracy, best_half_plane, descend, loss, trained

NETWORKS = {"logistic regression": Task.binary(), "20+1": Task.binary(20), "20+20+20+1": Task.binary(20, 20, 20)}


@pytest.mark.parametrize("points", [rings, spirals])
def test_logistic_regression_does_what_a_line_can_and_the_networks_more(points, seed):
    x, y = points(200, seed)
    line = best_half_plane(x, y)
    reached = {name: accuracy(task, trained(task, x, y, 600, 0.03, seed), x, y) for name, task in NETWORKS.items()}
    assert reached["logistic regression"] <= line
    assert line < reached["20+1"]
    assert line < reached["20+20+20+1"]


def test_four_layers_learn_the_spirals_better_than_two(seed):
    x, y = spirals(200, seed)
    two, four = NETWORKS["20+1"], NETWORKS["20+20+20+1"]
    losses = [loss(task, trained(task, x, y, 600, 0.03, seed), x, y) for task in (two, four)]
    assert losses[1] < losses[0]


def test_a_large_network_learns_the_noise_by_heart(seed):
    """Of 30 % of the labels flipped nobody knows which: the cross-entropy of the best network that knows the points'
    true classes is that of the noise, H(0.3). Below it a network knows the training labels by heart, and where its
    held-out loss is above what it was on the way, it has unlearnt what it knew of the others.
    """
    noise = 0.3
    entropy = -(noise * np.log(noise) + (1 - noise) * np.log(1 - noise))
    task = Task.binary(40, 40, activation="relu")
    x, y = gaussians(60, seed, noise)
    held_out = gaussians(600, seed + 1000, noise)
    every = list(descend(task, x, y, 500, 0.01, seed))
    training = [loss(task, layers, x, y) for layers in every[::10]]
    others = [loss(task, layers, *held_out) for layers in every[::10]]
    best = int(np.argmin(others))
    assert training[-1] < entropy < min(others)
    assert training[-1] < training[best]
    assert others[-1] > 2 * others[best]


def test_a_linear_model_of_as_many_points_has_no_noise_to_learn(seed):
    """Three parameters cannot know 60 labels: training and held-out loss end as far apart as chance puts them."""
    task = Task.binary()
    x, y = gaussians(60, seed, 0.3)
    layers = trained(task, x, y, 500, 0.03, seed)
    fresh = [gaussians(60, 2000 + other, 0.3) for other in range(40)]
    spread = [loss(task, layers, *points) for points in fresh]
    assert loss(task, layers, x, y) > min(spread) - (max(spread) - min(spread))
    assert loss(task, layers, x, y) < np.log(2)


def test_half_a_plane_is_counted_right():
    rng = np.random.default_rng(3)
    x = rng.normal(size=(30, 2))
    y = (x @ [1.0, 2.0] > 0.3).astype(float)
    assert best_half_plane(x, y) == 1
    y[:3] = 1 - y[:3]
    grid = [
        np.mean((x @ [np.cos(a), np.sin(a)] > c) == y)
        for a in np.linspace(0, 6.3, 400)
        for c in np.linspace(-3, 3, 200)
    ]
    assert max(grid) <= best_half_plane(x, y) <= max(grid) + 1 / 30


def test_training_goes_down():
    task = Task.binary(4)
    x, y = rings(40, 0)
    start = reference.initial_layers(task.sizes, 0)
    assert loss(task, trained(task, x, y, 50, 0.05, 0), x, y) < loss(task, start, x, y)
