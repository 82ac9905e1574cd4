"""Arrays there and back: values, dtypes and memory layouts survive, and memory is never shared."""

from itertools import product

import numpy as np
import pytest

from impls import LAYOUTS, library, probe
from impls.backends import BACKENDS, global_state_restored
from impls.calling import Direct, LaidOut
from impls.isolation import wire
from tests.harness.judging import counterexample
from tests.harness.judging.trial import Made

SHAPES = [(), (1,), (5,), (2, 3), (3, 1), (2, 3, 4), (0,), (0, 3), (3, 0)]
DTYPES = ["float64", "float32", "float16", "int64", "int32", "int8", "uint8", "bool"]


PLACES = [(name, device) for name, backend in BACKENDS.items() for device in backend.devices]


@pytest.fixture(params=PLACES, ids="-".join)
def arrays(request):
    if reason := probe(*request.param):
        pytest.skip(reason)
    with global_state_restored():
        if request.param[0] == "jax":
            import jax

            jax.config.update("jax_enable_x64", True)  # else it has no float64
        yield library(*request.param)


def drawn(shape, dtype, layout):
    values = np.random.default_rng(7).uniform(-100, 100, shape).astype("int64").astype(dtype)
    if layout == "broadcast" and values.ndim and len(values):
        values = np.repeat(values[:1], len(values), axis=0)
    return values


@pytest.mark.parametrize("layout", LAYOUTS)
def test_every_layout_and_dtype_survives_the_round_trip(arrays, layout):
    dtypes = [dtype for dtype in DTYPES if not dtype.startswith("float") or dtype in arrays.floats]
    for shape, dtype in product(SHAPES, dtypes):
        values = drawn(shape, dtype, layout)
        before = values.copy()
        native = arrays.from_numpy(values, layout)
        back = arrays.to_numpy(native)
        assert type(back) is np.ndarray
        assert (back.shape, back.dtype) == (values.shape, values.dtype)
        np.testing.assert_array_equal(back, values)
        np.testing.assert_array_equal(values, before)
        assert arrays.is_array(native)
        assert arrays.same(native, back)


@pytest.mark.parametrize(
    "layout",
    ["contiguous", "fortran", "transposed", "strided", "reversed", "offset", "sliced", "unaligned", "requires_grad"],
)
def test_neither_direction_shares_memory(arrays, layout):
    if arrays.name == "jax":
        pytest.skip("jax's arrays cannot be written to")
    values = np.ones((2, 3))
    native = arrays.from_numpy(values, layout)
    back = arrays.to_numpy(native)
    writable = native.detach() if layout == "requires_grad" and arrays.arrays == "torch" else native
    writable[...] = 5.0
    assert (values == 1).all()
    assert (back == 1).all()
    again = arrays.to_numpy(native)
    again[...] = 7.0
    assert (arrays.to_numpy(native) == 5).all()
    assert not arrays.same(native, back)


@pytest.mark.parametrize("layout", LAYOUTS)
def test_the_source_builds_the_same_array(arrays, layout):
    names: dict = {}
    exec("\n".join(arrays.imports.values()), names)
    for shape, dtype in product(SHAPES, ("float64", "float32", "int64")):
        values = drawn(shape, dtype, layout)
        if dtype != "int64":
            values = np.where(values > 50, np.inf, np.where(values < -50, np.nan, values / 3)).astype(dtype)
        built = eval(arrays.source(values, layout), names)
        made = arrays.from_numpy(values, layout)
        assert arrays.same(built, arrays.to_numpy(made))
        if 0 not in shape:
            assert strides(built) == strides(made)


def strides(native):
    """None for a library that has no such thing."""
    return native.stride() if hasattr(native, "stride") else getattr(native, "strides", None)


def test_the_source_keeps_the_sign_of_a_nan(arrays):
    values = np.array([np.nan, -np.nan, 1.0])
    names: dict = {}
    exec("\n".join(arrays.imports.values()), names)
    built = arrays.to_numpy(eval(arrays.source(values), names))
    assert np.signbit(built).tolist() == [False, True, False]


def test_one_object_at_two_places_of_a_call_is_one_array():
    def f(a, b):
        return np.array(float(np.shares_memory(a, b)))

    caller = Direct({"f": f}, library("numpy", "cpu"))
    twice = LaidOut(np.ones(3), "contiguous")
    assert caller.call("f", (twice, twice), {}) == 1
    assert caller.call("f", (twice, LaidOut(twice.values, "contiguous")), {}) == 0
    assert caller.call("f", (twice.values, twice.values), {}) == 0
    body = wire.body({"args": (twice, twice, LaidOut(np.zeros(2), "strided"))})
    sent = wire.message(body.header, b"".join(body.arrays))["args"]
    assert sent[0] is sent[1]
    assert (sent[0].values == 1).all()
    assert (sent[2].values == 0).all()
    made = Made("f", (twice, twice), {})
    assert counterexample.expression(library("numpy", "cpu"), made) == "f((same0 := np.array([1.0, 1.0, 1.0])), same0)"


def test_the_source_of_a_long_constant_array_is_short():
    text = library("numpy", "cpu").source(np.full((1000, 3), 0.1))
    assert text == "np.full((1000, 3), 0.1)"


def test_numpy_layouts_are_what_they_say():
    values = np.arange(6.0).reshape(2, 3)
    made = {layout: library("numpy", "cpu").from_numpy(values, layout) for layout in LAYOUTS if layout != "broadcast"}
    assert made["contiguous"].flags.c_contiguous
    assert made["fortran"].flags.f_contiguous
    assert made["transposed"].strides == (16, 32)
    assert made["strided"].strides == (48, 16)
    assert made["reversed"].strides == (-24, -8)
    assert made["offset"].base is not None
    assert made["offset"].flags.c_contiguous
    assert made["sliced"].strides == (32, 8)
    assert made["unaligned"].strides == (36, 12)
    assert not made["unaligned"].flags.aligned
    assert not made["readonly"].flags.writeable
    repeated = np.ones((4, 3))
    assert library("numpy", "cpu").from_numpy(repeated, "broadcast").strides == (0, 8)


def test_torch_layouts_are_what_they_say():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    values = np.arange(6.0).reshape(2, 3)
    made = {layout: library("torch", "cpu").from_numpy(values, layout) for layout in LAYOUTS if layout != "broadcast"}
    assert made["fortran"].stride() == (1, 2)
    assert made["transposed"].stride() == (2, 4)
    assert made["strided"].stride() == made["reversed"].stride() == (6, 2)
    assert (made["offset"].storage_offset(), made["offset"].is_contiguous()) == (1, True)
    assert made["sliced"].stride() == (4, 1)
    assert made["requires_grad"].requires_grad
    assert made["requires_grad"].is_leaf
    assert made["readonly"].is_contiguous()
    assert library("torch", "cpu").from_numpy(np.ones((4, 3)), "broadcast").stride() == (0, 1)
    assert library("torch", "cpu").from_numpy(np.zeros((2,), "int64"), "requires_grad").dtype == torch.int64


def test_values_are_rounded_to_the_dtype_asked_for(arrays):
    third = np.array([1 / 3])
    for dtype in arrays.floats:
        back = arrays.to_numpy(arrays.from_numpy(third, "strided", dtype))
        assert back.dtype == (np.float32 if dtype == "bfloat16" else dtype)
        assert abs(back[0] - 1 / 3) <= 2.0**-8 / 3
        assert (float(back[0]) == 1 / 3) == (dtype == "float64")


@pytest.mark.filterwarnings("ignore:the matrix subclass:PendingDeprecationWarning")
def test_subclasses_and_scalars_come_back_as_plain_arrays():
    numpy = library("numpy", "cpu")
    for value in (np.float64(2), np.ma.masked_array([2.0, 2.0], mask=False), np.asmatrix([[2.0]])):
        back = numpy.to_numpy(value)
        assert type(back) is np.ndarray
        assert (back == 2).all()


def test_an_element_that_is_masked_is_missing():
    with pytest.raises(TypeError, match="elements are missing"):
        library("numpy", "cpu").to_numpy(np.ma.masked_array([2.0, 2.0], mask=[True, False]))


def test_what_is_not_an_array_of_the_library_is_a_type_error_that_names_it(arrays):
    for stranger in (None, [1.0], 2.0, "text", object()):
        assert not arrays.is_array(stranger)
        with pytest.raises(TypeError, match=type(stranger).__name__):
            arrays.to_numpy(stranger)


def test_a_tensor_on_another_device_or_sparse_is_a_type_error():
    torch = pytest.importorskip("torch", reason="torch is not installed")
    for stranger in (torch.ones(2, device="meta"), torch.eye(2).to_sparse()):
        with pytest.raises(TypeError, match="a dense torch tensor on cpu is needed"):
            library("torch", "cpu").to_numpy(stranger)
