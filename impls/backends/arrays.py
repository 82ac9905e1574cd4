"""NumPy arrays in, an implementation's own arrays out, and back: for each library and device, in any memory layout.

Arguments never share memory with what they were made from, results never with what the implementation returned: neither
side can change what the other one sees.
"""

import importlib
import re
import reprlib
from collections.abc import Callable
from functools import cache, cached_property
from typing import Any, Protocol

import numpy as np

LAYOUTS = (
    "contiguous",
    "fortran",  # the first axis varies fastest in memory
    "transposed",  # the first and the last axis swapped in memory, with gaps; a vector is a column of a matrix
    "strided",  # every other element of a buffer
    "reversed",  # negative strides
    "offset",  # contiguous, but one element into its buffer: not on a 16-byte boundary
    "sliced",  # all but the last column of a wider array: rows with a gap behind them
    "unaligned",  # a field of a packed record: no element on a boundary of its size, NumPy only
    "readonly",
    "broadcast",  # stride 0 along the first axis, along which the values must not change
    "requires_grad",  # a leaf of torch's computational graph
)

FLOATS = {
    "numpy": ("float64", "float32", "float16"),
    "torch": ("float64", "float32", "float16", "bfloat16"),
    "cupy": ("float64", "float32", "float16"),
}
"""The floating dtypes of each library; a function may widen float16, as some special functions of SciPy do."""


class ArrayLibrary(Protocol):
    """How the arrays of one library on one device are made, read and written down."""

    arrays: str
    device: str

    def from_numpy(self, values: np.ndarray, layout: str = "contiguous", dtype: str | None = None) -> Any:
        """A fresh array holding `values`, in a memory layout of LAYOUTS (or the nearest that the library has).

        dtype: "float64", "float32", "float16" or, for torch, "bfloat16"; None keeps the dtype of `values`.
        Arrays without axes or elements are contiguous in every layout.
        """

    def to_numpy(self, native: Any) -> np.ndarray:
        """A fresh NumPy array (no subclass) of the values in `native`; torch's bfloat16 comes as float32.

        Raises TypeError, naming what came, unless `native` is an array of this library on this device.
        """

    def is_array(self, x: Any) -> bool:
        """Whether `x` is an array of this library, on whatever device."""

    def same(self, native: Any, copy: np.ndarray) -> bool:
        """Whether `native` still is, bit for bit, what `to_numpy` read as `copy`."""

    def source(
        self, values: np.ndarray, layout: str = "contiguous", dtype: str | None = None, code: str | None = None
    ) -> str:
        """A Python expression for what `from_numpy` makes of the same arguments; `np`, `torch`, `cupy` as imported.

        code: an expression in NumPy for `values`, where they are too many to be written out.
        """


@cache
def library(arrays: str, device: str) -> ArrayLibrary:
    """The arrays of one library ("numpy", "torch", "cupy") on one device ("cpu", "cuda")."""
    if arrays == "torch":
        return TorchArrays(device)
    return NumPyArrays(arrays, device)


# Each layout as an expression that lays out a fresh contiguous array: {a} where the array first appears, a after that.
# One text is both run and shown in reports, so that what a report shows is what ran. 99, neither a probability nor a
# likely label, lies in the buffer beside the elements, for those who read there.
_NUMPY_LAYOUTS = {
    "fortran": "{xp}.asfortranarray({a})",
    "transposed": "{xp}.stack([{a}, {xp}.full_like(a, 99)], -1).swapaxes(0, -2).copy().swapaxes(0, -2)[..., 0]",
    "strided": "{xp}.stack([{a}, {xp}.full_like(a, 99)], -1)[..., 0]",
    "reversed": "{xp}.flip({xp}.flip({a}).copy())",
    "offset": "{xp}.concatenate([{xp}.full_like({a}.ravel()[:1], 99), a.ravel()])[1:].reshape(a.shape)",
    "sliced": "{xp}.concatenate([{a}, {xp}.full_like(a[..., :1], 99)], -1)[..., :-1]",
    "readonly": "{xp}.broadcast_to({a}, a.shape)",
    "broadcast": "{xp}.broadcast_to({a}[:1], a.shape)",
}
_UNALIGNED = {"unaligned": "{xp}.rec.fromarrays([{xp}.zeros({a}.shape, 'u1'), a], names='flag,value')['value']"}
_TORCH_LAYOUTS = {
    "fortran": "{a}.permute(*range(a.ndim)[::-1]).contiguous().permute(*range(a.ndim)[::-1])",
    "transposed": "{xp}.stack([{a}, {xp}.full_like(a, 99)], -1).swapaxes(0, -2).contiguous().swapaxes(0, -2)[..., 0]",
    "strided": "{xp}.stack([{a}, {xp}.full_like(a, 99)], -1)[..., 0]",
    "reversed": "{xp}.stack([{a}, {xp}.full_like(a, 99)], -1)[..., 0]",
    "offset": "{xp}.cat([{xp}.full_like({a}.ravel()[:1], 99), a.ravel()])[1:].view(a.shape)",
    "sliced": "{xp}.cat([{a}, {xp}.full_like(a[..., :1], 99)], -1)[..., :-1]",
    "broadcast": "{a}[:1].expand(a.shape)",
    "requires_grad": "{a}.requires_grad_(a.is_floating_point())",
}


class _Arrays:
    """What the libraries share: the layouts, and how an array is written down."""

    def __init__(self, arrays: str, device: str, prefix: str, layouts: dict[str, str]) -> None:
        self.arrays = arrays
        self.device = device
        self._prefix = prefix
        self._layouts = layouts
        self._lay_out: dict[str, Callable[[Any, Any], Any]] = {
            name: eval(f"lambda xp, a: {text.format(xp='xp', a='a')}") for name, text in layouts.items()
        }

    @cached_property
    def xp(self) -> Any:
        """The library's module, imported when the first array is made: to write down arrays it need not be there."""
        return importlib.import_module(self.arrays)

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        raise NotImplementedError

    def to_numpy(self, native: Any) -> np.ndarray:
        raise NotImplementedError

    def from_numpy(self, values: np.ndarray, layout: str = "contiguous", dtype: str | None = None) -> Any:
        contiguous = self.fresh(values, dtype)
        if layout == "contiguous" or not _has_layouts(values.shape):
            return contiguous
        lay_out = self._lay_out.get(layout)
        return lay_out(self.xp, contiguous) if lay_out else contiguous

    def same(self, native: Any, copy: np.ndarray) -> bool:
        now = self.to_numpy(native)
        return now.dtype == copy.dtype and now.shape == copy.shape and now.tobytes() == copy.tobytes()

    def source(
        self, values: np.ndarray, layout: str = "contiguous", dtype: str | None = None, code: str | None = None
    ) -> str:
        contiguous = self._contiguous_source(values, dtype or values.dtype.name, code)
        text = self._layouts.get(layout)
        if text is None or not _has_layouts(values.shape):
            return contiguous
        again = text.replace("{a}", "").replace("{xp}", "")
        named = f"(a := {contiguous})" if re.search(r"\ba\b", again) else contiguous
        return text.format(xp=self._prefix, a=named)

    def _contiguous_source(self, values: np.ndarray, dtype: str, code: str | None) -> str:
        xp = self._prefix
        array = f"{xp}.tensor" if xp == "torch" else f"{xp}.array"
        where = ', device="cuda"' if array == "torch.tensor" and self.device == "cuda" else ""
        typed = f", dtype={xp}.{dtype}{where}"
        if code is not None:
            return f"{array}({code}{typed})"
        if values.size == 0:
            return f"{xp}.zeros({values.shape}{typed})"
        default = dtype in ("int64", "bool") or (dtype == "float64" and xp != "torch")
        suffix = where if default else typed
        first = values.flat[0]
        if values.size > 8 and (values == first).all():
            return f"{xp}.full({values.shape}, {self._number(first)}{suffix})"
        return f"{array}({self._numbers(values)}{suffix})"

    def _numbers(self, values: np.ndarray) -> str:
        if values.ndim == 0:
            return self._number(values[()])
        return "[" + ", ".join(self._numbers(row) for row in values) + "]"

    def _number(self, number: Any) -> str:
        text = str(number)
        if text == "nan" and np.signbit(number):  # which str does not show
            text = "-nan"
        return text.replace("nan", f"{self._prefix}.nan").replace("inf", f"{self._prefix}.inf")


class NumPyArrays(_Arrays):
    """NumPy arrays, and CuPy's, which are made and used alike but lie on the GPU."""

    def __init__(self, arrays: str, device: str) -> None:
        if arrays == "numpy":
            super().__init__(arrays, device, "np", _NUMPY_LAYOUTS | _UNALIGNED)
        else:
            super().__init__(arrays, device, "cupy", _NUMPY_LAYOUTS)

    @cached_property
    def _types(self) -> tuple[type, ...]:
        return (np.ndarray, np.generic) if self.arrays == "numpy" else (self.xp.ndarray,)

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        return self.xp.array(values, dtype=dtype, order="C")

    def to_numpy(self, native: Any) -> np.ndarray:
        if not isinstance(native, self._types):
            raise TypeError(f"a {self.arrays} array is needed, got {_described(native)}")
        return np.array(native) if self.arrays == "numpy" else self.xp.asnumpy(native)

    def is_array(self, x: Any) -> bool:
        return isinstance(x, self._types)


class TorchArrays(_Arrays):
    """Torch tensors on the CPU or on a CUDA device."""

    def __init__(self, device: str) -> None:
        super().__init__("torch", device, "torch", _TORCH_LAYOUTS)

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        tensor = self.xp.from_numpy(np.array(values, order="C"))
        if dtype is None and self.device == "cpu":
            return tensor
        return tensor.to(self.device, getattr(self.xp, dtype) if dtype else None)

    def to_numpy(self, native: Any) -> np.ndarray:
        if not isinstance(native, self.xp.Tensor):
            raise TypeError(f"a torch tensor is needed, got {_described(native)}")
        if native.device.type != self.device or native.layout != self.xp.strided:
            raise TypeError(
                f"a dense torch tensor on {self.device} is needed, got a {native.layout} on {native.device}"
            )
        if native.dtype == self.xp.bfloat16:  # which NumPy does not have; every bfloat16 is a float32
            native = native.float()
        return native.numpy(force=True).copy()

    def is_array(self, x: Any) -> bool:
        return isinstance(x, self.xp.Tensor)


def _has_layouts(shape: tuple[int, ...]) -> bool:
    return len(shape) > 0 and 0 not in shape


def _described(x: object) -> str:
    return f"{type(x).__module__}.{type(x).__qualname__} {reprlib.repr(x)}"
