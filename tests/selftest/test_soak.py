"""A record of a soak counts only what was judged as things are now."""

import json

from tests.harness.spec.suite_hash import hash_of_the_suite
from tests.selftest.soak import circumstances, reusable

NOW = {"profile": "quick", "versions": {"numpy": "2"}, "suite": "ab"}


def line(seed: int, **changed) -> str:
    return json.dumps({"seed": seed, "variants": 3, "accused": [], **NOW, **changed})


def test_results_of_the_same_circumstances_are_reused_once():
    assert [result["seed"] for result in reusable([line(1), line(0), line(1)], NOW, seeds=5)] == [0, 1]


def test_no_others_are():
    others = [
        line(0, profile="default"),
        line(0, versions={"numpy": "3"}),
        line(0, suite="cd"),
        line(5),
        '{"seed": 1',
        "7",
    ]
    assert reusable(others, NOW, seeds=5) == []


def test_the_hash_is_of_what_a_verdict_depends_on(tmp_path):
    (tmp_path / "conformance.md").write_text("")
    before = hash_of_the_suite(tmp_path)
    (tmp_path / "reference").mkdir()
    (tmp_path / "reference" / "losses.py").write_text("1")
    assert hash_of_the_suite(tmp_path) != before
    assert circumstances("quick")["suite"] == hash_of_the_suite()
