"""Adapters of released libraries, and what was found in them: entries that hold together, and the page they make."""

import ast
import json

import pytest

from tests.conformance import every_test_imported
from tests.harness.spec.clauses import CLAUSES, PROPERTIES
from tests.libraries import found
from tests.libraries.defect import ADAPTERS, BY_DESIGN, DEFECT, NOT_REPORTED, spec
from tests.libraries.defects import DEFECTS
from tests.libraries.libraries import BY_ADAPTER, LIBRARIES, Library

LIBRARY = """
import numpy as np

ARRAYS = "numpy"
VERSIONS = {"clipping": "2.1"}


def sigmoid(z):
    return 1 / (1 + np.exp(-np.clip(z, -3, 3)))


def neuron(x, w, b):
    return sigmoid(x @ w + b)
"""


def test_there_is_one_library_for_each_adapter():
    every = {one.stem for one in ADAPTERS.glob("*.py")}
    assert {*BY_ADAPTER} == every
    assert len(LIBRARIES) == len(every)


@pytest.mark.parametrize("adapter", BY_ADAPTER)
def test_an_adapter_declares_its_arrays_and_versions(adapter):
    assigned = {
        target.id
        for node in ast.parse((ADAPTERS / f"{adapter}.py").read_text()).body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    assert "ARRAYS" in assigned
    assert "VERSIONS" in assigned or adapter == "jax_float64"  # which takes over those of jax_float32


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.library}: {defect.call}"[:60])
def test_an_entry_names_what_there_is_and_says_how_it_was_confirmed(defect):
    every_test_imported()
    ast.parse(defect.call)
    assert "\n" not in defect.call
    assert defect.got
    assert defect.expected
    assert defect.confirmed
    assert {*defect.adapters} <= {*BY_ADAPTER}
    assert defect.kind in (DEFECT, BY_DESIGN)
    assert defect.link == NOT_REPORTED or defect.link.startswith("https://")
    for entry in defect.deviations():
        assert entry.clause in CLAUSES
        assert {*entry.shown_by} <= {*PROPERTIES[entry.clause].body.__code__.co_varnames}
        assert entry.covers(entry.shown_by)
        assert entry.implementations == tuple(map(spec, defect.adapters))


def test_the_page_is_made_from_the_kept_rows_and_the_entries():
    assert found.page(found.read()) == found.MARKDOWN.read_text(encoding="utf-8")


def test_a_row_counts_the_clauses_of_a_run(suite, tmp_path):
    library = tmp_path / "clipping.py"
    library.write_text(LIBRARY)
    result = suite("--impl", str(library), "--level", "robust", "-k", "SIGMOID-RANGE or SIGMOID-TAILS or NEURON-TAILS")
    row = found.row(result.json)
    assert (row["versions"], row["passed"], row["known_deviations"]) == ("clipping: 2.1", 1, [])
    assert row["failed"] == ["SIGMOID-TAILS", "NEURON-TAILS"]
    assert result.json["environment"]["clipping"] == "2.1"
    assert (
        result.json["implementations"][0]["functions"]["neuron"]["clauses"]["NEURON-TAILS"]["cause"] == "SIGMOID-TAILS"
    )
    assert row["not_run"] > 0
    assert json.dumps(row)


def test_what_is_missing_is_said_with_the_command_that_installs_it():
    missing = Library("Nowhere", "nowhere", ("no_such_module",), ("no-such-package",)).missing()
    assert missing is not None
    assert missing.startswith("no_such_module not installed: pip install -c constraints.txt")
    assert missing.endswith("no-such-package")
    assert Library("NumPy", "numpy", ("numpy",), ("numpy",)).missing() is None
