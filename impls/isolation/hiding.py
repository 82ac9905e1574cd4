"""Hides the suite from foreign code in a worker: what was imported of it is forgotten, and is not imported again."""

import sys
from collections.abc import Sequence
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType

from impls.isolation.reach import SUITE, is_of_the_suite


class _Refuses:
    """A finder of modules that finds none, and refuses what lies in the suite, wherever the import system looks."""

    @staticmethod
    def find_spec(name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> ModuleSpec | None:
        spec = PathFinder.find_spec(name, path)
        places = [spec.origin, *(spec.submodule_search_locations or ())] if spec else []
        if any(place and is_of_the_suite(place) for place in places):
            raise ModuleNotFoundError(f"{name} belongs to this suite, and a submission cannot import it", name=name)
        return None


def hide_the_suite() -> None:
    """From now on ``import reference`` and the like are refused; what runs already goes on."""
    for name in [name for name in sys.modules if name.partition(".")[0] in {part.name for part in SUITE}]:
        del sys.modules[name]
    sys.meta_path.insert(0, _Refuses)
