"""Text from outside: what a terminal, a CI runner, Markdown or a second line would make of it, nobody obeys."""

import shlex
import subprocess

import pytest

from impls import Unloadable
from impls.calling import Unreadable
from impls.isolation import wire
from impls.text import markdown, one_line, printable, printable_lines, shell_word
from tests.harness.judging.outcome import ERROR, Outcome

OBEYED = {
    "terminal": "\x1b[2J\x1b]0;owned\x07",
    "second line": "x\nz.py: conforms at level robust",
    "carriage return": "x\rz.py: conforms",
    "other line ends": "x\x85y\u2028z\x0b",
    "bidi": "\u202egnp.exe\u2066",
    "lone surrogate": "L\udcf6sung.py",
    "GitHub": "::error::forged",
    "GitHub, indented": "  ::add-mask::FAILS",
    "GitHub, old": "said ##[error]forged",
    "Azure": "said ##vso[task.complete result=Succeeded;]",
    "TeamCity": "##teamcity[testFailed]",
    "many signs": "###[x] ####vso[y]",
}


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED)
def test_nothing_in_a_line_is_obeyed(text):
    shown = printable(text)
    assert shown != text
    assert shown.isprintable()
    assert not shown.lstrip().startswith("::")
    assert not any(command in shown for command in ("##[", "##vso[", "##teamcity["))
    assert printable(shown) == shown
    shown.encode()


@pytest.mark.parametrize(
    "text", ["Kovács Ödön.py", "a::b", "x[::2]", "# ## title", "with [brackets] and 'quotes'", "数.py"]
)
def test_what_nobody_obeys_stays_as_it_is(text):
    assert printable(text) == text


def test_a_text_of_several_lines_keeps_them_and_each_is_printable():
    assert printable_lines("import numpy\n::error::x\n\x1b[0m") == "import numpy\n\\x3a:error::x\n\\x1b[0m"


@pytest.mark.parametrize("text", ["short", "x" * 400, "\n" * 400, "x" * 299 + "\x1b"])
def test_a_line_is_no_longer_than_asked(text):
    assert len(one_line(text, 300)) <= 300
    assert len(one_line(text)) <= 300


@pytest.mark.parametrize("text", ["a|b.py", "`x`", "[x](javascript:alert(1)).py", "``|``", "<b>@you #1"])
def test_in_a_cell_of_a_table_text_is_a_span_of_code(text):
    shown = markdown(text)
    fence = shown[: len(shown) - len(shown.lstrip("`"))]
    inside = shown.removeprefix(fence).removesuffix(fence)
    assert fence
    assert fence not in inside
    assert shown == fence + inside + fence
    assert inside.replace("\\|", "").count("|") == 0
    assert inside.strip().replace("\\|", "|") == text


@pytest.mark.parametrize("name", [b"plain.py", b"two words.py", b"L\xf6sung.py", b"a'b\\c\n.py", b"::error::.py"])
def test_a_word_of_a_command_line_is_read_back_by_bash(name):
    text = name.decode("utf-8", "surrogateescape")
    word = shell_word(text)
    assert word.isprintable()
    assert subprocess.run(["bash", "-c", f"printf %s {word}"], capture_output=True, check=True).stdout == name
    assert shell_word("plain name.py") == shlex.quote("plain name.py")


@pytest.mark.parametrize("text", OBEYED.values(), ids=OBEYED)
def test_what_an_implementation_says_is_printable_where_it_is_kept(text):
    outcome = Outcome(ERROR, message=text, counterexample=text, expected=text, actual=text, diagnosis=(text,))
    values = outcome.as_json()
    assert values["message"] == printable(text)
    assert values["diagnosis"] == (printable(text),)
    for name in ("counterexample", "expected", "actual"):
        assert values[name] == printable_lines(text)
    assert Unloadable("x.py", "x.py", text, "numpy", "cpu").reason == printable(text)
    decoded = wire.message(wire.body({"value": Unreadable(text)}).header, b"")["value"]
    assert decoded.what == printable(text)


def test_a_message_of_any_length_is_kept_short():
    assert len(Outcome(ERROR, message="x" * 10**6).as_json()["message"]) <= 2000
    assert len(Unloadable("x.py", "x.py", "x" * 10**6, "numpy", "cpu").reason) <= 600
