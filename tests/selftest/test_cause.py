"""A fault of an activation is reported once: composed functions that repeat it, and have no other, name its clause."""

import numpy as np
import pytest

from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import FAILED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.reports.verdicts import causes
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate

pytestmark = pytest.mark.usefixtures("quick_profile")


def clipped_sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -3, 3)))


def neuron(x, w, b):
    return clipped_sigmoid(x @ w + b)


def neuron_without_bias(x, w, b):
    return clipped_sigmoid(x @ w)


def judged(clause: str, **functions) -> Outcome:
    return judge(PROPERTIES[clause], CLAUSES[clause], candidate("it", functions), Examples(0), (), 0)


def test_a_neuron_that_repeats_its_sigmoid_is_explained():
    outcome = judged("NEURON-TAILS", sigmoid=clipped_sigmoid, neuron=neuron)
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ("sigmoid",))


def test_a_neuron_with_a_fault_of_its_own_is_not():
    outcome = judged("NEURON-TAILS", sigmoid=clipped_sigmoid, neuron=neuron_without_bias)
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ())


def rough_sigmoid(z):
    """Neighbouring arguments give values that differ by more than a neuron's bound."""
    return (1 / (1 + np.exp(-z))) * (1 + 1e-9 * np.sin(1e18 * z))


def test_a_neuron_that_repeats_a_rough_sigmoid_is_explained_though_its_own_argument_is_rounded_otherwise():
    def neuron(x, w, b):
        return rough_sigmoid((x[..., ::-1] * w[::-1]).sum(axis=-1) + b)

    def with_a_fault(x, w, b):
        return neuron(x, w, b) * (1 + 1e-7)

    outcome = judged("NEURON-TAILS", sigmoid=rough_sigmoid, neuron=neuron)
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ("sigmoid",))
    outcome = judged("NEURON-TAILS", sigmoid=rough_sigmoid, neuron=with_a_fault)
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ())


def test_a_neuron_that_is_not_a_number_is_not_explained():
    outcome = judged("NEURON-TAILS", sigmoid=clipped_sigmoid, neuron=lambda x, w, b: neuron(x, w, b) + np.nan)
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ())


def test_an_inlined_sigmoid_that_differs_is_its_own_cause():
    right = judged("NEURON-TAILS", sigmoid=lambda z: 1 / (1 + np.exp(-z)), neuron=neuron)
    absent = judged("NEURON-TAILS", neuron=neuron)
    assert right.explained_by == absent.explained_by == ()


def leaky(z):
    return np.where(z > 0, z, 0.1 * z)


def test_a_network_that_repeats_its_relu_is_explained_and_one_with_a_fault_of_its_own_is_not():
    def network(x, theta):
        (W1, b1), (W2, b2) = theta
        return leaky(x @ W1.T + b1) @ W2.T + b2

    outcome = judged("NETWORK-VALUE", relu=leaky, network=network)
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ("relu",))
    outcome = judged("NETWORK-VALUE", relu=leaky, network=lambda x, theta: 2 * network(x, theta))
    assert (outcome.outcome, outcome.explained_by) == (FAILED, ())


def test_the_cause_is_a_clause_of_the_activation_that_failed_in_the_same_row():
    explained = Outcome(FAILED, explained_by=("sigmoid",))
    assert causes({"SIGMOID-TAILS": Outcome(FAILED), "NEURON-TAILS": explained}) == {"NEURON-TAILS": "SIGMOID-TAILS"}
    assert causes({"SIGMOID-TAILS": Outcome("passed"), "NEURON-TAILS": explained}) == {}
