"""From outcomes to verdicts: the order of precedence, and that nothing unchecked ever passes."""

import pytest

from tests.harness.judging.outcome import ERROR, FAILED, KNOWN_DEVIATION, PASSED, SKIPPED, Outcome
from tests.harness.reports.verdicts import FunctionVerdict, Verdict, charged, of_function, of_implementation, remarks
from tests.harness.spec.clauses import Clause
from tests.selftest.candidates import candidate

CLAUSES = [Clause(f"T-{number}", "textbook", "f", "MUST", "slide") for number in (1, 2)] + [
    Clause("R-1", "robust", "f", "MUST", "floating point")
]
UNWRITTEN = Outcome(SKIPPED, 25, message="not implemented: f returns None", unimplemented=True)


def judged(first: Outcome | None, second: Outcome | None, robust: Outcome | None) -> FunctionVerdict:
    outcomes = zip((clause.id for clause in CLAUSES), (first, second, robust), strict=True)
    return of_function(CLAUSES, {id: outcome for id, outcome in outcomes if outcome})


def outcome(name: str) -> Outcome:
    return Outcome(name, 25)


@pytest.mark.parametrize(
    ("outcomes", "textbook", "robust"),
    [
        ((PASSED, PASSED, PASSED), "conforms", "conforms"),
        ((PASSED, PASSED, FAILED), "conforms", "fails"),
        ((PASSED, FAILED, PASSED), "fails", "fails"),
        ((FAILED, ERROR, PASSED), "error", "error"),
        ((PASSED, KNOWN_DEVIATION, PASSED), "conforms", "conforms"),
        ((PASSED, SKIPPED, PASSED), "not run", "not run"),
        ((FAILED, SKIPPED, PASSED), "fails", "fails"),
    ],
)
def test_a_level_is_the_worst_of_its_clauses_and_robust_includes_textbook(outcomes, textbook, robust):
    assert judged(*map(outcome, outcomes)).levels == {"textbook": textbook, "robust": robust}


def test_a_clause_without_an_outcome_keeps_its_function_from_conforming():
    verdict = judged(outcome(PASSED), None, outcome(PASSED))
    assert verdict.levels == {"textbook": "not run", "robust": "not run"}
    assert verdict.outcomes["T-2"].outcome == SKIPPED


def test_a_stub_is_not_implemented_even_where_refusing_everything_passes_a_robust_clause():
    verdict = judged(UNWRITTEN, UNWRITTEN, outcome(PASSED))
    assert verdict.levels == {"textbook": "not implemented", "robust": "not implemented"}


def test_a_function_written_for_some_clauses_only_is_in_error():
    verdict = judged(outcome(PASSED), UNWRITTEN, outcome(PASSED))
    assert verdict.levels == {"textbook": "error", "robust": "error"}
    assert "in part" in verdict.reason


def test_an_absent_function_is_not_implemented():
    assert of_function(CLAUSES, {}, absent=True).levels["textbook"] == "not implemented"


def implementation(*functions: FunctionVerdict, level="robust", require_complete=False, must_complete=True):
    return of_implementation(dict(zip("fgh", functions, strict=False)), level, require_complete, must_complete)


CONFORMING = judged(outcome(PASSED), outcome(PASSED), outcome(PASSED))
FAILING_ROBUST = judged(outcome(PASSED), outcome(PASSED), outcome(FAILED))
ABSENT = of_function(CLAUSES, {}, absent=True)


def test_an_implementation_is_as_good_as_its_worst_function_at_the_required_level():
    assert implementation(CONFORMING, FAILING_ROBUST, ABSENT).verdict == "fails"
    assert implementation(CONFORMING, FAILING_ROBUST, ABSENT, level="textbook").verdict == "conforms"


def test_nothing_implemented_is_an_error():
    verdict = implementation(ABSENT, ABSENT)
    assert (verdict.verdict, "nothing was checked" in verdict.reason) == ("error", True)


def test_nothing_completed_is_an_error_unless_all_was_deselected():
    nothing = of_function(CLAUSES, {})
    assert implementation(nothing, must_complete=True).verdict == "error"
    assert implementation(nothing, must_complete=False).verdict == "not run"


def test_require_complete_makes_an_absent_function_a_failure_that_is_named():
    verdict = implementation(CONFORMING, ABSENT, require_complete=True)
    assert verdict.verdict == "fails"
    assert verdict.reason.endswith("not implemented: g")


def test_an_impure_call_is_charged_to_the_pure_clause_of_its_own_function():
    outcomes = {
        "SIGMOID-VALUE": Outcome(
            PASSED, impure={"relu": "a later call of relu overwrote the result of an earlier one"}
        ),
        "SIGMOID-PURE": Outcome(PASSED),
        "RELU-PURE": Outcome(PASSED),
    }
    settled = charged(outcomes, lambda clause: True)
    assert settled["SIGMOID-PURE"].outcome == PASSED
    assert settled["RELU-PURE"].outcome == FAILED
    assert settled["RELU-PURE"].message.endswith("as seen on SIGMOID-VALUE")
    assert charged(outcomes, lambda clause: False) == outcomes


def test_what_is_refused_beyond_the_level_is_no_remark_on_its_verdict():
    implementation = candidate("it", {"softmax": lambda z: z})
    refused = {"SOFTMAX-NAN": Outcome(PASSED, 25, message="refused on 1 of 25 examples, as it may: it raised")}
    verdict = Verdict("fails", None, {"softmax": FunctionVerdict({}, refused)})
    assert remarks(implementation, verdict, "textbook") == []
    assert "SOFTMAX-NAN" in remarks(implementation, verdict, "robust")[0]
