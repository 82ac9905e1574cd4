"""A wrong implementation is told what it behaves as; a right one never is."""

import numpy as np
import pytest
from hypothesis import settings

from tests.conformance import every_test_imported
from tests.harness.judging.diagnosis import EXCHANGED, SINGLE
from tests.harness.judging.judge import judge
from tests.harness.judging.other_forms import TAKES_LABELS, TAKES_ROWS, TRANSPOSED
from tests.harness.judging.outcome import FAILED, PASSED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.mistakes import MISTAKES, suspects
from tests.selftest.candidates import candidate
from tests.selftest.diagnosed import diagnosed
from tests.selftest.disguises import DISGUISES, NAMELESS, accepted
from tests.selftest.named import Measured, measured

pytestmark = pytest.mark.usefixtures("quick_profile")


def judged(clause: str, function) -> Outcome:
    cited = CLAUSES[clause]
    implementation = candidate("it", {cited.function: function})
    return judge(PROPERTIES[clause], cited, implementation, Examples(0), (), 0, suspects.of)


def sum_of_losses_in_a_loop(y_hat, y):
    total = 0.0
    for row, target in zip(np.atleast_2d(y_hat), np.atleast_2d(y), strict=True):
        for p, t in zip(row, target, strict=True):
            total -= np.log(p) if t == 1 else 0.0
    return total


def cross_entropy_of(y_hat, y):
    with np.errstate(all="ignore"):
        return -np.mean(y * np.log(y_hat) + (1 - y) * np.log(1 - y_hat))


def cross_entropy_of_classes(y_hat, y):
    with np.errstate(all="ignore"):
        return -np.mean(np.sum(y * np.log(y_hat), axis=-1))


def softmax_over_the_batch_in_a_loop(z):
    columns = [np.exp(column) / sum(np.exp(column)) for column in np.atleast_2d(z).T]
    return np.array(columns).T.reshape(z.shape)


@pytest.mark.parametrize(
    ("clause", "function", "word"),
    [
        ("CE-VALUE", sum_of_losses_in_a_loop, "sum"),
        (
            "MSE-VALUE",
            lambda y_hat, y: sum((a - b) ** 2 for a, b in zip(y_hat.flat, y.flat, strict=True)) / y.size,
            "2",
        ),
        ("BCE-VALUE", lambda y_hat, y: cross_entropy_of(y, y_hat), "other order"),
        ("CE-VALUE", lambda y_hat, y: cross_entropy_of_classes(y, y_hat), "other order"),
        ("SIGMOID-VALUE", lambda z: 7 * 0 + -1 / (1 + np.e ** (-z)), "minus"),
    ],
)
def test_the_misconception_is_named_however_it_is_written(clause, function, word):
    outcome = judged(clause, function)
    assert outcome.outcome == FAILED
    assert any(word in phrase for phrase in outcome.diagnosis), outcome.diagnosis


@pytest.mark.parametrize(
    ("clause", "function", "said"),
    [
        ("CE-VALUE", lambda y_hat, y: -np.mean(np.log(y_hat[range(len(y)), y])), TAKES_LABELS),
        ("CE-VALUE", lambda y_hat, y: -np.sum(np.log(y_hat[range(len(y)), y])), None),
        ("LOGITS-VALUE", lambda z, y: np.mean(np.log(np.exp(z).sum(1)) - (z * y).sum(1)), TAKES_ROWS),
        ("LINEAR-VALUE", lambda x, W, b: x @ W + b, TRANSPOSED),
        ("LINEAR-PURE", lambda x, W, b: x @ W.T + np.add(b, 0, out=x[:1, :1]) * 0 + b, None),
    ],
)
def test_a_loss_that_is_right_for_the_other_form_of_its_target_is_told_so(clause, function, said):
    assert judged(clause, function).diagnosis == ((said,) if said else ())


def loss_at_labels_that_wrap_around(z, labels):
    return np.mean(np.log(np.exp(z).sum(axis=1)) - z[range(len(z)), labels % z.shape[1]])


def test_arguments_without_another_form_are_told_nothing():
    outcome = judged("LOGITS-LABELS", loss_at_labels_that_wrap_around)
    assert (outcome.outcome, outcome.diagnosis) == (FAILED, ())


def rows_at_the_labels(y_hat, y):
    return -np.mean(np.log(y_hat[y.argmax(axis=1)]).sum(axis=1))


@pytest.mark.parametrize("clause", ["CE-VALUE", "CE-MEAN"])
def test_rows_in_the_place_of_numbers_are_named_and_no_other_mistake_is(clause):
    (said,) = judged(clause, rows_at_the_labels).diagnosis
    assert said.startswith("takes whole rows, y_hat[label]")


@pytest.mark.parametrize(
    ("clause", "function", "said"),
    [
        ("MSE-VALUE", lambda h, y: np.mean((np.float32(h) - np.float32(y)) ** 2) / 2, (SINGLE,)),
        ("RELU-VALUE", lambda z: np.maximum(np.float32(z), 0), (SINGLE,)),
        ("RELU-PURE", lambda z: np.maximum(z, 0, out=z), ()),
    ],
)
def test_single_precision_is_named(clause, function, said):
    outcome = judged(clause, function)
    assert outcome.outcome == FAILED
    assert tuple(one for one in outcome.diagnosis if one == SINGLE) == said


def test_what_gives_another_value_each_time_is_told_so():
    random = np.random.default_rng(0)
    outcome = judged("SIGMOID-VALUE", lambda z: random.random(z.shape))
    assert outcome.message.endswith("called again with the same arguments it gives another value")
    assert "called again" not in judged("SIGMOID-VALUE", np.tanh).message


def test_right_code_is_told_nothing():
    outcome = judged("SIGMOID-VALUE", lambda z: (1 + np.tanh(z / 2)) / 2)
    assert (outcome.outcome, outcome.diagnosis) == (PASSED, ())


def test_nothing_known_is_named_nothing():
    assert judged("SIGMOID-VALUE", lambda z: np.cos(z) / 3).diagnosis == ()


@pytest.fixture(scope="module")
def named() -> Measured:
    every_test_imported()
    before = settings.get_current_profile_name()
    settings.load_profile("quick")
    found = measured()
    settings.load_profile(before)
    return found


def test_disguised_mistakes_are_named_first(named):
    """The whole measurement is ``python -m tests.selftest.named``."""
    assert len(named.named) + len(named.missed) == len(DISGUISES) >= 300
    assert named.share >= 0.95, "\n".join(named.missed)


def test_no_wrong_name_is_given(named):
    assert not named.wrong, "\n".join(named.wrong)


def test_what_has_no_name_fails_and_is_told_none(named):
    silent = len(named.silent)
    assert silent == len(NAMELESS) >= 60


def test_every_accepted_phrase_is_the_diagnosis_own():
    own = {mistake.misconception for mistake in MISTAKES.values()} | {
        EXCHANGED,
        SINGLE,
        TAKES_LABELS,
        TAKES_ROWS,
        TRANSPOSED,
    }
    phrases = [phrase for of_mistake in accepted().values() for phrase in of_mistake]
    assert not [phrase for phrase in phrases if phrase not in own and not phrase.endswith((" that", " value"))]


def test_most_mistakes_are_named_among_the_first_two():
    """The whole measurement is ``python -m tests.selftest.diagnosed``."""
    mistakes = [one for one in MISTAKES.values() if one.clause.id in ("SOFTMAX-VALUE", "MSE-VALUE")]
    examples = Examples(0)
    named = [
        one.misconception in diagnosed(one, examples).diagnosis
        for one in sorted(mistakes, key=lambda one: one.clause.id)
    ]
    assert sum(named) >= 0.9 * len(named)
