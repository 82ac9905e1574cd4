"""The optimisers' update rules as text: in goes a rule or an edit of one, out comes the step as a function.

A rule is the lines that make of a parameter p, its gradient g and its state the new ones, as a textbook prints them.
A mistake in a rule is an edit of its text, so that the difference is the mistake.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from tests.mistakes.networks import refuse_unless

Function = Callable[..., Any]
State = dict[str, Any]


@dataclass(frozen=True)
class Rule:
    """entries: the state's key for each letter of the text. hyper: the names of what is to be chosen.

    count: how the rule comes from the state's step number to the next one, where it counts.
    """

    entries: Mapping[str, str]
    hyper: str
    text: str
    count: str = "step + 1"

    def edited(self, *edits: str) -> "Rule":
        """The rule with pairs of old and new text replaced. Raises ValueError where the old text is not there."""
        text = self.text
        for old, new in zip(edits[::2], edits[1::2], strict=True):
            if old not in text:
                raise ValueError(f"{old!r} is not in the rule\n{text}")
            text = text.replace(old, new)
        return replace(self, text=text)

    def move(self) -> Function:
        """The function (p, g, *entries, **hyper) -> (p, *entries) of the text."""
        signature = ", ".join(["p", "g", *self.entries, self.hyper])
        unpacked = ["b1, b2 = betas"] if "betas" in self.hyper else []
        lines = [*unpacked, *self.text.splitlines(), "return " + ", ".join(["p", *self.entries])]
        names: dict[str, Any] = {"sqrt": np.sqrt, "maximum": np.maximum, "abs": np.abs, "np": np}
        exec(f"def move({signature}):\n" + "\n".join(f"    {line}" for line in lines), names)
        return names["move"]

    def step(self) -> Function:
        """The step of all parameters; it refuses what does not fit together."""
        return stepping(self, self.move())

    def checked(self, theta: Any, grad: Any, state: State) -> None:
        shapes = [p.shape for p in theta]
        entries = [state[key] for key in self.entries.values()]
        refuse_unless(all([a.shape for a in arrays] == shapes for arrays in (grad, *entries)))


def stepping(rule: Rule, move: Function, check: Function | None = None) -> Function:
    """The step that makes ``move`` of each parameter, its gradient and its state; without a check the rule's own."""
    check = check or rule.checked

    def step(theta, grad, state, **hyper):
        check(theta, grad, state)
        counting = {"t": state["step"] + 1} if "step" in state else {}
        entries = [state[key] for key in rule.entries.values()]
        rows = [move(p, g, *own, **counting, **hyper) for p, g, *own in zip(theta, grad, *entries, strict=False)]
        new: State = {key: [row[i + 1] for row in rows] for i, key in enumerate(rule.entries.values())}
        if counting:
            new["step"] = eval(rule.count, {"step": state["step"], "arrays": len(theta)})
        return [row[0] for row in rows], new

    return step


RULES = {
    "SGD": Rule({"v": "momentum_buffer"}, "lr, momentum", "v = momentum * v + g\np = p - lr * v"),
    "ADAGRAD": Rule({"s": "sum"}, "lr, eps", "s = s + g**2\np = p - lr * g / (sqrt(s) + eps)"),
    "RMSPROP": Rule(
        {"v": "square_avg"}, "lr, alpha, eps", "v = alpha * v + (1 - alpha) * g**2\np = p - lr * g / (sqrt(v) + eps)"
    ),
    "ADAM": Rule(
        {"m": "exp_avg", "v": "exp_avg_sq"},
        "t, lr, betas, eps",
        "m = b1 * m + (1 - b1) * g\n"
        "v = b2 * v + (1 - b2) * g**2\n"
        "p = p - lr * (m / (1 - b1**t)) / (sqrt(v / (1 - b2**t)) + eps)",
    ),
    "ADAMAX": Rule(
        {"m": "exp_avg", "u": "exp_inf"},
        "t, lr, betas, eps",
        "m = b1 * m + (1 - b1) * g\nu = maximum(b2 * u, abs(g) + eps)\np = p - lr / (1 - b1**t) * m / u",
    ),
}
"""By the prefix of their clauses."""
