"""A result on disk, PATH or PATH.rows of ``--conformance-json``, read as a stream: what every report is made of.

In goes a path, out come the head of the run and its rows, one at a time, so that memory does not grow with the class.
``read`` goes through the whole file once and raises NotAResult before any report is written; ``Result.rows`` then goes
through it again.

Schema version 1 is read, too. What it does not have is taken as absent: no points, no declarations, no remarks, no
severity, cause, expected or actual value.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from tests.harness.reports.reading_row import NotAResult, Row, at, check_head, row_of
from tests.harness.spec.suite_hash import hash_of_the_suite

VERSIONS = (1, 2)
_REMEDY = "name the file that --conformance-json wrote"
_PIECE = 1 << 20
"""Characters read at a time."""


@dataclass(frozen=True)
class Result:
    """A result that was read through once. functions: asked for by the assignment, or there in some row."""

    path: Path
    version: int
    suite: Mapping[str, Any]
    environment: Mapping[str, Any]
    names: Sequence[str]
    functions: Sequence[str]
    remarks: Sequence[str]

    @property
    def assignment(self) -> Mapping[str, Any]:
        """The assignment's name, level and points; empty where there is none."""
        return self.suite.get("assignment") or {}

    @property
    def possible(self) -> Mapping[str, float]:
        """What the assignment gives for each function that it asks for."""
        return self.assignment.get("points") or {}

    def rows(self) -> Iterator[Row]:
        """The implementations in the order of the file; of several rows of a name in PATH.rows the last."""
        last = {name: number for number, name in enumerate(self._names_in_file())}
        for number, raw in enumerate(_raw_rows(self.path)):
            row = row_of(raw)
            if last[row.name] == number:
                yield row

    def _names_in_file(self) -> Iterator[str]:
        if _is_rows(self.path):
            return (raw["name"] for raw in _raw_rows(self.path))
        return iter(self.names)


def read(path: Path) -> Result:
    """Go through the result at ``path``, each row of it. Raises NotAResult."""
    head: dict[str, Any] = {}
    names: dict[str, None] = {}
    functions: dict[str, bool] = {}
    remarks: list[str] = []
    try:
        for key, value in _parts(path, remarks):
            if key != "row":
                head[key] = value
                continue
            row = at(f"row {len(names) + 1}", row_of, value)
            if row.name in names and not _is_rows(path):
                raise NotAResult(f"two rows have the name {row.name!r}")
            names[row.name] = None
            for function in row.functions:
                functions[function] = functions.get(function, False) or bool(row.functions[function].clauses)
        version = _version(head, path)
    except OSError as wrong:
        raise NotAResult(f"{path} cannot be read ({wrong.strerror or wrong}); {_REMEDY}") from wrong
    except (ValueError, TypeError, RecursionError) as wrong:
        damaged = f"it is damaged after row {len(names)}" if names else "it is damaged"
        why = str(wrong) if isinstance(wrong, NotAResult) else f"{damaged}: {type(wrong).__name__}: {wrong}"
        raise NotAResult(f"{path}: {why}; {_REMEDY}") from wrong
    suite, environment = head.get("suite") or {}, head.get("environment") or {}
    if version == 1:
        remarks.append("The result has schema version 1: it holds no points, declarations, expected or actual values.")
    elif suite and suite.get("sources") != hash_of_the_suite():
        remarks.append("Another version of this suite has judged: the sentences of clauses on these pages may differ.")
    asked = (suite.get("assignment") or {}).get("points") or {}
    known = [name for name, there in functions.items() if there or name in asked]
    return Result(path, version, suite, environment, list(names), known, remarks)


def _version(head: Mapping[str, Any], path: Path) -> int:
    if _is_rows(path) and not head:
        return VERSIONS[-1]
    missing = [key for key in ("schema_version", "suite", "environment") if key not in head]
    if missing or not isinstance(head["suite"], dict) or not isinstance(head["environment"], dict):
        raise NotAResult("it is not the result of a run of this suite")
    check_head(head["suite"], head["environment"])
    version = head["schema_version"]
    if version not in VERSIONS:
        raise NotAResult(f"it has schema version {version}, this suite reads {' and '.join(map(str, VERSIONS))}")
    return int(version)


def _is_rows(path: Path) -> bool:
    return path.suffix == ".rows"


def _raw_rows(path: Path) -> Iterator[dict[str, Any]]:
    return (value for key, value in _parts(path, []) if key == "row")


def _parts(path: Path, remarks: list[str]) -> Iterator[tuple[str, Any]]:
    """("row", row) for each implementation, and (key, value) for all else at the top of the JSON."""
    with path.open(encoding="utf-8") as file:
        yield from _lines(file, remarks) if _is_rows(path) else _Text(file).members()


def _lines(file: IO[str], remarks: list[str]) -> Iterator[tuple[str, Any]]:
    """The rows of PATH.rows; a first line with ``schema_version`` is the head. A torn last line is left out."""
    for line in file:
        try:
            value = _DECODER.decode(line)
        except json.JSONDecodeError:
            if line.endswith("\n"):
                raise
            remarks.append("The last row of the result is incomplete and left out: the run was interrupted.")
            return
        if "schema_version" in value:
            yield from value.items()
        else:
            yield "row", value


def _constant(word: str) -> Any:
    raise NotAResult(f"{word} is not JSON")


_DECODER = json.JSONDecoder(parse_constant=_constant)


class _Text:
    """A JSON text in a file, of which only the value at hand is in memory."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file
        self._text = ""

    def members(self) -> Iterator[tuple[str, Any]]:
        """("row", element) for each element of "implementations", (key, value) for the other members."""
        for _ in self._listed("{", "}"):
            key = self._value()
            self._expect(":")
            if key == "implementations":
                for _ in self._listed("[", "]"):
                    yield "row", self._value()
            else:
                yield str(key), self._value()
        if self._next():
            raise NotAResult("something stands after its end")

    def _listed(self, first: str, last: str) -> Iterator[None]:
        """Before each part of what stands between brackets, separated by commas."""
        self._expect(first)
        if self._next() != last:
            yield
            while self._next() == ",":
                self._expect(",")
                yield
        self._expect(last)

    def _more(self) -> bool:
        piece = self._file.read(_PIECE)
        self._text += piece
        return bool(piece)

    def _next(self) -> str:
        """The next character that is not white space, "" at the end."""
        while not (text := self._text.lstrip()):
            if not self._more():
                return ""
        self._text = text
        return text[0]

    def _expect(self, character: str) -> None:
        if self._next() != character:
            raise NotAResult(f"it is damaged: got {self._text[:20]!r}, expected {character!r}")
        self._text = self._text[1:]

    def _value(self) -> Any:
        self._next()
        while True:
            try:
                value, end = _DECODER.raw_decode(self._text)
            except json.JSONDecodeError:
                if not self._more():
                    raise
                continue
            if end == len(self._text) and self._more():
                continue
            self._text = self._text[end:]
            return value
