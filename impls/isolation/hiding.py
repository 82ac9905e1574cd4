"""What foreign code in a worker imports: nothing of the suite, and of what lies beside it the source alone."""

import sys
from collections.abc import Sequence
from importlib.abc import PathEntryFinder
from importlib.machinery import (
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    ModuleSpec,
    PathFinder,
    SourceFileLoader,
)
from pathlib import Path
from types import CodeType, ModuleType

from impls.isolation.reachable_paths import SUITE, is_of_the_suite


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


class _FromSource(SourceFileLoader):
    """Loads a module from its source: bytecode beside it may be of another one, which nobody has read or hashed."""

    def get_code(self, fullname: str) -> CodeType:
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)


def import_from_source(home: str) -> None:
    """From now on no bytecode is loaded of what lies in this folder, but for the libraries that are found already."""
    libraries = list(sys.path)
    finder = FileFinder.path_hook((ExtensionFileLoader, EXTENSION_SUFFIXES), (_FromSource, SOURCE_SUFFIXES))

    def hook(path: str) -> PathEntryFinder:
        if not Path(path).is_relative_to(home) or any(map(Path(path).is_relative_to, libraries)):
            raise ImportError(path)
        return finder(path)

    sys.path_hooks.insert(0, hook)
