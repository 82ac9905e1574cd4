"""Many calls in one message: each answer in its place, whatever a call does to its process, its arguments, a server."""

import ctypes
import os
import select
import signal
from dataclasses import replace

import numpy as np
import pytest

from impls.backends import library
from impls.calling import CallFailed, Direct, Lost, NotWritten, Oversized, Request
from impls.implementation import Implementation
from impls.isolation import Isolation, Limits, landlock, load_isolated, processes, wire
from impls.isolation.patience import Patience
from impls.isolation.processes import children, family
from impls.submissions.spec import Asked, load_here, named_by

_PR_GET_DUMPABLE = 3
FUNCTIONS = ("sigmoid", "tanh", "relu", "softmax", "linear", "one_hot")
SOURCE = """
import os, threading, time
import numpy as np
buffers = [np.empty(3) for _ in range(5)]
calls = []
def sigmoid(z):
    calls.append(1)
    return np.tanh(z, out=buffers[len(calls) % 5])
def tanh(z):
    z *= 2
    if len(z) > 3: raise ValueError("too long")
    return np.tanh(z / 2)
def relu(z):
    if z[0] == 1: return np.zeros(2**22)
    if z[0] == 2: raise NotImplementedError
    return np.maximum(z, 0)
def softmax(z):
    if z[0] == 1: os._exit(3)
    if z[0] == 2: time.sleep(600)
    return z.copy()
def linear(x, W, b):
    result = x @ W.T + b
    threading.Timer(0.05, result.fill, (7.0,)).start()
    return result
def one_hot(labels, k):
    if not os.fork():
        os.setsid()
        if not os.fork(): time.sleep(600)
        os._exit(0)
    os.wait()
    if not os.fork(): time.sleep(600)
    return np.eye(k)[labels]
"""


def starting_with(*numbers):
    return [np.array([number, 0.0, 0.5]) for number in numbers]


@pytest.fixture(scope="module")
def isolation():
    isolation = Isolation(limits=Limits(call_seconds=2))
    yield isolation
    isolation.close()


@pytest.fixture
def loaded(tmp_path, isolation):
    """The caller of a source, in a process of its own; in this process where ``where`` is None."""

    def load(source=SOURCE, where=isolation):
        path = tmp_path / "submission.py"
        path.write_text(source)
        (named,), asked = named_by(str(path), Asked(None, None)), Asked(None, None)
        found = load_isolated(where, named, FUNCTIONS, asked) if where else load_here(named, FUNCTIONS, asked)
        assert isinstance(found, Implementation), found
        return found.caller

    return load


@pytest.fixture(params=[True, False], ids=["here", "process"])
def caller(request, loaded):
    return loaded(where=None) if request.param else loaded()


def test_the_answers_have_the_order_of_the_requests(caller):
    asked = starting_with(-1, 3, 4)
    answers = caller.ask([Request("relu", (z,)) for z in asked]).answers
    for z, answer in zip(asked, answers, strict=True):
        np.testing.assert_array_equal(answer.value, np.maximum(z, 0))
        assert (answer.failure, answer.changed) == (None, ())


def test_a_failure_stands_in_its_place(caller):
    requests = [Request("relu", (z,)) for z in starting_with(2, 3)] + [Request("tanh", (np.zeros(4),))]
    first, second, third = caller.ask(requests).answers
    assert isinstance(first.failure, NotWritten)
    assert second.failure is None
    assert type(third.failure) is CallFailed
    assert third.failure.refused
    assert "too long" in str(third.failure)


def test_a_changed_argument_is_seen_at_every_call_and_never_passed_on(caller):
    z, W = np.array([0.25, 0.5, 1.0]), np.eye(3)
    answers = caller.ask([Request("tanh", (z,)), Request("linear", (z, W, z)), Request("tanh", (z,))]).answers
    assert [answer.changed for answer in answers] == [(1,), (), (1,)]
    assert z.tolist() == [0.25, 0.5, 1.0]
    assert caller.ask([Request("tanh", (np.zeros(4) + 1,))]).answers[0].changed == (1,)


def test_results_in_a_few_buffers_are_overwritten(caller):
    few = caller.ask([Request("sigmoid", (z,)) for z in starting_with(1, 2, 3, 4, 5)])
    assert few.overwritten == {}
    one_more = caller.ask([Request("sigmoid", (z,)) for z in starting_with(6)])
    assert one_more.overwritten == {}
    again = caller.ask([])
    assert list(again.overwritten) == ["sigmoid"]
    assert "call 1 of sigmoid" in again.overwritten["sigmoid"]
    at_once = caller.ask([Request("sigmoid", (z,)) for z in starting_with(1, 2, 3, 4, 5, 6)])
    assert "call 7 of sigmoid" in at_once.overwritten["sigmoid"]


def test_answers_to_what_was_begun_are_those_of_its_own_requests(caller):
    begun, other = ([Request("relu", (z,)) for z in starting_with(*numbers)] for numbers in ((3, 4), (5,)))

    def firsts(requests):
        return [answer.value[0] for answer in caller.ask(requests).answers]

    assert firsts(other) == [5]  # a worker is there
    caller.begin(begun)
    assert firsts(begun) == [3, 4]
    caller.begin(begun)
    assert firsts(other) == [5]
    assert firsts(begun) == [3, 4]
    caller.begin(other)
    caller.begin(begun)
    assert firsts(begun) == [3, 4]


def test_what_was_begun_and_ends_its_process_is_lost_in_its_place(loaded):
    caller = loaded()
    begun, other = ([Request("softmax", (z,)) for z in starting_with(*numbers)] for numbers in ((3, 1, 3), (3,)))
    assert caller.ask(other).answers[0].failure is None
    caller.begin(begun)
    assert caller.ask(other).answers[0].failure is None  # of a new process
    fine, lost = caller.ask(begun).answers
    assert fine.failure is None
    assert isinstance(lost.failure, Lost)
    assert "status 3" in str(lost.failure)


def test_what_was_begun_behind_others_is_computed_meanwhile_and_answered_in_its_place(loaded):
    caller = loaded("import numpy as np\ncalls = []\ndef relu(z):\n    calls.append(1)\n    return z + len(calls)")
    first, second, third, large = ([Request("relu", (np.zeros(size),))] * 2 for size in (1, 1, 1, 2**20))

    def numbers(requests):
        return [answer.value[0] for answer in caller.ask(requests).answers]

    caller.ask(first[:1])
    for requests in (first, second, third, first, second):
        caller.begin(requests)
    assert [one.requests for one in caller._begun] == [first, second]
    assert [numbers(first), numbers(second), numbers(third)] == [[2, 3], [4, 5], [6, 7]]
    caller.begin(first)
    caller.begin(second)
    assert numbers(second) == [10, 11]  # the first ones have been made, and are not asked for
    assert caller._begun == []
    for ahead, behind in ((first, large), (large, second)):  # a large one goes in several messages, and nothing between
        caller.begin(ahead)
        caller.begin(behind)
        assert [one.requests for one in caller._begun] == [ahead]
        numbers(third)
        caller.begin(behind)
        assert [len(numbers(ahead)), len(numbers(behind))] == [2, 2]


def test_a_process_that_ends_before_something_is_begun_behind_has_lost_its_call_all_the_same(loaded):
    source = """
import os
import numpy as np
calls = []
def relu(z):
    calls.append(1)
    if len(calls) == 3: os._exit(3)  # and in another process it is right
    return np.maximum(z, 0)
"""
    caller = loaded(source)
    begun, behind = ([Request("relu", (z,)) for z in starting_with(*numbers)] for numbers in ((3, 4), (5,)))
    caller.ask([Request("relu", (z,)) for z in starting_with(3)])
    caller.begin(begun)
    hung_up = select.poll()
    hung_up.register(caller._worker.channel.socket, 0)
    assert hung_up.poll(10_000)
    caller.begin(behind)
    fine, lost = caller.ask(begun).answers
    assert fine.value[0] == 3
    assert "status 3" in str(lost.failure)
    assert caller.ask(behind).answers[0].value[0] == 5


def test_what_was_begun_is_asked_again_where_its_process_made_room_for_another(loaded):
    caller = loaded()
    begun = [Request("relu", (z,)) for z in starting_with(3, 4)]
    caller.ask([Request("relu", begun[0].args)])
    caller.begin(begun)
    caller.isolation.rest()
    assert [answer.value[0] for answer in caller.ask(begun).answers] == [3, 4]


@pytest.mark.parametrize("here", [True, False], ids=["here", "process"])
def test_a_result_that_shares_memory_with_an_argument_changes_once_that_is_spent(loaded, here):
    source = "import numpy as np\ndef relu(z): return z\ndef tanh(z): return np.tanh(z)"
    caller = loaded(source, where=None) if here else loaded(source)
    z = np.array([0.25, 0.5, 1.0])
    assert caller.ask([Request("relu", (z,)), Request("tanh", (z,), spent=True)]).overwritten == {}
    asked = caller.ask([Request("relu", (z,), spent=True)])
    assert (asked.answers[0].value.tolist(), asked.answers[0].changed) == (z.tolist(), ())
    assert list(asked.overwritten) == ["relu"]


def test_a_result_that_is_written_later_is_overwritten(caller):
    z = np.ones(3)
    asked = caller.ask([Request("linear", (z, np.eye(3), z))])
    np.testing.assert_array_equal(asked.answers[0].value, [2.0, 2.0, 2.0])
    overwritten = dict(asked.overwritten)
    while not overwritten:
        overwritten |= caller.ask([]).overwritten
    assert list(overwritten) == ["linear"]


def test_a_result_larger_than_it_may_be_comes_as_its_shape(caller):
    (answer,) = caller.ask([Request("relu", tuple(starting_with(1)), most=100)]).answers
    assert answer.value == Oversized((2**22,), "float64")


def test_a_lost_call_ends_the_answers_and_not_the_next_ones(loaded):
    caller = loaded()
    answers = caller.ask([Request("softmax", (z,)) for z in starting_with(0, 1, 3)]).answers
    assert len(answers) == 2
    assert isinstance(answers[1].failure, Lost)
    assert "ended itself, with status 3" in str(answers[1].failure)
    (hung,) = caller.ask([Request("softmax", (z,)) for z in starting_with(2)]).answers
    assert "--call-seconds" in str(hung.failure)
    (given_up,) = caller.ask([Request("softmax", (z,)) for z in starting_with(3)]).answers
    assert "not called again" in str(given_up.failure)
    assert caller.ask([Request("relu", (z,)) for z in starting_with(3)]).answers[0].failure is None


LOSES_ITS_DEVICE = """
import os, sys
import numpy as np
def every_failure_ends_the_process():
    frame = sys._getframe()
    while "channel" not in frame.f_locals:
        frame = frame.f_back
    channel = type(frame.f_locals["channel"])
    answer = channel.answer
    channel.answer = lambda self, token, said: answer(self, token, said | {"ends": True} if "failed" in said else said)
def relu(z, loses=every_failure_ends_the_process()):
    if z[0] == 1: raise ValueError("an assertion of a kernel")
    return np.array([os.getpid()])
"""


def test_many_small_calls_are_asked_in_messages_that_the_worker_takes(loaded):
    z = np.zeros(1)
    requests = [Request("relu", (z,), {"of": "x" * 5000})] * 900
    assert sum(len(wire.written([one.function, one.args, one.options]).header) for one in requests) > 4 << 20
    answers = loaded("def relu(z, of): return z + len(of)").ask(requests).answers
    assert [answer.value.tolist() for answer in answers] == [[5000.0]] * 900


def test_a_process_that_has_lost_its_device_is_replaced_and_nothing_held_against_it(loaded):
    caller = loaded(LOSES_ITS_DEVICE)
    caller.needs = replace(caller.needs, device_files=("nvidia*",))
    processes = set()
    for _ in range(5):
        right, lost = caller.ask([Request("relu", (z,)) for z in starting_with(0, 1, 0)]).answers
        assert lost.failure.refused
        processes.add(int(right.value[0]))
    assert len(processes) == 5


def test_what_uses_no_device_has_lost_none_whatever_its_process_says(loaded):
    answers = loaded(LOSES_ITS_DEVICE).ask([Request("relu", (z,)) for z in starting_with(0, 1, 0)]).answers
    assert [answer.failure is None for answer in answers] == [True, False, True]
    assert answers[0].value == answers[2].value


def test_a_function_has_a_time_of_its_own(loaded):
    source = "import numpy as np, time\ndef relu(z): time.sleep(0.2); return z\ndef tanh(z): return np.tanh(z)"
    isolation = Isolation(limits=Limits(total_seconds=0.1))
    try:
        caller = loaded(source, isolation)
        slow = caller.ask([Request("relu", (np.zeros(1),))] * 3).answers
        assert [type(one.failure) for one in slow] == [type(None), Lost]
        assert "--total-seconds" in str(slow[1].failure)
        assert caller.ask([Request("tanh", (np.zeros(1),))]).answers[0].failure is None
    finally:
        isolation.close()


def test_what_a_call_leaves_running_ends_with_its_clause(loaded):
    caller = loaded()
    labels = np.array([0, 1])
    (answer,) = caller.ask([Request("one_hot", (labels, 2))]).answers
    np.testing.assert_array_equal(answer.value, np.eye(2))
    server = caller.isolation._servers[caller.needs]
    assert children(server._process.pid) == server.workers
    assert all(len(family(pid)) == 1 for pid in server.workers)


@pytest.mark.parametrize(("sent", "ended"), [(signal.SIGKILL, True), (signal.SIGSTOP, True), (signal.SIGKILL, False)])
def test_a_lost_server_is_replaced_and_the_call_repeated(loaded, sent, ended):
    caller = loaded()
    server = caller.isolation._servers[caller.needs]
    server._control.settimeout(0.5)
    os.kill(server._process.pid, sent)
    if ended:
        caller.end()
    else:  # the worker dies with its server
        select.select([caller._worker.channel.socket], [], [])
    answers = caller.ask([Request("relu", (z,)) for z in starting_with(3, 4)]).answers
    assert [answer.failure for answer in answers] == [None, None]
    assert server.lost


def test_a_wait_is_not_longer_for_what_sleeps_and_longer_for_what_is_starved(monkeypatch):
    now = [0.0]
    monkeypatch.setattr("impls.isolation.patience.time.monotonic", lambda: now[0])

    def wait_for_ever(patience):
        while True:
            now[0] += patience.left() + 1e-9

    def ends_at(starved):
        now[0] = 0.0
        patience = Patience(2.0, "--call-seconds", lambda: {"main": 5 + starved * now[0], "other": 100.0})
        with pytest.raises(TimeoutError, match="--call-seconds"):
            wait_for_ever(patience)
        return now[0]

    assert ends_at(0.0) == pytest.approx(2.0)
    assert ends_at(0.5) == pytest.approx(4.0, abs=0.2)
    assert ends_at(1.0) == pytest.approx(20.0)


@pytest.mark.skipif(not landlock.version(), reason="this kernel has no Landlock")
def test_what_is_in_force_is_said(loaded):
    assert loaded().isolation.in_force.startswith(f"process; landlock {landlock.version()}: files")
    assert ctypes.CDLL(None).prctl(_PR_GET_DUMPABLE, 0, 0, 0, 0) == 0
    assert landlock.words(1) == "landlock 1: files"
    assert landlock.words(4) == "landlock 4: files, TCP"
    assert landlock.words(7) == "landlock 7: files, TCP, signals"


def test_a_kernel_without_landlock_is_said(isolation, monkeypatch):
    monkeypatch.setattr("impls.isolation.landlock.version", lambda: 0)
    assert isolation.in_force == "process only: this kernel has no Landlock"


class SlyList(list):
    def __len__(self):
        return 1

    def __iter__(self):
        return iter([7.0])

    def __getitem__(self, index):
        return 7.0


class SlyTuple(tuple):
    __len__, __iter__, __getitem__ = SlyList.__len__, SlyList.__iter__, SlyList.__getitem__


class SlyDict(dict):
    def __len__(self):
        return 1

    def items(self):
        return [("exp_avg", 7.0)]


@pytest.mark.parametrize("sly", [SlyList([1.0, 2.0]), SlyTuple((1.0, 2.0)), SlyDict(a=1.0, b=2.0)])
def test_what_is_stored_is_read_and_not_what_a_subclass_says(sly):
    read = Direct({"f": lambda: sly}, library("numpy", "cpu")).call("f", (), {})
    assert read == ({"a": 1.0, "b": 2.0} if isinstance(sly, dict) else [1.0, 2.0])


def test_what_the_kernel_says_in_several_pages_is_read_to_its_end(tmp_path):
    (tmp_path / "children").write_text("1234567 " * 2000)
    assert processes._children(str(tmp_path)) == [1234567] * 2000
    assert processes._children(str(tmp_path / "gone")) == []
