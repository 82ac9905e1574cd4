"""Every known mistake is caught by the clause that names it, every clause catches one, no right variant is accused.

One mistake is judged in seconds: ``-k "sigmoid and minus_sign"``.
"""

import inspect
from collections import Counter
from functools import cache

import pytest

import reference
from impls.backends import BACKENDS
from tests.harness.judging.outcome import ERROR, FAILED, PASSED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES
from tests.mistakes import MISTAKES
from tests.mistakes.framework_bugs import FRAMEWORK_BUGS, NOT_REPLICATED
from tests.mistakes.registry import HAND
from tests.selftest import power, soak
from tests.selftest.answers import Answers, alike, calls_of
from tests.selftest.candidates import outcomes
from tests.selftest.right_variants import VARIANTS

OF_CLAUSE = {id: [mistake for mistake in MISTAKES.values() if mistake.clause.id == id] for id in CLAUSES}
BY_CLAUSE = [mistake.name for id in CLAUSES for mistake in OF_CLAUSE[id]]
"""The examples of a clause are drawn once for all its mistakes, where these come one after the other."""


pytestmark = pytest.mark.usefixtures("quick_profile")


@pytest.fixture(scope="module")
def examples() -> Examples:
    return Examples(power.SEED)


@pytest.fixture(scope="module")
def outcome(examples):
    @cache
    def of(name: str) -> Outcome:
        mistake = MISTAKES[name]
        return outcomes(mistake.make, mistake.clause.function, mistake.clause.id, examples, mistake.task)

    return of


@pytest.mark.parametrize("name", BY_CLAUSE, ids=[name.replace(" ", "_") for name in BY_CLAUSE])
def test_the_mistake_is_caught_by_the_clause_that_names_it(outcome, name):
    assert power.caught(outcome(name)), f"{MISTAKES[name].clause.id}: {outcome(name)}"


@pytest.mark.parametrize("id", CLAUSES)
def test_the_clause_catches_a_known_mistake(outcome, id):
    assert any(power.caught(outcome(mistake.name)) for mistake in OF_CLAUSE[id]), f"no known mistake names {id}"


def test_a_mistake_whose_code_does_not_run_is_not_caught():
    assert power.caught(Outcome(FAILED))
    assert power.caught(Outcome(ERROR, message="softmax raised ValueError: read-only (of_softmax.py:1)"))
    assert not power.caught(Outcome(ERROR, message="softmax raised NameError: name 'e' is not defined"))
    assert not power.caught(Outcome(ERROR, message="softmax raised TypeError: softmax() takes 1 positional argument"))
    assert not power.caught(Outcome(PASSED))


@pytest.mark.parametrize("id", [id for id in CLAUSES if not CLAUSES[id].large])
def test_no_two_mistakes_give_the_same_answers_on_all_examples(examples, id):
    for task in {mistake.task: None for mistake in OF_CLAUSE[id]}:
        calls = calls_of(id, examples, task)
        seen: list[tuple[str, Answers]] = []
        for mistake in (one for one in OF_CLAUSE[id] if one.task == task):
            answers = Answers(mistake.make, calls)
            twins = [name for name, others in seen if alike(answers, others)]
            assert not twins, f"{id}: {mistake.misconception!r} answers like {twins}"
            seen.append((mistake.misconception, answers))


def test_mistakes_are_of_many_kinds():
    families = Counter(mistake.family for mistake in MISTAKES.values() if mistake.family != HAND)
    assert len(MISTAKES) >= 1000
    assert max(families.values()) <= len(MISTAKES) / 3
    assert all(not mistake.misconception[0].isupper() for mistake in MISTAKES.values())


def test_every_framework_bug_is_replicated_or_listed_with_the_reason():
    replicated = {mistake.bug for mistake in MISTAKES.values() if mistake.bug}
    assert replicated | set(NOT_REPLICATED) == set(FRAMEWORK_BUGS)
    assert not replicated & set(NOT_REPLICATED)


@pytest.mark.parametrize("bug", NOT_REPLICATED)
def test_the_reason_not_to_replicate_a_bug_still_holds(bug, examples):
    reason = NOT_REPLICATED[bug]
    assert [reason.absent_function, reason.absent_parameter, reason.absent_clause, reason.absent_library].count(
        None
    ) == 3 + (reason.allowed is not None)
    assert reason.absent_function not in reference.FUNCTIONS
    assert reason.absent_clause not in CLAUSES
    assert reason.absent_library not in BACKENDS
    for function in reference.FUNCTIONS:
        assert reason.absent_parameter not in inspect.signature(getattr(reference, function)).parameters
    if reason.allowed:
        id, replica = reason.allowed
        assert outcomes(lambda: replica, CLAUSES[id].function, id, examples).outcome == PASSED


@pytest.mark.parametrize("function", reference.FUNCTIONS)
def test_no_right_variant_is_accused(function):
    accused = soak.accusations(VARIANTS.values(), seed=0, functions=(function,))
    assert not (found := [f"{name} on {id}: {message}" for name, id, message in accused]), "\n".join(found)
