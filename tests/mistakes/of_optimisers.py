"""Mistakes in the update rules of the optimisers."""

from collections.abc import Callable
from typing import Any

import numpy as np

from tests.mistakes.memory import as_if_contiguous
from tests.mistakes.registry import mistake
from tests.selftest.networks import refuse_unless

State = dict[str, Any]


def sgd(p, g, v, lr, momentum):
    new = momentum * v + g
    return p - lr * new, new


def adagrad(p, g, s, lr, eps):
    new = s + g**2
    return p - lr * g / (np.sqrt(new) + eps), new


def rmsprop(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g**2
    return p - lr * g / (np.sqrt(new) + eps), new


def adam(p, g, m, v, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    v = betas[1] * v + (1 - betas[1]) * g**2
    return p - lr * (m / (1 - betas[0] ** t)) / (np.sqrt(v / (1 - betas[1] ** t)) + eps), m, v


def adamax(p, g, m, u, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    u = np.maximum(betas[1] * u, np.abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


KEYS = {
    "SGD": ("momentum_buffer",),
    "ADAGRAD": ("sum",),
    "RMSPROP": ("square_avg",),
    "ADAM": ("exp_avg", "exp_avg_sq"),
    "ADAMAX": ("exp_avg", "exp_inf"),
}
RIGHT: dict[str, Callable[..., Any]] = {
    "SGD": sgd,
    "ADAGRAD": adagrad,
    "RMSPROP": rmsprop,
    "ADAM": adam,
    "ADAMAX": adamax,
}


def checked(rule, theta, grad, state):
    """Refuse what a robust implementation refuses."""
    shapes = [p.shape for p in theta]
    refuse_unless(all([a.shape for a in arrays] == shapes for arrays in (grad, *(state[k] for k in KEYS[rule]))))


def stepping(rule: str, move: Callable[..., Any], check: Callable[..., None] = checked) -> Callable[..., Any]:
    """The step that makes ``move`` of each parameter, its gradient and its state."""

    def step(theta, grad, state, **hyper):
        check(rule, theta, grad, state)
        counting = {"t": state["step"] + 1} if "step" in state else {}
        rows = [
            move(p, g, *entries, **counting, **hyper)
            for p, g, *entries in zip(theta, grad, *(state[key] for key in KEYS[rule]), strict=False)
        ]
        new: State = {key: [row[i + 1] for row in rows] for i, key in enumerate(KEYS[rule])}
        return [row[0] for row in rows], new | ({"step": counting["t"]} if counting else {})

    return step


def wrong(
    clause: str, misconception: str, bug: str | None = None
) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Record the decorated move of one parameter as a mistake in the rule that the clause is about."""
    rule = clause.partition("-")[0]

    def record(move: Callable[..., Any]) -> Callable[..., Any]:
        step = stepping(rule, move)
        step.__name__ = move.__name__
        mistake(clause, misconception, bug=bug)(step)
        return move

    return record


@wrong("SGD-VALUE", "climbs along the gradient where the loss is to be minimised")
def sgd_ascent(p, g, v, lr, momentum):
    new = momentum * v + g
    return p + lr * new, new


@wrong("SGD-VALUE", "steps along the velocity of the step before, the new gradient only enters the next one")
def sgd_stale_velocity(p, g, v, lr, momentum):
    return p - lr * v, momentum * v + g


@wrong("SGD-VALUE", "forgets the momentum")
def sgd_without_momentum(p, g, v, lr, momentum):
    return p - lr * g, g


@wrong("SGD-VALUE", "weights the gradient with 1 - momentum, as a running mean would")
def sgd_running_mean(p, g, v, lr, momentum):
    new = momentum * v + (1 - momentum) * g
    return p - lr * new, new


@wrong("SGD-VALUE", "puts the momentum on the gradient in place of the velocity")
def sgd_momentum_on_the_gradient(p, g, v, lr, momentum):
    new = v + momentum * g
    return p - lr * new, new


@wrong("SGD-VALUE", "looks ahead as Nesterov does")
def sgd_nesterov(p, g, v, lr, momentum):
    new = momentum * v + g
    return p - lr * (g + momentum * new), new


@wrong("SGD-VALUE", "takes the learning rate into the velocity")
def sgd_learning_rate_in_the_velocity(p, g, v, lr, momentum):
    new = momentum * v + lr * g
    return p - new, new


@wrong("SGD-VALUE", "returns the velocity it was given, so that no step remembers the one before")
def sgd_velocity_never_updated(p, g, v, lr, momentum):
    return p - lr * (momentum * v + g), v.copy()


@wrong("SGD-VALUE", "adds weight decay that nobody asked for")
def sgd_weight_decay(p, g, v, lr, momentum):
    new = momentum * v + g + 1e-4 * p
    return p - lr * new, new


@wrong("ADAGRAD-VALUE", "adds eps inside the root")
def adagrad_eps_inside_the_root(p, g, s, lr, eps):
    new = s + g**2
    return p - lr * g / np.sqrt(new + eps), new


@wrong("ADAGRAD-VALUE", "adds up the sizes of the gradients in place of their squares")
def adagrad_sizes(p, g, s, lr, eps):
    new = s + np.abs(g)
    return p - lr * g / (np.sqrt(new) + eps), new


@wrong("ADAGRAD-VALUE", "forgets the root")
def adagrad_without_the_root(p, g, s, lr, eps):
    new = s + g**2
    return p - lr * g / (new + eps), new


@wrong("ADAGRAD-VALUE", "divides by the sum of the steps before, without the new gradient")
def adagrad_stale_sum(p, g, s, lr, eps):
    return p - lr * g / (np.sqrt(s) + eps), s + g**2


@wrong("ADAGRAD-VALUE", "climbs along the gradient where the loss is to be minimised")
def adagrad_ascent(p, g, s, lr, eps):
    new = s + g**2
    return p + lr * g / (np.sqrt(new) + eps), new


@wrong("ADAGRAD-VALUE", "forgets what it added up before, so that every step has the same length")
def adagrad_forgets(p, g, s, lr, eps):
    new = g**2
    return p - lr * g / (np.sqrt(new) + eps), new


@wrong("ADAGRAD-VALUE", "adds up the squares over the whole array, one sum for all its elements")
def adagrad_one_sum_for_all(p, g, s, lr, eps):
    new = s + np.sum(g**2)
    return p - lr * g / (np.sqrt(new) + eps), new


@wrong("RMSPROP-VALUE", "adds eps inside the root")
def rmsprop_eps_inside_the_root(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g**2
    return p - lr * g / np.sqrt(new + eps), new


@wrong("RMSPROP-VALUE", "keeps 1 - alpha of the mean and takes alpha of the new square")
def rmsprop_decay_on_the_wrong_term(p, g, v, lr, alpha, eps):
    new = (1 - alpha) * v + alpha * g**2
    return p - lr * g / (np.sqrt(new) + eps), new


@wrong("RMSPROP-VALUE", "adds up the squares as AdaGrad does")
def rmsprop_adds_up(p, g, v, lr, alpha, eps):
    new = alpha * v + g**2
    return p - lr * g / (np.sqrt(new) + eps), new


@wrong("RMSPROP-VALUE", "forgets the root")
def rmsprop_without_the_root(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g**2
    return p - lr * g / (new + eps), new


@wrong("RMSPROP-VALUE", "divides by the mean of the steps before, without the new gradient")
def rmsprop_stale_mean(p, g, v, lr, alpha, eps):
    return p - lr * g / (np.sqrt(v) + eps), alpha * v + (1 - alpha) * g**2


@wrong("RMSPROP-VALUE", "takes the mean of the gradients in place of their squares")
def rmsprop_mean_of_the_gradients(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g
    return p - lr * g / (np.sqrt(np.abs(new)) + eps), new


@wrong("RMSPROP-VALUE", "corrects the bias as Adam does")
def rmsprop_bias_corrected(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g**2
    return p - lr * g / (np.sqrt(new / (1 - alpha)) + eps), new


@wrong("RMSPROP-VALUE", "climbs along the gradient where the loss is to be minimised")
def rmsprop_ascent(p, g, v, lr, alpha, eps):
    new = alpha * v + (1 - alpha) * g**2
    return p + lr * g / (np.sqrt(new) + eps), new


def _adam(p, m, v, t, lr, betas, eps, corrected_m=True, corrected_v=True):
    m_hat = m / (1 - betas[0] ** t) if corrected_m else m
    v_hat = v / (1 - betas[1] ** t) if corrected_v else v
    return p - lr * m_hat / (np.sqrt(v_hat) + eps), m, v


def _means(g, m, v, betas):
    return betas[0] * m + (1 - betas[0]) * g, betas[1] * v + (1 - betas[1]) * g**2


@wrong("ADAM-VALUE", "does not correct the bias of its means to 0")
def adam_without_bias_correction(p, g, m, v, t, lr, betas, eps):
    return _adam(p, *_means(g, m, v, betas), t, lr, betas, eps, corrected_m=False, corrected_v=False)


@wrong("ADAM-VALUE", "corrects the bias of the mean of the gradients and forgets that of their squares")
def adam_second_bias_forgotten(p, g, m, v, t, lr, betas, eps):
    return _adam(p, *_means(g, m, v, betas), t, lr, betas, eps, corrected_v=False)


@wrong("ADAM-VALUE", "corrects the bias by the number of steps before this one, one too few")
def adam_step_number_one_too_small(p, g, m, v, t, lr, betas, eps):
    return _adam(p, *_means(g, m, v, betas), max(t - 1, 1), lr, betas, eps)


@wrong("ADAM-VALUE", "corrects the bias by the decay times the step number in place of its power")
def adam_product_for_a_power(p, g, m, v, t, lr, betas, eps):
    m, v = _means(g, m, v, betas)
    return p - lr * (m / (1 - betas[0] * t)) / (np.sqrt(np.abs(v / (1 - betas[1] * t))) + eps), m, v


@wrong("ADAM-VALUE", "adds eps inside the root")
def adam_eps_inside_the_root(p, g, m, v, t, lr, betas, eps):
    m, v = _means(g, m, v, betas)
    return p - lr * (m / (1 - betas[0] ** t)) / np.sqrt(v / (1 - betas[1] ** t) + eps), m, v


@wrong(
    "ADAM-VALUE",
    "adds eps before the correction of the bias, as the paper's second form of the algorithm does",
    bug="pytorch PR22628,#2060",
)
def adam_eps_before_the_correction(p, g, m, v, t, lr, betas, eps):
    m, v = _means(g, m, v, betas)
    rate = lr * np.sqrt(1 - betas[1] ** t) / (1 - betas[0] ** t)
    return p - rate * m / (np.sqrt(v) + eps), m, v


@wrong("ADAM-VALUE", "returns the corrected means as the new state, which are then corrected again")
def adam_corrected_state(p, g, m, v, t, lr, betas, eps):
    m, v = _means(g, m, v, betas)
    m, v = m / (1 - betas[0] ** t), v / (1 - betas[1] ** t)
    return p - lr * m / (np.sqrt(v) + eps), m, v


@wrong("ADAM-VALUE", "takes the two betas the wrong way round")
def adam_betas_exchanged(p, g, m, v, t, lr, betas, eps):
    return adam(p, g, m, v, t, lr, betas[::-1], eps)


@wrong("ADAM-VALUE", "puts each decay on the new term and 1 - beta on the mean")
def adam_decay_on_the_wrong_term(p, g, m, v, t, lr, betas, eps):
    return adam(p, g, m, v, t, lr, (1 - betas[0], 1 - betas[1]), eps)


@wrong("ADAM-VALUE", "squares the running mean in place of the gradient")
def adam_square_of_the_mean(p, g, m, v, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    return _adam(p, m, betas[1] * v + (1 - betas[1]) * m**2, t, lr, betas, eps)


@wrong("ADAM-VALUE", "steps along the gradient in place of its running mean, as RMSprop does")
def adam_step_along_the_gradient(p, g, m, v, t, lr, betas, eps):
    m, v = _means(g, m, v, betas)
    return p - lr * g / (np.sqrt(v / (1 - betas[1] ** t)) + eps), m, v


@wrong("ADAM-VALUE", "climbs along the gradient where the loss is to be minimised")
def adam_ascent(p, g, m, v, t, lr, betas, eps):
    stepped, m, v = adam(p, g, m, v, t, lr, betas, eps)
    return 2 * p - stepped, m, v


@wrong("ADAM-VALUE", "uses the betas of the paper whatever it is told")
def adam_betas_of_the_paper(p, g, m, v, t, lr, betas, eps):
    return adam(p, g, m, v, t, lr, (0.9, 0.999), eps)


@wrong("ADAM-VALUE", "keeps the largest mean of the squares, as AMSGrad does")
def adam_amsgrad(p, g, m, v, t, lr, betas, eps):
    m, new = _means(g, m, v, betas)
    return _adam(p, m, np.maximum(v, new), t, lr, betas, eps)


@mistake("ADAM-VALUE", "counts its steps itself, whatever the state says", remembers=True)
def adam_own_counter():
    calls = iter(range(1, 10**9))
    return stepping("ADAM", lambda *args, t, **hyper: adam(*args, t=next(calls), **hyper))


@mistake("ADAM-VALUE", "counts a step for each parameter")
def adam_step_for_each_parameter(theta, grad, state, **hyper):
    stepped, new = stepping("ADAM", adam)(theta, grad, state, **hyper)
    return stepped, new | {"step": state["step"] + len(theta)}


@wrong("ADAMAX-VALUE", "does not correct the bias of the mean to 0")
def adamax_without_bias_correction(p, g, m, u, t, lr, betas, eps):
    _, m, u = adamax(p, g, m, u, t, lr, betas, eps)
    return p - lr * m / u, m, u


@wrong("ADAMAX-VALUE", "corrects the bias of the maximum, which has none")
def adamax_second_correction(p, g, m, u, t, lr, betas, eps):
    _, m, u = adamax(p, g, m, u, t, lr, betas, eps)
    return p - lr / (1 - betas[0] ** t) * m / (u / (1 - betas[1] ** t)), m, u


@wrong("ADAMAX-VALUE", "takes the maximum over the whole array")
def adamax_largest_of_the_array(p, g, m, u, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    u = np.maximum(betas[1] * u, np.max(np.abs(g)) + eps)
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


@wrong("ADAMAX-VALUE", "does not let the maximum decay")
def adamax_maximum_never_decays(p, g, m, u, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    u = np.maximum(u, np.abs(g) + eps)
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


@wrong("ADAMAX-VALUE", "takes the larger of the gradient and the maximum, not of their sizes")
def adamax_sign_kept(p, g, m, u, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    u = np.maximum(betas[1] * u, g + eps)
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


@wrong("ADAMAX-VALUE", "takes the root of the maximum, as Adam does of the mean of the squares")
def adamax_root_of_the_maximum(p, g, m, u, t, lr, betas, eps):
    _, m, u = adamax(p, g, m, u, t, lr, betas, eps)
    return p - lr / (1 - betas[0] ** t) * m / np.sqrt(u), m, u


@wrong("ADAMAX-VALUE", "takes the sum in place of the maximum")
def adamax_sum_for_a_maximum(p, g, m, u, t, lr, betas, eps):
    m = betas[0] * m + (1 - betas[0]) * g
    u = betas[1] * u + np.abs(g) + eps
    return p - lr / (1 - betas[0] ** t) * m / u, m, u


@wrong("ADAMAX-VALUE", "climbs along the gradient where the loss is to be minimised")
def adamax_ascent(p, g, m, u, t, lr, betas, eps):
    stepped, m, u = adamax(p, g, m, u, t, lr, betas, eps)
    return 2 * p - stepped, m, u


# The same in every rule.


def _of_every_rule(rule: str, right: Callable[..., Any]) -> None:
    named = right.__name__

    def record(clause: str, name: str, misconception: str, step: Callable[..., Any], remembers: bool = False) -> None:
        step.__name__ = f"{named} {name}"
        mistake(f"{rule}-{clause}", misconception, remembers=remembers)(step)

    def never_at_rest(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        still = all(not g.any() for g in grad)
        return [p - 1e-3 * hyper["lr"] if still else p for p in stepped], new

    def default_rate(theta, grad, state, lr, **hyper):
        return stepping(rule, right)(theta, grad, state, lr=lr or 0.01, **hyper)

    def in_place(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        for p, moved in zip(theta, stepped, strict=True):
            p[...] = moved
        return theta, new

    def state_in_place(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        for key in KEYS[rule]:
            for old, entry in zip(state[key], new[key], strict=True):
                old[...] = entry
        return stepped, new

    def last_state():
        """Goes on from its own state once it has one that fits."""
        before: dict[Any, State] = {}

        def step(theta, grad, state, **hyper):
            shapes = tuple(p.shape for p in theta)
            own = {**before.get(shapes, state), **({"step": state["step"]} if "step" in state else {})}
            stepped, before[shapes] = stepping(rule, right)(theta, grad, own, **hyper)
            return stepped, {key: [one.copy() for one in before[shapes][key]] for key in KEYS[rule]} | {
                key: value for key, value in before[shapes].items() if key == "step"
            }

        return step

    def accumulating():
        """Adds the gradients of one batch to those of the batches before, until other parameters come."""
        total: dict[Any, list[np.ndarray]] = {}

        def step(theta, grad, state, **hyper):
            key = tuple(p.shape for p in theta)
            before = total.get(key, [np.zeros_like(g) for g in grad])
            total[key] = [old + g for old, g in zip(before, grad, strict=True)]
            return stepping(rule, right)(theta, total[key], state, **hyper)

        return step

    def stale():
        """Steps along the gradient of the call before."""
        last: dict[Any, list[np.ndarray]] = {}

        def step(theta, grad, state, **hyper):
            key = tuple(p.shape for p in theta)
            used, last[key] = last.get(key, grad), [g.copy() for g in grad]
            return stepping(rule, right)(theta, used, state, **hyper)

        return step

    def always_float64(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        return [np.asarray(p, np.float64) for p in stepped], new

    def state_in_float64(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        return stepped, {
            key: entry if key == "step" else [one.astype(np.float64) for one in entry] for key, entry in new.items()
        }

    def in_half(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        return [p.astype(np.float16).astype(p.dtype) if p.dtype == np.float32 else p for p in stepped], new

    def wherever_it_lies(theta, grad, state, **hyper):
        return stepping(rule, right)(theta, [as_if_contiguous(g) for g in grad], state, **hyper)

    def nan_for_zero(theta, grad, state, **hyper):
        return stepping(rule, right)(theta, [np.nan_to_num(g, nan=0.0) for g in grad], state, **hyper)

    def nan_everywhere(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        spoilt = any(np.isnan(g).any() for g in grad)
        return [np.full_like(p, np.nan) if spoilt else p for p in stepped], new

    def in_blocks(theta, grad, state, **hyper):
        stepped, new = stepping(rule, right)(theta, grad, state, **hyper)
        for p, old in zip(stepped, theta, strict=True):
            if p.size > 8:
                p.flat[p.size - p.size % 4 :] = old.flat[p.size - p.size % 4 :]
        return stepped, new

    def zipped(theta, grad, state, **hyper):
        return stepping(rule, right, check=lambda *arguments: None)(theta, grad, state, **hyper)

    record("REST", "never at rest", "drifts on where there is no gradient", never_at_rest)
    record(
        "REST", "default rate", "takes a learning rate of 0 for none given and falls back to a default", default_rate
    )
    record("PURE", "in place", "moves the parameters it was given in place", in_place)
    record("PURE", "state in place", "updates the state it was given in place", state_in_place)
    record("VALUE", "own state", "goes on from a state of its own, whatever it is given", last_state, remembers=True)
    record(
        "RUN", "accumulated", "adds the gradients of all calls up, as without zero_grad", accumulating, remembers=True
    )
    record("RUN", "stale", "steps along the gradient of the call before", stale, remembers=True)
    record("DTYPE", "float64", "gives float64 whatever it was given", always_float64)
    record("DTYPE", "state in float64", "keeps its state in float64 whatever it was given", state_in_float64)
    record("DTYPE", "in half precision", "computes float32 parameters in half precision", in_half)
    record("LAYOUT", "as if contiguous", "reads the gradient's memory as if it were contiguous", wherever_it_lies)
    record("NAN", "nan ignored", "takes a NaN in a gradient for 0", nan_for_zero)
    record("NAN", "nan everywhere", "makes every parameter NaN where one gradient has a NaN", nan_everywhere)
    record("LONG", "blocks of four", "leaves out the elements after the last whole block of four", in_blocks)
    record("SHAPES", "zipped", "stops at the shortest list and broadcasts what does not fit", zipped)


for _rule, _right in RIGHT.items():
    _of_every_rule(_rule, _right)
