"""Results on disk are read as the schema describes them, as a stream; what is no result is refused with a reason."""

import copy
import json

import jsonschema
import pytest

from tests.harness.reports import folder, reading_result
from tests.harness.reports.reading_row import NotAResult, Points
from tests.harness.spec.suite_hash import hash_of_the_suite
from tests.selftest import made_results
from tests.selftest.conftest import SCHEMA


@pytest.fixture
def written(tmp_path):
    """Write a JSON, or a text, and give its path."""

    def write(content, name="result.json"):
        path = tmp_path / name
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf-8")
        return path

    return write


def lines(content, head=True):
    """As PATH.rows holds it."""
    rest = {key: value for key, value in content.items() if key != "implementations"}
    return "".join(json.dumps(one) + "\n" for one in [*[rest] * head, *content["implementations"]])


@pytest.mark.parametrize("content", [made_results.result(30), made_results.result(0, made_results.HOSTILE)])
def test_made_results_are_what_the_schema_describes(content):
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.Draft202012Validator(SCHEMA).validate(json.loads(json.dumps(content)))


def places(value, path=()):
    """Every object in a JSON: its path and itself."""
    if isinstance(value, dict):
        yield path, value
        for key, one in value.items():
            yield from places(one, (*path, key))
    elif isinstance(value, list):
        for at, one in enumerate(value):
            yield from places(one, (*path, at))


OPEN = {"asked", "environment", "declared", "devices", "functions", "clauses"}

INSIDE_OPEN = (("suite", "assignment", "points"), ("suite", "asked", "assignment"))


def test_the_schema_knows_every_key_and_misses_none():
    content = made_results.result(1)
    validator = jsonschema.Draft202012Validator(SCHEMA)
    closed = [path for path, _ in places(content) if not OPEN & {*path[-1:]} and path[:3] not in INSIDE_OPEN]
    assert len(closed) > 50
    for path in closed:
        more = copy.deepcopy(content)
        place = more
        for key in path:
            place = place[key]
        place["surprise"] = 1
        assert not validator.is_valid(more), path


@pytest.mark.parametrize(
    "change",
    [
        lambda content: content.update(schema_version=1),
        lambda content: content["suite"].pop("assignment"),
        lambda content: content["implementations"][0].pop("declared"),
        lambda content: content["implementations"][0].update(verdict="not implemented"),
        lambda content: content["implementations"][0]["functions"]["sigmoid"].update(textbook="ok"),
        lambda content: content["implementations"][0]["functions"]["sigmoid"].pop("clauses"),
        lambda content: content["implementations"][0]["functions"]["sigmoid"]["points"].update(earned=-1),
        lambda content: next(iter(clauses(content).values())).update(severity="bad"),
        lambda content: next(iter(clauses(content).values())).update(cause="softmax"),
        lambda content: next(iter(clauses(content).values())).pop("expected"),
    ],
)
def test_the_schema_refuses_what_breaks_the_contract(change):
    content = made_results.result(2)
    change(content)
    assert not jsonschema.Draft202012Validator(SCHEMA).is_valid(content)


def clauses(content):
    return content["implementations"][0]["functions"]["sigmoid"]["clauses"]


@pytest.mark.parametrize("piece", [11, 1000, 1 << 20])
def test_a_stream_gives_what_is_in_the_file(written, monkeypatch, piece):
    monkeypatch.setattr(reading_result, "_PIECE", piece)
    content = made_results.result(2)
    for name, text in [
        ("a.json", json.dumps(content)),
        ("b.json", json.dumps(content, indent=2, sort_keys=True)),
        ("c.rows", lines(content)),
    ]:
        result = reading_result.read(written(text, name))
        assert result.suite == content["suite"]
        assert result.functions == list(made_results.WORTH) or set(result.functions) == set(made_results.WORTH)
        rows = list(result.rows())
        assert [row.name for row in rows] == result.names == [row["name"] for row in content["implementations"]]
        for row, raw in zip(rows, content["implementations"], strict=True):
            assert row.verdict == raw["verdict"]
            assert row.points == (Points(**raw["points"]) if raw["points"] else None)
            assert {one.name: one.levels for one in row.functions.values()} == {
                name: {level: one[level] for level in ("textbook", "robust")} for name, one in raw["functions"].items()
            }


def test_of_two_rows_of_a_name_in_rows_the_last_counts_and_a_torn_one_not(written):
    first, second = made_results.submission("a.py", 1), made_results.submission("b.py", 2)
    content = {**made_results.result(0), "implementations": [first, second, {**first, "reason": "again"}]}
    torn = json.dumps(made_results.submission("c.py", 3))[:500]
    result = reading_result.read(written(lines(content) + torn, "x.rows"))
    assert [(row.name, row.reason) for row in result.rows()] == [("b.py", None), ("a.py", "again")]
    assert "interrupted" in result.remarks[0]
    with pytest.raises(NotAResult, match="two rows"):
        reading_result.read(written(content))


def test_version_1_is_read_and_said(written):
    content = made_results.result(1)
    content["schema_version"] = 1
    del content["suite"]["assignment"]
    (row,) = content["implementations"]
    for key in ("declared", "not_looked_at", "points", "isolation", "remarks"):
        del row[key]
    reason = "not implemented: the implementation has no function of this name"
    row["functions"]["relu"] |= {
        "reason": reason,
        "clauses": {"RELU-VALUE": made_results.clause("RELU-VALUE", "skipped")},
    }
    for one in row["functions"].values():
        one.pop("points", None), one.pop("name", None)
        for clause in one.get("clauses", {}).values():
            for key in ("cause", "severity", "expected", "actual"):
                del clause[key]
    result = reading_result.read(written(content))
    assert "schema version 1" in result.remarks[0]
    assert "relu" not in result.functions
    assert [one.points for one in result.rows()] == [None]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "damaged"),
        ("{}", "not the result of a run"),
        ('{"implementations": [{},]}', "row 1: functions: got None"),
        ('{"a": 1 "b": 2}', "damaged"),
        ("[]", "damaged"),
        ('{"implementations": []}', "not the result of a run"),
        ('{"a": 1} x', "after its end"),
        ('{"a": NaN}', "NaN"),
        ("[" * 100_000, "damaged"),
        ('{"a": ' + "[" * 100_000, "Error"),
        ("\x00\x01", "damaged"),
    ],
)
def test_what_is_no_result_is_refused(written, text, says):
    with pytest.raises(NotAResult, match=says):
        reading_result.read(written(text))


def test_a_value_of_another_kind_is_refused_or_shown_and_never_breaks_a_report(written, tmp_path):
    """Each key of a result once, with each of these values: whatever ``read`` lets through can be written."""
    content = made_results.result(1)
    content["implementations"] = [made_results.row("a.py", {"sigmoid": made_results.function("sigmoid", "fails", "x")})]
    tried, refused = set(), 0
    for path, place in places(content):
        for key in [key for key in place if (path[-1:], key) not in tried]:
            tried.add((path[-1:], key))
            kept = place[key]
            for wrong in (None, True, -1, "x", ["x"], [{}], {"x": 1}):
                place[key] = wrong
                try:
                    list(folder.write(reading_result.read(written(content)), tmp_path / "report", {}))
                except NotAResult:
                    refused += 1
            place[key] = kept
    assert len(tried) > 60
    assert refused > 200


def test_a_result_of_another_version_of_the_suite_is_shown_with_a_remark(written):
    content = made_results.result(1)
    assert "Another version" in reading_result.read(written(content)).remarks[0]
    content["suite"]["sources"] = hash_of_the_suite()
    assert reading_result.read(written(content)).remarks == []


def test_a_damaged_result_is_refused_wherever_it_breaks(written):
    text = json.dumps(made_results.result(1))
    for end in range(0, len(text) - 1, 97):
        with pytest.raises(NotAResult):
            reading_result.read(written(text[:end]))


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda content: content.update(schema_version=3), "schema version 3"),
        (
            lambda content: content["implementations"][1].pop("functions"),
            "row 2: functions: got None, expected an object",
        ),
        (lambda content: content["implementations"][1].update(verdict="ok"), "got 'ok'"),
        (lambda content: content["implementations"][1].update(name=None), "expected a text"),
    ],
)
def test_a_wrong_part_is_named(written, change, says):
    content = made_results.result(2)
    change(content)
    with pytest.raises(NotAResult, match=says):
        reading_result.read(written(content))
    with pytest.raises(NotAResult, match="name the file"):
        reading_result.read(written("{}").with_name("missing.json"))
