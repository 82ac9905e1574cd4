"""What a process of its own costs, and how the time of a class grows with the number of submissions.

    python -m tests.benchmark.class_speed [10 30 100]

A call is relu of one number: in this process, asked for one by one, and with many asked at once, as in a class.

The submissions are the slides' NumPy code in several spellings; in every third one some functions are mistaken. Two
processes judge them (pytest -n 2) under the profile quick. Wall time and the peak of the resident memory of the largest
process that judges.
"""

import itertools
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import numpy as np

from impls.calling import Request
from impls.isolation import Isolated
from tests.harness.reports.options import Options
from tests.harness.reports.run import Run

CHECKOUT = Path(__file__).parents[2]
SOURCE = CHECKOUT / "impls" / "adapters" / "numpy_lecture.py"

_SPELLINGS = [
    (
        "1 / (1 + np.exp(-z) + eps)",
        ["1 / (1 + np.exp(-z))", "np.exp(-np.logaddexp(0, -z))", "0.5 * (1 + np.tanh(z / 2))"],
    ),
    ("(np.exp(2 * z) - 1) / (np.exp(2 * z) + 1)", ["np.tanh(z)", "2 / (1 + np.exp(-2 * z)) - 1"]),
    ("np.maximum(0, z)", ["np.where(z > 0, z, 0.0)", "np.clip(z, 0, None)"]),
    ("np.dot(x, W.T) + b", ["x @ W.T + b", "np.einsum('...n,sn->...s', x, W) + b"]),
    ("1 / (2 * y.size) * np.sum((y_hat - y) ** 2)", ["np.mean((y_hat - y) ** 2) / 2"]),
]
_FAULTS = [
    ("axis=-1, keepdims=True", "axis=0, keepdims=True"),
    ("1 / (2 * y.size)", "1 / y.size"),
    ("np.dot(x, W.T) + b", "np.dot(x, W.T) - b"),
    ("parameter - alpha * gradient", "parameter + alpha * gradient"),
    ("np.dot(W2, b1) + b2", "np.dot(W2, b1 + b2[0])"),
    ("-np.mean(np.sum(y * np.log(y_hat), axis=-1))", "-np.sum(y * np.log(y_hat))"),
    ("dh * (1 - h**2)", "dh * (1 - h)"),
    ("return np.eye(k)[labels]", "return np.eye(k)[labels - 1]"),
]
_OPTIONS = ("--hypothesis-profile=quick", "--hypothesis-seed=1", "-q", "-n", "2", "-p", "no:cacheprovider")
_CHILD = """
import resource, sys, pytest
pytest.main(sys.argv[1:])
print("peak", resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024)
"""


def submissions(count: int) -> list[str]:
    """The sources: every spelling in turn, a fault in every third."""
    source = SOURCE.read_text()
    spellings = itertools.cycle(itertools.product(*([old, *new] for old, new in _SPELLINGS)))
    faults = itertools.cycle(_FAULTS)
    written = []
    for number, spelling in zip(range(count), spellings, strict=False):
        text = source
        if number % 3 == 2:
            text = text.replace(*next(faults))
        for (old, _), new in zip(_SPELLINGS, spelling, strict=True):
            text = text.replace(old, new)
        written.append(text)
    return written


def measured(count: int) -> tuple[float, int]:
    """Wall seconds and peak MiB of a run over a class of that many."""
    with tempfile.TemporaryDirectory() as folder:
        for number, text in enumerate(submissions(count)):
            (Path(folder) / f"student{number:03}.py").write_text(text)
        command = [sys.executable, "-c", _CHILD, "tests/conformance", "--impl", folder, *_OPTIONS]
        command += ["--conformance-json", str(Path(folder) / "result.json")]
        started = time.perf_counter()
        done = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True)
        return time.perf_counter() - started, int(done.stdout.split()[-1])


def costs() -> Iterator[str]:
    """A table of start and call, in each mode that this machine has."""
    yield "| mode | start, ms | a call, microseconds | one of many asked at once, microseconds |"
    yield "|---|---|---|---|"
    for mode in ("none", "process", *(["bwrap"] if shutil.which("bwrap") else [])):
        run = Run(Options((str(SOURCE),), None, None, None, False, "quick", 1, isolation=mode))
        (implementation,) = run.implementations
        caller, argument = implementation.caller, (np.zeros(1),)
        started = time.perf_counter()
        if isinstance(caller, Isolated):
            run.loading.isolation.rest()
            caller.call("relu", argument, {})
        start = time.perf_counter() - started
        single = _seconds(lambda: caller.call("relu", argument, {}), 2000)  # noqa: B023
        row = f"| `{mode}` | {start * 1e3:.0f} | {single * 1e6:.0f} |"
        many = [Request("relu", argument)] * 1000
        row += f" {_seconds(lambda: caller.ask(many), 20) * 1e3:.0f} |"  # noqa: B023
        yield row
        run.loading.end_workers()


def _seconds(call: Callable[[], object], times: int) -> float:
    started = time.perf_counter()
    for _ in range(times):
        call()
    return (time.perf_counter() - started) / times


_COUNTS = (10, 30)


def measure(counts: Sequence[int] = _COUNTS) -> Iterator[str]:
    """The tables: classes of so many submissions, and what a call costs."""
    yield "Submissions in several spellings, a third of them with a mistake, each in a process of its own"
    yield "(`quick`, `-n 2`); and what a call costs."
    yield ""
    yield "| submissions | seconds | seconds for each further one | peak MiB |"
    yield "|---|---|---|---|"
    before: tuple[int, float] | None = None
    for count in counts:
        seconds, peak = measured(count)
        further = f"{(seconds - before[1]) / (count - before[0]):.2f}" if before else ""
        yield f"| {count} | {seconds:.1f} | {further} | {peak} |"
        before = count, seconds
    yield ""
    yield from costs()


if __name__ == "__main__":
    print("\n".join(measure([int(one) for one in sys.argv[1:]] or _COUNTS)))
