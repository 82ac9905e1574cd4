"""A library of known mistakes: `registry` says what an entry is, the ``of_`` modules hold them by family."""

import importlib
from pathlib import Path

from tests.mistakes.registry import MISTAKES, Mistake

for _path in sorted(Path(__file__).parent.glob("of_*.py")):
    importlib.import_module(f"{__name__}.{_path.stem}")

__all__ = ["MISTAKES", "Mistake"]
