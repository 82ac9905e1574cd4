"""A library of right variants, by family of functions; see `registry` for what an entry says."""

import importlib
from pathlib import Path

from tests.selftest.right_variants.registry import VARIANTS, Variant

for _path in sorted(Path(__file__).parent.glob("of_*.py")):
    importlib.import_module(f"{__name__}.{_path.stem}")

__all__ = ["VARIANTS", "Variant"]
