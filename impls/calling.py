"""One call of an implementation's function: NumPy arrays in, plain values out, wherever the function runs.

Arguments are NumPy arrays (or LaidOut), numbers, strings, None, and lists, tuples and dicts of them. What comes back
is plain: base-class NumPy arrays of real numbers, lists and dicts of plain values, and Unreadable for all else.
"""

import contextlib
import math
import os
import sys
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple, Protocol

import numpy as np

from impls.backends import ArrayLibrary, Narrowed
from impls.interleaving import interleaved
from impls.interrupt import was_interrupted
from impls.nested import leaves, mapped
from impls.overwritten import KeptResults, digest
from impls.stubs import is_stub, raised_by_its_own_file
from impls.text import one_line

MOST_ITEMS = 4096
"""How many items the lists in a result may have together; what is longer is no list of layers."""

_DEEPEST = 4
_LARGE = 1 << 26
"""From how many bytes of arguments on a library gives back the memory of its device that it keeps for the next call."""

_REAL = "fiub"
_NUMBERS = (bool, int, float, np.generic)


@dataclass(frozen=True)
class LaidOut:
    """Values with the memory layout, and where NumPy has no such type the dtype, in which they are to be passed.

    One object at two places among the arguments of a call is one array of the library at both.
    """

    values: np.ndarray
    layout: str
    dtype: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """Stands for a result, or an item of one, that is no array of real numbers; ``what`` says what it is."""

    what: str


@dataclass(frozen=True)
class Oversized:
    """Stands for an array with more elements than its request allows; its values are not kept."""

    shape: tuple[int, ...]
    dtype: str


class CallFailed(Exception):
    """A call that raised; the message says what, in one line. refused: an Exception, not a SystemExit or the like."""

    def __init__(self, message: str, refused: bool = True) -> None:
        super().__init__(message)
        self.refused = refused


class NotWritten(CallFailed):
    """The function says that it is still to be written: its file raises NotImplementedError, or its body is a stub."""


class NotJudged(CallFailed):
    """It cannot be told whether the function is right; the message says what is missing for that."""


class Lost(CallFailed):
    """The call did not come to an end: it ran out of time, or its process died."""

    def __init__(self, message: str) -> None:
        super().__init__(message, refused=False)


@dataclass(eq=False, slots=True)
class Request:
    """One call to be made.

    most: how many elements the arrays of its result may have together. spent: its arguments are written into once the
    result has been read; a result that shares memory with them is then among those that are overwritten. beside: the
    arguments of a call of the same function, with the same options, which another thread makes at the same time.
    written: what a caller has made of all this to send it, which it sends to the next implementation as well.
    """

    function: str
    args: tuple[Any, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    most: int = 1 << 20
    spent: bool = False
    beside: tuple[Any, ...] | None = None
    written: Any = field(default=None, init=False, repr=False)


class Answer(NamedTuple):
    """The answer to a Request: the plain ``value``, or the ``failure`` in its place.

    changed: the numbers, from 1 on, of the arguments that the call has changed. device_lost: the device of the arrays
    computes no more for the process in which the call failed; what the arguments are then cannot be known.
    """

    value: Any = None
    failure: "CallFailed | None" = None
    changed: tuple[int, ...] = ()
    device_lost: bool = False


@dataclass(frozen=True)
class Answers:
    """The answers to some requests, in their order; where the last one is Lost, or says that its call has lost the
    device, there may be fewer than requests.

    overwritten: of the functions of which a result of these calls has changed since it was returned, with the call in
    words; where there are no requests, of those of which any result that is kept has.
    """

    answers: Sequence[Answer]
    overwritten: Mapping[str, str]


class Caller(Protocol):
    """How the functions of one implementation are called. ``call`` raises CallFailed."""

    def ask(self, requests: Sequence[Request]) -> Answers:
        """The answers to these requests; each call gets fresh, writable copies of its arguments.

        Without requests the results of earlier calls are looked at once more; raises Lost where that does not end.
        """

    def begin(self, requests: Sequence[Request]) -> None:
        """Say that ``ask`` follows with this very list: another process can begin to answer it meanwhile.

        What was begun before is asked for first. It does no harm to say it again.
        """

    def once_apart(self, request: Request) -> Answer | None:
        """The answer to it as the first call of another process; None where calls are made in this one."""

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """The plain result of the function of that name on ``args`` and the keyword arguments ``options``."""


@dataclass(frozen=True)
class Renamed:
    """The same caller, in which some functions go by another name; for a submission with several of one kind."""

    caller: Caller
    names: Mapping[str, str]

    def ask(self, requests: Sequence[Request]) -> Answers:
        answers = self.caller.ask([self._renamed(one) for one in requests])
        theirs = {name: function for function, name in self.names.items()}
        return Answers(answers.answers, {theirs.get(name, name): call for name, call in answers.overwritten.items()})

    def begin(self, requests: Sequence[Request]) -> None:
        """Nothing: they are asked for at once, later."""

    def once_apart(self, request: Request) -> Answer | None:
        return self.caller.once_apart(self._renamed(request))

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        return self.caller.call(self.names.get(function, function), args, options)

    def _renamed(self, request: Request) -> Request:
        return replace(request, function=self.names.get(request.function, request.function))


class Direct:
    """Calls in this process."""

    def __init__(self, functions: Mapping[str, Callable[..., Any]], library: ArrayLibrary) -> None:
        self.functions = functions
        self._library = library
        self._kept = KeptResults(self.plain)

    def ask(self, requests: Sequence[Request]) -> Answers:
        answers = [self.answer(request) for request in requests]
        return Answers(answers, self.overwritten(earlier=not requests))

    def begin(self, requests: Sequence[Request]) -> None:
        """Nothing: this process makes the calls when they are asked for."""

    def once_apart(self, request: Request) -> None:
        """None: this process goes on."""

    def answer(self, request: Request) -> Answer:
        """The answer to one of several requests; ``overwritten`` closes them."""
        answer = self._answer(request)
        if self._library.device != "cpu" and bytes_of(request.args) >= _LARGE and not answer.device_lost:
            self._library.release()
        return answer

    def _answer(self, request: Request) -> Answer:
        try:
            args, options = self.native(request.args), self.native(request.options)
        except Narrowed as narrowed:
            return Answer(failure=CallFailed(f"{request.function}: {narrowed}", refused=False))
        except Exception as raised:
            if self._library.device == "cpu":
                raise
            message = f"{request.function}: its arguments cannot be put on the device: {described(raised)}"
            return Answer(failure=CallFailed(message, refused=False), device_lost=not self._library.is_alive())
        before = [self._digest(argument) for argument in args]
        value, failure = None, None
        try:
            returned = self._run(request.function, args, options, request.beside)
            value = self.plain(returned, request.most)
            self._kept.keep(request.function, returned, value)
        except CallFailed as failed:
            failure = failed.with_traceback(None)  # whose frames hold the arrays of the call
            failure.__cause__ = failure.__context__ = None
        if failure is not None and not self._library.is_alive():
            return Answer(failure=failure, device_lost=True)
        changed = [n for n, (was, now) in enumerate(zip(before, args, strict=True), 1) if self._digest(now) != was]
        if request.spent:
            _write_into(args)
        return Answer(value, failure, tuple(changed))

    def overwritten(self, earlier: bool) -> dict[str, str]:
        """As ``Answers.overwritten``, as far as the results can still be read."""
        return self._kept.overwritten(earlier) if self._library.is_alive() else {}

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        answer = self.answer(Request(function, args, options, sys.maxsize))
        if answer.failure is not None:
            raise answer.failure
        return answer.value

    def native(self, value: Any) -> Any:
        """``value`` with fresh arrays of the library for its own, which are never passed on."""
        made: dict[int, Any] = {}  # by the id of the LaidOut

        def native(leaf: Any) -> Any:
            if isinstance(leaf, np.ndarray):
                return self._library.from_numpy(leaf)
            if isinstance(leaf, LaidOut):
                if id(leaf) not in made:
                    made[id(leaf)] = self._library.from_numpy(leaf.values, leaf.layout, leaf.dtype)
                return made[id(leaf)]
            return leaf

        return mapped(native, value)

    def plain(self, result: Any, most: int = sys.maxsize) -> Any:
        """What a function returned, as plain values that share no memory with it.

        An array with which there would be more than ``most`` elements becomes Oversized.
        """
        return _Reader(self._library, most).plain(result, _DEEPEST)

    def _digest(self, argument: Any) -> Any:
        """The digest of an argument as it is now."""
        try:
            return digest(argument if type(argument) is np.ndarray else self._readable(argument))
        except Exception as raised:  # a device whose memory can no longer be read
            return described(raised)

    def _readable(self, argument: Any) -> Any:
        """An argument, which unlike a result may hold strings and None."""
        if self._library.is_array(argument):
            return self._library.to_numpy(argument)
        if isinstance(argument, list | tuple):
            return [self._readable(item) for item in argument]
        if isinstance(argument, Mapping):
            return {str(key): self._readable(item) for key, item in argument.items()}
        return argument if isinstance(argument, str | int | float | None) else Unreadable(_named(argument))

    def _run(
        self, name: str, native: tuple[Any, ...], options: Mapping[str, Any], beside: tuple[Any, ...] | None
    ) -> Any:
        function = self.functions[name]
        try:
            if beside is None:
                result = function(*native, **options)
            else:
                others, theirs = self.native(beside), self.native(options)
                result = interleaved(lambda: function(*native, **options), lambda: function(*others, **theirs))
            self._library.synchronise()  # what goes wrong on a device shows when somebody waits for it
        except CallFailed:
            raise
        except BaseException as raised:
            if isinstance(raised, KeyboardInterrupt) and was_interrupted():
                raise
            if isinstance(raised, NotImplementedError) and raised_by_its_own_file(raised.__traceback__, function):
                raise NotWritten(f"{name} raises NotImplementedError") from raised
            message = f"{name} raised {described(raised)}{_place(raised, function)}"
            raise CallFailed(message, isinstance(raised, Exception)) from raised
        if result is None or result is Ellipsis:
            if is_stub(function):
                raise NotWritten(f"{name} returns {result!r}")
            raise CallFailed(f"{name} returned {result!r}: is a return missing?", refused=False)
        return result


def _write_into(arguments: Any) -> None:
    """Write another number into every array that can be written."""
    for leaf in leaves(arguments):
        if hasattr(leaf, "shape"):
            with contextlib.suppress(Exception):
                leaf[...] = 77


@dataclass
class _Reader:
    """Reads one result. left: how many elements it may still have; items: how many items its lists may still have."""

    library: ArrayLibrary
    left: int
    items: int = MOST_ITEMS

    def plain(self, result: Any, depth: int) -> Any:
        try:
            if isinstance(result, _NUMBERS):
                array = np.array(result)
            elif self.library.is_array(result):
                shape, dtype = self.library.outline(result)
                self.left -= math.prod(shape)
                if self.left < 0:
                    return Oversized(shape, str(dtype).rpartition(".")[2])
                array = self.library.read(result)
            elif isinstance(result, list | tuple | Mapping):
                return self._plain_items(result, depth)
            elif result is None:
                return Unreadable("None: is something still to be written?")
            else:
                array = self.library.to_numpy(result)
        except BaseException as raised:
            if isinstance(raised, KeyboardInterrupt) and was_interrupted():
                raise
            return Unreadable(f"something else than an array or a number: {described(raised)}")
        if array.dtype == object and any(item is None for item in array.flat):
            return Unreadable("an array that holds None: is something in it still to be written?")
        if array.dtype.kind not in _REAL:
            return Unreadable(f"an array of dtype {array.dtype}, not of real numbers")
        return array

    def _plain_items(self, items: Any, depth: int) -> Any:
        # What is stored counts, as with arrays, and not what a subclass says of it.
        if isinstance(items, list):
            items = list.copy(items)
        elif isinstance(items, tuple):
            items = tuple.__getitem__(items, slice(None))
        elif isinstance(items, dict):
            items = dict.copy(items)
        self.items -= len(items)
        if depth == 0 or self.items < 0:
            return Unreadable(f"a {type(items).__name__} of {len(items)} items, too many or too deep to be looked into")
        if isinstance(items, Mapping):
            return {str(key)[:100]: self.plain(item, depth - 1) for key, item in items.items()}
        return [self.plain(item, depth - 1) for item in items]


def bytes_of(arguments: Any) -> int:
    """The bytes of the arrays among the arguments of a call."""
    arrays = (leaf.values if isinstance(leaf, LaidOut) else leaf for leaf in leaves(arguments))
    return sum(array.nbytes for array in arrays if isinstance(array, np.ndarray))


def described(raised: BaseException) -> str:
    """The type and the first line of the message of an exception, whatever its message is made of."""
    try:
        text = str(raised).strip().splitlines()
    except BaseException:
        return f"{type(raised).__name__} (its message cannot be shown)"
    return one_line(f"{type(raised).__name__}: {text[0]}" if text else type(raised).__name__)


def _place(raised: BaseException, function: Callable[..., Any]) -> str:
    """The last line of the implementation's own file that the exception passed through, where there is one."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [line for frame, line in traceback.walk_tb(raised.__traceback__) if frame.f_code.co_filename == own]
    return f" ({one_line(os.path.basename(own))}:{lines[-1]})" if own and lines else ""


def _named(value: Any) -> str:
    article = "an" if type(value).__name__[:1].lower() in "aeiou" else "a"
    return f"{article} {type(value).__module__}.{type(value).__name__}".replace(" builtins.", " ")
