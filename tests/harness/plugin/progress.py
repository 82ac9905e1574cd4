"""How far the run of a class is: submissions that are loaded or judged go in, one line comes out.

In a terminal the line is written again and again in its place; elsewhere, as in the log of a CI, a new line is written
every minute. What is left to judge is computed from test items, since several submissions may be half judged, and from
the time since the first item: loading is over by then, and is told apart.
"""

import shutil
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import TextIO, TypeVar

from tests.harness.reports.run import Run

_EVERY_IN_PLACE, _EVERY = 0.5, 60.0
"""Seconds between two lines."""
_Named = TypeVar("_Named")
_START_OF_LINE, _CLEAR = "\r", "\x1b[K"


class Progress:
    """Counts submissions and their items. stream: where the lines go; in_place: whether it is a terminal."""

    def __init__(self, run: Run, stream: TextIO, in_place: bool) -> None:
        self._run = run
        self._stream = stream
        self._in_place = in_place
        self._left: Counter[str] = Counter()
        self._items = self._waiting = 0
        self._began = self._said = time.perf_counter()

    def loading(self, named: Sequence[_Named]) -> Iterator[_Named]:
        """Go through what is to be loaded, and tell how much of it is."""
        began = time.perf_counter()
        for done, one in enumerate(named):
            if done and self._is_time():
                self._say("loaded", done, len(named), done / (time.perf_counter() - began), len(named) - done)
            yield one
        self.end()

    def judged(self, name: str) -> bool:
        """Count one more item of a submission, and tell whether it was its last one."""
        first = not self._left
        if first:
            self._left.update(who for who, _ in self._run.scheduled)
            self._items, self._waiting = self._left.total(), len(self._left)
            self._began = self._said = time.perf_counter()
        self._left[name] -= 1
        self._waiting -= self._left[name] == 0
        if not first and self._run.task.one_after_the_other and self._is_time():
            self._say_judged()
        if not self._waiting:
            self.end()
        return self._left[name] == 0

    def end(self) -> None:
        """Take the line away."""
        if self._in_place:
            self._stream.write(_START_OF_LINE + _CLEAR)
            self._stream.flush()

    def _is_time(self) -> bool:
        return time.perf_counter() - self._said >= (_EVERY_IN_PLACE if self._in_place else _EVERY)

    def _say_judged(self) -> None:
        """Tell how far judging is; a submission that does not load, or that an earlier run has judged, is done."""
        run, now, left = self._run, time.perf_counter(), self._left.total()
        count = len(run.loading.named)
        of_one = self._items / len(self._left)
        speed = (self._items - left - 1) / of_one / (now - self._began)
        elapsed = f" ({_minutes(now - run.started)} so far, {_minutes(self._began - run.started)} of it loading)"
        self._say("judged", count - self._waiting, count, speed, left / of_one, elapsed)

    def _say(self, what: str, done: int, count: int, speed: float, left: float, more: str = "") -> None:
        """Write the line. speed: submissions a second; left: how many are left, half judged ones as halves."""
        self._said = time.perf_counter()
        rate = f"{speed:.1f} a second" if speed >= 1 else f"{60 * speed:.1f} a minute"
        line = f"{what} {done} of {count} submissions, {rate}, about {_minutes(left / speed)} left{more}"
        if self._in_place:
            self._stream.write(_START_OF_LINE + line[: shutil.get_terminal_size().columns - 1] + _CLEAR)
        else:
            self._stream.write(line + "\n")
        self._stream.flush()


def _minutes(seconds: float) -> str:
    hours, rest = divmod(int(seconds), 3600)
    return f"{hours}:{rest // 60:02}:{rest % 60:02}" if hours else f"{rest // 60}:{rest % 60:02}"
