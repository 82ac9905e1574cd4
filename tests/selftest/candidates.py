"""Functions written in this suite's own tests, judged like anybody's."""

from collections.abc import Callable, Mapping
from typing import Any

import reference
from impls import Implementation
from impls.backends import library
from impls.builtin import UNKNOWN_ULP
from impls.calling import Direct
from impls.declared import TASKS, Network, Terms, in_namespace
from impls.implementation import Says, arithmetic_of
from impls.stateful import with_steps
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES


def candidate(
    name: str,
    functions: Mapping[str, Callable[..., Any]],
    arrays: str = "numpy",
    task: str | None = None,
    network: Network | None = None,
    declares: Mapping[str, Any] | None = None,
) -> Implementation:
    """An implementation of these functions, with the error budgets that a user's file gets.

    task, or the network itself: what it declares of `network`; without either the reference's task. declares: words and
    values, as in a file.
    """
    if network is None and task is None and {"network", "network_gradients"} & functions.keys():
        task = reference.TASK
    terms = Terms.of(in_namespace(declares or {}), functions)
    says = Says(terms=terms, network=network or (Network(*TASKS[task]) if task else None))
    return Implementation(
        name=name,
        spec=name,
        functions=tuple(functions),
        caller=Direct(with_steps(functions, terms.stateful), library(arrays, "cpu")),
        arrays=arrays,
        device="cpu",
        default_level="textbook",
        ulp=UNKNOWN_ULP,
        versions={},
        **arithmetic_of(arrays, says),
        says=says,
    )


def forger(answer: Mapping[str, Any]) -> str:
    """The source of a submission that, while it is loaded, answers in the place of the process that loads it."""
    return f"""
import sys
def forge():
    frame = sys._getframe()
    while frame:
        if {{"channel", "token"}} <= frame.f_locals.keys():
            frame.f_locals["channel"].answer(frame.f_locals["token"], {dict(answer)!r})
        frame = frame.f_back
    raise RuntimeError("all is well")
def sigmoid(z, forged=forge()): return z
"""


def outcomes(
    make: Callable[[], Callable[..., Any]], function: str, clause: str, examples: Examples, task: str | None = None
) -> Outcome:
    """What comes of one clause for an implementation that offers the made ``function`` alone; nothing is shrunk.

    examples: those of a seed, drawn at the first call for a clause. Only those of the last clause are kept, so judge
    one clause after the other. task: what a network declares.
    """
    implementation = candidate(function, {function: make()}, task=task)
    return judge(PROPERTIES[clause], CLAUSES[clause], implementation, examples, (), shrink_budget=0)
