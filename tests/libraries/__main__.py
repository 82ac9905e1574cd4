"""Judge released libraries, and write what was found: ``python -m tests.libraries [ADAPTER ...]``.

Without a name all adapters are judged whose library can be imported here; for the others it says what to install. The
exit status is 1 where a clause fails that no entry explains. It installs nothing.
"""

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from tests.libraries import found
from tests.libraries.defect import CHECKOUT, spec
from tests.libraries.libraries import BY_ADAPTER, LIBRARIES


def judged(adapter: str, options: list[str]) -> dict[str, Any] | None:
    """The result of one run of the suite with the recorded entries; None where it did not come to its end."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "result.json"
        suite = [
            sys.executable,
            "-m",
            "pytest",
            "tests/conformance",
            "-p",
            "tests.libraries.handing",
            "--level",
            "robust",
        ]
        command = [*suite, "--impl", spec(adapter), "--conformance-json", str(path), *options]
        subprocess.run(command, cwd=CHECKOUT, check=False)
        return json.loads(path.read_text(encoding="utf-8")) if path.exists() else None


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.libraries", description=__doc__.partition("\n")[0])
    parser.add_argument(
        "adapters", nargs="*", metavar="ADAPTER", help=f"one of {', '.join(BY_ADAPTER)}; without any: all"
    )
    parser.add_argument("--page", action="store_true", help="judge nothing: write FOUND.md again from found.json")
    asked, options = parser.parse_known_args()
    if unknown := [one for one in asked.adapters if one not in BY_ADAPTER]:
        parser.error(f"no adapter {unknown[0]}; there are {', '.join(BY_ADAPTER)}")
    unexplained = False
    for library in [] if asked.page else LIBRARIES:
        if asked.adapters and library.adapter not in asked.adapters:
            continue
        if missing := library.missing():
            print(f"{library.title} is not judged: {missing}", flush=True)
            continue
        print(f"{library.title}: {spec(library.adapter)}", flush=True)
        result = judged(library.adapter, options)
        if result is None:
            print(f"{library.title}: its run wrote no result", flush=True)
            unexplained = True
            continue
        row = found.row(result)
        unexplained |= bool(row["failed"])
        if left_out := row.pop("not_run"):
            print(f"{library.title}: not kept, since {left_out} clauses were not run", flush=True)
            continue
        found.keep(found.read() | {library.adapter: row})
    found.keep(found.read())
    print(f"written: {found.MARKDOWN.relative_to(CHECKOUT)}")
    return int(unexplained)


if __name__ == "__main__":
    raise SystemExit(main())
