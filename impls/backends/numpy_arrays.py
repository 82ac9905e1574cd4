"""NumPy's arrays."""

from typing import Any

import numpy as np

from impls.backends.backend import Backend

# The same numbers in reverse lie in the buffer beside the elements: who reads there gets values that no check refuses.
LAYOUTS_OF_NUMPY = {
    "fortran": "{xp}.asfortranarray({a})",
    "transposed": "{xp}.stack([{a}, {xp}.flip(a)], -1).swapaxes(0, -2).copy().swapaxes(0, -2)[..., 0]",
    "strided": "{xp}.stack([{a}, {xp}.flip(a)], -1)[..., 0]",
    "reversed": "{xp}.flip({xp}.flip({a}).copy())",
    "offset": "{xp}.concatenate([{a}.ravel()[-1:], a.ravel()])[1:].reshape(a.shape)",
    "sliced": "{xp}.concatenate([{a}, {xp}.flip(a)[..., :1]], -1)[..., :-1]",
    "readonly": "{xp}.broadcast_to({a}, a.shape)",
    "broadcast": "{xp}.broadcast_to({a}[:1], a.shape)",
}


class Arrays(Backend):
    """Arrays and NumPy's own numbers, which functions return where an array would have no axes."""

    name = "numpy"
    module = "numpy"
    prefix = "np"
    imports = {"np": "import numpy as np"}
    # The flag is half as large as a value: who steps in whole values reads zeros and halves of small numbers, no NaN.
    layouts = LAYOUTS_OF_NUMPY | {
        "unaligned": "{xp}.rec.fromarrays([{xp}.zeros({a}.shape, 'V%d' % (a.itemsize // 2 or 1)), a], "
        "names='flag,value')['value']",
    }

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        return np.array(values, dtype=dtype, order="C")

    def is_array(self, x: Any) -> bool:
        return isinstance(x, (np.ndarray, np.generic))

    def flushing(self) -> tuple[str, ...]:
        """None: what else flushes in this process is no setting of NumPy's."""
        return ()

    def read(self, native: Any) -> np.ndarray:
        if type(native) is not np.ndarray and np.any(getattr(native, "mask", False)):
            raise TypeError("got a masked array, in which elements are missing")
        return np.array(native)
