"""What code sees of an array when it knows where the memory begins, and not how to step through it."""

import numpy as np


def as_if_contiguous(array: np.ndarray) -> np.ndarray:
    """The elements that lie one after the other in memory from the array's first one on, in its shape.

    Where the memory ends before the shape is full, it starts again: this reads nothing that is not the array's.
    """
    owner = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    first = array.__array_interface__["data"][0] - owner.__array_interface__["data"][0]
    return np.resize(owner.ravel(order="K")[first // array.itemsize :], array.shape)
