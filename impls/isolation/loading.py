"""How what a spec names is loaded in a worker and becomes an Implementation here.

What a worker says is foreign: it has run the submission's code. It says which functions there are, and how it went.
What arrays they take, on which device, and whether these can be had, is decided here, by the source and the command
line; where the source leaves it open, the worker is believed as far as the source mentions what it says. A worker that
says otherwise is an error row. Versions are those of this environment, which are the worker's.
"""

import hashlib
import importlib.util
import os
import sys
from collections.abc import Sequence
from dataclasses import replace
from functools import reduce
from importlib import metadata
from operator import or_
from typing import Any

import numpy as np

from impls.backends import BACKENDS, Needs, probe
from impls.backends import needs as of_backend
from impls.builtin import BUILTINS, UNKNOWN_ULP
from impls.calling import Lost
from impls.implementation import Implementation, Unloadable, arithmetic_of, said
from impls.isolation.caller import Isolated
from impls.isolation.handed_files import Sources
from impls.isolation.isolation import Isolation
from impls.isolation.reachable_paths import CHECKOUT, outside_the_suite
from impls.submissions.file import LoadError
from impls.submissions.gate import Refused, contents, hash_files
from impls.submissions.mentioned_libraries import Mentions
from impls.submissions.spec import Asked, Named, Resolved, SpecError
from impls.text import one_line


def load_isolated(isolation: Isolation, found: Named, function_names: Sequence[str], asked: Asked) -> Resolved:
    """Load it in a worker. Raises SpecError for a module that is not there or a device that cannot be had."""
    builtin = BUILTINS[found.spec] if found.is_builtin else None
    mentions = found.read.mentions if found.read else Mentions()
    if builtin:
        arrays, device = builtin.arrays, builtin.device
    else:
        arrays = mentions.arrays or asked.arrays or mentions.only or "numpy"
        device = mentions.device or asked.device or BACKENDS[arrays].devices[0]
    level = builtin.level if builtin else "textbook"
    sources = sources_of(found)
    sha256 = sha256_of(found, sources)

    def unloadable(reason: str) -> Unloadable:
        kept = isolation.in_force
        return Unloadable(found.name, found.spec, reason, arrays, device, level, kept, sources.remarks, sha256)

    try:
        if found.refused:
            raise LoadError(found.refused)
        if found.path is not None:
            words = {"ARRAYS": mentions.arrays or (None if asked.arrays else mentions.only), "DEVICE": mentions.device}
            asked.target(words, _denied)
    except LoadError as wrong:
        return unloadable(str(wrong))
    caller = Isolated(isolation, _request(found, sources, function_names, asked), _needs(arrays, device, mentions))
    try:
        answer = caller.loaded
        if "wrong" in answer and found.path is None:
            raise SpecError(one_line(str(answer["wrong"]), 600))
        if "wrong" in answer or "unloadable" in answer:
            return unloadable(str(answer.get("unloadable", answer.get("wrong"))))
        offered = answer["functions"]
        functions = tuple(name for name in function_names if name in offered)
        says = said(answer["says"])
        if found.wanted.is_homework:  # what loosens is not for the submission to say
            says = replace(says, terms=says.terms.for_homework(found.wanted.terms({})), flushing=())
        caller.compiles = says.terms.compiles
        if not builtin:
            arrays_there, device_there = str(answer["arrays"]), str(answer["device"])
            if reason := _contradicted(found, asked, arrays_there, device_there):
                return unloadable(reason)
            arrays, device = arrays_there, device_there
        arithmetic = arithmetic_of(arrays, says)
    except Lost as lost:
        return unloadable(str(lost))
    except (KeyError, TypeError, AttributeError, ValueError) as wrong:
        return unloadable(f"its process gave no sense: {wrong!r}")
    requires = builtin.requires if builtin else ()
    return Implementation(
        name=found.name,
        spec=found.spec,
        functions=functions,
        caller=caller,
        arrays=arrays,
        device=device,
        default_level=level,
        ulp=builtin.ulp if builtin else UNKNOWN_ULP,
        versions=dict(says.versions) | _installed("numpy", BACKENDS[arrays].package(), *requires),
        **arithmetic,
        isolation=isolation.in_force,
        remarks=sources.remarks,
        sha256=sha256,
        says=says,
    )


def sources_of(found: Named) -> Sources:
    """What the worker may read of the submission: nothing of what is not one."""
    if found.path is None or found.read is None:
        return Sources((), (), (), CHECKOUT)
    source = found.read.source
    texts = [source.decode(errors="replace")] if isinstance(source, bytes) else source
    project = None if found.root is None or found.wanted.is_homework else found.root.absolute()
    return Sources.of(found.path.absolute(), texts, project)


def sha256_of(found: Named, sources: Sources) -> str | None:
    """The hash of all that belongs to the submission: what lies in its folder, and what it imports from others.

    None for what has no source, and where the others are too large together.
    """
    if found.path is None or found.read is None:
        return None
    home = found.path.absolute().parent
    try:
        others = contents([path for path in sources.paths if not path.is_relative_to(home)], sources.top)
    except Refused:
        return None
    digest = hashlib.sha256(found.read.sha256.encode())
    hash_files(digest, sorted(others.items()))
    return digest.hexdigest() if others else found.read.sha256


def _request(found: Named, sources: Sources, function_names: Sequence[str], asked: Asked) -> dict[str, Any]:
    """What the worker is told: with the source as it was read, so that it runs just that."""
    source = found.read.source if found.read else None
    path = None if found.path is None else found.path.absolute()
    if path is not None:
        readable = list(map(str, sources.paths))
    else:
        libraries = outside_the_suite(filter(None, sys.path))
        readable = [str(CHECKOUT), *libraries] if found.is_builtin else libraries
    return {
        "name": found.name,
        "spec": found.spec,
        "file": None if path is None else str(path),
        "home": None if path is None else str(path.parent),
        "listed": list(map(str, sources.listed)),
        "path": sys.path
        if found.is_builtin
        else [one for one in sys.path if outside_the_suite([one]) == [os.path.abspath(one)]],
        "directory": os.getcwd(),
        "names": list(function_names),
        "arrays": asked.arrays,
        "device": asked.device,
        "wanted": found.wanted.as_json(),
        "seconds": found.seconds,
        "source": np.frombuffer(source, np.uint8) if isinstance(source, bytes) else None,
        "cells": [_bytes(cell) for cell in source] if isinstance(source, tuple) else None,
        "mentions": found.read.mentions.as_plain() if found.read else None,
        "trusted": found.is_builtin,
        "readable": readable,
    }


def _bytes(text: str) -> np.ndarray:
    return np.frombuffer(text.encode(), np.uint8)


def _denied(arrays: str, device: str) -> str | None:
    """Why arrays of a library cannot be had on a device. The worker imports the library: on a CPU this run need not."""
    if device != "cpu" or device not in BACKENDS[arrays].devices:
        return probe(arrays, device)
    package = BACKENDS[arrays].package()
    return None if importlib.util.find_spec(package) else f"{package} is not installed"


def _contradicted(found: Named, asked: Asked, arrays: str, device: str) -> str | None:
    """Why a worker is not believed that its submission takes these arrays on this device; None where it is."""
    mentions = found.read.mentions if found.read else Mentions()
    decided = mentions.arrays or asked.arrays or mentions.only
    taken = [decided] if decided else ["numpy", *sorted(mentions.libraries - {"numpy"})]
    if arrays not in BACKENDS or (found.path is not None and arrays not in taken):
        return (
            f"its process speaks of {one_line(arrays, 40)} arrays, and its source of {' or '.join(taken)}; "
            f"to say which it takes, write ARRAYS = ... with one of {', '.join(BACKENDS)} at its top"
        )
    devices = BACKENDS[arrays].devices
    on = {mentions.device or asked.device or devices[0]} | (set(devices) if mentions.cuda else set())
    if device not in devices or (found.path is not None and device not in on):
        return f"its process speaks of the device {one_line(device, 40)}, which its source does not mention"
    reason = _denied(arrays, device)
    return f"it takes {arrays} arrays on {device}: {reason}" if reason else None


def _needs(arrays: str, device: str, mentions: Mentions) -> Needs:
    """What its process needs: for the arrays that it takes, and for what its source seems to use.

    A word is enough: a comment that names CUDA gets a process for CUDA, in which all else works as well. On a machine
    without such a device it does not, since that process has no limit of addresses.
    """
    seeming = [one for one in (of_backend(*place) for place in mentions.places) if one.device_is_there()]
    return reduce(or_, seeming, of_backend(arrays, device))


def _installed(*modules: str) -> dict[str, str]:
    """The versions of these modules as this environment has them: a worker's are the same, and are not asked for."""
    return {name: _version(name) for name in dict.fromkeys(modules)}


def _version(module: str) -> str:
    """The version of the distribution that brings a module; CuPy's is named for the version of CUDA."""
    try:
        return metadata.version(module)
    except metadata.PackageNotFoundError:
        return next((metadata.version(name) for name in metadata.packages_distributions().get(module, ())), "unknown")
