"""Wrong habits as operators: in goes a right function, out comes the function of an author who has that habit.

An argument is an array, or a list, tuple or dict of such; an operator befalls some of its arrays.
"""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from tests.mistakes.memory import as_if_contiguous

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


def everywhere(array: np.ndarray) -> bool:
    return True


def is_floating(array: np.ndarray) -> bool:
    return array.dtype.kind == "f"


def of_changed_arguments(change: Change, chosen: Chosen = everywhere, at: int | None = None) -> Callable[..., Function]:
    """The function of changed arrays: those that are ``chosen``, in every argument or in that of number ``at``."""

    def changed(leaf: Any) -> Any:
        return change(leaf) if isinstance(leaf, np.ndarray) and chosen(leaf) else leaf

    def operator(f: Function) -> Function:
        def wrong(*args: Any, **options: Any) -> Any:
            befallen = [mapped(changed, one) if at in (None, i) else one for i, one in enumerate(args)]
            return f(*befallen, **options)

        return wrong

    return operator


def with_changed_result(change: Change) -> Callable[..., Function]:
    """The function with every floating array or number of its result changed."""

    def changed(leaf: Any) -> Any:
        return change(np.asarray(leaf)) if isinstance(leaf, np.ndarray | np.floating) else leaf

    return lambda f: lambda *args, **options: mapped(changed, f(*args, **options))


# Layout


def in_the_order_of_memory(array: np.ndarray) -> np.ndarray:
    return array.ravel(order="K").reshape(array.shape)


def stepping_forward(array: np.ndarray) -> np.ndarray:
    return array[tuple(slice(None, None, -1 if stride < 0 else 1) for stride in array.strides)]


def without_gaps(array: np.ndarray) -> np.ndarray:
    """What stands at every second place of memory is taken for what stands at each."""
    return array if array.flags.c_contiguous or array.flags.f_contiguous else as_if_contiguous(array)


def writable_only(array: np.ndarray) -> np.ndarray:
    if not array.flags.writeable:
        raise ValueError("buffer source array is read-only")
    return array


# Dtypes


def computing_in(dtype: type) -> Callable[..., Function]:
    """The function in another precision, its result in the precision of its first floating argument."""

    def operator(f: Function) -> Function:
        narrowed = of_changed_arguments(lambda array: array.astype(dtype), is_floating)(f)

        def wrong(*args: Any, **options: Any) -> Any:
            (first, *_) = [one for one in arrays(args) if is_floating(one)]
            return with_changed_result(lambda value: value.astype(first.dtype))(narrowed)(*args, **options)

        return wrong

    return operator


def result_like_the_first_argument(f: Function) -> Function:
    def wrong(*args: Any, **options: Any) -> Any:
        (first, *_) = arrays(args)
        return mapped(lambda value: np.asarray(value).astype(first.dtype), f(*args, **options))

    return wrong


def one_byte_of_each(array: np.ndarray) -> np.ndarray:
    return array.astype(np.int8)


def as_signed(array: np.ndarray) -> np.ndarray:
    return array.view(array.dtype.str.replace("u", "i"))


def is_integer(array: np.ndarray) -> bool:
    return array.dtype.kind in "iu"


# NaN


def nan_to_zero(array: np.ndarray) -> np.ndarray:
    return np.where(np.isnan(array), array.dtype.type(0), array)


def all_lost_for_one_nan(f: Function) -> Function:
    def wrong(*args: Any, **options: Any) -> Any:
        spoilt = any(np.isnan(one).any() for one in arrays(args) if is_floating(one))
        lost = with_changed_result(lambda value: np.full_like(value, np.nan))
        return (lost(f) if spoilt else f)(*args, **options)

    return wrong


def seen_in_the_last_place_only(array: np.ndarray) -> np.ndarray:
    last = np.arange(array.size).reshape(array.shape) == array.size - 1
    return np.where(np.isnan(array) & ~last, array.dtype.type(0), array)


# What stays from call to call


def leaving(change: Callable[[np.ndarray], Any], at: int, chosen: Chosen = everywhere) -> Callable[..., Function]:
    """The right result, and the arrays of the argument of number ``at`` changed by ``change`` when it returns."""

    def operator(f: Function) -> Function:
        def wrong(*args: Any, **options: Any) -> Any:
            result = mapped(
                lambda value: np.array(value) if isinstance(value, np.ndarray) else value, f(*args, **options)
            )
            for array in arrays(args[at]):
                if chosen(array):
                    change(array)
            return result

        return wrong

    return operator


def cleared(array: np.ndarray) -> None:
    array[...] = 0


def one_added(array: np.ndarray) -> None:
    array += 1


def reversed_in_place(array: np.ndarray) -> None:
    array[...] = array[::-1].copy()


def buffers_by_shape(f: Function) -> Callable[[], Function]:
    """Makes the function that keeps one array for each shape and writes every result of that shape into it."""

    def make() -> Function:
        kept: dict[Any, np.ndarray] = {}

        def wrong(*args: Any, **options: Any) -> Any:
            places = iter(range(10**6))

            def stored(leaf: Any) -> Any:
                if not isinstance(leaf, np.ndarray | float | np.floating):
                    return leaf
                leaf = np.asarray(leaf)
                buffer = kept.setdefault((next(places), leaf.shape, leaf.dtype), np.array(leaf))
                buffer[...] = leaf
                return buffer

            return mapped(stored, f(*args, **options))

        return wrong

    return make


def views_of_one_work_space(f: Function) -> Callable[[], Function]:
    """Makes the function that has one array of bytes for all results and gives views of it."""

    def make() -> Function:
        space = np.zeros(2**17, np.uint8)

        def wrong(*args: Any, **options: Any) -> Any:
            taken = 0

            def stored(leaf: Any) -> Any:
                nonlocal taken
                if not isinstance(leaf, np.ndarray | float | np.floating):
                    return leaf
                leaf = np.asarray(leaf)
                view = np.ndarray(leaf.shape, leaf.dtype, space, taken)
                view[...] = leaf
                taken += -(-leaf.nbytes // 8) * 8
                return view

            return mapped(stored, f(*args, **options))

        return wrong

    return make
