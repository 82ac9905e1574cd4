"""Plans made by a second process while the first one judges: where nothing is kept yet, they take most of the time.

In go the examples of a run and what it is going to judge, in its order. The second process begins with the last plan,
and the first one finds in the folder of what is kept, where it comes to them, those that it has not made itself. That
may be: a plan depends on nothing but what the folder is named after, a file is whole once it has its name, and what
both make is the same twice. What would break it: a lock that another thread holds while this process is copied, so
nothing but NumPy may compute in it.

The run does without a second process that cannot be started or has ended. The second process, a copy of the first, does
nothing else, whatever happens, and holds nothing of the run open: no channel, no output.
"""

import contextlib
import os
import signal
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import NoReturn

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
    left = sum(not examples.are_drawn(property_, kind) for property_, _, kind in wanted)
    process = _started(examples, wanted) if left >= _WORTH_A_PROCESS and _processors() > 1 else None
    try:
        yield
    finally:
        if process is not None:
            _end(process)


def _started(examples: Examples, wanted: Wanted) -> int | None:
    """The number of the second process, None where there is none."""
    if sys.platform != "linux" or not examples.can_be_kept:  # elsewhere it could outlive the run
        return None
    run = os.getpid()
    # An interrupt that came between the two would go on as a second run.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # of threads: those of NumPy's BLAS may be copied
            process = os.fork()
        if not process:
            _plan_and_exit(examples, wanted, run)
    except OSError:
        return None
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
    return process


def _plan_and_exit(examples: Examples, wanted: Wanted, run: int) -> NoReturn:
    """What the second process does. run: the number of the first one."""
    try:
        end_with_parent()
        os.closerange(3, _MOST_FILES)
        nothing = os.open(os.devnull, os.O_RDWR)
        for standard in range(3):
            os.dup2(nothing, standard)
        for one in reversed(wanted):
            if os.getppid() != run:
                break
            examples.keep_plan(*one)
    finally:  # what cannot be planned is raised where the run comes to it
        os._exit(0)


def _end(process: int) -> None:
    """End it, unless it has ended: then its number may be another one's."""
    with contextlib.suppress(ChildProcessError):  # where the user's shell has it waited for by the kernel
        if os.waitpid(process, os.WNOHANG) == (0, 0):
            os.kill(process, signal.SIGKILL)
            os.waitpid(process, 0)


def _processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
