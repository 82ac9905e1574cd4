"""How long the run waits for an answer: in go a limit and the time in which the process waited for a processor.

Out comes how long to wait before it is asked again, or a TimeoutError that says which limit was hit.
"""

import time
from collections.abc import Callable, Mapping

_FAST = 0.1
_MOST_STARVED = 10


class Patience:
    """How long the run waits for one answer.

    A wait may last ``seconds`` of wall time, less the time in which the process waited for a processor: the longest
    such time of one of its threads, which ``run_delays`` tells for each. But it lasts no longer than ten times that. So
    a process that sleeps ends soon, and one that is starved on a busy machine is not accused. The first tenth of a
    second always counts: nothing is looked up for a call that ends before.
    """

    def __init__(self, seconds: float, option: str, run_delays: Callable[[], Mapping[str, float]] | None) -> None:
        self._seconds = seconds
        self._option = option
        self._run_delays = run_delays
        self._started = time.monotonic()
        self._before: Mapping[str, float] | None = None
        self._starved = 0.0

    @property
    def waited(self) -> float:
        """The seconds so far that count."""
        return time.monotonic() - self._started - self._starved

    def left(self) -> float:
        """How many seconds to wait before this is asked again. Raises TimeoutError, saying which limit was hit."""
        passed = time.monotonic() - self._started
        if self._run_delays is None:
            left = self._seconds - passed
        elif passed < _FAST:
            left = min(_FAST, self._seconds) - passed
        else:
            now = self._run_delays()
            before = self._before = now if self._before is None else self._before
            self._starved = max((delay - before.get(thread, 0.0) for thread, delay in now.items()), default=0.0)
            left = min(self._seconds - (passed - self._starved), _MOST_STARVED * self._seconds - passed)
        if left > 0:
            return left
        starved = f", {self._starved:.3g} s of them without a processor" if self._starved > 1 else ""
        raise TimeoutError(f"timed out after {passed:.3g} s{starved} ({self._option} S raises the limit)")
