"""Right steps of the optimisers, put together otherwise."""

import importlib.util

import numpy as np

from tests.mistakes.networks import refuse_unless
from tests.mistakes.rules import RULES, stepping
from tests.selftest.right_variants.registry import variant, variants


def _unchecked(*arguments):
    pass


def _sgd_skips_an_unused_buffer(p, g, v, lr, momentum):
    if momentum == 0:
        return p - lr * g, v.copy()
    new = momentum * v + g
    return p - lr * new, new


def _sgd_negative_step_added(p, g, v, lr, momentum):
    new = g + v * momentum
    return p + -lr * new, new


def _adagrad_rate_first(p, g, s, lr, eps):
    new = np.square(g) + s
    return p - (lr / (new**0.5 + eps)) * g, new


def _adagrad_in_place_on_copies(p, g, s, lr, eps):
    p, s = p.copy(), s.copy()
    s += g * g
    p -= lr * g / (np.sqrt(s) + eps)
    return p, s


def _rmsprop_moved_towards_the_square(p, g, v, lr, alpha, eps):
    new = v + (1 - alpha) * (g * g - v)
    return p - g * lr / (np.sqrt(new) + eps), new


def _rmsprop_product_from_the_left(p, g, v, lr, alpha, eps):
    new = v * alpha + (1 - alpha) * g * g
    return p - lr * (g / (eps + np.sqrt(new))), new


def _adam_as_torch(p, g, m, v, t, lr, betas, eps):
    m = m + (g - m) * (1 - betas[0])
    v = v * betas[1] + (1 - betas[1]) * g * g
    denominator = np.sqrt(v) / (1 - betas[1] ** t) ** 0.5 + eps
    return p - lr / (1 - betas[0] ** t) * m / denominator, m, v


def _adam_one_rate(p, g, m, v, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g**2
    root = (1 - betas[1] ** t) ** 0.5
    return p - lr * root / (1 - betas[0] ** t) * m / (np.sqrt(v) + eps * root), m, v


def _adam_powers_by_multiplication(p, g, m, v, t, lr, betas, eps):
    powers = [1.0, 1.0]
    for _ in range(t):
        powers = [powers[0] * betas[0], powers[1] * betas[1]]
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g**2
    return p - lr * (m / (1 - powers[0])) / (np.sqrt(v / (1 - powers[1])) + eps), m, v


def _adamax_as_torch(p, g, m, u, t, lr, betas, eps):
    m = m + (g - m) * (1 - betas[0])
    u = np.max([u * betas[1], np.abs(g) + eps], axis=0)
    return p - (lr / (1 - betas[0] ** t)) * (m / u), m, u


def _adamax_where(p, g, m, u, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    size = np.where(g < 0, -g, g) + eps
    u = np.where(size < betas[1] * u, betas[1] * u, size)
    return p - lr * (m / (1 - betas[0] ** t)) / u, m, u


FORMS = {
    "SGD": {"skips an unused buffer": _sgd_skips_an_unused_buffer, "negative step added": _sgd_negative_step_added},
    "ADAGRAD": {"rate first": _adagrad_rate_first, "in place on copies": _adagrad_in_place_on_copies},
    "RMSPROP": {
        "moved towards the square": _rmsprop_moved_towards_the_square,
        "product from the left": _rmsprop_product_from_the_left,
    },
    "ADAM": {
        "as torch does it": _adam_as_torch,
        "one rate": _adam_one_rate,
        "powers by multiplication": _adam_powers_by_multiplication,
    },
    "ADAMAX": {"as torch does it": _adamax_as_torch, "where in place of maximum": _adamax_where},
}


def _adagrad_eps_inside_the_root(p, g, s, lr, eps):
    new = s + g**2
    return p - lr * g / np.sqrt(new + eps), new


def _rmsprop_eps_inside_the_root(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g**2
    return p - lr * g / np.sqrt(new + eps), new


def _adam_eps_inside_the_root(p, g, m, v, t, lr, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    return p - lr * (m / (1 - betas[0] ** t)) / np.sqrt(v / (1 - betas[1] ** t) + eps), m, v


def _adam_eps_before_the_correction(p, g, m, v, t, lr, betas, eps):
    m, v = betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2
    return p - lr * (1 - betas[1] ** t) ** 0.5 / (1 - betas[0] ** t) * m / (np.sqrt(v) + eps), m, v


def _adamax_without_eps(p, g, m, u, t, lr, betas, eps):
    m, u = betas[0] * m + (1 - betas[0]) * g, np.maximum(betas[1] * u, np.abs(g))
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


def _adamax_eps_beside_the_maximum(p, g, m, u, t, lr, betas, eps):
    m, u = betas[0] * m + (1 - betas[0]) * g, np.maximum(betas[1] * u, np.abs(g))
    return p - lr / (1 - betas[0] ** t) * m / (u + eps), m, u


OTHER_PLACES_OF_EPS = {
    "ADAGRAD": {"eps inside the root, as in optax": _adagrad_eps_inside_the_root},
    "RMSPROP": {"eps inside the root, as in TensorFlow": _rmsprop_eps_inside_the_root},
    "ADAM": {
        "eps inside the root": _adam_eps_inside_the_root,
        "eps before the correction, as in the paper's second form, Keras and scikit-learn": (
            _adam_eps_before_the_correction
        ),
    },
    "ADAMAX": {
        "no eps, as in the paper": _adamax_without_eps,
        "eps beside the maximum, as in TensorFlow": _adamax_eps_beside_the_maximum,
    },
}


def _of_function(rule, move):
    """The step at the textbook level without its checks, and at the robust one with them, also in a wider dtype."""
    name = f"{rule.lower()}_step"
    return (
        {name: stepping(RULES[rule], move, _unchecked)},
        {name: stepping(RULES[rule], move)},
        {name: _in_float64(rule, move)},
    )


def _in_float64(rule, move):
    """Computes in float64 and rounds to the dtype of the parameters."""

    def step(theta, grad, state, **hyper):
        def cast(value, dtype=None):
            if isinstance(value, dict):
                return {key: cast(entry, dtype) for key, entry in value.items()}
            if isinstance(value, list):
                return [cast(entry, dtype) for entry in value]
            return value.astype(dtype) if isinstance(value, np.ndarray) else value

        stepped, new = stepping(RULES[rule], move)(*(cast(one, np.float64) for one in (theta, grad, state)), **hyper)

        def back(arrays):
            return [np.asarray(one, p.dtype) for one, p in zip(arrays, theta, strict=True)]

        return back(stepped), {key: back(entry) if isinstance(entry, list) else entry for key, entry in new.items()}

    return step


for _rule, _forms in FORMS.items():
    for _form, _move in {"plain": RULES[_rule].move(), **_forms}.items():
        for _kind, _level in enumerate(("textbook", "robust", "robust")):
            variants(
                f"{_rule.lower()}_step: {_form}{('', ', checked', ', in float64')[_kind]}",
                _level,
                lambda rule=_rule, move=_move, kind=_kind: _of_function(rule, move)[kind],
            )


for _rule, _forms in OTHER_PLACES_OF_EPS.items():
    for _form, _move in _forms.items():
        variants(
            f"{_rule.lower()}_step: {_form}",
            "textbook",
            lambda rule=_rule, move=_move: {f"{rule.lower()}_step": stepping(RULES[rule], move, _unchecked)},
        )


def _refusing_nan(rule):
    def step(theta, grad, state, **hyper):
        refuse_unless(not any(np.isnan(g).any() for g in grad))
        return RULES[rule].step()(theta, grad, state, **hyper)

    return {f"{rule.lower()}_step": step}


for _rule in RULES:
    variants(f"{_rule.lower()}_step: refuses NaN", "robust", lambda rule=_rule: _refusing_nan(rule))


@variant("adam_step", "textbook")
def state_with_more_in_it(theta, grad, state, lr, betas, eps):
    stepped, new = RULES["ADAM"].step()(theta, grad, state, lr=lr, betas=betas, eps=eps)
    return tuple(stepped), new | {"history": [state["step"]], "name": "adam"}


@variant("adam_step", "textbook")
def step_number_as_an_array(theta, grad, state, lr, betas, eps):
    stepped, new = RULES["ADAM"].step()(theta, grad, state, lr=lr, betas=betas, eps=eps)
    return stepped, new | {"step": np.array(float(new["step"]))}


if importlib.util.find_spec("sklearn"):

    @variant("adam_step", "textbook")
    def scikit_learn(theta, grad, state, lr, betas, eps):
        """Its eps stands before the correction of the bias, so it is given one that makes it the same."""
        from sklearn.neural_network._stochastic_optimizers import AdamOptimizer

        t = state["step"] + 1
        root = (1 - betas[1] ** t) ** 0.5
        stepped = [p.copy() for p in theta]
        optimiser = AdamOptimizer(stepped, lr, *betas, eps * root)
        optimiser.t, optimiser.ms, optimiser.vs = state["step"], list(state["exp_avg"]), list(state["exp_avg_sq"])
        optimiser.update_params(stepped, grad)
        return stepped, {"step": optimiser.t, "exp_avg": optimiser.ms, "exp_avg_sq": optimiser.vs}
