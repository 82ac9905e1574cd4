"""The source of a submission, file or notebook, as pieces of plain Python, without what a shell or Jupyter would run.

In: a path. Out: its pieces (one for a file, one for each cell of a notebook), with magics, shell commands and questions
(``%matplotlib inline``, ``!pip install``, ``np.tanh?``) made empty lines, so that every line keeps its number.
"""

import ast
import io
import re
import tokenize
from collections.abc import Iterator, Sequence
from pathlib import Path

from impls.submissions.needed_statements import Piece

# No pattern gives back what it has matched (*+, ++): a line of blanks would take a time that grows with its square.
_MAGIC = re.compile(r"%%?[A-Za-z_]|!(?!=)|\?|[\w.]++\?\??\s*+$|[\w, ]++=\s*+[%!]")
_CELL_MAGIC = re.compile(r"\s*+%%(\w++)")
_PYTHON = {"time", "timeit", "capture", "prun"}
"""The cell magics after which the cell holds Python all the same."""
_PYLAB = "from numpy import *; import numpy as np"
"""What stays of ``%pylab`` without its plots."""


def pieces_of(path: Path, source: bytes | Sequence[str] | None) -> list[Piece]:
    """The pieces of a `.py` file or a notebook. source: its bytes, or its cells; None: they are still to be read.

    Raises OSError, and SyntaxError for a file in an encoding that Python itself refuses.
    """
    if source is None:
        source = path.read_bytes()
    if not isinstance(source, bytes):
        return [
            Piece(f"{path}, cell {number}", _of_cell(cell), f"cell {number}, ") for number, cell in enumerate(source, 1)
        ]
    return [Piece(str(path), without_magics(_decoded(source, str(path))))]


def without_magics(source: str) -> str:
    """The source as it stands where it is Python, else with every line that only Jupyter understands made empty.

    An indented one becomes ``pass``, since it may be all that a block holds. A command goes on behind a backslash.
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(_python_lines(source.split("\n")))
    return source


def _python_lines(lines: Sequence[str]) -> Iterator[str]:
    goes_on = False
    for line in lines:
        kept = "" if goes_on else _without_magic(line)
        goes_on = kept != line and line.rstrip().endswith("\\")
        yield kept


def _of_cell(source: str) -> str:
    magic = _CELL_MAGIC.match(source)
    return "" if magic and magic[1] not in _PYTHON else without_magics(source)


def _without_magic(line: str) -> str:
    words = line.lstrip()
    if not _MAGIC.match(words):
        return line
    if words.startswith("%pylab"):
        return _PYLAB
    return f"{line[: len(line) - len(words)]}pass" if words != line else ""


def _decoded(data: bytes, path: str) -> str:
    """The text of a file in the encoding that it declares, as Python reads it."""
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None).read()
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise SyntaxError(f"{wrong.reason} in a file read as {wrong.encoding}", (path, line, 0, None)) from wrong
    except (SyntaxError, LookupError, UnicodeError) as wrong:
        raise SyntaxError(
            "the file is binary, no source text" if b"\0" in data else "the file is not in UTF-8; save it as UTF-8",
            (path, 1, 0, None),
        ) from wrong
