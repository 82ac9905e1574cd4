"""What one neuron cannot separate and two layers can: XOR and the versicolor among the Iris flowers."""

import numpy as np
import pytest

import reference
from tests.experiments.data import iris
from tests.experiments.learning import Task, accuracy, best_half_plane, separation, trained

CORNERS = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
XOR = np.array([[0.0], [1.0], [1.0], [0.0]])


def test_no_single_neuron_computes_xor():
    """The four inequalities b < 0, w2 + b > 0, w1 + b > 0, w1 + w2 + b < 0: the outer two and the inner two both sum
    to something about w1 + w2 + 2b, which would have to be below and above 0.
    """
    rows = np.column_stack([CORNERS, np.ones(4)])
    signs = np.where(XOR.ravel() > 0.5, 1, -1)
    multipliers = np.ones(4)  # of the inequalities; each is positive, so that their sum says 0 > 0
    assert (multipliers @ (signs[:, None] * rows) == 0).all()
    assert separation(CORNERS, XOR) is None


def test_and_and_or_can_be_separated():
    for targets, network in ((CORNERS.all(axis=1), reference.AND), (CORNERS.any(axis=1), reference.OR)):
        *w, b = separation(CORNERS, targets.astype(float))
        assert ((CORNERS @ w + b > 0) == targets).all()
        h = reference.mlp(CORNERS, network.theta, network.activations)
        assert ((h.ravel() > 0.5) == targets).all()


def test_the_hand_set_network_computes_xor():
    h = reference.mlp(CORNERS, reference.XOR.theta, reference.XOR.activations)
    assert ((h > 0.5) == XOR).all()


def test_one_neuron_trained_on_xor_gets_no_more_than_three(seed):
    task = Task.binary()
    assert accuracy(task, trained(task, CORNERS, XOR, 500, 0.05, seed), CORNERS, XOR) <= 3 / 4


def test_two_layers_trained_on_xor_get_all_four(seed):
    task = Task.binary(8)
    assert accuracy(task, trained(task, CORNERS, XOR, 1000, 0.05, seed), CORNERS, XOR) == 1


def test_the_programme_finds_what_can_be_separated_and_only_that():
    assert separation(CORNERS, CORNERS[:, 0]) is not None
    nearby = CORNERS + np.array([[0, 0], [0.1, 0], [0, 0.1], [0.2, 0.3]])
    assert best_half_plane(nearby, XOR) == 3 / 4


def test_no_single_neuron_separates_the_versicolor_and_two_layers_do_better(seed):
    pytest.importorskip("sklearn", reason="scikit-learn, which ships the data, is not installed")
    x, y = iris()
    assert separation(x, y) is None
    rng = np.random.default_rng(seed)
    # Measured to a millimetre, some flowers are alike; shifted by less, no two are.
    most = best_half_plane(x + rng.uniform(-1e-6, 1e-6, x.shape), y)
    one, two = Task.binary(), Task.binary(8)
    of_one = accuracy(one, trained(one, x, y, 500, 0.05, seed), x, y)
    of_two = accuracy(two, trained(two, x, y, 500, 0.05, seed), x, y)
    assert of_one <= most < of_two
