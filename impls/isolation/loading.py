"""How what a spec names is loaded in a worker and becomes an Implementation here.

What a worker says is foreign: it has run the submission's code. Which arrays and which device it takes is decided by
its source and the command line, and probed in this process; a worker that says otherwise is an error row. Versions are
taken of the libraries at work alone.
"""

import os
import sys
from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

from impls.backends import BACKENDS, Needs, probe
from impls.backends import needs as of_backend
from impls.builtin import BUILTINS, UNKNOWN_ULP
from impls.calling import Lost, one_line
from impls.implementation import Implementation, Unloadable
from impls.isolation.caller import Isolated
from impls.isolation.isolation import Isolation
from impls.isolation.reach import CHECKOUT, outside_the_suite
from impls.isolation.sources import Sources, declared_arrays, declared_device
from impls.submissions.file import LoadError
from impls.submissions.notebook import NotebookError, cells_of
from impls.submissions.spec import Asked, Named, Resolved, SpecError


def load_isolated(isolation: Isolation, found: Named, function_names: Sequence[str], asked: Asked) -> Resolved:
    """Load it in a worker. Raises SpecError for a module that is not there or a device that cannot be had."""
    builtin = BUILTINS[found.spec] if found.is_builtin else None
    arrays, device = (builtin.arrays, builtin.device) if builtin else _assumed(asked)
    level = builtin.level if builtin else "textbook"
    sources = Sources((), (), (), CHECKOUT)

    def unloadable(reason: str) -> Unloadable:
        remarks = sources.remarks
        return Unloadable(found.name, found.spec, reason, arrays, device, level, isolation.in_force, remarks)

    cells: list[str] | None = None
    if found.path is not None and not found.refused:
        path = found.path.absolute()
        try:
            cells = cells_of(path) if path.suffix == ".ipynb" else None
        except (OSError, NotebookError) as wrong:
            return unloadable(one_line(str(wrong)))
        sources = Sources.of(path, cells)
    load = {
        "name": found.name,
        "spec": found.spec,
        "file": None if found.path is None else str(found.path.absolute()),
        "home": None if found.path is None else str(found.path.absolute().parent),
        "path": sys.path
        if builtin
        else [one for one in sys.path if outside_the_suite([one]) == [os.path.abspath(one)]],
        "directory": os.getcwd(),
        "names": list(function_names),
        "arrays": asked.arrays,
        "device": asked.device,
        "refused": found.refused,
        "aliases": [asked.aliases.functions, asked.aliases.implementations],
        "cells": cells,
        "trusted": builtin is not None,
        "readable": _readable(found, sources),
    }
    caller = Isolated(isolation, load, reduce(or_, _mentioned(sources), of_backend(arrays, device)))
    try:
        said = caller.loaded
        if "wrong" in said:
            if found.path is None:
                raise SpecError(one_line(str(said["wrong"]), 600))
            _refuse_what_cannot_be_had(sources, asked)
            return unloadable(one_line(str(said["wrong"]), 600))
        if "unloadable" in said:
            return unloadable(one_line(str(said["unloadable"]), 600))
        arrays, device = str(said["arrays"]), str(said["device"])
        if found.path is not None and (reason := _contradicted(sources, asked, arrays, device)):
            return unloadable(reason)
        offered, versions = said["functions"], said["versions"]
        return Implementation(
            name=found.name,
            spec=found.spec,
            functions=tuple(name for name in function_names if name in offered),
            caller=caller,
            arrays=arrays,
            device=device,
            default_level=level,
            ulp=builtin.ulp if builtin else UNKNOWN_ULP,
            flushes_to_zero=BACKENDS[arrays].flushes,
            versions={name: one_line(str(versions[name]), 40) for name in _at_work(found, arrays) if name in versions},
            offers=BACKENDS[arrays].floats,
            isolation=isolation.in_force,
            remarks=sources.remarks,
        )
    except Lost as lost:
        return unloadable(str(lost))
    except (KeyError, TypeError, AttributeError) as wrong:
        return unloadable(f"its process gave no sense: {one_line(repr(wrong))}")


def _assumed(asked: Asked) -> tuple[str, str]:
    """The arrays and the device of what says nothing itself."""
    arrays = asked.arrays or "numpy"
    return arrays, asked.device or BACKENDS[arrays].devices[0]


def _mentioned(sources: Sources) -> list[Needs]:
    """What the arrays and devices need that a submission seems to use.

    A word is enough: a comment that names CUDA gets a process for CUDA, in which all else works as well. On a machine
    without such a device it does not, since that process has no limit of addresses.
    """
    places = [
        (name, device)
        for name, backend in BACKENDS.items()
        if sources.mentions(name)
        for device in backend.devices
        if device == backend.devices[0] or sources.mentions(device)
    ]
    return [one for one in (of_backend(*place) for place in places) if one.device_is_there()]


def _readable(found: Named, sources: Sources) -> list[str]:
    """The files and folders, beside those of the system, that the worker may read."""
    if found.path is not None:
        return [] if found.refused else list(map(str, sources.paths))
    libraries = outside_the_suite(filter(None, sys.path))
    return [str(CHECKOUT), *libraries] if found.is_builtin else libraries


def _at_work(found: Named, arrays: str) -> tuple[str, ...]:
    """The packages whose versions are asked for."""
    return ("numpy", BACKENDS[arrays].package(), *(BUILTINS[found.spec].requires if found.is_builtin else ()))


def _refuse_what_cannot_be_had(sources: Sources, asked: Asked) -> None:
    """Raise SpecError where it is an option of the command that asks for what is not there."""
    arrays = declared_arrays(sources, asked.arrays)[0]
    declared: dict[str, Any] = {"ARRAYS": arrays, "DEVICE": sources.declared("DEVICE")}
    try:
        asked.target(declared)
    except LoadError:
        return


def _contradicted(sources: Sources, asked: Asked, arrays: str, device: str) -> str | None:
    """Why a worker is not believed that its submission takes these arrays on this device; None where it is."""
    if arrays not in (taken := declared_arrays(sources, asked.arrays)):
        says = one_line(arrays, 40)
        return (
            f"its process speaks of {says} arrays, and its source of {' or '.join(taken)}; "
            f"to say which it takes, write ARRAYS = ... with one of {', '.join(BACKENDS)} at its top"
        )
    if device != declared_device(sources, asked.device, arrays):
        return f"its process speaks of the device {one_line(device, 40)}, which its source does not declare"
    reason = probe(arrays, device)
    return f"it takes {arrays} arrays on {device}: {reason}" if reason else None
