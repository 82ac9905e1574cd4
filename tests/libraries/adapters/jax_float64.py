"""JAX with ``jax_enable_x64``: the functions of ``jax_float32``, in float64 as well."""

import jax
from jax_float32 import *  # noqa: F403
from jax_float32 import DTYPES as OF_FLOAT32

jax.config.update("jax_enable_x64", True)

ARRAYS = "jax"
DTYPES = ("float64", "int64", "uint64", *OF_FLOAT32)
