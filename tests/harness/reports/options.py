"""What a run is asked for, and how an item is named after what it judges."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any
from urllib.parse import quote, unquote

from impls.isolation import Limits
from impls.submissions.assignment import Assignment
from tests.harness.spec.clauses import CLAUSES

_REPEATED = (
    "arrays",
    "device",
    "level",
    "task",
    "isolation",
    "call_seconds",
    "load_seconds",
    "total_seconds",
    "memory_mib",
    "large",
    "require_complete",
)
"""The options on which the outcome of one clause may depend, beside specs, assignment, profile and seed."""
_VERDICT = "tests/conformance::verdict["
_PLAIN = "/ !#$&'()*+,-.:;<=>?@[]^_`{|}~"


@dataclass(frozen=True)
class Options:
    """What the command line asks for; level, arrays and device are None where it does not say."""

    specs: tuple[str, ...]
    arrays: str | None
    device: str | None
    level: str | None
    require_complete: bool
    profile: str
    seed: int
    isolation: str | None = None
    """Where implementations run (``impls.isolation.MODES``); None: files and folders in processes of their own."""
    call_seconds: float = Limits.call_seconds
    load_seconds: float = Limits.load_seconds
    total_seconds: float | None = None
    """Of all calls of one function; None: any number for a single file, ``Limits.total_seconds`` for others."""
    memory_mib: int | None = Limits.memory_mib
    assignment: Assignment | None = None
    task: str | None = None
    """Of a network that is not declared elsewhere, one of ``impls.declared.TASKS``."""
    selected: str = ""
    """What -k and -m select, as they were given."""
    large: int | None = None
    """The most elements an array of the large clauses may have; None where these are not asked for."""


def asked_again(asked: Mapping[str, Any]) -> list[str]:
    """The words with which a command asks the same again: of the options by name, those that are not the default."""
    defaults = {one.name: one.default for one in fields(Options)}
    words = []
    for name in _REPEATED:
        value = asked.get(name)
        if value not in (None, False, defaults[name]):
            words.append(f"--{name.replace('_', '-')}" + ("" if value is True else f" {shlex.quote(str(value))}"))
    return words


def item_id(name: str, clause: str) -> str:
    """The id of the test item of that implementation and clause: plain ASCII, which pytest takes as it is."""
    return f"{clause}:{quote(name, safe=_PLAIN, errors='surrogateescape')}"


def verdict_id(name: str) -> str:
    """The id of a report about an implementation as a whole, which is no item's."""
    return f"{_VERDICT}{name}]"


def is_of_verdict(nodeid: str) -> bool:
    """Whether that is the id of such a report."""
    return nodeid.startswith(_VERDICT)


def pair_of_item(nodeid: str) -> tuple[str, str] | None:
    """The (implementation, clause) of ``...::test_name[id]``; None where that is no conformance test."""
    _, bracket, id = nodeid.partition("[")
    clause, colon, name = id[:-1].partition(":")
    return (unquote(name, errors="surrogateescape"), clause) if bracket and colon and clause in CLAUSES else None
