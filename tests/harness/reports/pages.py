"""The page of the whole class, ``index.html``, and what all pages share: the templates and their rules.

Every value that a template prints goes through ``printable_lines`` and then through Jinja2's escaping: outside
text is text.
The pages need nothing but themselves; their content security policy forbids any request and any foreign script.
"""

import base64
import hashlib
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup

from impls.text import printable_lines
from tests.harness.reports import words
from tests.harness.reports.handed import Picture
from tests.harness.reports.reading_result import Result
from tests.harness.reports.reading_row import CONFORMS, ERROR, FAILS, NOT_IMPLEMENTED, NOT_JUDGED, VERDICTS, Row
from tests.harness.reports.words import number

GENERATOR = "lecture-formulas-conformance"
"""What says that a page is one of ours, and may be replaced."""
CLASSES = {CONFORMS: "conforms", FAILS: "fails", ERROR: "error", NOT_JUDGED: "error"}
_TEMPLATES = Path(__file__).parent / "templates"
_FIRST_SCRIPT = 'document.documentElement.classList.add("js")'
_MOST_CLAUSES = 100
_FEW = 8
"""Up to so many rows the page shows the figures of each side by side."""


def _as_text(value: Any) -> Any:
    return printable_lines(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _environment() -> jinja2.Environment:
    return jinja2.Environment(
        loader=jinja2.FileSystemLoader(_TEMPLATES),
        autoescape=True,
        finalize=_as_text,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def render(template: str, scripts: tuple[str, ...] = (), **values: Any) -> str:
    """The page that ``template`` makes of ``values``; ``scripts`` are the only ones that will run in it."""
    digests = (base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts)
    return (
        _environment()
        .get_template(template)
        .render(
            generator=GENERATOR,
            script_source=Markup(" ".join(f"'sha256-{digest}'" for digest in digests) or "'none'"),
            style=_text("style.css"),
            own_style=_text(template.replace(".html", ".css")),
            classes={verdict: CLASSES.get(verdict, "idle") for verdict in VERDICTS},
            words=words.SHORT,
            **values,
        )
    )


def embedded(pictures: Sequence[Picture]) -> list[dict[str, str]]:
    """What a template needs of the pictures that were drawn; a page holds them itself, so that it can be sent alone."""
    return [
        {
            "shows": f"{one.of}: {one.shows}" if one.of else one.shows,
            "place": "each" if one.of else "all",
            "data": base64.b64encode(one.path.read_bytes()).decode(),
        }
        for one in sorted(pictures, key=lambda one: one.of is not None)
        if not one.missing
    ]


@cache
def _text(name: str) -> Markup:
    return Markup((_TEMPLATES / name).read_text(encoding="utf-8"))


@dataclass(frozen=True)
class _Cell:
    verdict: str
    points: str


@dataclass(frozen=True)
class _Line:
    """A row of the table."""

    name: str
    page: str
    verdict: str
    level: str
    earned: str
    points: str
    share: str
    passed: str
    mistakes: tuple[int, ...]
    cells: tuple[_Cell, ...]


class Index:
    """Takes the rows of a result one by one and keeps of each its line; ``html`` is the page of all."""

    def __init__(self, result: Result, pictures: Sequence[Picture] = ()) -> None:
        self._result = result
        self._pictures = pictures
        self._lines: list[_Line] = []
        self._numbers: dict[tuple[str, str], int] = {}
        self._mistakes: Counter[tuple[str, str]] = Counter()
        self._clauses: Counter[str] = Counter()
        self._verdicts = {name: Counter[str]() for name in result.functions}
        self._earned: dict[str, list[float]] = {name: [] for name in result.functions}

    def add(self, row: Row, page: str) -> None:
        """Take up ``row``, whose own page is ``page``."""
        mistakes = {
            (one.name, phrase): None
            for one, clause in row.failures()
            if clause.cause is None
            for phrase in clause.diagnosis
        }
        for mistake in mistakes:
            self._numbers.setdefault(mistake, len(self._numbers))
            self._mistakes[mistake] += 1
        self._clauses.update(clause.id for _, clause in row.failures() if clause.cause is None)
        cells = []
        passed = count = 0
        for name in self._result.functions:
            one = row.functions.get(name)
            self._verdicts[name][row.of(name)] += 1
            if one and one.points:
                self._earned[name].append(one.points.earned)
            cells.append(_Cell(row.of(name), words.of_points(one.points if one else None)))
            if one and row.of(name) != NOT_IMPLEMENTED:
                passed, count = (a + b for a, b in zip((passed, count), one.passed(row.level), strict=True))
        self._lines.append(
            _Line(
                name=row.name,
                page=page,
                verdict=row.verdict,
                level=row.level,
                earned=repr(row.points.earned) if row.points else "",
                points=words.of_points(row.points) + (" + ?" if words.undecided(self._result, row) else ""),
                share=f"{passed / count:.6f}" if count else "",
                passed=f"{passed} of {count}" if count else "",
                mistakes=tuple(self._numbers[mistake] for mistake in mistakes),
                cells=tuple(cells),
            )
        )

    def html(self) -> str:
        """The page."""
        result = self._result
        is_class = bool(result.assignment) or any(line.name.endswith((".py", ".ipynb")) for line in self._lines)
        show_points = any(line.points for line in self._lines) or bool(result.possible)
        show_level = len({line.level for line in self._lines}) > 1
        counts = Counter(line.verdict for line in self._lines)
        titles = ["name", "verdict", *["level"] * show_level, *["points"] * show_points, "clauses passed"]
        columns = [{"title": title, "number": title in ("points", "clauses passed")} for title in titles]
        columns += [{"title": name, "number": False} for name in result.functions]
        mistakes = [
            {"number": self._numbers[mistake], "function": mistake[0], "phrase": mistake[1], "count": count}
            for mistake, count in self._mistakes.most_common()
        ]
        clauses = [
            {"id": id, "requirement": words.requirement(id), "count": count}
            for id, count in self._clauses.most_common(_MOST_CLAUSES)
        ]
        script = _text("index.js")
        return render(
            "index.html",
            scripts=(_FIRST_SCRIPT, script),
            first_script=Markup(_FIRST_SCRIPT),
            script=script,
            title=words.title(result),
            lead=self._lead(is_class, counts[CONFORMS]),
            counts=[(verdict, counts[verdict]) for verdict in VERDICTS if counts[verdict]],
            remarks=result.remarks,
            is_class=is_class,
            functions=result.functions,
            verdicts=VERDICTS,
            mistakes=mistakes,
            clauses=clauses,
            more_clauses=max(0, len(self._clauses) - _MOST_CLAUSES),
            rows=self._lines,
            columns=columns,
            show_points=show_points,
            show_level=show_level,
            caption="ok: every clause that is required is passed; fails: a wrong answer; error: no answer; "
            "–: not there. A heading sorts.",
            by_function=[self._by_function(name) for name in result.functions],
            pictures=embedded([one for one in self._pictures if one.of is None or len(self._lines) <= _FEW]),
            facts=words.run_facts(result),
        )

    def _lead(self, is_class: bool, right: int) -> str:
        count = len(self._lines)
        noun = ("submission" if is_class else "implementation") + ("" if count == 1 else "s")
        return f"{count} {noun}, {right} of them right in everything that was required."

    def _by_function(self, name: str) -> dict[str, Any]:
        counts, earned = self._verdicts[name], self._earned[name]
        share = {verdict: f"{100 * count / max(1, len(self._lines)):.2f}" for verdict, count in counts.items()}
        return {
            "name": name,
            "counts": [counts[verdict] for verdict in VERDICTS],
            "right": share.get(CONFORMS, 0),
            "wrong": share.get(FAILS, 0),
            "stopped": share.get(ERROR, 0),
            "mean": number(sum(earned) / len(earned)) if earned else "",
        }
