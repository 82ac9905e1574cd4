"""What the suite catches, whom it accuses, and how well it names what it has caught.

python -m tests.benchmark.caught
"""

import contextlib
import io
from collections.abc import Iterator

from hypothesis import settings

from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.spec.clauses import CLAUSES
from tests.mistakes import MISTAKES
from tests.selftest import diagnosed, power, soak
from tests.selftest.right_variants import VARIANTS

_ABOUT = """\
Profile `quick`, seed 0; each mistake on the clause that names it. A mistake whose code does not even run is not caught,
but reported. `python -m tests.selftest.power --table` prints mistakes by clauses, `--random 200` judges mistakes about
lengths drawn at random, and `--seeds 50` counts what a single run misses by chance. `python -m tests.selftest.soak`
judges the right variants under more seeds, and goes on where its `--record` ends; without torch and scikit-learn their
variants are not there, and it says so."""


def measure() -> Iterator[str]:
    """The counts; what is missed or accused is named below the table."""
    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    outcomes = list(power.outcomes(power.on_their_clauses(), power.SEED))
    found = {mistake.name: power.caught(outcome) for mistake, _, outcome in outcomes}
    biting = {mistake.clause.id for mistake in MISTAKES.values() if found[mistake.name]}
    accused = list(soak.accusations(VARIANTS.values(), power.SEED))
    yield _ABOUT
    yield ""
    yield "| | | of | command |"
    yield "|---|---|---|---|"
    yield _row("known mistakes caught on the clause that names them", sum(found.values()), len(found), "power")
    yield _row("clauses on which some known mistake fails", len(biting), len(CLAUSES), "power")
    yield _row("right variants accused", len({name for name, _, _ in accused}), len(VARIANTS), "soak --seeds 1")
    named, wrong = _diagnosed()
    what = "mistakes of the textbook level, disguised by rounding, whose misconception the report names"
    yield _row(what, named, wrong, "diagnosed")
    for name in sorted(name for name in found if not found[name]):
        yield f"\nMissed: {name}."
    for name, clause, _ in accused:
        yield f"\nAccused by {clause}: {name}."


def _row(what: str, count: int, of: int, module: str) -> str:
    return f"| {what} | {count} | {of} | `python -m tests.selftest.{module}` |"


def _diagnosed() -> tuple[int, int]:
    """How many mistakes are named, and how many give wrong values, as the last line of the command says."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        diagnosed.main()
    named, of = [int(word) for word in said.getvalue().splitlines()[-1].split() if word.isdigit()]
    return named, of


if __name__ == "__main__":
    print("\n".join(measure()))
