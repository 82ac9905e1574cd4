"""Checks of arguments, and the one place where a result takes the dtype of its arguments."""

import functools
from collections.abc import Callable, Sequence
from typing import Any, ParamSpec, TypeVar, cast

import numpy as np

from reference.trees import mapped

P = ParamSpec("P")
R = TypeVar("R")


def float64_inside(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a formula that computes in float64: its floating results take the dtype of the floating arguments.

    float32 arguments give a float32 result. Several dtypes are promoted as NumPy promotes them; integers and booleans
    count as float64. Python floats have no dtype and do not count. Overflows and operations on infinities raise no
    warning: the result shows them.
    """

    @functools.wraps(function)
    def rounded(*args: P.args, **kwargs: P.kwargs) -> R:
        dtypes: set[np.dtype[Any]] = set()
        mapped(lambda leaf: dtypes.add(leaf.dtype) if _is_floating(leaf) else None, (args, kwargs))
        dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
        with np.errstate(all="ignore"):
            return cast(R, mapped(functools.partial(_round_to, dtype), function(*args, **kwargs)))

    return rounded


def each_in_its_dtype(step: Callable[P, R]) -> Callable[P, R]:
    """Decorate a step of parameters that computes in float64; its first argument is the sequence of the parameters.

    Array i of each list in its result takes the dtype of parameter i, float64 where that is no floating dtype.
    Overflows and operations on infinities raise no warning.
    """

    @functools.wraps(step)
    def rounded(*args: P.args, **kwargs: P.kwargs) -> R:
        theta = cast(Sequence[object], args[0] if args else kwargs["theta"])
        dtypes = [leaf.dtype if _is_floating(leaf) else np.dtype(np.float64) for leaf in map(np.asarray, theta)]

        def of(result: Any) -> Any:
            if isinstance(result, tuple):
                return tuple(map(of, result))
            if isinstance(result, dict):
                return {key: of(entry) for key, entry in result.items()}
            return list(map(_round_to, dtypes, result)) if isinstance(result, list) else result

        with np.errstate(all="ignore"):
            return cast(R, of(step(*args, **kwargs)))

    return rounded


def _is_floating(leaf: object) -> bool:
    """Whether the leaf has a floating dtype; NumPy's float64 number is a Python float and has none that counts."""
    return isinstance(leaf, (np.ndarray, np.generic)) and leaf.dtype.kind == "f" and not isinstance(leaf, float)


def _round_to(dtype: np.dtype[Any], leaf: Any) -> Any:
    if type(leaf) is int:
        return leaf
    if type(leaf) is float:
        return leaf if dtype == np.float64 else dtype.type(leaf)
    return np.asarray(leaf, dtype=dtype)


def real_array(name: str, value: object) -> np.ndarray:
    """The argument called `name` as a float64 array. Raises ValueError unless it holds real numbers."""
    array = _rectangular(name, value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: got an array of dtype {array.dtype}, needs real numbers")
    return array.astype(np.float64, copy=False)


def real_number(name: str, value: object) -> float:
    """The argument called `name` as a float. Raises ValueError unless it is one real number."""
    return float(with_dimensions(name, value, 0))


def whole_number(name: str, value: object, least: int) -> int:
    """The argument called `name` as an int. Raises ValueError unless it is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: got {value!r}, needs an integer of at least {least}")
    return int(value)


def class_labels(name: str, value: object, k: int) -> np.ndarray:
    """The argument called `name` as an integer array. Raises ValueError unless every element lies in [0, k)."""
    array = _rectangular(name, value)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name}: got an array of dtype {array.dtype}, needs integers")
    outside = array[(array < 0) | (array >= k)]
    if outside.size:
        raise ValueError(f"{name}: got the label {outside[0]}, needs labels from 0 to {k - 1}")
    return array


def probabilities(name: str, value: object) -> np.ndarray:
    """The argument called `name` as a float64 array. Raises ValueError unless every element lies in [0, 1]."""
    array = real_array(name, value)
    outside = array[~((array >= 0) & (array <= 1))]
    if outside.size:
        raise ValueError(f"{name}: got the element {outside[0]}, needs elements in [0, 1]")
    return array


def with_dimensions(name: str, value: object, *allowed: int) -> np.ndarray:
    """The argument called `name` as a float64 array. Raises ValueError unless its number of dimensions is allowed."""
    array = real_array(name, value)
    if array.ndim not in allowed:
        needed = " or ".join(str(ndim) for ndim in allowed)
        raise ValueError(f"{name}: got shape {array.shape}, needs an array of {needed} dimensions")
    return array


def check_shape(name: str, array: np.ndarray, needed: tuple[int, ...], because: str) -> None:
    """Raise ValueError unless `array`, the argument called `name`, has the shape `needed`."""
    if array.shape != needed:
        raise ValueError(f"{name}: got shape {array.shape}, needs {needed} ({because})")


def check_not_empty(name: str, array: np.ndarray) -> None:
    """Raise ValueError if `array`, the argument called `name`, has no element to average over."""
    if not array.size:
        raise ValueError(f"{name}: got shape {array.shape}, needs at least one element")


def _rectangular(name: str, value: object) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError(f"{name}: got nested sequences of unequal lengths, needs an array") from error
