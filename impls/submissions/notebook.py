"""The source of a submission, file or notebook, as pieces of plain Python, without what a shell or Jupyter would run.

In: a path. Out: its pieces (one for a file, one for each cell of a notebook), with magics, shell commands and questions
(``%matplotlib inline``, ``!pip install``, ``np.tanh?``) made empty lines, so that every line keeps its number.
"""

import ast
import io
import json
import re
import tokenize
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impls.submissions.code import MOST, Piece, total

_MAGIC = re.compile(r"[%!?]|[\w.]+\?\??\s*$|[\w, ]+=\s*[%!]")
_CELL_MAGIC = re.compile(r"\s*%%(\w+)")
_PYTHON = {"time", "timeit", "capture", "prun"}
"""The cell magics after which the cell holds Python all the same."""
_PYLAB = "from numpy import *; import numpy as np"
"""What stays of ``%pylab`` without its plots."""


class NotebookError(ValueError):
    """A submission whose source cannot be read."""


def pieces_of(path: Path, cells: Sequence[str] | None = None) -> list[Piece]:
    """The pieces of a `.py` file or a notebook. cells: of a notebook, where they have been read already.

    Raises NotebookError, OSError, and SyntaxError for a file in an encoding that Python itself refuses.
    """
    if path.suffix == ".ipynb":
        sources = cells_of(path) if cells is None else cells
        pieces = [
            Piece(f"{path}, cell {number}", _of_cell(source), f"cell {number}, ")
            for number, source in enumerate(sources, 1)
        ]
    else:
        pieces = [Piece(str(path), without_magics(_decoded(path)))]
    if total(pieces) > MOST:
        raise NotebookError(f"more than {MOST} characters of code")
    return pieces


def cells_of(path: Path) -> list[str]:
    """The sources of all cells, empty ones for text, so that they are counted as the notebook shows them.

    Reads the formats 3 and 4 of Jupyter. Raises NotebookError.
    """
    data = path.read_bytes()
    try:
        notebook = json.loads(data)
        cells = notebook["cells"] if "cells" in notebook else notebook["worksheets"][0]["cells"]
        sources = [_source(cell) if cell["cell_type"] == "code" else "" for cell in cells]
        language = notebook.get("metadata", {}).get("kernelspec", {}).get("language", "python")
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, RecursionError) as wrong:
        raise NotebookError(f"no notebook that can be read ({type(wrong).__name__})") from wrong
    if str(language).lower() not in ("python", "python3", "ipython"):
        raise NotebookError(f"a notebook of the language {str(language)[:40]}, not of Python")
    if sum(map(len, sources)) > MOST:
        raise NotebookError(f"more than {MOST} characters of code")
    return sources


def _source(cell: dict[str, Any]) -> str:
    source = cell["source"] if "source" in cell else cell["input"]
    text = source if isinstance(source, str) else "".join(source)
    return text.encode("utf-8", "replace").decode()


def without_magics(source: str) -> str:
    """The source as it stands where it is Python, else with every line that only Jupyter understands made empty.

    An indented one becomes ``pass``, since it may be all that a block holds.
    """
    try:
        ast.parse(source)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return "\n".join(map(_without_magic, source.split("\n")))
    return source


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


def _decoded(path: Path) -> str:
    """The text of a file in the encoding that it declares, as Python reads it."""
    data = path.read_bytes()
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(data).readline)
        return io.TextIOWrapper(io.BytesIO(data), encoding, newline=None).read()
    except SyntaxError as wrong:
        raise SyntaxError(f"{wrong.msg}; the file is not in utf-8", (str(path), 1, 0, None)) from wrong
    except UnicodeDecodeError as wrong:
        line = data[: wrong.start].count(b"\n") + 1
        raise SyntaxError(f"{wrong.reason} in a file read as {wrong.encoding}", (str(path), line, 0, None)) from wrong
