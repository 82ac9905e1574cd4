"""Every known mistake is caught by the clause that names it, every clause catches one, no right variant is accused."""

import ast
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import settings

import reference
from tests import mistakes as known_mistakes
from tests.conformance import every_test_imported
from tests.harness.judging.judge import ERROR, FAILED, PASSED, Outcome
from tests.harness.spec.clauses import CLAUSES
from tests.mistakes import MISTAKES
from tests.mistakes.framework_bugs import FRAMEWORK_BUGS, NOT_REPLICATED
from tests.selftest import power, soak
from tests.selftest.right_variants import VARIANTS


@pytest.fixture(scope="module", autouse=True)
def _quick_profile():
    every_test_imported()
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


@pytest.fixture(scope="module")
def outcomes() -> dict[str, Outcome]:
    return {mistake.name: outcome for mistake, _, outcome in power.outcomes(power.on_their_clauses(), power.SEED)}


@pytest.mark.parametrize("name", MISTAKES)
def test_the_mistake_is_caught_by_the_clause_that_names_it(outcomes, name):
    assert power.caught(outcomes[name]), f"{MISTAKES[name].clause.id}: {outcomes[name]}"


@pytest.mark.parametrize("id", CLAUSES)
def test_the_clause_catches_a_known_mistake(outcomes, id):
    named = [mistake.name for mistake in MISTAKES.values() if mistake.clause.id == id]
    assert any(power.caught(outcomes[name]) for name in named), f"no known mistake names {id}"


def test_a_mistake_whose_code_does_not_run_is_not_caught():
    assert power.caught(Outcome(FAILED))
    assert power.caught(Outcome(ERROR, message="softmax raised ValueError: read-only (of_softmax.py:1)"))
    assert not power.caught(Outcome(ERROR, message="softmax raised NameError: name 'e' is not defined"))
    assert not power.caught(Outcome(ERROR, message="softmax raised TypeError: softmax() takes 1 positional argument"))
    assert not power.caught(Outcome(PASSED))


def test_no_two_mistakes_of_a_function_are_the_same_code():
    alike = defaultdict(list)
    for path in Path(known_mistakes.__file__).parent.glob("of_*.py"):
        for node in ast.parse(path.read_text(encoding="utf-8")).body:
            if isinstance(node, ast.FunctionDef) and (clauses := _clauses_named(node)):
                code = ast.dump(ast.Module([node.args, *node.body], []))
                alike[CLAUSES[clauses[0]].function, code].append(node.name)
    assert len(alike) > len(MISTAKES) / 2
    assert [names for names in alike.values() if len(names) > 1] == []


def _clauses_named(node: ast.FunctionDef) -> list[str]:
    """The clauses that the decorators of a mistake name."""
    arguments = [one.args[0] for one in node.decorator_list if isinstance(one, ast.Call) and one.args]
    return [one.value for one in arguments if isinstance(one, ast.Constant) and one.value in CLAUSES]


def test_every_framework_bug_is_replicated_or_listed_with_the_reason():
    replicated = {mistake.bug for mistake in MISTAKES.values() if mistake.bug}
    assert replicated | set(NOT_REPLICATED) == set(FRAMEWORK_BUGS)
    assert not replicated & set(NOT_REPLICATED)


@pytest.mark.parametrize("bug", NOT_REPLICATED)
def test_the_reason_for_not_replicating_a_bug_holds(bug):
    assert NOT_REPLICATED[bug].holds(), NOT_REPLICATED[bug].reason


@pytest.mark.parametrize("function", reference.FUNCTIONS)
def test_no_right_variant_is_accused(function):
    accused = soak.accusations(VARIANTS.values(), seed=0, functions=(function,))
    assert not (found := [f"{name} on {id}: {message}" for name, id, message in accused]), "\n".join(found)
