"""A known deviation excuses its own inputs, on its own versions, as long as it lasts, and nothing else."""

from dataclasses import replace

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings

from impls import Implementation
from tests.conformance.known_deviations import KNOWN_DEVIATIONS
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import ERROR, FAILED, KNOWN_DEVIATION, PASSED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, Property
from tests.harness.spec.deviations import KnownDeviation
from tests.selftest.candidates import candidate

RELU = CLAUSES["RELU-VALUE"]


def check(impl, z):
    impl.check.relu(z)


ON_SMALL_INTEGERS = Property("check", (RELU,), check, {"z": st.integers(-5, 5).map(lambda n: np.array([float(n)]))}, ())


def wrong_above(limit: float) -> Implementation:
    """A ReLU that doubles what is above ``limit``, as of version 2.1 of a library."""
    made = candidate("lib", {"relu": lambda z: np.where(z > limit, 2 * z, np.maximum(0, z))})
    return replace(made, versions={"lib": "2.1"})


ENTRY = KnownDeviation(
    clause="RELU-VALUE",
    implementations=("lib",),
    library="lib",
    versions=">=2,<3",
    covers_values=lambda z: z[0] > 3,
    shown_by={"z": np.array([4.0])},
    reason="doubles large numbers",
    link="https://example.org/1",
)


@pytest.fixture(autouse=True)
def _quick_profile():
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


def judged(implementation: Implementation, *entries: KnownDeviation) -> Outcome:
    applying = [entry for entry in entries if entry.applies_to(RELU.id, implementation)]
    return judge(ON_SMALL_INTEGERS, RELU, implementation, Examples(0), applying, shrink_budget=10)


def test_its_own_inputs_are_excused():
    outcome = judged(wrong_above(3), ENTRY)
    assert outcome.outcome == KNOWN_DEVIATION
    assert "doubles large numbers (https://example.org/1)" in outcome.message


def test_without_the_entry_they_fail():
    assert judged(wrong_above(3)).outcome == FAILED


def test_other_inputs_are_not_excused():
    assert judged(wrong_above(2), ENTRY).outcome == FAILED


def test_an_entry_about_calls_excuses_no_other_call_of_the_same_example():
    def of_many(impl, z):
        for number in (4.0, 5.0, 2.0, float(z[0])):
            impl.check.relu(np.array([number]))

    def judged_on_many(implementation: Implementation, entry: KnownDeviation) -> Outcome:
        property_ = Property("of_many", (RELU,), of_many, ON_SMALL_INTEGERS.strategies, ())
        return judge(property_, RELU, implementation, Examples(0), [entry], shrink_budget=10)

    about_calls = replace(ENTRY, covers_values=lambda z: True, covers_call=lambda z: z[0] > 3)
    assert judged_on_many(wrong_above(3), about_calls).outcome == KNOWN_DEVIATION
    outcome = judged_on_many(wrong_above(1), about_calls)
    assert outcome.outcome == FAILED
    assert "2.0" in outcome.counterexample


def test_an_entry_about_elements_excuses_no_other_element_of_the_same_call():
    entry = replace(ENTRY, covers_call=lambda z: z > 3)
    values, arguments = {"z": np.array([4.0])}, [(np.array([4.0, 2.0, 5.0]),)]
    assert entry.excuses(values, arguments, np.array([True, False, True]))
    assert not entry.excuses(values, arguments, np.array([True, True, False]))
    assert not entry.excuses(values, arguments)
    in_a_sweep = replace(entry, covers_values=lambda z: True)
    sweep = Property("sweep", (RELU,), lambda impl, z: impl.check.relu(np.array([1.0, 2, 4, 5])), {}, ({"z": None},))
    shown = replace(in_a_sweep, shown_by={"z": None})
    for limit, expected in ((3, KNOWN_DEVIATION), (1, FAILED)):
        assert judge(sweep, RELU, wrong_above(limit), Examples(0), [shown], shrink_budget=0).outcome == expected


def test_an_entry_that_no_longer_deviates_is_an_error():
    outcome = judged(wrong_above(100), ENTRY)
    assert outcome.outcome == ERROR
    assert "no longer deviates" in outcome.message


def test_an_entry_does_not_live_on_what_another_one_excuses():
    def of_two(impl, z):
        for number in (5.0, float(z[0])):
            impl.check.relu(np.array([number]))

    property_ = Property("of_two", (RELU,), of_two, ON_SMALL_INTEGERS.strategies, ())
    lives = replace(ENTRY, covers_values=lambda z: True, covers_call=lambda z: z[0] > 4)
    past = replace(lives, covers_call=lambda z: z[0] == 4)
    outcome = judge(property_, RELU, wrong_above(4), Examples(0), [lives, past], shrink_budget=0)
    assert outcome.outcome == ERROR
    assert "no longer deviates" in outcome.message
    assert judge(property_, RELU, wrong_above(4), Examples(0), [lives], shrink_budget=0).outcome == KNOWN_DEVIATION


@pytest.mark.parametrize("change", [{"versions": "<2"}, {"implementations": ("other",)}, {"clause": "RELU-NAN"}])
def test_an_entry_of_another_version_implementation_or_clause_does_not_apply(change):
    assert judged(wrong_above(3), replace(ENTRY, **change)).outcome == FAILED
    assert judged(wrong_above(100), replace(ENTRY, **change)).outcome == PASSED


def test_every_recorded_entry_names_a_clause_and_says_why():
    for entry in KNOWN_DEVIATIONS:
        assert entry.clause in CLAUSES
        assert entry.reason
        assert entry.link.startswith("https://")
        assert entry.covers(entry.shown_by)
