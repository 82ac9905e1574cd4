"""JAX's arrays, on the CPU and on CUDA.

JAX computes in float32 unless ``jax_enable_x64`` is set: a float64 array becomes a float32 one. XLA compiles each
function for each shape, and makes subnormal numbers 0 on the way.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np

from impls.backends.backend import CUDA, Backend, Needs
from impls.backends.nvidia import driver

_XLA = Needs(address_space_mib=8192, load_seconds=60.0)
_SETTINGS = ("jax_enable_x64", "jax_default_matmul_precision", "jax_numpy_dtype_promotion", "jax_disable_jit")


class Arrays(Backend):
    """Arrays; they cannot be written to, and their memory layout is XLA's affair."""

    name = "jax"
    module = "jax.numpy"
    prefix = "jnp"
    imports = {"jnp": "import jax.numpy as jnp"}
    devices = ("cpu", "cuda")
    floats = ("float64", "float32", "float16", "bfloat16")
    flushes = ("float64", "float32", "bfloat16")
    narrows = 'set jax_enable_x64, or declare the dtypes that there are, as in DTYPES = ("float32", "int32")'
    inferred = ("bool",)  # numbers become 32 or 64 bits wide, as jax_enable_x64 says
    needs = {"cpu": _XLA, "cuda": _XLA | CUDA}

    @classmethod
    def state_restored(cls) -> Iterator[None]:
        import jax

        before = {name: getattr(jax.config, name) for name in _SETTINGS}
        try:
            yield
        finally:
            for name, value in before.items():
                if getattr(jax.config, name) != value:
                    jax.config.update(name, value)

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        import jax

        typed = np.array(values, dtype=self.xp.dtype(dtype) if dtype else None, order="C")
        return jax.device_put(typed, jax.devices(self.device)[0])

    def is_array(self, x: Any) -> bool:
        return isinstance(x, self.xp.ndarray)

    def read(self, native: Any) -> np.ndarray:
        platforms = {"cuda" if device.platform == "gpu" else device.platform for device in native.devices()}
        if platforms != {self.device}:
            raise TypeError(f"a jax array on {self.device} is needed, got one on {', '.join(sorted(platforms))}")
        return np.array(native.astype(self.xp.float32) if native.dtype == self.xp.bfloat16 else native)

    def facts(self) -> dict[str, str]:
        import jax

        device = jax.devices(self.device)[0]
        return {"gpu": device.device_kind, "driver": driver()} if self.device == "cuda" else {}
