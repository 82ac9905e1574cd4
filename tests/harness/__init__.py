"""The machinery of the suite: clauses, drawing, comparison, verdicts, reports. No formula is here."""

from tests.harness.judging.comparison import (
    assert_dtype,
    assert_exact,
    assert_refused,
    assert_refused_or_nan,
    assert_shape,
    assert_within,
)
from tests.harness.judging.exact import exact
from tests.harness.judging.subject import Subject, assert_pure, laid_out
from tests.harness.spec.clauses import clause, example, given, large

__all__ = [
    "Subject",
    "assert_dtype",
    "assert_exact",
    "assert_pure",
    "assert_refused",
    "assert_refused_or_nan",
    "assert_shape",
    "assert_within",
    "clause",
    "exact",
    "example",
    "given",
    "laid_out",
    "large",
]
