"""This suite and three usual ways of testing, side by side: the same known mistakes, the same right variants, one run.

    python -m tests.benchmark.side_by_side

Covered are the mistakes in functions that there are tests for; killed, those that fail any of them. Accused are right
variants that fail any test; this suite requires of each the level that it deserves, the others know no levels. The
seconds are those of judging the mistakes, without imports and without reading ONNX's vectors. The suite runs under the
quick profile, every clause of the function to its end; the others stop at the first failure. Nobody shrinks.
"""

import os
import platform
import sys
import time
from dataclasses import dataclass
from importlib import metadata

from hypothesis import settings

from tests.benchmark.autograder import autograder
from tests.benchmark.baseline import Baseline
from tests.benchmark.onnx_vectors import onnx_vectors
from tests.benchmark.plain_hypothesis import plain_hypothesis
from tests.conformance import every_test_imported
from tests.harness import profiles
from tests.harness.clauses import LEVELS, ROBUST, TEXTBOOK
from tests.selftest import power, soak
from tests.selftest.known_mistakes import MISTAKES
from tests.selftest.right_variants import VARIANTS


@dataclass(frozen=True)
class Tally:
    """What one way of testing made of the mistakes and the variants, each by name; the seconds are the mistakes'."""

    name: str
    covered: frozenset[str]
    killed: frozenset[str]
    judged: frozenset[str]
    accused: frozenset[str]
    seconds: float


def of_this_suite() -> Tally:
    """Every clause of the mistake's function, and for a variant every clause of its level."""
    started = time.perf_counter()
    found = power.outcomes(power.on_every_clause(), power.SEED)
    killed = frozenset(mistake.name for mistake, _, outcome in found if power.caught(outcome))
    seconds = time.perf_counter() - started
    accused = frozenset(name for name, _, _ in soak.accusations(VARIANTS.values(), power.SEED))
    return Tally("this suite, quick", frozenset(MISTAKES), killed, frozenset(VARIANTS), accused, seconds)


def of(baseline: Baseline) -> Tally:
    """The same of another way of testing."""
    mistakes = {name: one for name, one in MISTAKES.items() if one.clause.function in baseline.tests}
    started = time.perf_counter()
    killed = frozenset(
        name for name, one in mistakes.items() if baseline.rejects(one.implementation(), one.clause.function)
    )
    seconds = time.perf_counter() - started
    judged, accused = set(), set()
    for name, variant in VARIANTS.items():
        implementation = variant.implementation()
        if functions := implementation.functions.keys() & baseline.tests.keys():
            judged.add(name)
            if any(baseline.rejects(implementation, function) for function in sorted(functions)):
                accused.add(name)
    return Tally(baseline.name, frozenset(mistakes), killed, frozenset(judged), frozenset(accused), seconds)


COLUMNS = {
    "": lambda tally: tally.name,
    "mistakes covered": lambda tally: f"{len(tally.covered)} of {len(MISTAKES)}",
    "killed": lambda tally: f"{len(tally.killed)}",
    "of the textbook level": lambda tally: _at_level(TEXTBOOK, tally.killed, tally.covered),
    "of the robust level": lambda tally: _at_level(ROBUST, tally.killed, tally.covered),
    "right variants judged": lambda tally: f"{len(tally.judged)}",
    "accused": lambda tally: f"{len(tally.accused)}",
    "seconds": lambda tally: f"{tally.seconds:.1f}",
    "kills per second": lambda tally: f"{len(tally.killed) / tally.seconds:.0f}",
}
"""What the table says of each way of testing."""


def _at_level(level: str, killed: frozenset[str], covered: frozenset[str]) -> str:
    of_level = {name for name, mistake in MISTAKES.items() if mistake.clause.level == level}
    return f"{len(killed & of_level)} of {len(covered & of_level)}"


def main() -> int:
    try:
        baselines = [autograder(), onnx_vectors(), plain_hypothesis()]
    except ModuleNotFoundError as missing:
        return f"{missing}"
    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    this_suite, *others = tallies = [of_this_suite(), *map(of, baselines)]
    versions = [f"{name} {metadata.version(name)}" for name in ("numpy", "hypothesis", "onnx")]
    print(f"Python {platform.python_version()}, {', '.join(versions)}, {os.cpu_count()} cores, {time.strftime('%Y-%m-%d')}\n")
    print(f"| {' | '.join(COLUMNS)} |\n|{'---|' * len(COLUMNS)}")
    for tally in tallies:
        print(f"| {' | '.join(cell(tally) for cell in COLUMNS.values())} |")
    for tally in tallies:
        for name in sorted(tally.accused):
            print(f"{tally.name} accuses {name} (right at the {VARIANTS[name].level} level)")
    for tally in others:
        for name in sorted(tally.killed - this_suite.killed):
            print(f"{tally.name} kills {name}, which this suite does not")
    return 0


if __name__ == "__main__":
    sys.exit(main())
