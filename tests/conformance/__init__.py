"""The clauses of conformance.md as properties: each test cites the clause that demands it."""

import importlib
from pathlib import Path


def every_test_imported() -> None:
    """Import every test module, so that the property of every clause is registered."""
    for path in sorted(Path(__file__).parent.glob("test_*.py")):
        importlib.import_module(f"{__name__}.{path.stem}")
