"""What is still missing before a function of the interface is complete.

    python -m tests.selftest.complete gelu      one function, also one that is only planned
    python -m tests.selftest.complete           all of them

In goes a name; out come lines, one for each missing thing, and status 1 where there are any. The list is what
CONTRIBUTING.md asks for: the formula with its bound and doctest, its checks against mpmath and plain float32, its
clauses, each with a test and a known mistake, its right variants, and the adapters.
"""

import importlib
import sys
from collections.abc import Iterator

import reference
from impls.builtin import BUILTINS
from tests.conformance import every_test_imported
from tests.harness.spec.clauses import CLAUSES, LEVELS, PROPERTIES
from tests.mistakes import MISTAKES
from tests.selftest import float32_formulas, test_reference_accuracy
from tests.selftest import mpmath_formulas as mp
from tests.selftest.right_variants import VARIANTS


def missing(name: str) -> Iterator[str]:
    """What the function of that name lacks, in the order in which it is best written."""
    formula = getattr(reference, name, None)
    if formula is None or name not in reference.FUNCTIONS:
        yield f"reference/: no function {name}, named in reference.FUNCTIONS"
    elif ">>> " not in (formula.__doc__ or ""):
        yield f"reference/: no doctest in the docstring of {name}"
    if not hasattr(reference, f"{name}_bound"):
        yield f"reference/: no {name}_bound beside it"
    if name not in mp.FORMULAS:
        yield f"tests/selftest/mpmath_formulas.py: no formula in mpmath for {name}"
    if name not in test_reference_accuracy.CASES:
        yield f"tests/selftest/test_reference_accuracy.py: no arguments on which {name} is compared with mpmath"
    if name not in float32_formulas.FORMULAS:
        yield f"tests/selftest/float32_formulas.py: {name} is not written plainly in float32"
    clauses = [one for one in CLAUSES.values() if one.function == name]
    for level in LEVELS:
        if not any(one.level == level for one in clauses):
            yield f"conformance.md: no clause of {name} at level {level}"
    every_test_imported()
    caught = {mistake.clause.id for mistake in MISTAKES.values()}
    for clause in clauses:
        if clause.id not in PROPERTIES:
            yield f"tests/conformance/: no test of {clause.id}"
        if clause.id not in caught:
            yield f"tests/mistakes/: no known mistake for {clause.id}"
    if not any(name in variant.make() for variant in VARIANTS.values()):
        yield f"tests/selftest/right_variants/: no right variant of {name}"
    for module in sorted({builtin.module for builtin in BUILTINS.values() if builtin.absent() is None} - {"reference"}):
        adapter = importlib.import_module(module)
        if not hasattr(getattr(adapter, "SpecialFunctions", adapter), name):
            yield f"{module.replace('.', '/')}.py: no {name} (written by hand where the library has none)"


def main() -> int:
    names = sys.argv[1:] or list(reference.FUNCTIONS)
    lines = [line for name in names for line in missing(name)]
    print("\n".join(lines) or f"complete: {', '.join(names)}")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
