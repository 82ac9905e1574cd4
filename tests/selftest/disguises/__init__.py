"""Wrong code to try the diagnosis on: textbook mistakes as students write them, and mistakes without a name.

`registry` says what an entry is. ``names.tsv`` holds, for each function and mistake, the phrases of the diagnosis that
a teacher accepts for it; ``python -m tests.selftest.named`` measures.
"""

import importlib
from pathlib import Path

from tests.selftest.disguises.registry import DISGUISES, NAMELESS, Disguise, Nameless

HERE = Path(__file__).parent

for _path in sorted(HERE.glob("*.py")):
    if _path.stem not in ("__init__", "registry"):
        importlib.import_module(f"{__name__}.{_path.stem}")

__all__ = ["DISGUISES", "NAMELESS", "Disguise", "Nameless", "accepted"]


def accepted() -> dict[tuple[str, str], set[str]]:
    """The accepted phrases of each function and mistake."""
    found: dict[tuple[str, str], set[str]] = {}
    for line in (HERE / "names.tsv").read_text(encoding="utf-8").splitlines()[1:]:
        function, mistake, phrase = line.split("\t")
        found.setdefault((function, mistake), set()).add(phrase)
    return found
