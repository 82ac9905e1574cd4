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

VERSIONS = (1, 2)
TEXTBOOK, ROBUST = "textbook", "robust"
CONFORMS, FAILS, ERROR, NOT_RUN = "conforms", "fails", "error", "not run"
NOT_IMPLEMENTED, NOT_JUDGED = "not implemented", "not judged"
VERDICTS = (CONFORMS, FAILS, ERROR, NOT_JUDGED, NOT_RUN, NOT_IMPLEMENTED)
SEVERITIES = ("wrong", "not-finite", "crash", "accepts-invalid", "accuracy")
"""From the worst to the mildest."""
_ABSENT = "has no function of this name"
"""Why schema version 1 lists the clauses of a function that is not there; version 2 does not list them."""
_PIECE = 1 << 20
"""Characters read at a time."""


class NotAResult(ValueError):
    """The file is no result that can be reported; the message says why, and what to do."""


@dataclass(frozen=True)
class Points:
    """What a function or a submission earned, of what it could earn."""

    earned: float
    possible: float


@dataclass(frozen=True)
class Curve:
    """The absolute error (None: not finite) and the error allowed, over the input."""

    label: str
    input: Sequence[float]
    error: Sequence[float | None]
    allowed: Sequence[float]


@dataclass(frozen=True)
class Clause:
    """What came of one clause, as the JSON schema describes it."""

    id: str
    level: str
    outcome: str
    examples: int
    max_error_ratio: float | None
    message: str | None
    counterexample: str | None
    expected: str | None
    actual: str | None
    diagnosis: Sequence[str]
    cause: str | None
    severity: str | None
    curve: Curve | None

    @property
    def failed(self) -> bool:
        """Whether it is wrong or in error."""
        return self.outcome in ("failed", "error")

    @property
    def rank(self) -> tuple[int, bool]:
        """Sorts failures: the worst first, and those that have a cause of their own before those that repeat one."""
        severity = SEVERITIES.index(self.severity) if self.severity in SEVERITIES else len(SEVERITIES)
        return (severity if self.severity else 2 * (self.outcome == "error"), self.cause is not None)


@dataclass(frozen=True)
class Function:
    """One function of the interface in one implementation; ``own`` is the submission's name of it."""

    name: str
    levels: Mapping[str, str]
    reason: str | None
    points: Points | None
    own: str | None
    clauses: Sequence[Clause]

    def asked(self, level: str) -> list[Clause]:
        """The clauses that the required level asks; robust includes textbook."""
        return [one for one in self.clauses if level in (one.level, ROBUST)]

    def failures(self, level: str) -> list[Clause]:
        """The failures at the required level, the worst first."""
        return sorted((one for one in self.asked(level) if one.failed), key=lambda one: one.rank)

    def passed(self, level: str) -> tuple[int, int]:
        """How many clauses of the required level passed, and how many were judged."""
        judged = [one for one in self.asked(level) if one.outcome != "skipped"]
        return sum(not one.failed for one in judged), len(judged)


@dataclass(frozen=True)
class Row:
    """One implementation."""

    name: str
    spec: str
    arrays: str | None
    device: str | None
    level: str
    verdict: str
    reason: str | None
    points: Points | None
    sha256: str | None
    declared: Mapping[str, Any]
    not_looked_at: Sequence[str]
    isolation: str | None
    remarks: Sequence[str]
    functions: Mapping[str, Function]

    def of(self, function: str) -> str:
        """The verdict on a function at the required level."""
        one = self.functions.get(function)
        return one.levels[self.level] if one else NOT_IMPLEMENTED

    def failures(self) -> list[tuple[Function, Clause]]:
        """Every failure at the required level, the worst of all functions first."""
        found = [(one, clause) for one in self.functions.values() for clause in one.failures(self.level)]
        return sorted(found, key=lambda pair: pair[1].rank)


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
        last = {name: at for at, name in enumerate(self._names_in_file())}
        for at, raw in enumerate(_raw_rows(self.path)):
            row = _row(raw)
            if last[row.name] == at:
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
            row = _row(value)
            if row.name in names and not _is_rows(path):
                raise NotAResult(f"two rows have the name {row.name!r}")
            names[row.name] = None
            for function in row.functions:
                functions[function] = functions.get(function, False) or bool(row.functions[function].clauses)
        version = _version(head, path)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as wrong:
        why = str(wrong) if isinstance(wrong, NotAResult) else f"{type(wrong).__name__}: {wrong}"
        where = f"after row {len(names)}" if names else "before its first row"
        raise NotAResult(f"{path}, {where}: {why}; name the file that --conformance-json wrote") from wrong
    if version == 1:
        remarks.append("The result has schema version 1: it holds no points, declarations, expected or actual values.")
    suite, environment = head.get("suite") or {}, head.get("environment") or {}
    asked = (suite.get("assignment") or {}).get("points") or {}
    known = [name for name, there in functions.items() if there or name in asked]
    return Result(path, version, suite, environment, list(names), known, remarks)


def _version(head: Mapping[str, Any], path: Path) -> int:
    if _is_rows(path) and not head:
        return VERSIONS[-1]
    missing = [key for key in ("schema_version", "suite", "environment") if key not in head]
    if missing or not isinstance(head["suite"], dict) or not isinstance(head["environment"], dict):
        raise NotAResult("it is not the result of a run of this suite")
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


def _row(raw: Mapping[str, Any]) -> Row:
    functions = {name: _function(name, one) for name, one in raw["functions"].items()}
    return Row(
        name=_string(raw["name"]),
        spec=_string(raw["spec"]),
        arrays=raw.get("arrays"),
        device=raw.get("device"),
        level=_one_of(raw["required_level"], (TEXTBOOK, ROBUST)),
        verdict=_one_of(raw["verdict"], VERDICTS),
        reason=raw.get("reason"),
        points=_points(raw.get("points")),
        sha256=raw.get("sha256"),
        declared=raw.get("declared") or {},
        not_looked_at=raw.get("not_looked_at") or (),
        isolation=raw.get("isolation"),
        remarks=raw.get("remarks") or (),
        functions=functions,
    )


def _function(name: str, raw: Mapping[str, Any]) -> Function:
    levels = {level: _one_of(raw[level], VERDICTS) for level in (TEXTBOOK, ROBUST)}
    absent = NOT_IMPLEMENTED in levels.values() and _ABSENT in (raw.get("reason") or "")
    clauses = [] if absent else [_clause(id, one) for id, one in (raw.get("clauses") or {}).items()]
    return Function(name, levels, raw.get("reason"), _points(raw.get("points")), raw.get("name"), clauses)


def _clause(id: str, raw: Mapping[str, Any]) -> Clause:
    return Clause(
        id=id,
        level=_one_of(raw["level"], (TEXTBOOK, ROBUST)),
        outcome=_string(raw["outcome"]),
        examples=raw.get("examples", 0),
        max_error_ratio=raw.get("max_error_ratio"),
        message=raw.get("message"),
        counterexample=raw.get("counterexample"),
        expected=raw.get("expected"),
        actual=raw.get("actual"),
        diagnosis=raw.get("diagnosis") or (),
        cause=raw.get("cause"),
        severity=raw.get("severity"),
        curve=_curve(raw.get("curve")),
    )


def _curve(raw: Mapping[str, Any] | None) -> Curve | None:
    if not raw:
        return None
    return Curve(_string(raw["label"]), tuple(raw["input"]), tuple(raw["error"]), tuple(raw["allowed"]))


def _points(raw: Mapping[str, Any] | None) -> Points | None:
    return Points(float(raw["earned"]), float(raw["possible"])) if raw else None


def _string(value: Any) -> str:
    if not isinstance(value, str):
        raise NotAResult(f"got {value!r}, expected a text")
    return value


def _one_of(value: Any, allowed: Sequence[str]) -> str:
    if value not in allowed:
        raise NotAResult(f"got {value!r}, expected one of {', '.join(allowed)}")
    return str(value)
