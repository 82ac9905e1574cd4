"""An implementation as a test body sees it: ``impl.softmax(z)`` takes and gives NumPy arrays whatever it runs on,
and whatever goes wrong inside is the implementation's fault and not the test's."""

import functools
import inspect
import typing
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

import reference
from impls import ArrayLibrary, Implementation, library
from impls.calling import CallFailed, LaidOut, Lost, NotWritten, Unreadable
from reference.error_bounds import REFERENCE, SLIDE_EPS, Arithmetic, Band
from tests.harness.drawing.memo import fingerprint, once
from tests.harness.judging.exact import in_float64
from tests.harness.judging.faults import Abandoned, HarnessFault, ImplementationError, Nonconformance, Unimplemented
from tests.harness.spec.clauses import TEXTBOOK, Clause


def laid_out(values: np.ndarray, layout: str, dtype: str | None = None) -> LaidOut:
    """Ask that ``values`` be passed in the memory layout of that name (``impls.LAYOUTS``)."""
    return LaidOut(values, layout, dtype)


def without_layout(value: Any) -> Any:
    """``value`` with the arrays in it as they were before they were laid out."""
    if isinstance(value, LaidOut):
        return value.values
    if isinstance(value, list | tuple):
        return type(value)(without_layout(item) for item in value)
    if isinstance(value, Mapping):
        return {key: without_layout(item) for key, item in value.items()}
    return value


@dataclass
class Call:
    """One call of a function of the interface, with the arguments as the test gave them, and the values that came."""

    function: str
    arguments: tuple[Any, ...]
    options: Mapping[str, Any]
    came: Any = None


class Subject:
    """The implementation under test, for one clause. Functions are attributes, and items by their name."""

    def __init__(self, implementation: Implementation, clause: Clause) -> None:
        self.implementation = implementation
        self.clause = clause
        self.calls: list[Call] = []
        """The calls made on the example at hand, the latest last."""
        self.attempt = _Attempts(self)
        self.bound = _Bounds(self)

    @functools.cached_property
    def library(self) -> ArrayLibrary:
        return library(self.implementation.arrays, self.implementation.device)

    def __getitem__(self, name: str) -> Callable[..., Any]:
        kind = _result_kinds()[name]
        call = self.implementation.caller.call

        def evaluate(*args: Any, **options: Any) -> Any:
            made = Call(name, args, options)
            self.calls.append(made)
            made.came = _checked(name, kind, _conducted(call, name, args, options))
            return made.came

        return evaluate

    def __getattr__(self, name: str) -> Callable[..., Any]:
        if name not in _result_kinds():
            raise AttributeError(f"{name} is no function of the interface and no attribute of a Subject")
        return self[name]

    def arithmetic(self, *args: Any) -> Arithmetic:
        """The arithmetic the implementation does on ``args``: that of the first floating array's dtype."""
        dtype = dtype_of(args) or "float64"
        implementation = self.implementation
        eps = SLIDE_EPS if self.clause.level == TEXTBOOK else 0.0
        return Arithmetic.of(dtype, implementation.ulp[dtype], dtype in implementation.flushes_to_zero, eps)


def _conducted(call: Callable[..., Any], name: str, args: tuple[Any, ...], options: Mapping[str, Any]) -> Any:
    """What ``call`` gives; what goes wrong becomes the fault that it is."""
    try:
        return call(name, args, options)
    except NotWritten as failed:
        raise Unimplemented(str(failed)) from failed
    except Lost as failed:
        raise Abandoned(str(failed)) from failed
    except CallFailed as failed:
        raise ImplementationError(str(failed), refused=failed.refused) from failed
    except Exception as bug:
        raise HarnessFault(f"the call of {name} broke down in the suite itself: {bug!r}") from bug


def _checked(function: str, kind: "_Kind", result: Any, says: str | None = None) -> Any:
    """The plain ``result`` in the structure that the interface asks for; ``says``: "... returned", of what it is."""
    says = says or f"{function} returned"
    if isinstance(result, Unreadable):
        raise ImplementationError(f"{says} {result.what}")
    if isinstance(kind, _Fields):
        if not isinstance(result, Mapping):
            raise ImplementationError(f"{says} {_named(result)}; {kind.name} is due")
        if missing := [key for key in kind.of if key not in result]:
            raise Nonconformance(f"the dictionary that came has no {missing[0]!r}; {kind.name} is due", came=result)
        return {
            key: _checked(function, one, result[key], f"{key!r} in what {function} returned is")
            for key, one in kind.of.items()
        }
    if isinstance(kind, _Items):
        if not isinstance(result, list):
            raise ImplementationError(f"{says} {_named(result)}; {kind.name} is due")
        kinds = kind.of if kind.fixed else kind.of * len(result)
        if len(kinds) != len(result):
            raise Nonconformance(f"{len(result)} items came, {len(kinds)} are due", came=result)
        return [
            _checked(function, one, item, f"item {index} of what {function} returned is")
            for index, (one, item) in enumerate(zip(kinds, result, strict=True))
        ]
    if not isinstance(result, np.ndarray):
        raise ImplementationError(f"{says} {_named(result)}; an array{' or a number' * (kind == 'scalar')} is due")
    return result


class _Attempts:
    """``impl.attempt.softmax(z)``: the value, or None where the implementation refused the call with an exception."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject

    def __getitem__(self, name: str) -> Callable[..., Any]:
        def call(*args: Any, **options: Any) -> Any:
            try:
                return self._subject[name](*args, **options)
            except ImplementationError as fault:
                if fault.refused:
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

        def evaluate(*args: Any, **options: Any) -> Any:
            arithmetic = self._subject.arithmetic(*args)

            plain = without_layout(args)

            def compute() -> Any:
                widened = in_float64(plain)
                return _added(bound(*widened, arithmetic, **options), bound(*widened, REFERENCE, **options))

            return once(("bound", name, arithmetic, fingerprint([plain, options])), compute)

        return evaluate

    def __getattr__(self, name: str) -> Callable[..., Any]:
        return self[name]


def assert_pure(impl: Subject, function: str, args: Sequence[Any], other_args: Sequence[Any], **options: Any) -> None:
    """A call changes none of its arguments, and no later call, on the same or on other ones, changes its result."""
    kind, caller = _result_kinds()[function], impl.implementation.caller
    impl.calls.append(made := Call(function, tuple(args), options))
    kept = _conducted(caller.keep, function, tuple(args), options)
    first = made.came = _checked(function, kind, kept.result())
    for number, (was, now) in enumerate(zip(kept.given, kept.arguments(), strict=True), start=1):
        if fingerprint(now) != fingerprint(was):
            raise Nonconformance(f"{function} changed its argument number {number}", came=now, due=was)
    for _ in range(3):  # an implementation may take turns with two buffers
        impl[function](*other_args, **options)
    later = _checked(function, kind, kept.result())
    if fingerprint(later) != fingerprint(first):
        raise Nonconformance(
            f"a later call of {function} overwrote the result of an earlier one", came=later, due=first
        )


_Kind = typing.Union[str, "_Items", "_Fields"]


@dataclass(frozen=True)
class _Items:
    """A list or tuple of results; ``fixed`` where their number is, else any number of ``of[0]``."""

    name: str
    of: list[Any]
    fixed: bool


@dataclass(frozen=True)
class _Fields:
    """A dictionary of results by these keys; further ones are the implementation's own."""

    name: str
    of: dict[str, Any]


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
    if typing.is_typeddict(annotation):
        of = {key: _kind(item) for key, item in typing.get_type_hints(annotation).items()}
        return _Fields(f"a dictionary with {' and '.join(map(repr, of))}", of)
    return "scalar" if annotation in (float, int) else "array"


def dtype_of(value: Any) -> str | None:
    """The name of the dtype of the first floating array in ``value``; None where there is none."""
    if isinstance(value, LaidOut):
        return value.dtype or dtype_of(value.values)
    if isinstance(value, np.ndarray):
        return value.dtype.name if value.dtype.kind == "f" else None
    if isinstance(value, list | tuple):
        return next(filter(None, map(dtype_of, value)), None)
    return dtype_of(list(value.values())) if isinstance(value, Mapping) else None


def _added(one: Any, other: Any) -> Any:
    if isinstance(one, list | tuple):
        return [_added(left, right) for left, right in zip(one, other, strict=True)]
    if isinstance(one, Mapping):
        return {key: _added(one[key], other[key]) for key in one}
    return (one if isinstance(one, Band) else Band(one)) + other


def _named(result: Any) -> str:
    return (
        f"a list of {len(result)} items"
        if isinstance(result, list)
        else "an array"
        if isinstance(result, np.ndarray)
        else f"a {type(result).__name__}"
    )
