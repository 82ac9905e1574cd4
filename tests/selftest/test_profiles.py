"""Without an option a run is quick and the same each time; the larger profiles take a new seed each time."""

import pytest

from tests.harness.drawing import profiles


@pytest.mark.parametrize(
    ("named", "ci", "chosen"), [(None, "", "quick"), (None, "true", "ci"), ("default", "1", "default")]
)
def test_the_profile_without_an_option(monkeypatch, named, ci, chosen):
    monkeypatch.setenv("CI", ci)
    assert profiles.choose(named) == chosen


@pytest.mark.parametrize("profile", ["quick", "ci"])
def test_a_fixed_profile_has_seed_0_unless_another_is_named(profile):
    assert profiles.seed(None, profile) == 0
    assert profiles.seed("7", profile) == 7


@pytest.mark.parametrize("profile", ["default", "thorough"])
def test_a_larger_profile_takes_a_new_seed(profile):
    assert len({profiles.seed(None, profile) for _ in range(5)}) > 1


def test_every_profile_has_a_number_of_examples():
    assert set(profiles.FIXED) < set(profiles.EXAMPLES)
    assert sorted(profiles.EXAMPLES.values()) == [25, 100, 100, 1000]
