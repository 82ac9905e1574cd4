"""What the suite catches: every known mistake judged on the clause that names it, or on every clause of its function.

python -m tests.selftest.power                    the mistakes and their clauses, and whether each is caught
python -m tests.selftest.power --table            mistakes by clauses: every clause on which each one fails
python -m tests.selftest.power --seeds 50         how often one run misses one, over that many seeds
python -m tests.selftest.power --profile default  under another Hypothesis profile than quick
python -m tests.selftest.power --random 200       as many mistakes about lengths, drawn at random, under both profiles

Ends with status 1 where a mistake is missed (with --seeds: under any of them) or a clause catches none. A mistake that
only crashes, since its own code does not run (NameError and the like), is no misconception and is not caught.
"""

import argparse
import re
import sys
from collections import Counter
from collections.abc import Iterable, Iterator
from itertools import groupby

import numpy as np
from hypothesis import settings

from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.judging.outcome import ERROR, FAILED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, Clause
from tests.mistakes import MISTAKES, Mistake
from tests.mistakes.partial import PARTIAL, Counts
from tests.selftest import candidates

SEED = 0


def outcomes(pairs: Iterable[tuple[Mistake, Clause]], seed: int) -> Iterator[tuple[Mistake, Clause, Outcome]]:
    """What came of each pair; the examples of a clause are drawn once for all its mistakes."""
    examples = Examples(seed)
    by_test = sorted(pairs, key=lambda pair: PROPERTIES[pair[1].id].name)
    for _, group in groupby(by_test, key=lambda pair: PROPERTIES[pair[1].id].name):
        for mistake, clause in group:
            yield mistake, clause, candidates.outcomes(mistake.make, clause.function, clause.id, examples, mistake.task)


_CRASH = re.compile(
    r"raised (NameError|UnboundLocalError|AttributeError|ImportError|ModuleNotFoundError|SyntaxError|RecursionError)"
    r"|raised TypeError: .*(positional|keyword) argument"
)


def caught(outcome: Outcome) -> bool:
    """Whether an outcome rejects the implementation for what it does, and not because its code does not even run."""
    return outcome.outcome == FAILED or (outcome.outcome == ERROR and not _CRASH.search(outcome.message or ""))


def on_their_clauses() -> list[tuple[Mistake, Clause]]:
    return [(mistake, mistake.clause) for mistake in MISTAKES.values()]


def on_every_clause() -> list[tuple[Mistake, Clause]]:
    return [
        (mistake, clause)
        for mistake in MISTAKES.values()
        for clause in CLAUSES.values()
        if clause.function == mistake.clause.function
    ]


def _print_caught() -> int:
    found = {mistake.name: caught(outcome) for mistake, _, outcome in outcomes(on_their_clauses(), SEED)}
    for name, mistake in MISTAKES.items():
        print(f"{'caught' if found[name] else 'MISSED':8}{mistake.clause.id:20}{name}: {mistake.misconception}")
    biting = {mistake.clause.id for name, mistake in MISTAKES.items() if found[name]}
    print(f"\nknown mistakes caught on the clause that names them: {sum(found.values())} of {len(found)}")
    print(f"clauses on which some known mistake fails:           {len(biting)} of {len(CLAUSES)}")
    for idle in sorted(set(CLAUSES) - biting):
        print(f"  no known mistake is caught by {idle}")
    return 0 if all(found.values()) and biting == set(CLAUSES) else 1


def _print_table() -> int:
    failing: dict[str, list[str]] = {name: [] for name in MISTAKES}
    for mistake, clause, outcome in outcomes(on_every_clause(), SEED):
        if caught(outcome):
            failing[mistake.name].append(clause.id)
    for name, clauses in failing.items():
        print(f"{name}\n    {' '.join(sorted(clauses)) or 'MISSED'}")
    return 0 if all(failing.values()) else 1


def _print_misses(seeds: int) -> int:
    missed: Counter[str] = Counter()
    for seed in range(seeds):
        missed.update(mistake.name for mistake, _, outcome in outcomes(on_their_clauses(), seed) if not caught(outcome))
    for name, times in missed.most_common():
        print(f"{name}: missed on {MISTAKES[name].clause.id} in {times} of {seeds} runs")
    judged = seeds * len(MISTAKES)
    caught_pairs = judged - sum(missed.values())
    print(f"{caught_pairs} of {judged} pairs of mistake and seed caught on the clause that names the mistake")
    return 1 if missed else 0


def random_counts(generator: np.random.Generator) -> tuple[str, Counts]:
    """Which elements count, with a block, an offset in it and a cut-off drawn at random; and that in words."""
    block = int(2 ** generator.uniform(1, 8))
    offset, cutoff = int(generator.integers(block)), int(2 ** generator.uniform(2, 8))
    ways: list[tuple[str, Counts]] = [
        (
            f"whole blocks of {block} after {cutoff}",
            lambda i, n: (i < cutoff) | (i < cutoff + (n - cutoff) // block * block),
        ),
        (f"all but {offset} of each {block} after {cutoff}", lambda i, n: (i < cutoff) | (i % block != offset)),
        (f"all but number {cutoff + offset}", lambda i, n: i != cutoff + offset),
        (f"the first {cutoff + offset}", lambda i, n: i < cutoff + offset),
        (
            f"all but the last {1 + offset % 8} of more than {cutoff}",
            lambda i, n: (i < n - 1 - offset % 8) | (n <= cutoff),
        ),
    ]
    return ways[generator.integers(len(ways))]


def _print_random(count: int) -> int:
    """The caught share of mistakes that nobody has chosen, so that no length was chosen for them."""
    generator = np.random.default_rng(SEED)
    ids = sorted(id for id in PARTIAL if not CLAUSES[id].large)
    drawn = sorted(
        ((ids[generator.integers(len(ids))], *random_counts(generator)) for _ in range(count)), key=_by_clause
    )
    for profile in ("quick", "default"):
        settings.load_profile(profile)
        examples, found = Examples(SEED), 0
        for id, words, counts in drawn:
            form = PARTIAL[id][1]
            outcome = candidates.outcomes(
                lambda form=form, counts=counts: form(counts), CLAUSES[id].function, id, examples
            )
            if caught(outcome):
                found += 1
            else:
                print(f"{profile}: {id} passes what counts {words}")
        print(f"{found} of {count} random mistakes about lengths caught under {profile}")
    return 0


def _by_clause(drawn: tuple[str, str, Counts]) -> str:
    return drawn[0]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--table", action="store_true", help="every clause on which each mistake fails")
    what.add_argument("--seeds", type=int, metavar="N", help="how often one run misses a mistake, over N seeds")
    what.add_argument("--random", type=int, metavar="N", help="N mistakes about lengths, drawn at random")
    parser.add_argument("--profile", choices=profiles.EXAMPLES, default="quick")
    arguments = parser.parse_args()
    every_test_imported()
    profiles.register()
    settings.load_profile(arguments.profile)
    if arguments.random:
        return _print_random(arguments.random)
    if arguments.seeds:
        return _print_misses(arguments.seeds)
    return _print_table() if arguments.table else _print_caught()


if __name__ == "__main__":
    sys.exit(main())
