"""The built-in implementations by name, and what the error bounds may assume of each."""

import importlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from impls.backends import BACKENDS, missing, probe

UNKNOWN_ULP = {"float64": 4.0, "float32": 4.0, "float16": 4.0, "bfloat16": 4.0}
"""What is assumed of an implementation nobody has measured."""

_NUMPY_ULP = UNKNOWN_ULP | {"float64": 2.0}  # measured: at most 1.15 in float64, 3.3 (log) in float32
_TORCH_CPU_ULP = dict.fromkeys(UNKNOWN_ULP, 1.0)  # its vectorised functions (Sleef) promise 1
_CUDA_ULP = dict.fromkeys(UNKNOWN_ULP, 3.0)  # CUDA's accuracy table: expf 2, logf and log1pf 1; and the last rounding


@dataclass(frozen=True)
class BuiltIn:
    """One built-in: the module that holds it, the modules that have to be there, where it runs and how it is judged."""

    module: str
    arrays: str
    device: str
    ulp: Mapping[str, float]
    level: str = "robust"
    requires: tuple[str, ...] = ()
    make_from: tuple[str, ...] = ()
    declared: Mapping[str, Any] = field(default_factory=dict)
    """Declarations, by their words."""

    def absent(self) -> str | None:
        """Why it cannot run here, or None when it can."""
        return next(filter(None, map(missing, self.requires)), None) or probe(self.arrays, self.device)

    def load(self) -> Any:
        """The object whose attributes are the functions."""
        module = importlib.import_module(self.module)
        if not self.make_from:
            return module
        return module.SpecialFunctions(*map(importlib.import_module, self.make_from))

    def versions(self) -> dict[str, str]:
        """The versions of the libraries it computes with, once it is loaded."""
        return versions(self.arrays) | {name: sys.modules[name].__version__ for name in self.requires}

    @property
    def may_lose_its_device(self) -> bool:
        """Whether a call can end the device for its whole process, so that it is to run in a process of its own."""
        return self.device != "cpu"


BUILTINS = {
    "numpy-lecture": BuiltIn("impls.adapters.numpy_lecture", "numpy", "cpu", _NUMPY_ULP, level="textbook"),
    "scipy": BuiltIn(
        "impls.adapters.scipy_cupy",
        "numpy",
        "cpu",
        UNKNOWN_ULP,
        requires=("scipy",),
        make_from=("numpy", "scipy.special"),
    ),
    "torch-lecture-cpu": BuiltIn("impls.adapters.torch_lecture", "torch", "cpu", _TORCH_CPU_ULP, level="textbook"),
    "torch-lecture-cuda": BuiltIn("impls.adapters.torch_lecture", "torch", "cuda", _CUDA_ULP, level="textbook"),
    "torch-nn-cpu": BuiltIn("impls.adapters.torch_nn", "torch", "cpu", _TORCH_CPU_ULP),
    "torch-nn-cuda": BuiltIn("impls.adapters.torch_nn", "torch", "cuda", _CUDA_ULP),
    "cupy": BuiltIn("impls.adapters.scipy_cupy", "cupy", "cuda", _CUDA_ULP, make_from=("cupy", "cupyx.scipy.special")),
    "reference": BuiltIn("reference", "numpy", "cpu", _NUMPY_ULP),
}


def versions(arrays: str) -> dict[str, str]:
    """The versions of NumPy and of the library of these arrays, both of them imported."""
    return BACKENDS["numpy"].versions() | BACKENDS[arrays].versions()
