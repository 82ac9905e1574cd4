"""Known mistakes of the optimisers: edits of the rules' text, and habits that befall the step of every rule."""

from collections.abc import Mapping
from functools import partial

import numpy as np

from tests.mistakes.operators import mapped
from tests.mistakes.registry import Wrong, record, remembering
from tests.mistakes.rules import RULES, Rule, stepping

ANY_RULE = {
    "climbs along the gradient where the loss is to be minimised": ("p = p - lr", "p = p + lr"),
    "gives the step alone, without the parameter it starts from": ("p = p - lr", "p = -lr"),
    "uses the learning rate twice": ("p - lr", "p - lr * lr"),
    "takes half the learning rate": ("p - lr", "p - lr / 2"),
    "scales the parameter by 1 - lr, which is weight decay": ("p = p - lr", "p = (1 - lr) * p - lr"),
}
# fmt: off
EDITS: Mapping[str, Mapping[str, tuple[str, ...]]] = {
    "SGD": {
        "steps along the velocity of the step before": ("v = ", "old, v = v, ", "lr * v", "lr * old"),
        "forgets the momentum": ("momentum * v + g", "g"),
        "weights the gradient with 1 - momentum, as a running mean would": ("+ g", "+ (1 - momentum) * g"),
        "puts the momentum on the gradient in place of the velocity": ("momentum * v + g", "v + momentum * g"),
        "looks ahead as Nesterov does": ("lr * v", "lr * (g + momentum * v)"),
        "takes the learning rate into the velocity": ("+ g", "+ lr * g", "lr * v", "v"),
        "returns the velocity it was given": ("v = ", "w = ", "lr * v", "lr * w"),
        "adds weight decay that nobody asked for": ("+ g", "+ g + 1e-4 * p"),
        "subtracts the gradient from the velocity": ("+ g", "- g"),
        "adds the velocity without its momentum": ("momentum * v", "v"),
        "squares the momentum": ("momentum * v", "momentum**2 * v"),
        "steps along the gradient and keeps the velocity for nothing": ("lr * v", "lr * g"),
        "takes the sign of the velocity": ("lr * v", "lr * np.sign(v)"),
    },
    "ADAGRAD": {
        "adds eps inside the root": ("sqrt(s) + eps", "sqrt(s + eps)"),
        "adds up the sizes of the gradients in place of their squares": ("g**2", "abs(g)"),
        "forgets the root": ("sqrt(s)", "s"),
        "divides by the sum of the steps before": ("s = ", "old, s = s, ", "sqrt(s)", "sqrt(old)"),
        "forgets what it added up before, so that every step has the same length": ("s + g**2", "g**2"),
        "adds up the squares over the whole array": ("g**2", "np.sum(g**2)"),
        "leaves out eps": (" + eps", ""),
        "multiplies by the root where it should divide": ("g / (", "g * ("),
        "returns the sum it was given": ("s = ", "w = ", "sqrt(s)", "sqrt(w)"),
        "takes the mean of the sum and the new square": ("s + g**2", "(s + g**2) / 2"),
        "forgets the learning rate's gradient and steps by its sign": ("lr * g", "lr * np.sign(g)"),
    },
    "RMSPROP": {
        "adds eps inside the root": ("sqrt(v) + eps", "sqrt(v + eps)"),
        "keeps 1 - alpha of the mean and takes alpha of the new square":
            ("alpha * v + (1 - alpha) * g**2", "(1 - alpha) * v + alpha * g**2"),
        "adds up the squares as AdaGrad does": ("(1 - alpha) * g**2", "g**2"),
        "forgets the root": ("sqrt(v)", "v"),
        "divides by the mean of the steps before": ("v = ", "old, v = v, ", "sqrt(v)", "sqrt(old)"),
        "takes the mean of the gradients in place of their squares": ("g**2", "g", "sqrt(v)", "sqrt(abs(v))"),
        "corrects the bias as Adam does": ("sqrt(v)", "sqrt(v / (1 - alpha))"),
        "subtracts the square of the mean gradient, as the centred form does": ("sqrt(v)", "sqrt(v - (v * alpha) ** 2)"),
        "multiplies by the root where it should divide": ("g / (", "g * ("),
        "returns the mean it was given": ("v = ", "w = ", "sqrt(v)", "sqrt(w)"),
        "decays by the root of alpha": ("alpha * v", "sqrt(alpha) * v"),
        "takes the mean of the squares over the whole array": ("g**2", "np.mean(g**2)"),
    },
    "ADAM": {
        "does not correct the bias of its means to 0": ("m / (1 - b1**t)", "m", "v / (1 - b2**t)", "v"),
        "forgets to correct the bias of the squares": ("v / (1 - b2**t)", "v"),
        "forgets to correct the bias of the mean": ("m / (1 - b1**t)", "m"),
        "multiplies by the correction where it should divide": ("m / (1", "m * (1", "v / (1", "v * (1"),
        "corrects the bias by the number of steps before this one": ("**t", "**max(t - 1, 1)"),
        "corrects the bias by the number of steps after this one": ("**t", "**(t + 1)"),
        "corrects the bias as if every step were the first": ("**t", ""),
        "corrects the bias by the decay times the step number": ("**t", " * t", "sqrt(v", "sqrt(abs(v", "t)) +", "t))) +"),
        "corrects the bias by 1 + beta^t": ("(1 - b1**t)", "(1 + b1**t)", "(1 - b2**t)", "(1 + b2**t)"),
        "corrects both means by the first decay": ("b2**t", "b1**t"),
        "adds eps inside the root": ("(1 - b2**t)) + eps", "(1 - b2**t) + eps)"),
        "returns the corrected means as the new state": (
            "\np = ", "\nm, v = m / (1 - b1**t), v / (1 - b2**t)\np = ",
            "* (m / (1 - b1**t)) / (sqrt(v / (1 - b2**t))", "* m / (sqrt(v)",
        ),
        "takes the two betas the wrong way round": ("m = ", "b1, b2 = b2, b1\nm = "),
        "puts each decay on the new term and 1 - beta on the mean": ("m = ", "b1, b2 = 1 - b1, 1 - b2\nm = "),
        "squares the running mean in place of the gradient": ("g**2", "m**2"),
        "takes the size of the gradient in place of its square": ("g**2", "abs(g)"),
        "steps along the gradient in place of its running mean, as RMSprop does": ("m / (1 - b1**t)", "g"),
        "uses the betas of the paper whatever it is told": ("m = ", "b1, b2 = 0.9, 0.999\nm = "),
        "keeps the largest mean of the squares, as AMSGrad does": ("v = ", "v = maximum(v, ", "g**2", "g**2)"),
        "forgets the root": ("sqrt(v / (1 - b2**t))", "v / (1 - b2**t)"),
        "adds up the squares as AdaGrad does": ("b2 * v + (1 - b2) * g**2", "v + g**2"),
        "steps without the mean of the squares": (" / (sqrt(v / (1 - b2**t)) + eps)", ""),
        "looks ahead as Nadam does": ("(m / (1 - b1**t))", "((b1 * m + (1 - b1) * g) / (1 - b1**t))"),
        "takes the square of the distance to the mean, as AdaBelief does": ("g**2", "(g - m) ** 2"),
    },
    "ADAMAX": {
        "does not correct the bias of the mean to 0": (" / (1 - b1**t)", ""),
        "corrects the bias of the maximum, which has none": ("m / u", "m / (u / (1 - b2**t))"),
        "takes the maximum over the whole array": ("abs(g) + eps", "np.max(abs(g)) + eps"),
        "does not let the maximum decay": ("b2 * u", "u"),
        "takes the larger of the gradient and the maximum, not of their sizes": ("abs(g)", "g"),
        "takes the root of the maximum, as Adam does of the mean of the squares": ("m / u", "m / sqrt(u)"),
        "takes the sum in place of the maximum": ("maximum(b2 * u, abs(g) + eps)", "b2 * u + abs(g) + eps"),
        "takes the minimum in place of the maximum": ("maximum(", "np.minimum("),
        "squares the gradient in the maximum": ("abs(g)", "g**2"),
        "multiplies by the correction where it should divide": ("lr / (1", "lr * (1"),
        "takes the two betas the wrong way round": ("m = ", "b1, b2 = b2, b1\nm = "),
        "corrects the bias by the number of steps before this one": ("**t", "**max(t - 1, 1)"),
        "steps along the gradient in place of its running mean": ("* m / u", "* g / u"),
        "takes the mean of the squares, as Adam does": ("maximum(b2 * u, abs(g) + eps)", "b2 * u + (1 - b2) * g**2 + eps"),
    },
}  # fmt: skip
# fmt: on

COUNTS = {
    "does not count its steps": "step",
    "counts a step for each parameter": "step + arrays",
    "counts two steps for one": "step + 2",
}
BUGS = {"adds eps before the correction of the bias, as the paper's second form does": "pytorch PR22628,#2060"}
PAPER = ("sqrt(v / (1 - b2**t)) + eps", "(sqrt(v) + eps) / sqrt(1 - b2**t)")


def of_rule(rule: Rule, *edits: str, count: str = "step + 1", bug: str | None = None) -> Wrong:
    """The step of the edited rule, whose text is compiled when it is asked for."""
    counting = Rule(rule.entries, rule.hyper, rule.text, count)
    return Wrong(lambda: counting.edited(*edits).step(), bug)


def own_counter():
    calls = iter(range(1, 10**9))
    move = RULES["ADAM"].move()
    return stepping(RULES["ADAM"], lambda *args, t, **hyper: move(*args, t=next(calls), **hyper), RULES["ADAM"].checked)


for _name, _edits in EDITS.items():
    _rule = RULES[_name]
    record(
        {f"{_name}-VALUE": {what: of_rule(_rule, *edits) for what, edits in (dict(ANY_RULE) | dict(_edits)).items()}},
        family="edit of a rule",
    )
    if "t" in _rule.hyper.split(", "):
        record({f"{_name}-VALUE": {what: of_rule(_rule, count=count) for what, count in COUNTS.items()}})
for _what, _bug in BUGS.items():
    # fmt: off
    record({
    "ADAM-VALUE": {
        _what: of_rule(RULES["ADAM"], *PAPER, bug=_bug),
    }})
    # fmt: on
# fmt: off
record({
"ADAM-VALUE": {
    "counts its steps itself, whatever the state says": remembering(own_counter),
}})
# fmt: on


# Habits of every step


def never_at_rest(step, theta, grad, state, **hyper):
    stepped, new = step(theta, grad, state, **hyper)
    return [p - 1e-3 * hyper["lr"] if not any(g.any() for g in grad) else p for p in stepped], new


def eps_on_the_gradient(step, theta, grad, state, **hyper):
    return step(theta, [g + 1e-15 for g in grad], state, **hyper)


def in_place(step, theta, grad, state, **hyper):
    stepped, new = step(theta, grad, state, **hyper)
    for p, moved in zip(theta, stepped, strict=True):
        p[...] = moved
    return theta, new


def state_in_place(step, theta, grad, state, **hyper):
    stepped, new = step(theta, grad, state, **hyper)
    state.update(new)
    return stepped, state


def arrays_of_the_state_in_place(step, theta, grad, state, **hyper):
    stepped, new = step(theta, grad, state, **hyper)
    for key, entries in new.items():
        if key != "step":
            for old, entry in zip(state[key], entries, strict=True):
                old[...] = entry
    return stepped, new


def state_in_float64(step, *arguments, **hyper):
    stepped, new = step(*arguments, **hyper)
    return stepped, mapped(lambda one: one.astype(np.float64) if isinstance(one, np.ndarray) else one, new)


def parameters_in_half(step, *arguments, **hyper):
    stepped, new = step(*arguments, **hyper)
    return [p.astype(np.float16).astype(p.dtype) if p.dtype == np.float32 else p for p in stepped], new


def only_where_a_gradient_is_a_number(step, theta, grad, state, **hyper):
    stepped, new = step(theta, grad, state, **hyper)
    return [np.where(np.isnan(g), p, moved) for p, g, moved in zip(theta, grad, stepped, strict=True)], new


def unless_one_is_nan(step, theta, grad, state, **hyper):
    stepped, new = step(theta, grad, state, **hyper)
    return (theta if any(np.isnan(g).any() for g in grad) else stepped), new


def last_state(step):
    """Goes on from its own state once it has one that fits."""
    before = {}

    def wrong(theta, grad, state, **hyper):
        shapes = tuple(p.shape for p in theta)
        own = before.get(shapes, state) | ({"step": state["step"]} if "step" in state else {})
        stepped, before[shapes] = step(theta, grad, own, **hyper)
        return stepped, mapped(lambda one: one.copy() if isinstance(one, np.ndarray) else one, before[shapes])

    return wrong


def gradients_added_up(step):
    total = {}

    def wrong(theta, grad, state, **hyper):
        shapes = tuple(p.shape for p in theta)
        total[shapes] = [old + g for old, g in zip(total.get(shapes, [0] * len(grad)), grad, strict=True)]
        return step(theta, total[shapes], state, **hyper)

    return wrong


def gradient_of_the_call_before(step):
    last = {}

    def wrong(theta, grad, state, **hyper):
        shapes = tuple(p.shape for p in theta)
        used, last[shapes] = last.get(shapes, grad), [g.copy() for g in grad]
        return step(theta, used, state, **hyper)

    return wrong


def checking(fits, rule):
    """The step that asks for nothing but this."""

    def check(theta, grad, state):
        if not fits(theta, grad, [state[key] for key in rule.entries.values()]):
            raise ValueError("the shapes do not fit together")

    return Wrong(lambda: stepping(rule, rule.move(), check))


def shapes(arrays):
    return [one.shape for one in arrays]


def befallen(habit, rule):
    return Wrong(lambda: partial(habit, rule.step()))


def remembered(habit, rule):
    return Wrong(lambda: habit(rule.step()))


for _name, _rule in RULES.items():
    # fmt: off
    record({
    f"{_name}-REST": {
        "drifts on where there is no gradient": befallen(never_at_rest, _rule),
        "takes a learning rate of 0 for none given and falls back to a default":
            befallen(lambda step, *arguments, lr, **hyper: step(*arguments, lr=lr or 0.01, **hyper), _rule),
        "adds an eps to the gradient": befallen(eps_on_the_gradient, _rule),
    }, f"{_name}-PURE": {
        "moves the parameters it was given in place": befallen(in_place, _rule),
        "puts the new arrays into the state it was given": befallen(state_in_place, _rule),
        "writes the new state over the arrays of the old": befallen(arrays_of_the_state_in_place, _rule),
    }, f"{_name}-VALUE": {
        "goes on from a state of its own, whatever it is given": remembered(last_state, _rule),
    }, f"{_name}-RUN": {
        "adds the gradients of all calls up, as without zero_grad": remembered(gradients_added_up, _rule),
        "steps along the gradient of the call before": remembered(gradient_of_the_call_before, _rule),
    }, f"{_name}-DTYPE": {
        "keeps its state in float64 whatever it was given": befallen(state_in_float64, _rule),
        "keeps float32 parameters in half precision": befallen(parameters_in_half, _rule),
    }, f"{_name}-NAN": {
        "leaves a parameter where it is if its gradient is NaN": befallen(only_where_a_gradient_is_a_number, _rule),
        "leaves the whole step out where a gradient is NaN": befallen(unless_one_is_nan, _rule),
    }, f"{_name}-SHAPES": {
        "stops at the shortest list and broadcasts what does not fit": checking(lambda *given: True, _rule),
        "looks at the shapes of the gradients and not at the state's":
            checking(lambda theta, grad, entries: shapes(grad) == shapes(theta), _rule),
        "looks at the shapes of the state and not at the gradients'":
            checking(lambda theta, grad, entries: all(shapes(one) == shapes(theta) for one in entries), _rule),
        "counts the arrays and does not look at their shapes":
            checking(lambda theta, grad, entries: all(len(one) == len(theta) for one in (grad, *entries)), _rule),
    }}, family="steps")
    # fmt: on
