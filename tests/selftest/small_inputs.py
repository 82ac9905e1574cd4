"""Makes the small inputs of each clause anew: known mistakes are shrunk, and what they were shrunk to is written down.

    python -m tests.selftest.small_inputs [CLAUSE ...]

Each known mistake is tried on the clause that names it, one of the gradients on the others of the level as well: each
asks another loss or depth. After them comes the slides' own code, which is what most submissions are: it fails many
robust clauses. With ids of clauses the inputs of these are made anew, and the others stay.

Out comes ``tests/mistakes/inputs.json``. It holds inputs alone, no answers. Each was drawn by the strategies of its
clause, so that it lies in the clause's region. A mistake that fails on an input of another one adds none.
"""

import json
import math
import sys
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from hypothesis import settings

import reference
from impls import Implementation
from impls.adapters import numpy_lecture
from tests.conformance import every_test_imported
from tests.harness.drawing import profiles
from tests.harness.drawing.drawing_and_shrinking import Values, fingerprint, size
from tests.harness.judging.judge import further_input
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, TEXTBOOK, Clause
from tests.mistakes import MISTAKES, inputs
from tests.selftest.candidates import candidate

_MOST_ELEMENTS, _FOR_A_CLAUSE, _TRIES = 40, 12, 200


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


def _failing() -> Iterator[tuple[Clause, Implementation]]:
    """What may fail on a clause: each known mistake on its own one, and the slides' code on all."""
    for mistake in sorted(MISTAKES.values(), key=lambda mistake: mistake.clause.id):
        functions = {mistake.clause.function: mistake.make()}
        yield mistake.clause, candidate(mistake.name, functions, task=mistake.task)
    of_gradients = [one for one in MISTAKES.values() if one.clause.function == "mlp_gradients"]
    for clause in CLAUSES.values():
        for mistake in of_gradients if (clause.function, clause.level) == ("mlp_gradients", TEXTBOOK) else ():
            if mistake.clause.level == TEXTBOOK and mistake.clause != clause:
                yield clause, candidate(mistake.name, {"mlp_gradients": mistake.make()})
    offered = {name: getattr(numpy_lecture, name) for name in reference.FUNCTIONS if hasattr(numpy_lecture, name)}
    slides = candidate("the slides' code", offered)
    for clause in CLAUSES.values():
        if clause.function in offered and not clause.large:
            yield clause, slides


def main(ids: Sequence[str]) -> int:
    """Shrink known mistakes on clauses, all or those of these ids, and write what is left of them."""
    if unknown := set(ids) - CLAUSES.keys():
        print(f"{', '.join(sorted(unknown))}: no clause of conformance.md", file=sys.stderr)
        return 2
    every_test_imported()
    profiles.register()
    settings.load_profile("quick")
    found: dict[str, dict[Any, Values]] = defaultdict(dict)
    drawn = Examples(0)
    for clause, implementation in _failing():
        if ids and clause.id not in ids:
            continue
        if len(found[clause.id]) >= _FOR_A_CLAUSE or not PROPERTIES[clause.id].strategies:
            continue
        so_far = list(found[clause.id].values())
        values = further_input(PROPERTIES[clause.id], clause, implementation, drawn, _TRIES, so_far)
        if values is not None and size(values)[0] <= _MOST_ELEMENTS:
            found[clause.id][fingerprint(values)] = values
    stay = {id: inputs.of(id) for id in CLAUSES if ids and id not in ids}
    of_clauses = stay | {id: list(of_it.values()) for id, of_it in found.items()}
    lines = []
    for id, of_it in sorted(of_clauses.items()):
        examples = sorted((size(one), json.dumps(_encoded(dict(one))["dict"])) for one in of_it)
        lines += [f'"{id}": [\n' + ",\n".join(text for _, text in examples) + "]"] if examples else []
    inputs.PATH.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    print(f"{sum(map(len, of_clauses.values()))} inputs of {len(lines)} clauses")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
