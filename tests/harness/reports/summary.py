"""The result as Markdown for GitHub's step summary, ``summary.md``: rows in, a text below its limit of 1 MiB out."""

import re
from collections import Counter

from impls.text import printable_lines
from tests.harness.reports import words
from tests.harness.reports.reading_result import Result
from tests.harness.reports.reading_row import VERDICTS, Clause, Function, Row

_FEW = 12
"""Up to so many implementations stand beside each other, with their failures; of a class there are counts."""
_MOST_FAILURES = 20
_LONGEST = 2_000
_MARKUP = re.compile(r"""[\\`*_{}\[\]()<>#+.!|&~^$@:/="'-]""")


def plain(text: str) -> str:
    """``text`` as Markdown that shows it as it is, on one line: whatever could be markup is a character reference."""
    return _MARKUP.sub(lambda found: f"&#{ord(found[0])};", printable_lines(text[:_LONGEST]).replace("\n", " "))


def block(text: str) -> list[str]:
    """``text`` as a code block, whose fence is longer than any run of backticks in it."""
    text = printable_lines(text[:_LONGEST])
    fence = "`" * max(3, 1 + max(map(len, re.findall("`+", text)), default=0))
    return [fence + "text", *text.split("\n"), fence]


class Summary:
    """Takes the rows of a result one by one; ``text`` is the summary of all."""

    def __init__(self, result: Result) -> None:
        self._result = result
        self._few: list[Row] = []
        self._verdicts: Counter[str] = Counter()
        self._functions = {name: Counter[str]() for name in result.functions}
        self._mistakes: Counter[tuple[str, str]] = Counter()

    def add(self, row: Row) -> None:
        """Take up ``row``."""
        if len(self._result.names) <= _FEW:
            self._few.append(row)
        self._verdicts[row.verdict] += 1
        for name in self._result.functions:
            self._functions[name][row.of(name)] += 1
        own = ((one, clause) for one, clause in row.failures() if clause.cause is None)
        self._mistakes.update({(one.name, phrase) for one, clause in own for phrase in clause.diagnosis})

    def text(self) -> str:
        """The summary."""
        counts = ", ".join(f"{self._verdicts[verdict]} {verdict}" for verdict in VERDICTS if self._verdicts[verdict])
        lines = [f"## {plain(words.title(self._result))}", "", counts or "nothing was judged", ""]
        lines += [f"> {plain(remark)}\n" for remark in self._result.remarks]
        if self._few:
            lines += _table(["function", *(row.name for row in self._few)], self._matrix())
            failures = [(row, *pair) for row in self._few for pair in row.failures() if pair[1].cause is None]
            failures.sort(key=lambda failure: failure[2].rank)
            for failure in failures[:_MOST_FAILURES]:
                lines += self._failure(*failure)
            if len(failures) > _MOST_FAILURES:
                lines += [f"{len(failures) - _MOST_FAILURES} more failures are in the report.", ""]
        else:
            counted = [[name, *(str(found[one]) for one in VERDICTS)] for name, found in self._functions.items()]
            lines += _table(["function", *VERDICTS], counted)
        mistakes = [[one, phrase, str(count)] for (one, phrase), count in self._mistakes.most_common(_MOST_FAILURES)]
        lines += _table(["function", "behaves as one that", "times"], mistakes) if mistakes else []
        return "\n".join(lines)

    def _matrix(self) -> list[list[str]]:
        return [
            ["verdict", *(row.verdict for row in self._few)],
            *([name, *(words.SHORT[row.of(name)] for row in self._few)] for name in self._result.functions),
        ]

    def _failure(self, row: Row, one: Function, clause: Clause) -> list[str]:
        lines = [f"### {plain(row.name)}: {plain(one.own or one.name)} fails on {plain(clause.id)}", ""]
        lines += [plain(words.requirement(clause.id)), "", plain(f"{words.what(clause)} {clause.message or ''}"), ""]
        lines += [f"It behaves as a function that {plain(phrase)}.\n" for phrase in clause.diagnosis]
        for label, text in (("Input", clause.counterexample), ("Got", clause.actual), ("Expected", clause.expected)):
            lines += [f"{label}:", *block(text)] if text else []
        return [*lines, "See it again:", *block(words.again(self._result, row, clause.id)), ""]


def _table(head: list[str], rows: list[list[str]]) -> list[str]:
    cells = [head, *rows]
    lines = [f"| {' | '.join(map(plain, cell))} |" for cell in cells]
    return [lines[0], "|---" * len(head) + "|", *lines[1:], ""]
