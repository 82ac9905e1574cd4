"""The rows of a result in a file, one JSON a line: appended as implementations end, read one at a time.

``PATH.rows`` begins with the head of the result in a line of its own; ``PATH`` is one JSON, with its head in the first
line, and a row in each further one. Either can be read as a stream, so that memory does not grow with the rows.
"""

import json
import os
import tempfile
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, BinaryIO

_OPEN, _CLOSE = '"implementations": [', "]}"


def beside(path: Path) -> Path:
    """Where the rows are while a run that writes ``path`` goes on."""
    return path.with_name(f"{path.name}.rows")


def line(value: Any) -> str:
    """A value as strict JSON in one line of ASCII."""
    return json.dumps(value, allow_nan=False)


class Rows(Mapping[str, dict[str, Any]]):
    """A file of rows that is being written: by name, each read again when it is asked for."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: BinaryIO | None = None
        self._at: dict[str, int] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self._at)

    def __len__(self) -> int:
        return len(self._at)

    def __getitem__(self, name: str) -> dict[str, Any]:
        return json.loads(self.line(name))

    def line(self, name: str) -> str:
        """A row as it stands in the file."""
        at = self._at[name]
        assert self._file is not None
        self._file.seek(at)
        return self._file.readline().decode().rstrip("\n")

    def start(self, head: Mapping[str, Any], rows: Iterable[Mapping[str, Any]] = ()) -> None:
        """Begin with these rows of an earlier run; a file that is there is replaced once all are in a new one."""
        write(self._path, self._noted(line(head) + "\n", rows))
        self._file = self._path.open("r+b")

    def _noted(self, head: str, rows: Iterable[Mapping[str, Any]]) -> Iterator[str]:
        yield head
        end = len(head)
        for row in rows:
            text = line(row) + "\n"
            self._at[row["name"]] = end
            end += len(text)
            yield text

    @property
    def is_started(self) -> bool:
        return self._file is not None

    def append(self, row: Mapping[str, Any]) -> None:
        """Write one more row, so that it is there if the process is killed now."""
        assert self._file is not None
        at = self._file.seek(0, os.SEEK_END)
        self._file.write(line(row).encode() + b"\n")
        self._file.flush()
        self._at[row["name"]] = at

    def remove(self) -> None:
        """Take the file away, since the result is written; the rows can still be read here."""
        self._path.unlink(missing_ok=True)


def whole(head: Mapping[str, Any], rows: Iterable[str]) -> Iterator[str]:
    """The text of a result, in pieces."""
    yield line(head)[:-1] + f", {_OPEN}"
    for number, row in enumerate(rows):
        yield f"{',' if number else ''}\n{row}"
    yield f"\n{_CLOSE}\n"


def read(path: Path) -> tuple[dict[str, Any], Iterator[dict[str, Any]]]:
    """The head and the rows of a result, or of the rows of one. A last line that is cut off is no row.

    Raises OSError, and ValueError for what is neither.
    """
    file = path.open(encoding="utf-8")
    first = file.readline()
    if first.rstrip().endswith(_OPEN):
        head = json.loads(first + _CLOSE)
    else:
        try:
            head = json.loads(first)
        except ValueError:  # a result that another program has laid out
            head = json.loads(first + file.read())
    if not isinstance(head, dict):
        raise ValueError("it is no JSON object")
    return head, _rows(file, head.pop("implementations", []))


def _rows(file: Any, in_head: list[Any]) -> Iterator[dict[str, Any]]:
    yield from in_head
    with file:
        for text in file:
            if text.startswith("{"):
                try:
                    yield json.loads(text.rstrip().removesuffix(","))
                except ValueError:
                    return


def write(path: Path, pieces: Iterable[str]) -> None:
    """Write a text to ``path`` in one step: a reader sees the old file or the whole new one. Raises OSError."""
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.writelines(pieces)
        os.chmod(temporary, 0o666 & ~_umask())
        os.replace(temporary, path)
    except BaseException:
        os.unlink(temporary)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
