"""Failures as GitHub's workflow commands, ``::error file=...,title=...::message``: rows in, lines to print out.

GitHub shows ten errors of a step, so the worst ten are told one by one, and the others in one more line.
https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from collections.abc import Iterator
from pathlib import Path

from impls.text import printable_lines
from tests.harness.reports import words
from tests.harness.reports.reading_row import ERROR, Row

_MOST = 10
_Failure = tuple[tuple[int, bool], str, str, str]
"""How bad it is, the spec, the title, the message."""


class Annotations:
    """Takes the rows of a result one by one and keeps the worst failures; ``lines`` are the commands."""

    def __init__(self, checkout: Path) -> None:
        self._checkout = checkout
        self._count = 0
        self._worst: list[_Failure] = []

    def add(self, row: Row) -> None:
        """Take up ``row``."""
        found: list[_Failure] = []
        for one, clause in row.failures():
            if clause.cause is None:
                behaves = "".join(f"\nIt behaves as a function that {phrase}." for phrase in clause.diagnosis)
                code = f"\n{clause.counterexample}" if clause.counterexample else ""
                message = f"{words.requirement(clause.id)}\n{words.what(clause)} {clause.message or ''}{behaves}{code}"
                found.append((clause.rank, row.spec, f"{one.own or one.name} fails on {clause.id}", message))
        if not found and row.verdict == ERROR:
            found.append(((0, False), row.spec, f"{row.name} was not judged", row.reason or ERROR))
        self._count += len(found)
        self._worst = sorted([*self._worst, *found], key=lambda failure: failure[0])[:_MOST]

    def lines(self) -> Iterator[str]:
        """The commands, the worst failure first; none where nothing failed."""
        for _, spec, title, message in self._worst:
            where = f"file={_property(path)}," if (path := self._file(spec)) else ""
            yield f"::error {where}title={_property(title)}::{_data(message)}"
        if self._count > len(self._worst):
            yield f"::warning::{self._count - len(self._worst)} more failures are in the report"

    def _file(self, spec: str) -> str | None:
        """The path of a file in the checkout, relative to it; None for modules and for files elsewhere."""
        try:
            path = (self._checkout / spec).resolve()
            return path.relative_to(self._checkout.resolve()).as_posix() if path.is_file() else None
        except (OSError, ValueError):
            return None


def _data(text: str) -> str:
    return printable_lines(text).replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
