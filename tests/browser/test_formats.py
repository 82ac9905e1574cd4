"""The other formats in what reads them: HTML in a validator, the gradebook in a spreadsheet, workflows in a linter."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.browser.conftest import TOOLS
from tests.harness.reports import gradebook
from tests.selftest import made_results

CHECKOUT = Path(__file__).parents[2]
RULES = {
    "extends": ["html-validate:recommended"],
    "rules": {
        "no-inline-style": "off",  # widths of bars, and matplotlib's pictures
        "no-trailing-whitespace": "off",
        "prefer-native-element": "off",  # role="region" of what scrolls
        "long-title": "off",  # a title is the name of a file
        "attribute-boolean-style": "off",
    },
}


@pytest.mark.parametrize("kind", [1, 30, "hostile", "figures"])
def test_pages_are_valid_html(reports, tmp_path, kind):
    (tmp_path / ".htmlvalidate.json").write_text(json.dumps(RULES))
    paths = [reports(kind) / "index.html", *sorted((reports(kind) / "students").iterdir())[:40]]
    command = [f"{TOOLS}/node_modules/.bin/html-validate", "--config", str(tmp_path / ".htmlvalidate.json")]
    done = subprocess.run([*command, *map(str, paths)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[:5000]


@pytest.mark.parametrize("kind", [30, "hostile"])
def test_a_spreadsheet_reads_the_gradebook_and_runs_nothing(reports, tmp_path, kind):
    import openpyxl

    sheet = tmp_path / "gradebook.xlsx"
    subprocess.run(["ssconvert", str(reports(kind) / "gradebook.csv"), str(sheet)], capture_output=True, check=True)
    cells = [cell for row in openpyxl.load_workbook(sheet).active.iter_rows() for cell in row if cell.value is not None]
    assert not [cell.value for cell in cells if cell.data_type == "f" or cell.hyperlink]
    names = [str(cell.value) for cell in cells if cell.column == 1][1:]
    expected = made_results.HOSTILE if kind == "hostile" else [f"student{at:04}.py" for at in range(1, kind + 1)]
    # A spreadsheet may take the apostrophe before a text for its own sign that a text follows.
    assert [name.removeprefix("'") for name in names] == [gradebook.cell(name).removeprefix("'") for name in expected]
    points = [cell for cell in cells if cell.column == 3][1:]
    assert all(cell.data_type == "n" for cell in points)


def test_the_workflows_are_what_github_reads():
    workflows = sorted(map(str, (CHECKOUT / ".github" / "workflows").glob("*.yml")))
    assert workflows
    command = ["node", str(CHECKOUT / "tests" / "browser" / "lint_workflows.mjs"), *workflows]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
