"""Known mistakes of the optimisers: edits of the rules' text, and habits that befall the step of every rule."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import numpy as np

from tests.mistakes.networks import refuse_unless
from tests.mistakes.operators import mapped
from tests.mistakes.registry import Wrong, record, remembering
from tests.mistakes.rules import RULES, Rule, stepping

# fmt: off
ANY_RULE = {
    "climbs along the gradient where the loss is to be minimised": ("p = p - lr", "p = p + lr"),
    "gives the step alone, without the parameter it starts from": ("p = p - lr", "p = -lr"),
    "uses the learning rate twice": ("p - lr", "p - lr * lr"),
    "takes half the learning rate": ("p - lr", "p - lr / 2"),
    "scales the parameter by 1 - lr, which is weight decay": ("p = p - lr", "p = (1 - lr) * p - lr"),
}
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
        "adds the new square without its weight 1 - alpha": ("(1 - alpha) * g**2", "g**2"),
        "forgets the root": ("sqrt(v)", "v"),
        "divides by the mean of the steps before": ("v = ", "old, v = v, ", "sqrt(v)", "sqrt(old)"),
        "takes the mean of the gradients in place of their squares": ("g**2", "g", "sqrt(v)", "sqrt(abs(v))"),
        "corrects the bias as Adam does": ("sqrt(v)", "sqrt(v / (1 - alpha))"),
        "subtracts the square of the mean, as the centred form does": ("sqrt(v)", "sqrt(v - (v * alpha) ** 2)"),
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
        "corrects the bias by the number of steps before this one, and divides by 0 in the first": ("**t", "**(t - 1)"),
        "corrects the bias by the number of steps after this one": ("**t", "**(t + 1)"),
        "corrects the bias as if every step were the first": ("**t", ""),
        "corrects the bias as if every step were the second: beta^2 for beta^t": ("**t", "**2"),
        "corrects the bias by the decay times the step number":
            ("**t", " * t", "sqrt(v", "sqrt(abs(v", "t)) +", "t))) +"),
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
        "takes the mean of the squares, as Adam does":
            ("maximum(b2 * u, abs(g) + eps)", "b2 * u + (1 - b2) * g**2 + eps"),
    },
}

COUNTS = {"does not count its steps": "step", "counts a step for each parameter": "step + arrays"}
OF_EPS = ("adds eps inside the root", "leaves out eps")
"""Of these the textbook level sees nothing."""
PAPER = ("sqrt(v / (1 - b2**t)) + eps", "(sqrt(v) + eps) / sqrt(1 - b2**t)")

def of_rule(rule: Rule, *edits: str, bug: str | None = None) -> Wrong:
    """The step of the edited rule, whose text is compiled when it is asked for."""
    return Wrong(lambda: rule.edited(*edits).step(), bug)

def own_counter():
    calls, move = iter(range(1, 10**9)), RULES["ADAM"].move()
    return stepping(RULES["ADAM"], lambda *args, t, **hyper: move(*args, t=next(calls), **hyper))

for _name, _edits in EDITS.items():
    for what, edits in {**ANY_RULE, **_edits}.items():
        _id = f"{_name}-EPS" if what in OF_EPS else f"{_name}-VALUE"
        record({_id: {what: of_rule(RULES[_name], *edits)}}, family="edit of a rule")
for _name in ("ADAM", "ADAMAX"):
    record({f"{_name}-VALUE": {what: of_rule(replace(RULES[_name], count=count)) for what, count in COUNTS.items()}})
_paper = of_rule(RULES["ADAM"], *PAPER, bug="pytorch PR22628,#2060")
record(
    {
        "ADAM-EPS": {"adds eps before the correction of the bias, as the paper's second form does": _paper},
        "ADAM-VALUE": {
            "counts its steps itself, whatever the state says": remembering(own_counter),
        }
    }
)

# Habits of every step: what becomes of its arguments or of its result.

def before(change):
    """The right step of other arguments. ``change`` takes theta, grad, state and lr and gives them."""
    return lambda step, theta, grad, state, lr, **hyper: (lambda p, g, s, rate: step(p, g, s, lr=rate, **hyper))(
        *change(theta, grad, state, lr)
    )

def after(change):
    """``change`` takes what the right step gave, theta and state, and what it was given; it gives theta and state."""
    return lambda step, *given, **hyper: change(*step(*given, **hyper), *given)

def written(arrays, values):
    """The arrays, with the values written into them."""
    for array, value in zip(arrays, values, strict=True):
        array[...] = value
    return arrays

def as_float64(tree):
    return mapped(lambda one: one.astype(np.float64) if isinstance(one, np.ndarray) else one, tree)

def has_past(state):
    return any(np.any(one) for key in state for one in (state[key] if key != "step" else ()))

def in_half(p):
    return p.astype(np.float16).astype(p.dtype) if p.dtype == np.float32 else p

def shapes(arrays):
    return [one.shape for one in arrays]

HABITS = {
"REST": {
    "takes a learning rate of 0 for none given and falls back to a default":
        before(lambda theta, grad, state, lr: (theta, grad, state, lr or 0.01)),
}, "ZERO": {
    "drifts on where there is no gradient":
        after(lambda p, new, theta, grad, state: ([a - 1e-5 * (not any(map(np.any, grad))) for a in p], new)),
    "adds an eps to the gradient":
        before(lambda theta, grad, state, lr: (theta, [g + 1e-15 for g in grad], state, lr)),
}, "PURE": {
    "moves the parameters it was given in place": after(lambda p, new, theta, *given: (written(theta, p), new)),
    "puts the new arrays into the state it was given": after(lambda p, new, *given: (p, given[2].update(new) or new)),
}, "DTYPE": {
    "keeps its state in float64 whatever it was given": after(lambda p, new, *given: (p, as_float64(new))),
    "keeps float32 parameters in half precision": after(lambda p, new, *given: (list(map(in_half, p)), new)),
}, "STEPS": {
    "only takes the state down in the first step, and does not move": after(
        lambda p, new, theta, grad, state: (p if has_past(state) else [one.copy() for one in theta], new)
    ),
}, "PATH": {
    "makes float64 of float32 parameters in the first step":
        after(lambda p, new, theta, grad, state: (p if has_past(state) else as_float64(p), new)),
}, "NAN": {
    "leaves a parameter where it is if its gradient is NaN": after(lambda p, new, theta, grad, state: (
        [np.where(np.isnan(g), old, a) for a, old, g in zip(p, theta, grad, strict=True)], new
    )),
    "leaves the whole step out where a gradient is NaN":
        after(lambda p, new, theta, grad, state: (theta if any(np.isnan(g).any() for g in grad) else p, new)),
    "sets a parameter that has become NaN back to 0, unless its gradient is NaN": after(
        lambda p, new, theta, grad, state: (
            [np.where(np.isnan(old), 0, a) for a, old in zip(p, theta, strict=True)], new
        )
    ),
}}
CHECKS = {
    "stops at the shortest list and broadcasts what does not fit": lambda theta, grad, entries: True,
    "looks at the shapes of the gradients and not at the state's":
        lambda theta, grad, entries: shapes(grad) == shapes(theta),
    "looks at the shapes of the state and not at the gradients'":
        lambda theta, grad, entries: all(shapes(one) == shapes(theta) for one in entries),
    "counts the arrays and does not look at their shapes":
        lambda theta, grad, entries: all(len(one) == len(theta) for one in (grad, *entries)),
}

def last_state(step):
    """Goes on from its own state once it has one that fits."""
    kept = {}

    def wrong(theta, grad, state, **hyper):
        key = tuple(shapes(theta))
        own = kept.get(key, state) | ({"step": state["step"]} if "step" in state else {})
        stepped, kept[key] = step(theta, grad, own, **hyper)
        return stepped, mapped(lambda one: one.copy() if isinstance(one, np.ndarray) else one, kept[key])

    return wrong

def of_gradients_so_far(used):
    """The step along what ``used`` makes of the gradients of the call before and of now."""

    def remembering_gradients(step):
        kept = {}

        def wrong(theta, grad, state, **hyper):
            key = tuple(shapes(theta))
            now, kept[key] = used(kept.get(key), grad)
            return step(theta, now, state, **hyper)

        return wrong

    return remembering_gradients

def added_up(last, grad):
    total = grad if last is None else [old + g for old, g in zip(last, grad, strict=True)]
    return total, [g.copy() for g in total]

def one_late(last, grad):
    return last or grad, [g.copy() for g in grad]

MEMORIES = {
    "VALUE": {"goes on from a state of its own, whatever it is given": last_state},
    "RUN": {
        "adds the gradients of all calls up, as without zero_grad": of_gradients_so_far(added_up),
        "steps along the gradient of the call before": of_gradients_so_far(one_late),
    },
}

def checking(fits, rule):
    def check(theta, grad, state):
        refuse_unless(fits(theta, grad, [state[key] for key in rule.entries.values()]))

    return Wrong(lambda: stepping(rule, rule.move(), check))

for _name, _rule in RULES.items():
    for _clause, _habits in HABITS.items():
        _wrong = {what: Wrong(lambda r=_rule, habit=habit: partial(habit, r.step())) for what, habit in _habits.items()}
        record({f"{_name}-{_clause}": _wrong}, family="steps")
    for _clause, _habits in MEMORIES.items():
        _wrong = {what: Wrong(lambda r=_rule, habit=habit: habit(r.step())) for what, habit in _habits.items()}
        record({f"{_name}-{_clause}": _wrong}, family="steps")
    record({f"{_name}-SHAPES": {what: checking(fits, _rule) for what, fits in CHECKS.items()}}, family="steps")
