"""A stand-in for CuPy on a machine without a GPU: NumPy computes, and refuses what CuPy refuses.

With this folder's parent on the path, ``import cupy`` finds it. What is CuPy's:

- arrays are of a class of their own; a NumPy array beside them, as an index or as a value to be written, is refused,
  and so is their silent conversion into a NumPy array;
- a reduction gives an array without axes, never a number; a product of two vectors, too;
- an index out of range wraps around, where NumPy raises;
- float32 subnormals become 0, on the way into a kernel and out of it (-ftz=true).

The dtypes are those of NumPy's functions, which are CuPy's in what the suite uses. CUDA's own exp and log, the order of
sums and compiling are not imitated. Names are added as the suite needs them.
"""

import functools
from types import SimpleNamespace

import numpy as np

__version__ = "14.0.0"

float64, float32, float16 = np.float64, np.float32, np.float16
int64, int32, int8, uint8, bool_, bool = np.int64, np.int32, np.int8, np.uint8, np.bool_, np.bool_
inf, nan, newaxis = np.inf, np.nan, None
can_cast = np.can_cast
_NUMBERS = (int, float, np.generic)


class ndarray:  # noqa: N801
    """An array of the device, around the NumPy array ``held`` that computes for it."""

    __array_ufunc__ = None  # NumPy's arrays leave operators to this class, which refuses them
    __hash__ = None

    def __init__(self, *args, **kwargs):
        raise TypeError("this stand-in makes arrays by array, zeros, ones, full and arange alone")

    def __array__(self, *args, **kwargs):
        raise TypeError("Implicit conversion to a NumPy array is not allowed. Please use `.get()`")

    shape = property(lambda self: self.held.shape)
    dtype = property(lambda self: self.held.dtype)
    ndim = property(lambda self: self.held.ndim)
    size = property(lambda self: self.held.size)
    strides = property(lambda self: self.held.strides)
    flags = property(lambda self: self.held.flags)
    T = property(lambda self: _made(self.held.T))

    def get(self):
        return self.held.copy()

    def item(self):
        return self.held.item()

    def tolist(self):
        return self.held.tolist()

    def __repr__(self):
        return repr(self.held)

    def __len__(self):
        return len(self.held)

    def __bool__(self):
        return self.held.__bool__()

    def __float__(self):
        return float(self.held)

    def __int__(self):
        return int(self.held)

    def __index__(self):
        return self.held.__index__()

    def __iter__(self):
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    def __getitem__(self, key):
        return _made(self.held[_wrapped(key, self.shape)])

    def __setitem__(self, key, value):
        if isinstance(value, np.ndarray) and value.ndim:
            raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        self.held[_wrapped(key, self.shape)] = value.held if isinstance(value, ndarray) else value

    def astype(self, dtype):
        return _made(_flushed(self.held).astype(dtype))

    def copy(self):
        return _made(self.held.copy())

    def reshape(self, *shape):
        return _made(self.held.reshape(*shape))

    def ravel(self):
        return _made(self.held.ravel())

    def swapaxes(self, one, other):
        return _made(self.held.swapaxes(one, other))

    def all(self):
        return _made(self.held.all())

    def any(self):
        return _made(self.held.any())

    def sum(self, axis=None, keepdims=False):
        return sum(self, axis, keepdims)

    def mean(self, axis=None, keepdims=False):
        return _reduced(np.mean, self, axis, keepdims)

    def max(self, axis=None, keepdims=False):
        return _reduced(np.max, self, axis, keepdims)

    def __matmul__(self, other):
        return matmul(self, other)


def _made(held):
    """An array of the device that holds this one."""
    array = object.__new__(ndarray)
    array.held = np.asarray(held)
    return array


def _held(value):
    if not isinstance(value, ndarray):
        raise TypeError(f"Unsupported type {type(value)}")
    return value.held


def _flushed(values):
    """The values as a kernel reads or writes them."""
    if getattr(values, "dtype", None) != np.float32:
        return values
    return np.where(np.abs(values) < np.finfo(np.float32).tiny, np.copysign(np.float32(0), values), values)


def _wrapped(key, shape):
    """An index that NumPy takes; numbers in an array are taken modulo the length of the axis."""
    if not isinstance(key, tuple):
        return _wrapped((key,), shape)
    if any(isinstance(one, np.ndarray) and one.ndim for one in key):
        raise IndexError("Unsupported type <class 'numpy.ndarray'>")
    axes = iter(shape)
    return tuple(_within(one.held, next(axes)) if isinstance(one, ndarray) else one for one in key)


def _within(indices, length):
    return indices % length if indices.dtype.kind in "iu" and length else indices


def elementwise(function):
    """A function of NumPy's on arrays of the device and numbers."""

    def kernel(*args):
        for value in args:
            if not isinstance(value, (ndarray, *_NUMBERS)):
                raise TypeError(f"Unsupported type {type(value)}")
        values = [_flushed(value.held) if isinstance(value, ndarray) else value for value in args]
        with np.errstate(all="ignore"):
            return _made(_flushed(np.asarray(function(*values))))

    return kernel


for _name in ("exp", "log", "log1p", "tanh", "sqrt", "maximum", "isfinite", "absolute", "logical_not"):
    globals()[_name] = elementwise(getattr(np, _name))
abs = globals()["absolute"]

_OPERATORS = {
    "add": np.add, "sub": np.subtract, "mul": np.multiply, "truediv": np.true_divide, "pow": np.power,
    "and": np.bitwise_and, "or": np.bitwise_or, "eq": np.equal, "ne": np.not_equal, "lt": np.less,
    "le": np.less_equal, "gt": np.greater, "ge": np.greater_equal,
}  # fmt: skip
for _name, _function in _OPERATORS.items():
    _kernel = elementwise(_function)
    setattr(ndarray, f"__{_name}__", lambda self, other, kernel=_kernel: kernel(self, other))
    setattr(ndarray, f"__r{_name}__", lambda self, other, kernel=_kernel: kernel(other, self))
for _name, _function in {"neg": np.negative, "abs": np.absolute, "invert": np.invert}.items():
    setattr(ndarray, f"__{_name}__", functools.partialmethod(lambda self, kernel: kernel(self), elementwise(_function)))


def _reduced(function, array, axis=None, keepdims=False):
    """A reduction, float16 in float32, as an array also where nothing but one number is left."""
    values = _flushed(_held(array))
    half = values.dtype == np.float16
    with np.errstate(all="ignore"):
        result = function(values.astype(np.float32) if half else values, axis=axis, keepdims=keepdims)
    return _made(_flushed(np.asarray(result, np.float16 if half else None)))


def sum(array, axis=None, keepdims=False):
    return _reduced(np.sum, array, axis, keepdims)


def matmul(one, other):
    left, right = _held(one), _held(other)
    dtype = np.result_type(left, right)
    wide = np.float32 if dtype == np.float16 else dtype
    with np.errstate(all="ignore"):
        return _made(np.asarray(np.matmul(left.astype(wide), right.astype(wide))).astype(dtype))


def take_along_axis(array, indices, axis):
    values = _held(array)
    return _made(np.take_along_axis(values, _within(_held(indices).astype(np.int64), values.shape[axis]), axis))


def where(condition, one, other):
    return _made(np.where(_held(condition), *(x.held if isinstance(x, ndarray) else x for x in (one, other))))


def array(values, dtype=None, order="K"):
    return _made(np.array(values.held if isinstance(values, ndarray) else values, dtype=dtype, order=order))


def asnumpy(array):
    return array.get() if isinstance(array, ndarray) else np.asarray(array)


def _on_the_device(function):
    """A function of NumPy's that makes an array, or moves the elements of arrays."""

    def moved(first, *args, **kwargs):
        arrays = isinstance(first, (list, tuple)) and any(isinstance(one, ndarray) for one in first)
        first = [_held(one) for one in first] if arrays else first.held if isinstance(first, ndarray) else first
        return _made(function(first, *args, **kwargs))

    return moved


for _name in (
    "ones", "zeros", "full", "arange", "full_like", "zeros_like", "stack", "concatenate", "flip", "broadcast_to",
    "asfortranarray",
):  # fmt: skip
    globals()[_name] = _on_the_device(getattr(np, _name))


def get_default_memory_pool():
    return SimpleNamespace(free_all_blocks=lambda: None)


get_default_pinned_memory_pool = get_default_memory_pool
cuda = SimpleNamespace(
    get_current_stream=lambda: SimpleNamespace(synchronize=lambda: None),
    Device=lambda: SimpleNamespace(id=0, compute_capability="00"),
    runtime=SimpleNamespace(
        getDeviceProperties=lambda id: {"name": b"stand-in"},
        driverGetVersion=lambda: 13000,
        runtimeGetVersion=lambda: 13000,
    ),
)
