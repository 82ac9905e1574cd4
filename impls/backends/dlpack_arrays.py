"""Arrays of any library that speaks DLPack, the protocol by which array libraries hand memory to each other.

Functions are given torch's tensors on the CPU, and may return any object with ``__dlpack__``. So a library that has no
backend of its own can be judged, in bfloat16 too, which NumPy does not have.
"""

from collections.abc import Iterator
from typing import Any, ClassVar

import numpy as np

from impls.backends import torch_arrays


class Arrays(torch_arrays.Arrays):
    """Torch's tensors in, anything with ``__dlpack__`` out."""

    name = "dlpack"
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    # A tensor that records gradients cannot be handed over.
    layouts = {name: text for name, text in torch_arrays.Arrays.layouts.items() if name != "requires_grad"}
    needs = {"cpu": torch_arrays.Arrays.needs["cpu"]}

    @classmethod
    def state_restored(cls) -> Iterator[None]:
        """Nothing: the backend of torch does it."""
        yield

    def is_array(self, x: Any) -> bool:
        return hasattr(x, "__dlpack__")

    @property
    def described(self) -> str:
        return "an array with __dlpack__ is needed"

    def outline(self, native: Any) -> tuple[tuple[int, ...], Any]:
        has_one = hasattr(native, "shape") and hasattr(native, "dtype")
        return super().outline(native if has_one else self.xp.from_dlpack(native))

    def read(self, native: Any) -> np.ndarray:
        if isinstance(native, np.ndarray):  # torch refuses some of them, as those that cannot be written to
            return np.array(native)
        return super().read(native if isinstance(native, self.xp.Tensor) else self.xp.from_dlpack(native))
