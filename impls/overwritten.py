"""Results that were returned and are kept, to see whether anything changes them later: digests in, names out.

A function that fills the same few buffers again and again, or a thread that writes into a result half a second later,
gives values that are right when they are read at once. So the results of the latest calls are kept as they were
returned, with a digest of what was read of each. They are read again after the last call of their message, and those
that still are kept once more when they are asked for. Every call is kept in the same way: there is nothing by which a
function could tell a call that is checked from one that is not.
"""

from collections import deque
from collections.abc import Callable, Mapping
from hashlib import blake2b
from itertools import islice
from typing import Any, NamedTuple

import numpy as np

_MOST_BYTES = 8 << 20
_MOST_OF_EARLIER = 256
"""How many bytes of results are kept at most, and how many results stay once they have been looked at."""

_LONG = 1 << 20
"""From how many bytes on an array is hashed: to copy it takes a tenth of the time, and the memory."""


def digest(value: Any) -> Any:
    """What two plain values share exactly when they are the same bits in the same structure."""
    if isinstance(value, np.ndarray):
        data = value.tobytes()
        return value.dtype, value.shape, data if len(data) < _LONG else blake2b(data, digest_size=16).digest()
    if isinstance(value, list | tuple):
        return [digest(item) for item in value]
    if isinstance(value, Mapping):
        return {key: digest(item) for key, item in value.items()}
    return value.hex() if isinstance(value, float) else value


class _Kept(NamedTuple):
    function: str
    number: int
    returned: Any
    digest: Any
    size: int


class KeptResults:
    """The latest results of an implementation. read: makes a returned value plain, as it was made for the answer."""

    def __init__(self, read: Callable[[Any], Any]) -> None:
        self._read = read
        self._kept: deque[_Kept] = deque()
        self._looked_at = 0  # so many of them, from the left, have been looked at
        self._bytes = 0
        self._calls: dict[str, int] = {}

    def keep(self, function: str, returned: Any, plain: Any) -> None:
        """Keep what ``function`` returned, which was read as ``plain``; what has become too much is dropped."""
        number = self._calls[function] = self._calls.get(function, 0) + 1
        size = _bytes_of(plain)
        if size > _MOST_BYTES or isinstance(returned, bool | int | float | np.generic):
            return
        self._kept.append(_Kept(function, number, returned, digest(plain), size))
        self._bytes += size
        while self._bytes > _MOST_BYTES:
            self._drop()

    def overwritten(self, earlier: bool) -> dict[str, str]:
        """The functions of which a result has changed since it was returned, each with one such call in words.

        earlier: those that were looked at before are looked at again.
        """
        found: dict[str, str] = {}
        passed_over = 0 if earlier else self._looked_at
        intact = deque(islice(self._kept, passed_over))
        for one in islice(self._kept, passed_over, None):
            now = self._read(one.returned)
            if digest(now) == one.digest:
                intact.append(one)
            else:
                found.setdefault(one.function, f"call {one.number} of {one.function}, which returned {_outline(now)}")
        self._kept, self._bytes = intact, sum(one.size for one in intact)
        self._looked_at = len(intact)
        while len(self._kept) > _MOST_OF_EARLIER:
            self._drop()
        return found

    def _drop(self) -> None:
        self._bytes -= self._kept.popleft().size
        self._looked_at = max(0, self._looked_at - 1)


def _bytes_of(plain: Any) -> int:
    """The bytes of the arrays in it; too many where something in it could not be read or was too large."""
    if isinstance(plain, np.ndarray):
        return plain.nbytes
    if isinstance(plain, Mapping):
        return _bytes_of(list(plain.values()))
    return sum(map(_bytes_of, plain)) if isinstance(plain, list) else _MOST_BYTES + 1


def _outline(plain: Any) -> str:
    if isinstance(plain, np.ndarray):
        return f"an array of shape {plain.shape}"
    return f"{len(plain)} items" if isinstance(plain, list | Mapping) else type(plain).__name__
