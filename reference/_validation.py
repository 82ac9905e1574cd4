"""Checks of arguments, and the one place where a result takes the dtype of its arguments."""

import functools
from collections.abc import Callable, Iterator, Mapping
from typing import Any, ParamSpec, TypeVar

import numpy as np

P = ParamSpec("P")
R = TypeVar("R")


def float64_inside(function: Callable[P, R]) -> Callable[P, R]:
    """Decorate a formula that computes in float64: its floating results take the dtype of the floating arguments.

    float32 in, float32 out; several dtypes promote as NumPy promotes them; integers and booleans count as float64.
    Python floats among the arguments are numbers without a dtype and decide nothing. Overflow, and what follows from
    an infinity, is silent: it shows in the result.
    """

    @functools.wraps(function)
    def rounded(*args: P.args, **kwargs: P.kwargs) -> R:
        dtypes = set(_floating_dtypes((args, tuple(kwargs.values()))))
        dtype = np.result_type(*dtypes) if dtypes else np.dtype(np.float64)
        with np.errstate(all="ignore"):
            return _round_to(dtype, function(*args, **kwargs))

    return rounded


def _floating_dtypes(value: object) -> Iterator[np.dtype[Any]]:
    if isinstance(value, Mapping):
        value = list(value.values())
    if isinstance(value, (list, tuple)):
        for item in value:
            yield from _floating_dtypes(item)
    elif isinstance(value, (np.ndarray, np.generic)) and value.dtype.kind == "f" and not isinstance(value, float):
        yield value.dtype


def _round_to(dtype: np.dtype[Any], result: Any) -> Any:
    if isinstance(result, (list, tuple)):
        return type(result)(_round_to(dtype, item) for item in result)
    if isinstance(result, dict):
        return {key: _round_to(dtype, item) for key, item in result.items()}
    if type(result) is int:
        return result
    if type(result) is float:
        return result if dtype == np.float64 else dtype.type(result)
    return np.asarray(result, dtype=dtype)


def real_array(name: str, value: object) -> np.ndarray:
    """The argument called `name` as a float64 array; ValueError unless it holds real numbers."""
    array = _rectangular(name, value)
    if array.dtype.kind not in "biuf":
        raise ValueError(f"{name}: got an array of dtype {array.dtype}, needs real numbers")
    return array.astype(np.float64, copy=False)


def real_number(name: str, value: object) -> float:
    """The argument called `name` as a float; ValueError unless it is one real number."""
    return float(with_dimensions(name, value, 0))


def whole_number(name: str, value: object, least: int) -> int:
    """The argument called `name` as an int; ValueError unless it is an integer of at least `least`."""
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ValueError(f"{name}: got {value!r}, needs an integer of at least {least}")
    return int(value)


def class_labels(name: str, value: object, k: int) -> np.ndarray:
    """The argument called `name` as an integer array; ValueError unless every element lies in [0, k)."""
    array = _rectangular(name, value)
    if array.dtype.kind not in "iu":
        raise ValueError(f"{name}: got an array of dtype {array.dtype}, needs integers")
    outside = array[(array < 0) | (array >= k)]
    if outside.size:
        raise ValueError(f"{name}: got the label {outside[0]}, needs labels from 0 to {k - 1}")
    return array


def probabilities(name: str, value: object) -> np.ndarray:
    """The argument called `name` as a float64 array; ValueError unless every element lies in [0, 1]."""
    array = real_array(name, value)
    outside = array[~((array >= 0) & (array <= 1))]
    if outside.size:
        raise ValueError(f"{name}: got the element {outside[0]}, needs elements in [0, 1]")
    return array


def with_dimensions(name: str, value: object, *allowed: int) -> np.ndarray:
    """The argument called `name` as a float64 array; ValueError unless its number of dimensions is allowed."""
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
