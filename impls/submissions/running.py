"""Running the statements of a submission one by one: what fails or does not end is left out, and that is written down.

In: the code, the names that are wanted, an empty module. Out: the module with what could be run, and for every name
that is not what the student meant it to be the reason: the statement that binds it or may change it did not run to its
end. A later statement that binds the name anew, from sound values, mends it.
"""

import ast
import signal
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from types import FunctionType, ModuleType

from impls.interrupt import was_interrupted
from impls.submissions.needed_statements import BUILTINS, Code, Definition, Statement, without_annotations

LOAD_SECONDS = 60.0
"""How long the loading of a submission may take in all, without an option."""


class DidNotEnd(BaseException):
    """A statement has used up its share of the time for loading. No Exception, which a submission would catch."""


@dataclass
class Ran:
    """The result of running a submission.

    unsound: by name, why its value is not the one that the student meant. refused: by name, why what should define it
    is no Python. unknown: why names that no statement binds may be missing. kept: by statement, the names of functions
    that it would have given to something else, as ``softmax = softmax(z)`` and the import of a library's do; they are
    still the functions'.
    """

    module: ModuleType
    code: Code
    unsound: dict[str, str] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    unknown: str | None = None
    kept: dict[Statement, frozenset[str]] = field(default_factory=dict)

    def why_not(self, name: str) -> str | None:
        """Why a function that reads this name of the module cannot be judged; None where nothing speaks against it."""
        if name in self.unsound:
            return self.unsound[name]
        if name in vars(self.module) or name in BUILTINS:
            return None
        if name not in self.code.bound:
            return self.unknown
        binds = [one for one in self.code.statements if name in one.binds]
        return f"it needs {name}, which {binds[-1].where} may make and did not"


def run(
    code: Code,
    wanted: Iterable[str],
    module: ModuleType,
    is_near: Callable[[str], bool],
    reason: Callable[[BaseException], str],
    whole: bool = False,
    seconds: float = LOAD_SECONDS,
) -> Ran:
    """Run in ``module`` what ``wanted`` need of the code, or the whole of it.

    reason: what was raised, in words. seconds: for all of it; a statement gets half of what is left.
    """
    ran, end = Ran(module, code), time.monotonic() + seconds
    wanted = frozenset(wanted)
    as_functions = wanted | _called_inside(code)
    for one in code.statements if whole else code.needed(wanted, is_near):
        if one.broken:
            ran.refused |= dict.fromkeys(one.binds, reason(one.broken))
            continue
        if not whole and _eclipses(one, ran, is_near):
            ran.kept[one] = one.binds
            continue
        functions = {} if whole else _functions_of(one, ran.module, as_functions)
        tried, failed = one, _run(one, ran, (end - time.monotonic()) / 2)
        if failed is not None and (bare := without_annotations(one)):
            tried, failed = bare, _run(bare, ran, (end - time.monotonic()) / 2)
        _keep(ran, one, functions, failed is not None)
        if failed is None:
            _mend(ran, tried)
        else:
            missing = failed.name if isinstance(failed, NameError) else None
            _note(ran, one, reason(failed), ran.unsound.get(missing or ""))
    return ran


def _eclipses(one: Statement, ran: Ran, is_near: Callable[[str], bool]) -> bool:
    """Whether it imports a library's, as to compare, under the name of an own function or class that is there.

    A definition behind it that reads the name means the library's.
    """
    if not isinstance(one.node, ast.ImportFrom) or one.node.level or is_near(one.node.module or ""):
        return False
    there = [vars(ran.module).get(name) for name in one.binds]
    if not there or not all(
        isinstance(value, FunctionType | type) and value.__module__ == ran.module.__name__ for value in there
    ):
        return False
    behind = ran.code.statements[ran.code.statements.index(one) + 1 :]
    return not any(isinstance(other.node, Definition) and one.binds & (other.now | other.later) for other in behind)


def _called_inside(code: Code) -> frozenset[str]:
    """The names that functions and classes call."""
    inside = (node for one in code.definitions.values() for node in ast.walk(one) if isinstance(node, ast.Call))
    return frozenset(call.func.id for call in inside if isinstance(call.func, ast.Name))


def _functions_of(one: Statement, module: ModuleType, needed: frozenset[str]) -> dict[str, FunctionType]:
    """The functions whose names an assignment is about to give to something else, of those needed as functions."""
    names = vars(module)
    bound = one.binds & needed if isinstance(one.node, ast.Assign | ast.AnnAssign) else ()
    return {name: names[name] for name in bound if isinstance(names.get(name), FunctionType)}


def _keep(ran: Ran, one: Statement, functions: dict[str, FunctionType], failed: bool) -> None:
    """Give a function its name back that a script has used for a value, be it the function's own."""
    names = vars(ran.module)
    value = getattr(one.node, "value", None)
    of_itself = isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in functions
    kept = frozenset(name for name in functions if (failed and of_itself) or not callable(names.get(name)))
    names.update((name, functions[name]) for name in kept)
    if kept:
        ran.kept[one] = kept


def _run(one: Statement, ran: Ran, seconds: float) -> BaseException | None:
    """What the statement raised, None where it ran to its end."""
    code = compile(ast.Module([one.node], []), one.piece.place, "exec", ran.code.future, dont_inherit=True)
    try:
        with ends_within(seconds):
            exec(code, ran.module.__dict__)
    except BaseException as raised:
        if isinstance(raised, KeyboardInterrupt) and was_interrupted():
            raise
        return raised
    return None


def _note(ran: Ran, one: Statement, what: str, because: str | None) -> None:
    """A statement that did not run to its end. because: why a name that it reads is not there, if that is known."""
    if one.star is not None:
        ran.unknown = ran.unknown or f"it needs what {one.where} imports or makes: {what}"
    if isinstance(one.node, ast.Import | ast.ImportFrom):
        module = ", ".join(one.imports) or "a module"
        why = f"it needs {module}, which cannot be imported ({one.where}: {what})"
        ran.unsound |= dict.fromkeys(one.binds, why)
        return
    for name in one.binds - ran.kept.get(one, frozenset()):
        ran.unsound[name] = because or f"it needs {name}, and what makes it does not run ({one.where}: {what})"
    changed = ran.code.changes_of(one) | (ran.code.set_up_by(one) if ran.code.sets_up(one) else frozenset())
    for name in changed - one.binds:
        ran.unsound.setdefault(name, f"{name} may be changed by {one.where}, which does not run to its end: {what}")


def _mend(ran: Ran, one: Statement) -> None:
    """A statement that ran: what it binds is as sound as what it read meanwhile."""
    taken_over = next((ran.unsound[name] for name in sorted(one.now) if name in ran.unsound), None)
    for name in one.binds - ran.kept.get(one, frozenset()):
        ran.refused.pop(name, None)
        if taken_over is None:
            ran.unsound.pop(name, None)
        else:
            ran.unsound[name] = taken_over


@contextmanager
def ends_within(seconds: float) -> Iterator[None]:
    """Raise DidNotEnd in what runs longer, where it runs Python; only the main thread can be told to stop.

    What this is a part of may have such a limit as well, for which this time counts, too.
    """
    if threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        yield
        return
    running, started = True, time.monotonic()

    def stop(signum: int, frame: object) -> None:
        if running:
            raise DidNotEnd(f"it does not end within {seconds:.3g} s")

    before = signal.signal(signal.SIGALRM, stop)
    try:
        # Again and again: a bare `except:` in a loop would swallow the first one.
        around, again = signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.01), 0.1)
        yield
    finally:
        running = False
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
        if around:
            signal.setitimer(signal.ITIMER_REAL, max(around - (time.monotonic() - started), 0.01), again)


def seconds_left() -> float:
    """How long what runs now may still run; LOAD_SECONDS where nothing limits it."""
    return (hasattr(signal, "getitimer") and signal.getitimer(signal.ITIMER_REAL)[0]) or LOAD_SECONDS
