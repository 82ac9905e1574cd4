"""Small inputs of each clause: what known mistakes were shrunk to. A failure is shown on one of them where one fails.

    python -m tests.mistakes.inputs        make inputs.json anew

The file is text: for each clause a list of examples, with ``{"array": [dtype, rows]}`` in the place of each array. It
holds inputs alone, no answers; each was drawn by the clause's own strategies, so that each lies in the clause's region.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from hypothesis import settings

from tests.harness.drawing import profiles
from tests.harness.drawing.examples import Values, fingerprint, size

PATH = Path(__file__).with_suffix(".json")
_MOST_ELEMENTS, _FOR_A_CLAUSE, _TRIES = 24, 4, 200


@cache
def _all() -> Mapping[str, Sequence[Values]]:
    if not PATH.exists():
        return {}
    kept = json.loads(PATH.read_text(encoding="utf-8"))
    return {id: [_decoded({"dict": one}) for one in examples] for id, examples in kept.items()}


def of(clause: str) -> Sequence[Values]:
    """The small inputs of a clause, none where there are none."""
    return _all().get(clause, ())


def _encoded(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return {"array": [value.dtype.name, list(value.shape), [_number(one) for one in value.ravel().tolist()]]}
    if isinstance(value, tuple):
        return {"tuple": [_encoded(item) for item in value]}
    if isinstance(value, list):
        return [_encoded(item) for item in value]
    if isinstance(value, Mapping):
        return {"dict": {key: _encoded(item) for key, item in value.items()}}
    return _number(value.item() if isinstance(value, np.generic) else value)


def _number(value: Any) -> Any:
    return {"float": repr(value)} if isinstance(value, float) and not math.isfinite(value) else value


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


def main() -> int:
    """Shrink known mistakes on the clauses that name them, a few for each clause, and write what is left of them."""
    from tests.conformance import every_test_imported
    from tests.harness.judging.judge import Examples, smallest_input
    from tests.harness.spec.clauses import PROPERTIES
    from tests.mistakes import MISTAKES
    from tests.selftest.candidates import candidate

    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    found: dict[str, dict[Any, Values]] = defaultdict(dict)
    by_clause = sorted(MISTAKES.values(), key=lambda mistake: mistake.clause.id)
    drawn = Examples(0)
    for mistake in by_clause:
        clause = mistake.clause
        if len(found[clause.id]) >= _FOR_A_CLAUSE or not PROPERTIES[clause.id].strategies:
            continue
        values = smallest_input(PROPERTIES[clause.id], clause, candidate(mistake.name, {clause.function: mistake.make()}), drawn, _TRIES)
        if values is not None and size(values)[0] <= _MOST_ELEMENTS:
            found[clause.id][fingerprint(values)] = values
    lines = []
    for id, of_it in found.items():
        examples = [json.dumps(_encoded(dict(one))["dict"]) for one in sorted(of_it.values(), key=size)]
        lines += [f'"{id}": [\n' + ",\n".join(examples) + "]"] if examples else []
    PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{sum(map(len, found.values()))} inputs of {len(lines)} clauses")
    return 0


if __name__ == "__main__":
    sys.exit(main())
