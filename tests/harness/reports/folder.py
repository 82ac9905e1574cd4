"""The folder of ``--report DIR``: the path of a result goes in, all pages and tables come out, or none.

Everything is written to a new folder beside DIR, which takes DIR's place at the end: a run that is stopped, or a disk
that is full, leaves an earlier report as it was. Only a report of ours is ever replaced.
"""

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path

from tests.harness.reports.annotations import Annotations
from tests.harness.reports.gradebook import Gradebook
from tests.harness.reports.handed import Picture
from tests.harness.reports.page_names import PageNames
from tests.harness.reports.reading_result import Result
from tests.harness.reports.summary import Summary

_PARTS = {"index.html", "students", "gradebook.csv", "gradescope", "summary.md"}
_MARK = 'name="generator" content="lecture-formulas-conformance"'


class CannotReport(ValueError):
    """There is no place for the report, or no library to write it; the message says what to do."""


def check(folder: Path) -> None:
    """Raises CannotReport where a report cannot be written to ``folder``: better before the run than after it."""
    if find_spec("jinja2") is None:
        raise CannotReport('a report needs Jinja2: pip install ".[report]"')
    parent = folder.resolve().parent
    if not parent.is_dir() or not os.access(parent, os.W_OK):
        raise CannotReport(f"{folder}: needs a place in a folder that is there and can be written ({parent})")
    if folder.exists() and not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise CannotReport(f"{folder}: needs a folder that can be written, or none yet")
    if folder.is_dir() and (foreign := _foreign(folder)):
        raise CannotReport(f"{folder}: holds {foreign}, which is no part of a report; name a new folder")


def _foreign(folder: Path) -> str | None:
    """What in ``folder`` keeps it from being replaced."""
    inside = sorted(path.name for path in folder.iterdir())
    if others := [name for name in inside if name not in _PARTS]:
        return others[0]
    if inside:
        index = folder / "index.html"
        ours = index.is_file() and _MARK in index.read_text(encoding="utf-8", errors="replace")[:2000]
        return None if ours else inside[0]
    return None


def write(
    result: Result, folder: Path, environment: Mapping[str, str], pictures: Sequence[Picture] = ()
) -> Iterator[str]:
    """Write the report of ``result``; gives the lines to print: annotations, where ``environment`` is GitHub's.

    pictures: the figures that the run has drawn, which the pages show. Raises CannotReport, and OSError where the disk
    is full.
    """
    check(folder)
    target = folder.resolve()
    new = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    try:
        annotations = _fill(result, new, Path(environment.get("GITHUB_WORKSPACE") or "."), pictures)
        new.chmod(0o777 & ~_umask())
        _replace(target, new)
    except BaseException:
        shutil.rmtree(new, ignore_errors=True)
        raise
    return annotations.lines() if environment.get("GITHUB_ACTIONS") == "true" else iter(())


def _fill(result: Result, folder: Path, checkout: Path, pictures: Sequence[Picture]) -> Annotations:
    from tests.harness.reports import gradescope, student
    from tests.harness.reports.pages import Index

    students, scores = folder / "students", folder / "gradescope"
    students.mkdir()
    scores.mkdir()
    pages = PageNames()
    index, summary, annotations = Index(result, pictures), Summary(result), Annotations(checkout)
    with (folder / "gradebook.csv").open("w", encoding="utf-8-sig", newline="") as file:
        gradebook = Gradebook(result, file)
        for row in result.rows():
            page = pages.of(row.name)
            _write(
                students / f"{page}.html", student.html(result, row, [one for one in pictures if one.of == row.name])
            )
            _write(scores / f"{page}.json", gradescope.text(gradescope.of_row(result, row)))
            gradebook.add(row)
            index.add(row, page)
            summary.add(row)
            annotations.add(row)
    _write(folder / "summary.md", summary.text())
    _write(folder / "index.html", index.html())
    return annotations


def _write(path: Path, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _replace(target: Path, new: Path) -> None:
    if not target.exists():
        new.rename(target)
        return
    old = Path(tempfile.mkdtemp(prefix=f".{target.name}.", dir=target.parent))
    target.rename(old / "old")
    new.rename(target)
    shutil.rmtree(old)


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
