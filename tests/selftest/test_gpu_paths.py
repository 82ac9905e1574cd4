"""What is particular to a GPU, on machines without one: stand-ins for CUDA and CuPy walk the paths."""

import re
import shutil
import subprocess
import sys
from dataclasses import replace
from functools import reduce
from operator import or_
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from impls import probe
from impls.backends import BACKENDS, Backend, Needs, library, needs
from impls.backends.backend import failure_on
from impls.builtin import BUILTINS
from impls.calling import Answer, Answers, CallFailed, Direct, Request
from impls.implementation import Unloadable
from impls.isolation import Isolation, Limits, load_isolated, loading
from impls.isolation.reachable_paths import told_of_the_machine
from impls.submissions.spec import Asked, Named, named_by
from tests.conformance import test_activations, test_one_hot  # noqa: F401 - registers their clauses
from tests.harness.drawing.strategies import wrong_labels
from tests.harness.judging.faults import Nonconformance
from tests.harness.judging.judge import judge
from tests.harness.judging.kind import Kind
from tests.harness.judging.planning import Examples
from tests.harness.judging.subject import planned
from tests.harness.judging.trial import MOST_DEVICES_LOST, NotAsked, carried_out
from tests.harness.reports import loading as running
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate

CHECKOUT = Path(__file__).parents[2]
STAND_INS = Path(__file__).with_name("stand_ins")
PASSED = {"passed", "known-deviation"}


@pytest.fixture
def cuda():
    """The options of pytest under which torch finds the stand-in for CUDA."""
    registration = pytest.importorskip("torch.utils.backend_registration", reason="torch is not installed")
    if not hasattr(registration, "_setup_privateuseone_for_python_backend"):
        pytest.skip("this torch has no devices written in Python")
    return ("-p", "tests.selftest.stand_ins.cuda_plugin")


def outcomes_of(result, name):
    """The outcome of each clause that was selected."""
    found = {id: outcome for (who, id), outcome in result.outcomes().items() if who == name and outcome != "skipped"}
    assert found, result.output
    return found


def test_the_torch_built_ins_refuse_before_a_kernel_asserts(suite, cuda):
    """With an assertion the device is lost, so that every later clause of either built-in would be an error."""
    clauses = (
        "BCE-DOMAIN or BCE-TARGETS or ONEHOT-LABELS or ONEHOT-VALUE or LOGITS-LABELS or LOGITS-VALUE or CE-DOMAIN or "
        "NEURON-VALUE or LOGREG-VALUE or GRAD-LOGITS or GRAD-BCE or ADAM-VALUE or SOFTMAX-LAYOUT or MLP-VALUE"
    )
    built_ins = ("--impl", "torch-nn-cuda", "--impl", "torch-lecture-cuda")
    result = suite(*cuda, *built_ins, "--isolation", "none", "-k", clauses)
    assert set(outcomes_of(result, "torch-nn-cuda").values()) == PASSED, result.output
    lecture = outcomes_of(result, "torch-lecture-cuda")
    assert "error" not in lecture.values(), result.output
    assert {lecture[id] for id in ("ONEHOT-VALUE", "LOGITS-VALUE", "LOGREG-VALUE", "MLP-VALUE")} == {"passed"}
    assert result.exit_status == 0
    assert result.json["environment"]["accelerators"]["torch on cuda"]["gpu"] == "stand-in"


def test_a_device_that_a_call_loses_costs_that_call_alone(cuda, submission, monkeypatch):
    """scatter asserts on CUDA for a label out of range: a refusal, after which the process is of no use."""
    monkeypatch.setattr(loading, "probe", lambda arrays, device: None)  # the stand-in is in its process alone
    monkeypatch.setattr(Needs, "device_is_there", lambda self: True)
    path = Path(
        submission(
            "import asserting_cuda\nasserting_cuda.install()\nimport torch\nARRAYS = 'torch'\nDEVICE = 'cuda'\n"
            "def one_hot(labels, k):\n"
            "    zeros = torch.zeros(*labels.shape, k, dtype=torch.int64, device='cuda')\n"
            "    return zeros.scatter_(-1, labels[..., None], 1)\n"
        )
    )
    shutil.copy(STAND_INS / "asserting_cuda.py", path.parent)
    isolation = Isolation(limits=Limits(call_seconds=60.0, losses=1))
    try:
        found = load_isolated(isolation, *named_by(str(path), Asked(None, None)), ["one_hot"], Asked(None, None))
        assert not isinstance(found, Unloadable), found.reason
        assert (found.arrays, found.device) == ("torch", "cuda")
        for _ in range(2):
            with pytest.raises(CallFailed, match="device-side assert") as failed:
                found.caller.call("one_hot", (np.array([3]), 3), {})
            assert failed.value.refused
            assert found.caller.call("one_hot", (np.array([1]), 3), {}).tolist() == [[0, 1, 0]]
        requests = [Request("one_hot", (np.array([label]), 3)) for label in (1, 3, 2)]
        answers = found.caller.ask(requests).answers
        assert [(one.device_lost, one.changed) for one in answers] == [(False, ()), (True, ())]
    finally:
        isolation.close()


class LosesDevices:
    """A caller of one function, each failure of which ends a device."""

    def __init__(self, function):
        self.function = function
        self.lost = 0

    def ask(self, requests):
        answers = []
        for request in requests:
            try:
                answers.append(Answer(self.function(*request.args)))
            except ValueError as assertion:
                self.lost += 1
                answers.append(Answer(failure=CallFailed(str(assertion)), device_lost=True))
                break
        return Answers(answers, {})


def asserting(*args):
    raise ValueError("CUDA error: device-side assert triggered")


@pytest.mark.parametrize(("id", "expected"), [("ONEHOT-LABELS", "passed"), ("ONEHOT-VALUE", "error")])
def test_a_clause_has_seen_enough_of_lost_devices(id, expected):
    """Each costs a process: no further example is begun, the outcome says on how many it rests, nothing is shrunk."""
    made = replace(candidate("loses", {"one_hot": asserting}), caller=LosesDevices(asserting))
    outcome = judge(PROPERTIES[id], CLAUSES[id], made, Examples(0), [], 100)
    assert outcome.outcome == expected
    of_an_example = len(wrong_labels(10)) if id == "ONEHOT-LABELS" else 1
    assert MOST_DEVICES_LOST <= made.caller.lost < MOST_DEVICES_LOST + of_an_example
    assert 1 <= outcome.examples <= MOST_DEVICES_LOST
    assert re.search(rf"judged on {outcome.examples} of \d+ examples", outcome.message)


def test_what_was_answered_before_the_devices_were_lost_is_judged():
    """A wrong value counts, also in an example behind one that was not judged to its end."""

    def body(impl, z):
        impl.right(impl.relu(impl.check.relu(z) - 3))

    def relu(z):
        return asserting() if z[0] < 0 else np.maximum(z, 0) + (z[0] == 7)

    kind = Kind.of(candidate("it", {}))
    values = [{"z": np.full(1, number)} for number in (1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 7.0)]
    seen = carried_out([planned(body, CLAUSES["RELU-VALUE"], kind, one) for one in values], LosesDevices(relu)).seen
    assert [type(one.fault) for one in seen] == [*[CallFailed] * 5, NotAsked, Nonconformance]


def test_the_cupy_built_in_runs_in_a_process_and_deviates_where_it_is_recorded(suite):
    clauses = (
        "SOFTMAX-INTEGER or LOGITS-INTEGER or LOGITS-CONFIDENT or SIGMOID-TAILS or RELU-HALF or "
        "ONEHOT-LABELS or BCE-DOMAIN or NEURON-VALUE or GRAD-BCE or ADAMAX-VALUE or SOFTMAX-SPREAD"
    )
    result = suite("--impl", "cupy", "-k", clauses, environment={"PYTHONPATH": str(STAND_INS / "strict_cupy")})
    found = outcomes_of(result, "cupy")
    deviating = {"SOFTMAX-INTEGER", "LOGITS-INTEGER", "LOGITS-CONFIDENT"}
    assert {id for id, outcome in found.items() if outcome == "known-deviation"} == deviating, result.output
    assert {outcome for id, outcome in found.items() if id not in deviating} == {"passed"}, result.output


def test_a_file_that_imports_cupy_alone_is_given_cupys_arrays(suite, submission):
    path = submission("import cupy as cp\ndef sigmoid(z): return 1 / (1 + cp.exp(-z))\n")
    result = suite(
        "--impl",
        path,
        "--isolation",
        "none",
        "-k",
        "SIGMOID-VALUE",
        environment={"PYTHONPATH": str(STAND_INS / "strict_cupy")},
    )
    assert result.implementation(path)["arrays"] == "cupy"
    assert set(outcomes_of(result, path).values()) == {"passed"}, result.output


def test_a_device_asked_for_needs_one_library_that_has_it(suite, cuda):
    result = suite(*cuda, "--device", "cuda", "--isolation", "none", "-k", "RELU-VALUE")
    assert set(outcomes_of(result, "torch-nn-cuda").values()) == {"passed"}, result.output
    assert result.exit_status == 0


def test_a_built_in_that_may_lose_its_device_runs_in_a_process_of_its_own(monkeypatch):
    loaded = {}
    monkeypatch.setattr(running, "load_isolated", lambda isolation, found, *_: loaded.update({found.name: "process"}))
    monkeypatch.setattr(running, "load_here", lambda found, *_: loaded.update({found.name: "here"}))
    options = running.Options((), None, None, None, False, "quick", 0)
    for name in BUILTINS:
        running.Loading(options)._load(Named(name, name), (), Asked(None, None))
    in_a_process = {name for name, where in loaded.items() if where == "process"}
    assert in_a_process == {"torch-lecture-cuda", "torch-nn-cuda", "cupy"}


class Unwell(BACKENDS["numpy"]):
    """Arrays of NumPy on a device that is not well."""

    def __init__(self, fails="nothing"):
        super().__init__("cuda")
        self.fails = fails

    def fresh(self, values, dtype):
        if self.fails == "making":
            raise RuntimeError("CUDA error: device-side assert triggered")
        return super().fresh(values, dtype)

    def synchronise(self):
        if self.fails == "waiting":
            raise RuntimeError("CUDA error: device-side assert triggered")


@pytest.mark.parametrize(("fails", "refused"), [("making", False), ("waiting", True)])
def test_an_error_of_the_device_belongs_to_the_call(fails, refused):
    """An assertion is the function's refusal of the call; that no argument can be made is nobody's refusal."""
    answer = Direct({"relu": lambda z: z}, Unwell(fails)).answer(Request("relu", (np.ones(2),)))
    assert "device-side assert" in str(answer.failure)
    assert answer.failure.refused == refused
    assert answer.device_lost == (fails == "making")


def test_of_a_lost_device_nothing_is_said_but_that(monkeypatch):
    """Its memory cannot be read any more: that is no change of an argument, nor of an earlier result."""

    def relu(z):
        if z[0] < 0:
            arrays.fails = "making"
            raise RuntimeError("CUDA error: device-side assert triggered")
        return z + 0

    def read(self, native):
        if self.fails == "making":
            raise RuntimeError("CUDA error: device-side assert triggered")
        return np.array(native)

    monkeypatch.setattr(Unwell, "read", read)
    arrays = Unwell()
    came = Direct({"relu": relu}, arrays).ask([Request("relu", (np.full(1, one),)) for one in (1.0, -1.0)])
    assert [(one.device_lost, one.changed) for one in came.answers] == [(False, ()), (True, ())]
    assert came.overwritten == {}


def test_memory_is_given_back_after_large_arguments_alone(monkeypatch):
    released = []
    monkeypatch.setattr(Unwell, "release", lambda self: released.append(self))
    caller = Direct({"relu": lambda z: z[:1]}, Unwell())
    caller.call("relu", (np.ones(1000),), {})
    assert not released
    caller.call("relu", (np.zeros(1 << 23),), {})
    assert released


@pytest.mark.parametrize(
    ("broken", "says"),
    [
        ({"matmul": lambda a, b: 1 / 0}, "the matrix product of ones by numpy on cuda raised ZeroDivisionError"),
        (
            {"matmul": lambda a, b: a},
            r"the matrix product of ones by numpy on cuda gave \[\[1.0, 1.0\], \[1.0, 1.0\]\]",
        ),
        ({"sum": lambda a: a}, "the sum of ones by numpy on cuda gave"),
    ],
)
def test_a_probe_computes_a_sum_and_a_matrix_product(broken, says):
    class Broken(Unwell):
        xp = SimpleNamespace(**({"sum": np.sum, "matmul": np.matmul} | broken))

        def __init__(self, device):
            super().__init__()

    assert failure_on(BACKENDS["numpy"], "cpu") is None
    assert re.match(says, failure_on(Broken, "cuda") or "")


def test_a_rocm_build_of_torch_is_not_taken_for_cuda(monkeypatch):
    torch = pytest.importorskip("torch", reason="torch is not installed")
    monkeypatch.setattr(torch.version, "hip", "6.4")
    assert "ROCm 6.4" in BACKENDS["torch"].unavailable("cuda")
    assert BACKENDS["torch"].unavailable("cpu") is None


def test_a_process_for_cuda_has_what_cuda_needs():
    for arrays in ("torch", "cupy", "jax"):
        wanted = needs(arrays, "cuda")
        for variable in ("CUDA_VISIBLE_DEVICES", "NVIDIA_TF32_OVERRIDE", "CUPY_TF32", "LD_LIBRARY_PATH"):
            assert variable.startswith(wanted.environment)
        assert not "NVIDIA_API_KEY".startswith(wanted.environment)
        assert {"/proc/driver", "/sys"} <= set(told_of_the_machine(wanted)) - set(told_of_the_machine(Needs()))
        limits = Limits().for_needs(wanted)
        assert (limits.memory_mib, limits.files) == (None, 1024)
        assert Limits().for_arrays_of(1 << 30).for_needs(wanted).memory_mib is None
        assert wanted.load_seconds >= 60
        assert wanted.kept_workers < Needs().kept_workers
    assert needs("cupy", "cuda").shared_folders == ("CUPY_CACHE_DIR",)
    assert Limits().for_needs(needs("numpy", "cpu")) == Limits()
    assert Limits().for_needs(needs("torch", "cpu")).memory_mib == Limits.memory_mib + 8192


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("import numpy as np", {("numpy", "cpu")}),
        ("import torch", {("torch", "cpu")}),
        ("import torch\nDEVICE = 'cuda'", {("torch", "cpu"), ("torch", "cuda")}),
        ("import cupy as cp", {("cupy", "cuda")}),
    ],
)
def test_what_a_file_mentions_decides_on_its_process(tmp_path, monkeypatch, text, expected):
    path = tmp_path / "student.py"
    path.write_text(text)
    (named,) = named_by(str(path), Asked(None, None))
    assert set(named.read.mentions.places) == expected
    monkeypatch.setattr(Needs, "device_is_there", lambda self: not self.device_files)
    on_the_cpu = [needs(*place) for place in expected if place[1] == "cpu"]
    assert loading._needs("numpy", "cpu", named.read.mentions) == reduce(or_, on_the_cpu, needs("numpy", "cpu"))


def test_the_workers_of_one_submission_share_their_kernels_with_no_other(tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "_needs", lambda *_: Needs(shared_folders=("KERNELS_DIR",)))
    isolation = Isolation()

    def loaded(name):
        path = tmp_path / name
        path.write_text(
            "import os\n"
            "def relu(z):\n"
            "    with open(os.path.join(os.environ['KERNELS_DIR'], 'kernel'), 'a') as file: file.write('.')\n"
            "    return z * 0 + os.path.getsize(file.name)\n"
        )
        return load_isolated(isolation, *named_by(str(path), Asked(None, None)), ["relu"], Asked(None, None)).caller

    try:
        one, other = loaded("one.py"), loaded("other.py")
        assert one.call("relu", (np.ones(1),), {}) == 1
        one.end()
        assert one.call("relu", (np.ones(1),), {}) == 2
        assert other.call("relu", (np.ones(1),), {}) == 1
    finally:
        isolation.close()


@pytest.mark.parametrize("name", BACKENDS)
def test_a_backend_flushes_in_the_dtypes_that_it_says(name):
    device = BACKENDS[name].devices[0]
    if reason := probe(name, device):
        pytest.skip(reason)
    arrays: Backend = library(name, device)
    for dtype in ("float64", "float32"):
        subnormal = np.array([np.finfo(dtype).smallest_subnormal * 100], dtype)
        native = arrays.from_numpy(subnormal)
        if arrays.to_numpy(native).dtype != dtype:
            continue  # JAX has no float64 unless it is told to
        flushed = arrays.to_numpy(native * arrays.from_numpy(np.ones(1, dtype)))[0] == 0
        assert flushed == (dtype in arrays.flushes), dtype


def test_the_settings_of_torch_go_back_to_what_they_were(tmp_path, suite):
    """Also where torch is imported by the module that changes them."""
    pytest.importorskip("torch", reason="torch is not installed")
    (tmp_path / "sets_everything.py").write_text(
        "import torch\n"
        "torch.set_default_dtype(torch.float64)\n"
        "torch.set_grad_enabled(False)\n"
        "torch.set_default_device('meta')\n"
        "torch.set_float32_matmul_precision('medium')\n"
        "torch.backends.cuda.matmul.allow_tf32 = True\n"
        "torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False\n"
        "torch.backends.cuda.matmul.allow_bf16_reduced_precision_reduction = False\n"
        "torch.backends.cudnn.allow_tf32 = False\n"
        "torch.use_deterministic_algorithms(True)\n"
        "torch.set_flush_denormal(True)\n"
        "def relu(z): return torch.relu(z)\n"
        "ARRAYS = 'torch'\n"
    )
    program = (
        "from impls.backends import global_state_restored\n"
        "from impls.backends.torch_arrays import _settings, _flushes_subnormals\n"
        "for imported_before in (False, True):\n"
        "    with global_state_restored():\n"
        "        import sys; sys.modules.pop('sets_everything', None); import sets_everything\n"
        "        import torch; assert torch.get_default_dtype() == torch.float64\n"
        "    now = [get() for get, _ in _settings(torch)]\n"
        "    if imported_before: assert now == before, (before, now)\n"
        "    before = now\n"
        "    assert torch.get_default_dtype() == torch.float32 and torch.is_grad_enabled()\n"
        "    assert torch.get_default_device().type == 'cpu' and torch.get_float32_matmul_precision() == 'highest'\n"
        "    assert not torch.backends.cuda.matmul.allow_tf32 and torch.backends.cudnn.allow_tf32\n"
        "    assert torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction\n"
        "    assert not torch.are_deterministic_algorithms_enabled() and not _flushes_subnormals()\n"
    )
    subprocess.run([sys.executable, "-c", program], env={"PYTHONPATH": f"{CHECKOUT}:{tmp_path}"}, check=True)
    result = suite(
        "--impl", "sets_everything", "--impl", "torch-nn-cpu", "-k", "ADAM-VALUE or RELU-TAILS",
        environment={"PYTHONPATH": str(tmp_path)},
    )  # fmt: skip
    assert set(outcomes_of(result, "torch-nn-cpu").values()) == {"passed"}, result.output
