"""A failing call as Python code that can be pasted and run, and values as they are shown beside it."""

import base64
import math
import re
import zlib
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from impls import ArrayLibrary
from impls.backends import BACKENDS
from impls.calling import LaidOut
from impls.implementation import Says
from impls.nested import leaves
from tests.harness.judging.trial import Made

_IMPORTS = {"zlib": "import base64, zlib"} | {
    name: line for backend in BACKENDS.values() for name, line in backend.imports.items()
}
NOTHING_SAID = Says()

_LITERAL_ELEMENTS = 200
_SHOWN_ELEMENTS = 60


def source(library: ArrayLibrary, calls: Sequence[Made], says: Says = NOTHING_SAID) -> str | None:
    """The calls as runnable code: the imports that their arrays need, then the expressions; None without a call.

    says: how a submission itself calls its functions. Behind each of several calls stands the value that it gave.
    """
    if not calls:
        return None
    texts = [expression(library, call, says) for call in calls]
    imports = imports_of(" ".join(texts))
    if len(calls) > 1:
        texts = [f"{text}  # {_in_one_line(call)}" for text, call in zip(texts, calls, strict=True)]
    return "\n".join([*imports, *texts])


def _in_one_line(call: Made) -> str:
    return "gives " + " ".join((shown(call.value) or "no value").split())


def expression(library: ArrayLibrary, call: Made, says: Says = NOTHING_SAID) -> str:
    """The call as an expression; an array that is passed twice is named where it stands first."""
    given = (call.arguments, call.options)
    passed = Counter(id(leaf) for leaf in leaves(given) if isinstance(leaf, LaidOut))
    names = {one: f"same{n}" for n, one in enumerate(one for one, times in passed.items() if times > 1)}
    written: set[int] = set()

    def of_leaf(leaf: Any) -> str:
        if id(leaf) not in names:
            return _of_leaf(library, leaf)
        if id(leaf) in written:
            return names[id(leaf)]
        written.add(id(leaf))
        return f"({names[id(leaf)]} := {_of_leaf(library, leaf)})"

    order = says.order.get(call.function, ())
    given_in_order = [call.arguments[place] for place in order] if len(order) == len(call.arguments) else call.arguments
    arguments = [_expression(of_leaf, argument) for argument in given_in_order]
    options = [f"{name}={_expression(of_leaf, value)}" for name, value in call.options.items()]
    called = says.called.get(call.function, call.function)
    return f"{called}({', '.join(arguments + options)})"


def imports_of(text: str) -> list[str]:
    """The lines of code that import what expressions need."""
    return [line for name, line in _IMPORTS.items() if re.search(rf"\b{name}\.", text)]


def shown(value: Any) -> str | None:
    """A value, got or expected, as text; long arrays are cut in the middle."""
    if value is None:
        return None
    if isinstance(value, list | tuple):
        return "[" + ", ".join(str(shown(item)) for item in value) + "]"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {shown(item)}" for key, item in value.items()) + "}"
    array = np.asarray(value)
    if array.ndim == 0:
        return repr(array[()].item())
    return np.array2string(array, separator=", ", threshold=_SHOWN_ELEMENTS, floatmode="unique")


def _expression(of_leaf: Callable[[Any], str], value: Any) -> str:
    if isinstance(value, list):
        return "[" + ", ".join(_expression(of_leaf, item) for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(_expression(of_leaf, item) for item in value) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_expression(of_leaf, item)}" for key, item in value.items()) + "}"
    return of_leaf(value)


def _of_leaf(library: ArrayLibrary, value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = LaidOut(value, "contiguous")
    if isinstance(value, LaidOut):
        return library.source(value.values, value.layout, value.dtype, code=_code(value.values))
    return f"float({str(value)!r})" if isinstance(value, float) and not math.isfinite(value) else repr(value)


def _code(array: np.ndarray) -> str | None:
    """An expression in NumPy for an array that is too long to be written out; None for one that is not."""
    if array.size <= _LITERAL_ELEMENTS:
        return None
    if code := getattr(array, "code", None):
        return str(code)
    packed = base64.b85encode(zlib.compress(array.tobytes(), 9)).decode("ascii")
    return f'np.frombuffer(zlib.decompress(base64.b85decode("{packed}")), np.{array.dtype.name}).reshape({array.shape})'
