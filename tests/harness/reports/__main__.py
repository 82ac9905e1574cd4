"""Write the report of a result that ``--conformance-json`` wrote, ``PATH`` or ``PATH.rows``:

    python -m tests.harness.reports RESULT.json DIR

DIR gets index.html, students/NAME.html, gradebook.csv, gradescope/NAME.json and summary.md; under GitHub Actions
(GITHUB_ACTIONS=true) annotations are printed. Ends with 1, and writes nothing, where that is not possible.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

from impls.text import printable_lines
from tests.harness.reports import folder
from tests.harness.reports.reading_result import read
from tests.harness.reports.reading_row import NotAResult


def main(arguments: Sequence[str]) -> int:
    """Write the report; the exit status."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.harness.reports", description="Write the report of a result."
    )
    parser.add_argument("result", type=Path, metavar="RESULT.json", help="what --conformance-json wrote, or its .rows")
    parser.add_argument("folder", type=Path, metavar="DIR", help="a new folder, or an earlier report")
    asked = parser.parse_args(arguments)
    try:
        folder.check(asked.folder)
        for line in folder.write(read(asked.result), asked.folder, os.environ):
            print(line)
    except (NotAResult, folder.CannotReport) as wrong:
        print(printable_lines(str(wrong)), file=sys.stderr)
        return 1
    except OSError as wrong:
        why = f"{asked.folder} could not be written ({wrong.strerror or wrong}); an earlier report there is as it was"
        print(printable_lines(why), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
