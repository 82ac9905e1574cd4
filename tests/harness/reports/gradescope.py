"""A row as Gradescope's ``results.json``, and the command that writes it for a run of one submission.

    python -m tests.harness.reports.gradescope RESULT.json OUT.json

The format is that of https://gradescope-autograders.readthedocs.io/en/latest/specs/ ("Output format"). Every text is
sent as plain text. Without an assignment each function that is there counts one point, all or nothing.
"""

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from impls.text import printable_lines
from tests.harness.reports import words
from tests.harness.reports.reading_result import Result, read
from tests.harness.reports.reading_row import CONFORMS, NOT_JUDGED, Function, NotAResult, Row


def of_row(result: Result, row: Row) -> dict[str, Any]:
    """The results of ``row``: a test for each function, with points, verdict and the worst failure."""
    tests = [_test(result, row, one) for one in words.asked_functions(result, row)]
    output = [f"{row.verdict}: {words.lead(result, row)}"]
    output += [f"Reason: {row.reason}"] if row.reason else []
    output += [f"Note: {remark}" for remark in row.remarks]
    output += [f"Not looked at: {', '.join(row.not_looked_at)}"] if row.not_looked_at else []
    output += [f"Isolation: {row.isolation}"] if row.isolation else []
    if not result.possible:
        output.append("No assignment gave points: each function counts one point, all or nothing.")
    undecided = [one["name"] for one in tests if "score" not in one]
    if undecided:
        output.append(f"A person has to give the points for: {', '.join(undecided)}.")
    said: dict[str, Any] = {
        "output": printable_lines("\n".join(output)),
        "output_format": "text",
        "test_output_format": "text",
        "test_name_format": "text",
        "visibility": "visible",
        "stdout_visibility": "hidden",
        "tests": tests,
    }
    if undecided or not tests:  # Gradescope needs a score here, unless every test has one
        said["score"] = sum(one.get("score", 0) for one in tests)
    return said


def _test(result: Result, row: Row, one: Function) -> dict[str, Any]:
    verdict = one.levels[row.level]
    test: dict[str, Any] = {"name": one.name}
    possible = result.possible.get(one.name, 1)
    test["max_score"] = one.points.possible if one.points else possible
    if one.points:
        test["score"] = one.points.earned
    elif verdict != NOT_JUDGED and not result.possible:
        test["score"] = possible * (verdict == CONFORMS)
    test["status"] = "passed" if verdict == CONFORMS else "failed"
    lines = [f"{one.own or one.name}: {verdict}"]
    lines += [f"reason: {one.reason}"] if one.reason else []
    failures = [clause for clause in one.failures(row.level) if clause.cause is None]
    for clause in failures[:1]:
        lines += ["", words.requirement(clause.id), f"{words.what(clause)} {clause.message or ''}".rstrip()]
        lines += [f"It behaves as a function that {phrase}." for phrase in clause.diagnosis]
        for label in ("counterexample", "actual", "expected"):
            if text := getattr(clause, label):
                lines += [{"counterexample": "Input:", "actual": "Got:", "expected": "Expected:"}[label], text]
        lines += [f"Clause {clause.id} ({clause.level}). See it again:", words.again(result, row, clause.id)]
    if len(failures) > 1:
        lines += ["", f"Clauses that fail as well: {', '.join(clause.id for clause in failures[1:])}"]
    for clause in one.failures(row.level):
        lines += [f"{clause.id} fails for the same reason as {clause.cause}."] if clause.cause else []
    test["output"] = printable_lines("\n".join(lines))
    return test


def text(results: dict[str, Any]) -> str:
    """As it is written to a file."""
    return json.dumps(results, indent=2, allow_nan=False, ensure_ascii=True) + "\n"


def main(arguments: Sequence[str]) -> int:
    """Write the results of the only row of a result. Ends with 1 where there is none or more than one."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.harness.reports.gradescope", description="Write Gradescope's results.json."
    )
    parser.add_argument("result", type=Path, metavar="RESULT.json")
    parser.add_argument("out", type=Path, metavar="OUT.json")
    asked = parser.parse_args(arguments)
    try:
        result = read(asked.result)
        rows = list(result.rows())
        if len(rows) != 1:
            raise NotAResult(f"{asked.result} holds {len(rows)} submissions, one is needed")
        asked.out.write_text(text(of_row(result, rows[0])), encoding="utf-8")
    except (NotAResult, OSError) as wrong:
        print(printable_lines(str(wrong)), file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
