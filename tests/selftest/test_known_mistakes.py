"""Every known mistake is caught by the clause that names it, every clause catches one, no right variant is accused."""

import pytest
from hypothesis import settings

import reference
from tests.conformance import every_test_imported
from tests.harness.clauses import CLAUSES
from tests.selftest import power, soak
from tests.selftest.known_mistakes import MISTAKES
from tests.selftest.known_mistakes.framework_bugs import FRAMEWORK_BUGS, NOT_REPLICATED
from tests.selftest.right_variants import VARIANTS


@pytest.fixture(scope="module", autouse=True)
def _quick_profile():
    every_test_imported()
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, str]:
    return {mistake.name: outcome for mistake, _, outcome in power.outcomes(power.on_their_clauses(), power.SEED)}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_caught_by_the_clause_that_names_it(outcomes, name):
    assert power.caught(outcomes[name]), f"{MISTAKES[name].clause.id}: {outcomes[name]}"


@pytest.mark.parametrize("id", CLAUSES)
def test_the_clause_catches_a_known_mistake(outcomes, id):
    named = [mistake.name for mistake in MISTAKES.values() if mistake.clause.id == id]
    assert any(power.caught(outcomes[name]) for name in named), f"no known mistake names {id}"


def test_every_framework_bug_is_replicated_or_listed_with_the_reason():
    replicated = {mistake.bug for mistake in MISTAKES.values() if mistake.bug}
    assert replicated | set(NOT_REPLICATED) == set(FRAMEWORK_BUGS)
    assert not replicated & set(NOT_REPLICATED)


@pytest.mark.parametrize("function", reference.FUNCTIONS)
def test_no_right_variant_is_accused(function):
    accused = soak.accusations(VARIANTS.values(), seed=0, functions=(function,))
    assert not (found := [f"{name} on {id}: {message}" for name, id, message in accused]), "\n".join(found)
