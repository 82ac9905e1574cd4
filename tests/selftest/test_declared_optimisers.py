"""Where an optimiser's eps stands, and a state that is nobody else's: declared, they change what is asked, no more."""

import mpmath
import numpy as np
import pytest

import reference
from impls import declared
from reference import REFERENCE, Arithmetic
from tests.harness.judging.expected import why_not_expected
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import ERROR, FAILED, PASSED
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate

RULES = ("sgd_step", *reference.EPS_PLACES)
PLACES = [(rule, place) for rule, places in reference.EPS_PLACES.items() for place in places]
ELSEWHERE = [(rule, place) for rule, place in PLACES if place != reference.EPS_PLACES[rule][0]]


pytestmark = pytest.mark.usefixtures("quick_profile")


def outcomes(function, rule: str, *suffixes: str, **declares) -> dict[str, str]:
    """What comes of the clauses with these suffixes that are expected of this optimiser with these declarations."""
    it, examples = candidate("it", {rule: function}, declares=declares), Examples(0)
    return {
        clause.id.rpartition("-")[2]: judge(PROPERTIES[clause.id], clause, it, examples, (), 0).outcome
        for clause in CLAUSES.values()
        if clause.function == rule and clause.id.rpartition("-")[2] in suffixes and why_not_expected(clause, it) is None
    }


def with_eps(rule: str, place: str, times: float = 1.0):
    """The rule with eps at that place, or a multiple of it."""

    def step(theta, grad, state, *, eps, **hyper):
        return getattr(reference, rule)(theta, grad, state, eps=times * eps, eps_place=place, **hyper)

    return step


# OPTIMISER_EPS


def test_the_places_are_those_of_the_reference():
    assert {**declared.EPS_PLACES} == reference.EPS_PLACES


@pytest.mark.parametrize(("rule", "place"), ELSEWHERE)
def test_eps_at_a_published_place_conforms_where_it_is_declared_and_at_the_textbook_level_anyway(rule, place):
    shown, hidden = ("EPS", "PATH"), ("VALUE", "RUN", "STEPS", "REST")
    there = outcomes(with_eps(rule, place), rule, *shown, *hidden, "ZERO", "MIXED", "NAN", OPTIMISER_EPS={rule: place})
    assert set(there.values()) == {PASSED}, there
    assert set(outcomes(with_eps(rule, place), rule, *shown).values()) == {FAILED}
    assert set(outcomes(with_eps(rule, place), rule, *hidden).values()) == {PASSED}


@pytest.mark.parametrize(("rule", "place"), [one for one in ELSEWHERE if one[1] != "none"])
def test_a_declared_place_hides_neither_another_eps_nor_another_place(rule, place):
    assert outcomes(with_eps(rule, place, times=2.0), rule, "EPS", OPTIMISER_EPS={rule: place})["EPS"] == FAILED
    others = [one for one in reference.EPS_PLACES[rule] if one not in (place, "none")]
    for other in others:
        assert outcomes(with_eps(rule, other), rule, "EPS", OPTIMISER_EPS={rule: place})["EPS"] == FAILED


def test_one_place_for_all_holds_for_those_that_can_have_it():
    assert declared.checked("OPTIMISER_EPS", "uncorrected") == {"adam_step": "uncorrected"}
    assert declared.checked("OPTIMISER_EPS", "none").keys() == {"adagrad_step", "rmsprop_step", "adamax_step"}
    with pytest.raises(ValueError, match="needs one of outside, inside, none"):
        declared.checked("OPTIMISER_EPS", {"adagrad_step": "uncorrected"})
    with pytest.raises(ValueError, match="as its name"):
        declared.checked("OPTIMISER_EPS", {"sgd_step": "inside"})
    with pytest.raises(ValueError, match="needs one of"):
        declared.checked("OPTIMISER_EPS", "above")


def denominators(rule: str, s, eps, c):
    """What the step is divided by, with eps at each place; c corrects Adam's s."""
    root = mpmath.sqrt(s / c)
    return {
        "outside": root + eps,
        "inside": mpmath.sqrt(s / c + eps),
        "none": root,
        "uncorrected": (mpmath.sqrt(s) + eps) / mpmath.sqrt(c),
    }


@pytest.mark.parametrize(("rule", "place"), [one for one in PLACES if one[0] != "adamax_step"])
@pytest.mark.parametrize("arithmetic", [REFERENCE, Arithmetic.of("float32", 4)])
def test_each_place_is_the_formula_and_within_its_bound(rule, place, arithmetic):
    dtype = np.float64 if arithmetic is REFERENCE else np.float32
    rng = np.random.default_rng(0)
    with mpmath.workdps(40):
        for _ in range(50):
            g, s, eps, lr = (dtype(rng.uniform(0.01, 2)) for _ in range(4))
            step, (b1, b2) = int(rng.integers(0, 5)), (0.5, 0.75)
            hyper = {"lr": float(lr), "eps": float(eps), "eps_place": place}
            state = reference.no_state(rule, [np.zeros(1, dtype)])
            exact_g, exact_s = mpmath.mpf(float(g)), mpmath.mpf(float(s))
            c, factor = mpmath.mpf(1), exact_g
            if rule == "adagrad_step":
                state["sum"] = [np.array([s])]
                exact_s = exact_s + exact_g**2
            elif rule == "rmsprop_step":
                state["square_avg"] = [np.array([s])]
                hyper["alpha"] = b2
                exact_s = b2 * exact_s + (1 - b2) * exact_g**2
            else:
                state |= {"step": step, "exp_avg_sq": [np.array([s])]}
                hyper["betas"] = (b1, b2)
                exact_s = b2 * exact_s + (1 - b2) * exact_g**2
                c = 1 - mpmath.mpf(b2) ** (step + 1)
                factor = (1 - b1) * exact_g / (1 - mpmath.mpf(b1) ** (step + 1))
            due = -mpmath.mpf(float(lr)) * factor / denominators(rule, exact_s, mpmath.mpf(float(eps)), c)[place]
            arguments = [np.zeros(1, dtype)], [np.array([g])], state
            theta, _ = getattr(reference, rule)(*arguments, **hyper)
            bound, _ = getattr(reference, f"{rule}_bound")(*_in_float64(arguments), arithmetic, **hyper)
            assert abs(mpmath.mpf(float(theta[0][0])) - due) <= bound[0][0]
            assert bound[0][0] <= 200 * arithmetic.unit_roundoff * abs(due)


def _in_float64(arguments):
    theta, grad, state = arguments
    wide = {key: [one.astype(np.float64) for one in of] if key != "step" else of for key, of in state.items()}
    return [one.astype(np.float64) for one in theta], [one.astype(np.float64) for one in grad], wide


def test_the_places_of_adamax():
    state = {"step": 0, "exp_avg": [np.zeros(1)], "exp_inf": [np.array([8.0])]}
    hyper = {"lr": 0.5, "betas": (0.5, 0.5), "eps": 1.0}
    arguments = [np.zeros(1)], [np.array([3.0])], state
    # m / (1 - beta_1) = 3; u is max(4, 3 + 1), max(4, 3) + 1 or max(4, 3)
    for place, u in {"inside": 4.0, "outside": 5.0, "none": 4.0}.items():
        theta, after = reference.adamax_step(*arguments, **hyper, eps_place=place)
        assert theta[0] == pytest.approx(-0.5 * 3 / u)
        assert after["exp_inf"][0] == 4.0


def test_an_unknown_place_is_refused():
    with pytest.raises(ValueError, match="eps_place"):
        reference.adam_step([], [], {"step": 0, "exp_avg": [], "exp_avg_sq": []}, eps_place="none")


# STATEFUL


def stateful(rule: str, make=lambda theta: None):
    """The rule as a library has it whose state is an object of its own."""

    class Optimiser:
        def __init__(self, theta):
            self.state = make(theta) or reference.no_state(rule, theta)

    def step(theta, grad, state, **hyper):
        optimiser = Optimiser(theta) if state is None else state
        theta, optimiser.state = getattr(reference, rule)(theta, grad, optimiser.state, **hyper)
        return theta, optimiser

    return step


@pytest.mark.parametrize("rule", RULES)
def test_a_state_of_its_own_conforms_where_it_is_declared(rule):
    found = outcomes(stateful(rule), rule, "STEPS", "PATH", "VALUE", "RUN", "PURE", STATEFUL=(rule,))
    assert found == {"STEPS": PASSED, "PATH": PASSED}
    assert outcomes(stateful(rule), rule, "VALUE")["VALUE"] == ERROR


def forgetful(rule: str):
    """Each step begins anew."""
    step = stateful(rule)
    return lambda theta, grad, state, **hyper: step(theta, grad, None, **hyper)


def remembering(rule: str):
    """None does not begin anew: one state for all calls."""
    step, kept = stateful(rule), []

    def call(theta, grad, state, **hyper):
        shapes = [one.shape for one in theta]
        if kept and [one.shape for one in kept[-1][0]] == shapes:
            state = kept[-1][1]
        theta, state = step(theta, grad, state, **hyper)
        kept.append((theta, state))
        return theta, state

    return call


def started_elsewhere(rule: str):
    """The state does not begin with zeros."""

    def make(theta):
        empty = reference.no_state(rule, theta)
        return {key: [one + 0.1 for one in of] if key != "step" else of for key, of in empty.items()}

    return stateful(rule, make)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("wrong", [forgetful, remembering, started_elsewhere])
def test_a_declared_state_hides_no_wrong_step(rule, wrong):
    assert outcomes(wrong(rule), rule, "STEPS", STATEFUL=(rule,))["STEPS"] == FAILED


def test_a_step_that_returns_no_pair_is_an_error():
    step = reference.sgd_step
    found = outcomes(lambda *args, **hyper: step(*args, **hyper)[1], "sgd_step", "STEPS", STATEFUL=("sgd_step",))
    assert found["STEPS"] == ERROR


def plain_adam(theta, grad, state, *, lr, betas, eps):
    """Adam in the dtype of its parameters, decays and their powers too."""
    of = theta[0].dtype.type
    (b1, b2), t = map(of, betas), state["step"] + 1
    m = [b1 * old + (of(1) - b1) * g for old, g in zip(state["exp_avg"], grad, strict=True)]
    v = [b2 * old + (of(1) - b2) * g**2 for old, g in zip(state["exp_avg_sq"], grad, strict=True)]
    c1, c2 = of(1) - b1 ** of(t), of(1) - b2 ** of(t)
    step = [of(lr) * (a / c1) / (np.sqrt(b / c2) + of(eps)) for a, b in zip(m, v, strict=True)]
    return [p - s for p, s in zip(theta, step, strict=True)], {"step": t, "exp_avg": m, "exp_avg_sq": v}


def test_decays_of_the_dtype_are_right_at_the_textbook_level_alone():
    of_float32 = {"DTYPES": ("float32", "int32")}
    assert set(outcomes(plain_adam, "adam_step", "VALUE", "RUN", "STEPS", "REST", **of_float32).values()) == {PASSED}
    assert outcomes(plain_adam, "adam_step", "DTYPE", **of_float32) == {"DTYPE": FAILED}


def test_the_others_are_not_touched():
    it = candidate("it", {}, declares={"STATEFUL": ("adam_step",)})
    assert "STATEFUL" in why_not_expected(CLAUSES["ADAM-VALUE"], it)
    assert why_not_expected(CLAUSES["ADAM-STEPS"], it) is None
    assert why_not_expected(CLAUSES["ADAMAX-VALUE"], it) is None


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_bound_of_several_steps_holds_each_of_them_and_is_not_wide(rule, dtype):
    """Steps in the dtype itself, against the same ones in float64."""
    rng, arithmetic = np.random.default_rng(1), Arithmetic.of(dtype, 1)
    for _ in range(20):
        theta = [rng.uniform(-2, 2, 3).astype(dtype)]
        grads = [[rng.uniform(0.5, 2, 3).astype(dtype)] for _ in range(5)]
        hyper = {"lr": 0.25} | ({"momentum": 0.5} if rule == "sgd_step" else {})
        hyper |= {"betas": (0.5, 0.75)} if rule in ("adam_step", "adamax_step") else {}
        hyper |= {"alpha": 0.75} if rule == "rmsprop_step" else {}
        wide = [theta[0].astype(np.float64)], [[g.astype(np.float64)] for (g,) in grads]
        bound = getattr(reference, f"{rule}s_bound")(*wide, arithmetic, **hyper)[0]
        exact = getattr(reference, f"{rule}s")(*wide, **hyper)[0]
        state = reference.no_state(rule, theta)
        narrow = theta
        for grad in grads:  # each step is rounded to the dtype
            narrow, state = getattr(reference, rule)(narrow, grad, state, **hyper)
        assert (np.abs(narrow[0] - exact) <= bound).all()
        assert (bound <= 100 * arithmetic.unit_roundoff * 5).all()
