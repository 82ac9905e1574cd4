"""Text from outside as it may be shown: a name, a message or a version goes in, printable characters come out.

Whoever reads a line may obey it: a terminal its control sequences, a CI runner its commands, a Markdown page its
markup, a person a second line that looks like a verdict. So text passes here once, where it enters, and lines are
composed of what has passed. What would be obeyed is shown as the escape that Python writes for it.
"""

import os
import re
import shlex

_COMMANDS = re.compile(r"^(?=\s*::)\s*:|#(?=#[A-Za-z]*\[)")
"""Where a CI command begins: ``::error::`` at the head of a line, ``##[group]`` and ``##vso[...]`` anywhere in it.

The first character of each is escaped, which no runner takes for its own.
"""


def printable(text: str) -> str:
    """``text`` as one line that nobody obeys: line ends, controls, bidi marks, surrogates and commands as escapes."""
    encodable = text.encode("utf-8", "backslashreplace").decode()
    if not encodable.isprintable():
        encodable = "".join(c if c.isprintable() else _escape(c) for c in encodable)
    return _COMMANDS.sub(lambda found: found[0][:-1] + f"\\x{ord(found[0][-1]):02x}", encodable)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode()


def printable_lines(text: str) -> str:
    """The same for text that may have several lines, as code has."""
    return "\n".join(map(printable, text.split("\n")))


def one_line(text: str, longest: int = 300) -> str:
    """``text`` printable and cut: the result has at most ``longest`` characters."""
    shown = printable(text[:longest])
    return shown if len(text) <= longest and len(shown) <= longest else f"{shown[: longest - 3]}..."


def markdown(text: str) -> str:
    """``text`` printable and as Markdown that shows it as it is, in a cell of a table too: a span of code.

    In a span of code nothing is markup, a link, a mention or HTML. Its fence is longer than any in the text.
    """
    shown = printable(text).replace("|", "\\|")
    fence = "`" * (1 + max(map(len, re.findall("`+", shown)), default=0))
    padding = " " * ("`" in (shown[:1], shown[-1:]))
    return f"{fence}{padding}{shown}{padding}{fence}"


def shell_word(text: str) -> str:
    """A path as a word of a command line that can be copied: bash reads bytes that are not printable in ``$'...'``."""
    if printable(text) == text:
        return shlex.quote(text)
    plain = (chr(byte) if 32 <= byte < 127 and byte not in b"\\'" else f"\\x{byte:02x}" for byte in os.fsencode(text))
    return f"$'{''.join(plain)}'"
