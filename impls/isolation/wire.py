"""Frames that hold nothing but data: a JSON header and the raw bytes of the arrays in it.

What comes from a worker is foreign: its sizes are checked before they are read, and it is decoded into numbers, text,
lists, dicts and base-class arrays of plain dtypes, or refused with a WireError. Nothing in it is ever executed.
"""

import struct
from collections.abc import Mapping, Sequence
from json import dumps, loads
from typing import Any, NamedTuple

import numpy as np

from impls.calling import LaidOut, Oversized, Unreadable
from impls.text import one_line

PREFIX = struct.Struct("<4sQIQ")
"""A frame's first bytes: the magic word, the token of the request, the length of the header and of the arrays."""

LONGEST_HEADER = 1 << 20
_MAGIC = b"lfc1"
_KINDS = ("f2", "f4", "f8", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "b1")
_DTYPES = {
    dtype.str: dtype
    for dtype in (np.dtype(np.longdouble), *(np.dtype(order + kind) for order in "<>" for kind in _KINDS))
}
"""The plain dtypes, by what a header calls them."""


_AS_THEY_ARE = {str, int, float, bool, type(None)}


class WireError(ValueError):
    """What was got is no frame, or is larger than it may be."""


class Body(NamedTuple):
    """A message without its prefix, or a part of one: its JSON, the arrays or bytes behind it, and their size."""

    header: bytes
    arrays: Sequence[Any]
    of_arrays: int

    @property
    def size(self) -> int:
        """All its bytes."""
        return len(self.header) + self.of_arrays


def written(value: Any) -> Body:
    """A value, which is what ``calling`` describes as arguments and plain values.

    It holds no copy of an array that is contiguous, and so may be kept as long as the array is.
    """
    writer = _Writer()
    return writer.body(writer.encoded(value))


def body(message: Mapping[str, Any]) -> Body:
    """A message by its keys."""
    writer = _Writer()
    return writer.body([[key, writer.encoded(value)] for key, value in message.items()])


def asking(requests: Sequence[Body]) -> Body:
    """The message that asks requests of which each was written before: ``body({"do": "ask", "requests": [...]})``."""
    header = b'[["do", "ask"], ["requests", [' + b", ".join([one.header for one in requests]) + b"]]]"
    return Body(header, [array for one in requests for array in one.arrays], sum(one.of_arrays for one in requests))


def frame(token: int, content: Body) -> bytes:
    """A message as it goes over the channel; the answer to a request bears the token of the request."""
    prefix = PREFIX.pack(_MAGIC, token, len(content.header), content.of_arrays)
    return b"".join([prefix, content.header, *content.arrays])


def lengths(
    prefix: bytes | bytearray, most: int, asked: int | None = None, longest_header: int = LONGEST_HEADER
) -> tuple[int, int, int]:
    """The token, and the bytes of header and arrays that follow a prefix, which may be longer.

    Raises WireError where the token is not the one ``asked`` with, or they are more than may be.
    """
    magic, token, header, arrays = PREFIX.unpack_from(prefix)
    if magic != _MAGIC or asked not in (None, token):
        raise WireError("what was got on the channel is not the answer to the call")
    if header > longest_header or arrays > most:
        raise WireError(
            f"got an answer of {header} bytes and {arrays} of arrays, expected at most {longest_header} and {most}"
        )
    return token, header, arrays


def message(header: bytes | bytearray, arrays: bytes | bytearray) -> dict[str, Any]:
    """The message with this header and the bytes of its arrays, which are views of them. Raises WireError."""
    try:
        reader = _Arrays(arrays)
        decoded = {str(key): value for key, value in loads(header, object_hook=reader.decoded)}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as wrong:
        raise WireError(f"what was got on the channel cannot be read: {type(wrong).__name__}") from wrong
    if reader.left:
        raise WireError("what was got on the channel holds more bytes than its arrays")
    return decoded


class _Writer:
    """Encodes values, putting their arrays, or the bytes of them, one after the other."""

    def __init__(self) -> None:
        self._arrays: list[Any] = []
        self._size = 0
        self._laid_out: dict[int, int] = {}  # by the id of each LaidOut so far, which one it is

    def body(self, encoded: Any) -> Body:
        """The body of what was encoded."""
        return Body(dumps(encoded).encode(), self._arrays, self._size)

    def encoded(self, value: Any) -> Any:
        if type(value) in _AS_THEY_ARE:
            return value
        if isinstance(value, np.ndarray):
            self._append(value)
            return {"array": [value.dtype.str, value.shape]}
        if isinstance(value, LaidOut):
            return self._encoded_layout(value)
        if isinstance(value, list):
            return [self.encoded(item) for item in value]
        if isinstance(value, tuple):
            return {"tuple": [self.encoded(item) for item in value]}
        if isinstance(value, Mapping):
            return {"dict": [[key, self.encoded(item)] for key, item in value.items()]}
        if isinstance(value, Unreadable):
            return {"unreadable": value.what}
        if isinstance(value, Oversized):
            return {"oversized": [value.shape, value.dtype]}
        if isinstance(value, np.generic):
            return self.encoded(np.array(value))
        return value

    def _encoded_layout(self, one: LaidOut) -> Any:
        """An object that was written before stays the same object: it is named by how many were written since."""
        if id(one) in self._laid_out:
            return {"same": len(self._laid_out) - self._laid_out[id(one)]}
        self._laid_out[id(one)] = len(self._laid_out)
        self._append(one.values)
        return {"laid out": [one.values.dtype.str, one.values.shape, one.layout, one.dtype]}

    def _append(self, array: np.ndarray) -> None:
        self._arrays.append(array if array.flags.c_contiguous else array.tobytes())
        self._size += array.nbytes


class _Arrays:
    """Decodes JSON objects, from the innermost out, taking the arrays from the bytes one after the other."""

    def __init__(self, data: bytes | bytearray) -> None:
        self._data = memoryview(data)
        self._at = 0
        self._laid_out: list[LaidOut] = []

    @property
    def left(self) -> int:
        return len(self._data) - self._at

    def decoded(self, value: dict[str, Any]) -> Any:
        """What a JSON object stands for."""
        ((kind, content),) = value.items()
        if kind == "array":
            return self._array(*content)
        if kind == "laid out":
            dtype, shape, layout, as_dtype = content
            self._laid_out.append(LaidOut(self._array(dtype, shape), layout, as_dtype))
            return self._laid_out[-1]
        if kind == "same":
            if type(content) is not int or not 1 <= content <= len(self._laid_out):
                raise WireError("an array that is to be the same as one that is not there")
            return self._laid_out[-content]
        if kind == "tuple":
            return tuple(content)
        if kind == "dict":
            return {str(key): item for key, item in content}
        if kind == "unreadable":
            return Unreadable(one_line(str(content)))
        if kind == "oversized":
            shape, dtype = content
            return Oversized(tuple(int(n) for n in shape), one_line(str(dtype), 40))
        raise WireError(f"a value of the unknown kind {kind[:40]!r}")

    def _array(self, dtype: str, shape: list[int]) -> np.ndarray:
        """The next array; NumPy raises ValueError or TypeError for no shape, or one beyond the bytes."""
        if min(shape, default=0) < 0:
            raise WireError("an array with a negative number of elements")
        array: np.ndarray = np.ndarray(shape, _DTYPES[dtype], self._data, self._at)
        self._at += array.nbytes
        return array
