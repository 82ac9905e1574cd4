"""How the functions of one isolated implementation are called: requests in, answers out, whatever its process does."""

from collections import Counter, defaultdict
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from impls.backends import Needs
from impls.calling import Answer, Answers, CallFailed, LaidOut, Lost, NotJudged, NotWritten, Request, bytes_of
from impls.isolation.channel import Patience, Worker
from impls.isolation.forked import ServerLost
from impls.isolation.isolation import Isolation
from impls.isolation.reach import devices, told_of_the_machine
from impls.nested import leaves
from impls.text import one_line

_MESSAGE = 4 << 20
"""From how many bytes of arrays on the requests are sent in several messages; a larger one goes alone."""

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
        self._waited: defaultdict[str, float] = defaultdict(float)
        self._losses: Counter[str] = Counter()
        self._servers_lost: Counter[str] = Counter()
        self._reason: dict[str, str] = {}
        self._compiled: set[Hashable] = set()

    @cached_property
    def loaded(self) -> dict[str, Any]:
        """The result of loading it, as the worker says. Raises Lost."""
        return self._alive()[1]

    def ask(self, requests: Sequence[Request]) -> Answers:
        answers: list[Answer] = []
        overwritten: dict[str, str] = {}
        while True:
            batch = _first_message(requests[len(answers) :])
            try:
                self._take(batch, answers, overwritten)
            except ServerLost as lost:
                # The first time it may be another submission's doing, and the call is repeated.
                function = requests[len(answers)].function
                self._servers_lost[function] += 1
                if self._servers_lost[function] > self.isolation.limits.losses:
                    answers.append(Answer(failure=Lost(f"{function}: {lost}, during each of its calls")))
                    break
            except Lost as lost:
                answers.append(Answer(failure=lost))
                break
            if len(answers) == len(requests) or (answers and answers[-1].device_lost):
                break
        if self._worker is not None and not self._worker.ended and self._worker.has_left_processes():
            self.end()
        return Answers(answers, overwritten)

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

    def _take(self, batch: Sequence[Request], answers: list[Answer], overwritten: dict[str, str]) -> None:
        """Ask what fits into one message, and take each answer as it comes. Raises Lost, counted, and ServerLost."""
        limits = self.isolation.limits
        worker: Worker | None = None
        token = 0
        for request in batch:
            function = request.function
            if reason := self._given_up(function):
                self.end()
                raise Lost(reason)
            try:
                if worker is None:
                    worker, _ = self._alive()
                    token = worker.send(_message(batch), worker.patience(limits.call_seconds, "--call-seconds"))
                most = min(limits.answer_mib << 20, request.most * _LARGEST_NUMBER + _MARGIN)
                patience, counts = self._patience(worker, request)
                said = worker.receive(token, most, patience)
            except ServerLost:
                raise
            except Lost as lost:
                self._losses[function] += 1
                self._reason[function] = str(lost)
                raise Lost(f"{function}: {lost}{self._printed()}") from None
            self._waited[function] += patience.waited if counts else 0.0
            answers.append(self._answer(said, len(request.args)))
            if answers[-1].device_lost:
                self.end()
                return
        if worker is None and self._worker is not None and not self._worker.ended:
            worker = self._worker
            token = worker.send(_message(batch), worker.patience(limits.call_seconds, "--call-seconds"))
        if worker is not None:
            overwritten |= self._closing(worker, token)

    def _patience(self, worker: Worker, request: Request) -> tuple[Patience, bool]:
        """How long to wait for the answer, and whether that counts: to compile takes as long as to load may."""
        if self.compiles and (shapes := (request.function, _shapes(request))) not in self._compiled:
            self._compiled.add(shapes)
            return worker.patience(worker.limits.load_seconds, "--load-seconds"), False
        return worker.patience(self.isolation.limits.call_seconds, "--call-seconds"), True

    def _closing(self, worker: Worker, token: int) -> dict[str, str]:
        """What the last frame says of the results that were overwritten."""
        try:
            patience = worker.patience(self.isolation.limits.call_seconds, "--call-seconds")
            said = worker.receive(token, _MARGIN, patience).get("overwritten")
        except Lost:
            return {}
        if not isinstance(said, Mapping):
            return {}
        return {one_line(str(name), 40): one_line(str(call)) for name, call in said.items()}

    def _answer(self, said: Mapping[str, Any], arguments: int) -> Answer:
        changed = said.get("changed")
        numbers = [n for n in changed if n in range(1, arguments + 1)] if isinstance(changed, list) else []
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
        load = {**self.load, **reach}
        patience = worker.patience(worker.limits.load_seconds, "--load-seconds")
        try:
            token = worker.send(load, patience)
            return worker, worker.receive(token, _MARGIN, patience)
        except ServerLost:
            raise
        except Lost as lost:
            raise Lost(f"loading it: {lost}{self._printed()}") from None

    def _printed(self) -> str:
        text = self._worker.channel.printed if self._worker else ""
        return f" (it printed: {text})" if text else ""


def _shapes(request: Request) -> Hashable:
    """What a compiler makes a program of its own for: the shapes and dtypes of the arrays, and all other arguments."""
    every = (leaf.values if isinstance(leaf, LaidOut) else leaf for leaf in leaves([request.args, request.options]))
    return tuple((one.shape, one.dtype.str) if isinstance(one, np.ndarray) else repr(one) for one in every)


def _message(batch: Sequence[Request]) -> dict[str, Any]:
    return {"do": "ask", "requests": [[one.function, one.args, one.options, one.most, one.spent] for one in batch]}


def _first_message(requests: Sequence[Request]) -> Sequence[Request]:
    """The first of the requests, as many as go into one message; at least one where there is one."""
    size = 0
    for count, request in enumerate(requests):
        size += bytes_of(request.args)
        if count and size > _MESSAGE:
            return requests[:count]
    return requests
