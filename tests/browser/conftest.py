"""A browser, and reports of classes of several sizes; without ``tests/browser/run`` the tests here are deselected."""

import base64
import json
import os
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.harness.reports import folder
from tests.harness.reports.handed import Picture
from tests.harness.reports.reading_result import read
from tests.selftest import made_results
from tests.selftest.test_reports_pages import hostile

HERE = Path(__file__).parent
TOOLS = os.environ.get("BROWSER_TOOLS")
PIXEL = base64.b64decode("iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAAAAAA6fptVAAAACklEQVR4nGP4DwABAQEAsTj2FAAAAABJRU5ErkJggg==")
"""The smallest picture."""
DESKTOP, PHONE = (1280, 900), (390, 844)


def pytest_collection_modifyitems(config, items):
    if TOOLS:
        return
    here = [item for item in items if item.path.is_relative_to(HERE)]
    items[:] = [item for item in items if item not in here]
    config.hook.pytest_deselected(items=here)


@dataclass
class Seen:
    """A page that is open in the browser, and all that it did."""

    page: object
    console: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    dialogs: list[str] = field(default_factory=list)

    def go(self, path):
        """Open another page in the same tab."""
        self.requests.clear()
        self.page.goto(path.as_uri())

    def names(self):
        """The names in the rows of the table that can be seen, from top to bottom."""
        return self.page.locator("#rows tbody tr:visible th").all_inner_texts()

    def count(self):
        """How many rows of the table can be seen."""
        return self.page.locator("#rows tbody tr:visible").count()


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path="/usr/bin/chromium", args=["--no-sandbox", "--disable-gpu", "--disable-extensions"]
        )
        yield chromium
        chromium.close()


@pytest.fixture(scope="session")
def reports(tmp_path_factory):
    """The folders of reports: of 1, 30 and 3000 submissions, of hostile ones, and of 3 with figures."""
    written = {}

    def of(kind):
        if kind not in written:
            place = tmp_path_factory.mktemp(str(kind))
            content = hostile() if kind == "hostile" else made_results.result(3 if kind == "figures" else kind)
            (place / "result.json").write_text(json.dumps(content), encoding="utf-8")
            result = read(place / "result.json")
            (place / "figure.png").write_bytes(PIXEL)
            pictures = [Picture(place / "figure.png", of, "The errors.") for of in (None, *result.names)]
            list(folder.write(result, place / "report", {}, pictures if kind == "figures" else ()))
            written[kind] = place / "report"
        return written[kind]

    return of


@pytest.fixture
def show(browser):
    """Open a page in a context of its own: a size, a colour scheme, with or without scripts."""
    contexts = []

    def opened(path, size=DESKTOP, scheme="light", scripts=True, media="screen"):
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=scripts
        )
        contexts.append(context)
        seen = Seen(context.new_page())
        seen.page.on("console", lambda message: seen.console.append(message.text))
        seen.page.on("pageerror", lambda error: seen.console.append(str(error)))
        seen.page.on("request", lambda request: seen.requests.append(request.url))
        seen.page.on("dialog", lambda dialog: (seen.dialogs.append(dialog.message), dialog.dismiss()))
        seen.page.emulate_media(media=media, color_scheme=scheme)
        seen.go(path)
        return seen

    yield opened
    for context in contexts:
        context.close()
