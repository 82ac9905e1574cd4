"""One row of a result: what the JSON says of an implementation goes in, a Row comes out, checked to the last value.

So no report meets a value that it cannot show, when half of it is written. Schema version 1 is read, too: what it does
not have is taken as absent.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

TEXTBOOK, ROBUST = "textbook", "robust"
CONFORMS, FAILS, ERROR, NOT_RUN = "conforms", "fails", "error", "not run"
NOT_IMPLEMENTED, NOT_JUDGED = "not implemented", "not judged"
VERDICTS = (CONFORMS, FAILS, ERROR, NOT_JUDGED, NOT_RUN, NOT_IMPLEMENTED)
SEVERITIES = ("wrong", "not-finite", "crash", "accepts-invalid", "accuracy")
"""From the worst to the mildest."""
_ABSENT = "has no function of this name"
"""Why schema version 1 lists the clauses of a function that is not there; version 2 does not list them."""

_LONGEST = 60
"""Of a wrong value in a message."""
_Value = TypeVar("_Value")


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


def row_of(raw: Any) -> Row:
    """The row that the JSON describes. Raises NotAResult, which names the place of the value that is wrong."""
    functions = _get(raw, "functions", _object)
    return Row(
        name=_get(raw, "name", _text),
        spec=_get(raw, "spec", _text),
        arrays=_get(raw, "arrays", _text, None),
        device=_get(raw, "device", _text, None),
        level=_get(raw, "required_level", _one_of(TEXTBOOK, ROBUST)),
        verdict=_get(raw, "verdict", _one_of(*VERDICTS)),
        reason=_get(raw, "reason", _text, None),
        points=_get(raw, "points", _points, None),
        sha256=_get(raw, "sha256", _text, None),
        declared=_get(raw, "declared", _object, {}),
        not_looked_at=_get(raw, "not_looked_at", _list(_text), ()),
        isolation=_get(raw, "isolation", _text, None),
        remarks=_get(raw, "remarks", _list(_text), ()),
        functions={name: at(name, _function, name, one) for name, one in functions.items()},
    )


def check_head(suite: Any, environment: Any) -> None:
    """Raises NotAResult where what the JSON says of the run as a whole cannot be shown."""
    at("asked", _get, at("suite", _get, suite, "asked", _object, {}), "assignment", _object, None)
    at("environment", _get, environment, "devices", _object, None)
    assignment = at("suite", _get, suite, "assignment", _object, {})
    at("assignment", _get, assignment, "name", _text, None)
    at("assignment", _get, assignment, "level", _text, None)
    for name, points in at("assignment", _get, assignment, "points", _object, {}).items():
        at(f"assignment: points: {name}", _number, points)


def _function(name: str, raw: Any) -> Function:
    levels = {level: _get(raw, level, _one_of(*VERDICTS)) for level in (TEXTBOOK, ROBUST)}
    reason = _get(raw, "reason", _text, None)
    absent = NOT_IMPLEMENTED in levels.values() and _ABSENT in (reason or "")
    clauses = {} if absent else _get(raw, "clauses", _object, {})
    return Function(
        name=name,
        levels=levels,
        reason=reason,
        points=_get(raw, "points", _points, None),
        own=_get(raw, "name", _text, None),
        clauses=[at(id, _clause, id, one) for id, one in clauses.items()],
    )


def _clause(id: str, raw: Any) -> Clause:
    return Clause(
        id=id,
        level=_get(raw, "level", _one_of(TEXTBOOK, ROBUST)),
        outcome=_get(raw, "outcome", _text),
        examples=int(_get(raw, "examples", _number, 0)),
        max_error_ratio=_get(raw, "max_error_ratio", _number, None),
        message=_get(raw, "message", _text, None),
        counterexample=_get(raw, "counterexample", _text, None),
        expected=_get(raw, "expected", _text, None),
        actual=_get(raw, "actual", _text, None),
        diagnosis=_get(raw, "diagnosis", _list(_text), ()),
        cause=_get(raw, "cause", _text, None),
        severity=_get(raw, "severity", _text, None),
        curve=_get(raw, "curve", _curve, None),
    )


def _curve(raw: Any) -> Curve:
    checks = {"input": _number, "error": _error, "allowed": _size}
    columns = [_get(raw, key, _list(check)) for key, check in checks.items()]
    if not columns[0] or len({len(column) for column in columns}) > 1:
        raise NotAResult("got a curve of no length or of several, expected one")
    return Curve(_get(raw, "label", _text), *columns)


def _points(raw: Any) -> Points:
    return Points(_get(raw, "earned", _number), _get(raw, "possible", _number))


_REQUIRED: Any = object()


def _get(raw: Any, key: str, check: Callable[[Any], _Value], default: Any = _REQUIRED) -> Any:
    """The checked value of ``key``; the default where there is none, or null."""
    value = _object(raw).get(key)
    if value is None and default is not _REQUIRED:
        return default
    return at(key, check, value)


def at(place: str, make: Callable[..., _Value], *raw: Any) -> _Value:
    """What ``make`` makes of it; a NotAResult names the place."""
    try:
        return make(*raw)
    except NotAResult as wrong:
        raise NotAResult(f"{place}: {wrong}") from wrong


def _expected(what: str, value: Any) -> NotAResult:
    text = repr(value)
    return NotAResult(f"got {text if len(text) <= _LONGEST else text[:_LONGEST] + '...'}, expected {what}")


def _object(value: Any) -> Mapping[str, Any]:
    if not isinstance(value, dict):
        raise _expected("an object", value)
    return value


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise _expected("a text", value)
    return value


def _number(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise _expected("a number", value)
    return float(value)


def _size(value: Any) -> float:
    if _number(value) < 0:
        raise _expected("a number that is not negative", value)
    return _number(value)


def _error(value: Any) -> float | None:
    return None if value is None else _size(value)


def _one_of(*allowed: str) -> Callable[[Any], str]:
    def check(value: Any) -> str:
        if value not in allowed:
            raise _expected(f"one of {', '.join(allowed)}", value)
        return str(value)

    return check


def _list(check: Callable[[Any], _Value]) -> Callable[[Any], tuple[_Value, ...]]:
    def checked(value: Any) -> tuple[_Value, ...]:
        if not isinstance(value, list):
            raise _expected("a list", value)
        return tuple(map(check, value))

    return checked
