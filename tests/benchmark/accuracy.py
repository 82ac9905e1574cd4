"""The largest errors of the implementations that ship, by function and dtype: the table of --accuracy.

python -m tests.benchmark.accuracy
"""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
_ABOUT = """\
`pytest tests/conformance --accuracy`, which prints the calls that gave these errors as well. Read the share where terms
cancel or a value is subnormal, since an ulp of the result is then tiny compared with the terms. A share above 1 is a
known deviation. In float64 the exact value is the reference's own value. The textbook level allows the slides' eps."""
_COMMAND = ("-m", "pytest", "tests/conformance", "--accuracy", "-p", "no:cacheprovider", "-q")


def measure() -> Iterator[str]:
    """The tables, without the calls that gave the largest errors. Raises RuntimeError where the run has none."""
    done = subprocess.run([sys.executable, *_COMMAND], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    yield _ABOUT
    yield ""
    lines = done.stdout.splitlines()
    tables = [line for line in lines if line.startswith(("| ", "|-", "Largest error")) or not line]
    if not any(line.startswith("| ") for line in tables):
        raise RuntimeError(f"the run printed no table of accuracy:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    first = next(at for at, line in enumerate(tables) if line.startswith("Largest error"))
    before = ""
    for line in tables[first:]:
        if line or before:
            yield line
        before = line


if __name__ == "__main__":
    print("\n".join(measure()))
