"""The global settings of array libraries: what one implementation sets for itself is not to reach the next one."""

import importlib.util
import sys
from collections.abc import Callable, Collection, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec
from typing import Any

from impls.backends.backend import Backend


@contextmanager
def restored(backends: Collection[type[Backend]]) -> Iterator[None]:
    """Give each library its settings back at the end.

    Of a library that is imported only meanwhile, these are the settings that it has right after its import.
    """
    waiting = {one.module: one for one in backends if one.module not in sys.modules}
    with ExitStack() as stack:

        def note(backend: type[Backend]) -> None:
            stack.enter_context(contextmanager(backend.state_restored)())

        for backend in backends:
            if backend.module not in waiting:
                note(backend)
        finder = _AfterImport({module: partial(note, one) for module, one in waiting.items()})
        sys.meta_path.insert(0, finder)
        try:
            yield
        finally:
            sys.meta_path.remove(finder)


class _AfterImport(MetaPathFinder):
    """Finds nothing itself, and calls a function when a module has been imported for the first time."""

    def __init__(self, then: dict[str, Callable[[], None]]) -> None:
        self._then = then

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> ModuleSpec | None:
        then = self._then.pop(fullname, None)
        if then is None:
            return None
        spec = importlib.util.find_spec(fullname)
        if spec is not None and spec.loader is not None:
            execute = spec.loader.exec_module

            def execute_and_tell(module: Any) -> None:
                execute(module)
                then()

            spec.loader.exec_module = execute_and_tell  # type: ignore[method-assign]
        return spec
