"""Whether a function says that it is still to be written: by its body, or by the exception that it raised.

In go a function, or the traceback of what it raised; out comes yes or no. Both are read off the bytecode, which is
there for a file, a cell of a notebook and a class alike, where the source may not be.
"""

import dis
import functools
from collections.abc import Callable, Iterator
from types import CodeType, TracebackType
from typing import Any

_COMPUTES_NOTHING = {
    "BUILD_LIST",
    "BUILD_TUPLE",
    "COPY",
    "COPY_FREE_VARS",
    "LIST_EXTEND",
    "LOAD_CONST",
    "LOAD_FAST",
    "LOAD_FAST_AND_CLEAR",
    "LOAD_FAST_BORROW",
    "LOAD_FAST_BORROW_LOAD_FAST_BORROW",
    "LOAD_FAST_CHECK",
    "LOAD_FAST_LOAD_FAST",
    "LOAD_SMALL_INT",
    "MAKE_CELL",
    "NOP",
    "POP_TOP",
    "RESUME",
    "RETURN_CONST",
    "RETURN_VALUE",
    "STORE_FAST",
    "STORE_FAST_LOAD_FAST",
    "STORE_FAST_STORE_FAST",
    "SWAP",
    "UNPACK_SEQUENCE",
}


_RAISES = {"CALL", "LOAD_GLOBAL", "PRECALL", "PUSH_NULL", "RAISE_VARARGS"}


def code_of(function: Callable[..., Any]) -> CodeType | None:
    """The code of a function, also of what stands behind a method, a partial or a wrapper; None without any."""
    seen: Any = function
    for _ in range(10):
        if isinstance(seen, functools.partial):
            seen = seen.func
        elif hasattr(seen, "__wrapped__"):
            seen = seen.__wrapped__
        elif hasattr(seen, "__func__"):
            seen = seen.__func__
        else:
            break
    code = getattr(seen, "__code__", None)
    return code if isinstance(code, CodeType) else None


def is_stub(function: Callable[..., Any]) -> bool:
    """Whether the body computes nothing: a docstring, ``pass``, ``...``, constants that are assigned and returned."""
    code = code_of(function)
    return code is not None and {one.opname for one in dis.get_instructions(code)} <= _COMPUTES_NOTHING


def gives_nothing(function: Callable[..., Any]) -> bool:
    """Whether the body is a stub that can give nothing but None or Ellipsis: no argument, and no other constant."""
    code = code_of(function)
    if code is None or not is_stub(function):
        return False
    arguments = code.co_varnames[: code.co_argcount + code.co_kwonlyargcount]
    loaded = [one.argval for one in _loads(code)]
    return all(value in (None, ...) or (isinstance(value, str) and value not in arguments) for value in loaded)


def gives_none_beside(function: Callable[..., Any]) -> bool:
    """Whether the body is a stub that gives None, alone or beside its arguments, as ``out, cache = None, x`` does."""
    code = code_of(function)
    return code is not None and is_stub(function) and None in {one.argval for one in _loads(code)}


def _loads(code: CodeType) -> Iterator[dis.Instruction]:
    return (one for one in dis.get_instructions(code) if one.opname.startswith(("LOAD_", "RETURN_CONST")))


def is_unwritten(function: Callable[..., Any]) -> bool:
    """Whether the body is a stub, or does nothing but raise NotImplementedError."""
    return is_stub(function) or only_refuses(function)


def only_refuses(function: Callable[..., Any]) -> bool:
    """Whether the body does nothing but raise NotImplementedError."""
    if (code := code_of(function)) is None:
        return False
    steps = list(dis.get_instructions(code))
    names = {one.argval for one in steps if one.opname == "LOAD_GLOBAL"}
    return names == {"NotImplementedError"} and {one.opname for one in steps} <= _COMPUTES_NOTHING | _RAISES


def raised_by_its_own_file(traceback: TracebackType | None, function: Callable[..., Any]) -> bool:
    """Whether an exception comes of a ``raise`` in the function's own file, and not out of what it calls."""
    code = code_of(function)
    while traceback is not None and traceback.tb_next is not None:
        traceback = traceback.tb_next
    if code is None or traceback is None:
        return False
    last = traceback.tb_frame.f_code
    return _file(last) == _file(code) and last.co_code[traceback.tb_lasti] == dis.opmap["RAISE_VARARGS"]


def _file(code: CodeType) -> str:
    """The file that the code stands in; the cells of a notebook are named "file, cell 3"."""
    return code.co_filename.partition(", cell ")[0]
