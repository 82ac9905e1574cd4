"""What a submission does, raises or returns is its own outcome, and harms no other; so is a file that does not load."""

import pytest

from tests.selftest.test_command_line import ONLY_SIGMOID, RIGHT_SIGMOID

DO_NOT_LOAD = {
    "syntax.py": ("def sigmoid(z:\n", "SyntaxError"),
    "python_2.py": ("def sigmoid(z):\n    print z\n", "this is Python 2, which is not run here"),
    "exit.py": ("def sigmoid(z, x=exit(0)): return z", "SystemExit"),
    "script.py": ("print(1 / 0)", "no function of the interface"),
    "missing.py": ("import no_such_module_at_all as m\ndef sigmoid(z): return m.f(z)", "no_such_module_at_all"),
    "skip.py": (
        "import pytest\ndef no(): pytest.skip('no', allow_module_level=True)\ndef sigmoid(z, no=no()): return z",
        "Skipped",
    ),
    "misspelt.py": ("def sigmiod(z): return z", "sigmiod"),
}


def test_files_that_do_not_load_are_each_an_error_row_and_harm_no_other(suite, written):
    files = {name: content for name, (content, _) in DO_NOT_LOAD.items()}
    result = suite("--impl", str(written({**files, "right.py": RIGHT_SIGMOID})))
    assert result.exit_status == 1
    for name, (_, reason) in DO_NOT_LOAD.items():
        assert result.implementation(name)["verdict"] == "error"
        assert reason in result.implementation(name)["reason"]
        assert name in result.junit
    assert result.implementation("right.py")["verdict"] == "conforms"


def test_only_files_that_do_not_load_are_a_failure_too(suite, submission):
    result = suite("--impl", submission("def sigmoid(z, x=1 / 0): return z"))
    assert result.exit_status == 1
    assert "ZeroDivisionError" in result.json["implementations"][0]["reason"]


OUTCOMES = {
    "skip_test.py": ("import unittest; raise unittest.SkipTest", "error", "SkipTest"),
    "message.py": ("raise type('E', (Exception,), {'__str__': lambda self: 1 / 0})", "error", "cannot be shown"),
    "surrogate.py": ("raise ValueError('not \\udc80 text')", "error", "ValueError"),
    "ends.py": ("import os; os._exit(0)", "error", "ended itself, with status 0"),
    "skips.py": ("import pytest; pytest.skip('later')", "error", "Skipped"),
    "assumption.py": (
        "from hypothesis.errors import UnsatisfiedAssumption; raise UnsatisfiedAssumption",
        "error",
        "UnsatisfiedAssumption",
    ),
    "rejects.py": ("import hypothesis; hypothesis.reject()", "error", "UnsatisfiedAssumption"),
    "exits.py": ("raise SystemExit(0)", "error", "SystemExit"),
    "interrupts.py": ("raise KeyboardInterrupt", "error", "KeyboardInterrupt"),
    "list.py": ("return (1 / (1 + np.exp(-z))).tolist()", "error", "list"),
    "object.py": ("return (1 / (1 + np.exp(-z))).astype(object)", "error", "object"),
    "complex.py": ("return 1j / (1 + np.exp(-z))", "error", "complex"),
    "shape.py": ("return 1 / (1 + np.exp(-z))[..., None]", "failed", "shape"),
    "integers.py": ("return np.round(1 / (1 + np.exp(-z))).astype(int)", "failed", "expected"),
    "noise.py": ("print('noise' * 50); return 1 / (1 + np.exp(-z))", "passed", None),
}
"""Of a file: what the body of its sigmoid is, the outcome of SIGMOID-VALUE, and what the message says."""


@pytest.fixture(scope="module")
def of_all_outcomes(suite_of_module, written):
    bodies = {name: f"import numpy as np\ndef sigmoid(z):\n    {body}\n" for name, (body, _, _) in OUTCOMES.items()}
    return suite_of_module("--impl", str(written(bodies)), "--impl", "numpy-lecture", "-k", "SIGMOID-VALUE")


@pytest.mark.parametrize("name", OUTCOMES)
def test_what_an_implementation_does_is_its_own_outcome(of_all_outcomes, name):
    _, outcome, says = OUTCOMES[name]
    row = of_all_outcomes.implementation(name)
    clause = row["functions"]["sigmoid"]["clauses"]["SIGMOID-VALUE"]
    assert clause["outcome"] == outcome
    assert says is None or says in clause["message"]
    assert row["verdict"] == {"passed": "not run", "failed": "fails", "error": "error"}[outcome]


def test_what_implementations_do_harms_no_other(of_all_outcomes):
    assert of_all_outcomes.outcomes()["numpy-lecture", "SIGMOID-VALUE"] == "passed"
    assert of_all_outcomes.exit_status == 1


def test_what_an_implementation_prints_fails_no_run(suite, submission):
    noisy = submission("import numpy as np\ndef sigmoid(z):\n    print('noise' * 50); return 1 / (1 + np.exp(-z))\n")
    assert suite("--impl", noisy, "-k", "SIGMOID-VALUE").exit_status == 0


def test_what_depends_on_the_calls_before_is_told_so(suite, submission):
    right = "1 / (1 + np.exp(-z))"
    counting = f"calls = []\ndef sigmoid(z):\n    calls.append(1)\n    return {right} + (len(calls) > 12) / 4\n"
    result = suite("--impl", submission(f"import numpy as np\n{counting}"), "-k", "SIGMOID-VALUE")
    assert "as the first call of a process it gives another value: it depends on the calls before" in result.output
    always = f"def sigmoid(z): return {right} + (z > 2) / 4\n"
    result = suite("--impl", submission(f"import numpy as np\n{always}"), "-k", "SIGMOID-VALUE")
    assert "SIGMOID-VALUE" in result.output
    assert "first call of a process" not in result.output


def test_a_stub_is_not_implemented_and_never_a_pass(suite, written):
    stubs = {"raises.py": "raise NotImplementedError", "passes.py": "pass", "dots.py": "return ..."}
    folder = written({name: f"{RIGHT_SIGMOID}\ndef relu(z):\n    {body}\n" for name, body in stubs.items()})
    result = suite("--impl", str(folder), "-k", "SIGMOID or RELU")
    assert result.exit_status == 0, result.output
    complete = suite("--impl", str(folder), "-k", "SIGMOID or RELU", "--require-complete")
    assert complete.exit_status == 1
    for name in stubs:
        assert result.implementation(name)["functions"]["relu"]["textbook"] == "not implemented"
        assert "relu" in complete.implementation(name)["reason"]


def test_nothing_but_stubs_is_an_error(suite, submission):
    path = submission("def relu(z): ...\n")
    result = suite("--impl", path)
    assert result.exit_status == 1
    assert result.implementation(path)["verdict"] == "error"
    assert "nothing was checked" in result.implementation(path)["reason"]


def test_a_function_written_for_some_inputs_only_is_an_error(suite, submission):
    path = submission(
        "import numpy as np\n"
        "def sigmoid(z):\n"
        "    if z.ndim > 1:\n"
        "        raise NotImplementedError\n"
        "    return 1 / (1 + np.exp(-z))\n"
    )
    result = suite("--impl", path, *ONLY_SIGMOID)
    assert result.exit_status == 1
    assert result.implementation(path)["verdict"] == "error"
