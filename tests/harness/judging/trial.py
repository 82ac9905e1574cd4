"""One implementation on plans: its calls are made, and what came is checked.

In go plans and a caller; out comes for each plan what was Seen: the fault, if there is one, and the calls with their
values. The calls of all plans whose arguments are known go first, as one message; those that take an answer follow in
waves, each over all plans. A check compares an answer; where there is none, the plan is incomplete, and never passed.
"""

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from impls.calling import Answer, Answers, Caller, CallFailed, Lost, NotJudged, NotWritten, Request, described
from tests.harness.judging import comparison
from tests.harness.judging.faults import HarnessFault, Nonconformance
from tests.harness.judging.plan import Because, Call, Check, Plan, Pure
from tests.harness.judging.promise import Known, value_of
from tests.harness.judging.structure import checked, named

_AT_ONCE = 1 << 22
"""How many elements the arguments of the plans may have that are carried out together."""

MOST_DEVICES_LOST = 5
"""After so many calls that ended the device for their process a clause has seen enough: each costs a new process."""


class NotAsked(CallFailed):
    """Stands for an answer that was not asked for, since the calls before have lost their devices too often.

    A plan with this fault was not judged: it neither passes nor fails. It is no refusal of the call.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message, refused=False)


class Made(NamedTuple):
    """A call that was made, with the arguments as the implementation got them, and its checked value."""

    function: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    value: Any = None


@dataclass
class Seen:
    """What was seen of one plan.

    fault: what is wrong, None where nothing is. ratio: the largest error over the error allowed, None where nothing was
    compared. made: the calls up to the fault. shown: those of them that the fault is about. changed: in words, the
    first call that changed an argument of its own. devices_lost: how many of its calls ended the device. because: why
    the test asks for the last of these calls, if it says. refused: in words, the first call that was refused where a
    value would have been right, too. excused: a known deviation excuses a fault of some call; what comes after it was
    checked all the same.
    """

    fault: Exception | None = None
    ratio: float | None = None
    made: list[Made] = field(default_factory=list)
    shown: list[Made] = field(default_factory=list)
    changed: str | None = None
    devices_lost: int = 0
    because: str | None = None
    excused: bool = False
    refused: str | None = None

    def note(self, ratio: float | None) -> None:
        if ratio is not None:
            self.ratio = ratio if self.ratio is None else max(self.ratio, ratio)


@dataclass(frozen=True)
class Trial:
    """What came of some plans, in their order up to the one at which a call was lost.

    overwritten: of the functions of which an earlier result has changed since, with the call in words.
    """

    seen: Sequence[Seen]
    overwritten: Mapping[str, str]


Excuse = Callable[[Plan, Sequence[Made], Exception], bool]
"""Whether a fault of these calls of a plan is excused."""


class Prepared:
    """Plans that are to be carried out with one caller."""

    def __init__(self, plans: Sequence[Plan], caller: Caller) -> None:
        self._portions = [[_Execution(plan) for plan in together] for together in _portions(plans)]
        self._asking = _Asking(caller)

    @property
    def is_asked_at_once(self) -> bool:
        """Whether all calls can be made before any answer is there: then others can be begun behind them."""
        every = [one for executions in self._portions for one in executions]
        return len(self._portions) < 2 and not any(call.takes_answers for one in every for call in one.calls)

    def begin(self) -> None:
        """Hand over the first calls: another process answers them while this one does something else.

        It may be said again, where what was asked before has been answered meanwhile.
        """
        for executions in self._portions[:1]:
            self._asking.begin(executions)

    def carried_out(self, excuse: Excuse, answered: Callable[[], None] = lambda: None) -> Trial:
        """Carry out the plans; with a lost call the one it belongs to is the last.

        After MOST_DEVICES_LOST calls that ended the device of their process, no further plan is begun. answered: is
        called once the last answer is there, before the last portion is checked.
        """
        seen: list[Seen] = []
        asking = self._asking
        for executions in self._portions:
            unasked = asking.every_wave(executions)
            if executions is self._portions[-1]:
                answered()
            for one in executions:
                seen.append(one.seen(excuse, unasked))
                if isinstance(seen[-1].fault, Lost):
                    return Trial(seen, asking.overwritten)
            if unasked is not None:
                break
        return Trial(seen, asking.overwritten)


def carried_out(plans: Sequence[Plan], caller: Caller, excuse: Excuse = lambda *fault: False) -> Trial:
    """Carry out the plans at once, as ``Prepared`` does."""
    return Prepared(plans, caller).carried_out(excuse)


def measured(plan: Plan, caller: Caller) -> Iterator[tuple[Made, comparison.Comparison]]:
    """Each comparison with the formula in a plan, right or wrong, with its call; none where something failed."""
    execution = _Execution(plan)
    _Asking(caller).every_wave([execution])
    yield from execution.comparisons()


def _portions(plans: Sequence[Plan]) -> Iterator[list[Plan]]:
    portion: list[Plan] = []
    size = 0
    for plan in plans:
        if portion and size + plan.elements > _AT_ONCE:
            yield portion
            portion, size = [], 0
        portion.append(plan)
        size += plan.elements
    if portion:
        yield portion


@dataclass
class _Asking:
    """Asks the calls of plans. devices_lost: how many of them have ended the device of their process so far."""

    caller: Caller
    overwritten: dict[str, str] = field(default_factory=dict)
    devices_lost: int = 0
    begun: "_Wave | None" = None

    def begin(self, executions: "Sequence[_Execution]") -> None:
        """Hand over the first wave of the plans for which ``every_wave`` is called next."""
        self.begun = self.begun or _Wave.of(executions)
        self.caller.begin(self.begun.requests)

    def every_wave(self, executions: "Sequence[_Execution]") -> CallFailed | None:
        """Ask wave after wave; what stands for the answers that are not there, None where all are.

        Once enough devices are lost, the plan at hand is asked to its end, and none behind it.
        """
        left = list(executions)
        wave, self.begun = self.begun or _Wave.of(left), None
        while wave.calls:
            while wave.calls:
                answers = self._asked(wave.requests)
                for (one, call), answer in zip(wave.calls, answers.answers, strict=False):
                    one.answers[call] = answer
                    self.devices_lost += answer.device_lost
                    at_hand = one
                self.overwritten |= answers.overwritten
                further = wave.calls[len(answers.answers) :]
                if further and not (answers.answers and answers.answers[-1].device_lost):
                    return _not_made()
                if further and self.devices_lost >= MOST_DEVICES_LOST:
                    left = left[: left.index(at_hand) + 1]
                    further = [(one, call) for one, call in further if one in left]
                wave = _Wave(further)
            wave = _Wave.of(left)
        if len(left) == len(executions):
            return None
        return NotAsked(f"the call was not made, since {self.devices_lost} calls had lost their device")

    def _asked(self, requests: Sequence[Request]) -> Answers:
        try:
            return self.caller.ask(requests)
        except Exception as bug:
            raise HarnessFault(f"the calls broke down in the suite itself: {bug!r}") from bug


class _Wave:
    """Calls that can be made now, each with the plan it belongs to, and the requests for them in the same order."""

    def __init__(self, calls: "Sequence[tuple[_Execution, Call]]") -> None:
        self.calls = calls
        self.requests = [one.request(call) for one, call in calls]

    @classmethod
    def of(cls, executions: "Sequence[_Execution]") -> "_Wave":
        return cls([(one, call) for one in executions for call in one.ready()])


def _not_made() -> Lost:
    return Lost("the call was not made, since an earlier one was lost")


class _Execution:
    """One plan being carried out: the answers so far, and the values that follow from them."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._events = plan.events
        self.calls = self._waiting = plan.calls
        self._known: Known = {}
        self._arguments: dict[Call, tuple[tuple[Any, ...], Mapping[str, Any]]] = {}
        self._unasked: CallFailed = _not_made()
        self.answers: dict[Call, Answer] = {}

    def ready(self) -> list[Call]:
        """The calls that can be made now and have not been; empty once nothing more can be asked."""
        self._take_in()
        ready = []
        for call in self._waiting:
            given = (call.arguments, call.options)
            if call.takes_answers:
                try:
                    given = value_of(given, self._known)
                except KeyError:  # it takes an answer that is not there, or never will be
                    break
                except Exception:  # it is said of the check or call that comes to it first
                    break
            self._arguments[call] = given
            ready.append(call)
        self._waiting = self._waiting[len(ready) :]
        return ready

    def request(self, call: Call) -> Request:
        return call.request_with(*self._arguments[call]) if call.takes_answers else call.request

    def _take_in(self) -> None:
        """Note the values of the answers that are there, as far as they are good."""
        for call, answer in self.answers.items():
            if call.promise not in self._known and answer.failure is None:
                try:
                    self._known[call.promise] = checked(call.function, answer.value)
                except (CallFailed, Nonconformance):
                    continue

    def seen(self, excuse: Excuse, unasked: CallFailed | None = None) -> Seen:
        """What is to be seen of the plan, checked in the order of the test up to the first fault without excuse.

        unasked: what stands for an answer that is not there.
        """
        self._unasked = unasked or self._unasked
        seen = Seen(devices_lost=sum(answer.device_lost for answer in self.answers.values()))
        made: dict[Call, Made] = {}
        for event in self._events:
            try:
                if isinstance(event, Call):
                    made[event] = self._made(event, seen)
                elif isinstance(event, Pure):
                    if seen.changed:
                        raise Nonconformance(seen.changed)
                elif isinstance(event, Because):
                    seen.because = event.reason
                else:
                    self._note(event, seen)
            except (Nonconformance, CallFailed) as fault:
                if isinstance(fault, Nonconformance):
                    seen.note(fault.ratio)
                about = event.calls if isinstance(event, Check) else ()
                shown = [made[call] for call in about if call in made] or seen.made[-1:]
                if not isinstance(fault, Lost | NotWritten | NotJudged) and excuse(self._plan, shown, fault):
                    seen.excused = True
                    continue
                seen.fault, seen.shown = fault, shown
                break
        return seen

    def comparisons(self) -> Iterator[tuple[Made, comparison.Comparison]]:
        """Of every check that compares with the formula, and can be made, its comparisons."""
        made: dict[Call, Made] = {}
        for event in self._events:
            seen = Seen()
            with contextlib.suppress(Nonconformance, CallFailed):
                if isinstance(event, Call):
                    made[event] = self._made(event, seen)
                elif isinstance(event, Check) and event.compares:
                    values = self._values_for(event, event.calls[-1].function)
                    if values[0] is not comparison.REFUSED and event.calls[-1] in made:
                        for found in event.compares(*values):
                            yield made[event.calls[-1]], found

    def _made(self, call: Call, seen: Seen) -> Made:
        """The call with its checked value; noted in ``seen`` even where it failed."""
        if call not in self._arguments:
            self._arguments[call] = self._value_of((call.arguments, call.options), call.function)
        answer = self.answers.get(call, Answer(failure=self._unasked))
        args, options = self._arguments[call]
        try:
            if answer.failure is None:
                if call.promise not in self._known:
                    self._known[call.promise] = checked(call.function, answer.value)
            elif call.attempted and answer.failure.refused:
                self._known[call.promise] = comparison.REFUSED
            else:
                raise answer.failure
        finally:
            value = self._known.get(call.promise)
            seen.made.append(Made(call.function, args, options, None if value is comparison.REFUSED else value))
            if answer.changed and not seen.changed:
                seen.changed = f"{call.function} changed its argument number {answer.changed[0]}"
        return seen.made[-1]

    def _note(self, check: Check, seen: Seen) -> None:
        try:
            seen.note(self._checked(check))
        except comparison.MayRefuse:
            seen.refused = seen.refused or str(self.answers[check.calls[0]].failure)

    def _checked(self, check: Check) -> float | None:
        function = check.calls[-1].function if check.calls else "the implementation"
        values = self._values_for(check, function)
        try:
            return check.test(*values)
        except comparison.MayRefuse:
            raise
        except Nonconformance as fault:
            if len(check.calls) == 1:
                fault.place = named(function, fault.place)
            elif not check.is_of_one_answer:  # what it is compared with is the implementation's own
                fault.message = fault.message.replace("expected", "but its other values imply")
                fault.got = fault.expected = None
            raise
        except Exception as raised:
            raise _cannot_be_computed_with(function, raised) from raised

    def _values_for(self, check: Check, function: str) -> tuple[Any, ...]:
        """The values of the parts of a check, which is about that function."""
        if check.is_of_one_answer:
            return self._value_of(check.parts[0], function), *check.parts[1:]
        return tuple(self._value_of(check.parts, function))

    def _value_of(self, parts: Any, function: str) -> Any:
        try:
            return value_of(parts, self._known)
        except (Nonconformance, CallFailed):
            raise
        except Exception as raised:
            raise _cannot_be_computed_with(function, raised) from raised


def _cannot_be_computed_with(function: str, raised: Exception) -> CallFailed:
    return CallFailed(f"what {function} returned cannot be computed with: {described(raised)}", refused=False)
