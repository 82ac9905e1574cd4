"""What of a Jupyter notebook is code to check: its imports, its definitions and its constants, as one module's text.

`cells_of` reads the file and parses no Python, so it may run anywhere. `runnable` parses what a stranger wrote, which
can exhaust the memory or the stack of the process that does it: call it where that harms nobody. Cells are counted
over the code cells, from 1 at the top, and lines within a cell from 1.
"""

import __future__

import ast
import builtins
import json
import re
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

LARGEST = 16 * 2**20  # bytes: parsed JSON takes up to 30 times its text
MOST_CELLS = 10_000


class NotebookError(ValueError):
    """A file that cannot be read as a notebook of Python code; the message names what is wrong and what to do."""


@dataclass(frozen=True)
class LeftOut:
    """A statement that does not run: where it begins, its first line (cut to 80 characters), the names it would have
    bound, and why it was left out. Of a cell that is not valid Python: the place and the line of the error.
    """

    cell: int
    line: int
    text: str
    names: tuple[str, ...]
    why: str

    def __str__(self) -> str:
        return f"{_place(self.cell, self.line)}: {self.text} ({self.why})"


@dataclass(frozen=True)
class Notebook:
    """The text of a module in which only definitions, imports and constants run, and what was left out of it.

    places: for each line of source the cell and the line it comes from, or None. stars: the imports of everything in a
    module, which may bind any name.
    """

    source: str
    left_out: tuple[LeftOut, ...]
    places: tuple[tuple[int, int] | None, ...]
    stars: tuple[str, ...]

    def place(self, line: int) -> str:
        """Where line `line` of source (from 1) comes from: "cell 3, line 2"."""
        found = self.places[line - 1] if 0 < line <= len(self.places) else None
        return _place(*found) if found else "outside every cell"

    def explain(self, name: str) -> str | None:
        """Why there is no `name`, in one line, or None if what was left out does not account for it."""
        for one in reversed(self.left_out):
            if name in one.names:
                place = _place(one.cell, one.line)
                return f"{name} comes from {place}, which was not run ({one.why}): {one.text}"
        if name in _JUPYTERS:
            return f"{name} is Jupyter's own, and the notebook's functions are called without Jupyter"
        if self.stars:
            return f"{name} may come from {', '.join(self.stars)}, if that could be imported here"
        return None


def source_of(path: Path) -> Notebook:
    """The notebook at `path` as a module's text: `runnable(cells_of(path))`. Raises NotebookError."""
    return runnable(cells_of(path))


def cells_of(path: Path) -> list[str]:
    """The text of every code cell of an `.ipynb` file of format 3 or 4. Raises NotebookError."""
    raw = _json(path)
    if not isinstance(raw, dict) or not isinstance(raw.get("nbformat"), int):
        raise NotebookError("it is JSON, but no Jupyter notebook (it says no nbformat); save it as .ipynb from Jupyter")
    if raw["nbformat"] not in (3, 4):
        raise NotebookError(
            f"it is a notebook of format {raw['nbformat']}, and 3 and 4 can be read; save it again from a Jupyter of today"
        )
    metadata = raw.get("metadata")
    language = metadata.get("language_info") if isinstance(metadata, dict) else None
    language = language.get("name") if isinstance(language, dict) else None
    if isinstance(language, str) and "python" not in language.lower():
        raise NotebookError(f"it is a notebook in {_shown(language)}, and Python is what can be checked")
    slim = _without_outputs(raw)

    import nbformat  # not at the top: where only `runnable` is called it need not be loaded

    try:
        with warnings.catch_warnings(action="ignore"):
            notebook = nbformat.reads(json.dumps(slim), as_version=4)
            cells = [cell["source"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    except Exception as error:
        raise NotebookError(f"it is no valid notebook: {_message(error)}; open it in Jupyter and save it again") from error
    if not all(isinstance(cell, str) for cell in cells):
        raise NotebookError("it is no valid notebook: a cell's source is not text; open it in Jupyter and save it again")
    if not any(cell.strip() for cell in cells):
        raise NotebookError("it is a notebook without any code: no code cell in it, or only empty ones")
    return cells


def _json(path: Path) -> Any:
    """What the file holds, as JSON."""
    try:
        if not path.is_file():
            raise NotebookError("there is no such file" if not path.exists() else "it is not a file")
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except OSError as error:
        raise NotebookError(f"it cannot be read: {error.strerror or error}") from error
    if len(content) > LARGEST:
        raise NotebookError(
            f"it is larger than {LARGEST // 2**20} MiB; clear all its outputs in Jupyter, save it and check it again"
        )
    try:
        return json.loads(content.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        raise NotebookError(
            f"it is not UTF-8 text (byte {error.start}), as every notebook is; open it in Jupyter and save it again"
        ) from error
    except json.JSONDecodeError as error:
        raise NotebookError(
            f"it is not JSON, as every notebook is ({error.msg}: line {error.lineno}, column {error.colno}); "
            "open it in Jupyter and save it again"
        ) from error
    except (ValueError, RecursionError, MemoryError) as error:
        raise NotebookError(f"it is JSON that no notebook holds: {_message(error)}") from error


def _without_outputs(raw: dict[str, Any]) -> dict[str, Any]:
    """The notebook without what is large and is not needed; the schema is then checked on the rest alone."""
    if raw["nbformat"] == 4:
        cells = _slim(raw.get("cells"))
        if len(cells) <= MOST_CELLS:
            return {"nbformat": 4, "nbformat_minor": raw.get("nbformat_minor", 0), "metadata": {}, "cells": cells}
    else:
        sheets = raw.get("worksheets")
        if not isinstance(sheets, list) or not all(isinstance(sheet, dict) for sheet in sheets):
            raise NotebookError("it is no valid notebook: it has no worksheets; open it in Jupyter and save it again")
        cells = _slim([cell for sheet in sheets for cell in sheet.get("cells") or ()])
        if len(cells) <= MOST_CELLS:
            return {
                "nbformat": 3,
                "nbformat_minor": raw.get("nbformat_minor", 0),
                "metadata": {"name": ""},
                "worksheets": [{"cells": cells, "metadata": {}}],
            }
    raise NotebookError(f"it has {len(cells)} cells, and up to {MOST_CELLS} are read; keep those with the functions")


def _slim(cells: Any) -> list[dict[str, Any]]:
    if not isinstance(cells, list) or not all(isinstance(cell, dict) for cell in cells):
        raise NotebookError("it is no valid notebook: it has no list of cells; open it in Jupyter and save it again")
    slim = []
    for cell in cells:
        if cell.get("cell_type") == "code":
            kept = {key: value for key, value in cell.items() if key not in ("outputs", "metadata", "attachments")}
            slim.append({**kept, "outputs": [], "metadata": {}})
    return slim


def runnable(cells: Sequence[str]) -> Notebook:
    """The module that these cells make when only definitions, imports and constants run.

    It runs nothing and raises nothing for any text. A cell that is not valid Python leaves out itself alone.
    """
    sieve = _Sieve()
    for number, cell in enumerate(cells, start=1):
        sieve.sift(number, cell.replace("\r\n", "\n").replace("\r", "\n"))
    left_out = sorted(sieve.left_out, key=lambda one: (one.cell, one.line))
    return Notebook("\n".join(sieve.lines) + "\n", tuple(left_out), tuple(sieve.places), tuple(sieve.stars))


# Annotations are not evaluated: they may name what was left out. A module that cannot be imported must not spoil the
# functions that do without it, so its name stands for the error, which is raised when it is used.
_PREAMBLE = """\
from __future__ import annotations
class _NotInstalled:
    def __init__(self, error): self.__dict__["_error"] = error.with_traceback(None)
    def __getattr__(self, name):
        # names of this form are Python's own questions, to which an AttributeError is the answer
        if name.startswith("__") and name.endswith("__"): raise AttributeError(str(self._error))
        raise self._error
    def _refuse(self, *arguments, **named): raise self._error
    __call__ = __getitem__ = __setitem__ = __setattr__ = __iter__ = __len__ = __bool__ = __contains__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _refuse
    __rpow__ = __matmul__ = __rmatmul__ = __floordiv__ = __mod__ = __neg__ = __abs__ = __float__ = __int__ = _refuse
    __lt__ = __le__ = __gt__ = __ge__ = __eq__ = __ne__ = __index__ = __array__ = __enter__ = __exit__ = _refuse
    __mro_entries__ = __instancecheck__ = __subclasscheck__ = _refuse
    __hash__ = object.__hash__
""".splitlines()

_JUPYTERS = frozenset({"display", "get_ipython", "In", "Out"})
_UNPARSABLE = (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError)
_MAKERS = frozenset(
    "abs all any ascii bin bool bytearray bytes chr complex dict divmod enumerate float format frozenset hex int "
    "isinstance issubclass len list max min object oct pow range repr reversed round set slice sorted str sum tuple "
    "type zip".split()
)
_MODULES = frozenset(
    "abc cmath collections copy cupy dataclasses decimal enum fractions functools itertools math numpy operator random "
    "scipy statistics string torch types typing typing_extensions".split()
)
# Functions of these modules and methods of values that read or write files, use the network, start processes or draw.
_OUTWARD = re.compile(
    r"_*(load|save|read|write|open|fetch|download|dump|plot|show|imread|imsave|export|unpickle"
    r"|(genfromtxt|fromfile|fromregex|tofile|memmap|ctypeslib|f2py|hub|datasets|distributed|multiprocessing|cpp_extension"
    r"|DataSource)$)"
)
_SURE = sys.stdlib_module_names | {"numpy"}
_PREDEFINED = frozenset(dir(builtins)) | {"__name__", "__doc__", "__builtins__"}

_Function = ast.FunctionDef | ast.AsyncFunctionDef
_Block = ast.If | ast.Try | ast.TryStar
_KINDS: dict[type[ast.AST], str] = {
    ast.For: "a loop",
    ast.AsyncFor: "a loop",
    ast.While: "a loop",
    ast.With: "a with block",
    ast.AsyncWith: "a with block",
    ast.Assert: "an assertion",
    ast.Raise: "a raise",
    ast.Return: "a return outside every function",
    ast.Delete: "a del",
    ast.Match: "a match statement",
}


@dataclass(frozen=True)
class _Name:
    """What a name stands for. path: where it is imported from, "" for the notebook's own. doubtful: it may stand for an
    import that failed.
    """

    kind: str  # "import", "definition" or "value"
    path: str
    doubtful: bool


@dataclass
class _Sieve:
    """Takes the cells from the top and keeps what runs, knowing which names are bound so far."""

    lines: list[str] = field(default_factory=lambda: list(_PREAMBLE))
    places: list[tuple[int, int] | None] = field(default_factory=lambda: [None] * len(_PREAMBLE))
    left_out: list[LeftOut] = field(default_factory=list)
    stars: list[str] = field(default_factory=list)
    star_modules: list[str] = field(default_factory=list)
    names: dict[str, _Name] = field(default_factory=dict)

    def sift(self, cell: int, text: str) -> None:
        """Keep what runs of a cell's text, and record the rest."""
        try:
            lines, tree, magics = _parsed(text.split("\n"))
        except _UNPARSABLE as error:
            self._leave_out(_unparsable(cell, text, error))
            return
        if tree is None:
            first = next(index for index, line in enumerate(lines) if line.strip())
            names = _names_in("\n".join(lines[first + 1 :]))
            self._leave_out(LeftOut(cell, first + 1, _shown(lines[first].strip()), names, "a cell magic"))
            return
        for line, magic, names, why in magics:
            self._leave_out(LeftOut(cell, line, _shown(magic.strip()), names, why))
        encoded = [line.encode() for line in lines]
        end = 0
        for statement in tree.body:
            try:
                self._take(cell, encoded, statement, end)
            except _UNPARSABLE as error:
                self._record(cell, encoded, statement, end, f"{type(error).__name__}: {_message(error)}")
            end = statement.end_lineno or statement.lineno

    def _take(self, cell: int, lines: list[bytes], statement: ast.stmt, end: int) -> None:
        """Keep the statement or leave it out; `end`: the line on which the one before it ends."""
        if isinstance(statement, ast.Pass) or (
            isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        ):
            return
        before, dropped = dict(self.names), list[ast.Expr]()
        if isinstance(statement, ast.Import | ast.ImportFrom):
            self._import(cell, statement)
            return
        objection = self._objection(statement, dropped)
        self.names, after = before, self.names
        if objection:
            self._record(cell, lines, statement, end, objection)
            return
        text, first = _text(lines, statement, end, dropped)
        bound = _bound(statement)
        if self._may_raise(statement, after):
            after.update({name: _Name(after[name].kind, after[name].path, True) for name in bound if name in after})
            text = _guarded(text, bound)
            numbers = [first, *range(first, first + len(text) - 3), first, first]
        else:
            numbers = list(range(first, first + len(text)))
        _check("\n".join(text))
        self.names = after
        self._emit(cell, text, numbers)
        for one in dropped:
            self._record(cell, lines, one, end, _expressions_kind(one))

    def _import(self, cell: int, statement: ast.Import | ast.ImportFrom) -> None:
        """Keep an import, each name by itself: one that is not there takes no other with it."""
        if isinstance(statement, ast.ImportFrom) and statement.module == "__future__":
            _check(ast.unparse(statement))  # the one that is still of effect stands in the preamble
            return
        for alias in statement.names:
            bound: list[str] = []
            if isinstance(statement, ast.Import):
                line = ast.unparse(ast.Import([alias]))
                bound = [alias.asname or alias.name.partition(".")[0]]
            else:
                line = ast.unparse(ast.ImportFrom(statement.module, [alias], statement.level))
                bound = [] if alias.name == "*" else [alias.asname or alias.name]
            text = _guarded([line], bound)
            if isinstance(statement, ast.Import) and "." in alias.name and not alias.asname:
                # a submodule that is missing leaves the module that was imported before
                text[-1] = f" {bound[0]} = globals().get({bound[0]!r}, _NotInstalled(_not_installed))"
            _check("\n".join(text))
            self._emit(cell, text, [alias.lineno] * len(text))
            if not bound:
                self.stars.append(f"{line} ({_place(cell, alias.lineno)})")
        self._bind(statement)

    def _emit(self, cell: int, text: list[str], numbers: list[int]) -> None:
        self.lines += text
        self.places += [(cell, number) for number in numbers]

    def _record(self, cell: int, lines: list[bytes], node: ast.stmt, end: int, why: str) -> None:
        first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", ()))])
        line = lines[first - 1]
        shown = line[node.col_offset :] if first == node.lineno else line
        self._leave_out(LeftOut(cell, first, _shown(shown.decode().strip()), _bound(node), why))

    def _leave_out(self, one: LeftOut) -> None:
        self.left_out.append(one)
        for name in one.names:
            # a value is not the one that the notebook goes on with; a function stays what it was defined to be
            if name in self.names and self.names[name].kind == "value":
                del self.names[name]

    def _objection(self, node: ast.stmt, dropped: list[ast.Expr], probing: bool = False) -> str | None:
        """Why the statement does not run, or None: then the names it binds are known.

        dropped: gets the expressions within it that do not run while the rest does. probing: it stands in the body of a
        try, where leaving out a call can change which branch is taken.
        """
        objection: str | None
        match node:
            case ast.Import() | ast.ImportFrom() | ast.Pass():
                objection = None
            case ast.Expr(value=ast.Constant()):
                objection = None
            case ast.Expr():
                objection = _expressions_kind(node)
                if dropped is not _NOTHING and not probing:
                    dropped.append(node)
                    objection = None
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                objection = self._unset(node)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                objection = self._target_objection(node) or self._value_objection(node) or self._unset(node)
            case ast.If(test=test):
                is_main = any(isinstance(part, ast.Name) and part.id == "__name__" for part in _evaluated(test))
                objection = "the part for running it as a program" if is_main else None
                objection = objection or self._value_objection(test) or self._unset(test)
                objection = objection or self._any_objection([*node.body, *node.orelse], dropped, probing)
            case ast.Try() | ast.TryStar():
                handled = [statement for handler in node.handlers for statement in handler.body]
                types = [handler.type for handler in node.handlers if handler.type]
                objection = self._any_objection(node.body, dropped, True)
                objection = objection or next(filter(None, map(self._value_objection, types)), None)
                objection = objection or next(filter(None, map(self._unset, types)), None)
                for handler in node.handlers:
                    if handler.name:
                        self.names[handler.name] = _Name("value", "", False)
                rest = [*handled, *node.orelse, *node.finalbody]
                objection = objection or self._any_objection(rest, dropped, probing)
            case _ if type(node).__name__ == "TypeAlias":
                objection = None
            case _:
                objection = _KINDS.get(type(node), "no definition, import or constant")
        if objection is None:
            self._bind(node)
        return objection

    def _any_objection(self, nodes: Iterable[ast.stmt], dropped: list[ast.Expr], probing: bool) -> str | None:
        return next(filter(None, (self._objection(node, dropped, probing) for node in nodes)), None)

    def _target_objection(self, node: ast.Assign | ast.AnnAssign | ast.AugAssign) -> str | None:
        """Why what is assigned to is not to be changed: it is not the notebook's own."""
        targets = list[ast.expr](node.targets if isinstance(node, ast.Assign) else [node.target])
        while targets:
            target: ast.expr = targets.pop()
            if isinstance(target, ast.Tuple | ast.List):
                targets += target.elts
            elif isinstance(target, ast.Starred):
                targets.append(target.value)
            elif isinstance(target, ast.Attribute | ast.Subscript):
                root, _ = _root(target)
                found = self.names.get(root.id) if isinstance(root, ast.Name) else None
                if found is None or found.path:
                    return f"it changes {_shown(_dotted(target))}"
        return None

    def _value_objection(self, node: ast.AST) -> str | None:
        """Why computing it is more than making a value."""
        for part in _evaluated(node):
            if isinstance(part, ast.Await | ast.Yield | ast.YieldFrom):
                return "it awaits something"
            if isinstance(part, ast.Call) and not self._makes_a_value(part.func):
                return f"it calls {_shown(_dotted(part.func))}"
        return None

    def _makes_a_value(self, function: ast.expr) -> bool:
        root, attributes = _root(function)
        if not isinstance(function, ast.Name | ast.Attribute) or any(map(_OUTWARD.match, attributes)):
            return False
        if not isinstance(root, ast.Name):
            return not isinstance(root, ast.Lambda)  # a method of a value, whose own calls are looked at by themselves
        found = self.names.get(root.id)
        if found is None:
            if root.id in _MAKERS:
                return True
            stars = {module.partition(".")[0] for module in self.star_modules}
            return bool(stars) and stars <= _MODULES and not _OUTWARD.match(root.id)
        if found.path:
            parts = found.path.split(".")
            return parts[0] in _MODULES and not any(map(_OUTWARD.match, parts[1:]))
        return found.kind == "value" and bool(attributes)

    def _unset(self, node: ast.AST) -> str | None:
        """Why a name that is needed as soon as it runs is not there."""
        for name in sorted(_loads(node)):
            if name in self.names or name in _PREDEFINED:
                continue
            by = next((one for one in reversed(self.left_out) if name in one.names), None)
            if by:
                return f"it uses {name}, of {_place(by.cell, by.line)}, which was not run"
            if not self.stars and not self.star_modules:
                return f"it uses {name}, which nothing above it sets"
        return None

    def _may_raise(self, node: ast.stmt, names: dict[str, _Name]) -> bool:
        """Whether it may meet an import that failed."""
        unknown = _Name("import", "", True)
        return any(names.get(name, unknown).doubtful for name in _loads(node) if name not in _PREDEFINED) or (
            isinstance(node, _Block) and any(isinstance(part, ast.Import | ast.ImportFrom) for part in _evaluated(node))
        )

    def _bind(self, node: ast.stmt) -> None:
        """Take note of what the names are that the statement binds."""
        match node:
            case ast.Import():
                for alias in node.names:
                    root = alias.name.partition(".")[0]
                    path = alias.name if alias.asname else root
                    self.names[alias.asname or root] = _Name("import", path, root not in _SURE)
            case ast.ImportFrom():
                module = "." * node.level + (node.module or "")
                for alias in node.names:
                    if alias.name == "*":
                        self.star_modules.append(module)
                    else:
                        self.names[alias.asname or alias.name] = _Name("import", f"{module}.{alias.name}", True)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.names[node.name] = _Name("definition", "", False)
            case ast.Assign() | ast.AnnAssign() | ast.AugAssign():
                if isinstance(node, ast.AnnAssign) and node.value is None:
                    return
                path, doubtful = self._path(node.value) if node.value and not isinstance(node, ast.AugAssign) else ("", False)
                bound = _bound(node)
                for name in bound:
                    self.names[name] = _Name("value", path if len(bound) == 1 else "", doubtful)
            case _ if not isinstance(node, _Block):
                for name in _bound(node):
                    self.names[name] = _Name("value", "", False)

    def _path(self, value: ast.expr) -> tuple[str, bool]:
        """Where a value comes from that is but another name of something imported."""
        root, attributes = _root(value)
        found = self.names.get(root.id) if isinstance(root, ast.Name) else None
        if found is None or not found.path or "[" in _dotted(value):
            return "", False
        return ".".join([found.path, *attributes]), found.doubtful


_NOTHING: list[ast.Expr] = []


def _place(cell: int, line: int) -> str:
    return f"cell {cell}, line {line}"


def _shown(text: str) -> str:
    """The first line of it, at most 80 characters, with nothing that would act on a terminal."""
    line = "".join(letter if letter.isprintable() else "�" for letter in text.partition("\n")[0][:81])
    return line if len(line) <= 80 else f"{line[:77]}..."


def _message(error: BaseException) -> str:
    return _shown(" ".join(str(error.msg if isinstance(error, SyntaxError) else error).split())) or "no message"
