"""Apply a function to every leaf of nested lists, tuples and dictionaries, as arguments and results of formulas are."""

from collections.abc import Callable, Mapping
from typing import Any

__all__ = ["mapped"]


def mapped(f: Callable[..., Any], *trees: Any) -> Any:
    """f of the leaves that stand at the same place in all trees, in the structure of the first tree.

    A list, a tuple or a mapping is a node, anything else is a leaf. A mapping gives a dict.
    Raises ValueError for sequences of unequal lengths, KeyError for a key that another tree lacks.

    >>> mapped(lambda a, b: a + b, [1, {"x": 2}], [10, {"x": 20}])
    [11, {'x': 22}]
    """
    first = trees[0]
    if isinstance(first, list | tuple):
        return type(first)([mapped(f, *items) for items in zip(*trees, strict=True)])
    if isinstance(first, Mapping):
        return {key: mapped(f, *(tree[key] for tree in trees)) for key in first}
    return f(*trees)
