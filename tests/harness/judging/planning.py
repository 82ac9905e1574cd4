"""The examples of a run, drawn once for each property, and the plans made of them, once for each kind.

In go a run's seed and the folder of what is kept; out come examples and plans.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

import numpy as np

from tests.harness.drawing import drawing_and_shrinking as drawing
from tests.harness.drawing.drawing_and_shrinking import Values
from tests.harness.drawing.plans_on_disk import Kept, Tape
from tests.harness.judging.kind import Kind
from tests.harness.judging.plan import Plan
from tests.harness.judging.subject import Number, planned
from tests.harness.spec.clauses import LARGE_SIZES, Clause, Property
from tests.harness.spec.dtypes import ALL, Dtypes


@dataclass(frozen=True)
class _Drawn:
    """The examples of one property in some dtypes, and the plans made of them, by clause and kind of implementation."""

    values: list[Values]
    plans: dict[tuple[str, Kind], list[Plan]] = field(default_factory=dict)


class Examples:
    """The drawn examples of each property.

    Those of the property at hand alone are kept, so memory stays flat over a run, or with ``keep`` those of all: then
    the implementations can be judged one after the other, and memory stays flat over any number of them.
    """

    def __init__(
        self, run_seed: int, largest: int = LARGE_SIZES[0], keep: bool = False, kept: Kept | None = None
    ) -> None:
        self._run_seed = run_seed
        self._keep = keep
        self._kept = kept or Kept(None)
        self.largest = largest
        self._of: dict[tuple[str, Dtypes], _Drawn] = {}

    def of(self, property_: Property, dtypes: Dtypes = ALL) -> list[Values]:
        """The examples of ``property_``: drawn at its first call, the same ones as long as they are kept."""
        return self._drawn(property_, dtypes).values

    def plans(self, property_: Property, clause: Clause, kind: Kind) -> Iterable[Plan]:
        """The plans of all examples for implementations of this kind, where they are large made one by one."""
        drawn = self._drawn(property_, kind.dtypes)
        if clause.large:
            return (plan_of(property_, clause, kind, values) for values in drawn.values)
        if (clause.id, kind) not in drawn.plans:
            tape = Tape(self._kept, _of_numbers(clause, kind))
            plans = [plan_of(property_, clause, kind, values, tape.number) for values in drawn.values]
            tape.close()
            drawn.plans[clause.id, kind] = plans
        return drawn.plans[clause.id, kind]

    def are_drawn(self, property_: Property, kind: Kind) -> bool:
        """Whether its examples are kept on this machine, or there is nothing to draw."""
        return not property_.strategies or self._kept.has(self._of_drawn(property_, kind.dtypes.for_drawing))

    @property
    def can_be_kept(self) -> bool:
        """Whether more can be kept on this machine."""
        return self._kept.takes_more

    def keep_plan(self, property_: Property, clause: Clause, kind: Kind) -> None:
        """Make the plans of a clause, for other processes on this machine, unless they are kept."""
        if not self._kept.has(_of_numbers(clause, kind)):
            Examples(self._run_seed, self.largest, kept=self._kept).plans(property_, clause, kind)

    def _of_drawn(self, property_: Property, dtypes: Dtypes) -> str:
        """The name under which its examples are kept."""
        return f"examples {property_.ids} {self.largest} {dtypes}"

    def _drawn(self, property_: Property, dtypes: Dtypes) -> _Drawn:
        dtypes = dtypes.for_drawing
        if (property_.ids, dtypes) not in self._of:
            if not self._keep:
                self._of = {key: drawn for key, drawn in self._of.items() if key[0] == property_.ids}
            self._of[property_.ids, dtypes] = _Drawn(self._examples(property_, dtypes))
        return self._of[property_.ids, dtypes]

    def _examples(self, property_: Property, dtypes: Dtypes) -> list[Values]:
        if not property_.strategies:
            return drawing.explicit(property_, self.largest, dtypes)
        name = self._of_drawn(property_, dtypes)
        values: list[Values] | None = self._kept.get(name)
        if values is None:
            values = drawing.draw(property_, self.seed(property_), self.largest, dtypes)
            self._kept.put(name, values)
        return values

    def seed(self, property_: Property) -> int:
        return drawing.clause_seed(self._run_seed, property_)


def _of_numbers(clause: Clause, kind: Kind) -> str:
    """The name under which the reference's values and the bounds for the plans of a clause are kept."""
    return f"numbers {clause.id} {kind}"


def plan_of(
    property_: Property, clause: Clause, kind: Kind, values: Values, number: Number = lambda compute: compute()
) -> Plan:
    """The plan of one example. number: where the reference's values and the bounds come from."""
    with np.errstate(all="ignore"):
        return planned(property_.body_for(clause), clause, kind, values, number)
