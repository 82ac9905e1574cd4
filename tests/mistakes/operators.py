"""Wrong habits as operators: in goes a right function, out comes the function of an author who has that habit.

An argument is an array, or a list, tuple or dict of such; an operator befalls some of its arrays.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

Function = Callable[..., Any]
Change = Callable[[np.ndarray], Any]
Chosen = Callable[[np.ndarray], bool]


def mapped(f: Callable[[Any], Any], tree: Any) -> Any:
    """``f`` of every leaf, in the same lists, tuples and dicts."""
    if isinstance(tree, list | tuple):
        return type(tree)([mapped(f, item) for item in tree])
    if isinstance(tree, Mapping):
        return {key: mapped(f, item) for key, item in tree.items()}
    return f(tree)


def arrays(tree: Any) -> list[np.ndarray]:
    """Every array of a tree, in order."""
    found: list[np.ndarray] = []
    mapped(lambda leaf: found.append(leaf) if isinstance(leaf, np.ndarray) else None, tree)
    return found


def of_kind(kinds: str) -> Chosen:
    """Arrays of a dtype whose kind is one of these: "f", "iu"."""
    return lambda array: array.dtype.kind in kinds


def everywhere(array: np.ndarray) -> bool:
    return True


def of_changed_arguments(change: Change, chosen: Chosen = everywhere, at: int | None = None) -> Callable[..., Function]:
    """The function of changed arrays: those that are ``chosen``, in every argument or in that of number ``at``."""

    def changed(leaf: Any) -> Any:
        return change(leaf) if isinstance(leaf, np.ndarray) and chosen(leaf) else leaf

    def befallen(args: Any) -> list[Any]:
        return [mapped(changed, one) if at in (None, i) else one for i, one in enumerate(args)]

    return lambda f: lambda *args, **options: f(*befallen(args), **options)


def with_changed_result(change: Change, kinds: tuple[type, ...] = (np.ndarray, np.floating)) -> Callable[..., Function]:
    """The function with every array and every floating number of its result changed."""

    def changed(leaf: Any) -> Any:
        return change(np.asarray(leaf)) if isinstance(leaf, kinds) else leaf

    return lambda f: lambda *args, **options: mapped(changed, f(*args, **options))


def computing_in(dtype: type) -> Callable[..., Function]:
    """The function in another precision, its result in the precision of its first floating argument."""

    def operator(f: Function) -> Function:
        narrowed = of_changed_arguments(lambda array: array.astype(dtype), of_kind("f"))(f)

        def wrong(*args: Any, **options: Any) -> Any:
            (first, *_) = [one for one in arrays(args) if one.dtype.kind == "f"]
            return with_changed_result(lambda value: value.astype(first.dtype))(narrowed)(*args, **options)

        return wrong

    return operator


def result_like_the_first_argument(f: Function) -> Function:
    return lambda *args, **options: mapped(
        lambda value: np.asarray(value).astype(arrays(args)[0].dtype), f(*args, **options)
    )


def all_lost_for_one_nan(f: Function) -> Function:
    def wrong(*args: Any, **options: Any) -> Any:
        spoilt = any(np.isnan(one).any() for one in arrays(args) if one.dtype.kind == "f")
        lost = with_changed_result(lambda value: np.full_like(value, np.nan))
        return (lost(f) if spoilt else f)(*args, **options)

    return wrong


def leaving(change: Callable[[np.ndarray], Any], at: int, chosen: Chosen = everywhere) -> Callable[..., Function]:
    """The right result, and the arrays of the argument of number ``at`` changed by ``change`` when it returns."""

    def operator(f: Function) -> Function:
        def wrong(*args: Any, **options: Any) -> Any:
            result = with_changed_result(np.array)(f)(*args, **options)
            for array in arrays(args[at]):
                if chosen(array):
                    change(array)
            return result

        return wrong

    return operator


def buffers_by_shape(f: Function) -> Function:
    """The function that keeps one array for each shape and writes every result of that shape into it."""
    kept: dict[Any, np.ndarray] = {}

    def wrong(*args: Any, **options: Any) -> Any:
        places = iter(range(10**6))

        def stored(value: np.ndarray) -> np.ndarray:
            buffer = kept.setdefault((next(places), value.shape, value.dtype), np.array(value))
            buffer[...] = value
            return buffer

        return with_changed_result(stored, (np.ndarray, float, np.floating))(f)(*args, **options)

    return wrong


def through_one_buffer(f: Function) -> Function:
    """The function that copies every result out of one array for each shape, which all threads share."""
    buffered = buffers_by_shape(f)
    return lambda *args, **options: mapped(
        lambda leaf: leaf.copy() if isinstance(leaf, np.ndarray) else leaf, buffered(*args, **options)
    )


def views_of_one_work_space(f: Function) -> Function:
    """The function that has one array of bytes for all results and gives views of it."""
    space = np.zeros(2**17, np.uint8)

    def wrong(*args: Any, **options: Any) -> Any:
        taken = 0

        def stored(value: np.ndarray) -> np.ndarray:
            nonlocal taken
            view = np.ndarray(value.shape, value.dtype, space, taken)
            view[...] = value
            taken += -(-value.nbytes // 8) * 8
            return view

        return with_changed_result(stored)(f)(*args, **options)

    return wrong


def as_if_contiguous(array: np.ndarray) -> np.ndarray:
    """The elements that lie one after the other in memory from the array's first one on, in its shape.

    Where the memory ends before the shape is full, it starts again: this reads nothing that is not the array's.
    """
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    first = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return np.resize(owner.ravel(order="K")[first // array.itemsize :], array.shape)
