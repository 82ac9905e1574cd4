"""How what a spec names is loaded in a worker and becomes an Implementation here.

The worker says which functions there are, and how it went. What arrays they take, on which device, and whether these
can be had, is decided here, by the source and the command line; where the source leaves it open, the worker's word
counts as far as the source mentions what it says.
"""

import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from impls.backends.arrays import FLOATS
from impls.backends.devices import DEVICES, probe
from impls.builtin import BUILTINS, UNKNOWN_ULP, flushes_to_zero
from impls.calling import Lost
from impls.implementation import Implementation, Unloadable
from impls.isolation.isolated import Isolated, Isolation
from impls.submissions.file import LoadError
from impls.submissions.mentions import Mentions
from impls.submissions.spec import Asked, Named, Resolved, SpecError
from impls.text import one_line, printable


def load_isolated(isolation: Isolation, found: Named, function_names: Sequence[str], asked: Asked) -> Resolved:
    """Load it in a worker. Raises SpecError for a module that is not there or a device that cannot be had."""
    builtin = BUILTINS[found.spec] if found.is_builtin else None
    mentions = found.read.mentions if found.read else Mentions()
    if builtin:
        arrays, device = builtin.arrays, builtin.device
    else:
        arrays = mentions.arrays or asked.arrays or mentions.only or "numpy"
        device = mentions.device or asked.device or DEVICES[arrays][0]
    level = builtin.level if builtin else "textbook"
    sha256 = found.read.sha256 if found.read else None
    failed = Unloadable(found.name, found.spec, "", arrays, device, level, sha256)
    try:
        if found.refused:
            raise LoadError(found.refused)
        if found.path is not None:
            said = {"ARRAYS": mentions.arrays or (None if asked.arrays else mentions.only), "DEVICE": mentions.device}
            asked.target(said, _denied)
    except LoadError as wrong:
        return replace(failed, reason=str(wrong))
    torch = "torch" in (arrays, *mentions.libraries)
    gpu = device == "cuda" or "cuda" in DEVICES[arrays][:1] or (mentions.gpu and _has_a_driver())
    caller = Isolated(isolation, _request(found, function_names, asked), torch, gpu)
    try:
        answer = caller.loaded
        if "wrong" in answer and found.path is None:
            raise SpecError(one_line(str(answer["wrong"]), 600))
        if "wrong" in answer or "unloadable" in answer:
            return replace(failed, reason=str(answer.get("unloadable", answer.get("wrong"))))
        functions = tuple(name for name in function_names if name in answer["functions"])
        if not builtin:
            arrays, device = str(answer["arrays"]), str(answer["device"])
            if reason := _unfounded(arrays, device, mentions, asked, is_read=found.path is not None):
                return replace(failed, reason=reason)
    except Lost as lost:
        return replace(failed, reason=f"loading it: {lost}")
    except (KeyError, TypeError, AttributeError) as wrong:
        return replace(failed, reason=f"its process gave no sense: {wrong!r}")
    return Implementation(
        name=found.name,
        spec=found.spec,
        functions=functions,
        caller=caller,
        arrays=arrays,
        device=device,
        default_level=level,
        ulp=builtin.ulp if builtin else UNKNOWN_ULP,
        flushes_to_zero=flushes_to_zero(arrays),
        versions=_installed("numpy", arrays, *(builtin.requires if builtin else ())),
        offers=FLOATS[arrays],
        sha256=sha256,
    )


def _request(found: Named, function_names: Sequence[str], asked: Asked) -> dict[str, Any]:
    """What the worker is told: with the source as it was read, so that it runs just that."""
    source = found.read.source if found.read else None
    path = None if found.path is None else found.path.absolute()
    return {
        "name": found.name,
        "spec": found.spec,
        "file": None if path is None else str(path),
        "home": None if path is None else str(path.parent),
        "path": list(sys.path),
        "directory": os.getcwd(),
        "names": list(function_names),
        "arrays": asked.arrays,
        "device": asked.device,
        "aliases": [asked.aliases.functions, asked.aliases.implementations],
        "source": np.frombuffer(source, np.uint8) if isinstance(source, bytes) else None,
        "cells": [_bytes(cell) for cell in source] if isinstance(source, tuple) else None,
        "mentions": found.read.mentions.as_plain() if found.read else None,
    }


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def _denied(arrays: str, device: str) -> str | None:
    """Why arrays of a library cannot be had on a device. The worker imports the library: on a CPU this run need not."""
    if device != "cpu" or device not in DEVICES[arrays]:
        return probe(arrays, device)
    return None if importlib.util.find_spec(arrays) else f"{arrays} is not installed"


def _unfounded(arrays: str, device: str, mentions: Mentions, asked: Asked, is_read: bool) -> str | None:
    """Why arrays and device that a worker named are not believed, None where they are."""
    if arrays not in DEVICES or device not in DEVICES[arrays]:
        return printable(f"its process names {arrays[:40]} arrays on {device[:40]}, which there are not")
    decided = mentions.arrays or asked.arrays or mentions.only
    by_source = {decided} if decided else {"numpy", *mentions.libraries}
    on = {mentions.device or asked.device or DEVICES[arrays][0]} | ({"cpu", "cuda"} if mentions.cuda else set())
    if is_read and (arrays not in by_source or device not in on):
        return f"its process names {arrays} arrays on {device}, which its source does not mention"
    return _denied(arrays, device)


def _has_a_driver() -> bool:
    """Whether a GPU may be there at all: else what mentions one keeps the limits of all others."""
    return any(map(Path.exists, map(Path, ("/dev/nvidiactl", "/dev/dxg"))))


def _installed(*modules: str) -> dict[str, str]:
    """The versions of these modules as this environment has them: a worker's are the same, and are not asked for."""
    return {name: _version(name) for name in dict.fromkeys(modules)}


def _version(module: str) -> str:
    """The version of the distribution that brings a module; CuPy's is named for the version of CUDA."""
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return next((metadata.version(name) for name in metadata.packages_distributions().get(module, ())), "unknown")
