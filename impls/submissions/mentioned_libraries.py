"""What a source mentions: source text in, the array libraries and the device that it is about out.

The run asks before anything of the source is executed: for the process that has torch loaded already, for limits and
the GPU's environment, and for the arrays to pass. So the text is looked at, in time and memory linear in its length
whatever it holds: a parser takes a thousand times the memory of the text, fails at the magics of a notebook, and is
not needed. Strings and comments go first, so that a docstring mentions nothing; what is left is searched for import
statements and for constants assigned to ARRAYS and DEVICE. No pattern gives back what it has matched.
"""

import re
import site
import sys
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from importlib.machinery import PathFinder
from typing import Any

from impls.backends import BACKENDS, DEVICES

_OPAQUE = re.compile(
    r'"""(?:[^\\"]|\\(?:.|\Z)|"(?!""))*+(?:"""|\Z)'
    r"|'''(?:[^\\']|\\(?:.|\Z)|'(?!''))*+(?:'''|\Z)"
    r'|"(?:[^\\"\n]|\\(?:.|\Z))*+"?'
    r"|'(?:[^\\'\n]|\\(?:.|\Z))*+'?"
    r"|#[^\n]*+",
    re.DOTALL,
)
"""A string, also an unfinished one, or a comment."""

_WORD = re.compile(r"""["'][\w:]*+["']""")
"""A string that is let stand: the name of a library or of a device, and nothing that could pass for a statement."""

_IMPORT = re.compile(r"(?:^|[;:])[ \t]*+(?:import[ \t]++([^;\n]*+)|from[ \t]++(\w++))", re.MULTILINE)
_DECLARATION = re.compile(r"""(?:^|;)[ \t]*+(ARRAYS|DEVICE)[ \t]*+(?::[^=\n]*+)?=[ \t]*+["'](\w++)["']""", re.MULTILINE)
_CUDA = re.compile(r"\bcuda\b")


@dataclass(frozen=True)
class Mentions:
    """imports: the array libraries among what is imported. arrays, device: declared as ARRAYS and DEVICE, None if not.

    cuda: the word stands in the code, as the device of ``x.to("cuda")`` or in ``torch.cuda``.
    """

    imports: frozenset[str] = frozenset()
    arrays: str | None = None
    device: str | None = None
    cuda: bool = False

    @cached_property
    def libraries(self) -> frozenset[str]:
        """All array libraries that are imported or declared."""
        return self.imports | {self.arrays} if self.arrays else self.imports

    @property
    def only(self) -> str | None:
        """The library of which arrays are taken if nothing else is said: the only one, None where it is NumPy."""
        return next(iter(self.imports)) if len(self.imports) == 1 and "numpy" not in self.imports else None

    @property
    def places(self) -> list[tuple[str, str]]:
        """The libraries, each with the devices on which it seems to be used: the usual one, and a GPU that is named."""
        return [
            (name, device)
            for name in sorted(self.libraries)
            for device in BACKENDS[name].devices
            if device == BACKENDS[name].devices[0] or device == self.device or (device == "cuda" and self.cuda)
        ]

    def as_plain(self) -> list[Any]:
        """In values that any format can hold; ``of_plain`` makes it of them again."""
        return [sorted(self.imports), self.arrays, self.device, self.cuda]

    @staticmethod
    def of_plain(plain: Sequence[Any]) -> "Mentions":
        imports, arrays, device, cuda = plain
        return Mentions(frozenset(imports), arrays, device, cuda)

    def with_helpers(self, helpers: "Iterable[Mentions]") -> "Mentions":
        """The same for a source that may import these: what is imported there is as if it were here."""
        every = [self, *helpers]
        imports = frozenset().union(*(one.imports for one in every))
        return Mentions(imports, self.arrays, self.device, any(one.cuda for one in every))


def mentions(source: str) -> Mentions:
    """What a source in Python mentions, be it one that can be parsed or not."""
    code = _code(source)
    declared = dict(_DECLARATION.findall(code))
    return Mentions(
        frozenset(_imported(code) & BACKENDS.keys()),
        declared.get("ARRAYS") if declared.get("ARRAYS") in BACKENDS else None,
        declared.get("DEVICE") if declared.get("DEVICE") in DEVICES else None,
        _CUDA.search(code) is not None,
    )


def imported(source: str) -> set[str]:
    """The first parts of the names of the modules that a source imports."""
    return _imported(_code(source))


def is_installed(module: str) -> bool:
    """Whether ``import`` finds it in Python or its packages, and so does not look for it beside the submission."""
    return module in sys.stdlib_module_names or PathFinder.find_spec(module, site.getsitepackages()) is not None


def _imported(code: str) -> set[str]:
    return {
        module.split()[0].partition(".")[0]
        for names, origin in _IMPORT.findall(code)
        for module in (names or origin).split(",")
        if module.strip()
    }


def _code(source: str) -> str:
    """The source without strings and comments, each statement on a line of its own."""
    return _OPAQUE.sub(_transparent, source).replace("\\\n", " ")


def _transparent(opaque: re.Match[str]) -> str:
    """What stands in the place of a string or a comment."""
    if opaque[0].startswith("#"):
        return ""
    return opaque[0] if _WORD.fullmatch(opaque[0]) else '""'
