"""What is declared changes the judging as it says, and hides nothing else.

For each declaration there is a right implementation that conforms with it alone, and a wrong one that it does not hide.
"""

import numpy as np
import pytest
from hypothesis import settings

import reference
from impls import Unloadable, declared, resolve
from impls.adapters import numpy_lecture
from impls.backends import BACKENDS, Narrowed
from impls.backends.numpy_arrays import Arrays
from impls.calling import Direct, Request
from impls.nested import leaves, mapped
from tests.harness.judging.batches import SINGLE_EXAMPLES
from tests.harness.judging.expected import why_not_expected
from tests.harness.judging.judge import judge
from tests.harness.judging.kind import Kind
from tests.harness.judging.outcome import ERROR, FAILED, PASSED, Outcome
from tests.harness.judging.planning import Examples
from tests.harness.reports import verdicts
from tests.harness.spec.clauses import CLAUSES, PROPERTIES, TEXTBOOK
from tests.harness.spec.dtypes import INTEGERS, Dtypes
from tests.selftest.candidates import candidate

pytestmark = pytest.mark.usefixtures("quick_profile")


def outcome(function, clause: str, **declares) -> str:
    """What comes of a clause for this function alone, with these declarations."""
    return judged(function, clause, **declares).outcome


def judged(function, clause: str, **declares):
    cited = CLAUSES[clause]
    implementation = candidate("it", {cited.function: function}, declares=declares, task="multiclass")
    assert why_not_expected(cited, implementation) is None
    return judge(PROPERTIES[clause], cited, implementation, Examples(0), (), shrink_budget=0)


def not_expected(clause: str, functions=None, **declares) -> str | None:
    functions = functions or {CLAUSES[clause].function: numpy_lecture.relu}
    return why_not_expected(CLAUSES[clause], candidate("it", functions, declares=declares))


# DTYPES


def narrowed(function, dtype: str):
    """The function in a library that has no wider floating dtype, and does not say so."""

    def narrow(value):
        return value.astype(dtype) if isinstance(value, np.ndarray) and value.dtype.kind == "f" else value

    return lambda *args, **options: mapped(narrow, function(*mapped(narrow, args), **options))


ONLY_FLOAT32 = {"DTYPES": ("float32", "int32")}
TEXTBOOK_CLAUSES = [one for one in CLAUSES.values() if one.level == TEXTBOOK and not one.function.startswith("network")]


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16"])
def test_the_slides_formulas_written_plainly_in_each_dtype_are_right(dtype):
    examples = Examples(0)
    for clause in TEXTBOOK_CLAUSES:
        function = getattr(numpy_lecture, clause.function)
        one = candidate("it", {clause.function: function}, declares={"DTYPES": (dtype, "int32")})
        found = judge(PROPERTIES[clause.id], clause, one, examples, (), 0)
        assert found.outcome == PASSED, f"{clause.id} in {dtype}: {found.message}"


@pytest.mark.parametrize("clause", ["LINEAR-VALUE", "SIGMOID-DTYPE", "SIGMOID-TAILS", "LOGITS-VALUE", "LINEAR-DIGITS"])
def test_what_has_float32_alone_conforms_with_the_declaration_alone(clause):
    function = narrowed(getattr(reference, CLAUSES[clause].function), "float32")
    assert outcome(function, clause, **ONLY_FLOAT32) == PASSED
    assert outcome(function, clause) == FAILED


@pytest.mark.parametrize("clause", ["SIGMOID-VALUE", "SIGMOID-DTYPE", "LOGITS-DTYPE", "MSE-VALUE"])
def test_the_declared_dtypes_hide_no_narrower_one(clause):
    function = narrowed(getattr(reference, CLAUSES[clause].function), "float16")
    assert outcome(function, clause, **ONLY_FLOAT32) == FAILED


def test_an_implementation_is_asked_in_no_dtype_that_it_does_not_have():
    """Every clause of every function is planned; a body that makes an array of another dtype is an error."""
    settings.register_profile("few", settings.get_profile("quick"), max_examples=4)
    settings.load_profile("few")
    seen = set()

    def noted(function):
        def call(*args, **options):
            arrays = [leaf for leaf in leaves(args) if isinstance(leaf, np.ndarray)]
            seen.update(array.dtype.name for array in arrays)
            return function(*args, **options)

        return call

    functions = {name: noted(getattr(reference, name)) for name in reference.FUNCTIONS}
    it = candidate("it", functions, task="multiclass", declares={"DTYPES": ("float32", "int32", "uint8")})
    examples = Examples(3)
    for clause in CLAUSES.values():
        if not clause.large and why_not_expected(clause, it) is None:
            found = judge(PROPERTIES[clause.id], clause, it, examples, (), 0)
            assert found.outcome == PASSED, f"{clause.id}: {found.message}"
    assert seen <= {"float32", "int32", "uint8", "bool"}
    assert {"float32", "int32", "uint8"} <= seen


def test_half_precision_that_is_not_there_is_not_expected_and_so_is_robustness_where_there_is_nothing_else():
    assert not_expected("RELU-HALF", **ONLY_FLOAT32) == "it has no half precision"
    assert not_expected("RELU-HALF") is None
    assert "float32" in not_expected("RELU-TAILS", DTYPES=("float16",))
    assert not_expected("RELU-HALF", DTYPES=("float16",)) is None
    assert not_expected("RELU-VALUE", DTYPES=("float16",)) is None


def test_a_number_that_a_narrower_integer_does_not_hold_becomes_its_largest():
    of = Dtypes(("float32",), ("int32",))
    assert of.cast(np.array([-1, 2**31, 2**32 + 1, -(2**40)])).tolist() == [-1, 2**31 - 1, 2**31 - 1, 2**31 - 1]
    assert of.cast(np.array([3], np.uint8)).dtype == np.int32
    assert of.cast([{"dtype": "float64"}, 2.0, np.array([True])]) == [{"dtype": "float32"}, 2.0, np.array([True])]


class NarrowingArrays(Arrays):
    """NumPy's arrays as a library that makes float32 of float64 and int32 of int64, and says nothing."""

    narrows = "say which dtypes there are"

    def fresh(self, values, dtype):
        narrow = {"float64": "float32", "int64": "int32"}
        return super().fresh(values, narrow.get(dtype or values.dtype.name, dtype))


@pytest.mark.parametrize("dtype", ["float64", "int64"])
def test_a_library_that_narrows_silently_is_seen(dtype):
    caller = Direct({"relu": reference.relu}, NarrowingArrays("cpu"))
    (answer,) = caller.ask([Request("relu", (np.zeros(2, dtype),))]).answers
    assert "say which dtypes there are" in str(answer.failure)
    assert not answer.failure.refused
    (answer,) = caller.ask([Request("relu", (np.zeros(2, np.float32),))]).answers
    assert answer.failure is None


def test_a_library_that_may_narrow_says_what_helps():
    assert "DTYPES" in BACKENDS["jax"].narrows
    assert issubclass(Narrowed, TypeError)


@pytest.mark.parametrize("wrong", [(), ("float8",), ("bfloat16", "int32"), 7, "float63"])
def test_dtypes_that_cannot_be_declared_are_refused(wrong):
    with pytest.raises(ValueError, match="needs"):
        declared.checked("DTYPES", wrong)


def test_dtypes_that_the_arrays_cannot_have_are_an_error(submission):
    (found,) = resolve(submission("DTYPES = ('bfloat16', 'float32')\ndef relu(z): return z\n"), ("relu",))
    assert isinstance(found, Unloadable)
    assert "bfloat16" in found.reason


# FLUSHES_TO_ZERO


def flushing(function, below: float | None = None):
    def flush(value):
        if not isinstance(value, np.ndarray) or value.dtype.kind != "f":
            return value
        least = np.finfo(value.dtype).tiny if below is None else below
        return np.where(np.abs(value) < least, 0, value).astype(value.dtype)

    return lambda *args: flush(function(*mapped(flush, args)))


@pytest.mark.parametrize("clause", ["RELU-TAILS", "TANH-TAILS", "SOFTMAX-SPREAD"])
def test_subnormal_numbers_may_become_0_where_that_is_declared(clause):
    function = flushing(getattr(reference, CLAUSES[clause].function))
    assert outcome(function, clause, FLUSHES_TO_ZERO=True) == PASSED
    assert outcome(function, clause) == FAILED


@pytest.mark.parametrize("clause", ["RELU-TAILS", "TANH-TAILS"])
def test_normal_numbers_may_not(clause):
    function = flushing(getattr(reference, CLAUSES[clause].function), below=1e-30)
    assert outcome(function, clause, FLUSHES_TO_ZERO=True) == FAILED


def test_an_array_library_is_asked_whether_it_flushes_and_numpy_is_not():
    torch = pytest.importorskip("torch")
    library = BACKENDS["torch"]("cpu")
    assert library.flushing() == ()
    if torch.set_flush_denormal(True):
        try:
            assert "float32" in library.flushing()
            assert BACKENDS["numpy"]("cpu").flushing() == ()
        finally:
            torch.set_flush_denormal(False)


# COMPILES


def compiling(function, most: int):
    """The function in a library that compiles a program for each shape, and has room for so many of them."""
    compiled = set()

    def call(*args, **options):
        compiled.add(tuple(leaf.shape for leaf in leaves([args, options]) if isinstance(leaf, np.ndarray)))
        if len(compiled) > most:
            raise MemoryError("Unable to allocate section memory")
        return function(*args, **options)

    return call


@pytest.mark.parametrize("clause", ["SIGMOID-LENGTH", "LINEAR-LENGTH", "ADAM-LENGTH", "SOFTMAX-LONG", "MLP-LENGTH"])
def test_few_shapes_are_asked_of_what_compiles_each(clause):
    function = getattr(reference, CLAUSES[clause].function)
    assert outcome(compiling(function, 80), clause, COMPILES=True) == PASSED
    if clause.endswith("LENGTH"):
        assert outcome(compiling(function, 80), clause) == ERROR


def without_the_rest(z):
    """Blocks of 16 alone are computed."""
    whole = z.size // 16 * 16
    return np.where(np.arange(z.size) < whole, reference.relu(z), 0).astype(z.dtype) if whole else reference.relu(z)


def test_few_shapes_show_what_is_left_over_of_a_block():
    assert outcome(without_the_rest, "RELU-LENGTH", COMPILES=True) == FAILED


# ONE_EXAMPLE


def of_batches(x, W, b):
    if x.ndim != 2:
        raise ValueError("a batch is needed")
    return x @ W.T + b


def test_one_example_is_not_expected_of_what_takes_batches_only():
    why = not_expected("LINEAR-ONE", {"linear": of_batches}, ONE_EXAMPLE=False)
    assert "ONE_EXAMPLE" in why
    assert not_expected("LINEAR-ONE", {"linear": of_batches}) is None
    assert outcome(of_batches, "LINEAR-ONE") == ERROR
    assert outcome(of_batches, "LINEAR-VALUE", ONE_EXAMPLE=False) == PASSED
    assert outcome(lambda x, W, b: x @ W.T, "LINEAR-VALUE", ONE_EXAMPLE=False) == FAILED


def of_batches_only(name):
    """The function of the reference, which raises for what has no batch axis."""

    def function(first, *others, **options):
        if np.ndim(first) == 1:
            raise ValueError("a batch is needed")
        return getattr(reference, name)(first, *others, **options)

    return function


@pytest.mark.parametrize("name", SINGLE_EXAMPLES)
def test_no_clause_asks_what_takes_batches_only_for_one_example(name):
    function, declares = of_batches_only(name), {"ONE_EXAMPLE": False}
    it = candidate("it", {name: function}, declares=declares, task="multiclass")
    asked = [one for one in CLAUSES.values() if one.function == name and not one.large]
    for clause in (one.id for one in asked if why_not_expected(one, it) is None):
        assert outcome(function, clause, **declares) == PASSED, clause


def test_one_example_is_asked_as_a_batch_of_one():
    def wrong_for_one(x, W, b):
        return of_batches(x, W, b) + (len(x) == 1 and not x.flags.c_contiguous)

    assert outcome(of_batches, "LINEAR-LAYOUT", ONE_EXAMPLE=False) == PASSED
    assert outcome(wrong_for_one, "LINEAR-LAYOUT", ONE_EXAMPLE=False) == FAILED


# The kind


def test_all_that_is_declared_is_part_of_the_kind_and_so_of_the_name_of_kept_plans():
    plain = Kind.of(candidate("it", {"softmax": reference.softmax}))
    for declares in (
        ONLY_FLOAT32,
        {"FLUSHES_TO_ZERO": True},
        {"COMPILES": True},
        {"STATEFUL": ("adam_step",)},
        {"OPTIMISER_EPS": "inside"},
        {"ONE_EXAMPLE": False},
    ):
        kind = Kind.of(candidate("it", {"softmax": reference.softmax}, declares=declares))
        assert kind != plain
        assert repr(kind) != repr(plain)
        hash(kind)
    assert plain.dtypes.for_drawing == Kind.of(candidate("it", {}, arrays="torch")).dtypes.for_drawing
    assert plain.dtypes.integers == declared.INTEGERS
    assert {*INTEGERS} == {*declared.INTEGERS}


def test_what_is_not_expected_costs_nothing_and_is_said():
    it = candidate("it", {"linear": of_batches}, declares={"ONE_EXAMPLE": False})
    every = [one for one in CLAUSES.values() if one.function == "linear" and not one.large]

    def is_expected(clause):
        return why_not_expected(clause, it) is None

    outcomes = {one.id: Outcome(PASSED) for one in every if is_expected(one)}
    found = verdicts.of_function(
        every, outcomes, is_expected=is_expected, why_not=lambda clause: why_not_expected(clause, it)
    )
    assert set(found.levels.values()) == {verdicts.CONFORMS}
    assert found.outcomes["LINEAR-ONE"].message == "not expected: it takes batches only (ONE_EXAMPLE = False)"
    assert found.credit("robust", is_expected) == (len(every) - 1, len(every) - 1)


# Refusals


@pytest.mark.parametrize(
    ("clause", "refuses"),
    [
        ("SOFTMAX-NAN", lambda z: np.isnan(z).any() or (z == np.inf).any() or (z == -np.inf).all(axis=-1).any()),
        ("SIGMOID-NAN", lambda z: np.isnan(z).any()),
        ("TANH-NDIM", lambda z: z.ndim == 0),
        ("RELU-LAYOUT", lambda z: not (z.flags.c_contiguous or z.flags.f_contiguous)),
    ],
)
def test_a_refusal_costs_a_remark_and_a_number_there_the_clause(clause, refuses):
    right = getattr(reference, CLAUSES[clause].function)

    def refusing(z):
        if refuses(z):
            raise ValueError("not of this kind")
        return right(z)

    found = judged(refusing, clause)
    assert found.outcome == PASSED
    assert "as it may" in found.message
    assert "not of this kind" in found.message
    assert judged(right, clause).message is None
    assert outcome(lambda z: np.full_like(z, 0.25) if refuses(z) else right(z), clause) == FAILED
