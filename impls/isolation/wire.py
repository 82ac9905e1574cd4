"""Frames that hold nothing but data: a JSON header and the raw bytes of the arrays in it.

What comes from a worker is foreign: its sizes are checked before they are read, and it is decoded into numbers, text,
lists, dicts and base-class arrays of plain dtypes, or refused with a WireError. Nothing in it is ever executed.
"""

import struct
from collections.abc import Mapping
from json import dumps, loads
from typing import Any

import numpy as np

from impls.calling import LaidOut, Oversized, Unreadable
from impls.text import one_line

PREFIX = struct.Struct("<4sQIQ")
"""A frame's first bytes: the magic word, the token of the request, the length of the header and of the arrays."""

Body = tuple[bytes, bytes]
"""A message without its prefix: the header, and the bytes of the arrays."""

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


def body(message: Mapping[str, Any]) -> Body:
    """The bytes of a message; its values are what ``calling`` describes as arguments and plain values."""
    writer = _Writer()
    text = dumps([[key, writer.encoded(value)] for key, value in message.items()]).encode()
    return text, b"".join(writer.buffers)


def frame(token: int, content: Body) -> bytes:
    """A message as it goes over the channel; the answer to a request bears the token of the request."""
    header, arrays = content
    return PREFIX.pack(_MAGIC, token, len(header), len(arrays)) + header + arrays


def lengths(prefix: bytes | bytearray, most: int, asked: int | None = None) -> tuple[int, int, int]:
    """The token, and the bytes of header and arrays that follow a prefix, which may be longer.

    Raises WireError where the token is not the one ``asked`` with, or they are more than may be.
    """
    magic, token, header, arrays = PREFIX.unpack_from(prefix)
    if magic != _MAGIC or asked not in (None, token):
        raise WireError("what was got on the channel is not the answer to the call")
    if header > LONGEST_HEADER or arrays > most:
        raise WireError(f"got an answer of {header + arrays} bytes, expected at most {most}")
    return token, header, arrays


def message(content: Body) -> dict[str, Any]:
    """The message in a body. Raises WireError."""
    header, arrays = content
    try:
        reader = _Arrays(arrays)
        decoded = {str(key): value for key, value in loads(header, object_hook=reader.decoded)}
    except (ValueError, TypeError, KeyError, RecursionError, OverflowError) as wrong:
        raise WireError(f"what was got on the channel cannot be read: {type(wrong).__name__}") from wrong
    if reader.left:
        raise WireError("what was got on the channel holds more bytes than its arrays")
    return decoded


class _Writer:
    """Encodes values, putting the bytes of their arrays one after the other."""

    def __init__(self) -> None:
        self.buffers: list[bytes] = []
        self._laid_out: dict[int, int] = {}  # by the id of each LaidOut so far, which one it is

    def encoded(self, value: Any) -> Any:
        if type(value) in _AS_THEY_ARE:
            return value
        if isinstance(value, np.ndarray):
            self.buffers.append(value.tobytes())
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
        """An object that was written before is named by its number: it stays the same object."""
        if id(one) in self._laid_out:
            return {"same": self._laid_out[id(one)]}
        self._laid_out[id(one)] = len(self._laid_out)
        self.buffers.append(one.values.tobytes())
        return {"laid out": [one.values.dtype.str, one.values.shape, one.layout, one.dtype]}


class _Arrays:
    """Decodes JSON objects, from the innermost out, taking the arrays from the bytes one after the other."""

    def __init__(self, data: bytes) -> None:
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
            if type(content) is not int or not 0 <= content < len(self._laid_out):
                raise WireError("an array that is to be the same as one that is not there")
            return self._laid_out[content]
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
        """The next array, a copy; NumPy raises ValueError or TypeError for no shape, or one beyond the bytes."""
        if min(shape, default=0) < 0:
            raise WireError("an array with a negative number of elements")
        array: np.ndarray = np.ndarray(shape, _DTYPES[dtype], self._data, self._at).copy()
        self._at += array.nbytes
        return array
