"""The update rules of SGD, AdaGrad, RMSprop, Adam and Adamax, one step at a time."""

import numpy as np

from tests.conformance.relations import (
    assert_pure,
    assert_right_in_layouts,
    assert_right_or_refused_without_axes,
    assert_same_beside_another_call,
    differences,
    each,
    floats_of,
    lengths_of,
)
from tests.harness import clause, given, laid_out, with_a_whole_step
from tests.harness.drawing import strategies as draw
from tests.harness.spec.clauses import CLAUSES

# For each rule what an update means to it: the entries of its state, and its hyper-parameters.
RULES = {
    "sgd_step": (
        lambda of: {"momentum_buffer": of["signed"]},
        lambda of: {"lr": of["lr"], "momentum": of["momentum"]},
    ),
    "adagrad_step": (
        lambda of: {"sum": of["positive"]},
        lambda of: {"lr": of["lr"], "eps": of["eps"]},
    ),
    "rmsprop_step": (
        lambda of: {"square_avg": of["positive"]},
        lambda of: {"lr": of["lr"], "alpha": of["betas"][1], "eps": of["eps"]},
    ),
    "adam_step": (
        lambda of: {"step": of["step"], "exp_avg": of["signed"], "exp_avg_sq": of["positive"]},
        lambda of: {"lr": of["lr"], "betas": of["betas"], "eps": of["eps"]},
    ),
    "adamax_step": (
        lambda of: {"step": of["step"], "exp_avg": of["signed"], "exp_inf": of["positive"]},
        lambda of: {"lr": of["lr"], "betas": of["betas"], "eps": of["eps"]},
    ),
}


def call(f, update):
    """The arguments of ``f``, and its hyper-parameters."""
    state, hyper = RULES[f]
    return (update["theta"], update["grad"], state(update)), hyper(update)


def every(suffix):
    """The clause of that name of each rule."""
    return clause(*(one.id for one in CLAUSES.values() if one.function in RULES and one.id.endswith(suffix)))


@every("-VALUE")
@each(update=draw.exceptional_updates())
@given(update=draw.updates())
def test_one_step_from_any_state(impl, f, update):
    impl.because(update["because"])
    arguments, hyper = call(f, update)
    impl.check[f](*arguments, **hyper)


@every("-REST")
@given(update=draw.updates())
def test_without_learning_rate_nothing_moves(impl, f, update):
    (theta, *rest), hyper = call(f, update | {"lr": 0.0})
    impl.exactly(impl[f](theta, *rest, **hyper)[0], theta)


@every("-ZERO")
@given(update=draw.robust_updates())
def test_without_gradient_and_memory_nothing_moves(impl, f, update):
    nothing = [np.zeros_like(one) for one in update["theta"]]
    (theta, *rest), hyper = call(f, update | {"grad": nothing, "signed": nothing, "positive": nothing})
    impl.exactly(impl[f](theta, *rest, **hyper)[0], theta)


@every("-EPS")
@given(update=draw.robust_updates())
def test_eps_stands_in_its_place(impl, f, update):
    arguments, hyper = call(f, update)
    impl.check[f](*arguments, **hyper)


@every("-RUN")
@given(update=draw.runs())
def test_every_step_of_a_run_goes_on_from_the_one_before(impl, f, update):
    (theta, minimum, state), hyper = call(f, update)
    for _ in range(50):
        theta, state = impl.check[f](theta, differences(theta, minimum), with_a_whole_step(state), **hyper)


@every("-STEPS")
@given(path=draw.paths())
def test_steps_from_no_state(impl, f, path):
    assert_arrives(impl, f, path)


@every("-PATH")
@given(path=draw.robust_paths())
def test_steps_from_no_state_with_an_eps_that_shows_keep_the_dtype(impl, f, path):
    impl.dtype(assert_arrives(impl, f, path), path["theta"][0].dtype)


def assert_arrives(impl, f, path):
    """The parameters after each of the steps are those of the rule; the parameters after the last one."""
    theta, grads, (_, hyper) = path["theta"], path["grads"], call(f, path)
    for steps in range(1, len(grads) + 1):
        arrived = impl.after(f, theta, grads[:steps], **hyper)
        several = theta, grads[:steps]
        impl.within(arrived, impl.exact[f"{f}s"](*several, **hyper), impl.bound[f"{f}s"](*several, **hyper))
    return arrived


@every("-PURE")
@given(update=draw.updates())
def test_a_step_changes_no_argument_and_keeps_no_buffer(impl, f, update):
    (theta, *rest), hyper = call(f, update)
    assert_pure(impl, f, (theta, *rest), ([one + 1 for one in theta], *rest), **hyper)
    impl.because("the first velocity is a copy of the gradient, which is cleared afterwards (pytorch/pytorch#18114)")
    nothing = [np.zeros_like(one) for one in update["theta"]]
    first, hyper = call(f, update | {"signed": nothing, "positive": nothing, "momentum": 0.9, "step": 0})
    impl.spent[f](*first, **hyper)
    impl.because("a parameter that does not move, and a state that does not change, are new ones all the same")
    resting, hyper = call(f, update | {"grad": nothing, "signed": nothing, "positive": nothing})
    impl.spent[f](*resting, **hyper)


@every("-THREADS")
def test_a_step_is_the_same_while_another_thread_makes_one(impl, f):
    (ours, hyper), (theirs, _) = (call(f, draw.update_of(700, scale)) for scale in (1.0, -0.5))
    assert_same_beside_another_call(impl, f, ours, theirs, **hyper)


@every("-DTYPE")
@given(update=draw.updates_of_many_magnitudes())
def test_a_step_keeps_the_dtype_and_its_accuracy(impl, f, update):
    arguments, hyper = call(f, update)
    theta, state = impl.check[f](*arguments, **hyper)
    impl.dtype([theta, *arrays_of(state)], update["theta"][0].dtype)


def arrays_of(state):
    """The lists of arrays in a state, without the number of steps."""
    return [state[key] for key in state.keys() if key != "step"]  # noqa: SIM118


@every("-MIXED")
@given(update=draw.mixed_updates())
def test_each_parameter_keeps_its_own_dtype(impl, f, update):
    arguments, hyper = call(f, update)
    theta, state = impl[f](*arguments, **hyper)
    for i, parameter in enumerate(update["theta"]):
        alone = {key: [update[key][i]] for key in ("theta", "grad", "signed", "positive")}
        one, _ = call(f, update | alone)
        (stepped, after), (bound, of_state) = impl.exact[f](*one, **hyper), impl.bound[f](*one, **hyper)
        impl.dtype([theta[i], *(entry[i] for entry in arrays_of(state))], parameter.dtype)
        impl.within(theta[i], stepped[0], bound[0])
        impl.within(
            [entry[i] for entry in arrays_of(state)],
            [entry[0] for entry in arrays_of(after)],
            [entry[0] for entry in arrays_of(of_state)],
        )


@every("-NDIM")
@each(update=draw.other_updates())
@given(update=draw.robust_updates(parameters=draw.OTHER_PARAMETERS))
def test_parameters_of_any_number_of_axes_and_elements_move(impl, f, update):
    arguments, hyper = call(f, update)
    assert_right_or_refused_without_axes(impl, f, arguments, **hyper)


@every("-LAYOUT")
@each(update=draw.updates_in_layouts(), mix=draw.ALL_LAYOUTS)
@given(update=draw.robust_updates(), mix=draw.mixes())
def test_a_step_reads_any_memory_layout(impl, f, update, mix):
    arguments, hyper = call(f, update)
    assert_right_in_layouts(impl, f, mix, arguments, **hyper)
    if impl.kind.arrays == "numpy":
        impl.because("one array as parameter and as gradient, as down the half of its square")
        both = [laid_out(one, "contiguous") for one in update["theta"]]
        impl.check[f](both, both, arguments[2], **hyper)


@every("-NAN")
@given(update=draw.robust_updates())
def test_nan_spoils_its_own_parameter_and_no_other(impl, f, update):
    arguments, hyper = call(f, update)
    bound = impl.bound[f](*arguments, **hyper)
    for name in ("grad", "theta"):
        spoilt, _ = call(f, update | {name: draw.with_nan_in_one(update[name])})
        impl.attempt[f](*spoilt, **hyper).refused_or_within(impl.exact[f](*spoilt, **hyper), bound)


@every("-LENGTH")
@each(length=[()])
@given(length=draw.further_lengths())
def test_no_element_of_a_long_parameter_is_passed_over(impl, f, length):
    for update in draw.long_updates(lengths_of(impl, length), floats_of(impl)):
        impl.because(update["because"])
        arguments, hyper = call(f, update)
        impl.check[f](*arguments, **hyper)


@every("-SHAPES")
@given(update=draw.updates())
def test_gradients_or_state_that_do_not_match_the_parameters_are_refused(impl, f, update):
    (theta, grad, state), hyper = call(f, update)
    step = impl.attempt[f]
    step(theta, grad[:-1], state, **hyper).refused("one gradient too few")
    step(theta, [*grad, grad[0]], state, **hyper).refused("one gradient too many")
    step(theta, [np.stack([g, g]) for g in grad], state, **hyper).refused("gradients with an axis too many")
    step([np.stack([p, p]) for p in theta], grad, state, **hyper).refused("gradients without the first axis")
    for key in state:
        if key != "step":
            step(theta, grad, state | {key: state[key][:-1]}, **hyper).refused(f"one array too few in {key}")
            stacked = [np.stack([one, one]) for one in state[key]]
            step(theta, grad, state | {key: stacked}, **hyper).refused(f"{key} with an axis too many")
