"""Small inputs of each clause: what known mistakes were shrunk to. A failure is shown on one of them where one fails.

The file is text: for each clause a list of examples, with ``{"array": [dtype, shape, numbers]}`` in the place of each
array. ``python -m tests.selftest.small_inputs`` makes it anew.
"""

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from tests.harness.drawing.drawing_and_shrinking import Values

PATH = Path(__file__).with_suffix(".json")


@cache
def _all() -> Mapping[str, Sequence[Values]]:
    if not PATH.exists():
        return {}
    kept = json.loads(PATH.read_text(encoding="utf-8"))
    return {id: [_decoded({"dict": one}) for one in examples] for id, examples in kept.items()}


def of(clause: str) -> Sequence[Values]:
    """The small inputs of a clause, none where there are none."""
    return _all().get(clause, ())


def _decoded(value: Any) -> Any:
    if isinstance(value, list):
        return [_decoded(item) for item in value]
    if not isinstance(value, dict):
        return value
    ((kind, content),) = value.items()
    if kind == "array":
        dtype, shape, numbers = content
        array = np.array([_decoded(one) for one in numbers], dtype).reshape(shape)
        array.flags.writeable = False
        return array
    if kind == "tuple":
        return tuple(_decoded(item) for item in content)
    if kind == "float":
        return float(content)
    return {key: _decoded(item) for key, item in content.items()}
