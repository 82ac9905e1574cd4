"""Measure, and write what was measured into RESULTS.md:

    python -m tests.benchmark                        every section, in one run
    python -m tests.benchmark side_by_side accuracy  these sections; the others stay as they are
    python -m tests.benchmark --list                 the names of the sections

A section is a module of this folder, named in SECTIONS, with a function ``measure()`` that gives Markdown, line by
line. The file is written after each section, so that an interrupted run keeps what it has measured.
"""

import argparse
import importlib
import os
import platform
import re
import sys
import time
import warnings
from collections.abc import Mapping, Sequence
from importlib import metadata
from pathlib import Path

from tests.harness.spec.clauses import CLAUSES
from tests.harness.spec.suite_hash import hash_of_the_suite

RESULTS = Path(__file__).parent / "RESULTS.md"
SECTIONS = {
    "caught": "What the suite catches, and whom it does not accuse",
    "side_by_side": "Beside other ways of testing",
    "suite_speed": "Time of one submission",
    "class_speed": "Time of a class",
    "cluster_speed": "Time of a class on a cluster",
    "training_speed": "Time of an epoch of training",
    "accuracy": "Accuracy",
    "figures": "What networks learn",
}
"""The modules of the sections and their titles, in the order of the file."""
_PACKAGES = ("numpy", "hypothesis", "pytest", "scipy", "torch", "onnx", "scikit-learn")
_INTRODUCTION = """\
# Measurements

`python -m tests.benchmark` writes this file, each section with its date, command and versions; with the names of
sections it measures these again. Times depend on the machine and on what else runs on it: the load says how many
processes were running at the start. No test asserts a time.
"""


def measured(name: str) -> list[str]:
    """What the section of that name gives. Raises ModuleNotFoundError where a library for it is not installed."""
    return list(importlib.import_module(f"tests.benchmark.{name}").measure())


def written(earlier: str, renewed: Mapping[str, str]) -> str:
    """The text of the file. earlier: the text until now; renewed: new sections by their titles.

    A section whose title is not in SECTIONS is left out: its module is gone.
    """
    parts = re.split(r"^## (.+)\n", earlier, flags=re.MULTILINE)[1:]
    sections = {title: text.strip("\n") for title, text in zip(parts[::2], parts[1::2], strict=True)} | renewed
    return _INTRODUCTION + "".join(
        f"\n## {title}\n\n{sections[title]}\n" for title in SECTIONS.values() if title in sections
    )


def circumstances(name: str, seconds: float, load: float) -> str:
    """When, how and on what a section was measured, and of which state of the suite."""
    from tests.mistakes import MISTAKES
    from tests.selftest.right_variants import VARIANTS

    versions = [f"Python {platform.python_version()}", *filter(None, map(_version, _PACKAGES))]
    cores = os.cpu_count() or 1
    shared = " Other work shared the machine, so that times are too long." if load > cores else ""
    counts = f"{len(CLAUSES)} clauses, {len(MISTAKES)} known mistakes, {len(VARIANTS)} right variants"
    return (
        f"Measured on {time.strftime('%Y-%m-%d')} in {seconds:.0f} s by `python -m tests.benchmark {name}`: "
        f"{', '.join(versions)}; {cores} cores, load {load:.1f} at the start.{shared} "
        f"Sources of the suite: `{hash_of_the_suite()}`, with {counts}."
    )


def _version(package: str) -> str | None:
    try:
        return f"{package} {metadata.version(package)}"
    except metadata.PackageNotFoundError:
        return None


def main(arguments: Sequence[str], results: Path = RESULTS) -> int:
    """Measure the sections that are named, or all; the exit status is 1 where a library for one is not installed."""
    parser = argparse.ArgumentParser("python -m tests.benchmark", description="Measure, and write RESULTS.md.")
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"one of {', '.join(SECTIONS)}; without it all")
    parser.add_argument("--list", action="store_true", help="print the names of the sections")
    asked = parser.parse_args(arguments)
    if unknown := [name for name in asked.sections if name not in SECTIONS]:
        parser.error(f"no section has the name {unknown[0]}: choose from {', '.join(SECTIONS)}")
    if asked.list:
        print("\n".join(SECTIONS))
        return 0
    warnings.simplefilter("ignore", RuntimeWarning)  # what mistakes do to NumPy is their business
    failed = False
    for name in asked.sections or SECTIONS:
        began, load = time.perf_counter(), os.getloadavg()[0]
        try:
            lines = measured(name)
        except ModuleNotFoundError as missing:
            print(f"{name} is not measured: {missing}", file=sys.stderr)
            failed = True
            continue
        text = "\n".join([circumstances(name, time.perf_counter() - began, load), "", *lines])
        earlier = results.read_text(encoding="utf-8") if results.exists() else ""
        results.write_text(written(earlier, {SECTIONS[name]: text}), encoding="utf-8")
        print(f"{name}: written to {results.name}")
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
