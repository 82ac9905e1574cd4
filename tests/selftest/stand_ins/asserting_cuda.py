"""A stand-in for CUDA on a machine without one, for torch's tensors: what may be done with them, and what is lost.

``install()`` makes ``device="cuda"`` usable in the process. Its tensors are computed on the CPU, so the values say
nothing about CUDA. What is CUDA's:

- a tensor of the device cannot be mixed with a tensor of the CPU that has axes, nor read by NumPy;
- an index, a label or a probability out of range raises nothing. The call returns a tensor without meaning, the next
  call that waits for the device raises, and from then on every call on the device raises, in the whole process.

How: torch lets a "private use" device be written in Python. Each tensor of the device is a wrapper (``OnDevice``)
around the tensor of the CPU that holds its values, and says of itself that it lies on cuda. Every operation passes
through ``_perform``, which checks the rules, runs the operation on what is held, and wraps the result. A mode catches
the operations that make tensors from nothing. The module imports nothing of the suite, so a submission can bring it.
"""

import torch
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map
from torch.utils.backend_registration import _setup_privateuseone_for_python_backend

_HIDDEN = "standin"
"""What torch itself calls the device."""
_READS = ("_local_scalar_dense", "equal", "is_nonzero", "nonzero")
"""The operations whose results are plain values or depend on values, so that they wait for the device."""
_INDEXES = ("index", "index_put", "index_put_", "_index_put_impl_")
"""The operations that take indices on the CPU beside tensors on the device."""


class Context:
    """The state of the device in this process."""

    lost = False

    @classmethod
    def check(cls):
        if cls.lost:
            raise RuntimeError("CUDA error: device-side assert triggered")


class OnDevice(torch.Tensor):
    """A tensor on the device; ``held`` is the tensor on the CPU that has its values."""

    __slots__ = ["held"]

    @staticmethod
    def __new__(cls, held):
        made = torch.Tensor._make_wrapper_subclass(
            cls,
            held.size(),
            strides=held.stride(),
            storage_offset=held.storage_offset(),
            dtype=held.dtype,
            layout=held.layout,
            device=torch.device(_HIDDEN, 0),
        )
        made.held = held
        return made

    @property
    def device(self):
        return torch.device("cuda", 0)

    is_cuda = True

    def __repr__(self):
        return f"tensor({self.held.tolist()}, device='cuda:0')"

    @classmethod
    def __torch_dispatch__(cls, function, types, args=(), kwargs=None):
        return _perform(function, args, kwargs or {})


class _MakesTensors(TorchDispatchMode):
    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        return _perform(function, args, kwargs or {})


def install():
    """Make the device usable in this process, from now on."""
    _setup_privateuseone_for_python_backend(rename=_HIDDEN)
    torch.cuda._lazy_init = lambda: None
    torch.cuda.is_available = lambda: True
    torch.cuda.synchronize = lambda device=None: Context.check()
    torch.cuda.empty_cache = lambda: None
    torch.cuda.get_device_name = lambda device=None: "stand-in"
    torch.cuda.get_device_capability = lambda device=None: (0, 0)
    torch.tensor = _made_on_the_cpu_first(torch.tensor)
    torch.Tensor.to = _moved_by_the_hidden_name(torch.Tensor.to)
    torch.Tensor.cuda = lambda self: self.to("cuda")
    torch.Tensor.numpy = _guarded(torch.Tensor.numpy)
    torch.Tensor.__array__ = _refused_for_the_device(torch.Tensor.__array__)
    torch.Tensor.new_tensor = lambda self, data, dtype=None, device=None: torch.tensor(
        data, dtype=dtype or self.dtype, device=device or self.device
    )
    _MakesTensors().__enter__()


def _made_on_the_cpu_first(tensor):
    """``torch.tensor``, which otherwise copies values to the device below the level at which Python is asked."""

    def made(data, *, dtype=None, device=None, requires_grad=False):
        values = tensor(data, dtype=dtype, device="cpu")
        return (values.to(device) if device is not None else values).requires_grad_(requires_grad)

    return made


def _moved_by_the_hidden_name(to):
    """``Tensor.to``, which asks CUDA itself for the number of a device that is called cuda."""

    def hidden(value):
        return torch.device(_HIDDEN, 0) if isinstance(value, str | torch.device) and _is_the_device(value) else value

    return lambda self, *args, **kwargs: to(
        self, *map(hidden, args), **{key: hidden(one) for key, one in kwargs.items()}
    )


def _guarded(numpy):
    def guarded(self, *, force=False):
        if not isinstance(self, OnDevice):
            return numpy(self, force=force)
        if not force:
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return numpy(self.detach().cpu())

    return guarded


def _refused_for_the_device(array):
    def refused(self, *args, **kwargs):
        if isinstance(self, OnDevice):
            raise TypeError("can't convert cuda:0 device type tensor to numpy")
        return array(self, *args, **kwargs)

    return refused


def _perform(function, args, kwargs):
    """One operation: the rules of the device, then the operation on what its tensors hold."""
    name = function.overloadpacket.__name__
    tensors = [leaf for leaf in tree_leaves((args, kwargs)) if isinstance(leaf, torch.Tensor)]
    involved = any(isinstance(one, OnDevice) for one in tensors)
    target = kwargs.get("device")
    if not involved and not _is_the_device(target):
        return function(*args, **kwargs)
    Context.check()
    if name == "_to_copy":
        held = _held(args[0])
        copied = function(held, *args[1:], **{key: value for key, value in kwargs.items() if key != "device"})
        copied = copied.clone() if copied is held else copied
        return OnDevice(copied) if (involved if target is None else _is_the_device(target)) else copied
    if name == "copy_":
        _held(args[0]).copy_(_held(args[1]))
        return args[0]
    if name not in _INDEXES and any(not isinstance(one, OnDevice) and one.dim() for one in tensors):
        raise RuntimeError(f"Expected all tensors to be on the same device, found cuda:0 and cpu ({name})")
    if _asserts(name, args):
        Context.lost = True
        return _meaningless(name, args)
    here = {key: value for key, value in kwargs.items() if key != "pin_memory"}
    if target is not None:
        here["device"] = torch.device("cpu")
    result = function(*tree_map(_held, args), **tree_map(_held, here))
    if name in _READS and name != "nonzero":
        return result
    if isinstance(result, torch.Tensor) and args and result is _held(args[0]):
        return args[0]  # it was written to in place
    return tree_map(_wrapped, result)


def _asserts(name, args):
    """Whether CUDA's kernel for this operation finds something out of range in its arguments."""
    if name in ("nll_loss_forward", "nll_loss2d_forward"):
        return _wrong_labels(args[0], args[1], ignored=args[4])
    if name in ("nll_loss_backward", "nll_loss2d_backward"):
        return _wrong_labels(args[1], args[2], ignored=args[5])
    if name == "binary_cross_entropy":
        return _outside(args[0], 0, 1) or _outside(args[1], 0, 1)
    if name in ("gather", "scatter", "scatter_", "scatter_add", "scatter_add_"):
        return _outside(args[2], 0, args[0].shape[args[1]] - 1)
    if name == "index":
        indices = [(one, size) for one, size in zip(args[1], args[0].shape, strict=False) if one is not None]
        return any(_outside(one, -size, size - 1) for one, size in indices if one.dtype == torch.int64)
    return False


def _wrong_labels(scores, labels, ignored):
    labels = _held(labels)
    wrong = (labels < 0) | (labels >= scores.shape[1 if scores.dim() > 1 else 0])
    return bool((wrong & (labels != ignored)).any())


def _outside(values, least, most):
    values = _held(values)
    return not bool(((values >= least) & (values <= most)).all())  # NaN lies outside


def _meaningless(name, args):
    """A result of the right shape from a kernel that has asserted."""
    if name.endswith("_"):
        return args[0]
    if name == "nll_loss_forward":
        return OnDevice(torch.zeros((), dtype=args[0].dtype)), OnDevice(torch.zeros((), dtype=args[0].dtype))
    if name == "index":
        return OnDevice(torch.zeros((*args[1][0].shape, *args[0].shape[1:]), dtype=args[0].dtype))
    shape = args[2].shape if name in ("gather",) else args[0].shape if name.startswith("scatter") else ()
    return OnDevice(torch.zeros(shape, dtype=args[0].dtype))


def _is_the_device(device):
    return device is not None and torch.device(device).type in ("cuda", _HIDDEN)


def _held(value):
    if isinstance(value, OnDevice):
        return value.held
    return torch.device("cpu") if isinstance(value, torch.device) else value


def _wrapped(value):
    return OnDevice(value) if isinstance(value, torch.Tensor) and not isinstance(value, OnDevice) else value
