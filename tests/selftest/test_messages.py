"""What a student is told of an answer of another kind, of other parameters, of one fault in several clauses."""

import json

import numpy as np
import pytest

from impls.calling import CallFailed
from impls.submissions.gate import Refused, cells_of
from tests.harness.judging.outcome import ERROR, FAILED, Outcome
from tests.harness.judging.structure import called_as, checked
from tests.harness.reports.verdicts import repeats


@pytest.mark.parametrize(
    ("function", "result", "said"),
    [
        ("relu", [np.zeros(2), np.zeros(2)], "return the result alone"),
        ("binary_cross_entropy", [np.array(0.5), np.zeros(3)], "return the result alone"),
        ("sigmoid", [np.array(0.5), np.array(0.2)], "make it an array"),
    ],
)
def test_an_answer_of_another_kind_is_told_what_to_return(function, result, said):
    with pytest.raises(CallFailed, match=said):
        checked(function, result)


def test_a_call_is_shown_as_the_interface_has_it():
    assert called_as("one_hot") == "one_hot(labels, k)"
    assert called_as("sgd_step") == "sgd_step(theta, grad, state, lr=..., momentum=...)"


def test_the_same_mistake_or_error_is_said_once():
    wrong = Outcome(FAILED, diagnosis=("loses the minus sign",))
    other, raised = Outcome(FAILED), Outcome(ERROR, message="it raised")
    outcomes = {"RELU-VALUE": wrong, "RELU-PARTS": wrong, "RELU-MONOTONE": other}
    assert repeats(outcomes) == {"RELU-PARTS": "RELU-VALUE"}
    assert repeats({"RELU-VALUE": raised, "RELU-PURE": raised}) == {"RELU-PURE": "RELU-VALUE"}
    assert repeats({"RELU-VALUE": other, "RELU-PARTS": other}) == {}


def test_a_notebook_of_another_language_is_refused_by_its_name():
    notebook = {"cells": [], "metadata": {"language_info": {"name": "R"}}}
    with pytest.raises(Refused, match="a notebook of R, not of Python"):
        cells_of(json.dumps(notebook).encode())
    assert cells_of(json.dumps(notebook | {"metadata": {}}).encode()) == ()
