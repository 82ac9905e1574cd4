"""The array libraries whose arrays an implementation may take and return: one file each, found by being here."""

import importlib
import pkgutil
from collections.abc import Iterator
from contextlib import AbstractContextManager
from functools import cache

from impls.backends.backend import COMPACT, LAYOUTS, Backend, Narrowed, Needs, failure_on, missing
from impls.backends.global_state import restored

ArrayLibrary = Backend


def _found() -> Iterator[type[Backend]]:
    """All of them now, and not when one is needed: a worker takes this package off its path before it loads a file."""
    for file in pkgutil.iter_modules(__path__):
        if file.name.endswith("_arrays"):
            yield importlib.import_module(f"{__name__}.{file.name}").Arrays


BACKENDS: dict[str, type[Backend]] = {backend.name: backend for backend in _found()}
"""Each array library by its name."""

DEVICES: tuple[str, ...] = tuple(dict.fromkeys(device for one in BACKENDS.values() for device in one.devices))
"""All devices on which some library's arrays can lie."""


@cache
def library(arrays: str, device: str) -> Backend:
    """The arrays of the library of that name on that device."""
    return BACKENDS[arrays](device)


@cache
def probe(arrays: str, device: str) -> str | None:
    """Why arrays of this library cannot be used on this device, found out by using them; None when they can."""
    if device not in BACKENDS[arrays].devices:
        able = " and ".join(name for name, one in BACKENDS.items() if device in one.devices)
        return f"{arrays} arrays do not lie on {device}, those of {able} do"
    return failure_on(BACKENDS[arrays], device)


def needs(arrays: str, device: str) -> Needs:
    """What a process needs beside Python and NumPy to use these arrays on this device."""
    return Needs() | BACKENDS[arrays].needs.get(device, Needs())


def global_state_restored() -> AbstractContextManager[None]:
    """Give every library its global settings back at the end."""
    return restored(BACKENDS.values())


__all__ = [
    "BACKENDS",
    "COMPACT",
    "DEVICES",
    "LAYOUTS",
    "ArrayLibrary",
    "Backend",
    "Narrowed",
    "Needs",
    "global_state_restored",
    "library",
    "missing",
    "needs",
    "probe",
]
