"""The Hypothesis profiles of the suite, and the seed of a run: what --hypothesis-profile and --hypothesis-seed mean."""

import os
import re
import secrets
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, settings

CONSTRAINTS = Path(__file__).parents[3] / "constraints.txt"

EXAMPLES = {"quick": 25, "default": 100, "ci": 100, "thorough": 1000}
DERANDOMIZED = ("ci",)
FIXED = ("quick", "ci")
"""The profiles whose seed is 0 unless another one is named: who mends one thing sees that one thing change."""


def register() -> None:
    """Register every profile with every field said: neither Hypothesis' own CI profile nor a database leaks in."""
    for name, examples in EXAMPLES.items():
        settings.register_profile(
            name,
            max_examples=examples,
            derandomize=name in DERANDOMIZED,
            database=None,
            deadline=None,
            phases=tuple(Phase),
            print_blob=False,
            report_multiple_bugs=False,
            stateful_step_count=50,
            suppress_health_check=(HealthCheck.too_slow, HealthCheck.data_too_large),
        )


class UnsupportedHypothesis(ValueError):
    """The installed Hypothesis has not the names that the suite takes from inside it."""


def draw_without_constants_of_modules() -> None:
    """Keep Hypothesis from drawing the constants that it reads in the source of imported modules.

    Submissions are such modules: one student's file would change what the others are judged on. Hypothesis has no
    setting for this, so one of its internal functions is replaced; a self-test holds that draws do not depend on what
    is imported.
    Raises UnsupportedHypothesis where a name is missing, inside Hypothesis or of its current-profile API.
    """
    try:
        from hypothesis.internal.conjecture import providers
        from hypothesis.internal.floats import float_to_int
        from sortedcontainers import SortedSet

        _ = providers._get_local_constants, settings.get_current_profile_name
        empty = providers.Constants(
            integers=SortedSet(), floats=SortedSet(key=float_to_int), bytes=SortedSet(), strings=SortedSet()
        )
    except (ImportError, AttributeError, TypeError) as missing:
        raise UnsupportedHypothesis(
            f"Hypothesis {hypothesis.__version__} is not supported ({missing}); the suite is tested with "
            f"{_tested_version()}: pip install -c constraints.txt hypothesis"
        ) from missing
    providers._get_local_constants = lambda: empty


def _tested_version() -> str:
    """The version of Hypothesis in constraints.txt."""
    pinned = re.search(r"^hypothesis==(\S+)", CONSTRAINTS.read_text(encoding="utf-8"), re.MULTILINE)
    return pinned[1] if pinned else "another version"


def choose(named: str | None) -> str:
    """The profile named, else ``ci`` where the environment variable CI is set, else ``quick``.

    Raises ValueError for a name that is no profile.
    """
    name = named or ("ci" if os.environ.get("CI") else "quick")
    if name not in EXAMPLES:
        raise ValueError(f"--hypothesis-profile {name}: no such profile; there are {', '.join(EXAMPLES)}")
    return name


def seed(named: str | None, profile: str) -> int:
    """The seed named on the command line, which always wins; else 0 for a profile of FIXED, else a random one.

    Raises ValueError for a seed that is neither a whole number nor ``random``.
    """
    if named is None and profile in FIXED:
        return 0
    if named is None or named == "random":
        return secrets.randbelow(2**32)
    try:
        return int(named)
    except ValueError:
        raise ValueError(f"--hypothesis-seed {named}: a whole number or the word random is needed") from None
