"""What was found in released libraries: one module for each library, each with its ``DEFECTS``."""

from importlib import import_module
from pathlib import Path

from tests.libraries.defect import Defect

MODULES = tuple(sorted(one.stem for one in Path(__file__).parent.glob("*.py") if one.stem != "__init__"))

DEFECTS: tuple[Defect, ...] = tuple(
    defect for name in MODULES for defect in import_module(f"{__name__}.{name}").DEFECTS
)
