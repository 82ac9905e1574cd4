"""Where libraries are known to depart from conformance.md: each entry is excused on its own inputs and nowhere else."""

from tests.harness.deviations import KnownDeviation

KNOWN_DEVIATIONS: tuple[KnownDeviation, ...] = ()
