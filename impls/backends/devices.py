"""Which array libraries and devices are there, found out by using them."""

import importlib
import importlib.util
from functools import cache

DEVICES = {"numpy": ("cpu",), "torch": ("cpu", "cuda"), "cupy": ("cuda",)}
"""The devices on which each library's arrays can lie, the usual one first."""


@cache
def missing(module: str) -> str | None:
    """Why `module` cannot be imported, or None when it can. Imports it."""
    try:
        if importlib.util.find_spec(module) is None:
            return f"{module} is not installed"
        importlib.import_module(module)
    except Exception as error:  # a broken installation raises anything: OSError for a shared library, RuntimeError, ...
        return f"import {module} raised {type(error).__name__}: {error}"
    return None


@cache
def probe(arrays: str, device: str) -> str | None:
    """Why arrays of this library cannot be used on this device, or None when they can.

    Adds numbers on the device and reads the sum back: a driver that only reports itself present is not enough.
    """
    if device not in DEVICES[arrays]:
        able = " and ".join(library for library, devices in DEVICES.items() if device in devices)
        return f"{arrays} arrays do not lie on {device}, those of {able} do"
    if reason := missing(arrays):
        return reason
    xp = importlib.import_module(arrays)
    try:
        if device == "cuda" and arrays == "torch" and not xp.cuda.is_available():
            return "torch.cuda.is_available() is False"
        ones = xp.ones(3, device=device) if arrays == "torch" else xp.ones(3)
        total = float(ones.sum())
    except Exception as error:
        return f"the sum of three ones by {arrays} on {device} raised {type(error).__name__}: {error}"
    return None if total == 3 else f"the sum of three ones by {arrays} on {device} came out as {total}"
