"""Two calls at the same time: a shared buffer shows in every run, and what is safe to share is never accused."""

import threading

import numpy as np
import pytest

from impls import interleaving
from impls.calling import Request
from impls.interleaving import interleaved
from tests.conformance import every_test_imported
from tests.harness.judging.judge import judge
from tests.harness.judging.outcome import FAILED
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate
from tests.selftest.test_ask import isolation, loaded  # noqa: F401 - fixtures

Z, OTHER = np.linspace(-3, 3, 7), np.linspace(4, -4, 7)
SHARED = """
import numpy as np
buffer = np.empty(7)
def sigmoid(z):
    np.negative(z, out=buffer)
    np.exp(buffer, out=buffer)
    return 1 / (1 + buffer)
"""

_lock = threading.Lock()
_own = threading.local()
_buffer = np.empty(7)


def in_three_lines(z):
    np.negative(z, out=_buffer)
    np.exp(_buffer, out=_buffer)
    return 1 / (1 + _buffer)


def in_one_expression(z):
    return np.reciprocal(np.add(np.exp(np.negative(z, out=_buffer), out=_buffer), 1, out=_buffer)).copy()


def copied_out(z):
    _buffer[...] = 1 / (1 + np.exp(-z))
    return _buffer.copy()


def locked(z):
    with _lock:
        return in_three_lines(z)


def with_a_buffer_for_each_thread(z):
    if not hasattr(_own, "buffer"):
        _own.buffer = np.empty(7)
    np.exp(np.negative(z, out=_own.buffer), out=_own.buffer)
    return 1 / (1 + _own.buffer)


def plain(z):
    return 1 / (1 + np.exp(-z))


def many_steps(z):
    return np.array([1 / (1 + np.exp(-one)) for one in z])


def beside_another(f):
    return interleaved(lambda: f(Z), lambda: f(OTHER))


@pytest.mark.parametrize("f", [in_three_lines, in_one_expression, copied_out])
def test_a_shared_buffer_shows_every_time(f):
    for _ in range(20):
        assert not np.array_equal(beside_another(f), plain(Z))


@pytest.mark.parametrize("f", [plain, locked, with_a_buffer_for_each_thread, many_steps])
def test_what_is_safe_to_share_is_right_every_time(f):
    for _ in range(5):
        np.testing.assert_allclose(beside_another(f), plain(Z), rtol=1e-15)


def test_the_second_call_may_fail_and_the_first_one_raises_what_it_raises():
    np.testing.assert_array_equal(interleaved(lambda: plain(Z), lambda: 1 / 0), plain(Z))
    with pytest.raises(ValueError, match="not here"):
        interleaved(_raises, lambda: plain(OTHER))
    assert threading.active_count() < 20


def test_second_calls_that_take_long_are_not_made_at_every_step(monkeypatch):
    made = []
    monkeypatch.setattr(interleaving, "_SECONDS", 0.0)
    np.testing.assert_allclose(interleaved(lambda: many_steps(Z), lambda: made.append(many_steps(OTHER))), plain(Z))
    assert len(made) == 1


def _raises():
    raise ValueError("not here")


@pytest.mark.parametrize("here", [True, False], ids=["here", "process"])
def test_the_call_beside_goes_to_the_process_of_the_function(loaded, here):  # noqa: F811
    caller = loaded(SHARED, where=None) if here else loaded(SHARED)
    alone, beside = caller.ask([Request("sigmoid", (Z,)), Request("sigmoid", (Z,), beside=(OTHER,))]).answers
    np.testing.assert_allclose(alone.value, plain(Z))
    assert not np.array_equal(beside.value, alone.value)


def test_the_clause_fails_for_a_shared_buffer_and_says_why():
    every_test_imported()
    buffers = {}

    def shared(z):
        buffer = buffers.setdefault(z.shape, np.empty(z.shape))
        np.exp(np.negative(z, out=buffer), out=buffer)
        return 1 / (1 + buffer)

    clause = CLAUSES["SIGMOID-THREADS"]
    found = judge(PROPERTIES[clause.id], clause, candidate("shared", {"sigmoid": shared}), Examples(0), (), 0)
    assert found.outcome == FAILED
    assert "two threads call the function at the same time" in found.message
