"""PyTorch's tensors, on the CPU and on CUDA."""

import os
from collections.abc import Callable, Iterator
from functools import partial
from operator import attrgetter
from typing import Any, ClassVar

import numpy as np

from impls.backends.backend import CUDA, Backend, Needs
from impls.backends.nvidia import driver

_TORCH = Needs(
    preload=("numpy", "torch"),
    address_space_mib=8192,  # its libraries alone take gigabytes of addresses, most of which they never touch
)


class Arrays(Backend):
    """Dense tensors."""

    name = "torch"
    module = "torch"
    prefix = "torch"
    imports = {"torch": "import torch"}
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    floats = ("float64", "float32", "float16", "bfloat16")
    layouts = {
        "fortran": "{a}.permute(*range(a.ndim)[::-1]).contiguous().permute(*range(a.ndim)[::-1])",
        "transposed": "{xp}.stack([{a}, a.flip(*range(a.ndim))], -1).swapaxes(0, -2).contiguous()"
        ".swapaxes(0, -2)[..., 0]",
        "strided": "{xp}.stack([{a}, a.flip(*range(a.ndim))], -1)[..., 0]",
        "reversed": "{xp}.stack([{a}, a.flip(*range(a.ndim))], -1)[..., 0]",
        "offset": "{xp}.cat([{a}.ravel()[-1:], a.ravel()])[1:].view(a.shape)",
        "sliced": "{xp}.cat([{a}, a.flip(*range(a.ndim))[..., :1]], -1)[..., :-1]",
        "broadcast": "{a}[:1].expand(a.shape)",
        "requires_grad": "{a}.requires_grad_(a.is_floating_point())",
    }
    constructor = "tensor"
    inferred = ("int64", "bool")  # a Python float becomes the default dtype, which a submission may have set
    needs = {"cpu": _TORCH, "cuda": _TORCH | CUDA}

    @classmethod
    def unavailable(cls, device: str) -> str | None:
        import torch

        if device == "cpu":
            return None
        if torch.version.hip:
            return f"this torch is built for ROCm {torch.version.hip}: its device cuda is no CUDA"
        return None if torch.cuda.is_available() else "torch.cuda.is_available() is False"

    @classmethod
    def state_restored(cls) -> Iterator[None]:
        import torch

        settings = list(_settings(torch))
        before = [get() for get, _ in settings]
        flushed = _flushes_subnormals()
        try:
            yield
        finally:
            for (get, set_to), value in zip(settings, before, strict=True):
                if _now(get) != value:
                    set_to(value)
            if _flushes_subnormals() != flushed:
                torch.set_flush_denormal(flushed)

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        tensor = self.xp.from_numpy(np.array(values, order="C"))
        if dtype is None and self.device == "cpu":
            return tensor
        return tensor.to(self.device, getattr(self.xp, dtype) if dtype else None)

    def is_array(self, x: Any) -> bool:
        return isinstance(x, self.xp.Tensor)

    @property
    def described(self) -> str:
        return "a torch tensor is needed"

    def read(self, native: Any) -> np.ndarray:
        if native.device.type != self.device or native.layout != self.xp.strided:
            raise TypeError(
                f"a dense torch tensor on {self.device} is needed, got a {native.layout} on {native.device}"
            )
        if native.dtype == self.xp.bfloat16:  # which NumPy does not have; every bfloat16 is a float32
            native = native.float()
        return native.numpy(force=True).copy()

    def placed(self) -> str:
        return "" if self.device == "cpu" else f', device="{self.device}"'

    def synchronise(self) -> None:
        if self.device == "cuda":
            self.xp.cuda.synchronize()

    def release(self) -> None:
        if self.device == "cuda":
            self.xp.cuda.empty_cache()

    def facts(self) -> dict[str, str]:
        if self.device != "cuda":
            return {}
        torch = self.xp
        overrides = {name: os.environ[name] for name in _TF32_FROM_OUTSIDE if name in os.environ}
        return {
            "gpu": torch.cuda.get_device_name(),
            "capability": ".".join(map(str, torch.cuda.get_device_capability())),
            "driver": driver(),
            "cuda of torch": str(torch.version.cuda),
            "tf32 in matrix products": str(torch.backends.cuda.matmul.allow_tf32),
            "tf32 in cudnn": str(torch.backends.cudnn.allow_tf32),
            **overrides,
        }


_TF32_FROM_OUTSIDE = ("TORCH_ALLOW_TF32_CUBLAS_OVERRIDE", "NVIDIA_TF32_OVERRIDE")

_FLAGS = (
    "backends.cuda.matmul.allow_tf32",
    "backends.cuda.matmul.allow_fp16_reduced_precision_reduction",
    "backends.cuda.matmul.allow_bf16_reduced_precision_reduction",
    "backends.cuda.matmul.allow_fp16_accumulation",
    "backends.cudnn.allow_tf32",
    "backends.cudnn.deterministic",
    "backends.cudnn.benchmark",
    # The newer names of what allow_tf32 says, from torch 2.9 on. They go last: the older names write them, too.
    "backends.fp32_precision",
    "backends.cuda.matmul.fp32_precision",
    "backends.cudnn.fp32_precision",
    "backends.cudnn.conv.fp32_precision",
    "backends.cudnn.rnn.fp32_precision",
    "backends.mkldnn.fp32_precision",
    "backends.mkldnn.matmul.fp32_precision",
    "backends.mkldnn.conv.fp32_precision",
    "backends.mkldnn.rnn.fp32_precision",
)
"""Attributes of torch that change what is computed; a version has most of them."""


def _settings(torch: Any) -> Iterator[tuple[Callable[[], Any], Callable[[Any], Any]]]:
    """Each global setting of torch that one implementation may change for the next: how it is read and written."""
    yield torch.get_default_dtype, torch.set_default_dtype
    yield torch.is_grad_enabled, torch.set_grad_enabled
    yield torch.get_default_device, partial(_set_default_device, torch)
    yield torch.get_deterministic_debug_mode, torch.set_deterministic_debug_mode
    yield torch.get_float32_matmul_precision, torch.set_float32_matmul_precision
    for path in _FLAGS:
        owner, _, name = path.rpartition(".")
        try:
            holder = attrgetter(owner)(torch)
            getattr(holder, name)
        except (AttributeError, RuntimeError, AssertionError):
            continue
        yield partial(getattr, holder, name), partial(setattr, holder, name)


def _set_default_device(torch: Any, device: Any) -> None:
    """None instead of the CPU: that takes away what torch puts before every function that makes a tensor."""
    torch.set_default_device(None if device == torch.device("cpu") else device)


def _now(get: Callable[[], Any]) -> Any:
    """The setting now; something that equals nothing where torch cannot say, as for names old and new mixed."""
    try:
        return get()
    except RuntimeError:
        return object()


def _flushes_subnormals() -> bool:
    """Whether this thread's processor makes subnormal numbers 0, which torch.set_flush_denormal asks of it."""
    return bool(np.float64(5e-324) * np.float64(1) == 0)
