"""The clauses of conformance.md, and the decorator by which a test cites the clause it checks."""

import inspect
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from hypothesis.strategies import SearchStrategy

from tests.harness.spec.dtypes import Drawing

TEXTBOOK = "textbook"
ROBUST = "robust"
LEVELS = (TEXTBOOK, ROBUST)

LARGE_SIZES = (2**16, 2**20, 2**24, 2**28, 2**31 + 8, 2**32 + 8)
"""How many elements the arrays of the clauses marked large have; the last two are more than 32 bits count."""

CONFORMANCE_MD = Path(__file__).parents[3] / "conformance.md"

_FUNCTION_HEADING = re.compile(r"^### `(?P<function>\w+)\(")
_ANY_HEADING = re.compile(r"^#{1,3} ")
_CLAUSE_ROW = re.compile(r"^\| `(?P<id>[A-Z][A-Z0-9-]*)` \|(?P<cells>.*)\|$")


class MalformedClause(ValueError):
    """conformance.md, or a test that cites it, breaks the rules of a clause."""


@dataclass(frozen=True)
class Clause:
    """One requirement of conformance.md; a large one is judged, and expected, only where the run is told to."""

    id: str
    level: str
    function: str
    requirement: str
    source: str
    large: bool = False


def parse(text: str) -> dict[str, Clause]:
    """The clauses in the Markdown ``text``, by id, in its order.

    A clause is a table row ``| `ID` | level | requirement | source |`` under a heading ``### `function(...)` ``; the
    level of a large one says so: ``robust, large``.
    Raises MalformedClause for a row outside such a section, a level or id that is not one, a requirement without MUST.
    """
    clauses: dict[str, Clause] = {}
    function: str | None = None
    for number, line in enumerate(text.splitlines(), start=1):
        if heading := _FUNCTION_HEADING.match(line):
            function = heading["function"]
        elif _ANY_HEADING.match(line):
            function = None
        if not (row := _CLAUSE_ROW.match(line)):
            continue
        where = f"conformance.md, line {number}, clause {row['id']}"
        cells = [cell.strip().replace(r"\|", "|") for cell in re.split(r"(?<!\\)\|", row["cells"])]
        if function is None:
            raise MalformedClause(f"{where}: stands under no heading ### `function(...)`")
        if len(cells) != 3:
            raise MalformedClause(
                f"{where}: has {len(cells)} cells after its id; level, requirement, source are needed"
            )
        level, comma, large = cells[0].partition(", ")
        requirement, source = cells[1:]
        if level not in LEVELS or (comma and large != "large"):
            raise MalformedClause(f"{where}: level {cells[0]!r} is none of {', '.join(LEVELS)}")
        if "MUST" not in requirement:
            raise MalformedClause(f"{where}: the requirement does not say MUST")
        if row["id"] in clauses:
            raise MalformedClause(f"{where}: the id is taken; ids are unique and never move")
        clauses[row["id"]] = Clause(row["id"], level, function, requirement, source, bool(large))
    return clauses


CLAUSES: Mapping[str, Clause] = parse(CONFORMANCE_MD.read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Property:
    """A test body with what it is to be given: the drawn arguments' strategies, the explicit examples, the sizes."""

    name: str
    clauses: tuple[Clause, ...]
    body: Callable[..., None]
    strategies: Mapping[str, SearchStrategy[Any] | Drawing[Any]]
    examples: tuple[Mapping[str, Any], ...]
    sizes: tuple[int, ...] = ()

    @property
    def ids(self) -> str:
        """The ids of its clauses: what tells it from every other property, whatever its name."""
        return " ".join(clause.id for clause in self.clauses)

    def body_for(self, clause: Clause) -> Callable[..., None]:
        """The body as a function of the subject and the values, for the function that the clause is about."""
        return partial(self.body, f=clause.function) if self._takes_function else self.body

    @cached_property
    def _takes_function(self) -> bool:
        return "f" in inspect.signature(self.body).parameters


PROPERTIES: dict[str, Property] = {}
"""Every property that cites a clause, by clause id; filled as the test modules are imported."""


def given(**strategies: SearchStrategy[Any] | Drawing[Any]) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Say what the body's arguments are drawn from. They are drawn once per run, for all implementations."""

    def annotate(body: Callable[..., None]) -> Callable[..., None]:
        body.drawn_from = strategies  # type: ignore[attr-defined]
        return body

    return annotate


def example(**values: Any) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Add one explicit example, judged before the drawn ones."""

    def annotate(body: Callable[..., None]) -> Callable[..., None]:
        body.explicit = (values, *getattr(body, "explicit", ()))  # type: ignore[attr-defined]
        return body

    return annotate


def large(body: Callable[..., None]) -> Callable[..., None]:
    """Give the body as its ``size`` each of LARGE_SIZES up to the number of elements that the run allows."""
    body.sizes = LARGE_SIZES  # type: ignore[attr-defined]
    return body


def clause(*ids: str) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Make the body the test of the clauses ``ids`` of conformance.md: the outermost decorator.

    The body takes ``impl``, for several clauses also ``f`` (the function that the clause is about), and what ``given``
    draws.
    Raises MalformedClause where an id is unknown or already has its test, or the arguments do not fit.
    """

    def make(body: Callable[..., None]) -> Callable[..., None]:
        strategies = getattr(body, "drawn_from", {})
        examples = getattr(body, "explicit", ())
        sizes = getattr(body, "sizes", ())
        expected = ["impl", *(["f"] if "f" in inspect.signature(body).parameters else [])]
        for values in (strategies, *examples, *({"size": size} for size in sizes)):
            if values and {*inspect.signature(body).parameters} != {*expected, *values}:
                raise MalformedClause(f"{body.__name__} takes {inspect.signature(body)} and is given {sorted(values)}")
        for id in ids:
            if id not in CLAUSES:
                raise MalformedClause(f"{body.__name__} cites {id}, which is no clause of conformance.md")
            if id in PROPERTIES and PROPERTIES[id].name != body.__qualname__:
                raise MalformedClause(f"{body.__name__} cites {id}, which {PROPERTIES[id].name} tests already")
            if CLAUSES[id].large != bool(sizes):
                raise MalformedClause(f"{body.__name__} and {id}, which it cites, differ in whether they are large")
        checked = Property(body.__qualname__, tuple(CLAUSES[id] for id in ids), body, strategies, examples, sizes)
        PROPERTIES.update(dict.fromkeys(ids, checked))

        def test() -> None:
            """Stands for the body where pytest looks for tests; the plugin makes the items and judges."""

        test.__name__, test.__qualname__, test.__module__ = body.__name__, body.__qualname__, body.__module__
        test.__doc__ = body.__doc__
        here = body.__code__
        test.__code__ = test.__code__.replace(co_filename=here.co_filename, co_firstlineno=here.co_firstlineno)
        test.conforms_to = checked  # type: ignore[attr-defined]
        return test

    return make
