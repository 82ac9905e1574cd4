"""What a submission is read by: any file, link or folder is read or refused, and harms no other row."""

import hashlib
import json
import os
import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from impls import Implementation, SpecError, Unloadable, probe
from impls.isolation import Isolation, load_isolated
from impls.submissions import gate
from impls.submissions.gate import Refused, cells_of, read, submissions
from impls.submissions.mentions import Mentions, mentions
from impls.submissions.spec import Asked, named_by
from impls.text import printable
from tests.harness.plugin import progress
from tests.harness.plugin.task import Task
from tests.harness.reports import rows

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


@pytest.mark.parametrize(
    ("source", "due"),
    [
        ("import numpy as np, torch.nn as nn", Mentions(frozenset({"numpy", "torch"}))),
        ("def f():\n\tfrom torch import nn", Mentions(frozenset({"torch"}))),
        ("if True: import cupy # as np", Mentions(frozenset({"cupy"}))),
        ("import os; import \\\n torch# twice", Mentions(frozenset({"torch"}))),
        ("%matplotlib inline\nimport torch\nprint 'Python 2'", Mentions(frozenset({"torch"}))),
        ('"""Homework.\nimport torch\n"""\nimport numpy', Mentions(frozenset({"numpy"}))),
        ("x = 'a; import torch'\n# import torch\n'''\nimport torch", Mentions()),
        ("from . import torch\nimport torchvision\nreimport torch", Mentions()),
        ("ARRAYS = 'torch'; DEVICE: str = \"cuda\"", Mentions(arrays="torch", device="cuda", cuda=True)),
        ("ARRAYS = 'jaxx'\nDEVICE = ['cuda']", Mentions(cuda=True)),
        ("x.to('cuda:0')", Mentions(cuda=True)),
        ("# ARRAYS = 'torch'\ndef f():\n    x = 'ARRAYS'", Mentions()),
    ],
)
def test_what_a_source_mentions(source, due):
    assert mentions(source) == due


@pytest.mark.parametrize(
    "text",
    [
        '"',
        '"""',
        '"""\\"',
        "\\",
        "'\"",
        "import ",
        "import a,",
        " ",
        "; ",
        "\n",
        "#'\n",
        "ARRAYS :",
        "'a'",
        ";" + " " * 99,
    ],
)
def test_what_a_source_mentions_is_found_in_time_that_grows_as_its_length(text):
    """A pattern that goes back would not come to an end here."""
    mentions((text * (1 << 20))[: 1 << 20])


def test_the_pieces_of_a_notebook_are_found_in_time_that_grows_as_their_length():
    from impls.submissions.notebook import code_of

    blanks = " " * 200_000
    code_of(["(\n" + "\n" * 200_000, f"{blanks}x\n(", f"x{blanks}\n(", "def f(): pass"], ["f"], "x.ipynb")


def loaded_in_a_worker(path: Path, arrays=None, device=None):
    isolation = Isolation()
    try:
        (named,) = named_by(str(path), Asked(arrays, device))
        return load_isolated(isolation, named, NAMES, Asked(arrays, device))
    finally:
        isolation.close()


SAYS = """
import sys
def sigmoid(z): return z
frame = sys._getframe()
while frame:
    if {"channel", "token"} <= frame.f_locals.keys():
        frame.f_locals["channel"].answer(frame.f_locals["token"], ANSWER)
    frame = frame.f_back
raise RuntimeError("all is well")
"""


@pytest.mark.parametrize(
    ("answer", "says"),
    [
        ({"wrong": "all is well"}, "all is well"),
        ({"functions": ["sigmoid"], "arrays": "cupy", "device": "cuda"}, ""),
        ({"functions": ["sigmoid"], "arrays": "torch", "device": "cpu"}, ""),
        ({"functions": ["sigmoid"], "arrays": ["numpy"], "device": 3}, ""),
        ({"functions": ["sigmoid"], "arrays": "\x1b[2J", "device": "cpu"}, ""),
    ],
)
def test_what_a_worker_says_of_a_file_is_the_row_of_that_file(folder, answer, says):
    (folder / "liar.py").write_text(SAYS.replace("ANSWER", repr(answer)))
    found = loaded_in_a_worker(folder / "liar.py")
    assert isinstance(found, Unloadable)
    assert says in found.reason
    assert found.reason.isprintable()
    assert (found.arrays, found.device) == ("numpy", "cpu")


def test_an_option_that_cannot_be_had_is_a_mistake_in_the_command(folder):
    (folder / "anna.py").write_text(SIGMOID)
    with pytest.raises(SpecError, match="--device cuda cannot be had: numpy arrays do not lie on cuda"):
        loaded_in_a_worker(folder / "anna.py", device="cuda")


@pytest.mark.parametrize("declared", ["ARRAYS = 'cupy'", "DEVICE = 'cuda'\nARRAYS = 'torch'", "import cupy"])
def test_a_device_that_a_file_declares_and_that_is_not_there_is_its_row(folder, declared):
    for arrays in ("cupy", "torch"):
        if arrays in declared and probe(arrays, "cuda") is None:
            pytest.skip(f"{arrays} on cuda is there")
    (folder / "anna.py").write_text(f"{declared}\ndef sigmoid(z): return z\n")
    found = loaded_in_a_worker(folder / "anna.py")
    assert isinstance(found, Unloadable)
    assert found.device == "cuda"


def test_a_file_takes_the_arrays_of_the_only_library_it_imports(folder):
    pytest.importorskip("torch")
    (folder / "anna.py").write_text("import torch\ndef sigmoid(z): return torch.sigmoid(z)\n")
    found = loaded_in_a_worker(folder / "anna.py")
    assert isinstance(found, Implementation)
    assert (found.arrays, set(found.versions)) == ("torch", {"numpy", "torch"})
    assert mentions("import cupy").only == "cupy"
    assert mentions("import cupy\nimport numpy").only is None


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


def test_rows_are_read_back_from_both_files_and_a_cut_off_line_is_none(tmp_path):
    kept = rows.Rows(rows.beside(tmp_path / "result.json"))
    kept.start({"suite": {"seed": 1}}, [{"name": "a", "n": 1}])
    kept.append({"name": "ü", "n": 2})
    assert {name: row["n"] for name, row in kept.items()} == {"a": 1, "ü": 2}
    with (tmp_path / "result.json.rows").open("a") as file:
        file.write('{"name": "cut o')
    rows.write(tmp_path / "result.json", rows.whole({"suite": {"seed": 1}}, map(kept.line, kept)))
    (tmp_path / "laid_out.json").write_text(json.dumps(json.loads((tmp_path / "result.json").read_text()), indent=2))
    for name in ("result.json", "result.json.rows", "laid_out.json"):
        head, found = rows.read(tmp_path / name)
        assert head == {"suite": {"seed": 1}}
        assert list(found) == [{"name": "a", "n": 1}, {"name": "ü", "n": 2}]
    kept.remove()
    assert sorted(os.listdir(tmp_path)) == ["laid_out.json", "result.json"]


def test_a_line_of_progress_takes_loading_for_no_judging(monkeypatch):
    class Running:
        started = 0.0
        scheduled = frozenset((name, number) for name in "abcd" for number in range(10))
        task = Task({}, 4, True)

    now = [100.0]
    monkeypatch.setattr(progress.time, "perf_counter", lambda: now[0])
    watched = progress.Progress(Running())
    for number in range(10):
        assert watched.is_last_of("a") == (number == 9)
        assert watched.to_say() is None
        now[0] += 0.1
    now[0] = 110.0
    assert watched.to_say() == "1 of 4 judged, 1:50 elapsed (1:40 before the first call), about 0:30 to go"
    assert watched.to_say() is None


def put_a_class(folder: Path) -> list[str]:
    """A class of right submissions under odd names and in odd forms, among what is refused; the names of the right."""
    odd = [b"aaa.py", b"zzz.py", b"L\xf6sung.py", b"two\n\nzzz.py: conforms at level robust\n.py", b"::error::x.py"]
    odd += [b"##vso[task.complete].py", b"\x1b[31mred.py", b"a|b.py", "\u202ex.py".encode(), b"\xff\xfe.py"]
    names = [os.fsdecode(name) for name in odd]
    for name in names:
        (folder / name).write_text(SIGMOID)
    (folder / "lines.py").write_text(SIGMOID + "\n" * 300_000)
    (folder / "docstring.py").write_text(f'"""\nimport torch\n"""\n{SIGMOID}')
    (folder / "liar.py").write_text(SAYS.replace("ANSWER", "{'wrong': 'all is well'}"))
    # It loads in the first process only, and there once.
    (folder / "once.py").write_text(f"{SIGMOID}import os\nos.mkdir(os.environ['HOME'] + '/../../once')\n")
    return [printable(name) for name in [*names, "lines.py", "docstring.py"]]


def test_a_class_is_judged_alike_by_one_process_and_by_several(suite, folder):
    due = put_what_is_refused(folder)
    right = put_a_class(folder)
    once = folder.parent / "once"
    source = (folder / "once.py").read_text()
    (folder / "once.py").write_text(source.replace("os.environ['HOME'] + '/../../once'", repr(str(once))))
    results = []
    for processes in ((), ("-n", "2")):
        result = suite("--impl", str(folder), "-k", "SIGMOID-VALUE or SIGMOID-PURE", "-v", *processes)
        assert result.exit_status == 1
        assert "INTERNALERROR" not in result.output
        once.rmdir()
        outcomes = result.outcomes()
        assert [outcomes.get((name, "SIGMOID-VALUE")) for name in right] == ["passed"] * len(right)
        reasons = {
            row["name"]: row["reason"] or "" for row in result.json["implementations"] if row["verdict"] == "error"
        }
        assert reasons.keys() == {*due, "liar.py", "once.py"}
        assert not [(name, reasons[name]) for name in due if due[name] not in reasons[name]]
        assert not [line for line in result.output.splitlines() if line.lstrip().startswith(("::", "zzz.py: conf"))]
        assert not [text for text in ("\x1b", "##[", "##vso[", "\u202e") if text in result.output]
        assert len({row["name"] for row in result.json["implementations"]}) == len(result.json["implementations"])
        results.append([row for row in result.json["implementations"] if row["name"] != "once.py"])
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
    from impls import with_unique_names

    assert [one.name for one in with_unique_names(found)] == ["a\\x1b.py", "a\\x1b.py#2"]
    assert replace(found[0], spec="") != found[0]
