"""How long the suite takes, side by side in one run: whole runs in processes of their own, then where the time goes.

    python -m tests.benchmark.suite_speed

The submission is the slides' NumPy code as a file, all functions, both levels. Wall time and the peak of the resident
memory are the process's own. The split is of one more quick run, in this process.
"""

import contextlib
import io
import itertools
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest

from tests.harness.drawing import drawing_and_shrinking as drawing
from tests.harness.judging import judge as judging
from tests.harness.judging import planning as planning
from tests.harness.judging import trial

CHECKOUT = Path(__file__).parents[2]
SUBMISSION = "impls/adapters/numpy_lecture.py"

_CHILD = """
import resource, sys, pytest
status = pytest.main(sys.argv[1:])
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(f"measured {int(status)} {peak:.0f} {'torch' in sys.modules}", file=sys.stderr)
"""

STAGES: dict[str, list[tuple[Any, str]]] = {
    "drawing (Hypothesis)": [(drawing, "draw"), (drawing, "_given")],
    "plans: test bodies, reference values and bounds": [(planning, "plan_of"), (judging, "plan_of")],
    "the implementation's calls, arguments and answers": [(trial._Asking, "_asked")],
    "checks of the answers": [(trial._Execution, "seen")],
}
"""What is timed under each label: functions, each by where it is looked up and its name."""


def whole_run(*arguments: str) -> tuple[float, float, bool]:
    """Wall seconds, peak MiB and whether torch was imported, of one run of the suite in a process of its own."""
    command = [
        sys.executable,
        "-c",
        _CHILD,
        "tests/conformance",
        "-q",
        "-p",
        "no:cacheprovider",
        "--hypothesis-seed=0",
        *arguments,
    ]
    started = time.perf_counter()
    done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
    seconds = time.perf_counter() - started
    _, status, peak, torch = done.stderr.splitlines()[-1].split()
    if status != "0":
        raise RuntimeError(f"the suite ended with exit status {status}:\n{done.stdout}")
    return seconds, float(peak), torch == "True"


class Clock:
    """Seconds spent under each label; time inside a nested label counts for the nested one alone."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = defaultdict(float)
        self._running: list[tuple[str, float]] = []

    @contextlib.contextmanager
    def under(self, label: str) -> Iterator[None]:
        now = time.perf_counter()
        if self._running:
            outer, since = self._running[-1]
            self.seconds[outer] += now - since
        self._running.append((label, now))
        try:
            yield
        finally:
            now = time.perf_counter()
            label, since = self._running.pop()
            self.seconds[label] += now - since
            if self._running:
                self._running[-1] = (self._running[-1][0], now)

    def timed(self, label: str, function: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            with self.under(label):
                return function(*args, **kwargs)

        return call


def split(*arguments: str) -> dict[str, float]:
    """Seconds of a run in this process: drawing, plans, calls, checks, pytest itself."""
    clock = Clock()
    with contextlib.ExitStack() as patched:
        for label, places in STAGES.items():
            for holder, name in places:
                patched.enter_context(mock.patch.object(holder, name, clock.timed(label, getattr(holder, name))))
        patched.enter_context(contextlib.redirect_stdout(io.StringIO()))
        patched.enter_context(clock.under("pytest, collection, reports"))
        pytest.main(
            [str(CHECKOUT / "tests/conformance"), "-q", "-p", "no:cacheprovider", "--hypothesis-seed=0", *arguments]
        )
    return dict(clock.seconds)


def measure() -> Iterator[str]:
    """The tables: whole runs, and the split of one. Raises RuntimeError where a run does not pass."""
    yield f"`pytest tests/conformance --impl {SUBMISSION}`, the slides' NumPy code: all functions, both levels."
    yield ""
    yield "| options | seconds | peak MiB | torch imported |"
    yield "|---|---|---|---|"
    for profile, isolation in itertools.product(("quick", "default"), ("none", "process")):
        options = (f"--hypothesis-profile={profile}", f"--isolation={isolation}")
        seconds, peak, torch = whole_run("--impl", SUBMISSION, *options)
        yield f"| `{' '.join(options)}` | {seconds:.1f} | {peak:.0f} | {'yes' if torch else 'no'} |"
    parts = split("--impl", SUBMISSION, "--hypothesis-profile=quick", "--isolation=none")
    total = sum(parts.values())
    yield ""
    yield f"| where the time of one more quick run without isolation goes ({total:.1f} s) | seconds | share |"
    yield "|---|---|---|"
    for label, seconds in sorted(parts.items(), key=lambda item: -item[1]):
        yield f"| {label} | {seconds:.2f} | {seconds / total:.0%} |"


if __name__ == "__main__":
    print("\n".join(measure()))
