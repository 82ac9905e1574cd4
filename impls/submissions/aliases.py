"""Other names for the functions of the interface: a table in TOML, for all implementations and for single ones."""

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any

Names = Mapping[str, tuple[str, ...]]


class AliasError(ValueError):
    """A table that cannot be used; the message says what is wrong in it."""


@dataclass(frozen=True)
class Aliases:
    """functions: other names by function. implementations: the same by implementation; these win over all others."""

    functions: Names = field(default_factory=dict)
    implementations: Mapping[str, Names] = field(default_factory=dict)

    def names(self, function: str, implementation: str) -> list[str]:
        """Under which names to look for a function, the first one first."""
        own = self.implementations.get(implementation, {}).get(function, ())
        return list(dict.fromkeys([*own, function, *self.functions.get(function, ())]))


def read(path: Path, function_names: Sequence[str]) -> Aliases:
    """The table in a TOML file. Raises AliasError."""
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as wrong:
        raise AliasError(f"--aliases {path}: {wrong}") from wrong
    extra = set(content) - {"functions", "implementations"}
    if extra:
        raise AliasError(f"--aliases {path}: [{min(extra)}] is neither [functions] nor [implementations]")
    try:
        functions = _names(content.get("functions", {}), function_names)
        own = {
            name: _names(table["functions"], function_names)
            for name, table in content.get("implementations", {}).items()
        }
    except (AttributeError, KeyError, TypeError, ValueError) as wrong:
        what = str(wrong) if isinstance(wrong, ValueError) else 'needs [implementations."file.py".functions]'
        raise AliasError(f"--aliases {path}: {what}") from wrong
    return Aliases(functions, own)


def _names(table: Mapping[str, Any], function_names: Sequence[str]) -> dict[str, tuple[str, ...]]:
    names = {}
    for function, given in table.items():
        if function not in function_names:
            near = get_close_matches(function, function_names, n=1)
            meant = f"; did you mean {near[0]}?" if near else f"; there are {', '.join(function_names)}"
            raise ValueError(f"{function} is no function of the interface{meant}")
        several = [given] if isinstance(given, str) else given
        if not isinstance(several, list) or not all(isinstance(one, str) and one.isidentifier() for one in several):
            raise ValueError(f"{function} = {given!r}: a name, or a list of names, is needed")
        names[function] = tuple(several)
    return names
