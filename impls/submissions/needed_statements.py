"""The statements of a submission, and which of them its functions need: source text in, statements with names out.

A submission is a script or a notebook. It imports, defines and assigns, and in between it reads data, trains, plots and
prints. Only what the functions looked for need is to run. So each statement at the top level is read for

    binds     the names that it gives a value: import, def, class, =, for, with, except, :=
    changes   the names whose value it may change in place: x[0] = 1, x.a = 1, x += 1, L.append(1), setattr(x, ...), a
              call of an own function (or an own decorator) that declares a name global or changes one
    now       the names that it reads when it runs
    later     the names that are read when a function or a method in it is called

and a statement is needed where it binds or changes a needed name; what it reads, now and later, is then needed, too.
Two kinds are needed otherwise: what sets up an imported library (``np.seterr(...)``, ``os.environ[...] = ...``), and
what makes names that cannot be told (``from x import *``, ``globals()[...] = ...``) where a name has no other origin.

What is read too much costs time, since a statement more runs; what is read too little costs a verdict. So in doubt a
name counts as read. The order of the statements is kept, and a name that is bound twice is bound twice.
"""

import __future__

import ast
import builtins
import copy
import re
import symtable
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

BUILTINS = frozenset(dir(builtins)) | {"__name__", "__file__", "__doc__", "get_ipython"}

_DEFINES = re.compile(r"^[ \t]*+(?:async[ \t]++def|def|class)[ \t]++(\w++)", re.MULTILINE)
_SETS_UP = re.compile(r"set|use|update|config|enable|disable|seed|manual_seed|filter|simplefilter|register|default")
_WORD = re.compile(r"[^\W\d]\w*+")
_METHODS = (
    "append appendleft extend insert pop popitem remove clear update setdefault add discard sort reverse fill put "
    "resize setflags register"
)
_CHANGE_THEIR_OBJECT = frozenset(_METHODS.split())
_OF_AN_ARGUMENT = "setattr delattr shuffle fill_diagonal copyto put place putmask heappush"
_CHANGE_AN_ARGUMENT = frozenset(_OF_AN_ARGUMENT.split())
_MAKE_ANY_NAME = frozenset(("exec", "globals", "vars", "locals"))
_COMPREHENSIONS = frozenset(("listcomp", "setcomp", "dictcomp", "genexpr"))

Function = ast.FunctionDef | ast.AsyncFunctionDef
Definition = Function | ast.ClassDef


@dataclass(frozen=True)
class Piece:
    """A file, or a cell of a notebook: how a traceback names it, how a person does, and its source."""

    place: str
    source: str
    called: str = ""


@dataclass(frozen=True, eq=False)
class Statement:
    """One statement at the top level; see above. broken: the cell it stands for is no Python."""

    piece: Piece
    node: ast.stmt
    binds: frozenset[str]
    now: frozenset[str]
    later: frozenset[str]
    star: str | None = None
    broken: SyntaxError | None = None

    @property
    def where(self) -> str:
        return f"{self.piece.called}line {self.node.lineno}"

    @cached_property
    def imports(self) -> tuple[str, ...]:
        """The dotted names of the modules that it imports when it runs."""
        return tuple(_imported(_executed([self.node])))


@dataclass(frozen=True)
class Effects:
    """What a call of an own function changes besides what it returns: names of the module; whether its arguments."""

    names: frozenset[str] = frozenset()
    arguments: bool = False


class Code:
    """The statements of all pieces, in their order."""

    def __init__(self, pieces: Iterable[Piece], in_cells: bool) -> None:
        """in_cells: a piece that is no Python breaks what it defines, and nothing else. Raises SyntaxError."""
        self.statements = [one for piece in pieces for one in _statements(piece, in_cells)]
        self.bound = frozenset().union(*(one.binds for one in self.statements))
        self.imported = self._only_imported()
        self.definitions: dict[str, Definition] = {
            one.node.name: one.node for one in self.statements if isinstance(one.node, Definition)
        }
        effects = self._effects_of_own()
        self.changes = {one: frozenset(_changed(_executed([one.node]), effects)[0]) for one in self.statements}

    @property
    def future(self) -> int:
        """The compiler's flags that ``from __future__`` asks for."""
        names = [
            alias.name
            for one in self.statements
            if isinstance(one.node, ast.ImportFrom) and one.node.module == "__future__"
            for alias in one.node.names
        ]
        return sum(getattr(__future__, name).compiler_flag for name in set(names) if hasattr(__future__, name))

    def needed(self, wanted: Iterable[str], is_near: Callable[[str], bool] = lambda module: False) -> list[Statement]:
        """The statements that ``wanted`` need, in their order. is_near: a module lies beside the submission."""
        needed, read, chosen = set(wanted), set[str](), set[Statement]()
        while True:
            unknown = read - self.bound - BUILTINS
            more = {
                one
                for one in self.statements
                if one not in chosen
                and (
                    one.binds & needed
                    or self.changes_of(one) & needed
                    or self.sets_up(one)
                    or (one.star is not None and (unknown or is_near(one.star)))
                )
            }
            if not more:
                return [one for one in self.statements if one in chosen]
            chosen |= more
            for one in more:
                read |= one.now | one.later
            needed |= read

    def changes_of(self, one: Statement) -> frozenset[str]:
        """What it changes in place, of the submission's own: to set up a library is another thing."""
        return self.changes[one] - self.imported

    def sets_up(self, one: Statement) -> bool:
        return _sets_up(one.node, self.imported)

    def set_up_by(self, one: Statement) -> frozenset[str]:
        """The names of the libraries that a statement sets up: all that come of the same top-level package."""
        roots = {self._package[name] for name in self.changes[one] & self.imported if name in self._package}
        return frozenset(name for name, package in self._package.items() if package in roots)

    @cached_property
    def _package(self) -> Mapping[str, str]:
        """The top-level package that each imported name comes of."""
        return {
            name: module.partition(".")[0] for one in self.statements for name in one.binds for module in one.imports
        }

    def _only_imported(self) -> frozenset[str]:
        imports = (ast.Import, ast.ImportFrom)
        otherwise = frozenset().union(*(one.binds for one in self.statements if not isinstance(one.node, imports)))
        by_import = frozenset().union(*(one.binds for one in self.statements if isinstance(one.node, imports)))
        return by_import - otherwise

    def _effects_of_own(self) -> dict[str, Effects]:
        """Of every own function and class (its methods together), with those that it calls in turn."""
        effects: dict[str, Effects] = dict.fromkeys(self.definitions, Effects())
        while True:
            new = {name: _effects(node, effects) for name, node in self.definitions.items()}
            if new == effects:
                return effects
            effects = new


def _statements(piece: Piece, in_cells: bool) -> Iterator[Statement]:
    try:
        body = ast.parse(piece.source, piece.place).body
    except (ValueError, RecursionError, MemoryError) as wrong:  # null bytes; nested too deeply
        raise SyntaxError(str(wrong) or "nested too deeply", (piece.place, 1, 0, None)) from wrong
    except SyntaxError as wrong:
        if not in_cells:
            raise
        nothing = ast.Pass(lineno=wrong.lineno or 1, col_offset=0)
        names = frozenset(_DEFINES.findall(piece.source))
        yield Statement(piece, nothing, names, frozenset(), frozenset(), broken=wrong)
        return
    for node in _split(body):
        now, later = _read(node)
        yield Statement(piece, node, frozenset(_bound(node)), now, later, _star(node))


def _split(body: Iterable[ast.stmt]) -> Iterator[ast.stmt]:
    """Statement by statement; the part that only a script runs is the script's; each imported name for itself."""
    for node in body:
        if isinstance(node, ast.If) and _is_main(node.test):
            yield from _split(node.body)
        elif isinstance(node, ast.Import | ast.ImportFrom):
            for alias in node.names:
                one = copy.copy(node)
                one.names = [alias]
                yield one
        else:
            yield node


def _is_main(test: ast.expr) -> bool:
    mains = ("__name__ == '__main__'", "'__main__' == __name__")
    return isinstance(test, ast.Compare) and ast.unparse(test).replace('"', "'") in mains


def _star(node: ast.stmt) -> str | None:
    """The module of which all names are imported; "" where the names that are made cannot be told otherwise."""
    if isinstance(node, ast.ImportFrom) and node.names[0].name == "*":
        return "." * node.level + (node.module or "")
    for one in _executed([node]):
        if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id in _MAKE_ANY_NAME:
            return ""
    return None


def _bound(node: ast.AST) -> Iterator[str]:
    """The module's names that a statement binds."""
    if isinstance(node, Definition):
        yield node.name
    if isinstance(node, ast.Import | ast.ImportFrom):
        yield from (alias.asname or alias.name.partition(".")[0] for alias in node.names if alias.name != "*")
    if isinstance(node, Definition | ast.Import | ast.ImportFrom | ast.Lambda):
        return
    if isinstance(node, ast.comprehension):  # its own names are nobody else's
        for part in (node.iter, *node.ifs):
            yield from _bound(part)
        return
    if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
        yield node.id
    if isinstance(node, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and node.name:
        yield node.name
    for child in ast.iter_child_nodes(node):
        yield from _bound(child)


def _read(node: ast.stmt) -> tuple[frozenset[str], frozenset[str]]:
    """The module's names that a statement reads when it runs, and those that its functions read when called."""
    now, later = set[str](), set[str]()
    scopes = [(symtable.symtable(ast.unparse(node), "", "exec"), now)]
    while scopes:
        scope, into = scopes.pop()
        at_top = scope.get_type() == "module"
        for symbol in scope.get_symbols():
            if symbol.is_referenced() and (at_top or symbol.is_global()):
                into.add(symbol.get_name())
        for child in scope.get_children():
            runs_now = child.get_type() == "class" or child.get_name() in _COMPREHENSIONS
            scopes.append((child, into if runs_now else later))
    now |= _added_to(_executed([node]))
    nodes = list(ast.walk(node))
    later |= _added_to(nodes) & {name for one in nodes if isinstance(one, ast.Global) for name in one.names}
    if any(isinstance(one, ast.Name) and one.id in {"eval", *_MAKE_ANY_NAME} for one in nodes):
        later |= {word for text in _texts(nodes) for word in _WORD.findall(text)}
    return frozenset(now), frozenset(later)


def _texts(nodes: Iterable[ast.AST]) -> list[str]:
    return [one.value for one in nodes if isinstance(one, ast.Constant) and isinstance(one.value, str)]


def _added_to(nodes: Iterable[ast.AST]) -> set[str]:
    """The names in ``a += 1``, which the symbol table calls assigned alone."""
    return {one.target.id for one in nodes if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name)}


def _executed(body: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """The nodes of what runs when these run: not the bodies of functions, but their decorators and defaults."""
    for node in body:
        yield node
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from _executed([*node.decorator_list, *node.args.defaults, *filter(None, node.args.kw_defaults)])
        elif not isinstance(node, ast.Lambda):
            yield from _executed(ast.iter_child_nodes(node))


def _imported(nodes: Iterable[ast.AST]) -> Iterator[str]:
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield from (f"{node.module}.{alias.name}".removesuffix(".*") for alias in node.names)
        elif isinstance(node, ast.Call) and _named(node.func) in ("__import__", "import_module"):
            yield from _texts(ast.walk(node))


def imported_inside(node: ast.AST) -> tuple[str, ...]:
    """The dotted names of all that is imported in a function."""
    return tuple(_imported(ast.walk(node)))


def _root(node: ast.AST) -> str | None:
    """The name at the beginning of ``a.b[0].c(1).d``; of ``f(x).d``, which is something new, none."""
    while isinstance(node, ast.Attribute | ast.Subscript | ast.Starred | ast.Call):
        if isinstance(node, ast.Call) and not isinstance(node.func, ast.Attribute):
            return None
        node = node.func if isinstance(node, ast.Call) else node.value
    return node.id if isinstance(node, ast.Name) else None


def _named(function: ast.AST) -> str | None:
    return function.attr if isinstance(function, ast.Attribute) else _root(function)


def _called(node: ast.AST) -> str | None:
    """The name of what is called, or decorates: of ``a.b(1)`` it is a."""
    return _root(node.func if isinstance(node, ast.Call) else node)


def _changed(nodes: Iterable[ast.AST], own: Mapping[str, Effects]) -> tuple[set[str], set[str]]:
    """The names that running these may change: at the root of a change, and by an own function."""
    changed, by_own = set[str | None](), set[str]()
    for node in nodes:
        if isinstance(node, ast.Attribute | ast.Subscript) and isinstance(node.ctx, ast.Store | ast.Del):
            changed.add(_root(node))
        elif isinstance(node, ast.AugAssign) or (isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del)):
            changed.add(_root(node.target) if isinstance(node, ast.AugAssign) else node.id)
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
            changed.add(_root(node.value.func) if isinstance(node.value.func, ast.Attribute) else None)
        elif isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            bases = node.bases if isinstance(node, ast.ClassDef) else []
            for called in (*node.decorator_list, *bases):
                by_own |= own.get(_called(called) or "", Effects()).names
                changed.add(_root(called) if isinstance(called, ast.Call | ast.Attribute) else None)
        if isinstance(node, ast.Call):
            name = _named(node.func)
            if isinstance(node.func, ast.Attribute) and name in _CHANGE_THEIR_OBJECT:
                changed.add(_root(node.func))
            effects = own.get(name or "") or own.get(_root(node.func) or "") or Effects()
            by_own |= effects.names
            if effects.arguments or name in _CHANGE_AN_ARGUMENT:
                changed |= {_root(argument) for argument in node.args if not isinstance(argument, ast.Call)}
    changed |= by_own
    return {name for name in changed if name} - BUILTINS, by_own


def _effects(node: ast.AST, own: Mapping[str, Effects]) -> Effects:
    """What a call of this function, or of any method of this class, changes of the module and of its arguments."""
    names, arguments = set[str](), False
    functions = [one for one in ast.walk(node) if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)]
    for function in functions:
        parts = list(_executed(function.body))
        changed, by_own = _changed(parts, own)
        declared = {name for one in parts if isinstance(one, ast.Global) for name in one.names}
        parameters = {one.arg for one in ast.walk(function.args) if isinstance(one, ast.arg)}
        bound = {name for one in function.body for name in _bound(one)}
        names |= (changed - (bound | parameters)) | (declared & (bound | changed)) | by_own
        arguments |= bool(changed & parameters - {"self", "cls"})
    return Effects(frozenset(names), arguments)


def _sets_up(node: ast.stmt, imported: frozenset[str]) -> bool:
    """Whether it changes something of an imported library, by a call or an assignment."""
    if isinstance(node, ast.If | ast.Try | ast.With):
        inside = [one for one in ast.iter_child_nodes(node) if isinstance(one, ast.stmt)]
        return any(_sets_up(one, imported) for one in inside)
    if isinstance(node, ast.Assign):
        targets = [one for one in node.targets if isinstance(one, ast.Attribute | ast.Subscript)]
        return any(_root(one) in imported for one in targets)
    if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Call)) or _root(node.value.func) not in imported:
        return False
    words = ast.unparse(node.value.func).split(".")
    return bool(_SETS_UP.match(words[-1])) or words[-2:-1] in (["path"], ["environ"])


def attributes_of(node: ast.ClassDef) -> set[str]:
    """The names that a class body binds: methods, lambdas, other names of methods."""
    return {name for one in node.body for name in _bound(one)}


def methods(node: ast.ClassDef) -> dict[str, Function]:
    """The functions of a class by name, as written."""
    return {one.name: one for one in node.body if isinstance(one, ast.FunctionDef | ast.AsyncFunctionDef)}


def reads(node: ast.stmt) -> frozenset[str]:
    """All the module's names that a definition reads, when it runs and when it is called, but for its annotations."""
    return frozenset().union(*_read(_bare(node)[0]))


def without_annotations(one: Statement) -> Statement | None:
    """The same definition without its annotations, which are nothing that a call needs; None where it has none."""
    bare, found = _bare(one.node)
    now, later = _read(bare)
    return replace(one, node=bare, now=now, later=later) if found else None


def _bare(definition: ast.stmt) -> tuple[ast.stmt, bool]:
    """The definition without annotations, and whether it has any."""
    bare, found = copy.deepcopy(definition), False
    for node in ast.walk(bare):
        if isinstance(node, ast.arg) and node.annotation:
            node.annotation, found = None, True
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and node.returns:
            node.returns, found = None, True
        if isinstance(node, ast.AnnAssign):  # a dataclass goes by them
            node.annotation, found = ast.copy_location(ast.Name("object", ast.Load()), node.annotation), True
    return bare, found
