"""A library of known mistakes, by family of functions; see `registry` for what an entry says."""

import importlib
from pathlib import Path

from tests.former_mistakes.registry import MISTAKES, Mistake

for _path in sorted(Path(__file__).parent.glob("of_*.py")):
    importlib.import_module(f"{__name__}.{_path.stem}")

__all__ = ["MISTAKES", "Mistake"]
