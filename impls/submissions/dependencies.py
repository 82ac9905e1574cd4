"""What a function of a submission depends on, and so whether it can be judged: names in, a reason or None out.

A function reaches the names that it reads, what these read in turn, and the statements that change them. Of a class
only those methods are reached whose names are mentioned as attributes in what is reached already: that a class can
also draw a plot does not make its ``predict`` depend on a plotting library.
"""

import ast
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

from impls.submissions.needed_statements import Code, Statement, imported_inside, methods, reads
from impls.submissions.running import Ran


class Reach:
    """Answers what speaks against judging a function that mentions these names and attributes of a submission."""

    def __init__(self, ran: Ran, forbidden: Sequence[str] = (), roots: Sequence[Path] = ()) -> None:
        """forbidden: the modules that the assignment does not allow. roots: where the submission's own modules lie."""
        self._ran, self._forbidden, self._roots = ran, tuple(forbidden), tuple(roots)
        self._mentioned: dict[ast.AST, tuple[frozenset[str], frozenset[str]]] = {}  # what is asked again and again

    @property
    def code(self) -> Code:
        return self._ran.code

    def why_not(self, names: Iterable[str], attributes: Iterable[str] = ()) -> str | None:
        """The reason why what depends on these cannot be judged, None where there is none."""
        reached = self._reached(set(names), set(attributes))
        for one in reached.values():
            for node in one:
                if (module := self._not_allowed(node)) is not None:
                    return f"it needs {module}, which the assignment forbids"
        return next(filter(None, map(self._ran.why_not, reached)), None)

    def _reached(self, names: set[str], attributes: set[str]) -> Mapping[str, Sequence[ast.AST]]:
        """All names that are reached, in their order, each with the nodes by which it is what it is."""
        reached: dict[str, Sequence[ast.AST]] = {}
        while True:
            new: dict[str, Sequence[ast.AST]] = {}
            for name in sorted(names):
                nodes = self._nodes(name, attributes)
                new[name] = nodes
                for node in nodes:
                    read, used = self._mentioned.get(node) or _mentioned(node)
                    if not isinstance(node, ast.ClassDef):  # of which each is a new one
                        self._mentioned[node] = read, used
                    names |= read
                    attributes |= used
            if new.keys() == reached.keys() and all(len(new[name]) == len(reached[name]) for name in new):
                return new
            reached = new

    def _nodes(self, name: str, attributes: set[str]) -> list[ast.AST]:
        nodes: list[ast.AST] = []
        for one in self._making.get(name, ()):
            if isinstance(one.node, ast.ClassDef):
                nodes += _parts(one.node, attributes)
            else:
                nodes.append(one.node)
        return nodes

    @cached_property
    def _making(self) -> Mapping[str, list[Statement]]:
        """By name the statements that make it what it is: the last definition, else all that bind it; all changes."""
        making: dict[str, list[Statement]] = {}
        for one in self.code.statements:
            for name in one.binds - self._ran.kept.get(one, frozenset()):
                if isinstance(one.node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import):
                    making[name] = []
                making.setdefault(name, []).append(one)
            for name in self.code.changes_of(one) - one.binds:
                making.setdefault(name, []).append(one)
        return making

    def _not_allowed(self, node: ast.AST) -> str | None:
        """The forbidden module that a node imports or uses."""
        if not self._forbidden:
            return None
        used = [*imported_inside(node), *self._dotted(node)]
        for module in list(used):
            used += self._imported_by_own(module)
        return next((one for one in used if any(f"{one}.".startswith(f"{no}.") for no in self._forbidden)), None)

    def _dotted(self, node: ast.AST) -> list[str]:
        """What is used of imported modules, in the modules' own names: ``nn.ReLU`` is ``torch.nn.ReLU``."""
        found = []
        for one in ast.walk(node):
            words: list[str] = []
            while isinstance(one, ast.Attribute):
                words.append(one.attr)
                one = one.value
            if isinstance(one, ast.Name) and one.id in self.imported:
                found.append(".".join([self.imported[one.id], *reversed(words)]))
        return found

    @cached_property
    def imported(self) -> Mapping[str, str]:
        """What each imported name stands for, in the library's own words."""
        stands = {}
        for one in self.code.statements:
            if isinstance(one.node, ast.Import):
                alias = one.node.names[0]
                stands[alias.asname or alias.name.partition(".")[0]] = (
                    alias.name if alias.asname else alias.name.partition(".")[0]
                )
            elif isinstance(one.node, ast.ImportFrom):
                alias = one.node.names[0]
                stands[alias.asname or alias.name] = f"{one.node.module}.{alias.name}"
        return stands

    def _imported_by_own(self, module: str, seen: frozenset[str] = frozenset()) -> list[str]:
        """All that a module of the submission's own imports, itself or by another one of them."""
        name = module.partition(".")[0]
        if name in seen:
            return []
        found: list[str] = []
        for root in self._roots:
            files = [root / f"{name}.py", *sorted((root / name).rglob("*.py"))]
            for file in filter(Path.is_file, files):
                try:
                    imported = imported_inside(ast.parse(file.read_bytes()))
                except (OSError, SyntaxError, ValueError, RecursionError):
                    continue
                found += imported
                for one in imported:
                    found += self._imported_by_own(one, seen | {name})
        return found


def _mentioned(node: ast.AST) -> tuple[frozenset[str], frozenset[str]]:
    """The names that it reads, and the attributes."""
    read = reads(node) if isinstance(node, ast.stmt) else frozenset[str]()
    return read, frozenset(one.attr for one in ast.walk(node) if isinstance(one, ast.Attribute))


def _parts(node: ast.ClassDef, attributes: set[str]) -> list[ast.AST]:
    """Of a class what runs when it is made, and the methods that are mentioned or that Python calls by itself."""
    own = methods(node)
    head = ast.ClassDef(
        node.name,
        node.bases,
        node.keywords,
        [one for one in node.body if one not in own.values()] or [ast.Pass()],
        node.decorator_list,
    )
    mentioned = [
        body for name, body in own.items() if name in attributes or (name.startswith("__") and name.endswith("__"))
    ]
    return [ast.fix_missing_locations(head), *mentioned]
