"""Values computed once per example and shared by the implementations judged on it."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

Store = dict[Any, Any]

_remembered: Store = {}
_MOST = 1 << 14
"""How many values are remembered on the examples of one clause; arguments that an implementation chose could be any."""


def fingerprint(value: Any) -> Any:
    """A hashable key that two values share exactly when they are the same bits in the same structure."""
    if isinstance(value, np.ndarray):
        return value.dtype.str, value.shape, value.tobytes()
    if isinstance(value, list | tuple):
        return type(value).__name__, tuple(fingerprint(item) for item in value)
    if isinstance(value, Mapping):
        return "mapping", tuple((key, fingerprint(item)) for key, item in value.items())
    if isinstance(value, float):
        return "float", value.hex()
    return type(value).__name__, value


def once(key: Any, compute: Callable[[], T]) -> T:
    """The value of ``compute()``, computed only the first time that ``key`` is seen in the store in use."""
    try:
        return _remembered[key]
    except KeyError:
        if len(_remembered) >= _MOST:
            _remembered.clear()
        value = _remembered[key] = compute()
        return value


def holds(kind: str, value: object) -> bool:
    """Whether ``value`` itself, not only an equal one, is remembered under a key that begins with ``kind``."""
    return any(one is value and key[0] == kind for key, one in _remembered.items())


def use(store: Store) -> None:
    """Remember in ``store`` from now on: another clause is about to be judged, on other examples."""
    global _remembered
    _remembered = store


@contextlib.contextmanager
def aside() -> Iterator[None]:
    """Within it what is remembered is kept for that long only, and what was remembered before stays."""
    before = _remembered
    use(dict(before))
    try:
        yield
    finally:
        use(before)
