"""What an array library has to say of itself and to do, so that implementations which take its arrays can be judged.

NumPy arrays go in, the library's own arrays come out, and back: on one device, in any memory layout. Arguments never
share memory with what they were made from, and results never share memory with what the implementation returned, so
that neither side can change what the other one sees.

A backend is one file in this folder: a subclass of ``Backend`` with the name ``Arrays``. Its class attributes are data
(devices, dtypes, layouts, what a worker process needs); an instance makes and reads the arrays of one device. Nothing
outside this folder tests for a library by its name. No file here imports its library before arrays are made.
"""

import importlib
import importlib.util
import re
import reprlib
import sys
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

LAYOUTS = (
    "contiguous",
    "fortran",  # the first axis varies fastest in memory
    "transposed",  # the first and the last axis swapped in memory, with gaps; a vector is a column of a matrix
    "strided",  # every other element of a buffer
    "reversed",  # negative strides
    "offset",  # contiguous, but one element into its buffer: not on a 16-byte boundary
    "sliced",  # all but the last column of a wider array: rows with a gap behind them
    "unaligned",  # a field of a packed record: its steps are no multiple of its size, NumPy only
    "readonly",
    "broadcast",  # stride 0 along the first axis, along which the values must not change
    "requires_grad",  # a leaf of torch's computational graph
)


COMPACT = ("contiguous", "fortran", "offset", "readonly", "requires_grad")
"""Those without gaps between the elements, and with strides that every library has."""


@dataclass(frozen=True)
class Needs:
    """What a process needs to use a library on a device, beyond what a process for NumPy arrays has.

    preload: modules that the process which starts the workers imports once for all of them. environment: how the names
    of environment variables begin that are handed on. device_files: patterns of the files in /dev; kernel_files: what
    else the driver reads. address_space_mib: addresses beyond the limit of memory, None where that limit cannot be
    kept; open_files: how many at once. load_seconds: beyond the limit of loading, for what is not imported beforehand.
    shared_folders: environment variables that name a folder, in which the workers of one submission keep compiled
    kernels for each other. kept_workers: how many may live at once, since each takes memory of the device.
    """

    preload: tuple[str, ...] = ("numpy",)
    environment: tuple[str, ...] = ()
    device_files: tuple[str, ...] = ()
    kernel_files: tuple[str, ...] = ()
    address_space_mib: int | None = 0
    open_files: int = 64
    load_seconds: float = 0.0
    shared_folders: tuple[str, ...] = ()
    kept_workers: int = 16

    def device_is_there(self) -> bool:
        """Whether this machine has the files of the device."""
        return not self.device_files or any(any(Path("/dev").glob(pattern)) for pattern in self.device_files)

    def __or__(self, other: "Needs") -> "Needs":
        """What serves both."""
        beyond = (self.address_space_mib, other.address_space_mib)
        return Needs(
            preload=_joined(self.preload, other.preload),
            environment=_joined(self.environment, other.environment),
            device_files=_joined(self.device_files, other.device_files),
            kernel_files=_joined(self.kernel_files, other.kernel_files),
            address_space_mib=None if None in beyond else max(one for one in beyond if one is not None),
            open_files=max(self.open_files, other.open_files),
            load_seconds=max(self.load_seconds, other.load_seconds),
            shared_folders=_joined(self.shared_folders, other.shared_folders),
            kept_workers=min(self.kept_workers, other.kept_workers),
        )


CUDA = Needs(
    preload=(),
    environment=(
        *("CUDA", "CUPY_", "CUBLAS_", "CUDNN_", "TORCH_", "LD_LIBRARY_PATH", "LD_PRELOAD"),
        *("NVIDIA_VISIBLE_", "NVIDIA_DRIVER_", "NVIDIA_TF32_"),  # NVIDIA_API_KEY is a secret
    ),
    device_files=("nvidia*", "dxg"),  # dxg is Windows' subsystem for Linux
    kernel_files=("/proc/devices", "/proc/driver", "/proc/modules", "/proc/version", "/sys"),
    address_space_mib=None,  # the driver reserves about twice the memory of the card (NVIDIA/cuda-python#2458)
    open_files=1024,
    load_seconds=60.0,
    kept_workers=4,  # a context takes about half a GiB of the card
)
"""What every library needs on an NVIDIA GPU."""


_SMALLEST = {"float64": 2.0**-1074, "float32": 2.0**-149, "float16": 2.0**-24, "bfloat16": 2.0**-133}


class Narrowed(TypeError):
    """The library has made an array of another dtype than it was told, and has not said so."""


class Backend:
    """The arrays of one library on one device."""

    name: ClassVar[str]
    """What ARRAYS and --arrays call it."""
    module: ClassVar[str]
    """The module that holds its functions; the package before the first dot is what is installed."""
    prefix: ClassVar[str]
    """What that module is called in code that is shown."""
    imports: ClassVar[Mapping[str, str]]
    """The lines that import the names which occur in code that is shown, by name."""
    devices: ClassVar[tuple[str, ...]] = ("cpu",)
    """Where its arrays can lie, the usual device first."""
    floats: ClassVar[tuple[str, ...]] = ("float64", "float32", "float16")
    """Its floating dtypes; a function may widen float16, as some special functions of SciPy do."""
    flushes: ClassVar[tuple[str, ...]] = ()
    """The dtypes in which its own arithmetic makes subnormal numbers 0."""
    layouts: ClassVar[Mapping[str, str]] = {}
    """Each layout as an expression that lays out a fresh contiguous array: {a} where the array first appears, and a
    after that; {xp} is the module. One text is both run and shown in reports, so that a report shows what ran."""
    constructor: ClassVar[str] = "array"
    """Its function that makes an array of nested lists."""
    inferred: ClassVar[tuple[str, ...]] = ("float64", "int64", "bool")
    """The dtypes that this function gives to Python numbers."""
    narrows: ClassVar[str] = ""
    """Of a library that may make an array of another dtype than it is told: what helps."""
    needs: ClassVar[Mapping[str, Needs]] = {}
    """What a process needs, by device."""

    def __init__(self, device: str) -> None:
        self.device = device

    @cached_property
    def xp(self) -> Any:
        """The library's module, imported when the first array is made: to write down arrays it need not be there."""
        return importlib.import_module(self.module)

    @property
    def arrays(self) -> str:
        """Its name."""
        return self.name

    # What a backend has to write.

    def fresh(self, values: np.ndarray, dtype: str | None) -> Any:
        """A contiguous array of the library with these values, which shares no memory with ``values``."""
        raise NotImplementedError

    def is_array(self, x: Any) -> bool:
        """Whether ``x`` is an array of this library, on whatever device."""
        raise NotImplementedError

    def read(self, native: Any) -> np.ndarray:
        """A fresh NumPy array of the values in an array of the library. Raises TypeError for one of another device."""
        raise NotImplementedError

    def flushing(self) -> tuple[str, ...]:
        """The dtypes in which 1 times the smallest number is 0, as the library is set now: it is asked."""
        return tuple(dtype for dtype in self.floats if self._flushes(dtype))

    def _flushes(self, dtype: str) -> bool:
        try:
            return bool(self.read(self.fresh(np.array([_SMALLEST[dtype]]), dtype) * 1)[0] == 0)
        except Exception:  # one that cannot be asked
            return False

    # What a backend may write.

    @classmethod
    def unavailable(cls, device: str) -> str | None:
        """Why the library says that it cannot use this device, None where it does not say so."""
        return None

    @classmethod
    def state_restored(cls) -> Iterator[None]:
        """A generator: up to its yield it notes the library's global settings, after it they are as they were."""
        yield

    def placed(self) -> str:
        """The argument by which a function of the library makes an array on this device, as code; "" for none."""
        return ""

    def synchronise(self) -> None:
        """Wait until the device has done what it was told; raises what went wrong in it meanwhile."""

    def release(self) -> None:
        """Give memory of the device back that the library keeps for later."""

    def facts(self) -> dict[str, str]:
        """What a report says of the device: its name, driver, versions, settings that change results."""
        return {}

    # What all share.

    @classmethod
    def versions(cls) -> dict[str, str]:
        """The version of the package, by its name, once it is imported."""
        return {cls.package(): str(sys.modules[cls.package()].__version__)}

    @classmethod
    def package(cls) -> str:
        """The package that its module belongs to."""
        return cls.module.partition(".")[0]

    def is_alive(self) -> bool:
        """Whether the device still computes for this process.

        A CUDA kernel that finds an index or a probability out of range asserts. The context is lost then: every later
        call of the process raises, in whatever library.
        """
        if self.device == "cpu":
            return True
        try:
            return bool(self.to_numpy(self.fresh(np.ones(1), None))[0] == 1)
        except Exception:
            return False

    def from_numpy(self, values: np.ndarray, layout: str = "contiguous", dtype: str | None = None) -> Any:
        """A fresh array holding ``values``, in a memory layout of LAYOUTS (or the nearest that the library has).

        dtype: one of ``floats``, "bfloat16" too, which NumPy does not have; None keeps the dtype of ``values``. Arrays
        without axes or elements are contiguous in every layout. Raises Narrowed where the library makes another dtype.
        """
        contiguous = self.fresh(values, dtype)
        if self.narrows and (got := self.outline(contiguous)[1]) != (dtype or values.dtype.name):
            raise Narrowed(f"{self.name} makes {got} of {dtype or values.dtype.name}: {self.narrows}")
        if layout not in self.layouts or not _has_layouts(values.shape):
            return contiguous
        return _compiled(self.layouts[layout])(self.xp, contiguous)

    def to_numpy(self, native: Any) -> np.ndarray:
        """A fresh NumPy array (no subclass) of the values in ``native``; bfloat16 becomes float32.

        Raises TypeError, which names what it got, unless ``native`` is an array of this library on this device.
        """
        if not self.is_array(native):
            got = f"{type(native).__module__}.{type(native).__qualname__} {reprlib.repr(native)}"
            raise TypeError(f"{self.described}, got {got}")
        return self.read(native)

    def outline(self, native: Any) -> tuple[tuple[int, ...], Any]:
        """The shape and the dtype of an array of the library, whose values are not read for it."""
        return tuple(map(int, native.shape)), native.dtype

    @property
    def described(self) -> str:
        """What ``to_numpy`` asks for, in words."""
        return f"a {self.name} array is needed"

    def same(self, native: Any, copy: np.ndarray) -> bool:
        """Whether ``native`` still is, bit for bit, what ``to_numpy`` read as ``copy``."""
        now = self.to_numpy(native)
        return now.dtype == copy.dtype and now.shape == copy.shape and now.tobytes() == copy.tobytes()

    def source(
        self, values: np.ndarray, layout: str = "contiguous", dtype: str | None = None, code: str | None = None
    ) -> str:
        """A Python expression for what ``from_numpy`` makes of the same arguments; names as ``imports`` has them.

        code: an expression in NumPy for ``values``, where they are too many to be written out.
        """
        contiguous = self._contiguous_source(values, dtype or values.dtype.name, code)
        text = self.layouts.get(layout)
        if text is None or not _has_layouts(values.shape):
            return contiguous
        again = text.replace("{a}", "").replace("{xp}", "")
        named = f"(a := {contiguous})" if re.search(r"\ba\b", again) else contiguous
        return text.format(xp=self.prefix, a=named)

    def _contiguous_source(self, values: np.ndarray, dtype: str, code: str | None) -> str:
        array, placed = f"{self.prefix}.{self.constructor}", self.placed()
        typed = f", dtype={self.prefix}.{dtype}{placed}"
        if code is not None:
            return f"{array}({code}{typed})"
        if values.size == 0:
            return f"{self.prefix}.zeros({values.shape}{typed})"
        suffix = placed if dtype in self.inferred else typed
        first = values.flat[0]
        if values.size > 8 and (values == first).all():
            return f"{self.prefix}.full({values.shape}, {self._number(first)}{suffix})"
        return f"{array}({self._numbers(values)}{suffix})"

    def _numbers(self, values: np.ndarray) -> str:
        if values.ndim == 0:
            return self._number(values[()])
        return "[" + ", ".join(self._numbers(row) for row in values) + "]"

    def _number(self, number: Any) -> str:
        text = str(number)
        if text == "nan" and np.signbit(number):  # which str does not show
            text = "-nan"
        return text.replace("nan", f"{self.prefix}.nan").replace("inf", f"{self.prefix}.inf")


@cache
def missing(module: str) -> str | None:
    """Why ``module`` cannot be imported, or None when it can. Imports it."""
    try:
        if importlib.util.find_spec(module.partition(".")[0]) is None:
            return f"{module} is not installed"
        importlib.import_module(module)
    except Exception as error:  # a broken installation raises anything: OSError for a shared library, RuntimeError, ...
        return f"import {module} raised {type(error).__name__}: {error}"
    return None


def failure_on(backend: type[Backend], device: str) -> str | None:
    """Why the library cannot be used on the device, found out by using it; None when it can.

    A sum and a matrix product are computed and read back. A driver that only reports itself present is not enough, and
    neither is a sum: a matrix product needs libraries of its own (cuBLAS), which may be missing.
    """
    if reason := missing(backend.module):
        return reason
    doing = f"using {backend.name}"
    try:
        if reason := backend.unavailable(device):
            return reason
        arrays = backend(device)
        ones = arrays.fresh(np.ones((2, 2), np.float32), None)
        for doing, compute, expected in (("the sum", _total, 4.0), ("the matrix product", _product, 2.0)):
            doing = f"{doing} of ones by {backend.name}"
            result = arrays.to_numpy(compute(arrays.xp, ones))
            if not (result == expected).all():
                return f"{doing} on {device} gave {result.tolist()}, expected {expected}"
    except Exception as error:
        return f"{doing} on {device} raised {type(error).__name__}: {error}"
    return None


def _total(xp: Any, ones: Any) -> Any:
    return xp.sum(ones)


def _product(xp: Any, ones: Any) -> Any:
    return xp.matmul(ones, ones)


@cache
def _compiled(layout: str) -> Callable[[Any, Any], Any]:
    """The expression of a layout as a function of the module and the array."""
    function: Callable[[Any, Any], Any] = eval(f"lambda xp, a: {layout.format(xp='xp', a='a')}")
    return function


def _has_layouts(shape: tuple[int, ...]) -> bool:
    return len(shape) > 0 and 0 not in shape


def _joined(one: tuple[str, ...], other: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))
