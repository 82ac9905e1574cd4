"""Draw a property's examples once, and shrink one of them for an implementation that fails on it.

Both go through Hypothesis' public interface. Drawing depends on the property, the seed and the dtypes alone: the same
run, or the same seed in another process, gives every implementation with these dtypes the same examples. Shrinking
draws the same sequence again, passes over what came before the failing example, fails there, and lets Hypothesis reduce
it.
"""

import contextlib
import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import hypothesis
import numpy as np
from hypothesis import HealthCheck, Phase, Verbosity

from tests.harness.spec.clauses import LARGE_SIZES, Property
from tests.harness.spec.dtypes import ALL, Dtypes, is_held, strategy_of

SHRINK_BUDGET = 120
"""How many tries a failure gets to become smaller, where none of the clause's small inputs shows it."""

Values = Mapping[str, Any]


class _BudgetSpent(BaseException):
    """Ends a shrink; not an Exception, which Hypothesis would take for one more failure."""


def clause_seed(run_seed: int, property_: Property) -> int:
    """The seed of one property: the run's, told apart by the ids of its clauses, the same in every process."""
    digest = hashlib.sha256(f"{run_seed} {property_.ids}".encode()).digest()
    return int.from_bytes(digest[:8], "big")


def draw(property_: Property, seed: int, largest: int = LARGE_SIZES[0], dtypes: Dtypes = ALL) -> list[Values]:
    """The explicit examples, then as many drawn ones as the Hypothesis profile in force says; arrays are read-only.

    Of the sizes of a large clause those up to ``largest``.
    """
    examples = explicit(property_, largest, dtypes)
    if property_.strategies:
        _given(property_, seed, dtypes, (Phase.generate,), lambda values: examples.append(_frozen(dtypes.cast(values))))
    return examples


def explicit(property_: Property, largest: int, dtypes: Dtypes = ALL) -> list[Values]:
    """The explicit examples and the sizes up to ``largest``; of a property that is given nothing an empty one.

    Each stands once, in dtypes that are there, unless a number overflows in them. They have more digits than half
    precision holds: where there is nothing wider, only what the strategies draw is asked.
    """
    examples: list[Values] = [{"size": size} for size in property_.sizes if size <= largest]
    if dtypes.for_drawing == ALL.for_drawing:
        examples = [*property_.examples, *examples]
    elif not (dtypes.is_half and property_.strategies):
        both = [(one, dtypes.cast(one)) for one in property_.examples]
        each_once = {fingerprint_values(cast): cast for one, cast in both if is_held(one, cast)}
        examples = [*each_once.values(), *examples]
    return examples if examples or property_.strategies else [{}]


def shrink(
    property_: Property,
    seed: int,
    examples: list[Values],
    at: int,
    fails: Callable[[Values], bool],
    budget: int,
    dtypes: Dtypes = ALL,
) -> Values:
    """The smallest failing example found from ``examples[at]`` on in at most ``budget`` tries, or that one itself."""
    smallest = examples[at]
    skip = at - len(explicit(property_, 0, dtypes))
    if skip < 0 or budget < 1 or not property_.strategies:
        return smallest
    start = fingerprint_values(smallest)
    seen = 0
    tries = 0

    def attempt(drawn: Values) -> None:
        nonlocal smallest, seen, tries
        values = dtypes.cast(drawn)
        seen += 1
        if seen <= skip:
            return
        if seen == skip + 1 and fingerprint_values(values) != start:
            raise _BudgetSpent
        tries += 1
        if tries > budget:
            raise _BudgetSpent
        if fails(_frozen(values)):
            smallest = values
            raise AssertionError

    with contextlib.suppress(_BudgetSpent, AssertionError, hypothesis.errors.Flaky):
        _given(property_, seed, dtypes, (Phase.generate, Phase.shrink), attempt)
    return smallest


def fingerprint_values(values: Values) -> Any:
    return tuple((name, fingerprint(values[name])) for name in sorted(values))


def fingerprint(value: Any) -> Any:
    """A key that two values share exactly when they are the same bits in the same structure."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(fingerprint(item) for item in value)
    if isinstance(value, Mapping):
        return "mapping", tuple((key, fingerprint(item)) for key, item in value.items())
    if isinstance(value, float):
        return "float", value.hex()
    return type(value).__name__, value


def size(values: Any) -> tuple[int, int]:
    """How much there is to read in an example: elements, then characters."""
    if isinstance(values, np.ndarray):
        if values.size >= 100:
            return values.size, values.size * 8
        rows = values.size // values.shape[-1] if values.ndim and values.size else 1
        return values.size, 2 * rows + sum(len(str(one).removesuffix(".0")) + 2 for one in values.flat)
    if isinstance(values, Mapping):
        values = list(values.values())
    if isinstance(values, list | tuple):
        sizes = [size(item) for item in values]
        return sum(elements for elements, _ in sizes), sum(characters for _, characters in sizes)
    return 1, len(repr(values))


def search(property_: Property, seed: int, use: Callable[[Values], None], dtypes: Dtypes = ALL) -> None:
    """Call ``use`` on examples that Hypothesis draws towards what ``use`` tells ``hypothesis.target``."""
    _given(property_, seed, dtypes, (Phase.generate, Phase.target), lambda values: use(_frozen(dtypes.cast(values))))


def _given(
    property_: Property, seed: int, dtypes: Dtypes, phases: tuple[Phase, ...], use: Callable[[Values], None]
) -> None:
    strategies = {name: strategy_of(one, dtypes) for name, one in property_.strategies.items()}

    @hypothesis.seed(seed)
    @hypothesis.settings(
        phases=phases,
        database=None,
        deadline=None,
        derandomize=False,
        report_multiple_bugs=False,
        print_blob=False,
        verbosity=Verbosity.quiet,
        suppress_health_check=list(HealthCheck),
    )
    @hypothesis.given(**strategies)
    def visit(**values: Any) -> None:
        use(values)

    visit()


def _frozen(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        value.flags.writeable = False
    elif isinstance(value, Mapping):
        return {name: _frozen(item) for name, item in value.items()}
    elif isinstance(value, list | tuple):
        for item in value:
            _frozen(item)
    return value
