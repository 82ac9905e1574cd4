"""The functions in a Jupyter notebook, without the rest of it: no plot, no download, no shell command runs.

Of the code cells only those statements run that bind a name which the functions looked for need, directly or through
other names: imports, definitions, assignments. The cells have been read (``gate``).
"""

import ast
import contextlib
import re
import symtable
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

# No pattern gives back what it has matched (*+, ++): a line of blanks would take a time that grows with its square.
_MAGIC = re.compile(r"^\s*+(?:[%!?]|[\w.]++\?\??\s*+$|[\w, ]++=\s*+[%!])")
_CELL_MAGIC = re.compile(r"^\s*+%%(\w++)")
_PYTHON = {"time", "timeit", "capture", "prun"}
"""The cell magics after which the cell holds Python all the same."""
_DEFINES = re.compile(r"^[ \t]*+(?:async\s++def|def|class)\s", re.MULTILINE)


@dataclass(frozen=True)
class _Statement:
    cell: int
    node: ast.stmt
    binds: frozenset[str]
    needs: frozenset[str]


def code_of(cells: Sequence[str], wanted: Iterable[str], file: str) -> tuple[list[tuple[str, ast.Module]], list[str]]:
    """The code to run, each piece with the name of its cell; and the names of all functions that are defined.

    Raises SyntaxError for a cell that defines something and is no Python.
    """
    statements = [one for number, source in enumerate(cells, 1) for one in _statements(number, source, file)]
    needed, before = set(wanted), set[str]()
    while needed != before:
        before = set(needed)
        for one in statements:
            if one.binds & needed or "*" in one.binds:
                needed |= one.needs
    kept = [one for one in statements if one.binds & needed or "*" in one.binds]
    code = [(_cell(file, one.cell), ast.Module([one.node], [])) for one in kept]
    return code, list(dict.fromkeys(one.node.name for one in statements if isinstance(one.node, ast.FunctionDef)))


def _cell(file: str, number: int) -> str:
    return f"{file}, cell {number}"


def _statements(number: int, source: str, file: str) -> Iterator[_Statement]:
    magic = _CELL_MAGIC.match(source)
    if magic and magic[1] not in _PYTHON:
        return
    for node in _parsed(source, _cell(file, number)):
        if not isinstance(node, ast.Expr):
            yield _Statement(number, node, frozenset(_bound(node)), frozenset(_loaded(node)))


def _parsed(source: str, name: str) -> list[ast.stmt]:
    """The statements of a cell: as it stands where it is Python, else without its magics."""
    with contextlib.suppress(SyntaxError):
        return ast.parse(source, name).body
    # Lines keep their numbers: a magic becomes an empty one, or "pass" where it is indented.
    lines = [_without_magic(line) for line in source.splitlines()]
    try:
        return ast.parse("\n".join(lines), name).body
    except SyntaxError:
        if _DEFINES.search(source):
            raise
        return []


def _without_magic(line: str) -> str:
    if not _MAGIC.match(line):
        return line
    indent = line[: len(line) - len(line.lstrip())]
    return f"{indent}pass" if indent else ""


def _bound(node: ast.AST) -> Iterator[str]:
    """The module's names that a statement binds or changes; * for all that it imports."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
        return
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (name.asname or name.name.partition(".")[0] for name in node.names)
        return
    if isinstance(node, ast.Lambda):
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.Subscript | ast.Attribute) and isinstance(node.ctx, ast.Store):
        root: ast.AST = node
        while isinstance(root, ast.Subscript | ast.Attribute):
            root = root.value
        if isinstance(root, ast.Name):
            yield root.id
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _loaded(node: ast.stmt) -> Iterator[str]:
    """The module's names that a statement reads, also in the functions in it."""
    scopes = [symtable.symtable(ast.unparse(node), "", "exec")]
    while scopes:
        scope = scopes.pop()
        scopes += scope.get_children()
        at_top = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (at_top or symbol.is_global()):
                yield symbol.get_name()
