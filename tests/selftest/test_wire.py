"""What comes over the channel is foreign: it is decoded into plain values, or refused as no message."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as of_numpy

from impls.isolation import wire

ARRAYS = of_numpy.arrays(
    st.sampled_from(["<f8", ">f4", "<f2", "|i1", "<u8", "|b1"]),
    of_numpy.array_shapes(min_dims=0, min_side=0, max_side=3),
)
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**62), 2**62) | st.floats(allow_nan=False) | st.text() | ARRAYS,
    lambda inner: st.lists(inner) | st.lists(inner).map(tuple) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


def sent(body):
    """The header and the arrays of a body as they come out of its frame."""
    frame = wire.frame(7, body)
    token, header, arrays = wire.lengths(frame, len(frame), 7)
    content = frame[wire.PREFIX.size :]
    assert (token, len(content)) == (7, header + arrays)
    return content[:header], content[header:]


def same(one, other):
    if isinstance(one, np.ndarray):
        return (one.dtype, one.shape, one.tobytes()) == (other.dtype, other.shape, other.tobytes())
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


@given(VALUES)
@settings(deadline=None)
def test_a_message_is_what_was_sent(value):
    header, arrays = sent(wire.body({"value": value}))
    assert same(value, wire.message(header, arrays)["value"])


@given(st.lists(VALUES, max_size=3))
@settings(deadline=None)
def test_requests_that_were_written_one_by_one_are_one_message(requests):
    header, arrays = sent(wire.asking([wire.written(one) for one in requests]))
    assert same({"do": "ask", "requests": requests}, wire.message(header, arrays))


@pytest.mark.parametrize(
    ("dtype", "shape", "data"),
    [
        ("<f8", [2], bytes(8)),
        ("<f8", [1], bytes(16)),
        ("<f8", [-1], bytes(8)),
        ("<f8", [1.0], bytes(8)),
        ("<f8", ["1"], bytes(8)),
        ("<f8", [[1]], bytes(8)),
        ("<f8", None, bytes(8)),
        ("<f8", [2**70], bytes(8)),
        ("<f8", [2**40, 2**40], bytes(8)),
        ("<f8", [1] * 100, bytes(8)),
        ("|O", [1], bytes(8)),
        ("<M8[s]", [1], bytes(8)),
        ("|V8", [1], bytes(8)),
        (["<f8"], [1], bytes(8)),
        (None, [1], bytes(8)),
    ],
)
def test_an_array_that_cannot_be_is_refused(dtype, shape, data):
    with pytest.raises(wire.WireError):
        wire.message(json.dumps([["value", {"array": [dtype, shape]}]]).encode(), data)


@given(VALUES, st.data())
@settings(deadline=None)
def test_a_damaged_message_is_read_or_refused_and_nothing_else(value, data):
    header, arrays = sent(wire.body({"value": value}))
    at = data.draw(st.integers(0, len(header)))
    header = header[:at] + data.draw(st.binary(max_size=4)) + header[at + data.draw(st.integers(0, 4)) :]
    try:
        message = wire.message(header, arrays)
    except wire.WireError:
        return
    assert isinstance(message, dict)


@pytest.mark.parametrize(
    "header", [b"", b"1", b"[]]", b"[[1]]", b"[" * 100_000, b'[["a", {}]]', b'[["a", {"b": 1, "c": 2}]]']
)
def test_what_is_no_message_is_refused(header):
    with pytest.raises(wire.WireError):
        wire.message(header, b"")
