"""The machinery of the suite: clauses, drawing, comparison, verdicts, reports. No formula is here."""

from tests.harness.clauses import clause, example, given, large
from tests.harness.comparison import (
    assert_dtype,
    assert_exact,
    assert_refused,
    assert_refused_or_nan,
    assert_shape,
    assert_within,
)
from tests.harness.exact import exact
from tests.harness.subject import Subject, assert_pure, laid_out

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
