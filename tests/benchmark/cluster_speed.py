"""A class on a Dask cluster: is it judged as without one, and what does that cost?

    python -m tests.benchmark.cluster_speed [100 3000]

For each number: a folder of so many different submissions (``handed_in``), a scheduler and three workers of one thread
each as processes of their own, one of the workers killed once the first rows are there; then the run without a cluster,
whose result is compared row by row; then the report of the result. Before that the time of a single batch: what its
process costs by itself, and what each submission adds. All times but one are of processors, so that other work on the
machine counts little.
"""

import json
import os
import pickle
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import reference
from impls.submissions import assignment
from tests.benchmark import handed_in
from tests.harness.plugin import batch, cluster
from tests.harness.reports.options import Options
from tests.harness.reports.run import Run

CHECKOUT = Path(__file__).parents[2]
WORKERS = 3
_BATCH = 32


@contextmanager
def _process(*command: str) -> Iterator[subprocess.Popen[bytes]]:
    """A process that is ended in the end."""
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.kill()


def finished(command: Sequence[str]) -> tuple[float, int]:
    """Seconds of processor of a command and its children, and its own peak MiB. Raises where its status is above 1."""
    process = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    return _ended(process)


def _ended(process: subprocess.Popen[bytes]) -> tuple[float, int]:
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode not in (0, 1):
        raise RuntimeError(f"{' '.join(map(str, process.args))}: {said.decode()[-2000:]}")  # type: ignore[arg-type]
    return usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024


def _suite(folder: Path, result: Path) -> list[str]:
    options = ["--assignment", str(folder / "homework.toml"), "--impl", str(folder / "class")]
    options += ["--hypothesis-profile=quick", "--hypothesis-seed=1", "--conformance-json", str(result), "-q"]
    return [sys.executable, "-m", "pytest", "tests/conformance", *options]


def _of_process(pid: int) -> tuple[float, int]:
    """Seconds of processor and peak MiB of a process that still runs."""
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    peak = Path(f"/proc/{pid}/status").read_text().partition("VmHWM:")[2].split()[0]
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK"), int(peak) // 1024


def on_a_cluster(folder: Path, result: Path) -> dict[str, Any]:
    """Judge the folder on a scheduler and three workers, one of them killed in the middle; what that took."""
    at = folder / "scheduler.json"
    join = (sys.executable, "-m", "distributed.cli.dask_worker", "--scheduler-file", str(at), "--no-dashboard")
    serve = (sys.executable, "-m", "distributed.cli.dask_scheduler", "--scheduler-file", str(at), "--port", "0")
    with ExitStack() as processes:
        scheduler = processes.enter_context(_process(*serve, "--host", "127.0.0.1", "--no-dashboard"))
        while not at.exists():
            time.sleep(0.1)
        workers = [
            processes.enter_context(_process(*join, "--nthreads", "1", "--no-nanny", "--local-directory", str(folder)))
            for _ in range(WORKERS)
        ]
        time.sleep(10)
        command = [*_suite(folder, result), "--cluster", json.loads(at.read_text())["address"]]
        started = time.monotonic()
        run = subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        rows = result.with_name(f"{result.name}.rows")
        while run.poll() is None and not rows.exists():
            time.sleep(0.1)
        workers[0].kill()
        seconds, peak = _ended(run)
        of_scheduler = _of_process(scheduler.pid)
        wall = time.monotonic() - started
    return {"run": (seconds, peak), "scheduler": of_scheduler, "wall": wall}


def compared(one: Path, other: Path) -> int:
    """How many rows two results have in common. Raises AssertionError where anything but the duration differs."""
    results = [json.loads(path.read_text()) for path in (one, other)]
    for result in results:
        del result["suite"]["duration_s"]
    assert results[0] == results[1], "the results differ"
    return len(results[0]["implementations"])


def of_batches(folder: Path) -> tuple[float, float]:
    """Seconds of processor of the process of a batch by itself, and of each submission in it."""
    asked = assignment.read(folder / "homework.toml", reference.PARAMETERS)
    options = Options((str(folder / "class"),), None, None, "textbook", False, "quick", 1, assignment=asked)
    run = Run(options)
    answer, taken = cluster._answer(), []
    for count in (1, 1, _BATCH):  # the first one draws
        submissions = tuple(map(cluster._with_files, run.loading.named[:count]))
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer(pickle.dumps(batch.Order(options, ("tests/conformance",), submissions)), str(CHECKOUT))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    each = (taken[2] - taken[1]) / (_BATCH - 1)
    return taken[1] - each, each


def measure(counts: Sequence[int] = (100,)) -> Iterator[str]:
    """The section of RESULTS.md."""
    with tempfile.TemporaryDirectory() as place:
        handed_in.write(_BATCH, Path(place))
        start, each = of_batches(Path(place))
    share = start / (start + _BATCH * each)
    yield f"Submissions of {len(handed_in.FUNCTIONS)} functions, textbook level, `quick`; seconds are of processors."
    yield f"A batch takes {start:.2f} s for its process and {each:.2f} s for each submission: of {_BATCH} together"
    yield f"{share:.0%} is not judging. With a scheduler and {WORKERS} workers, one of them killed:"
    yield ""
    yield "| submissions | wall s | run s, MiB | scheduler s, MiB | report s, MiB | rows as without a cluster |"
    yield "|---|---|---|---|---|---|"
    for count in counts:
        with tempfile.TemporaryDirectory() as place:
            folder = Path(place)
            handed_in.write(count, folder)
            result, alone = folder / "cluster.json", folder / "alone.json"
            took = on_a_cluster(folder, result)
            finished(_suite(folder, alone))
            same = compared(result, alone)
            report = finished([sys.executable, "-m", "tests.harness.reports", str(result), str(folder / "report")])
        cells = [f"{seconds:.1f}, {peak}" for seconds, peak in (took["run"], took["scheduler"], report)]
        yield f"| {count} | {took['wall']:.0f} | {' | '.join(cells)} | {same} |"


if __name__ == "__main__":
    for line in measure([int(one) for one in sys.argv[1:]] or [100]):
        print(line, flush=True)
