"""The disguised mistakes: a function as a student wrote it, and its mistake in a teacher's words."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Disguise:
    """A wrong function; `mistake` says what is wrong in it."""

    name: str
    function: str
    mistake: str
    wrong: Callable[..., Any]
    task: str | None = None


DISGUISES: list[Disguise] = []


def handed_in(function: str, mistake: str, task: str | None = None, name: str = "") -> Callable[[Any], Any]:
    """Enters a function with its mistake."""

    def enter(wrong: Callable[..., Any]) -> Callable[..., Any]:
        DISGUISES.append(Disguise(name or wrong.__name__, function, mistake, wrong, task))
        return wrong

    return enter


@dataclass(frozen=True)
class Nameless(Disguise):
    """One of which no known mistake may be named."""

    clauses: tuple[str, ...] = ()


NAMELESS: list[Nameless] = []


def nameless(
    function: str, mistake: str, task: str | None = None, clauses: tuple[str, ...] = ()
) -> Callable[[Any], Any]:
    """Enters a function without a name for its fault; clauses: those asked, all of the textbook level if empty."""

    def enter(wrong: Callable[..., Any]) -> Callable[..., Any]:
        NAMELESS.append(Nameless(wrong.__name__, function, mistake, wrong, task, clauses))
        return wrong

    return enter
