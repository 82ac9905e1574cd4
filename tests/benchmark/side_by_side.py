"""This suite and three usual ways of testing, side by side: the same known mistakes, the same right variants, one run.

    python -m tests.benchmark.side_by_side

Covered are the mistakes in functions that there are tests for; killed, those that fail one of these tests. Accused are
right variants that fail a test. Those that are right at the textbook level are judged on its clauses alone, and called
with float64 arrays of one or two axes alone, as nobody says that they take others. All are called through the same
conversions; the testing of a mistake ends at its first failure, and nothing is shrunk. The seconds are processor time,
spent on the mistakes alone: no imports, and not the reading of ONNX's vectors.
"""

import time
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from hypothesis import settings

from tests.benchmark.autograder import autograder
from tests.benchmark.baseline import Baseline
from tests.benchmark.onnx_vectors import onnx_vectors
from tests.benchmark.plain_hypothesis import plain_hypothesis
from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, ROBUST, TEXTBOOK
from tests.mistakes import MISTAKES
from tests.selftest import power, soak
from tests.selftest.candidates import candidate, outcomes
from tests.selftest.right_variants import VARIANTS


@dataclass(frozen=True)
class Tally:
    """What one way of testing made of the mistakes and the right variants, by their names."""

    name: str
    covered: frozenset[str]
    killed: frozenset[str]
    judged: frozenset[str]
    accused: frozenset[str]
    seconds: float

    def killed_of(self, level: str) -> str:
        """How many were killed of those covered whose clause has that level."""
        of_level = {name for name, mistake in MISTAKES.items() if mistake.clause.level == level}
        return f"{len(self.killed & of_level)} of {len(self.covered & of_level)}"


def of_this_suite() -> Tally:
    """The profile in force, one clause after the other, for all the mistakes left; a large one at its least size."""
    started = time.process_time()
    examples, killed = Examples(power.SEED), set()
    for id in PROPERTIES:
        for name, mistake in MISTAKES.items():
            if mistake.clause.function == CLAUSES[id].function and name not in killed:
                outcome = outcomes(mistake.make, CLAUSES[id].function, id, examples, mistake.task)
                if power.caught(outcome):
                    killed.add(name)
    seconds = time.process_time() - started
    accused = frozenset(name for name, _, _ in soak.accusations(VARIANTS.values(), power.SEED))
    return Tally("this suite, `quick`", frozenset(MISTAKES), frozenset(killed), frozenset(VARIANTS), accused, seconds)


def of(baseline: Baseline) -> Tally:
    """Another way of testing, on what it has tests for."""
    covered = {name: mistake for name, mistake in MISTAKES.items() if mistake.clause.function in baseline.tests}
    started = time.process_time()
    killed = frozenset(
        name
        for name, mistake in covered.items()
        if baseline.rejects(
            candidate(name, {mistake.clause.function: mistake.make()}, task=mistake.task),
            mistake.clause.function,
            ROBUST,
        )
    )
    seconds = time.process_time() - started
    judged, accused = set(), set()
    for name, variant in VARIANTS.items():
        implementation = variant.implementation()
        functions = [function for function in implementation.functions if function in baseline.tests]
        verdicts = [baseline.rejects(implementation, function, variant.level) for function in functions]
        if any(verdict is not None for verdict in verdicts):
            judged.add(name)
        if any(verdicts):
            accused.add(name)
    return Tally(baseline.name, frozenset(covered), killed, frozenset(judged), frozenset(accused), seconds)


COLUMNS: dict[str, Callable[[Tally], object]] = {
    "tested by": lambda tally: tally.name,
    "mistakes covered": lambda tally: f"{len(tally.covered)} of {len(MISTAKES)}",
    "killed": lambda tally: len(tally.killed),
    "of the textbook level": lambda tally: tally.killed_of(TEXTBOOK),
    "of the robust level": lambda tally: tally.killed_of(ROBUST),
    "right variants covered": lambda tally: f"{len(tally.judged)} of {len(VARIANTS)}",
    "accused": lambda tally: len(tally.accused),
    "seconds": lambda tally: f"{tally.seconds:.1f}",
    "kills per second": lambda tally: f"{len(tally.killed) / tally.seconds:.0f}",
}
"""The table, by its headings."""


_ABOUT = """\
The same mistakes and the same right variants, judged in one process by this suite and by three other ways: an
autograder as courses publish them (a few worked examples and five random normal arrays, relative tolerance 1e-5), the
node test vectors that come with `onnx`, and plain Hypothesis arrays at the default tolerances of
`torch.testing.assert_close`. Optimisers and modules are left out: the others have no tests of them. The others were not
made for the robust level. A mistake that shows on large arrays alone counts here at the smallest such size. Seconds are
processor time."""


def measure() -> Iterator[str]:
    """The table, and what is accused or missed by name. Raises ModuleNotFoundError without the comparison extra."""
    baselines = [autograder(), onnx_vectors(), plain_hypothesis()]
    warnings.simplefilter("ignore", RuntimeWarning)  # what the mistakes do to NumPy is their business
    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    this_suite, *others = tallies = [of_this_suite(), *map(of, baselines)]
    yield _ABOUT
    yield ""
    yield f"| {' | '.join(COLUMNS)} |"
    yield f"|{'---|' * len(COLUMNS)}"
    for tally in tallies:
        yield f"| {' | '.join(str(cell(tally)) for cell in COLUMNS.values())} |"
    yield ""
    for tally in tallies:
        for name in sorted(tally.accused):
            yield f"- {tally.name} accuses {name}, which is right at the {VARIANTS[name].level} level"
    for tally in others:
        for name in sorted(tally.killed - this_suite.killed):
            yield f"- {tally.name} kills {name}, which this suite does not"


if __name__ == "__main__":
    print("\n".join(measure()))
