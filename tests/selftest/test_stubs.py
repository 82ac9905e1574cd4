"""What says that it is still to be written, and what is wrong though it gives nothing."""

import functools

import numpy as np
import pytest

from impls.calling import CallFailed, NotWritten
from tests.selftest.candidates import candidate

STUBS = {
    "a docstring": '"""TODO"""',
    "pass": "pass",
    "an ellipsis": "return ...",
    "a constant that is returned": "loss = None\n    return loss",
    "several constants": "a, b = None, 1\n    c = b\n    return a",
    "an exception of its own": "z = z + 1\n    raise NotImplementedError('to be done')",
    "an exception of a helper in the file": "return helper(z)",
}
COMPUTES = {
    "forgets to return": "z + 1",
    "prints": "print(z + 1)",
    "computes, then gives None": "result = z + 1\n    result = None\n    return result",
}
HELPER = "def helper(z):\n    raise NotImplementedError\n\n"


def written(body: str):
    """The function of this body, in a file of its own."""
    scope: dict = {}
    exec(compile(f"{HELPER}def relu(z):\n    {body}\n", "homework.py", "exec"), scope)
    return scope["relu"]


def called(function):
    return candidate("it", {"relu": function}).caller.call("relu", (np.ones(2),), {})


@pytest.mark.parametrize("body", STUBS.values(), ids=STUBS)
def test_a_stub_is_not_written(body):
    with pytest.raises(NotWritten):
        called(written(body))


@pytest.mark.parametrize("body", ["return None", "raise NotImplementedError"])
def test_a_stub_is_seen_through_what_stands_before_it(body):
    function = written(body)

    class Homework:
        relu = staticmethod(function)

        def method(self, z):
            return function(z)

    for one in (functools.partial(function), functools.wraps(function)(lambda z: function(z)), Homework().relu):
        with pytest.raises(NotWritten):
            called(one)


@pytest.mark.parametrize("body", COMPUTES.values(), ids=COMPUTES)
def test_a_body_that_computes_and_gives_none_has_no_return(body):
    with pytest.raises(CallFailed, match=r"relu returned None: is a return missing\?") as failed:
        called(written(body))
    assert not isinstance(failed.value, NotWritten)
    assert not failed.value.refused


@pytest.mark.parametrize("call", ["functools.reduce(kernel, [z, z])", "kernel(z, z)", "z.astype(Lazy())"])
def test_what_a_library_has_not_implemented_is_an_error_with_its_message(call):
    library = {"np": np}
    exec(compile("def kernel(*_):\n    raise NotImplementedError('no kernel')\n", "library.py", "exec"), library)
    exec(
        compile("class Lazy:\n    dtype = property(lambda self: kernel())\n", "library.py", "exec"),
        library,
    )
    scope = {"functools": functools, "kernel": library["kernel"], "Lazy": library["Lazy"]}
    exec(compile(f"def relu(z):\n    return {call}\n", "homework.py", "exec"), scope)
    with pytest.raises(CallFailed, match="relu raised NotImplementedError: no kernel") as failed:
        called(scope["relu"])
    assert not isinstance(failed.value, NotWritten)
