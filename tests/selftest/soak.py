"""Judge every right variant on every clause of its level, seed after seed: nobody right may be accused.

    python -m tests.selftest.soak --seeds 50 --record soak.jsonl

A line of the record is one seed; a later call with the same record goes on where it ended.
"""

import argparse
import json
import platform
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np
from hypothesis import settings

import reference
from tests.conformance import every_test_imported
from tests.harness import profiles
from tests.harness.clauses import CLAUSES, PROPERTIES, ROBUST, TEXTBOOK
from tests.harness.judging import PASSED, Examples, judge
from tests.selftest.right_variants import VARIANTS, Variant


def accusations(
    variants: Iterable[Variant], seed: int, functions: Sequence[str] = reference.FUNCTIONS
) -> Iterator[tuple[str, str, str]]:
    """(variant, clause, message) for every clause of the functions that a right variant fails under this seed."""
    judged = [(variant, variant.implementation()) for variant in variants]
    examples = Examples(seed)
    clauses = [clause for clause in CLAUSES.values() if clause.function in functions]
    for clause in sorted(clauses, key=lambda one: PROPERTIES[one.id].name):
        for variant, implementation in judged:
            if clause.function in implementation.functions and (variant.level == ROBUST or clause.level == TEXTBOOK):
                outcome = judge(PROPERTIES[clause.id], clause, implementation, examples, (), shrink_budget=100)
                if outcome.outcome != PASSED:
                    yield variant.name, clause.id, f"{outcome.message}\n{outcome.counterexample}"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=20, metavar="N", help="how many seeds in all, from 0 on")
    parser.add_argument("--profile", choices=profiles.EXAMPLES, default="quick")
    parser.add_argument("--record", type=Path, metavar="FILE", help="where each seed's result is kept (JSON lines)")
    arguments = parser.parse_args()
    every_test_imported()
    profiles.register()
    settings.load_profile(arguments.profile)
    lines = arguments.record.read_text().splitlines() if arguments.record and arguments.record.exists() else []
    results = [result for result in map(json.loads, lines) if result["profile"] == arguments.profile]
    for seed in sorted(set(range(arguments.seeds)) - {result["seed"] for result in results}):
        started = time.perf_counter()
        result = {
            "seed": seed,
            "profile": arguments.profile,
            "variants": len(VARIANTS),
            "accused": list(accusations(VARIANTS.values(), seed)),
            "seconds": round(time.perf_counter() - started, 1),
        }
        results.append(result)
        if arguments.record:
            with arguments.record.open("a") as record:
                record.write(json.dumps(result) + "\n")
        for name, clause, message in result["accused"]:
            print(f"seed {seed}: {name} is accused by {clause}: {message}")
    accused = sum(len(result["accused"]) for result in results)
    pairs = sum(result["variants"] for result in results)
    print(f"{pairs} pairs of right variant and seed, {len(results)} seeds, profile {arguments.profile}")
    print(f"{accused} accused")
    print(f"{time.strftime('%Y-%m-%d')}, Python {platform.python_version()}, NumPy {np.__version__}")
    return 1 if accused else 0


if __name__ == "__main__":
    sys.exit(main())
