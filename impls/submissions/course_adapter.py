"""The course's adapter: one Python file of the lecturer's, which calls the students' code by the course's conventions.

It defines functions of the interface whose first parameter is the loaded submission. In: its file. Out: the functions
for one submission, and for what one of them raises whose error it is:

- raised in the submission's code: the student's; so is what comes of calling that code by the course's signature;
- a name or an attribute that the submission, a class of it or an object of such a class lacks, and a stub's None that
  the adapter trips over: the function is not implemented;
- a KeyError, IndexError, TypeError, AttributeError or ValueError on a value that the submission returned: the
  student's;
- all else: the adapter's, and nobody is judged by it.

Whether a value comes of the submission is read from the adapter's text. Python says which expression raised. It
concerns the submission where it mentions the first parameter, or a name whose last assignment before it does; in a
helper function of the adapter, where the call of the helper mentions it in the place of that parameter.
"""

import ast
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import CodeType, ModuleType, TracebackType
from typing import Any

from impls import declared
from impls.calling import CallFailed, NotJudged, NotWritten, described
from impls.submissions.file import LoadError, contained

_ON_A_VALUE = (KeyError, IndexError, TypeError, AttributeError, ValueError)


@dataclass(frozen=True)
class Adapter:
    """An adapter that has been read and tried: the functions of the interface that it defines, what it declares."""

    name: str
    source: str
    functions: tuple[str, ...]
    declared: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def read(cls, path: Path, interface: tuple[str, ...]) -> "Adapter":
        """Raises OSError, and ValueError where it does not load or says what cannot be."""
        source = path.read_bytes().decode("utf-8-sig")
        try:
            with contained(path.absolute().parent):
                namespace = executed(path.name, source)
        except LoadError as wrong:
            raise ValueError(f"the adapter {path.name} does not load: {wrong}") from wrong
        functions = tuple(name for name in interface if callable(namespace.get(name)))
        if not functions:
            raise ValueError(f"the adapter {path.name} defines no function of the interface")
        try:
            says = declared.in_namespace(namespace)
        except ValueError as wrong:
            raise ValueError(f"the adapter {path.name}: {wrong}") from wrong
        return cls(path.name, source, functions, says)


def executed(name: str, source: str) -> dict[str, Any]:
    """The names of the adapter, after it has run in foreign code's conditions."""
    namespace: dict[str, Any] = {"__name__": Path(name).stem, "__file__": name}
    exec(compile(source, name, "exec", dont_inherit=True), namespace)
    return namespace


@dataclass(frozen=True)
class Mentions:
    """What a function of the adapter mentions: names of the submission; attributes of whatever, these among them.

    all_of_them: it does nothing else with the submission, and needs every name that it mentions.
    """

    names: frozenset[str]
    attributes: frozenset[str]
    all_of_them: bool


def mentions(tree: ast.Module, function: str) -> Mentions:
    """What a function mentions, itself or in what it calls.

    Where the submission is handed on, or looked at by getattr, all attributes and texts count as names of it.
    """
    definitions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    seen, todo = set[str](), [function]
    nodes: list[ast.AST] = []
    while todo:
        name = todo.pop()
        if name not in seen and name in definitions:
            seen.add(name)
            nodes += ast.walk(definitions[name])
            todo += [node.id for node in ast.walk(definitions[name]) if isinstance(node, ast.Name)]
    attributes = frozenset(node.attr for node in nodes if isinstance(node, ast.Attribute))
    texts = frozenset(node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str))
    definition = definitions.get(function)
    if definition is None or not definition.args.args:
        return Mentions(attributes | texts, attributes | texts, False)
    submission = definition.args.args[0].arg
    of_it = [
        node
        for node in ast.walk(definition)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == submission
    ]
    uses = [node for node in ast.walk(definition) if isinstance(node, ast.Name) and node.id == submission]
    if len(uses) > len(of_it):
        return Mentions(attributes | texts, attributes | texts, False)
    may_go_without = any(
        isinstance(node, ast.Try | ast.If | ast.IfExp | ast.BoolOp) and any(one in ast.walk(node) for one in of_it)
        for node in ast.walk(definition)
    )
    return Mentions(frozenset(node.attr for node in of_it), attributes, not may_go_without)


class Loaded:
    """The adapter beside one submission, in its process."""

    def __init__(self, name: str, source: str, submission: ModuleType, is_own: Callable[[CodeType], bool]) -> None:
        """is_own: whether code is the submission's. Raises whatever the adapter raises."""
        self.name = name
        self.names = executed(name, source)
        self.submission = submission
        self.is_own = is_own
        self.tree = ast.parse(source)

    def mentions(self, function: str) -> "Mentions":
        """What a function mentions of the submission."""
        return mentions(self.tree, function)

    def function(self, name: str, stubs: list[str]) -> "Adapted":
        """That function for the submission. stubs: what it mentions and is still to be written."""
        return Adapted(self, name, stubs)

    def concerns_submission(self, places: list[tuple[ast.FunctionDef, ast.AST]]) -> bool:
        """Whether the last of these expressions, each of which called the function of the next one, is of a value
        that comes of the submission."""
        function, _ = places[0]
        concerned = {function.args.args[0].arg} if function.args.args else set()
        for (function, node), (callee, _) in pairwise(places):
            if callee is function and not isinstance(node, ast.Call):
                continue  # from the function into a comprehension in it
            inside = _concerned_before(function, node, concerned)
            concerned = set()
            if isinstance(node, ast.Call):
                parameters = [one.arg for one in callee.args.args]
                passed = [*zip(parameters, node.args, strict=False), *((one.arg, one.value) for one in node.keywords)]
                concerned = {name for name, value in passed if name and _mentions(value, inside)}
        function, node = places[-1]
        return _mentions(node, _concerned_before(function, node, concerned))

    def place(self, trace: TracebackType) -> tuple[ast.FunctionDef, ast.AST] | None:
        """The function and the expression of the adapter that a frame was at."""
        positions = list(trace.tb_frame.f_code.co_positions())[trace.tb_lasti // 2]
        around = [node for node in ast.walk(self.tree) if isinstance(node, ast.FunctionDef) and _holds(node, positions)]
        exact = [
            node
            for node in ast.walk(self.tree)
            if isinstance(node, ast.expr)
            and (node.lineno, node.end_lineno, node.col_offset, node.end_col_offset) == positions
        ]
        if not around:
            return None
        return around[0], exact[0] if exact else around[-1]


class Adapted:
    """One function of the interface, by way of the adapter."""

    def __init__(self, adapter: Loaded, name: str, stubs: list[str]) -> None:
        self._adapter, self._name, self._stubs = adapter, name, stubs
        self._call = adapter.names[name]

    def __call__(self, *arguments: Any, **options: Any) -> Any:
        try:
            result = self._call(self._adapter.submission, *arguments, **options)
        except Exception as raised:
            raise self._whose(raised) from raised
        if result is None and self._stubs:
            raise NotWritten(f"{self._stubs[0]} returns None: it is still to be written")
        if result is None:
            raise CallFailed(f"{self._name} gives None: is a return missing?")
        return result

    def _whose(self, raised: Exception) -> Exception:
        """What to raise in the place of an exception."""
        own = self._own_place(raised)
        if own is not None and isinstance(raised, NotImplementedError):
            return NotWritten(f"{own[0]} raises NotImplementedError ({own[1]})")
        if own is not None:
            return CallFailed(f"{own[0]} raised {described(raised)} ({own[1]})")
        if "NoneType" in str(raised) and self._stubs:
            return NotWritten(f"{self._stubs[0]} returns None: it is still to be written")
        frames = [trace for trace in _frames(raised) if trace.tb_frame.f_code.co_filename == self._adapter.name]
        if isinstance(raised, AttributeError) and self._is_lacking(raised.obj):
            what = getattr(raised.obj, "__name__", type(raised.obj).__name__)
            what = "the file" if raised.obj is self._adapter.submission else what
            return NotWritten(f"{what} has no {raised.name}")
        places = [place for trace in frames if (place := self._adapter.place(trace)) is not None]
        if isinstance(raised, _ON_A_VALUE) and places and self._adapter.concerns_submission(places):
            return CallFailed(self._in_words(raised, places[-1][1], frames[-1].tb_lineno))
        return self._not_judged(raised, frames[-1].tb_lineno if frames else None)

    def _in_words(self, raised: Exception, node: ast.AST, line: int) -> str:
        """What the student's code returned, or takes, and what the course needs."""
        course = f"{self._adapter.name} line {line}"
        called = [one for one in ast.walk(node) if isinstance(one, ast.Call)]
        if isinstance(raised, TypeError) and called and "argument" in str(raised):
            return f"it cannot be called as {ast.unparse(called[0])} in {course}: {described(raised)}"
        if isinstance(raised, KeyError | IndexError) and isinstance(node, ast.Subscript):
            key = raised.args[0] if isinstance(raised, KeyError) and raised.args else ast.unparse(node.slice)
            return f"what it returned has no {key!r}, which {course} needs ({described(raised)})"
        return f"what it returned does not fit {ast.unparse(node)} in {course}: {described(raised)}"

    def _is_lacking(self, thing: object) -> bool:
        """Whether what lacks an attribute is the submission, a class of it or an object of such a class."""
        own = self._adapter.submission
        kind = thing if isinstance(thing, type) else type(thing)
        return thing is own or kind.__module__ == own.__name__

    def _own_place(self, raised: BaseException) -> tuple[str, str] | None:
        """The function and the line of the submission in which it was raised; None where it was in the adapter."""
        for trace in reversed(_frames(raised)):
            code = trace.tb_frame.f_code
            if code.co_filename == self._adapter.name:
                return None
            if self._adapter.is_own(code):
                return code.co_qualname, f"{Path(code.co_filename).name}:{trace.tb_lineno}"
        return None

    def _not_judged(self, raised: BaseException, line: int | None = None) -> NotJudged:
        where = f", line {line}" if line else ""
        return NotJudged(f"{self._adapter.name}{where}: {described(raised)}")


def _frames(raised: BaseException) -> list[TracebackType]:
    frames, trace = [], raised.__traceback__
    while trace is not None:
        frames.append(trace)
        trace = trace.tb_next
    return frames


def _holds(node: ast.FunctionDef, positions: tuple[int | None, ...]) -> bool:
    line = positions[0]
    return line is not None and node.lineno <= line <= (node.end_lineno or node.lineno)


def _mentions(node: ast.AST, names: set[str]) -> bool:
    return any(isinstance(one, ast.Name) and one.id in names for one in ast.walk(node))


def _concerned_before(function: ast.FunctionDef, node: ast.AST, first: set[str]) -> set[str]:
    """The names that hold what comes of the submission when the expression runs.

    Of several assignments of a name the last one before it counts, of those after it only where there is none before:
    they have run in an earlier round of a loop.
    """
    at = (getattr(node, "lineno", function.lineno), getattr(node, "col_offset", 0))
    assigned: dict[str, list[tuple[tuple[int, int], ast.AST]]] = {}
    for one in ast.walk(function):
        targets, value = _assignment(one)
        for target in targets:
            for name in ast.walk(target):
                if isinstance(name, ast.Name):
                    where = (name.lineno, name.col_offset)
                    assigned.setdefault(name.id, []).append((where, _part(target, name, value)))

    def is_concerned(name: str, at: tuple[int, int], seen: frozenset[str]) -> bool:
        before = [pair for pair in assigned.get(name, ()) if pair[0] < at]
        if name in first and not before:
            return True
        if name in seen or name not in assigned:
            return False
        where, value = max(before, key=lambda pair: pair[0]) if before else assigned[name][0]
        names = {one.id for one in ast.walk(value) if isinstance(one, ast.Name)}
        return any(is_concerned(one, where, seen | {name}) for one in names)

    return {name for name in {*first, *assigned} if is_concerned(name, at, frozenset())}


def _assignment(node: ast.AST) -> tuple[list[ast.expr], ast.AST]:
    if isinstance(node, ast.Assign):
        return node.targets, node.value
    if isinstance(node, ast.AnnAssign | ast.NamedExpr) and node.value is not None:
        return [node.target], node.value
    if isinstance(node, ast.For | ast.comprehension):
        return [node.target], node.iter
    if isinstance(node, ast.withitem) and node.optional_vars is not None:
        return [node.optional_vars], node.context_expr
    return [], node


def _part(target: ast.expr, name: ast.Name, value: ast.AST) -> ast.AST:
    """The part of ``a, b = x, y`` that a name gets, where both sides are written out."""
    if isinstance(target, ast.Tuple) and isinstance(value, ast.Tuple) and len(target.elts) == len(value.elts):
        for one, part in zip(target.elts, value.elts, strict=True):
            if name in ast.walk(one):
                return part
    return value
