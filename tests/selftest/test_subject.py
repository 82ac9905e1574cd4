"""What an implementation returns is taken for what it is, and what it does to the world is undone."""

import os

import numpy as np
import pytest

from impls.submissions.file import exits_raising
from tests.harness.judging.judge import Judgement, judge
from tests.harness.judging.outcome import ERROR, PASSED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate

pytestmark = pytest.mark.usefixtures("quick_profile")


def judged(clause: str, function) -> Outcome:
    cited = CLAUSES[clause]
    return judge(
        PROPERTIES[clause], cited, candidate("it", {cited.function: function}), Examples(0), (), shrink_budget=0
    )


def half_mean_square(y_hat, y):
    return np.mean((y_hat - y) ** 2) / 2


@pytest.mark.parametrize("number", [float, np.float64, np.asarray])
def test_a_loss_may_be_any_kind_of_number(number):
    assert judged("MSE-VALUE", lambda y_hat, y: number(half_mean_square(y_hat, y))).outcome == PASSED


@pytest.mark.parametrize(
    "number", [lambda loss: complex(loss, 1), lambda loss: np.complex128(loss), str, np.str_, lambda loss: 10**400]
)
def test_a_loss_that_is_no_real_number_is_an_error(number):
    assert judged("MSE-VALUE", lambda y_hat, y: number(half_mean_square(y_hat, y))).outcome == ERROR


def test_a_neuron_of_one_example_may_give_a_python_float():
    def neuron(x, w, b):
        h = 1 / (1 + np.exp(-(x @ w + b)))
        return float(h) if x.ndim == 1 else h

    assert judged("NEURON-ONE", neuron).outcome == PASSED


def test_a_result_that_a_later_clause_overwrites_is_seen_when_the_function_ends():
    made: list = []

    def relu(z):
        if len(made) == 30:
            made[0][...] = 7
        made.append(np.maximum(z, 0))
        return made[-1]

    it, examples = candidate("it", {"relu": relu}), Examples(0)

    def impure(clause: str, ends: bool) -> list[str]:
        judgement = Judgement(PROPERTIES[clause], CLAUSES[clause], it, examples, (), 0, None, lambda _: ())
        return list(judgement.outcome(ends).impure)

    assert impure("RELU-VALUE", False) == impure("RELU-TAILS", False) == []
    assert len(made) > 30
    assert impure("RELU-TAILS", True) == ["relu"]


def test_an_error_names_the_line_it_was_raised_on():
    def relu(z):
        raise ValueError("no")

    assert "test_subject.py:" in judged("RELU-VALUE", relu).message


def test_the_global_state_of_torch_is_given_back():
    torch = pytest.importorskip("torch", reason="torch is not installed")

    def relu(z):
        torch.set_grad_enabled(False)
        torch.set_default_dtype(torch.float16)
        return np.maximum(z, 0)

    assert judged("RELU-VALUE", relu).outcome == PASSED
    assert torch.is_grad_enabled()
    assert torch.get_default_dtype() == torch.float32


def test_os_exit_raises_here_and_ends_a_child():
    with exits_raising():
        with pytest.raises(SystemExit):
            os._exit(0)
        if not (child := os.fork()):
            os._exit(7)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
