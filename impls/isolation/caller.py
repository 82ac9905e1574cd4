"""How the functions of one isolated implementation are called: requests in, answers out, whatever its process does."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np

from impls.backends import Needs
from impls.calling import Answer, Answers, CallFailed, LaidOut, Lost, NotJudged, NotWritten, Request
from impls.isolation import wire
from impls.isolation.channel import Ended, Worker
from impls.isolation.forked import ServerLost
from impls.isolation.isolation import Isolation
from impls.isolation.patience import Patience
from impls.isolation.reachable_paths import devices, told_of_the_machine
from impls.nested import leaves
from impls.text import one_line

_MESSAGE = 4 << 20
"""From how many bytes on the requests are sent in several messages; a larger one goes alone."""

_SMALL_MESSAGE = 1 << 17
"""Two messages of so many bytes lie in a socket at once, even where nobody reads them."""

_LARGEST_NUMBER = 16
_MARGIN = 1 << 16


@dataclass
class Isolated:
    """A ``Caller``. load: what its worker is told to load.

    A call that ends or hangs the worker is Lost; the next one starts another worker. A function that has done so as
    often as the limits allow, or that has used up its time, is not called again. Each function has a count and a time
    of its own: none is judged by what another one did.
    """

    isolation: Isolation
    load: Mapping[str, Any]
    needs: Needs
    compiles: bool = False
    """Declared: the first call of a function with arguments of some shapes is not held to the time of a call."""

    def __post_init__(self) -> None:
        self._worker: Worker | None = None
        self._begun: list[_Begun] = []
        self._waited: defaultdict[str, float] = defaultdict(float)
        self._losses: Counter[str] = Counter()
        self._servers_lost: Counter[str] = Counter()
        self._reason: dict[str, str] = {}
        self._compiled: set[Hashable] = set()

    @cached_property
    def loaded(self) -> dict[str, Any]:
        """The result of loading it, as the worker says. Raises Lost."""
        for _ in range(self.isolation.limits.losses - 1):
            with suppress(ServerLost):  # which may be another submission's doing
                return self._alive()[1]
        return self._alive()[1]

    def begin(self, requests: Sequence[Request]) -> None:
        if not requests or any(one.requests is requests or not one.is_whole for one in self._begun):
            return
        worker, batch = self._worker, _first_message(requests)
        if worker is None or worker.ended or any(map(self._gives_up, batch)):
            return
        unanswered = [one.sent for one in self._begun if one.taken is None]
        if not unanswered:
            with suppress(Lost):  # the worker has ended, and the first of the calls starts another one
                self._begun.append(_Begun(requests, self._sent(worker, batch)))
        elif len(self._begun) == 1 and max(unanswered[0].size, _size(batch)) <= _SMALL_MESSAGE:
            # It goes behind a message that the worker has still to answer. Where the worker has ended, its last answers
            # lie in the channel, and are taken first.
            patience = worker.patience(self.isolation.limits.call_seconds, "--call-seconds")
            try:
                sent = _Sent(batch, worker, worker.channel.send(_message(batch), patience), _size(batch))
            except Ended:
                return
            except TimeoutError:  # a part of it is sent
                self.end()
                return
            self._begun.append(_Begun(requests, sent))

    def ask(self, requests: Sequence[Request]) -> Answers:
        begun = self._begun_for(requests)
        answers: list[Answer] = []
        overwritten: dict[str, str] = {}
        while True:
            if begun is None:
                taken = self._take(_first_message(requests[len(answers) :]))
            else:
                taken = begun.taken or self._take(begun.sent.batch, begun.sent)
                begun = None
            answers += taken.answers
            overwritten |= taken.overwritten
            if isinstance(taken.lost, ServerLost):
                # The first time it may be another submission's doing, and the call is repeated.
                function = requests[len(answers)].function
                self._servers_lost[function] += 1
                if self._servers_lost[function] > self.isolation.limits.losses:
                    answers.append(Answer(failure=Lost(f"{function}: {taken.lost}, during each of its calls")))
                    break
            elif taken.lost:
                answers.append(Answer(failure=taken.lost))
                break
            if len(answers) == len(requests) or (answers and answers[-1].device_lost):
                break
        if self._worker is not None and not self._worker.ended and self._worker.has_left_processes():
            self.end()
        return Answers(answers, overwritten)

    def once_apart(self, request: Request) -> Answer:
        apart = replace(self)
        try:
            return apart.ask([request]).answers[0]
        finally:
            apart.end()

    def end(self) -> None:
        """End its process with all that it started; the next call starts another one."""
        if self._worker is not None:
            self.isolation.end(self._worker)

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        most = (self.isolation.limits.answer_mib << 20) // _LARGEST_NUMBER
        (answer,) = self.ask([Request(function, args, options, most)]).answers
        if answer.failure is not None:
            raise answer.failure
        return answer.value

    def _begun_for(self, requests: Sequence[Request]) -> "_Begun | None":
        """What was begun for them; what was begun before, and was never asked for, is forgotten."""
        if not self._begun or self._begun[0].requests is not requests:
            self._settle()
        if any(one.requests is requests for one in self._begun):
            while (one := self._begun.pop(0)).requests is not requests:
                pass
            return one
        return None

    def _settle(self) -> None:
        """Take the answers to what was begun, before anything else is asked."""
        for at, one in enumerate(self._begun):
            if one.taken is None:
                self._begun[at] = replace(one, taken=self._take(one.sent.batch, one.sent))

    def _sent(self, worker: Worker, batch: Sequence[Request]) -> "_Sent":
        patience = worker.patience(self.isolation.limits.call_seconds, "--call-seconds")
        return _Sent(batch, worker, worker.send(_message(batch), patience), _size(batch))

    def _take(self, batch: Sequence[Request], sent: "_Sent | None" = None) -> "_Taken":
        """The answers to one message, which is sent now unless it has been; each is taken as it comes."""
        limits = self.isolation.limits
        if sent is not None and sent.worker.ended:  # to make room for another one
            sent = None
        taken = _Taken()
        for request in batch:
            function = request.function
            if reason := self._given_up(function):
                self.end()
                taken.lost = Lost(reason)
                return taken
            try:
                sent = sent or self._sent(self._alive()[0], batch)
                most = min(limits.answer_mib << 20, request.most * _LARGEST_NUMBER + _MARGIN)
                patience, counts = self._patience(sent.worker, request)
                said = sent.worker.receive(sent.token, most, patience)
            except ServerLost as lost:
                taken.lost = lost
                return taken
            except Lost as lost:
                self._losses[function] += 1
                self._reason[function] = str(lost)
                taken.lost = Lost(f"{function}: {lost}{self._printed()}")
                return taken
            self._waited[function] += patience.waited if counts else 0.0
            taken.answers.append(self._answer(said, len(request.args)))
            if taken.answers[-1].device_lost:
                self.end()
                return taken
        try:
            if sent is None and self._worker is not None and not self._worker.ended:
                sent = self._sent(self._worker, batch)
            if sent is not None:
                taken.overwritten = self._closing(sent)
        except ServerLost as lost:
            return _Taken(lost=lost if batch else None)
        except Lost as lost:
            again = f"{lost}, while its results were read once more{self._printed()}"
            if not batch:
                raise Lost(again) from None
            function = batch[-1].function
            self._losses[function] += 1
            self._reason[function] = again
            taken.answers[-1] = Answer(failure=Lost(f"{function}: {again}"))
        return taken

    def _patience(self, worker: Worker, request: Request) -> tuple[Patience, bool]:
        """How long to wait for the answer, and whether that counts: to compile takes as long as to load may."""
        if self.compiles and (shapes := (request.function, _shapes(request))) not in self._compiled:
            self._compiled.add(shapes)
            return worker.patience(worker.limits.load_seconds, "--load-seconds"), False
        return worker.patience(self.isolation.limits.call_seconds, "--call-seconds"), True

    def _closing(self, sent: "_Sent") -> dict[str, str]:
        """What the last frame says of the results that were overwritten. Raises Lost."""
        patience = sent.worker.patience(self.isolation.limits.call_seconds, "--call-seconds")
        said = sent.worker.receive(sent.token, _MARGIN, patience).get("overwritten")
        if not isinstance(said, Mapping):
            return {}
        return {one_line(str(name), 40): one_line(str(call)) for name, call in said.items()}

    def _answer(self, said: Mapping[str, Any], arguments: int) -> Answer:
        changed = said.get("changed")
        numbers = [n for n in changed if type(n) is int and 1 <= n <= arguments] if isinstance(changed, list) else []
        if "failed" in said:
            device_lost = bool(self.needs.device_files) and said.get("ends") is True
            return Answer(None, self._failure(said), tuple(numbers), device_lost)
        return Answer(said.get("value"), changed=tuple(numbers))

    def _failure(self, said: Mapping[str, Any]) -> CallFailed:
        message = one_line(str(said["failed"]), 600)
        if "MemoryError" in message and self._worker is not None:
            message += f"; {self._worker.may_use}" if self._worker.may_use else ""
        if said.get("kind") == "unwritten":
            return NotWritten(message)
        if said.get("kind") == "not judged":
            return NotJudged(message)
        return CallFailed(message, refused=said.get("kind") == "refused")

    def _gives_up(self, request: Request) -> bool:
        return self._given_up(request.function) is not None

    def _given_up(self, function: str) -> str | None:
        """Why this function is not called again, None where it is called."""
        limits = self.isolation.limits
        if self._losses[function] >= limits.losses:
            return f"{function} is not called again: {self._reason[function]}, {limits.losses} times"
        if limits.total_seconds is not None and self._waited[function] > limits.total_seconds:
            took = f"its calls have taken more than {limits.total_seconds:.3g} s in all"
            return f"{function} is not called again: {took} (--total-seconds S raises the limit)"
        return None

    def _alive(self) -> tuple[Worker, dict[str, Any]]:
        """The worker, with what it said when it was loaded, which was now if there was none."""
        if self._worker is not None and not self._worker.ended:
            self.isolation.used(self._worker)
            return self._worker, {}
        worker = self._worker = self.isolation.start(self.load, self.needs, id(self))
        self._compiled.clear()
        reach = {"told": told_of_the_machine(self.needs), "devices": devices(self.needs), "shared": worker.shared}
        load = {**self.load, **reach, "unix_sockets": bool(self.needs.device_files)}
        patience = worker.patience(worker.limits.load_seconds, "--load-seconds")
        try:
            token = worker.send(wire.body(load), patience)
            return worker, worker.receive(token, _MARGIN, patience)
        except ServerLost:
            raise
        except Lost as lost:
            raise Lost(f"loading it: {lost}{self._printed()}") from None

    def _printed(self) -> str:
        text = self._worker.channel.printed if self._worker else ""
        return f" (it printed: {text})" if text else ""


@dataclass(frozen=True)
class _Sent:
    """A message that a worker has got. token: what its answers have to bear. size: its bytes."""

    batch: Sequence[Request]
    worker: Worker
    token: int
    size: int


@dataclass
class _Taken:
    """The answers to a message, as many as there are. lost: why there are no more, counted."""

    answers: list[Answer] = field(default_factory=list)
    overwritten: Mapping[str, str] = field(default_factory=dict)
    lost: Lost | None = None


@dataclass(frozen=True)
class _Begun:
    """Requests of which the first message is sent. taken: its answers, where something else was asked meanwhile."""

    requests: Sequence[Request]
    sent: _Sent
    taken: _Taken | None = None

    @property
    def is_whole(self) -> bool:
        """Whether all of the requests are sent; else nothing comes between them."""
        return len(self.sent.batch) == len(self.requests)


def _shapes(request: Request) -> Hashable:
    """What a compiler makes a program of its own for: the shapes and dtypes of the arrays, and all other arguments."""
    every = (leaf.values if isinstance(leaf, LaidOut) else leaf for leaf in leaves([request.args, request.options]))
    return tuple((one.shape, one.dtype.str) if isinstance(one, np.ndarray) else repr(one) for one in every)


def _size(batch: Sequence[Request]) -> int:
    """The bytes of these requests in a message, which need not be made for that."""
    return sum(_written(request).size for request in batch)


def _message(batch: Sequence[Request]) -> wire.Body:
    return wire.asking([_written(request) for request in batch])


def _written(request: Request) -> wire.Body:
    """The request as it is sent, which is made of it once: many implementations get the same one."""
    if request.written is None:
        parts = request.function, request.args, request.options, request.most, request.spent, request.beside
        request.written = wire.written(list(parts))
    written: wire.Body = request.written
    return written


def _first_message(requests: Sequence[Request]) -> Sequence[Request]:
    """The first of the requests, as many as go into one message; at least one where there is one."""
    size = 0
    for count, request in enumerate(requests):
        size += _written(request).size
        if count and size > _MESSAGE:
            return requests[:count]
    return requests
