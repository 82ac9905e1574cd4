"""Plans made by a second process while the first one judges: where nothing is kept yet, they take most of the time.

In go the examples of a run and what it is going to judge, in its order. The second process begins with the last plan,
and the first one finds in the folder of what is kept, where it comes to them, those that it has not made itself. That
may be: a plan depends on nothing but what the folder is named after, a file is whole once it has its name, and what
both make is the same twice. What would break it: a lock that another thread holds while this process is copied, so
nothing but NumPy may compute in it.
"""

import contextlib
import os
import signal
import warnings
from collections.abc import Iterator, Sequence

from impls.isolation.privileges import end_with_parent
from tests.harness.judging.kind import Kind
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import Clause, Property

_WORTH_A_PROCESS = 20
"""From how many clauses on that are still to be drawn."""

_MOST_FILES = 1 << 16

Wanted = Sequence[tuple[Property, Clause, Kind]]


@contextlib.contextmanager
def planning(examples: Examples, wanted: Wanted) -> Iterator[None]:
    """While the context lasts, another process keeps the plans, the last ones first, if that is worth its while."""
    if _processors() < 2 or sum(not examples.are_drawn(one, kind) for one, _, kind in wanted) < _WORTH_A_PROCESS:
        yield
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: those of NumPy's BLAS are ready for a fork
        process = os.fork()
    if not process:
        with contextlib.suppress(BaseException):  # what cannot be planned is raised where the run comes to it
            end_with_parent()
            os.closerange(3, _MOST_FILES)  # else a worker would not see that this run has closed its channel
            examples.keep_plans(reversed(wanted))
        os._exit(0)
    try:
        yield
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
