"""A folder of many different submissions, made from the known mistakes and the right variants of the self-tests.

In goes a number, out come as many sources and the assignment that asks for their functions. Of each function stand in a
source the code of one mistake or of one right variant: those that need nothing but NumPy and ``math``. About one
submission in twelve is wrong.
"""

import ast
import random
from collections.abc import Iterator
from pathlib import Path

from tests.harness.spec.clauses import CLAUSES, TEXTBOOK

TESTS = Path(__file__).parents[1]
FUNCTIONS = ("sigmoid", "tanh", "relu", "mean_squared_error")
_WRONG = 0.02
"""How many of the functions are."""
ASSIGNMENT = '[assignment]\nname = "Homework"\nlevel = "textbook"\n' + "".join(
    f"[functions.{name}]\npoints = 1\n" for name in FUNCTIONS
)
_KNOWN = {"np", "math", "exp", "abs", "range", "len", "sum", "max", "min", "float", "zip", "map", "list", "enumerate"}
_HEAD = "import math\n\nimport numpy as np\n\nexp = np.exp\n"


def write(count: int, folder: Path) -> None:
    """Write so many submissions into ``folder/class``, and ``folder/homework.toml``."""
    (folder / "class").mkdir(parents=True)
    (folder / "homework.toml").write_text(ASSIGNMENT)
    for number, source in enumerate(sources(count)):
        (folder / "class" / f"student{number:06}.py").write_text(source)


def sources(count: int) -> list[str]:
    """So many sources, no two of them the same; the same ones each time."""
    right = {name: sorted(_variants(name)) for name in FUNCTIONS}
    wrong = {name: sorted(_mistakes(name)) for name in FUNCTIONS}
    chosen = random.Random(0)
    made: dict[str, None] = {}
    while len(made) < count:
        codes = [chosen.choice(wrong[name] if chosen.random() < _WRONG else right[name]) for name in FUNCTIONS]
        made["\n\n".join([_HEAD, *codes]) + "\n"] = None
    return list(made)


def _mistakes(function: str) -> Iterator[str]:
    """The mistakes at textbook level that are written as a lambda in a table."""
    for path in sorted((TESTS / "mistakes").glob("of_*.py")):
        for table in (node for node in ast.walk(ast.parse(path.read_text())) if isinstance(node, ast.Dict)):
            for key, value in zip(table.keys, table.values, strict=True):
                cited = CLAUSES.get(str(getattr(key, "value", None)))
                if cited is None or (cited.function, cited.level) != (function, TEXTBOOK):
                    continue
                lambdas = [one for one in ast.iter_child_nodes(value) if isinstance(one, ast.Lambda)]
                for one in filter(_stands_alone, lambdas):
                    yield f"def {function}({ast.unparse(one.args)}):\n    return {ast.unparse(one.body)}"


def _variants(function: str) -> Iterator[str]:
    """The right variants of textbook level that are written as a function of their own."""
    for path in sorted((TESTS / "selftest" / "right_variants").glob("of_*.py")):
        for one in ast.parse(path.read_text()).body:
            if isinstance(one, ast.FunctionDef) and any(_is_of(function, mark) for mark in one.decorator_list):
                one.decorator_list.clear()
                for name in (node for node in ast.walk(one) if isinstance(node, ast.Name) and node.id == one.name):
                    name.id = function
                one.name = function
                if _stands_alone(one):
                    yield ast.unparse(one)


def _is_of(function: str, mark: ast.expr) -> bool:
    words = [getattr(one, "value", None) for one in mark.args] if isinstance(mark, ast.Call) else []
    return words[:2] == [function, TEXTBOOK] and getattr(mark.func, "id", "") == "variant"


def _stands_alone(code: ast.FunctionDef | ast.Lambda) -> bool:
    """Whether it needs no names but its own and those of NumPy and math."""
    nodes = list(ast.walk(code))
    own = {node.arg for node in nodes if isinstance(node, ast.arg)}
    own |= {node.id for node in nodes if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    own |= {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    return {node.id for node in nodes if isinstance(node, ast.Name)} <= own | _KNOWN
