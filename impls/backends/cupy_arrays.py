"""CuPy's arrays, which are made and used as NumPy's are, but lie on an NVIDIA GPU."""

from typing import Any

import numpy as np

from impls.backends.backend import CUDA, Backend, Needs
from impls.backends.numpy_arrays import LAYOUTS_OF_NUMPY
from impls.backends.nvidia import driver


class Arrays(Backend):
    """Arrays. Its kernels are compiled when they are first used, with -ftz=true, which concerns float32 alone."""

    name = "cupy"
    module = "cupy"
    prefix = "cupy"
    imports = {"cupy": "import cupy"}
    devices = ("cuda",)
    flushes = ("float32",)
    layouts = LAYOUTS_OF_NUMPY
    needs = {"cuda": CUDA | Needs(shared_folders=("CUPY_CACHE_DIR",))}

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        return self.xp.array(values, dtype=dtype, order="C")

    def is_array(self, x: Any) -> bool:
        return isinstance(x, self.xp.ndarray)

    def read(self, native: Any) -> np.ndarray:
        return self.xp.asnumpy(native)

    def synchronise(self) -> None:
        self.xp.cuda.get_current_stream().synchronize()

    def release(self) -> None:
        self.xp.get_default_memory_pool().free_all_blocks()
        self.xp.get_default_pinned_memory_pool().free_all_blocks()

    def facts(self) -> dict[str, str]:
        cuda = self.xp.cuda
        device = cuda.Device()
        return {
            "gpu": cuda.runtime.getDeviceProperties(device.id)["name"].decode(),
            "capability": ".".join(device.compute_capability),
            "driver": driver(),
            "cuda of the driver": _version(cuda.runtime.driverGetVersion()),
            "cuda of cupy": _version(cuda.runtime.runtimeGetVersion()),
        }


def _version(number: int) -> str:
    """CUDA's version from its number: 13000 is 13.0."""
    return f"{number // 1000}.{number % 1000 // 10}"
