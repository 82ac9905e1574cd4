"""The machinery of the suite: clauses, drawing, judging, reports. No formula is here.

What a test body needs is imported from here: ``clause``, ``given`` and the like to say what is tested on what,
``exact`` for the reference's values, ``deferred`` for a computation on answers; its ``impl`` is a Subject.
"""

from tests.harness.judging.exact import exact
from tests.harness.judging.promise import deferred
from tests.harness.judging.subject import Subject, laid_out, with_a_whole_step
from tests.harness.spec.clauses import clause, example, given, large

__all__ = ["Subject", "clause", "deferred", "exact", "example", "given", "laid_out", "large", "with_a_whole_step"]
