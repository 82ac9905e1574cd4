"""One call of an implementation's function: NumPy arrays in, plain values out, wherever the function runs.

Arguments are NumPy arrays (or LaidOut), numbers, strings, None, and lists, tuples and dicts of them. What comes back
is plain: base-class NumPy arrays of real numbers, lists and dicts of plain values, and Unreadable for all else.
"""

import os
import traceback
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

import numpy as np

from impls.backends import ArrayLibrary
from impls.interrupt import was_interrupted

MOST_ITEMS = 4096
"""How many items a list in a result may have; what is longer is no list of layers."""

_DEEPEST = 4
_LARGE = 1 << 26
"""From how many bytes of arguments on a library gives back the memory that it keeps for the next call."""

_REAL = "fiub"


@dataclass(frozen=True)
class LaidOut:
    """Values with the memory layout, and where NumPy has no such type the dtype, in which they are to be passed."""

    values: np.ndarray
    layout: str
    dtype: str | None = None


@dataclass(frozen=True)
class Unreadable:
    """Stands for a result, or an item of one, that is no array of real numbers; ``what`` says what it is."""

    what: str


class CallFailed(Exception):
    """A call that raised; the message says what, in one line. refused: an Exception, not a SystemExit or the like."""

    def __init__(self, message: str, refused: bool = True) -> None:
        super().__init__(message)
        self.refused = refused


class NotWritten(CallFailed):
    """The function says that it is still to be written: NotImplementedError, None or Ellipsis."""


class Lost(CallFailed):
    """The call did not come to an end: it ran out of time, or its process died."""

    def __init__(self, message: str) -> None:
        super().__init__(message, refused=False)


@dataclass(frozen=True)
class Request:
    """One call to be made. most: how many elements the arrays of its result may have together."""

    function: str
    args: tuple[Any, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    most: int = 1 << 20


@dataclass(frozen=True)
class Answer:
    """What came of a Request: the plain ``value``, or the ``failure`` in its place.

    changed: the numbers, from 1 on, of the arguments that the call has changed.
    """

    value: Any = None
    failure: "CallFailed | None" = None
    changed: tuple[int, ...] = ()


@dataclass(frozen=True)
class Answers:
    """The answers to some requests, in their order; fewer than there are requests where the last one is Lost.

    overwritten: of the functions of which a result, of these calls or of earlier ones, has changed since it was
    returned, with the call in words.
    """

    answers: Sequence[Answer]
    overwritten: Mapping[str, str]


class Kept(Protocol):
    """A call whose arguments and result are still there, to be looked at again."""

    @property
    def given(self) -> list[Any]:
        """The arguments just before the call, plain."""

    def arguments(self) -> list[Any]:
        """The arguments as they are now, plain."""

    def result(self) -> Any:
        """The result as it is now, plain."""


class Caller(Protocol):
    """How the functions of one implementation are called. Every method raises CallFailed."""

    devices_lost: int
    """How many calls have ended the device for their process, so that another process was started."""

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        """The plain result of the function of that name on ``args`` and the keyword arguments ``options``."""

    def keep(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Kept:
        """The same, with arguments and result kept."""


class Direct:
    """Calls in this process."""

    devices_lost = 0  # none has been replaced

    def __init__(self, functions: Mapping[str, Callable[..., Any]], library: ArrayLibrary) -> None:
        self.functions = functions
        self._library = library

    def call(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        try:
            return self.plain(self._run(function, *self._on_the_device(function, args, options)))
        finally:
            if _bytes_in(args) >= _LARGE:
                self._library.release()

    def keep(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> "_KeptHere":
        native, native_options = self._on_the_device(function, args, options)
        given = self._arguments(native)
        return _KeptHere(given, self, native, self._run(function, native, native_options))

    def lost_its_device(self) -> bool:
        """Whether the device of the arrays computes no more for this process, and another process is needed."""
        return not self._library.is_alive()

    def _on_the_device(self, function: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> tuple[Any, Any]:
        """The arguments as the function gets them. A device may fail to make them, which is not its refusal of them."""
        try:
            return self.native(args), self.native(options)
        except Exception as raised:
            if self._library.device == "cpu":
                raise
            message = f"the arguments of {function} cannot be put on {self._library.device}: {described(raised)}"
            raise CallFailed(message, refused=False) from raised

    def native(self, value: Any) -> Any:
        """``value`` with fresh arrays of the library for its own, which are never passed on."""
        if isinstance(value, np.ndarray):
            return self._library.from_numpy(value)
        if isinstance(value, LaidOut):
            return self._library.from_numpy(value.values, value.layout, value.dtype)
        if isinstance(value, list | tuple):
            return type(value)(self.native(item) for item in value)
        if isinstance(value, Mapping):
            return {key: self.native(item) for key, item in value.items()}
        return value

    def plain(self, result: Any, depth: int = _DEEPEST) -> Any:
        """What a function returned, as plain values that share no memory with it."""
        try:
            if isinstance(result, list | tuple | Mapping):
                return self._plain_items(result, depth)
            is_number = isinstance(result, bool | int | float | np.generic)
            array = np.array(result) if is_number else self._library.to_numpy(result)
        except BaseException as raised:
            if isinstance(raised, KeyboardInterrupt) and was_interrupted():
                raise
            return Unreadable(f"something else than an array or a number: {described(raised)}")
        if array.dtype.kind not in _REAL:
            return Unreadable(f"an array of dtype {array.dtype}, not of real numbers")
        return array

    def _plain_items(self, items: Any, depth: int) -> Any:
        if depth == 0 or len(items) > MOST_ITEMS:
            return Unreadable(f"a {type(items).__name__} of {len(items)} items, too many or too deep to be looked into")
        if isinstance(items, Mapping):
            return {str(key)[:100]: self.plain(item, depth - 1) for key, item in items.items()}
        return [self.plain(item, depth - 1) for item in items]

    def _arguments(self, native: tuple[Any, ...]) -> list[Any]:
        return [self._readable(argument) for argument in native]

    def _readable(self, argument: Any) -> Any:
        """An argument, which unlike a result may hold strings and None."""
        if self._library.is_array(argument):
            return self._library.to_numpy(argument)
        if isinstance(argument, list | tuple):
            return [self._readable(item) for item in argument]
        if isinstance(argument, Mapping):
            return {str(key): self._readable(item) for key, item in argument.items()}
        return argument if isinstance(argument, str | int | float | None) else Unreadable(_named(argument))

    def _run(self, name: str, native: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
        function = self.functions[name]
        try:
            result = function(*native, **options)
            self._library.synchronise()  # what goes wrong on a device shows when somebody waits for it
        except NotImplementedError as raised:
            raise NotWritten(f"{name} raises NotImplementedError") from raised
        except BaseException as raised:
            if isinstance(raised, KeyboardInterrupt) and was_interrupted():
                raise
            message = f"{name} raised {described(raised)}{_place(raised, function)}"
            raise CallFailed(message, isinstance(raised, Exception)) from raised
        if result is None or result is Ellipsis:
            raise NotWritten(f"{name} returns {result!r}")
        return result


@dataclass(frozen=True)
class _KeptHere:
    given: list[Any]
    caller: Direct
    native: tuple[Any, ...]
    returned: Any

    def arguments(self) -> list[Any]:
        return self.caller._arguments(self.native)

    def result(self) -> Any:
        return self.caller.plain(self.returned)


def _bytes_in(value: Any) -> int:
    if isinstance(value, LaidOut):
        return value.values.nbytes
    if isinstance(value, list | tuple):
        return sum(map(_bytes_in, value))
    return value.nbytes if isinstance(value, np.ndarray) else 0


def described(raised: BaseException) -> str:
    """The type and the first line of the message of an exception, whatever its message is made of."""
    try:
        text = str(raised).strip().splitlines()
    except BaseException:
        return f"{type(raised).__name__} (its message cannot be shown)"
    return one_line(f"{type(raised).__name__}: {text[0]}" if text else type(raised).__name__)


def one_line(text: str, longest: int = 300) -> str:
    """Foreign text as it may be shown: one line, without control characters, which a terminal would obey, and cut."""
    text = text if len(text) <= longest else f"{text[: longest - 3]}..."
    return printable(text)


def printable(text: str) -> str:
    """``text`` with everything but printable characters as escapes, line ends among them."""
    encodable = text.encode("utf-8", "backslashreplace").decode()
    if encodable.isprintable():
        return encodable
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in encodable)


def _place(raised: BaseException, function: Callable[..., Any]) -> str:
    """The last line of the implementation's own file that the exception passed through, where there is one."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [line for frame, line in traceback.walk_tb(raised.__traceback__) if frame.f_code.co_filename == own]
    return f" ({one_line(os.path.basename(own))}:{lines[-1]})" if own and lines else ""


def _named(value: Any) -> str:
    article = "an" if type(value).__name__[:1].lower() in "aeiou" else "a"
    return f"{article} {type(value).__module__}.{type(value).__name__}".replace(" builtins.", " ")
