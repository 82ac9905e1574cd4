"""gradient_descent_step: theta - alpha grad for every parameter."""

import numpy as np

from tests.conformance.relations import (
    assert_pure,
    assert_right_in_layouts,
    assert_right_or_refused_without_axes,
    each,
    floats_of,
    lengths_of,
)
from tests.harness import clause, exact, given, laid_out
from tests.harness.drawing import strategies as draw


@clause("STEP-VALUE")
@each(descent=draw.many_parameters())
@given(descent=draw.descents())
def test_every_parameter_moves_against_its_gradient(impl, descent):
    impl.check.gradient_descent_step(*descent)


@clause("STEP-ZERO")
@given(descent=draw.descents())
def test_without_gradient_or_learning_rate_nothing_moves(impl, descent):
    theta, grad, alpha = descent
    impl.exactly(impl.gradient_descent_step(theta, [np.zeros_like(g) for g in grad], alpha), theta)
    impl.exactly(impl.gradient_descent_step(theta, grad, 0.0), theta)


@clause("STEP-DESCENT")
@given(descent=draw.descents())
def test_a_step_goes_down_to_the_minimum(impl, descent):
    start, minimum, _ = descent
    theta = [1000 * one for one in start]
    grad = [one - lowest for one, lowest in zip(theta, minimum, strict=True)]
    arrived = impl.gradient_descent_step(theta, grad, 1.0)
    bound = impl.bound.gradient_descent_step(theta, grad, 1.0)
    rounding = impl.arithmetic(grad).unit_roundoff
    impl.within(arrived, minimum, [one + rounding * np.abs(g) for one, g in zip(bound, grad, strict=True)])


@clause("STEP-PURE")
@given(descent=draw.descents())
def test_a_step_changes_no_argument_and_keeps_no_buffer(impl, descent):
    theta, grad, alpha = descent
    assert_pure(impl, "gradient_descent_step", descent, ([one + 1 for one in theta], grad, alpha))
    impl.because("a parameter that does not move is a new one all the same")
    impl.spent.gradient_descent_step(theta, [np.zeros_like(g) for g in grad], alpha)


@clause("STEP-DTYPE")
@given(descent=draw.descents(dtypes=draw.FLOATS))
def test_a_step_keeps_the_dtype(impl, descent):
    stepped = impl.gradient_descent_step(*descent)
    impl.dtype(stepped, descent[0][0].dtype)
    impl.right(stepped)


@clause("STEP-MIXED")
@given(descent=draw.mixed_descents())
def test_each_parameter_keeps_its_own_dtype(impl, descent):
    theta, grad, alpha = descent
    stepped = impl.gradient_descent_step(theta, grad, alpha)
    for i, parameter in enumerate(theta):
        alone = [parameter], [grad[i]], alpha
        impl.dtype(stepped[i], parameter.dtype)
        (expected,), (bound,) = exact.gradient_descent_step(*alone), impl.bound.gradient_descent_step(*alone)
        impl.within(stepped[i], expected, bound)


@clause("STEP-NDIM")
@each(descent=draw.other_descents())
@given(descent=draw.descents(dtypes=draw.FLOATS, parameters=draw.OTHER_PARAMETERS))
def test_parameters_of_any_number_of_axes_and_elements_move(impl, descent):
    assert_right_or_refused_without_axes(impl, "gradient_descent_step", descent)


@clause("STEP-LAYOUT")
@each(descent=draw.descents_in_layouts(), mix=draw.ALL_LAYOUTS)
@given(descent=draw.descents(dtypes=draw.FLOATS), mix=draw.mixes())
def test_a_step_reads_any_memory_layout(impl, descent, mix):
    assert_right_in_layouts(impl, "gradient_descent_step", mix, descent)
    if impl.kind.arrays == "numpy":
        impl.because("one array as parameter and as gradient, as down the half of its square")
        both = [laid_out(descent[0][0], "contiguous")]
        impl.check.gradient_descent_step(both, both, descent[2])


@clause("STEP-NAN")
@given(descent=draw.descents(dtypes=draw.FLOATS))
def test_nan_spoils_its_own_parameter_and_no_other(impl, descent):
    theta, grad, alpha = descent
    bound = impl.bound.gradient_descent_step(*descent)
    for spoilt in ((theta, draw.with_nan_in_one(grad), alpha), (draw.with_nan_in_one(theta), grad, alpha)):
        impl.attempt.gradient_descent_step(*spoilt).refused_or_within(exact.gradient_descent_step(*spoilt), bound)


@clause("STEP-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_element_of_a_long_parameter_is_passed_over(impl, length):
    for update in draw.long_updates(lengths_of(impl, length), floats_of(impl)):
        impl.because(update["because"])
        impl.check.gradient_descent_step(update["theta"], update["grad"], 1.0)


@clause("STEP-INTEGER")
@given(descent=draw.integer_descents())
def test_a_step_promotes_or_refuses_integers(impl, descent):
    impl.attempt.gradient_descent_step(*descent).refused_or_exactly(exact.gradient_descent_step(*descent))


@clause("STEP-SHAPES")
@given(descent=draw.descents())
def test_gradients_that_do_not_match_the_parameters_are_refused(impl, descent):
    theta, grad, alpha = descent
    step = impl.attempt.gradient_descent_step
    step(theta, grad[:-1], alpha).refused("one gradient too few")
    step(theta, [*grad, grad[0]], alpha).refused("one gradient too many")
    step(theta, [np.stack([g, g]) for g in grad], alpha).refused("gradients with an axis too many")
    step([np.stack([p, p]) for p in theta], grad, alpha).refused("gradients without the first axis")
    step(theta, [g[..., None] for g in grad], alpha).refused("gradients with an axis of length 1 too many")
