"""What the run reads of a submission without running it: what belongs to it, and what is remarked."""

import py_compile
import sys

import pytest

from impls.isolation import Isolation, Limits, load_isolated
from impls.isolation.handed_files import Sources
from impls.isolation.reachable_paths import CHECKOUT, outside_the_suite
from impls.submissions.spec import Asked, named_by


@pytest.fixture
def folder(tmp_path):
    """A class in one folder: a submission with a helper, which has one too, a package, and two that are strangers."""
    outside = tmp_path / "outside.py"
    outside.write_text("")
    here = tmp_path / "class"
    (here / "pack").mkdir(parents=True)
    sources = {
        "anna.py": "import numpy as np, helper\nfrom pack.one import f\nfrom linked import g\nimport nothing",
        "helper.py": "    from deeper import h",
        "deeper.py": "import helper",
        "pack/one.py": "",
        "bob.py": "",
        "zoe.py": "def tanh(z): return z",
    }
    for name, source in sources.items():
        (here / name).write_text(source)
    (here / "linked.py").symlink_to(outside)
    return here


def test_what_it_imports_by_name_belongs_to_it_and_its_row_says_so(folder):
    sources = Sources.of(folder / "anna.py")
    assert {path.name for path in sources.paths} == {"anna.py", "helper.py", "deeper.py", "pack"}
    (remark,) = sources.remarks
    assert remark.startswith("imports what lies beside it: ")
    alone = Sources.of(folder / "zoe.py")
    assert (alone.paths, alone.remarks) == ((folder / "zoe.py",), ())


@pytest.mark.parametrize("name", ["numpy", "json", "random", "pytest"])
def test_a_neighbour_with_the_name_of_a_module_that_is_installed_is_a_stranger(folder, name):
    (folder / "zoe.py").write_text(f"import {name}")
    (folder / f"{name}.py").write_text("")
    assert Sources.of(folder / "zoe.py").paths == (folder / "zoe.py",)


def test_a_name_that_no_file_can_have_belongs_to_nothing(folder):
    (folder / "zoe.py").write_text(f"import {'a' * 300}, bob")
    assert Sources.of(folder / "zoe.py").paths == (folder / "zoe.py", folder / "bob.py")


@pytest.mark.parametrize(
    "names", ["(\n    one,  # the first\n    two as second,\n)", "(one, two)", "one, two", "one, \\\n    two"]
)
@pytest.mark.parametrize("package", [".", "pack"])
def test_names_on_several_lines_belong_to_it(tmp_path, package, names):
    (tmp_path / "pack").mkdir()
    for name in ("__init__", "one", "two", "three"):
        (tmp_path / "pack" / f"{name}.py").write_text("")
    paths = Sources.of(tmp_path / "pack" / "anna.py", [f"from {package} import {names}\n"]).paths
    assert {path.stem for path in paths} == {"anna", "__init__", "one", "two"}


def test_each_name_is_looked_for_once(folder, monkeypatch):
    looked_for = []
    monkeypatch.setattr("impls.isolation.handed_files.is_installed", lambda name: looked_for.append(name) or False)
    (folder / "deeper.py").write_text("import helper, numpy, one")
    Sources.of(folder / "anna.py")
    assert (looked_for.count("numpy"), looked_for.count("helper")) == (1, 1)


def test_no_endless_number_of_names_is_looked_for(folder, monkeypatch):
    monkeypatch.setattr("impls.isolation.handed_files._MOST_NAMES", 3)
    (folder / "zoe.py").write_text("import helper, bob, nothing")  # helper imports deeper
    assert {path.stem for path in Sources.of(folder / "zoe.py").paths} == {"zoe", "helper", "bob"}


LOOKS = (
    "for one in sys._current_frames().values(): pass",
    "import inspect; inspect.stack()",
    "frame = inspect.currentframe()",
    "g.gi_frame",
    "here.f_back.f_locals",
    "Exception.__subclasses__()",
    "from gc import get_objects",
    "from sys import path, modules",
    "sys.setprofile(f)",
    "open('/proc/self/mem')",
    "np.array = mine",
    "  socket.socket.sendall = mine",
    "setattr(json, 'dumps', mine)",
    "exec('import sci' + 'py')",
    "one = __import__(name)",
    "importlib.import_module(name)",
    "import subprocess",
)
DOES_NOT = (
    "f_back = 3",
    "np.random.seed(3)",
    "ok = np.pi == x",
    "os.environ['A'] = 'b'",
    "torch.backends.cudnn.deterministic = True",
    "loss(np.pi, x=3)",
    "data/processed/x.csv",
    "jagc.x",
    "model.modules()",
    "model.eval()",
    "os.system('clear')",
)


@pytest.mark.parametrize("source", [*LOOKS, *DOES_NOT])
def test_what_a_person_has_to_read_is_remarked(tmp_path, source):
    path = tmp_path / "anna.py"
    path.write_text(f"import numpy as np\n{source}\n")
    assert bool(Sources.of(path).remarks) == (source in LOOKS)


@pytest.mark.parametrize("compiled", ["__pycache__/core.{tag}.pyc", "core.pyc"])
def test_only_the_source_is_run(tmp_path, compiled):
    """Bytecode that is not of the source beside it is neither read by a person nor part of the hash."""
    package = tmp_path / "package"
    (package / "__pycache__").mkdir(parents=True)
    (package / "__init__.py").write_text("from .core import tanh\n")
    (tmp_path / "right.py").write_text("import numpy as np\ndef tanh(z): return np.tanh(z)\n")
    cached = package / compiled.format(tag=sys.implementation.cache_tag)
    py_compile.compile(
        str(tmp_path / "right.py"), str(cached), invalidation_mode=py_compile.PycInvalidationMode.UNCHECKED_HASH
    )
    if "__pycache__" in compiled:
        (package / "core.py").write_text("def tanh(z): return 7.0\n")
    isolation = Isolation(limits=Limits(call_seconds=5))
    try:
        (named,) = named_by(str(package), Asked(None, None))
        loaded = load_isolated(isolation, named, ("tanh",), Asked(None, None))
        if "__pycache__" in compiled:
            assert loaded.caller.call("tanh", (0.0,), {}) == 7
        else:
            assert "cannot be imported" in loaded.says.not_judged["tanh"]
    finally:
        isolation.close()


def test_what_a_package_around_it_and_its_project_hold_belongs_to_it(tmp_path):
    files = {
        "project/pack/__init__.py": "",
        "project/pack/core/__init__.py": "",
        "project/pack/core/parts.py": "import tools.one",
        "project/pack/models/__init__.py": "",
        "project/pack/models/layers.py": "",
        "project/tools/one.py": "",
        "project/strangers/two.py": "",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    net = tmp_path / "project/pack/models/net.py"
    net.write_text("from ..core import parts\nfrom .layers import dense\nfrom pack.core.parts import sigmoid\n")
    inside = {"project/pack/core", "project/pack/__init__.py", "project/pack/models/layers.py"}
    for project, more in ((None, set()), (tmp_path / "project", {"project/tools"})):
        sources = Sources.of(net, project=project)
        assert {path.relative_to(tmp_path).as_posix() for path in sources.paths[1:]} == inside | more
        assert sources.top == tmp_path / "project"
    net.write_text("import os, strangers")
    assert Sources.of(net).paths == (net,)


def test_a_file_imports_by_the_root_of_the_folder_that_was_named(tmp_path):
    for name, text in {
        "core/parts.py": "def tanh(z): return z\n",
        "models/net.py": "from core.parts import tanh as inner\ndef tanh(z): return inner(z)\n",
        "pack/__init__.py": "# blank\n",
        "pack/more.py": "from pack.acts import tanh as inner\ndef tanh(z): return inner(z)\n",
        "pack/acts.py": "def tanh(z): return z\n",
    }.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    isolation = Isolation(limits=Limits(call_seconds=5))
    try:
        for one in named_by(str(tmp_path), Asked(None, None)):
            found = load_isolated(isolation, one, ("tanh",), Asked(None, None))
            assert found.caller.call("tanh", (0.0,), {}) == 0, one.name
    finally:
        isolation.close()


def test_nothing_of_the_suite_belongs_to_a_file_in_the_checkout():
    cells = ("from reference import sigmoid", "import tests, impls, conftest")
    assert Sources.of(CHECKOUT / "notebook.ipynb", cells).paths == (CHECKOUT / "notebook.ipynb",)


def test_a_folder_around_the_checkout_is_allowed_without_it():
    allowed = outside_the_suite([str(CHECKOUT.parent.parent)])
    assert allowed
    assert not any(CHECKOUT.is_relative_to(path) for path in allowed)
    assert outside_the_suite([str(CHECKOUT), str(CHECKOUT / "reference")]) == []


def test_a_helper_is_reached_and_a_neighbour_is_not(folder):
    source = "from helper import th\ndef tanh(z): return th(z)\ndef relu(z): return open({!r}).read()\n"
    (folder / "anna.py").write_text(source.format(str(folder / "bob.py")))
    (folder / "helper.py").write_text("import numpy as np\ndef th(z): return np.tanh(z)\n")
    isolation = Isolation(limits=Limits(call_seconds=5))
    try:
        (named,) = named_by(str(folder / "anna.py"), Asked(None, None))
        anna = load_isolated(isolation, named, ("tanh", "relu"), Asked(None, None))
        assert anna.remarks == ("imports what lies beside it: helper.py",)
        assert anna.caller.call("tanh", (0.0,), {}) == 0
        if "landlock" in isolation.in_force:
            with pytest.raises(Exception, match="PermissionError"):
                anna.caller.call("relu", (0.0,), {})
    finally:
        isolation.close()
