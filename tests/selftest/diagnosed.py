"""How well mistakes are named: every known mistake, its values disguised by rounding, judged and diagnosed.

    python -m tests.selftest.diagnosed

Prints the mistakes of which the right misconception is not among the two named, and the share of which it is.
"""

import sys
from collections.abc import Callable
from itertools import groupby
from typing import Any

import numpy as np
from hypothesis import settings

from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import FAILED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import PROPERTIES, TEXTBOOK
from tests.mistakes import MISTAKES, Mistake, suspects
from tests.selftest.candidates import candidate


def disguised(function: Callable[..., Any]) -> Callable[..., Any]:
    """The same function with other roundings, as another way of writing it has them."""

    def noisy(value: Any) -> Any:
        if isinstance(value, list | tuple):
            return [noisy(item) for item in value]
        if isinstance(value, np.ndarray | np.generic | float) and np.asarray(value).dtype.kind == "f":
            return value * (1 + 4 * np.finfo(np.asarray(value).dtype).eps)
        return value

    return lambda *args, **options: noisy(function(*args, **options))


def diagnosed(mistake: Mistake, examples: Examples) -> Outcome:
    implementation = candidate(mistake.name, {mistake.clause.function: disguised(mistake.make())}, task=mistake.task)
    return judge(PROPERTIES[mistake.clause.id], mistake.clause, implementation, examples, (), 0, suspects.of)


def main() -> int:
    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    examples, named, wrong_values = Examples(0), 0, 0
    textbook = [mistake for mistake in MISTAKES.values() if mistake.clause.level == TEXTBOOK]
    textbook.sort(key=lambda mistake: PROPERTIES[mistake.clause.id].name)
    for _, group in groupby(textbook, key=lambda mistake: PROPERTIES[mistake.clause.id].name):
        for mistake in group:
            outcome = diagnosed(mistake, examples)
            if outcome.outcome != FAILED:
                continue
            wrong_values += 1
            if mistake.misconception in outcome.diagnosis:
                named += 1
            else:
                print(f"{mistake.name} on {mistake.clause.id}: named {list(outcome.diagnosis)}")
    print(f"the misconception is among the two named for {named} of {wrong_values} mistakes of the textbook level")
    return 0


if __name__ == "__main__":
    sys.exit(main())
