"""The assertions accept what is right, reject what is not, and say how far off it is."""

import numpy as np
import pytest

from reference.arithmetic import Band
from tests.harness.judging.comparison import (
    REFUSED,
    comparisons,
    does_not_fall,
    exactly,
    has_dtype,
    has_shape,
    is_refused,
    is_refused_or_nan,
    within,
)
from tests.harness.judging.faults import Nonconformance, in_words
from tests.harness.judging.structure import named


def ratio_of(actual, expected, bound) -> float:
    (found,) = comparisons(actual, expected, bound)
    if found.worst > 1:
        with pytest.raises(Nonconformance) as raised:
            within(actual, expected, bound)
        assert raised.value.ratio == found.worst
    else:
        assert within(actual, expected, bound) == found.worst
    return found.worst


def array(*values: float) -> np.ndarray:
    return np.array(values)


def test_the_ratio_is_the_error_over_the_error_allowed():
    assert ratio_of(array(1.0, 2.5), array(1.0, 2.0), array(1.0, 2.0)) == 0.25
    assert ratio_of(array(1.0, 2.5), array(1.0, 2.0), array(1.0, 0.25)) == 2.0


@pytest.mark.parametrize(
    ("actual", "expected"),
    [
        (np.nan, 1.0),
        (1.0, np.nan),
        (np.inf, 1.0),
        (1.0, np.inf),
        (np.inf, -np.inf),
        (np.nan, np.inf),
        (-np.inf, np.nan),
    ],
)
def test_nan_and_infinities_are_right_only_where_they_are_due(actual, expected):
    assert ratio_of(array(actual), array(expected), array(1e300)) == np.inf


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_nan_and_infinities_that_are_due_are_right(value):
    assert ratio_of(array(value), array(value), array(0.0)) == 0


def test_an_infinite_bound_makes_no_statement():
    assert ratio_of(array(np.nan, np.inf, 3.0), array(1.0, 1.0, 1.0), np.inf) == 0


def test_without_allowance_only_equality_is_right():
    assert ratio_of(array(1.0), array(1.0), 0.0) == 0
    assert ratio_of(array(np.nextafter(1.0, 2.0)), array(1.0), 0.0) == np.inf
    exactly(array(-0.0), array(0.0))


def test_a_one_sided_allowance_is_one_sided():
    band = Band(0.5, below=1.0)
    assert ratio_of(array(1.0), array(2.0), band) == 0
    assert ratio_of(array(0.75), array(2.0), band) == 0.5
    assert ratio_of(array(3.0), array(2.0), band) == 2.0


def test_from_the_floor_up_a_finite_value_is_right_for_infinity():
    band = Band(1.0, floor=100.0)
    assert ratio_of(array(99.5), array(np.inf), band) == 0
    assert ratio_of(array(98.0), array(np.inf), band) == np.inf
    assert ratio_of(array(np.nan), array(np.inf), band) == np.inf


def test_a_bound_that_is_nan_is_an_error_of_the_suite_and_passes_nothing():
    with pytest.raises(ArithmeticError, match="bound is not a number"):
        within(array(1.5), array(1.0), array(np.nan))


def test_the_shape_comes_before_the_values():
    with pytest.raises(Nonconformance, match=r"got shape \(1, 2\), expected shape \(2,\)"):
        within(np.zeros((1, 2)), np.zeros(2), 1.0)
    with pytest.raises(Nonconformance, match=r"expected shape \(2,\) or \(2, 1\)"):
        has_shape(np.zeros(3), (2,), (2, 1))


def test_an_error_near_the_allowed_one_is_just_above_it():
    with pytest.raises(Nonconformance, match=r"\(error 0.501 is just above the allowed 0.5\)"):
        within(np.array([1.501]), np.array([1.0]), 0.5)


def test_the_message_names_the_worst_element():
    with pytest.raises(
        Nonconformance, match=r"at index \(0, 1\): got 3.0, expected 1.0 \(error 2 is 4 times the allowed 0.5\)"
    ):
        within(np.array([[1.4, 3.0]]), np.array([[1.0, 1.0]]), 0.5)


def test_structures_are_compared_item_by_item():
    within([array(1.0), (array(2.0), array(3.0))], [array(1.0), (array(2.0), array(3.0))], [0.0, (0.0, 0.0)])
    with pytest.raises(Nonconformance, match=r"in item 1, in item 0, .*got 3.0, expected 2.0"):
        within([array(1.0), (array(3.0),)], [array(1.0), (array(2.0),)], [0.0, (0.0,)])
    with pytest.raises(Nonconformance, match="got 1 items, expected 2 items"):
        within([array(1.0)], [array(1.0), array(2.0)], [0.0, 0.0])


def test_dtypes():
    has_dtype(np.float32(1), "float32")
    with pytest.raises(Nonconformance, match="got dtype float64, expected dtype float32") as raised:
        has_dtype([(np.zeros(1, np.float32), np.zeros(1))], "float32")
    assert raised.value.place == (0, 1)


def test_refusals():
    is_refused(REFUSED, "it")
    is_refused_or_nan(REFUSED, "it")
    is_refused_or_nan(array(np.nan, np.nan), "it")
    with pytest.raises(Nonconformance, match="it MUST be refused"):
        is_refused_or_nan(np.zeros((0, 7)), "it")
    for check, value in (
        (is_refused, np.nan),
        (is_refused_or_nan, 0.0),
        (is_refused_or_nan, array(np.nan, 1.0)),
    ):
        with pytest.raises(Nonconformance, match="it MUST be refused"):
            check(value, "it")


@pytest.mark.parametrize(
    ("got", "expected", "says"),
    [
        (np.nan, 0.0, r"got nan, expected 0.0$"),
        (np.inf, 2.0, r"got inf, expected 2.0$"),
        (1.0, 0.0, r"got 1.0, expected 0.0 \(error 1, allowed 1e-09\)$"),
    ],
)
def test_a_ratio_is_named_only_where_it_says_something(got, expected, says):
    with pytest.raises(Nonconformance, match=says):
        within(array(got), array(expected), 1e-9)


def test_a_fall_names_the_two_neighbours():
    assert does_not_fall(array(1.0, 1.0, 2.0), array(0.0, 1.0, 2.0), array(0.0, 0.0)) == 0
    with pytest.raises(Nonconformance, match=r"the values fall from 3.0 at 1.0 to 2.0 at 2.0"):
        does_not_fall(array(1.0, 3.0, 2.0), array(0.0, 1.0, 2.0), array(0.5, 0.5))


@pytest.mark.parametrize(
    ("function", "place", "says"),
    [
        ("mlp_gradients", (1, 0, (0, 2)), "dW_2[0, 2]"),
        ("mlp_gradients", (0, 1, (3,)), "db_1[3]"),
        ("collapse_linear", (1, (0,)), "b[0]"),
        ("adam_step", (0, 1, (2,)), "theta[1][2]"),
        ("adam_step", (1, "exp_avg", 0, ()), "state['exp_avg'][0]"),
        ("gradient_descent_step", (2, (0, 1)), "theta[2][0, 1]"),
        ("softmax", ((0, 1),), "at index (0, 1)"),
        ("mean_squared_error", ((),), ""),
    ],
)
def test_a_part_of_a_result_has_its_name(function, place, says):
    assert in_words(named(function, place)) == says
