"""Values nested in lists, tuples and mappings: the one place that walks them.

In go a function and trees of one structure; out come a tree of that structure, or the leaves. What is no list, tuple or
mapping is a leaf, an array among them.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

_LEAVES = frozenset({np.ndarray, np.float64, int, float, bool, str, type(None)})
"""The types of the usual leaves: to ask whether one of them is a mapping takes longer than all else here."""

_SEQUENCES = (list, tuple)


def mapped(f: Callable[..., Any], first: Any, *others: Any) -> Any:
    """The tree of ``f(leaf, ...)`` over the leaves of trees of the structure of the first one.

    Raises ValueError where another one has more or fewer items, KeyError where it lacks a key.
    """
    if type(first) in _LEAVES:
        return f(first, *others)
    if isinstance(first, _SEQUENCES):
        return type(first)([mapped(f, *items) for items in zip(first, *others, strict=True)])
    if isinstance(first, Mapping):
        return {key: mapped(f, item, *(other[key] for other in others)) for key, item in first.items()}
    return f(first, *others)


def leaves(tree: Any) -> list[Any]:
    """Every leaf, from the first to the last."""
    found: list[Any] = []
    _collect([tree], found)
    return found


def _collect(items: Iterable[Any], found: list[Any]) -> None:
    for item in items:
        if type(item) in _LEAVES or isinstance(item, np.ndarray):
            found.append(item)
        elif isinstance(item, _SEQUENCES):
            _collect(item, found)
        elif isinstance(item, Mapping):
            _collect(item.values(), found)
        else:
            found.append(item)
