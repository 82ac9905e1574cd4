"""Where a declaration counts: in a file, module, adapter and entry alike; what loosens, not in a student's file."""

import sys
from dataclasses import replace

import numpy as np
import pytest

import reference
from impls import Implementation, resolve
from impls.builtin import BUILTINS
from impls.calling import Lost, Request
from impls.declared import LOOSENING, Terms
from impls.implementation import Says, said
from impls.isolation import Isolation, Limits, load_isolated
from impls.submissions import assignment
from impls.submissions.spec import Asked, asked_of, named_by
from tests.harness.judging.kind import Kind
from tests.selftest.candidates import forger

WORDS = """
DTYPES = ("float32", "int32")
FLUSHES_TO_ZERO = True
COMPILES = True
ONE_EXAMPLE = False
STATEFUL = ("adam_step",)
OPTIMISER_EPS = {"adam_step": "inside"}
"""
TABLE = """
dtypes = ["float32", "int32"]
flushes_to_zero = true
compiles = true
one_example = false
stateful = ["adam_step"]
optimiser_eps = {adam_step = "inside"}
"""
FUNCTIONS = "def linear(x, W, b): return x\ndef adam_step(theta, grad, state, **hyper): return theta, state\n"
NAMES = ("linear", "adam_step")
ASKED = "[functions.linear]\n[functions.adam_step]\n"
ALL_OF_IT = Terms(("float32", "int32"), True, True, ("linear", "adam_step"), ("adam_step",), (("adam_step", "inside"),))


def judged_as(found) -> tuple:
    assert isinstance(found, Implementation), found
    return found.terms, found.offers, found.integers, tuple(found.flushes_to_zero)


DECLARED = (ALL_OF_IT, ("float32",), ("int32",), ("float32",))


def homework(tmp_path, text, adapter=None):
    if adapter:
        (tmp_path / "course.py").write_text(adapter)
    (tmp_path / "homework.toml").write_text(text)
    return assignment.read(tmp_path / "homework.toml", reference.PARAMETERS)


def handed_in(tmp_path, asked, content=FUNCTIONS):
    (tmp_path / "anna.py").write_text(content)
    (found,) = resolve(str(tmp_path / "anna.py"), NAMES, assignment=asked)
    return found


def test_in_a_file_and_in_a_module(tmp_path, monkeypatch):
    (tmp_path / "declaring.py").write_text(WORDS + FUNCTIONS)
    (found,) = resolve(str(tmp_path / "declaring.py"), NAMES)
    assert judged_as(found) == DECLARED
    monkeypatch.syspath_prepend(str(tmp_path))
    (found,) = resolve("declaring", NAMES)
    assert judged_as(found) == DECLARED
    assert found.declared["DTYPES"] == "float32, int32"
    assert found.declared["OPTIMISER_EPS"] == "adam_step: inside"
    del sys.modules["declaring"]


def test_in_a_file_that_runs_in_a_process_of_its_own(tmp_path):
    isolation = Isolation("process")
    try:
        (tmp_path / "anna.py").write_text(WORDS + FUNCTIONS)
        asked = Asked(None, None)
        (named,) = named_by(str(tmp_path / "anna.py"), asked)
        found = load_isolated(isolation, asked_of(named, NAMES, None), NAMES, asked)
        assert judged_as(found) == DECLARED
        assert found.caller.compiles
    finally:
        isolation.close()


def test_in_the_entry_of_a_built_in(monkeypatch):
    entry = replace(BUILTINS["numpy-lecture"], declared={"DTYPES": ("float32",), "COMPILES": True})
    monkeypatch.setitem(BUILTINS, "numpy-lecture", entry)
    (found,) = resolve("numpy-lecture", ("relu",))
    assert (found.terms.compiles, found.offers) == (True, ("float32",))


@pytest.mark.parametrize("where", ["assignment", "adapter", "entry"])
def test_under_an_assignment_in_its_table_in_the_adapter_and_in_the_entry(tmp_path, where):
    adapter = "def linear(student, x, W, b): return student.linear(x, W, b)\n"
    text = {
        "assignment": f"[assignment]\n{TABLE}{ASKED}",
        "adapter": f"[assignment]\nadapter = 'course.py'\n{ASKED}",
        "entry": f'{ASKED}[submissions."anna.py"]\n{TABLE}',
    }[where]
    asked = homework(tmp_path, text, WORDS + adapter if where == "adapter" else None)
    assert judged_as(handed_in(tmp_path, asked)) == DECLARED


def test_under_an_assignment_a_file_says_where_its_eps_stands_and_loosens_nothing(tmp_path):
    found = handed_in(tmp_path, homework(tmp_path, ASKED), WORDS + FUNCTIONS)
    assert found.terms == Terms(eps_places=(("adam_step", "inside"),))
    assert found.offers == ("float64", "float32", "float16")
    assert not set(LOOSENING) & set(found.declared)


def test_the_nearest_counts_and_one_function_has_its_own(tmp_path):
    text = (
        "[assignment]\none_example = false\noptimiser_eps = 'outside'\n[functions.linear]\none_example = true\n"
        "[functions.adam_step]\noptimiser_eps = 'inside'\n"
        '[submissions."anna.py"]\noptimiser_eps = "uncorrected"\n'
    )
    found = handed_in(tmp_path, homework(tmp_path, text))
    assert found.terms.batches_only == ("adam_step",)
    assert dict(found.terms.eps_places)["adam_step"] == "inside"


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[assignment]\ndtypes = ['float31']\n", "needs some of float64"),
        ("[assignment]\nstateful = ['relu']\n", "needs some of sgd_step"),
        ("[assignment]\noptimiser_eps = 'above'\n", "needs one of outside"),
        ("[functions.adam_step]\noptimiser_eps = 'none'\n", "needs one of outside, inside, uncorrected"),
        ("[functions.linear]\noptimiser_eps = 'inside'\n", "is not a key of it"),
        ('[submissions."anna.py"]\nlevel = "robust"\n', "is not a key of it"),
    ],
)
def test_what_cannot_be_declared_is_an_error_of_the_table(tmp_path, text, says):
    needed = "" if "[functions" in text else ASKED
    with pytest.raises(assignment.AssignmentError, match=says):
        homework(tmp_path, text + needed)


def test_nothing_loosens_because_a_worker_says_so(tmp_path):
    forged = {
        "functions": ["sigmoid", "adam_step"],
        "arrays": "numpy",
        "device": "cpu",
        "says": Says(terms=ALL_OF_IT, flushing=("float64", "float32")).as_json(),
    }
    names = ("sigmoid", "adam_step")
    (tmp_path / "liar.py").write_text(forger(forged))
    isolation, asked = Isolation("process"), Asked(None, None)
    try:
        (named,) = named_by(str(tmp_path / "liar.py"), asked)
        named = asked_of(named, names, homework(tmp_path, "[functions.sigmoid]\n[functions.adam_step]\n"))
        found = load_isolated(isolation, named, names, asked)
    finally:
        isolation.close()
    assert found.terms == Terms(eps_places=(("adam_step", "inside"),))
    assert found.offers == ("float64", "float32", "float16")
    assert not list(found.flushes_to_zero)
    assert not found.caller.compiles
    assert Kind.of(found).terms.stateful == ()


@pytest.mark.parametrize(
    "wrong",
    [{"dtypes": ["x"]}, {"compiles": "yes"}, {"stateful": ["relu"]}, {"eps_places": [["adam_step", "none"]]}, None],
)
def test_what_a_worker_says_is_checked(wrong):
    data = Says(terms=ALL_OF_IT).as_json()
    assert said(data).terms == ALL_OF_IT
    terms = data["terms"] | wrong if wrong is not None else None
    with pytest.raises((ValueError, TypeError)):
        said(data | {"terms": terms})


SLOW_AT_FIRST = """
import time
import numpy as np
{declares}
seen = set()
def relu(z):
    if z.shape not in seen or {always}:
        time.sleep(1.5)
    seen.add(z.shape)
    return np.maximum(z, 0)
"""


@pytest.mark.parametrize(
    ("declares", "always", "lost"),
    [("COMPILES = True", False, []), ("", False, [0]), ("COMPILES = True", True, [1])],
)
def test_the_first_call_of_a_shape_is_not_held_to_the_time_of_a_call(tmp_path, declares, always, lost):
    (tmp_path / "slow.py").write_text(SLOW_AT_FIRST.format(declares=declares, always=always))
    isolation, asked = Isolation("process", Limits(call_seconds=0.7, load_seconds=60)), Asked(None, None)
    try:
        (named,) = named_by(str(tmp_path / "slow.py"), asked)
        found = load_isolated(isolation, asked_of(named, ("relu",), None), ("relu",), asked)
        answers = found.caller.ask([Request("relu", (np.zeros(n),)) for n in (1, 1, 2)]).answers
    finally:
        isolation.close()
    assert [n for n, one in enumerate(answers) if isinstance(one.failure, Lost)] == lost
