"""How far a run is: reports of single items go in, a line every few seconds comes out.

What is to go is reckoned by items, since several implementations may be half judged, and by the time since the first
item: finding and loading them is over by then, and is said apart.
"""

import time
from collections import Counter

from tests.harness.reports.run import Run

_EVERY = 5.0
"""Seconds between two lines."""


class Progress:
    """Counts the items of the implementations of a class as they are judged."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._left: Counter[str] = Counter()
        self._all = 0
        self._began = self._said = 0.0

    def is_last_of(self, name: str) -> bool:
        """Count one more item of an implementation, and say whether it was its last one."""
        if not self._left:
            self._left.update(who for who, _ in self._run.scheduled)
            self._all = self._left.total()
            self._began = self._said = time.perf_counter()
        self._left[name] -= 1
        return self._left[name] == 0

    def to_say(self) -> str | None:
        """The line that is due now, None where it is not time for one, or there is nothing to wait for."""
        now = time.perf_counter()
        left = self._left.total()
        judged = sum(items == 0 for items in self._left.values())
        if now - self._said < _EVERY or not left or not judged or not self._run.task.one_after_the_other:
            return None
        self._said = now
        judging = now - self._began
        rest = judging / (self._all - left) * left
        loading = self._began - self._run.started
        return (
            f"{judged} of {len(self._left)} judged, {_minutes(loading + judging)} elapsed "
            f"({_minutes(loading)} before the first call), about {_minutes(rest)} to go"
        )


def _minutes(seconds: float) -> str:
    return f"{int(seconds) // 60}:{int(seconds) % 60:02}"
