"""The versions, devices and accelerators of a run, for its JSON: implementations in, plain data out."""

import platform
import sys
from collections.abc import Sequence
from importlib import metadata

from impls import Absent, ArrayLibrary, Implementation
from impls.backends import library
from impls.calling import described


def environment(judged: Sequence[Implementation], absent: Sequence[Absent]) -> dict[str, object]:
    """Of the implementations that were judged, and of the built-ins whose library or device is not there."""
    versions = {name: metadata.version(name) for name in ("numpy", "hypothesis", "pytest")}
    for implementation in judged:
        versions |= implementation.versions
    devices = {f"{one.arrays} on {one.device}": "present" for one in judged}
    devices |= {f"{one.arrays} on {one.device}": one.reason for one in absent}
    elsewhere = sorted({(one.arrays, one.device) for one in judged if one.device != "cpu"})
    return {
        "python": platform.python_version(),
        "platform": sys.platform,
        **versions,
        "devices": devices,
        "accelerators": {f"{arrays} on {device}": _facts(library(arrays, device)) for arrays, device in elsewhere},
    }


def _facts(arrays: ArrayLibrary) -> dict[str, str]:
    """What the library says of the device; a report is not to fail where it can say nothing."""
    try:
        return arrays.facts()
    except Exception as error:
        return {"unknown": described(error)}
