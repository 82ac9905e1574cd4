"""What a submission is read by: any file, link or folder is read or refused, and harms no other row."""

import hashlib
import json
import os
import socket
from pathlib import Path

import numpy as np
import pytest

from impls import with_unique_names
from impls.isolation import Isolation, load_isolated
from impls.submissions import gate
from impls.submissions.gate import Refused, cells_of, read, submissions
from impls.submissions.spec import Asked, named_by
from impls.text import printable
from tests.harness.reports.task import Task
from tests.selftest.candidates import forger

SIGMOID = "import numpy as np\ndef sigmoid(z): return 1 / (1 + np.exp(-z))\n"
NAMES = ("sigmoid", "tanh")


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """An empty folder for a class, beside a file that is none of it."""
    (tmp_path / "solution.py").write_text(SIGMOID)
    (tmp_path / "class").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path / "class"


def notebook(*sources) -> bytes:
    cells = [{"cell_type": "code", "source": source} for source in sources]
    return json.dumps({"nbformat": 4, "cells": cells}).encode()


def put_what_is_refused(folder: Path) -> dict[str, str]:
    """Everything that is no submission, with what its row has to say."""
    (folder / "loop.py").symlink_to("loop.py")
    (folder / "nowhere.py").symlink_to("nothing")
    (folder / "out.py").symlink_to("../solution.py")
    (folder / "zero.py").symlink_to("/dev/zero")
    (folder / "selfdir").symlink_to(".")
    os.mkfifo(folder / "pipe.py")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(folder / "socket.py"))
    (folder / "folder.py").mkdir()
    (folder / "large.py").touch()
    os.truncate(folder / "large.py", gate.LARGEST_SOURCE + 1)
    (folder / "cells.ipynb").write_bytes(notebook(*[""] * 100_000))
    (folder / "code.ipynb").write_bytes(notebook("x = 1\n" * 100_000))
    (folder / "deep.ipynb").write_text('{"cells":' + "[" * 10**6)
    for name in ("leads_out", "link_in", "many", "heavy"):
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text(SIGMOID)
    (folder / "leads_out" / "__init__.py").unlink()
    (folder / "leads_out" / "__init__.py").symlink_to("../../solution.py")
    (folder / "link_in" / "sub").symlink_to("../..")
    for number in range(gate.MOST_FILES):
        (folder / "many" / f"{number}.txt").touch()
    for number in range(50):
        (folder / "heavy" / f"{number}.bin").touch()
        os.truncate(folder / "heavy" / f"{number}.bin", 16 << 20)
    return {
        "loop.py": "leads nowhere, or to itself",
        "nowhere.py": "leads nowhere",
        "out.py": "leads out of the folder",
        "zero.py": "leads out of the folder",
        "selfdir": "leads round",
        "pipe.py": "a named pipe, not a file",
        "socket.py": "a socket, not a file",
        "folder.py": "a folder named like a file",
        "large.py": "a file of more than 4 MiB",
        "cells.ipynb": "more than 10000 cells",
        "code.ipynb": "characters of code",
        "deep.ipynb": "no notebook that can be read",
        "leads_out": "__init__.py: a symbolic link that leads out",
        "link_in": "sub: a symbolic link that leads out",
        "many": "more than 1000 files",
        "heavy": "more than 64 MiB",
    }


def test_what_is_no_submission_is_refused_with_its_reason(folder):
    due = put_what_is_refused(folder)
    found = {one.name: one.refused for one in named_by(str(folder), Asked(None, None))}
    assert found.keys() == due.keys()
    assert not [(name, found[name]) for name in due if due[name] not in (found[name] or "")]


def test_a_submission_is_found_once_whatever_links_lead_to_it(folder):
    (folder / "anna.py").write_text(SIGMOID)
    (folder / ".store").mkdir()
    (folder / ".store" / "bob").write_text(SIGMOID)
    (folder / "bob.py").symlink_to(".store/bob")
    (folder / "copy.py").symlink_to("anna.py")
    (folder / "carl").mkdir()
    (folder / "carl" / "main.py").write_text(SIGMOID)
    (folder / "again").symlink_to("carl")
    (folder / "data").symlink_to("../..")
    found = {one.name: one.refused for one in submissions(folder)}
    assert [name for name, refused in found.items() if refused is None] == ["anna.py", "bob.py", "carl/main.py"]
    assert found["copy.py"] == "a symbolic link to anna.py, which is judged by itself"
    assert found["again"] == "a symbolic link to carl"
    assert found.keys() == {"anna.py", "bob.py", "carl/main.py", "copy.py", "again"}


def test_what_would_be_passed_over_is_refused_with_what_to_do(folder):
    (folder / "anna.PY").write_text(SIGMOID)
    (folder / "zoe" / "homework 1" / "code").mkdir(parents=True)
    (folder / "zoe" / "homework 1" / "code" / "main.py").write_text(SIGMOID)
    (folder / "data" / "images").mkdir(parents=True)
    (folder / "__MACOSX" / "anna").mkdir(parents=True)
    (folder / "__MACOSX" / "anna" / "._main.py").write_text(SIGMOID)
    (folder / "venv" / "lib").mkdir(parents=True)
    (folder / "venv" / "pyvenv.cfg").write_text("")
    (folder / "venv" / "lib" / "module.py").write_text(SIGMOID)
    (folder / "bob").mkdir()
    (folder / "bob" / "Main.IPYNB").write_bytes(notebook(SIGMOID))
    found = {one.name: one.refused or "" for one in submissions(folder)}
    assert found.keys() == {"anna.PY", "bob/Main.IPYNB", "zoe"}
    assert "rename it" in found["anna.PY"]
    assert "rename it" in found["bob/Main.IPYNB"]
    assert "homework 1/code/main.py; name its folder" in found["zoe"]


@pytest.mark.parametrize("neighbour", ["softmax.py", "numpy.py", "torch.py", "math.py"])
@pytest.mark.parametrize("own", ["import torch", "import math"])
def test_no_neighbour_decides_which_arrays_a_file_takes(folder, neighbour, own):
    """A class in one folder has files whose names are words, and modules, of the others."""
    if own == "import torch" and neighbour == "torch.py":
        pytest.importorskip("torch")  # where it is not installed, the import takes the neighbour
    (folder / "anna.py").write_text(f"{own}\ndef softmax(z): return z  # as numpy does\n")
    alone = read(folder / "anna.py").mentions
    (folder / neighbour).write_text("import numpy, torch, cupy\nx.to('cuda')")
    assert read(folder / "anna.py").mentions == alone


def test_what_a_helper_imports_is_imported(folder):
    (folder / "anna.py").write_text("from helper import sigmoid")
    (folder / "helper.py").write_text("from deep.er import sigmoid")
    (folder / "deep").mkdir()
    (folder / "deep" / "er.py").write_text("import torch")
    assert read(folder / "anna.py").mentions.imports == {"torch"}


@pytest.mark.parametrize(("init", "names"), [("\n# blank\n", ["anna/model.py"]), ("x = 1\n", ["anna"])])
def test_a_blank_init_makes_no_package_of_a_folder(folder, init, names):
    (folder / "anna").mkdir()
    (folder / "anna" / "__init__.py").write_text(init)
    (folder / "anna" / "model.py").write_text(SIGMOID)
    assert [one.name for one in submissions(folder)] == names
    assert [one.name for one in named_by(str(folder / "anna"), Asked(None, None))] == [
        one.removeprefix("anna/") if "/" in one else str(folder / "anna") for one in names
    ]


def test_a_locked_folder_is_an_entry_and_a_locked_file_is_refused(folder, monkeypatch):
    (folder / "locked").mkdir()
    (folder / "anna.py").write_text(SIGMOID)
    scan, open_file = os.scandir, os.open

    def scandir(path):
        if str(path).endswith("locked"):
            raise PermissionError(13, "Permission denied")
        return scan(path)

    def refuse(path, *flags):
        if str(path).endswith("anna.py"):
            raise PermissionError(13, "Permission denied")
        return open_file(path, *flags)

    monkeypatch.setattr(gate.os, "scandir", scandir)
    monkeypatch.setattr(gate.os, "open", refuse)
    found = {one.name: one.refused for one in named_by(str(folder), Asked(None, None))}
    assert found == {
        "anna.py": "PermissionError: Permission denied",
        "locked": "a folder that cannot be read: Permission denied",
    }


def test_a_path_that_the_user_names_may_be_a_link(folder):
    (folder / "link.py").symlink_to("../solution.py")
    assert read(folder / "link.py").source == SIGMOID.encode()
    (folder / "null.py").symlink_to("/dev/null")
    with pytest.raises(Refused, match="a device, not a file"):
        read(folder / "null.py")


def test_the_hash_of_a_lone_file_is_that_of_its_bytes(folder):
    (folder / "anna.py").write_text(SIGMOID)
    (folder / "bob.py").write_text(SIGMOID + "#")
    assert read(folder / "anna.py").sha256 == hashlib.sha256(SIGMOID.encode()).hexdigest()


@pytest.mark.parametrize(
    ("source", "helper"),
    [
        ("from lib import th", "lib.py"),
        ("import importlib\nth = importlib.import_module('lib')", "lib.py"),
        ("import other", "lib.py"),  # which other.py imports
        ("import lib.deep", "lib/deep/__init__.py"),
        ("np.load(HERE / 'weights-1.npz')", "weights-1.npz"),
        ("%run lib.py", "lib.py"),
        ("import lib", "lib.cpython-311-x86_64-linux-gnu.so"),
    ],
)
def test_the_hash_changes_with_what_could_be_loaded_from_beside(folder, source, helper):
    (folder / "main.py").write_text(source)
    (folder / "other.py").write_text("import lib")
    (folder / helper).parent.mkdir(parents=True, exist_ok=True)
    (folder / helper).write_text("one")
    before = read(folder / "main.py").sha256
    (folder / "neighbour.py").write_text("its own")
    assert read(folder / "main.py").sha256 == before
    (folder / helper).write_text("another")
    assert read(folder / "main.py").sha256 != before


def test_what_lies_beside_harms_nobody(folder):
    put_what_is_refused(folder)
    (folder / "main.py").write_text("loop nowhere out zero selfdir pipe socket folder large heavy many link_in")
    before = read(folder / "main.py").sha256
    (folder / "pipe.py").unlink()
    assert read(folder / "main.py").sha256 != before


def test_the_hash_of_a_package_is_of_all_that_is_in_it(folder):
    for name in ("__init__.py", "parts/formulas.py", "parts/weights.npz"):
        (folder / "package" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "package" / name).write_text("import torch")
    seen = {read(folder / "package").sha256}
    for name in ("parts/weights.npz", "parts/formulas.py"):
        (folder / "package" / name).write_text("import numpy")
        seen.add(read(folder / "package").sha256)
    assert len(seen) == 3
    assert read(folder / "package").mentions.imports == {"torch", "numpy"}


def test_what_is_run_is_what_was_read(folder):
    (folder / "anna.py").write_text("def sigmoid(z): return 1.0\n")
    (folder / "bob.ipynb").write_bytes(notebook("def sigmoid(z): return 1.0"))
    found = named_by(str(folder), Asked(None, None))
    for one in found:
        (folder / one.name).write_text("raise SystemExit")
    isolation = Isolation()
    try:
        loaded = [load_isolated(isolation, one, NAMES, Asked(None, None)) for one in found]
        assert [one.caller.call("sigmoid", (np.zeros(1),), {}) for one in loaded] == [1.0, 1.0]
    finally:
        isolation.close()


@pytest.mark.parametrize(
    ("content", "cells"),
    [
        (notebook("x = 1", ["y = 2\n", "z = 3"]), ("x = 1", "y = 2\nz = 3")),
        (b'{"cells": [{"cell_type": "markdown", "source": "import torch"}]}', ("",)),
        (b'{"worksheets": [{"cells": [{"cell_type": "code", "input": ["x"]}]}], "nbformat": 3}', ("x",)),
        (notebook("'\ud800'"), ("'\\ud800'",)),
    ],
)
def test_the_cells_of_a_notebook(content, cells):
    assert cells_of(content) == cells


@pytest.mark.parametrize(
    "content",
    [b"", b"[]", b"3", b"null", b'{"cells": 3}', b'{"cells": [3]}', b"\xff\xfe", b'{"cells": [{}]}', notebook(1)],
)
def test_what_is_no_notebook_is_refused(content):
    with pytest.raises(Refused, match="no notebook that can be read"):
        cells_of(content)


def test_a_notebook_that_is_no_json_says_in_which_line():
    with pytest.raises(Refused, match=r"its text is not JSON \(JSONDecodeError, line 3\)"):
        cells_of(b'{"cells": [\n{}\n{}]}')


def test_a_task_is_the_same_in_another_process(folder):
    (folder / os.fsdecode(b"L\xf6sung.py")).write_text(SIGMOID)
    (folder / "bob.ipynb").write_bytes(notebook("import torch"))
    found = {
        one.name: one for one in [*named_by(str(folder), Asked(None, None)), *named_by("numpy", Asked(None, None))]
    }
    task = Task(found, 4, True)
    plain = task.as_plain()
    json.dumps(plain, default=lambda value: value.decode("latin-1")).encode()
    assert Task.of_plain(plain) == task
    assert printable(os.fsdecode(b"L\xf6sung.py")) in task.named


FLAKY = """
import os
import numpy as np
def today():
    if os.urandom(1)[0] < 128: raise ImportError("not today")
def sigmoid(z, needed=today()): return 1 / (1 + np.exp(-z))
"""


def put_a_class(folder: Path) -> list[str]:
    """A class of right submissions under odd names and in odd forms, among what is refused; the names of the right."""
    odd = [b"aaa.py", b"zzz.py", b"L\xf6sung.py", b"two\n\nzzz.py: conforms at level robust\n.py", b"::error::x.py"]
    odd += [b"##vso[task.complete].py", b"\x1b[31mred.py", b"a|b.py", "\u202ex.py".encode(), b"\xff\xfe.py"]
    names = [os.fsdecode(name) for name in odd]
    for name in names:
        (folder / name).write_text(SIGMOID)
    (folder / "lines.py").write_text(SIGMOID + "\n" * 300_000)
    (folder / "docstring.py").write_text(f'"""\nimport torch\n"""\n{SIGMOID}')
    (folder / "liar.py").write_text(forger({"wrong": "all is well"}))
    for number in range(4):  # these load in some processes only
        (folder / f"flaky{number}.py").write_text(FLAKY)
    return [printable(name) for name in [*names, "lines.py", "docstring.py"]]


def test_a_class_is_judged_alike_by_one_process_and_by_several(suite, folder):
    due = put_what_is_refused(folder)
    right = put_a_class(folder)
    results = []
    for processes in ((), ("-n", "2")):
        result = suite("--impl", str(folder), "-k", "SIGMOID-VALUE or SIGMOID-PURE", "-v", *processes)
        assert result.exit_status == 1
        assert "INTERNALERROR" not in result.output
        outcomes = result.outcomes()
        assert [outcomes.get((name, "SIGMOID-VALUE")) for name in right] == ["passed"] * len(right)
        rows = [row for row in result.json["implementations"] if not row["name"].startswith("flaky")]
        reasons = {row["name"]: row["reason"] or "" for row in rows if row["verdict"] == "error"}
        assert reasons.keys() == {*due, "liar.py"}
        assert not [(name, reasons[name]) for name in due if due[name] not in reasons[name]]
        assert not [line for line in result.output.splitlines() if line.lstrip().startswith(("::", "zzz.py: conf"))]
        assert not [text for text in ("\x1b", "##[", "##vso[", "\u202e") if text in result.output]
        assert len({row["name"] for row in result.json["implementations"]}) == len(result.json["implementations"])
        results.append(rows)
    assert results[0] == results[1]


def test_names_in_the_table_of_accuracy_are_no_markdown(suite, folder):
    (folder / "a|b[x](y).py").write_text(SIGMOID)
    result = suite("--impl", str(folder), "--accuracy", "-k", "SIGMOID-VALUE")
    (line,) = [line for line in result.output.splitlines() if line.startswith("| function")]
    assert line.rstrip().endswith("| `a\\|b[x](y).py` |")


def test_a_file_of_a_class_and_its_twin_have_names_of_their_own(folder):
    (folder / "a\x1b.py").write_text(SIGMOID)
    (folder / "a\\x1b.py").write_text(SIGMOID)
    found = named_by(str(folder), Asked(None, None))
    assert [one.name for one in found] == ["a\\x1b.py", "a\\x1b.py"]
    assert [one.name for one in with_unique_names(found)] == ["a\\x1b.py", "a\\x1b.py#2"]
