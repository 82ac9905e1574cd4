"""What a student is told of an answer of another kind, of other parameters, of one fault in several clauses."""

import json
import math
import re

import numpy as np
import pytest

from impls.backends import library
from impls.calling import CallFailed, Direct
from impls.submissions.gate import Refused, cells_of
from tests.harness.judging.faults import in_words
from tests.harness.judging.hints import hint
from tests.harness.judging.outcome import ERROR, FAILED, Outcome
from tests.harness.judging.structure import called_as, checked, named
from tests.harness.reports.verdicts import repeats
from tests.harness.spec.clauses import CLAUSES


@pytest.mark.parametrize(
    ("function", "result", "said"),
    [
        ("relu", [np.zeros(2), np.zeros(2)], "return the result alone"),
        ("binary_cross_entropy", [np.array(0.5), np.zeros(3)], "return the result alone"),
        ("sigmoid", [np.array(0.5), np.array(0.2)], "make it an array"),
        ("softmax", [np.zeros(2)], "expected an array: make it an array"),
        ("softmax", [np.zeros(2), np.zeros(2), np.zeros(2)], "expected an array: make it an array"),
        ("relu", [np.zeros(2), np.zeros(2)], "where these are its rows, make it an array"),
        ("relu", [np.zeros((2, 3)), np.zeros((2, 3))], "beside it$"),
        ("linear", [np.zeros(2), [np.zeros((2, 3)), np.zeros(2)]], "return the result alone"),
        ("one_hot", [[np.array(0), np.array(1)]], "make it an array"),
        ("softmax", [[[np.array(0), np.array(1)], [np.array(0)]], np.zeros(2)], "return the result alone"),
    ],
)
def test_an_answer_of_another_kind_is_told_what_to_return(function, result, said):
    with pytest.raises(CallFailed, match=said):
        checked(function, result)


def test_a_result_that_holds_none_is_no_array_of_numbers():
    direct = Direct({"sigmoid": lambda z: np.squeeze(None)}, library("numpy", "cpu"))
    with pytest.raises(CallFailed, match="an array that holds None: is something in it still to be written"):
        checked("sigmoid", direct.call("sigmoid", (np.zeros(2),), {}))


def test_none_beside_a_result_is_no_array():
    direct = Direct({"rmsprop_step": lambda *arguments, **hyper: (None, {})}, library("numpy", "cpu"))
    with pytest.raises(CallFailed, match="item 0 of what rmsprop_step returned is None: is something still to be"):
        checked("rmsprop_step", direct.call("rmsprop_step", (), {}))


@pytest.mark.parametrize(
    ("function", "said"),
    [
        (lambda z: 1 / (1 + math.exp(-z)), "take np.exp and np.log, not those of math"),
        (lambda z: z if z > 0 else 0, "take np.where or np.maximum in place of `if` and `max`"),
        (lambda z, scale: z, r"the suite calls sigmoid\(z\)"),
    ],
)
def test_an_exception_that_many_meet_says_what_to_do(function, said):
    direct = Direct({"sigmoid": function}, library("numpy", "cpu"))
    with pytest.raises(CallFailed) as failed:
        direct.call("sigmoid", (np.zeros(2),), {})
    assert re.search(said, hint(CLAUSES["SIGMOID-VALUE"], str(failed.value)) or "")
    assert hint(CLAUSES["SIGMOID-VALUE"], "sigmoid raised ZeroDivisionError: division by zero") is None


def test_an_exception_of_a_target_that_is_an_index_says_what_the_target_is():
    message = "cross_entropy raised IndexError: arrays used as indices must be of integer (or boolean) type (it.py:2)"
    assert "one-hot rows" in (hint(CLAUSES["CE-VALUE"], message) or "")
    assert hint(CLAUSES["LOGITS-VALUE"], message) is None


def test_an_exception_for_one_example_says_what_its_shape_is():
    message = "softmax raised AxisError: axis 1 is out of bounds for array of dimension 1 (it.py:3)"
    assert "without an axis of examples" in (hint(CLAUSES["SOFTMAX-ONE"], message) or "")
    assert hint(CLAUSES["SOFTMAX-VALUE"], message) is None


@pytest.mark.parametrize("function", ["mlp_gradients", "network_gradients"])
def test_a_gradient_is_named(function):
    assert in_words(named(function, (1, 0, (0, 2)))) == "dW_2[0, 2]"


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
