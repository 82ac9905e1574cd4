"""Which clauses are not expected of an implementation, since it declares that it has not what they ask for.

In go a clause and an implementation; out comes why the clause is not expected, in words, or None where it is. It is
fixed before the run, and depends on nothing that the implementation answers.
"""

from impls import Implementation
from tests.harness.spec.clauses import ROBUST, Clause
from tests.harness.spec.dtypes import FLOATS, HALVES

ONE_EXAMPLE = "-ONE"
"""How the id of a clause about one example without a batch axis ends."""
OF_HALF = ("-HALF", "-BITS", "LOGITS-CONFIDENT", "LOGITS-OVERFLOW")
"""How the ids of clauses about half precision alone end."""
FROM_NOTHING = ("-STEPS", "-PATH")
"""How the ids of clauses end in which an optimiser begins without a state."""


def why_not_expected(clause: Clause, implementation: Implementation) -> str | None:
    """Why the clause is not expected of the implementation, None where it is."""
    terms, floats = implementation.terms, implementation.offers
    if clause.id.endswith(ONE_EXAMPLE) and clause.function in terms.batches_only:
        return "it takes batches only (ONE_EXAMPLE = False)"
    if clause.function in terms.stateful and not clause.id.endswith(FROM_NOTHING):
        return "its state is its own (STATEFUL), and this clause injects one"
    if clause.id.endswith("-ZERO") and dict(terms.eps_places).get(clause.function) == "none":
        return "without an eps (OPTIMISER_EPS) this is 0 / 0"
    if clause.id.endswith(OF_HALF):
        return None if {*floats} & {*HALVES} else "it has no half precision"
    if clause.level == ROBUST and not {*floats} & {*FLOATS}:
        return "it has neither float64 nor float32 (DTYPES)"
    return None
