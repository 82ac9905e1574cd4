"""The assignment and the course's adapter: what they may say, whose error an error is, and the points."""

import csv
import json
import textwrap
from pathlib import Path

import numpy as np
import pytest

import reference
from impls import declared
from impls.calling import CallFailed, Direct, NotJudged, NotWritten, Request
from impls.submissions import assignment
from impls.submissions.assignment import AssignmentError
from impls.submissions.spec import resolve

FORMS = Path(__file__).parent / "forms"
EXPECTED = list(csv.DictReader((FORMS / "expected.tsv").read_text(encoding="utf-8").splitlines(), delimiter="\t"))


@pytest.fixture(scope="module")
def homework(suite_of_module):
    return suite_of_module(
        "--assignment", str(FORMS / "assignment.toml"), "--impl", str(FORMS / "submissions"), seed="0"
    )


@pytest.mark.parametrize("row", EXPECTED, ids=[f"{row['file']}: {row['function']}" for row in EXPECTED])
def test_the_material_has_the_verdicts_of_its_table(homework, row):
    found = homework.implementation(row["file"])["functions"][row["function"]]
    assert found["textbook"] == row["verdict"], found
    earned = found["points"] and found["points"]["earned"]
    if row["points"] == "share":
        assert 0 < earned < 1
    else:
        assert earned == (float(row["points"]) if row["points"] else None)
    assert row["says"] in json.dumps(found)


def test_a_class_of_homework_fails_where_one_of_it_does(homework):
    assert homework.exit_status == 1
    assert homework.implementation("anna.py")["verdict"] == "conforms"
    assert homework.implementation("anna.py")["points"] == {"earned": 16, "possible": 16}
    assert homework.implementation("boris.py")["points"] == {"earned": 2, "possible": 15}
    assert "2 points, not counting softmax" in homework.output
    assert "boris.py: error" in homework.output
    assert "setp (step?)" in homework.output
    assert homework.implementation("dora.ipynb")["not_looked_at"] == ["setp (step?)"]
    assert homework.implementation("anna.py")["declared"]["ACTIVATIONS"] == "tanh, sigmoid"
    assert f"--assignment {FORMS / 'assignment.toml'}" in homework.output


def read(tmp_path, text, adapter=None):
    if adapter is not None:
        (tmp_path / "course.py").write_text(adapter)
    (tmp_path / "homework.toml").write_text(text)
    return assignment.read(tmp_path / "homework.toml", reference.PARAMETERS)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[functions", "table declaration"),
        ("", "asks for no function"),
        ("[functons.sigmoid]\n", "functons is not a key of it; did you mean functions?"),
        ("[functions.sigmiod]\n", "did you mean sigmoid?"),
        ("[functions.sigmoid]\npiont = 1\n", "[functions.sigmoid]: piont is not a key of it; did you mean points?"),
        ("[functions.sigmoid]\npoints = -1\n", "a number of points, 0 or more is needed"),
        ("[functions.sigmoid]\npoints = true\n", "a number of points"),
        ("[functions.sigmoid]\nnames = 3\n", "a list of names"),
        ("[functions.sigmoid]\nnames = ['a-b']\n", "a list of names"),
        ("[functions.sigmoid]\nactivations = ['relu']\n", "activations is not a key of it"),
        ("[functions.network]\nactivations = ['swish']\n", "needs one of sigmoid, tanh"),
        ("[functions.network]\ntask = 'classify'\n", "needs one of regression, binary, multiclass"),
        (
            "[functions.network]\nactivations = ['relu', 'identity']\n[functions.network_gradients]\n"
            "loss = 'binary_cross_entropy'\n",
            "[assignment] for network: binary_cross_entropy takes probabilities",
        ),
        (
            "[functions.network]\n[assignment]\ntask = 'binary'\n[submissions.'a.py']\nactivations = ['relu']\n",
            '[submissions."a.py"] for network: binary_cross_entropy takes probabilities',
        ),
        ("[functions.network]\n[assignment]\ndevice = 'tpu'\n", "one of cpu, cuda is needed"),
        ("[functions.mean_squared_error]\narguments = ['y']\n", "each of y_hat, y once"),
        ("[functions.sigmoid]\n[assignment]\nlevel = 'hard'\n", "one of textbook, robust is needed"),
        ("[functions.sigmoid]\n[assignment]\nscoring = 'half'\n", "all-or-nothing, share"),
        ("[functions.sigmoid]\n[assignment]\nadapter = 'no.py'\n", "no.py cannot be read: No such file"),
        ("[functions.sigmoid]\n[assignment]\nforbidden = 'a b'\n", "a list of modules"),
        ("[functions.sigmoid]\n[assignment]\none_example = 0\n", "needs true or false"),
        ("[functions.sigmoid]\n[submissions.'a.py'.functions.tanh]\n", "[functions] does not ask for it"),
        ("[functions.sigmoid]\n[submissions.'a.py']\nfunctions = 3\n", "where a table is needed"),
        ("functions = 3\n", "where a table is needed"),
    ],
)
def test_a_wrong_assignment_is_refused(tmp_path, text, says):
    with pytest.raises(AssignmentError) as refused:
        read(tmp_path, text)
    assert says in str(refused.value)
    assert str(refused.value).startswith(f"--assignment {tmp_path}")


def test_the_nearest_source_says_what_a_network_is_for(tmp_path):
    of_all = "activations = ['relu', 'identity']\nloss = 'cross_entropy_with_logits'\n"
    text = f"[functions.network]\n[assignment]\n{of_all}[submissions.'a.py']\ntask = 'binary'\n"
    assert read(tmp_path, text).of_submissions == {"a.py": {"TASK": "binary"}}


@pytest.mark.parametrize(
    ("adapter", "says"),
    [
        ("def fit(student", "SyntaxError"),
        ("1 / 0", "ZeroDivisionError"),
        ("import no_such_module", "No module named"),
        ("def fti(student): pass", "defines no function of the interface"),
        ("ONE_EXAMPLE = 'no'\ndef fit(student): pass", "ONE_EXAMPLE"),
    ],
)
def test_an_adapter_that_does_not_load_is_refused(tmp_path, adapter, says):
    with pytest.raises(AssignmentError) as refused:
        read(tmp_path, "[functions.fit]\n[assignment]\nadapter = 'course.py'\n", adapter)
    assert says in str(refused.value)


def test_a_wrong_assignment_ends_the_command_before_anything_runs(suite, submission, tmp_path):
    (tmp_path / "homework.toml").write_text(
        "[functions.sigmoid]\n[submissions.'nobody.py'.functions.sigmoid]\npoints = 1\n"
    )
    student = submission("def sigmoid(z): return z\n")
    result = suite("--impl", student, "--assignment", str(tmp_path / "homework.toml"))
    assert result.exit_status == 4
    assert "nobody.py" in result.output
    assert not result.json
    assert suite("--assignment", str(tmp_path / "homework.toml")).exit_status == 4


def test_the_entry_of_a_neighbour_is_no_slip(tmp_path):
    read_ = read(tmp_path, "[functions.sigmoid]\n[submissions.'anna.py'.functions.sigmoid]\nnames = ['s']\n")
    (tmp_path / "bob.py").write_text("")
    assert "anna.py" in str(read_.unknown({"bob.py": tmp_path / "bob.py"}))
    (tmp_path / "anna.py").write_text("")
    assert read_.unknown({"bob.py": tmp_path / "bob.py"}) is None
    assert read_.wanted("class/anna.py").own == {"sigmoid": ("s",)}


ADAPTER = """
def sigmoid(student, z):
    value = student.act(z)
    first = value[0]
    return first + 0 * value["more"]
def tanh(student, z):
    return student.Model().tanh(z)
def relu(student, z):
    own = {"a": 1}
    return own["b"] + student.act(z)
def softmax(student, z):
    return helper(student.act(z)) + z.no_such_attribute
def linear(student, x, W, b):
    values, rest = student.act(x)
    return values
def helper(x):
    return x.shape
"""


def called(tmp_path, code, function, arguments=()):
    asked = read(tmp_path, f"[functions.{function}]\n[assignment]\nadapter = 'course.py'\n", ADAPTER)
    (tmp_path / "student.py").write_text("import numpy as np\n" + code)
    (found,) = resolve(str(tmp_path / "student.py"), tuple(asked.functions), assignment=asked)
    if function in found.not_judged or function not in found.functions:
        return found
    assert isinstance(found.caller, Direct)
    return found.caller.answer(Request(function, arguments)).failure


@pytest.mark.parametrize(
    ("code", "function", "kind", "says"),
    [
        ("def act(z): return (z, 1)\n", "sigmoid", CallFailed, "what it returned"),
        ("def act(z): return {}\n", "sigmoid", CallFailed, "has no 0, which course.py line 4 needs"),
        ("def act(): return 1\n", "sigmoid", CallFailed, "it cannot be called as student.act(z) in course.py line 3"),
        ("def act(z): return z\n", "sigmoid", CallFailed, "what it returned has no"),
        ("def act(z): return z.nothing\n", "sigmoid", CallFailed, "act raised AttributeError"),
        ("def act(z): print(z)\n", "sigmoid", CallFailed, "what it returned does not fit value[0]"),
        ("def act(z): raise NotImplementedError\n", "sigmoid", NotWritten, "act raises NotImplementedError"),
        ("class Model:\n    def Tanh(self, z): return z\n", "tanh", NotWritten, "Model has no tanh"),
        ("def act(z): return z\n", "relu", NotJudged, "course.py, line 10: KeyError"),
        ("def act(z): return 3\n", "softmax", CallFailed, "what it returned does not fit x.shape"),
        ("def act(z): return z\n", "softmax", NotJudged, "course.py, line 12: AttributeError"),
        ("def act(z): return 1, 2, 3\n", "linear", CallFailed, "too many values to unpack"),
        ("def act(z):\n    out = None\n    return out, z\n", "linear", NotWritten, "act returns None: it is still"),
        ("def act(z): return print(z), z\n", "linear", CallFailed, "linear gives None: is a return missing?"),
    ],
)
def test_whose_error_an_error_in_the_adapter_is(tmp_path, code, function, kind, says):
    arguments = (np.zeros((2, 3)),) * (3 if function == "linear" else 1)
    failure = called(tmp_path, code, function, arguments)
    assert type(failure) is kind, failure
    assert says in str(failure)


def test_what_the_file_lacks_is_known_before_a_call(tmp_path):
    found = called(tmp_path, "def acct(z): return z\n", "sigmoid")
    assert found.says.absent == {"sigmoid": "act is not in the file"}
    assert found.not_looked_at == ("acct (act?)",)
    found = called(tmp_path, "def act(z): pass\n", "sigmoid")
    assert found.says.absent == {"sigmoid": "act: still to be written"}


def test_a_file_cannot_loosen_its_own_judging_under_an_assignment(tmp_path):
    asked = read(tmp_path, "[functions.sigmoid]\n")
    (tmp_path / "student.py").write_text("ONE_EXAMPLE = False\ndef sigmoid(z): return z\n")
    (found,) = resolve(str(tmp_path / "student.py"), ("sigmoid",), assignment=asked)
    assert found.terms.batches_only == ()
    (alone,) = resolve(str(tmp_path / "student.py"), ("sigmoid",))
    assert alone.terms.batches_only == ("sigmoid",)
    asked = read(tmp_path, "[functions.sigmoid]\none_example = false\n")
    (found,) = resolve(str(tmp_path / "student.py"), ("sigmoid",), assignment=asked)
    assert found.terms.batches_only == ("sigmoid",)


def test_the_tasks_are_those_of_the_reference():
    assert declared.TASKS == reference.TASKS
    assert declared.WITH_LOGITS == reference.WITH_LOGITS


def test_a_counterexample_calls_what_the_submission_calls_it_and_in_its_order(suite, submission, tmp_path):
    homework = tmp_path / "homework.toml"
    homework.write_text('[functions.binary_cross_entropy]\nnames = ["cost"]\n[functions.sigmoid]\n')
    code = """
        import numpy as np
        class Model:
            def sigmoid(self, z):
                return 1 / (1 + np.exp(z))
        def cost(y_true, y_hat):
            return -np.sum(y_true * np.log(y_hat))
    """
    path = submission(textwrap.dedent(code))
    output = suite("--impl", path, "--assignment", str(homework), "-k", "SIGMOID-VALUE or BCE-VALUE").output
    assert "Model().sigmoid(np.array([1.0]))" in output
    assert "cost(np.array([0.0]), np.array([0.5]))" in output


def test_a_name_of_the_adapter_that_nobody_has_is_asked_about(suite, submission, tmp_path):
    submission("def sigmoid(student, z): return student.logsitic(z)\n", "course.py")
    table = submission('[assignment]\nadapter = "course.py"\n[functions.sigmoid]\npoints = 1\n', "homework.toml")
    for name in ("anna", "bob"):
        submission("import numpy as np\ndef logistic(z): return 1 / (1 + np.exp(-z))\n", f"all/{name}.py")
    result = suite("--assignment", table, "--impl", str(tmp_path / "all"))
    says = "the adapter: nobody passes sigmoid: is course.py right? (not implemented: logsitic is not in the file)"
    assert says in result.output
