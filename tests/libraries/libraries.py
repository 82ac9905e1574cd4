"""Which adapters there are, and which packages each needs."""

import importlib.util
from dataclasses import dataclass

from tests.libraries.defect import ADAPTERS

REQUIREMENTS = "tests/libraries/requirements.txt"


@dataclass(frozen=True)
class Library:
    """One adapter. title: as the table calls it; modules: what has to be importable; packages: what brings them."""

    title: str
    adapter: str
    modules: tuple[str, ...]
    packages: tuple[str, ...]

    def missing(self) -> str | None:
        """Which modules are not there, and how they are installed; None where all are."""
        absent = [one for one in self.modules if importlib.util.find_spec(one) is None]
        if not absent:
            return None
        packages = " ".join(self.packages)
        return f"{', '.join(absent)} not installed: pip install -c constraints.txt -c {REQUIREMENTS} {packages}"


LIBRARIES = (
    Library("JAX as it ships, optax", "jax_float32", ("jax", "optax"), ("jax", "optax")),
    Library("JAX with x64, optax", "jax_float64", ("jax", "optax"), ("jax", "optax")),
    Library("scikit-learn", "scikit_learn", ("sklearn",), ("scikit-learn",)),
    Library("ONNX Runtime", "onnx_runtime", ("onnxruntime", "onnx"), ("onnxruntime", "onnx")),
    Library("MLX", "mlx_cpu", ("mlx",), ("mlx[cpu]",)),
    Library("TensorFlow, Keras", "tensorflow_keras", ("tensorflow", "keras"), ("tensorflow-cpu",)),
    Library("PaddlePaddle", "paddle_cpu", ("paddle",), ("paddlepaddle",)),
)
BY_ADAPTER = {one.adapter: one for one in LIBRARIES}
assert {*BY_ADAPTER} == {one.stem for one in ADAPTERS.glob("*.py")}
