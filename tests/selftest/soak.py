"""Judge every right variant on every clause of its level, seed after seed: nobody right may be accused.

    python -m tests.selftest.soak --seeds 50 --record soak.jsonl
    python -m tests.selftest.soak --levels --seeds 3

A line of the record is one seed, with the date, the versions and a hash of the suite; a later call with the same record
goes on where it ended, and counts only what was judged with the same of all these. With --levels: the variants recorded
at the textbook level that no robust clause accuses under any of the seeds, so that they are recorded too low.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from hypothesis import settings

import reference
from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import PASSED
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, ROBUST, TEXTBOOK
from tests.harness.spec.suite_hash import hash_of_the_suite
from tests.selftest.right_variants import VARIANTS, Variant

_LIBRARIES = ("numpy", "hypothesis", "scipy", "torch", "scikit-learn")


def accusations(
    variants: Iterable[Variant], seed: int, functions: Sequence[str] = reference.FUNCTIONS, beyond: bool = False
) -> Iterator[tuple[str, str, str]]:
    """(variant, clause, message) for every clause of the functions that a right variant fails under this seed.

    The clauses are those of the variant's level; beyond: the robust ones of every variant instead.
    """
    judged = [(variant, variant.implementation()) for variant in variants]
    examples = Examples(seed)
    clauses = [clause for clause in CLAUSES.values() if clause.function in functions]
    for clause in sorted(clauses, key=lambda one: PROPERTIES[one.id].name):
        for variant, implementation in judged:
            due = clause.level == ROBUST if beyond else variant.level == ROBUST or clause.level == TEXTBOOK
            if due and clause.function in implementation.functions:
                budget = 0 if beyond else 100
                outcome = judge(PROPERTIES[clause.id], clause, implementation, examples, (), shrink_budget=budget)
                if outcome.outcome != PASSED:
                    yield variant.name, clause.id, f"{outcome.message}\n{outcome.counterexample}"


def recorded_too_low(seeds: Iterable[int]) -> list[str]:
    """The variants recorded at the textbook level that pass every robust clause of their functions."""
    textbook = {name for name, variant in VARIANTS.items() if variant.level == TEXTBOOK}
    for seed in seeds:
        left = [VARIANTS[name] for name in textbook]
        textbook -= {name for name, _, _ in accusations(left, seed, beyond=True)}
    return sorted(textbook)


def circumstances(profile: str) -> dict[str, Any]:
    """What a result depends on beside the seed: profile, versions, the suite's own sources."""
    return {"profile": profile, "versions": versions(), "suite": hash_of_the_suite()}


def versions() -> dict[str, str | None]:
    """Of Python and the libraries, None for one that is not installed: its variants are then not there either."""
    found: dict[str, str | None] = {"python": platform.python_version()}
    for name in _LIBRARIES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = None
    return found


def reusable(lines: Iterable[str], now: dict[str, Any], seeds: int) -> list[dict[str, Any]]:
    """The results in a record that belong to the first ``seeds`` seeds and were found as things are now.

    A line that is no result, such as one cut off when a run was stopped, is passed over.
    """
    found: dict[int, dict[str, Any]] = {}
    for line in lines:
        try:
            result = json.loads(line)
            if {key: result[key] for key in now} == now and result["seed"] < seeds:
                found[result["seed"]] = result
        except (ValueError, KeyError, TypeError):
            continue
    return [found[seed] for seed in sorted(found)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many seeds in all, from 0 on")
    parser.add_argument("--profile", choices=profiles.EXAMPLES, default="quick")
    parser.add_argument("--record", type=Path, metavar="FILE", help="where each seed's result is kept (JSON lines)")
    parser.add_argument("--levels", action="store_true", help="look for variants recorded at too low a level instead")
    arguments = parser.parse_args()
    every_test_imported()
    profiles.register()
    settings.load_profile(arguments.profile)
    if arguments.levels:
        low = recorded_too_low(range(arguments.seeds))
        for name in low:
            print(f"{name}: recorded at the textbook level, and no robust clause accuses it")
        print(f"{len(low)} of {len(VARIANTS)} right variants are recorded too low")
        return 1 if low else 0
    return _soak(arguments.seeds, arguments.profile, arguments.record)


def _soak(seeds: int, profile: str, record: Path | None) -> int:
    now = circumstances(profile)
    lines = record.read_text().splitlines() if record and record.exists() else []
    results = reusable(lines, now, seeds)
    if absent := [name for name, version in now["versions"].items() if version is None]:
        print(f"not installed, so that their variants are not judged: {', '.join(absent)}")
    for seed in sorted(set(range(seeds)) - {result["seed"] for result in results}):
        started = time.perf_counter()
        result = {
            "seed": seed,
            **now,
            "date": time.strftime("%Y-%m-%d"),
            "variants": len(VARIANTS),
            "accused": [list(found) for found in accusations(VARIANTS.values(), seed)],
            "seconds": round(time.perf_counter() - started, 1),
        }
        results.append(result)
        if record:
            with record.open("a") as file:
                file.write(json.dumps(result) + "\n")
        for name, clause, message in result["accused"]:
            print(f"seed {seed}: {name} is accused by {clause}: {message}")
    accused = {(result["seed"], name) for result in results for name, _, _ in result["accused"]}
    pairs = sum(result["variants"] for result in results)
    print(f"{pairs} pairs of right variant and seed, {len(results)} seeds, profile {profile}")
    print(f"{len(accused)} of them accused")
    print(f"{time.strftime('%Y-%m-%d')}, suite {now['suite']}, {now['versions']}")
    return 1 if accused else 0


if __name__ == "__main__":
    sys.exit(main())
