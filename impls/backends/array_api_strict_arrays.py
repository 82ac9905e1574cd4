"""The arrays of array-api-strict, which has what the Python array API standard demands and nothing beside it."""

from typing import Any

import numpy as np

from impls.backends.backend import Backend


class Arrays(Backend):
    """Arrays on its device "CPU_DEVICE"; that it keeps the layout of an array is promised nowhere."""

    name = "array_api_strict"
    module = "array_api_strict"
    prefix = "xp"
    imports = {"xp": "import array_api_strict as xp", "np": "import numpy as np"}
    floats = ("float64", "float32")
    constructor = "asarray"

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        return self.xp.asarray(np.array(values, dtype=dtype, order="C"))

    def is_array(self, x: Any) -> bool:
        return isinstance(x, type(self.xp.asarray(0)))

    @property
    def described(self) -> str:
        return "an array of array_api_strict is needed"

    def read(self, native: Any) -> np.ndarray:
        return np.array(np.from_dlpack(native))
