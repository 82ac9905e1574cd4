"""The table for the gradebook, ``gradebook.csv``: rows in, lines of CSV out, no cell of which a spreadsheet runs."""

import csv
import re
from typing import IO

from impls.text import printable_lines
from tests.harness.reports import words
from tests.harness.reports.reading_result import Result
from tests.harness.reports.reading_row import Row
from tests.harness.reports.words import number

_RUNS = re.compile(r"(^|[;,|\t])(\s*['\"]*\s*)([=+\-@\uff0b\uff0d\uff1d\uff20])")
"""What begins a formula: at the start of a cell, or behind what another country's spreadsheet takes for its end."""


def cell(text: str) -> str:
    """``text`` as a cell: one printable line; an apostrophe before what a spreadsheet would take for a formula."""
    return _RUNS.sub(r"\1\2'\3", printable_lines(text).replace("\n", r"\n"))


class Gradebook:
    """Writes a row for each submission: name, verdict, points; then a verdict and points for each function."""

    def __init__(self, result: Result, file: IO[str]) -> None:
        self._result = result
        self._writer = csv.writer(file, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
        head = ["name", "verdict", "points", "possible", "clauses passed", "clauses judged"]
        for name in result.functions:
            head += [name, f"{name} points"]
        self._writer.writerow(map(cell, head))

    def add(self, row: Row) -> None:
        """Write the line of ``row``; points that a person has to decide are an empty cell, and so is their sum."""
        judged = [one.passed(row.level) for one in row.functions.values()]
        cells = [row.name, row.verdict]
        known = row.points if not words.undecided(self._result, row) else None
        cells += [number(known.earned), number(known.possible)] if known else ["", ""]
        cells += [str(sum(passed for passed, _ in judged)), str(sum(count for _, count in judged))]
        for name in self._result.functions:
            one = row.functions.get(name)
            cells += [row.of(name), number(one.points.earned) if one and one.points else ""]
        self._writer.writerow(map(cell, cells))
