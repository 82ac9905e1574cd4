"""The normative text, the tests and the layout hold together."""

import ast
import graphlib
import importlib
import re
import sys
import tomllib
from collections.abc import Sequence
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.version import Version

import reference
from tests.harness.spec.clauses import CLAUSES, CONFORMANCE_MD, PROPERTIES, MalformedClause, clause, given, parse

CHECKOUT = Path(__file__).parents[2]
CONFORMANCE_TESTS = sorted((CHECKOUT / "tests" / "conformance").glob("test_*.py"))


def imports_of(path: Path) -> set[str]:
    """The top-level names of the modules that a file imports, wherever in it."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add((node.module or "").split(".")[0])
    return names


@pytest.fixture(scope="module", autouse=True)
def _every_conformance_test_is_imported():
    for path in CONFORMANCE_TESTS:
        importlib.import_module(f"tests.conformance.{path.stem}")


def test_every_clause_has_a_test():
    assert set(CLAUSES) == set(PROPERTIES)


def test_every_test_cites_a_clause():
    for path in CONFORMANCE_TESTS:
        module = sys.modules[f"tests.conformance.{path.stem}"]
        tests = [name for name in vars(module) if name.startswith("test_")]
        assert tests, path
        assert all(hasattr(getattr(module, name), "conforms_to") for name in tests), path


def test_every_function_of_the_interface_has_a_clause_that_a_changed_argument_is_charged_to():
    assert sorted(clause.function for clause in CLAUSES.values() if clause.id.endswith("-PURE")) == sorted(
        reference.FUNCTIONS
    )


def test_every_function_of_the_interface_has_clauses_at_both_levels():
    for name in reference.FUNCTIONS:
        assert {one.level for one in CLAUSES.values() if one.function == name} == {"textbook", "robust"}, name


def test_every_clause_is_about_a_function_of_the_interface():
    assert {one.function for one in CLAUSES.values()} == set(reference.FUNCTIONS)


def test_a_test_cannot_cite_what_is_no_clause_or_has_its_test():
    with pytest.raises(MalformedClause, match="SIGMOID-NONE, which is no clause"):
        clause("SIGMOID-NONE")(lambda impl: None)
    with pytest.raises(MalformedClause, match="tests already"):
        clause("SIGMOID-VALUE")(lambda impl: None)
    with pytest.raises(MalformedClause, match="is given"):
        clause("SIGMOID-VALUE")(given(x=None)(lambda impl, z: None))


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("| `A-B` | textbook | It MUST. |", "2 cells|has 2"),
        ("| `A-B` | advanced | It MUST. | slide |", "level 'advanced'"),
        ("| `A-B` | textbook | It should. | slide |", "does not say MUST"),
        ("| `A-B` | textbook | It MUST. | slide |\n| `A-B` | robust | It MUST. | slide |", "id is taken"),
    ],
)
def test_a_malformed_clause_is_an_error_and_not_overlooked(row, says):
    with pytest.raises(MalformedClause, match=says):
        parse(f"### `f(z)`\n{row}\n")
    with pytest.raises(MalformedClause, match="under no heading"):
        parse("| `A-B` | textbook | It MUST. | slide |")


def slides() -> set[str]:
    """The titles in conformance.md's table of slides."""
    return set(re.findall(r"^\| [\"'](.+?)[\"'] \|", CONFORMANCE_MD.read_text(encoding="utf-8"), re.MULTILINE))


def slides_cited(text: str) -> set[str]:
    """The titles that stand in quotation marks after the word slide, also over the end of a line or in a docstring."""
    titles = re.findall(r"""[Ss]lide\s+(?:"([^"]+)"|'([^']+)')""", text)
    return {" ".join((double or single).split()) for double, single in titles}


def test_a_source_in_floating_point_names_what_to_read():
    for one in CLAUSES.values():
        if one.source.startswith("floating point"):
            assert re.search(r"IEEE 754|#\d|[^\d](19|20)\d\d|standard|documentation|guide|slide", one.source), one


def test_every_source_is_a_slide_of_the_table_or_the_interface_or_floating_point():
    for one in CLAUSES.values():
        assert re.match(r"(slide [\"']|(interface|floating point)(: |$))", one.source), one
        assert re.match(r"slide", one.source) is None or slides_cited(one.source), one
    assert set().union(*(slides_cited(one.source) for one in CLAUSES.values())) == slides()


def test_the_reference_cites_slides_of_the_table():
    for path in (CHECKOUT / "reference").rglob("*.py"):
        assert slides_cited(path.read_text(encoding="utf-8")) <= slides(), path
    assert {network.slide for network in reference.NETWORKS} | {reference.SOFTMAX_EXAMPLE.slide} <= slides()


def test_every_report_is_cited_in_one_style():
    for one in CLAUSES.values():
        assert not re.search(r"\b(issue|PR) \d", one.source), one
        assert len(re.findall(r"#\d", one.source)) == len(re.findall(r"\b[\w-]+/[\w-]+#\d+", one.source)), one


def test_every_requirement_is_one_sentence_about_what_an_implementation_must_do():
    for one in CLAUSES.values():
        assert one.requirement.endswith("."), one
        assert not re.search(r"\. [A-Z]", one.requirement), one
        assert not re.search(r"\b(No|None|Nothing|Neither)\b.*\bMUST\b", one.requirement), one
        assert not re.search(r"\b(due|came|nor)\b", one.requirement), one


def test_the_oldest_versions_are_the_floors_of_pyproject():
    """For the oldest Python; each package of the suite, and of the extras that .ci/versions installs, has its pin."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    oldest_python = {"python_version": project["requires-python"].removeprefix(">=")}
    pins = {
        pin.name: Version(str(pin.specifier).removeprefix("=="))
        for line in (CHECKOUT / ".ci" / "constraints-oldest.txt").read_text(encoding="utf-8").splitlines()
        if not line.startswith("#")
        and ((pin := Requirement(line)).marker is None or pin.marker.evaluate(oldest_python))
    }
    extras = project["optional-dependencies"]
    lines = [
        *project["dependencies"],
        *(line for name in ("scipy", "torch", "comparison", "figures") for line in extras[name]),
    ]
    floors = {one.name: Version(str(one.specifier).removeprefix(">=")) for one in map(Requirement, lines)}
    assert floors == {name: pin for name, pin in pins.items() if name != "mpmath"}


def test_imports_run_one_way():
    standard_library = set(sys.stdlib_module_names)
    for path in (CHECKOUT / "reference").rglob("*.py"):
        assert imports_of(path) <= standard_library | {"numpy", "reference"}, path
    for path in (CHECKOUT / "impls").rglob("*.py"):
        assert not imports_of(path) & {"tests", "reference"}, path
    for path in (CHECKOUT / "tests" / "harness").rglob("*.py"):
        assert not {*modules_of(path)} & set(OTHERS), path


OTHERS = [f"tests.{one}" for one in ("conformance", "mistakes", "selftest", "experiments", "benchmark", "libraries")]


def modules_of(path: Path) -> list[str]:
    """The first two parts of each module of the project that a file imports, three under the harness."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            found += [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
    return [package(one.split(".")) for one in found]


def package(parts: Sequence[str]) -> str:
    return ".".join(parts[: 3 if parts[:2] == ["tests", "harness"] else 2])


def test_no_two_packages_import_each_other():
    """Packages, and the files beside them; what a package's own __init__ hands on is no import of it."""
    imports: dict[str, set[str]] = {}
    for root in ("reference", "impls", "tests/harness"):
        for path in (CHECKOUT / root).rglob("*.py"):
            if path.parent != CHECKOUT / root or path.stem != "__init__":
                here = package(path.relative_to(CHECKOUT).with_suffix("").parts)
                imports.setdefault(here, set()).update({*modules_of(path)} - {here})
    order = graphlib.TopologicalSorter(imports)
    try:
        order.prepare()
    except graphlib.CycleError as cycle:
        pytest.fail(" -> ".join(cycle.args[1]))


def test_the_conformance_tests_hold_no_tolerance_of_their_own():
    for path in CONFORMANCE_TESTS:
        tree = ast.parse(path.read_text(encoding="utf-8"))
        keywords = {node.arg for node in ast.walk(tree) if isinstance(node, ast.keyword)}
        assert not keywords & {"rtol", "atol", "rel_tol", "abs_tol", "rel", "abs", "decimal"}, path
        small = [
            node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, float)
        ]
        assert not [value for value in small if 0 < abs(value) < 1e-3], path
