"""The table of what was found in released libraries: results of runs and the entries in, Markdown out.

Results are kept in ``found.json``, one row for each adapter, so that libraries which need environments of their own can
be judged one after the other; ``FOUND.md`` is made from it and from the entries, and from nothing else.
"""

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from tests.libraries.defect import BY_DESIGN, DEFECT, Defect
from tests.libraries.defects import DEFECTS
from tests.libraries.libraries import BY_ADAPTER, LIBRARIES

HERE = Path(__file__).parent
JSON, MARKDOWN = HERE / "found.json", HERE / "FOUND.md"
PASSED, KNOWN, FAILED, ERROR = "passed", "known-deviation", "failed", "error"

_INTRODUCTION = """# Found in released libraries

`python -m tests.libraries` judges each library by its adapter in `adapters/` and writes this page. The level is robust.
A *known deviation* is a clause on which the library departs, on the recorded inputs and on no others. A *defect* is one
cause of such deviations that the library's documentation does not promise. What is *by design* is documented by the
library, or asserted by its own tests. A clause that failed without an entry stands under *failed*. The seconds are
those of one run, on a machine that did other things as well.
"""


def row(result: Mapping[str, Any]) -> dict[str, Any]:
    """What is kept of the JSON of a run with one implementation, and how many clauses were ``not_run`` in it."""
    (one,) = result["implementations"]
    clauses = {id: clause for of in one["functions"].values() for id, clause in of.get("clauses", {}).items()}
    outcomes = Counter(clause["outcome"] for clause in clauses.values())
    suite = result["suite"]
    return {
        "verdict": one["verdict"],
        "versions": one["declared"].get("VERSIONS", ""),
        "passed": outcomes[PASSED],
        "known_deviations": [id for id, clause in clauses.items() if clause["outcome"] == KNOWN],
        "failed": [id for id, clause in clauses.items() if clause["outcome"] in (FAILED, ERROR)],
        "not_run": sum(clause["message"] == "not run" for clause in clauses.values()),
        "seconds": round(suite["duration_s"]),
        "profile": suite["profile"],
        "seed": suite["seed"],
    }


def read() -> dict[str, dict[str, Any]]:
    """The rows that are kept, by adapter."""
    return json.loads(JSON.read_text(encoding="utf-8")) if JSON.exists() else {}


def keep(rows: Mapping[str, Mapping[str, Any]]) -> None:
    """Write the rows, and the page that is made from them."""
    ordered = {one.adapter: rows[one.adapter] for one in LIBRARIES if one.adapter in rows}
    JSON.write_text(json.dumps(ordered, indent=1) + "\n", encoding="utf-8")
    MARKDOWN.write_text(page(ordered), encoding="utf-8")


def page(rows: Mapping[str, Mapping[str, Any]], defects: Iterable[Defect] = DEFECTS) -> str:
    """FOUND.md."""
    defects = list(defects)
    parts = [_INTRODUCTION, _table(_HEAD, (_of_library(name, one, defects) for name, one in rows.items()))]
    for kind, title in ((DEFECT, "## Defects"), (BY_DESIGN, "## By design")):
        parts += [title, "", _table(_ENTRY, (_of_entry(one) for one in defects if one.kind == kind))]
    return "\n".join(parts)


_HEAD = ("library", "versions", "clauses passed", "known deviations", "defects", "by design", "failed", "seconds")
_ENTRY = ("library", "versions", "call", "got", "expected", "confirmed by", "issue", "clauses")


def _of_library(adapter: str, row: Mapping[str, Any], defects: Iterable[Defect]) -> list[str]:
    own = [one for one in defects if adapter in one.adapters]
    counts = [str(sum(one.kind == kind for one in own)) for kind in (DEFECT, BY_DESIGN)]
    counted = [str(row["passed"]), str(len(row["known_deviations"])), *counts]
    return [
        BY_ADAPTER[adapter].title,
        row["versions"].replace(": ", " "),
        *counted,
        ", ".join(row["failed"]) or "none",
        str(row["seconds"]),
    ]


def _of_entry(one: Defect) -> list[str]:
    clauses = ", ".join(dict.fromkeys(seen.clause for seen in one.seen)) or "beside the clauses"
    return [one.library, one.versions, _code(one.call), one.got, one.expected, one.confirmed, one.link, clauses]


def _code(text: str) -> str:
    return f"`{text}`"


def _table(head: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = list(head)
    lines = [head, ["---"] * len(head), *([cell.replace("|", "\\|") for cell in one] for one in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines) + "\n"
