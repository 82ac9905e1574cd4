"""A test body runs once, on promises: what it does depends on no answer, and a missing answer passes nothing."""

import ast
from pathlib import Path

import numpy as np
import pytest

from impls.calling import Answer, Answers, CallFailed, Lost
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.judge import judge
from tests.harness.judging.kind import Kind
from tests.harness.judging.outcome import ERROR, FAILED, PASSED
from tests.harness.judging.planning import Examples
from tests.harness.judging.promise import PlanningError
from tests.harness.judging.subject import planned
from tests.harness.judging.trial import carried_out
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate

CONFORMANCE = Path(__file__).parents[1] / "conformance"
KIND = Kind.of(candidate("it", {}))
KNOWN = ("bound", "exact", "arithmetic", "cast", "kind")
"""What of ``impl`` is known while planning; everything else is, or leads to, an answer."""


pytestmark = pytest.mark.usefixtures("quick_profile")


def of_an_answer(node: ast.AST, answers: set[str]) -> bool:
    """Whether an expression holds a call of the implementation or a name that stands for what comes of one."""
    for one in ast.walk(node):
        if isinstance(one, ast.Name) and one.id in answers:
            return True
        of_impl = isinstance(getattr(one, "value", None), ast.Name) and one.value.id == "impl"
        if isinstance(one, ast.Subscript) and of_impl:
            return True
        if isinstance(one, ast.Attribute) and of_impl and one.attr not in KNOWN:
            return True
    return False


def branches_on_answers(function: ast.FunctionDef) -> list[int]:
    """The lines on which a body asks an answer for its truth, identity or type, or catches what planning raises."""
    answers: set[str] = set()
    found = []
    for node in ast.walk(function):
        if isinstance(node, ast.Assign) and of_an_answer(node.value, answers):
            answers |= {one.id for target in node.targets for one in ast.walk(target) if isinstance(one, ast.Name)}
    for node in ast.walk(function):
        if isinstance(node, ast.Assert | ast.Try):
            found.append(node.lineno)
        tests = [node.test] if isinstance(node, ast.If | ast.While | ast.IfExp) else []
        tests += node.ifs if isinstance(node, ast.comprehension) else []
        if isinstance(node, ast.Compare) and any(isinstance(op, ast.Is | ast.IsNot) for op in node.ops):
            tests.append(node)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "isinstance":
            tests.append(node)
        found += [test.lineno for test in tests if of_an_answer(test, answers)]
    return found


def test_no_body_branches_on_an_answer():
    checked = 0
    for path in [*sorted(CONFORMANCE.glob("test_*.py")), CONFORMANCE / "relations.py"]:
        for function in ast.walk(ast.parse(path.read_text())):
            if isinstance(function, ast.FunctionDef) and "impl" in {one.arg for one in function.args.args}:
                checked += 1
                assert not branches_on_answers(function), f"{path.name}, {function.name}"
    assert checked > 150


@pytest.mark.parametrize(
    "body",
    [
        "if impl.relu(z) is not None: pass",
        "h = impl.relu(z)\n    return 1 if h else 0",
        "assert True",
        "h = impl.attempt.relu(z)\n    isinstance(h, float)",
        "try: impl.relu(z)\n    except TypeError: pass",
        "h, _ = impl.relu(z)\n    while h: pass",
    ],
)
def test_a_body_that_branches_is_seen(body):
    (function,) = ast.parse(f"def test(impl, z):\n    {body}\n").body
    assert branches_on_answers(function)


@pytest.mark.parametrize(
    "body",
    [
        lambda impl, z: bool(impl.relu(z)),
        lambda impl, z: float(impl.relu(z)),
        lambda impl, z: list(impl.relu(z)),
        lambda impl, z: len(impl.relu(z)),
        lambda impl, z: np.asarray(impl.relu(z)),
        lambda impl, z: np.linalg.norm(impl.relu(z)),
        lambda impl, z: np.add.reduce(impl.relu(z)),
        lambda impl, z: z[impl.relu(z)],
        lambda impl, z: impl.within(z, z, 0.0),
    ],
)
def test_what_a_promise_cannot_do_is_an_error_while_planning(body):
    with pytest.raises((PlanningError, TypeError)):
        planned(body, CLAUSES["RELU-VALUE"], KIND, {"z": np.ones(2)})


class Silent:
    """A caller that answers some of the requests, as one whose process is lost does, or less than that."""

    def __init__(self, answered: int, last: Exception | None) -> None:
        self.answered, self.last = answered, last

    def ask(self, requests):
        answers = [Answer(np.maximum(0, request.args[0])) for request in requests[: self.answered]]
        return Answers([*answers, Answer(failure=self.last)] if self.last else answers, {})


def plans(count: int):
    def body(impl, z):
        impl.check.relu(z)
        impl.check.relu(-z)

    return [planned(body, CLAUSES["RELU-VALUE"], KIND, {"z": np.full(2, float(n))}) for n in range(count)]


@pytest.mark.parametrize("last", [Lost("it is gone"), None])
@pytest.mark.parametrize("answered", [0, 1, 3])
def test_a_missing_answer_is_never_a_right_one(answered, last):
    trial = carried_out(plans(3), Silent(answered, last))
    *before, at_the_end = trial.seen
    assert [one.fault for one in before] == [None] * (answered // 2)
    assert isinstance(at_the_end.fault, Lost)


def test_what_came_before_a_lost_call_is_compared():
    class Wrong(Silent):
        def ask(self, requests):
            return Answers([Answer(np.ones(2)), Answer(np.ones(2)), Answer(failure=Lost("gone"))], {})

    first, second = carried_out(plans(3), Wrong(0, None)).seen
    assert isinstance(first.fault, Nonconformance)
    assert isinstance(second.fault, Lost)


def test_an_answer_can_be_the_argument_of_the_next_call():
    def body(impl, z):
        impl.right(impl.relu(impl.relu(z) - 1))

    plan = planned(body, CLAUSES["RELU-VALUE"], KIND, {"z": np.array([3.0, 0.5])})
    (seen,) = carried_out([plan], candidate("it", {"relu": lambda z: np.maximum(0, z)}).caller).seen
    assert seen.fault is None
    assert [list(made.arguments[0]) for made in seen.made] == [[3.0, 0.5], [2.0, -0.5]]


def outcome_of(clause: str, function):
    cited = CLAUSES[clause]
    implementation = candidate("it", {cited.function: function})
    return judge(PROPERTIES[clause], cited, implementation, Examples(0), (), shrink_budget=0)


def test_a_wrong_value_is_shown_before_an_exception():
    def relu(z):
        if z.size > 4:
            raise ValueError("too many")
        return z

    outcome = outcome_of("RELU-VALUE", relu)
    assert outcome.outcome == ERROR
    assert outcome.message.startswith("at index")
    assert "on other inputs: relu raised ValueError: too many" in outcome.message
    assert outcome.severity == "wrong"


def test_an_argument_that_a_call_changes_is_charged_to_the_pure_clause_alone():
    def relu(z):
        return np.maximum(z, 0, out=z)

    value, pure = (outcome_of(clause, relu) for clause in ("RELU-VALUE", "RELU-PURE"))
    assert (value.outcome, value.impure) == (PASSED, {"relu": "relu changed its argument number 1"})
    assert (pure.outcome, pure.message) == (FAILED, "relu changed its argument number 1")


def test_five_buffers_by_turns_are_seen():
    buffers: dict = {}

    def relu(z):
        buffers["calls"] = buffers.get("calls", 0) + 1
        buffer = buffers.setdefault((z.shape, buffers["calls"] % 5), np.empty(z.shape))
        return np.maximum(z, 0, out=buffer)

    assert outcome_of("RELU-PURE", relu).outcome == FAILED
    assert "overwrote" in outcome_of("RELU-VALUE", relu).impure["relu"]


def test_an_exception_of_the_submission_is_its_own():
    def relu(z):
        raise CallFailed("not ours")

    assert outcome_of("RELU-VALUE", relu).outcome == ERROR
