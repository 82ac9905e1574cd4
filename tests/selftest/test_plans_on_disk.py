"""What planning has computed is kept bit for bit, and what is damaged is as if it were not there."""

import errno
import os
import signal
import time

import numpy as np
import pytest

from impls.nested import mapped
from reference import Band
from tests.conformance import every_test_imported
from tests.harness.drawing.plans_on_disk import Kept, Tape
from tests.harness.drawing.strategies.recipes import Recipe, recipe
from tests.harness.judging import planning_ahead
from tests.harness.judging.kind import Kind
from tests.harness.judging.planning import Examples
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.selftest.candidates import candidate

VALUES = [
    {"z": np.array([-0.0, np.nan, np.inf, 5e-324]), "c": -1.5, "names": ["relu", None], "rest": (1, True, "ß")},
    {"nan": np.float64(-np.nan), "zero": np.float64(-0.0), "inf": np.float64(np.inf), "third": np.float64(1) / 3},
    {"z": np.zeros((0, 3), np.float16), "step": np.float32(2), "theta": [(np.eye(2), np.arange(3, dtype=np.uint8))]},
]


@pytest.fixture
def kept(tmp_path):
    return Kept.under(tmp_path, "suite", "quick", 0)


def same(one, other) -> bool:
    if isinstance(one, np.ndarray | np.generic):
        return type(one) is type(other) and one.dtype == other.dtype and one.tobytes() == other.tobytes()
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    if isinstance(one, list | tuple):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    return type(one) is type(other) and one == other


def test_values_come_back_bit_for_bit(kept):
    kept.put("it", VALUES)
    assert same(kept.get("it"), VALUES)
    assert kept.get("something else") is None


def test_a_recipe_keeps_its_code_and_a_band_its_parts(kept):
    kept.put("it", [recipe("np.arange(3.0)"), Band(np.ones(2), below=0.5, floor=3.0)])
    array, band = kept.get("it")
    assert isinstance(array, Recipe)
    assert array.code == "np.arange(3.0)"
    assert (list(band.bound), band.below, band.above, band.floor) == ([1.0, 1.0], 0.5, 0.0, 3.0)


def test_another_seed_or_suite_finds_nothing(tmp_path, kept):
    kept.put("it", VALUES)
    assert Kept.under(tmp_path, "suite", "quick", 1).get("it") is None
    assert Kept.under(tmp_path, "another suite", "quick", 0).get("it") is None


@pytest.mark.parametrize("damage", [lambda data: data[:-1], lambda data: data[:-1] + b"x", lambda data: b"", None])
def test_what_is_damaged_is_not_there(kept, damage):
    kept.put("it", VALUES)
    (path,) = kept.folder.iterdir()
    path.write_bytes(damage(path.read_bytes())) if damage else path.unlink()
    assert kept.get("it") is None


def test_what_cannot_be_kept_is_an_error_of_the_suite(kept):
    with pytest.raises(TypeError, match="a set cannot be kept"):
        kept.put("it", {1, 2})


def test_a_folder_that_cannot_be_written_keeps_nothing(tmp_path):
    (tmp_path / "file").write_text("no folder")
    kept = Kept.under(tmp_path / "file", "suite")
    kept.put("it", VALUES)
    assert kept.get("it") is None


def test_a_tape_gives_again_what_it_recorded(kept):
    first = Tape(kept, "numbers")
    assert [first.number(lambda n=n: float(n)) for n in range(3)] == [0.0, 1.0, 2.0]
    first.close()

    def never():
        raise AssertionError("computed again")

    assert [Tape(kept, "numbers").number(never), first.number(lambda: 7.0)] == [0.0, 7.0]


def activations(kept):
    """Examples that are kept there, and the plans of the activations for NumPy."""
    every_test_imported()
    kind = Kind.of(candidate("it", {}))
    clauses = [one for one in CLAUSES.values() if one.function in ("sigmoid", "tanh", "relu") and not one.large]
    return Examples(0, kept=kept), [(PROPERTIES[one.id], one, kind) for one in clauses]


def test_another_process_keeps_the_plans_from_the_last_one_on_and_ends(kept):
    examples, wanted = activations(kept)
    with planning_ahead.planning(examples, wanted):
        until = time.monotonic() + 60
        while not examples.are_drawn(wanted[-1][0], wanted[-1][2]) and time.monotonic() < until:
            time.sleep(0.01)
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, 0)
    first, last = (examples.are_drawn(property_, kind) for property_, _, kind in (wanted[0], wanted[-1]))
    assert (first, last) == (False, True)
    read, anew = (mapped(np.array, one.of(wanted[-1][0])) for one in (examples, Examples(0)))
    assert same(read, anew)


@pytest.mark.parametrize("refuses", ["to be copied", "to tell of its end"])
def test_a_run_does_without_a_second_process(kept, monkeypatch, refuses):
    def none_more():
        raise BlockingIOError(errno.EAGAIN, "Resource temporarily unavailable")

    examples, wanted = activations(kept)
    if refuses == "to be copied":
        monkeypatch.setattr(os, "fork", none_more)
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN if refuses == "to tell of its end" else signal.SIG_DFL)
    try:
        with planning_ahead.planning(examples, wanted):
            blocked = signal.pthread_sigmask(signal.SIG_BLOCK, ())
    finally:
        signal.signal(signal.SIGCHLD, before)
    assert signal.SIGINT not in blocked
    with pytest.raises(ChildProcessError):
        os.waitpid(-1, 0)


def test_what_was_left_half_written_goes(tmp_path, kept):
    kept.put("it", VALUES)
    old, new = kept.folder / "tmpabc", kept.folder / "tmpdef"
    for path in (old, new):
        path.write_bytes(b"half")
    os.utime(old, (0, 0))
    assert same(Kept.under(tmp_path, "suite", "quick", 0).get("it"), VALUES)
    assert (old.exists(), new.exists()) == (False, True)


def test_nothing_is_planned_ahead_where_little_is_left(kept, monkeypatch):
    monkeypatch.delattr(os, "fork")
    examples, wanted = activations(kept)
    with planning_ahead.planning(examples, wanted[:10]):
        assert not kept.folder.exists()
    for property_, clause, kind in wanted:
        examples.plans(property_, clause, kind)
    with planning_ahead.planning(Examples(0, kept=kept), wanted):
        pass


def test_a_run_on_kept_plans_has_the_same_result(suite, submission, tmp_path):
    path = submission("import numpy as np\ndef sigmoid(z):\n    return 1 / (1 + np.exp(-z)) + (z > 3)\n")
    cache = ("-o", f"cache_dir={tmp_path / 'cache'}")
    runs = [suite("--impl", path, "-k", "SIGMOID", *cache).json for _ in range(2)]
    assert list((tmp_path / "cache").rglob("conformance/*/*"))
    assert runs[0]["implementations"] == runs[1]["implementations"]
