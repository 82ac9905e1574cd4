"""The kind of an implementation: all of it that a plan may depend on, in one value.

In go what an implementation is and declares; out comes a value that can be compared, hashed and written down: plans are
shared by all implementations of a kind, and kept on the machine under its name.
"""

from dataclasses import dataclass, field, replace

from impls import ArrayLibrary, Implementation, library
from impls.declared import Network, Terms
from tests.harness.judging.batches import SINGLE_EXAMPLES
from tests.harness.judging.structure import STEPS
from tests.harness.spec.dtypes import Dtypes


@dataclass(frozen=True)
class Kind:
    """All of an implementation that a plan may depend on.

    arrays, device: what its functions take and return. dtypes: those that it has. ulp: the accuracy that the bounds
    assume of exp, log, log1p and tanh, by dtype. flushes_to_zero: the dtypes in which subnormal numbers become 0.
    network: its architecture. terms: what it declares besides.
    """

    arrays: str
    device: str
    dtypes: Dtypes
    ulp: tuple[tuple[str, float], ...]
    flushes_to_zero: tuple[str, ...]
    network: Network | None = None
    terms: Terms = field(default_factory=Terms)

    @classmethod
    def of(cls, implementation: Implementation) -> "Kind":
        one = implementation
        dtypes, ulp = Dtypes(tuple(one.offers), tuple(one.integers)), tuple(sorted(one.ulp.items()))
        flushes = tuple(sorted(one.flushes_to_zero))
        batches_only = tuple(name for name in SINGLE_EXAMPLES if name in one.terms.batches_only)
        terms = replace(one.terms, dtypes=(), flushes_to_zero=False, batches_only=batches_only)
        return cls(one.arrays, one.device, dtypes, ulp, flushes, one.says.network, terms)

    def eps_place(self, function: str) -> str | None:
        """Where it is declared that an optimiser's eps stands; None where nothing is declared."""
        return dict(self.terms.eps_places).get(function.removesuffix("s") if function in STEPS else function)

    @property
    def library(self) -> ArrayLibrary:
        """How its arrays are made and written down."""
        return library(self.arrays, self.device)
