"""The zip that Gradescope takes as an autograder, made by one command from this checkout:

    python -m tests.harness.reports.autograder OUT.zip --assignment homework.toml --file my_homework.py

In it are ``setup.sh`` and ``run_autograder``, the suite, the assignment with its adapter, and the options of the run.
https://gradescope-autograders.readthedocs.io/en/latest/specs/ says what Gradescope does with them.
"""

import argparse
import sys
import tomllib
import zipfile
from collections.abc import Iterator, Sequence
from pathlib import Path

CHECKOUT = Path(__file__).parents[3]
_FILES = Path(__file__).parent / "gradescope_files"
_SUITE = ("pyproject.toml", "README.md", "LICENSE", "conformance.md", "constraints.txt", "reference", "impls", "tests")
_NOT_NEEDED = {"browser", "forms", "__pycache__", "figures"}
_ENDINGS = {".py", ".md", ".toml", ".txt", ".html", ".css", ".js", ".json", ""}


class CannotMake(ValueError):
    """The zip would not work; the message says why."""


def make(
    out: Path,
    assignment: Path | None = None,
    files: Sequence[str] = (),
    options: Sequence[str] = (),
    requirements: Path | None = None,
) -> None:
    """Write the zip. Raises CannotMake for what would fail in Gradescope, and OSError."""
    for name in files:
        if "/" in name or "\\" in name or not name.endswith((".py", ".ipynb")) or not name.isprintable() or '"' in name:
            raise CannotMake(f"--file {name}: needs the name of a .py file or a notebook, without a folder")
    own: dict[str, Path] = {}
    given = list(options)
    if assignment is not None:
        own["assignment/homework.toml"] = assignment
        if adapter := _adapter(assignment):
            own[f"assignment/{adapter.name}"] = adapter
        given.append("--assignment=../assignment/homework.toml")
    if requirements is not None:
        own["requirements.txt"] = requirements
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("setup.sh", "run_autograder"):
            _add(archive, name, (_FILES / name).read_bytes(), executable=True)
        _add(archive, "options", "".join(f"{option}\n" for option in given).encode())
        _add(archive, "files", "".join(f"{name}\n" for name in files).encode())
        for name, path in own.items():
            _add(archive, name, path.read_bytes())
        for path in _suite():
            _add(archive, f"suite/{path.relative_to(CHECKOUT).as_posix()}", path.read_bytes())


def _adapter(assignment: Path) -> Path | None:
    """The adapter that an assignment names, beside it."""
    try:
        named = tomllib.loads(assignment.read_text(encoding="utf-8")).get("assignment", {}).get("adapter")
    except (OSError, ValueError) as wrong:
        raise CannotMake(f"--assignment {assignment}: cannot be read: {wrong}") from wrong
    if named is None:
        return None
    path = assignment.parent / str(named)
    if not path.is_file() or path.parent != assignment.parent:
        raise CannotMake(f"--assignment {assignment}: its adapter {named} is no file beside it")
    return path


def _suite() -> Iterator[Path]:
    """What of the checkout the suite runs on, in one order."""
    for name in _SUITE:
        place = CHECKOUT / name
        paths = sorted(place.rglob("*")) if place.is_dir() else [place]
        for path in paths:
            parts = path.relative_to(CHECKOUT).parts
            if path.is_file() and path.suffix in _ENDINGS and not _NOT_NEEDED & set(parts):
                yield path


def _add(archive: zipfile.ZipFile, name: str, content: bytes, executable: bool = False) -> None:
    """Add a file with the same date each time, so that equal files make an equal zip."""
    entry = zipfile.ZipInfo(name)
    entry.external_attr = (0o100755 if executable else 0o100644) << 16
    archive.writestr(entry, content, zipfile.ZIP_DEFLATED)


def main(arguments: Sequence[str]) -> int:
    """Write the zip that the command asks for; the exit status."""
    parser = argparse.ArgumentParser("python -m tests.harness.reports.autograder", description="Make Gradescope's zip.")
    parser.add_argument("out", type=Path, metavar="OUT.zip")
    parser.add_argument("--assignment", type=Path, metavar="PATH", help="the assignment; its adapter goes along")
    parser.add_argument(
        "--file",
        action="append",
        default=[],
        metavar="NAME",
        help="the name of the file to hand in (repeatable: the first that is there is judged); "
        "without it the only .py file or notebook of a submission is judged",
    )
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="OPTION",
        help="an option of the suite: --option=--level=robust",
    )
    parser.add_argument("--requirements", type=Path, metavar="PATH", help="a requirements.txt for what students import")
    asked = parser.parse_args(arguments)
    try:
        make(asked.out, asked.assignment, asked.file, asked.option, asked.requirements)
    except (CannotMake, OSError) as wrong:
        print(wrong, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
