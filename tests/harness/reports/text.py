"""Text from outside as text: what a submission named, printed or returned goes in, what a person can see comes out."""

from impls.text import printable


def shown(text: str) -> str:
    """``text`` with its line ends, and everything else that is not printable as an escape.

    Control characters, bidirectional controls, invisible characters and lone surrogates become ``\\x1b``, ``\\u202e``,
    ..., so that no text hides, reorders or breaks what stands beside it, and all of it can be written as UTF-8.
    """
    return "\n".join(map(printable, text.split("\n")))


def number(value: float) -> str:
    """``value`` as a person writes it: 2, 2.5, 0.333."""
    return f"{value:.3f}".rstrip("0").rstrip(".")
