"""How what a spec names is loaded in a worker and becomes an Implementation here."""

import os
import re
import sys
from collections.abc import Sequence
from functools import reduce
from operator import or_
from pathlib import Path

from impls.backends import BACKENDS
from impls.backends import needs as of_backend
from impls.builtin import BUILTINS, UNKNOWN_ULP
from impls.calling import Lost, one_line
from impls.implementation import Implementation, Unloadable
from impls.isolation.isolated import Isolated, Isolation
from impls.submissions.notebook import NotebookError, cells_of
from impls.submissions.spec import Asked, Named, Resolved, SpecError

_READ = 1 << 20


def load_isolated(isolation: Isolation, found: Named, function_names: Sequence[str], asked: Asked) -> Resolved:
    """Load it in a worker. Raises SpecError for a module that is not there or a device that cannot be had."""
    builtin = BUILTINS[found.spec] if found.is_builtin else None
    cells: list[str] | None = None
    if found.path is not None and found.path.suffix == ".ipynb" and not found.refused:
        try:
            cells = cells_of(found.path)
        except (OSError, NotebookError) as wrong:
            return Unloadable(found.name, found.spec, one_line(str(wrong)), asked.arrays or "numpy", "cpu", "textbook")
    load = {
        "name": found.name,
        "spec": found.spec,
        "file": None if found.path is None else str(found.path.absolute()),
        "home": None if found.path is None else str(found.path.absolute().parent),
        "path": list(sys.path),
        "directory": os.getcwd(),
        "names": list(function_names),
        "arrays": asked.arrays,
        "device": asked.device,
        "refused": found.refused,
        "aliases": [asked.aliases.functions, asked.aliases.implementations],
        "cells": cells,
    }
    arrays, device = (builtin.arrays, builtin.device) if builtin else _assumed(asked)
    mentioned = _mentioned_in(found.path) if found.path is not None else []
    needs = reduce(or_, (of_backend(*place) for place in [(arrays, device), *mentioned]))
    caller = Isolated(isolation, load, needs)
    level = builtin.level if builtin else "textbook"
    try:
        said = caller.loaded
        if "wrong" in said:
            raise SpecError(one_line(str(said["wrong"]), 600))
        if "unloadable" in said:
            return Unloadable(found.name, found.spec, one_line(str(said["unloadable"]), 600), arrays, device, level)
        arrays, device = str(said["arrays"]), str(said["device"])
        return Implementation(
            name=found.name,
            spec=found.spec,
            functions=tuple(name for name in function_names if name in said["functions"]),
            caller=caller,
            arrays=arrays,
            device=device,
            default_level=level,
            ulp=builtin.ulp if builtin else UNKNOWN_ULP,
            flushes_to_zero=BACKENDS[arrays].flushes,
            versions={str(name): one_line(str(version), 40) for name, version in said["versions"].items()},
            offers=BACKENDS[arrays].floats,
        )
    except Lost as lost:
        return Unloadable(found.name, found.spec, f"loading it: {lost}", arrays, device, level)
    except (KeyError, TypeError, AttributeError) as wrong:
        return Unloadable(found.name, found.spec, f"its process gave no sense: {wrong!r}", arrays, device, level)


def _assumed(asked: Asked) -> tuple[str, str]:
    """The arrays and the device of what says nothing itself."""
    arrays = asked.arrays or "numpy"
    return arrays, asked.device or BACKENDS[arrays].devices[0]


def _mentioned_in(path: Path) -> list[tuple[str, str]]:
    """The arrays and devices that it seems to use, so that its process has what they need.

    A word is enough: a comment that names CUDA gets a process for CUDA, in which all else works as well. On a machine
    without such a device it does not, since that process has no limit of addresses.
    """
    try:
        file = path / "__init__.py" if path.is_dir() else path
        with file.open("rb") as source:
            words = set(re.findall(r"\w+", source.read(_READ).decode(errors="replace")))
    except OSError:
        return []
    return [
        (name, device)
        for name, backend in BACKENDS.items()
        if name in words
        for device in backend.devices
        if (device in words or device == backend.devices[0]) and of_backend(name, device).device_is_there()
    ]
