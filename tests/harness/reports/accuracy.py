"""How large the errors of each implementation become when Hypothesis is asked to make them large.

Measured is where a clause of an implementation's required level compares a result with the exact value itself. A
clause of the robust level allows no eps, so that shares of its allowance are of rounding errors; textbook clauses allow
the slides' eps, and the shares are what is left of it. The exact value is the reference's in float64: an error of a few
ulp in float64 may be the reference's, and 0 means no more than that both compute alike.

The clauses are run again, for each implementation by itself, on as many examples as the Hypothesis profile says,
each reported to ``hypothesis.target`` by its largest error. That takes somewhat longer than judging did.
"""

import math
import warnings
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import hypothesis
import numpy as np

from impls import Implementation
from impls.text import markdown
from reference import REFERENCE
from reference.arithmetic import Arithmetic
from tests.harness.drawing import drawing_and_shrinking as drawing
from tests.harness.drawing.drawing_and_shrinking import Values
from tests.harness.judging import counterexample
from tests.harness.judging.comparison import Comparison
from tests.harness.judging.kind import Kind
from tests.harness.judging.planning import plan_of
from tests.harness.judging.subject import dtype_of
from tests.harness.judging.trial import Made, measured
from tests.harness.reports.run import Run
from tests.harness.spec.clauses import CLAUSES, LEVELS, PROPERTIES, Clause

_TRIED = 10
"""Examples after which a clause that compared nothing with an exact value is left."""
_HIGHEST_TARGET = 1e6


@dataclass(frozen=True)
class Key:
    """Whose error: that of a function on arguments of a dtype, "integer" for all integers."""

    function: str
    dtype: str
    implementation: str


@dataclass(frozen=True)
class Largest:
    """The largest errors seen; infinite where a number was expected and something else was got.

    ulp: in units in the last place of the exact value. share: of the error allowed. at: the call whose error is the
    largest share, as code.
    """

    ulp: float = 0.0
    share: float = 0.0
    at: str = ""

    def joined(self, other: "Largest") -> "Largest":
        at = other.at if other.share > self.share or not self.at else self.at
        return Largest(max(self.ulp, other.ulp), max(self.share, other.share), at)


class _Pointless(BaseException):
    """Ends the search in a clause that measures nothing; an Exception would count as a failure to Hypothesis."""


def measure(run: Run) -> dict[Key, Largest]:
    """The largest error of each function, dtype and implementation over the clauses that the run has judged."""
    largest: dict[Key, Largest] = {}
    with warnings.catch_warnings(), np.errstate(all="ignore"):
        warnings.simplefilter("ignore")
        for clause in CLAUSES.values():
            for implementation in run.implementations:
                required = clause.level == run.required_level(implementation)
                if required and (implementation.name, clause.id) in run.scheduled:
                    for key, found in _of_clause(run, implementation, clause).items():
                        largest[key] = largest.get(key, Largest()).joined(found)
    return largest


def _of_clause(run: Run, implementation: Implementation, clause: Clause) -> Mapping[Key, Largest]:
    if clause.function not in implementation.functions:
        return {}
    property_ = PROPERTIES[clause.id]
    meter = _Meter(implementation, clause)

    def target(values: Values) -> None:
        meter.read(values)
        hypothesis.target(min(meter.share, _HIGHEST_TARGET), label="share of the error allowed")
        hypothesis.target(min(meter.ulp, _HIGHEST_TARGET), label="ulp")

    try:
        for values in drawing.explicit(property_, run.examples.largest, meter.dtypes):
            meter.read(values)
        if property_.strategies:
            drawing.search(property_, run.examples.seed(property_), target, meter.dtypes)
    except _Pointless:
        pass
    return meter.largest()


class _Meter:
    """Runs the plans of a clause's examples and keeps the largest errors of comparisons with the formula."""

    def __init__(self, implementation: Implementation, clause: Clause) -> None:
        self._clause = clause
        self._implementation = implementation
        self._kind = Kind.of(implementation)
        self.dtypes = self._kind.dtypes
        self._examples = 0
        self._worst: dict[Key, tuple[float, float, Made]] = {}
        self.share = 0.0
        """The largest error of the latest example over the error allowed; ulp: in units in the last place."""
        self.ulp = 0.0

    def read(self, values: Values) -> None:
        """Measure one example; what is wrong has been reported elsewhere."""
        self.share = self.ulp = 0.0
        self._examples += 1
        plan = plan_of(PROPERTIES[self._clause.id], self._clause, self._kind, values)
        for call, comparison in measured(plan, self._implementation.caller):
            self._note(call, comparison)
        if self._examples >= _TRIED and not self._worst:
            raise _Pointless

    def largest(self) -> dict[Key, Largest]:
        """What was found, with the calls as code."""
        return {
            key: Largest(ulp, share, counterexample.expression(self._kind.library, call))
            for key, (ulp, share, call) in self._worst.items()
        }

    def _note(self, call: Made, comparison: Comparison) -> None:
        dtype = dtype_of(call.arguments)
        share, ulp = comparison.worst, _ulp(comparison, dtype)
        self.share, self.ulp = max(self.share, share), max(self.ulp, ulp)
        key = Key(call.function, dtype or "integer", self._implementation.name)
        worst_ulp, worst_share, where = self._worst.get(key, (0.0, -1.0, call))
        self._worst[key] = max(worst_ulp, ulp), max(worst_share, share), call if share > worst_share else where


def _ulp(comparison: Comparison, dtype: str | None) -> float:
    """The largest error in units in the last place of the exact value, in the dtype of the arguments or the result.

    Left out are exact zeros, which have no place to be a unit in, and elements whose ratio is 0: they are right, be it
    for an allowance that is not one of rounding.
    """
    counted = (comparison.ratio > 0) & (comparison.expected != 0)
    if not counted.any():
        return 0.0
    if dtype is None:
        dtype = comparison.dtype.name if comparison.dtype.kind == "f" else "float64"
    arithmetic = Arithmetic.of(dtype, REFERENCE.ulp)
    _, exponent = np.frexp(comparison.expected)
    spacing = np.maximum(np.ldexp(arithmetic.unit_roundoff, exponent), arithmetic.smallest)
    errors = np.abs(comparison.got - comparison.expected)[counted] / spacing[counted]
    return float(np.nan_to_num(errors, nan=math.inf, posinf=math.inf).max())


def report(run: Run, largest: Mapping[Key, Largest]) -> Iterator[str]:
    """Markdown, line by line: a table for each level, functions and dtypes by implementations; the inputs as code."""
    for level in reversed(LEVELS):
        names = [one.name for one in run.implementations if run.required_level(one) == level]
        measured = {key: found for key, found in largest.items() if key.implementation in names}
        if measured:
            yield f"Largest error at the {level} level: in ulp of the exact value / as a share of the error allowed."
            yield ""
            yield from _table(names, measured)
            yield ""
    if largest:
        yield "The calls that gave the largest shares:"
        yield ""
        yield "```python"
        yield from counterexample.imports_of("".join(found.at for found in largest.values()))
        for key, found in sorted(largest.items(), key=lambda entry: _order(entry[0])):
            if found.share:
                yield f"# {key.implementation}, {key.dtype}: {_number(found.share)} of the error allowed"
                yield found.at
        yield "```"


def _table(names: Sequence[str], measured: Mapping[Key, Largest]) -> Iterator[str]:
    rows = [["function", "dtype", *map(markdown, names)]]
    for function, dtype in dict.fromkeys((key.function, key.dtype) for key in sorted(measured, key=_order)):
        found = [measured.get(Key(function, dtype, name)) for name in names]
        rows.append([function, dtype, *("" if one is None else _cell(one) for one in found)])
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for number, row in enumerate(rows):
        yield "| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)) + " |"
        if number == 0:
            yield "|" + "|".join("-" * (width + 2) for width in widths) + "|"


def _cell(found: Largest) -> str:
    return f"{_number(found.ulp)} / {_number(found.share)}" if found.share else "0"


def _number(number: float) -> str:
    return f"{number:.2g}" if number < 1e3 else f"{number:.0e}".replace("e+0", "e").replace("e+", "e")


def _order(key: Key) -> tuple[int, int]:
    functions, dtypes = list(dict.fromkeys(one.function for one in CLAUSES.values())), [*_DTYPES]
    return functions.index(key.function), dtypes.index(key.dtype)


_DTYPES = ("float64", "float32", "float16", "bfloat16", "integer")
