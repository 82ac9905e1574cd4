"""A failing call as Python code that can be pasted and run, and values as they are shown beside it."""

import base64
import math
import zlib
from collections.abc import Mapping
from typing import Any

import numpy as np

from impls.backends import BACKENDS
from impls.calling import LaidOut
from tests.harness.drawing import provenance
from tests.harness.judging.subject import Call, Subject

_IMPORTS = {"zlib": "import base64, zlib"}
for _backend in BACKENDS.values():
    _IMPORTS |= _backend.imports
_LITERAL_ELEMENTS = 200
_SHOWN_ELEMENTS = 60


def source(subject: Subject, call: Call) -> str:
    """The call as runnable code: the imports its arrays need, then the expression."""
    text = expression(subject, call)
    return "\n".join([*imports_of(text), text])


def expression(subject: Subject, call: Call) -> str:
    """The call as an expression."""
    arguments = [_expression(subject, argument) for argument in call.arguments]
    options = [f"{name}={_expression(subject, value)}" for name, value in call.options.items()]
    return f"{call.function}({', '.join(arguments + options)})"


def imports_of(text: str) -> list[str]:
    """The lines of code that import what expressions need."""
    return [line for name, line in _IMPORTS.items() if f"{name}." in text]


def shown(value: Any) -> str | None:
    """A value that came or was due, as text; long arrays are cut in the middle."""
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


def _expression(subject: Subject, value: Any) -> str:
    if isinstance(value, np.ndarray):
        value = LaidOut(value, "contiguous")
    if isinstance(value, LaidOut):
        return subject.library.source(value.values, value.layout, value.dtype, code=_code(value.values))
    if isinstance(value, list):
        return "[" + ", ".join(_expression(subject, item) for item in value) + "]"
    if isinstance(value, tuple):
        return "(" + ", ".join(_expression(subject, item) for item in value) + ")"
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key!r}: {_expression(subject, item)}" for key, item in value.items()) + "}"
    return f"float({str(value)!r})" if isinstance(value, float) and not math.isfinite(value) else repr(value)


def _code(array: np.ndarray) -> str | None:
    """An expression in NumPy for an array that is too long to be written out; None for one that is not."""
    if array.size <= _LITERAL_ELEMENTS:
        return None
    if remembered := provenance.code_of(array):
        return remembered
    packed = base64.b85encode(zlib.compress(array.tobytes(), 9)).decode("ascii")
    return f'np.frombuffer(zlib.decompress(base64.b85decode("{packed}")), np.{array.dtype.name}).reshape({array.shape})'
