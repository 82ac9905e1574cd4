"""An implementation as a test body sees it: ``impl.softmax(z)`` takes and gives NumPy arrays whatever it runs on,
and whatever goes wrong inside is the implementation's fault and not the test's."""

import functools
import inspect
import os
import traceback
import typing
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference
from impls import Implementation, library
from impls.interrupt import was_interrupted
from reference.error_bounds import REFERENCE, SLIDE_EPS, Arithmetic, Band
from tests.harness.clauses import TEXTBOOK, Clause
from tests.harness.exact import in_float64
from tests.harness.faults import ImplementationError, Nonconformance, Unimplemented
from tests.harness.memo import fingerprint, once


@dataclass(frozen=True)
class LaidOut:
    """Values with the memory layout, and where NumPy has no such type the dtype, in which they are to be passed."""

    values: np.ndarray
    layout: str
    dtype: str | None = None


def laid_out(values: np.ndarray, layout: str, dtype: str | None = None) -> LaidOut:
    """Ask that ``values`` be passed in the memory layout of that name (``impls.LAYOUTS``)."""
    return LaidOut(values, layout, dtype)


def without_layout(value: Any) -> Any:
    """``value`` with the arrays in it as they were before they were laid out."""
    if isinstance(value, LaidOut):
        return value.values
    if isinstance(value, list | tuple):
        return type(value)(without_layout(item) for item in value)
    return value


@dataclass(frozen=True)
class Call:
    """One call of a function of the interface, with the arguments as the test gave them."""

    function: str
    arguments: tuple[Any, ...]


class Subject:
    """The implementation under test, for one clause. Functions are attributes, and items by their name."""

    def __init__(self, implementation: Implementation, clause: Clause) -> None:
        self.implementation = implementation
        self.clause = clause
        self.calls: list[Call] = []
        """The calls made on the example at hand, the latest last."""
        self.attempt = _Attempts(self)
        self.bound = _Bounds(self)
        self.library = library(implementation.arrays, implementation.device)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        kind = _result_kinds()[name]

        def call(*args: Any) -> Any:
            return self.values(kind, self.call_native(name, args, self.native(args)))

        return call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _result_kinds():
            raise AttributeError(f"{name} is no function of the interface and no attribute of a Subject")
        return self[name]

    def arithmetic(self, *args: Any) -> Arithmetic:
        """The arithmetic the implementation does on ``args``: that of the first floating array's dtype."""
        dtype = dtype_of(args) or "float64"
        implementation = self.implementation
        eps = SLIDE_EPS if self.clause.level == TEXTBOOK else 0.0
        return Arithmetic.of(dtype, implementation.ulp[dtype], implementation.flushes_to_zero, eps)

    def native(self, value: Any) -> Any:
        """``value`` with fresh arrays of the implementation's library for its own, which are never passed on."""
        if isinstance(value, np.ndarray):
            return self.library.from_numpy(value)
        if isinstance(value, LaidOut):
            return self.library.from_numpy(value.values, value.layout, value.dtype)
        if isinstance(value, list | tuple):
            return type(value)(self.native(item) for item in value)
        return value

    def call_native(self, name: str, args: tuple[Any, ...], native: tuple[Any, ...]) -> Any:
        """Call ``name`` on the library's own arrays, and give back just what it returned."""
        self.calls.append(Call(name, args))
        try:
            result = self.implementation.functions[name](*native)
        except NotImplementedError as raised:
            raise Unimplemented(f"{name} raises NotImplementedError", raised) from raised
        except BaseException as raised:
            if isinstance(raised, KeyboardInterrupt) and was_interrupted():
                raise
            where = _place(raised, self.implementation.functions[name])
            raise ImplementationError(f"{name} raised {described(raised)}{where}", raised) from raised
        if result is None or result is Ellipsis:
            raise Unimplemented(f"{name} returns {result!r}")
        return result

    def values(self, kind: "_Kind", result: Any) -> Any:
        """``result`` as fresh NumPy arrays in the structure that the interface asks for."""
        if isinstance(kind, _Items):
            if not isinstance(result, list | tuple):
                raise ImplementationError(f"{self.calls[-1].function} returned {_named(result)}; {kind.name} is due")
            kinds = kind.of if kind.fixed else kind.of * len(result)
            if len(kinds) != len(result):
                raise Nonconformance(f"{len(result)} items came, {len(kinds)} are due", came=result)
            return [self.values(one, item) for one, item in zip(kinds, result, strict=True)]
        try:
            is_number = isinstance(result, bool | int | float | np.generic)
            array = np.array(result) if is_number else self.library.to_numpy(result)
        except Exception as raised:
            number = " (or a number)" if kind == "scalar" else ""
            raise ImplementationError(
                f"{self.calls[-1].function} returned something else than an array{number}: {described(raised)}"
            ) from raised
        if array.dtype.kind not in "fiub":
            raise ImplementationError(
                f"{self.calls[-1].function} returned an array of dtype {array.dtype}, not of real numbers"
            )
        return array


class _Attempts:
    """``impl.attempt.softmax(z)``: the value, or None where the implementation refused the call with an exception."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __getitem__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            try:
                return self._subject[name](*args)
            except ImplementationError as fault:
                if isinstance(fault.raised, Exception):
                    return None
                raise

        return call

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self[name]


class _Bounds:
    """``impl.bound.softmax(z)``: how far the implementation may be from ``exact.softmax(z)``.

    The formula's bound at the implementation's own arithmetic, plus the bound of the reference itself.
    """

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __getitem__(self, name: str) -> Callable[..., Any]:
        bound = getattr(reference, f"{name}_bound")

        def evaluate(*args: Any) -> Any:
            arithmetic = self._subject.arithmetic(*args)

            plain = without_layout(args)

            def compute() -> Any:
                widened = in_float64(plain)
                return _added(bound(*widened, arithmetic), bound(*widened, REFERENCE))

            return once(("bound", name, arithmetic, fingerprint(plain)), compute)

        return evaluate

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self[name]


def assert_pure(impl: Subject, function: str, args: Sequence[Any], other_args: Sequence[Any]) -> None:
    """A call changes none of its arguments, and no later call, on the same or on other ones, changes its result."""
    kind = _result_kinds()[function]
    native = impl.native(tuple(args))
    result = impl.call_native(function, tuple(args), native)
    first = impl.values(kind, result)
    for number, (arg, now) in enumerate(zip(args, _numpy(impl, native), strict=True), start=1):
        was = _numpy(impl, impl.native(arg))
        if fingerprint(now) != fingerprint(was):
            raise Nonconformance(f"{function} changed its argument number {number}", came=now, due=was)
    for _ in range(3):  # an implementation may take turns with two buffers
        impl.call_native(function, tuple(other_args), impl.native(tuple(other_args)))
    later = impl.values(kind, result)
    if fingerprint(later) != fingerprint(first):
        raise Nonconformance(
            f"a later call of {function} overwrote the result of an earlier one", came=later, due=first
        )


_Kind = typing.Union[str, "_Items"]


@dataclass(frozen=True)
class _Items:
    """A list or tuple of results; ``fixed`` where their number is, else any number of ``of[0]``."""

    name: str
    of: list[Any]
    fixed: bool


@functools.cache
def _result_kinds() -> dict[str, _Kind]:
    return {name: _kind(_annotation(name)) for name in reference.FUNCTIONS}


def _annotation(name: str) -> Any:
    return typing.get_type_hints(inspect.unwrap(getattr(reference, name)))["return"]


def _kind(annotation: Any) -> _Kind:
    origin, items = typing.get_origin(annotation), list(typing.get_args(annotation))
    if origin is list:
        return _Items("a list or tuple", [_kind(items[0])], fixed=False)
    if origin is tuple:
        return _Items(f"{len(items)} items in a tuple or list", [_kind(item) for item in items], fixed=True)
    return "scalar" if annotation is float else "array"


def _numpy(impl: Subject, native: Any) -> Any:
    if isinstance(native, list | tuple):
        return [_numpy(impl, item) for item in native]
    return impl.library.to_numpy(native) if impl.library.is_array(native) else native


def dtype_of(value: Any) -> str | None:
    """The name of the dtype of the first floating array in ``value``; None where there is none."""
    if isinstance(value, LaidOut):
        return value.dtype or dtype_of(value.values)
    if isinstance(value, np.ndarray):
        return value.dtype.name if value.dtype.kind == "f" else None
    if isinstance(value, list | tuple):
        return next(filter(None, map(dtype_of, value)), None)
    return None


def _added(one: Any, other: Any) -> Any:
    if isinstance(one, list | tuple):
        return [_added(left, right) for left, right in zip(one, other, strict=True)]
    return (one if isinstance(one, Band) else Band(one)) + other


def described(raised: BaseException) -> str:
    """The type and the first line of the message of an exception, whatever its message is made of."""
    try:
        text = str(raised).strip().splitlines()
    except BaseException:
        return f"{type(raised).__name__} (its message cannot be shown)"
    line = f"{type(raised).__name__}: {text[0][:300]}" if text else type(raised).__name__
    return line.encode("utf-8", "backslashreplace").decode()


def _place(raised: BaseException, function: Callable[..., Any]) -> str:
    """The last line of the implementation's own file that the exception passed through, where there is one."""
    own = getattr(getattr(function, "__code__", None), "co_filename", None)
    lines = [line for frame, line in traceback.walk_tb(raised.__traceback__) if frame.f_code.co_filename == own]
    return f" ({os.path.basename(own)}:{lines[-1]})" if own and lines else ""


def _named(result: Any) -> str:
    article = "an" if type(result).__name__[0].lower() in "aeiou" else "a"
    return f"{article} {type(result).__module__}.{type(result).__name__}".replace(" builtins.", " ")
