"""Examples are the same for everybody under one seed, and a failing one is shrunk within its budget."""

import hypothesis
import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import settings
from hypothesis.internal import floats
from hypothesis.internal.conjecture import providers

from tests.harness.drawing import drawing_and_shrinking as drawing
from tests.harness.drawing import profiles
from tests.harness.spec.clauses import Property


def property_(*examples, **strategies) -> Property:
    return Property("some_property", (), lambda impl, **values: None, strategies, examples)


LISTS = property_(numbers=st.lists(st.integers(0, 1000), max_size=20))


@pytest.fixture(autouse=True)
def _quick_profile():
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    yield
    settings.load_profile(before)


def holds_a_large_number(values) -> bool:
    return any(number >= 500 for number in values["numbers"])


def first_failing(examples) -> int:
    return next(index for index, values in enumerate(examples) if holds_a_large_number(values))


def test_one_seed_draws_one_sequence_and_another_seed_another():
    assert drawing.draw(LISTS, 1) == drawing.draw(LISTS, 1)
    assert drawing.draw(LISTS, 1) != drawing.draw(LISTS, 2)


def test_as_many_are_drawn_as_the_profile_says_after_the_explicit_ones():
    explicit = {"numbers": [7]}
    examples = drawing.draw(property_(explicit, **LISTS.strategies), 1)
    assert examples[0] == explicit
    assert len(examples) == 1 + 25


def test_a_property_that_draws_nothing_has_one_example():
    assert drawing.draw(property_(), 1) == [{}]


def test_a_failing_example_is_shrunk_to_the_smallest():
    examples = drawing.draw(LISTS, 1)
    smallest = drawing.shrink(LISTS, 1, examples, first_failing(examples), holds_a_large_number, budget=1000)
    assert smallest == {"numbers": [500]}


def test_shrinking_calls_the_implementation_only_from_the_failing_example_on_and_within_its_budget():
    examples = drawing.draw(LISTS, 1)
    at = first_failing(examples)
    tried = []

    def fails(values) -> bool:
        tried.append(values)
        return holds_a_large_number(values)

    smallest = drawing.shrink(LISTS, 1, examples, at, fails, budget=9)
    assert tried[0] == examples[at]
    assert len(tried) == 9
    assert holds_a_large_number(smallest)


def test_an_example_that_cannot_be_shrunk_is_given_as_it_is():
    explicit = {"numbers": [900, 1]}
    examples = drawing.draw(property_(explicit, **LISTS.strategies), 1)
    assert (
        drawing.shrink(property_(explicit, **LISTS.strategies), 1, examples, 0, holds_a_large_number, budget=100)
        is explicit
    )


def test_an_implementation_that_fails_only_once_still_gets_its_example():
    examples = drawing.draw(LISTS, 1)
    at = first_failing(examples)
    answers = iter([True])
    smallest = drawing.shrink(LISTS, 1, examples, at, lambda values: next(answers, False), budget=50)
    assert smallest == examples[at]


def test_drawn_arrays_cannot_be_written_to():
    arrays = property_(z=st.builds(np.zeros, st.integers(1, 3)))
    assert not any(values["z"].flags.writeable for values in drawing.draw(arrays, 1))


def test_every_property_has_its_own_seed():
    assert drawing.clause_seed(0, LISTS) != drawing.clause_seed(1, LISTS)


@pytest.mark.parametrize(
    ("owner", "name"),
    [(providers, "Constants"), (providers, "_get_local_constants"), (floats, "float_to_int")],
)
def test_a_hypothesis_without_a_name_that_the_suite_needs_is_refused_with_both_versions(monkeypatch, owner, name):
    monkeypatch.delattr(owner, name)
    with pytest.raises(profiles.UnsupportedHypothesis, match=rf"{hypothesis.__version__} .*{name}.* tested with 6\."):
        profiles.draw_without_constants_of_modules()


def test_a_hypothesis_that_cannot_tell_its_profile_is_refused(monkeypatch):
    monkeypatch.setattr(profiles, "settings", object())
    with pytest.raises(profiles.UnsupportedHypothesis, match="get_current_profile_name"):
        profiles.draw_without_constants_of_modules()


def test_such_a_hypothesis_ends_the_run_with_a_usage_error(suite, tmp_path):
    (tmp_path / "stranger.py").write_text(
        "from hypothesis.internal.conjecture import providers\ndel providers._get_local_constants\n"
    )
    result = suite("-p", "stranger", "--impl", "reference", environment={"PYTHONPATH": str(tmp_path)})
    assert result.exit_status == 4
    assert f"Hypothesis {hypothesis.__version__} is not supported" in result.output
