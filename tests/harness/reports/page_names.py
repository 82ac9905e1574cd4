"""Names of files for names of submissions: any text goes in, a file name that is safe everywhere comes out."""

import hashlib
import re
from collections.abc import Iterator

_LONGEST = 80
_NOT_SAFE = re.compile(r"[^A-Za-z0-9._-]")
_RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)
"""Names that Windows keeps for devices."""


class PageNames:
    """Gives each name a file name of its own, also where a file system knows no upper case.

    A name of safe characters stays as it is. Of another the unsafe characters become ``_``, and a digest of the name
    tells it from names that differ in these characters alone.
    """

    def __init__(self) -> None:
        self._given: dict[str, str] = {}
        self._taken: set[str] = set()

    def of(self, name: str) -> str:
        """The file name, without an ending, of the submission ``name``; the same whenever it is asked for."""
        if name not in self._given:
            self._given[name] = chosen = next(one for one in _candidates(name) if one.lower() not in self._taken)
            self._taken.add(chosen.lower())
        return self._given[name]


def _candidates(name: str) -> Iterator[str]:
    plain = _NOT_SAFE.sub("_", name)[-_LONGEST:]
    plain = re.sub(r"^[.-]", "_", plain).rstrip(".")
    if plain == name and not _RESERVED.fullmatch(name):
        yield plain
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    for length in range(10, 65):
        yield f"{plain}-{digest[:length]}"
