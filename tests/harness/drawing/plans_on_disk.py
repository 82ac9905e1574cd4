"""What planning has computed, kept on this machine: drawn examples, and the numbers of the reference at them.

In go values under a name; out they come again in a later run of the same suite, bit for bit. A fixed seed is drawn once
for a machine that way, and not once for a run.

A file is one entry: the magic word, the SHA-256 of what follows, the length of the header, the header in JSON, the
bytes of the arrays. The header holds the values, with ``{"array": [dtype, shape, code]}`` in the place of each array,
in the order of the bytes, and an object with one key for what else JSON does not know (``_encoded``). Nothing in a file
is ever executed. A file that is damaged, or cut off, is as if it were not there. Each is written under another name
first and then renamed, so that runs side by side do no harm.

The folder's name is a digest of all that the values depend on: the sources of the suite, the versions of Python, NumPy
and Hypothesis, the processor's features that NumPy uses, the profile and the seed. What would break this: a value that
depends on something else.
"""

import hashlib
import json
import os
import platform
import struct
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import numpy as np

from reference import Band
from tests.harness.drawing.strategies.recipes import Recipe, remember

_MAGIC = b"lfck1\n"
_LENGTH = struct.Struct("<Q")
_MOST_BYTES = 500 << 20
"""How large the folder may become; beyond it the entries that were used the longest ago go."""
_LONG_AGO = 3600.0
"""After so many seconds nobody writes any more what has no name yet."""


@dataclass(frozen=True)
class Kept:
    """Entries in a folder of this machine; without a folder nothing is kept."""

    folder: Path | None

    @classmethod
    def under(cls, root: Path, *depends_on: object) -> "Kept":
        """The entries for what the arguments say, and for the versions and the processor at hand."""
        features = getattr(getattr(np, "_core", None), "_multiarray_umath", None)
        all_of_it = (
            *depends_on,
            platform.python_version(),
            np.__version__,
            hypothesis.__version__,
            sorted(name for name, there in getattr(features, "__cpu_features__", {}).items() if there),
        )
        _shrink(root)
        return cls(root / hashlib.sha256(repr(all_of_it).encode()).hexdigest()[:20])

    def get(self, name: str) -> Any:
        """The value kept under that name, None where there is none."""
        if self.folder is None:
            return None
        path = self._path(name)
        try:
            data = path.read_bytes()
            os.utime(path)
        except OSError:
            return None
        start = len(_MAGIC) + 32
        body = memoryview(data)[start:]
        if data[: len(_MAGIC)] != _MAGIC or hashlib.sha256(body).digest() != data[len(_MAGIC) : start]:
            return None
        (length,) = _LENGTH.unpack_from(body)
        header, arrays = body[_LENGTH.size :][:length], body[_LENGTH.size :][length:]
        return json.loads(bytes(header), object_hook=_Reader(arrays).decoded)

    @property
    def takes_more(self) -> bool:
        """Whether something can be kept."""
        return self.folder is not None and os.access(self.folder.parent, os.W_OK)

    def has(self, name: str) -> bool:
        """Whether something is kept under that name."""
        return self.folder is not None and self._path(name).exists()

    def put(self, name: str, value: Any) -> None:
        """Keep a value under that name, where it can be kept."""
        if self.folder is None:
            return
        buffers: list[bytes] = []
        header = json.dumps(_encoded(value, buffers)).encode()
        body = b"".join([_LENGTH.pack(len(header)), header, *buffers])
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=self.folder)
            with os.fdopen(handle, "wb") as file:
                file.write(_MAGIC + hashlib.sha256(body).digest() + body)
            os.replace(temporary, self._path(name))
        except OSError:
            return

    def _path(self, name: str) -> Path:
        assert self.folder is not None
        return self.folder / hashlib.sha256(name.encode()).hexdigest()[:32]


def _shrink(root: Path) -> None:
    """Remove the entries used the longest ago where all of them together have grown too large."""
    try:
        for path in root.glob("*/tmp*"):
            if time.time() - path.stat().st_mtime > _LONG_AGO:
                path.unlink()  # it was left behind by a process that was ended while it wrote
        entries = [(path.stat(), path) for path in root.glob("*/*")]
        size = sum(stat.st_size for stat, _ in entries)
        for stat, path in sorted(entries, key=lambda entry: entry[0].st_mtime):
            if size <= _MOST_BYTES:
                return
            path.unlink()
            size -= stat.st_size
    except OSError:
        return


def _encoded(value: Any, buffers: list[bytes]) -> Any:
    if isinstance(value, np.ndarray):
        buffers.append(value.tobytes())
        code = value.code if isinstance(value, Recipe) else None
        return {"array": [value.dtype.str, list(value.shape), code]}
    if isinstance(value, Band):
        parts = (value.bound, value.below, value.above, value.floor)
        return {"band": [_encoded(part, buffers) for part in parts]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(item, buffers) for item in value]}
    if isinstance(value, list):
        return [_encoded(item, buffers) for item in value]
    if isinstance(value, Mapping):
        return {"dict": [[key, _encoded(item, buffers)] for key, item in value.items()]}
    if type(value) is np.float64 and value == value:  # JSON does not hold which NaN it is
        return {"number": float(value)}
    if isinstance(value, np.generic):
        return {"scalar": _encoded(np.array(value), buffers)}
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"a {type(value).__name__} cannot be kept")


@dataclass
class _Reader:
    """Decodes JSON objects, from the innermost out, taking the arrays from the bytes one after the other."""

    bytes_: memoryview
    at: int = 0

    def decoded(self, value: dict[str, Any]) -> Any:
        """What a JSON object stands for."""
        ((kind, content),) = value.items()
        if kind == "array":
            return self._array(*content)
        if kind == "number":
            return np.float64(content)
        if kind == "scalar":
            return content[()]
        if kind == "band":
            return Band(*content)
        return tuple(content) if kind == "tuple" else dict(content)

    def _array(self, dtype: str, shape: list[int], code: str | None) -> np.ndarray:
        array: np.ndarray = np.ndarray(shape, dtype, self.bytes_, self.at)
        self.at += array.nbytes
        return array if code is None else remember(array, code)


class Tape:
    """The numbers that the plans of one clause need, in the order in which they are asked for.

    A new one computes and records them; one that was kept gives them again. Which of the two it is changes nothing but
    the time, as long as the plans ask in the same order: they do, since they depend on what the folder is named after.
    """

    def __init__(self, kept: Kept, name: str) -> None:
        self._kept = kept
        self._name = name
        self._recorded: list[Any] | None = kept.get(name)
        self._numbers: list[Any] = []
        self._at = 0

    def number(self, compute: Any) -> Any:
        """The next number: the recorded one, or the value of ``compute()``."""
        if self._recorded is not None and self._at < len(self._recorded):
            self._at += 1
            return self._recorded[self._at - 1]
        self._recorded = None
        self._numbers.append(value := compute())
        return value

    def close(self) -> None:
        """Keep what was recorded now."""
        if self._numbers and self._at == 0:
            self._kept.put(self._name, self._numbers)
