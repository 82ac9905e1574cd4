"""What the documents name is there: links and anchors, paths, clauses, modules, options, extras."""

import re
import shlex
import subprocess
import sys
import tomllib
from importlib.util import find_spec
from pathlib import Path

import pytest

from tests.harness.spec.clauses import CLAUSES

CHECKOUT = Path(__file__).parents[2]
DOCUMENTS = ["README.md", "conformance.md", "CONTRIBUTING.md", "CHANGELOG.md", "tests/benchmark/RESULTS.md"]
WORKFLOWS = [str(path.relative_to(CHECKOUT)) for path in sorted((CHECKOUT / ".github").rglob("*")) if path.is_file()]
STAND_INS = {
    "my_homework.py",
    "submissions/",
    "homework.toml",
    "homework.py",
    "mypackage.nn",
    "autograder.zip",
    "report/",
}
"""What a reader puts an own name in the place of."""


def text_of(document: str) -> str:
    return (CHECKOUT / document).read_text(encoding="utf-8")


def anchors(text: str) -> set[str]:
    """The anchors of the headings of a document, as GitHub makes them; of code blocks the lines are no headings."""
    prose = re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.+)$", prose, flags=re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_to_files_and_headings_that_are_there(document):
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(document)):
        if re.match(r"https?://", target):
            continue
        place, _, anchor = target.partition("#")
        path = (CHECKOUT / document).parent / place if place else CHECKOUT / document
        assert path.exists(), target
        assert not anchor or anchor in anchors(path.read_text(encoding="utf-8")), target


@pytest.mark.parametrize("document", [*DOCUMENTS, *WORKFLOWS])
def test_paths_and_clauses_are_there(document):
    text = text_of(document)
    for path in re.findall(r"(?<![\w./-])((?:tests|impls|reference|\.ci|\.github)/[\w./-]*\w)", text):
        assert (CHECKOUT / path).exists(), path
    if document != "CHANGELOG.md":  # which names the ids that are no more
        for id in re.findall(r"`([A-Z]+-[A-Z][A-Z-]*)`", text):
            assert id in CLAUSES or id.startswith("SHA-"), id


def commands(text: str) -> list[list[str]]:
    """The words of each command in a document: in `...`, in an indented line, after a prompt of a workflow."""
    lines = re.findall(r"^ {4,}(?:run: |- run: )?(\S.*)$", text, flags=re.MULTILINE)
    joined = re.sub(r"\s+", " ", text)
    found = []
    for line in [*lines, *re.findall(r"`([^`]+)`", joined)]:
        for part in re.split(r"&&|;|\|", line):
            try:
                words = shlex.split(part, comments=True)
            except ValueError:  # an apostrophe in prose
                continue
            while words and re.fullmatch(r"[A-Z_]+=\S*", words[0]):
                words.pop(0)
            if words and words[0] in ("python", "python3", "pytest", "pip", "bash"):
                found.append(words)
    return found


@pytest.fixture(scope="module")
def options_of_pytest() -> set[str]:
    """Every option of pytest with this suite's plugin."""
    command = [sys.executable, "-m", "pytest", "--help", "-p", "no:cacheprovider"]
    text = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    return {"--junitxml", *re.findall(r"(?<![\w-])(--?[a-zA-Z][\w-]*)", text)}  # of two spellings the help has one


def test_commands_are_found():
    text = "Run `OMP_NUM_THREADS=1\npytest -n 2`.\n\n    python -m a.b --c=d && pip install .  # so\n    don't\n"
    assert commands(text) == [["python", "-m", "a.b", "--c=d"], ["pip", "install", "."], ["pytest", "-n", "2"]]
    assert sum(len(commands(text_of(document))) for document in DOCUMENTS) > 25


@pytest.mark.parametrize("document", [*DOCUMENTS, *WORKFLOWS])
def test_commands_name_modules_options_and_extras_that_are_there(document, options_of_pytest):
    extras = tomllib.loads(text_of("pyproject.toml"))["project"]["optional-dependencies"]
    for words in commands(text_of(document)):
        options = [word.partition("=")[0] for word in words[1:] if word.startswith("-")]
        if words[0] == "pytest":
            assert set(options) <= options_of_pytest, words
        elif words[1:2] == ["-m"] and len(words) > 2 and words[2].startswith("tests."):
            module = find_spec(words[2])
            assert module is not None, words
            place = Path(module.origin or "")
            source = place.with_name("__main__.py") if place.name == "__init__.py" else place
            assert all(f'"{option}"' in source.read_text(encoding="utf-8") for option in options[1:]), words
        elif words[:2] == ["pip", "install"] or words[1:4] == ["-m", "pip", "install"]:
            named = re.findall(r"\.\[([\w,-]+)\]", " ".join(words))
            assert set(",".join(named).split(",")) - {""} <= set(extras), words
        for word in words[1:]:
            if re.fullmatch(r"[\w./-]+(\.py|\.txt|\.toml|/)", word) and word not in STAND_INS:
                assert (CHECKOUT / word).exists(), words


@pytest.mark.parametrize("document", DOCUMENTS)
def test_no_document_holds_a_placeholder(document):
    assert not re.findall(r"@@|\b(?:TODO|FIXME|XXX|TBD)\b", text_of(document))
