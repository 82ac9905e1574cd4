"""The pages in a browser: sorting, filtering, paging, keyboard, print, accessibility, and that text stays text."""

from pathlib import Path

import pytest

from impls.text import printable_lines
from tests.browser.conftest import DESKTOP, PHONE, TOOLS
from tests.selftest import made_results

MANY, FEW = 40, 4
"""How many of the pages of a class are looked at."""
LEVELS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


@pytest.fixture(params=[30, 3000])
def index(request, reports, show):
    return show(reports(request.param) / "index.html")


def points(index):
    texts = index.page.locator("#rows tbody tr:visible td:nth-child(3)").all_inner_texts()
    return [float(text.split("/")[0]) if text else None for text in texts]


def heading(index, name):
    return index.page.locator("#rows thead th", has_text=name).first


def test_a_heading_sorts_up_and_down(index):
    before = index.names()
    heading(index, "points").get_by_role("button").click()
    up = points(index)
    assert up == sorted(up, key=lambda one: (one is None, one))
    assert heading(index, "points").get_attribute("aria-sort") == "ascending"
    heading(index, "points").get_by_role("button").click()
    down = points(index)
    assert [one for one in down if one is not None] == sorted((one for one in down if one is not None), reverse=True)
    assert down[0] == sum(made_results.WORTH.values())
    assert heading(index, "points").get_attribute("aria-sort") == "descending"
    heading(index, "name").get_by_role("button").click()
    assert index.names() == before
    assert index.page.locator("[aria-sort]").count() == 1


def test_a_verdict_sorts_from_the_worst(index):
    heading(index, "sigmoid").get_by_role("button").click()
    assert index.page.locator("#rows tbody tr:visible td:nth-child(5) .tag").first.inner_text() == "error"


def test_search_and_filters_leave_what_fits(index):
    status = index.page.locator("#shown")
    everything = status.inner_text()
    index.page.get_by_label("Name").fill("STUDENT0002")
    assert index.names() == ["student0002.py"]
    assert "Showing 1 to 1 of 1, filtered from" in status.inner_text()
    index.page.get_by_label("Name").fill("nobody")
    assert index.names() == []
    assert "Showing 0 to 0 of 0" in status.inner_text()
    index.page.get_by_role("button", name="Show all").click()
    assert status.inner_text() == everything
    index.page.get_by_label("Verdict", exact=True).select_option("conforms")
    assert set(index.page.locator("#rows tbody tr:visible td:nth-child(2)").all_inner_texts()) == {"conforms"}
    index.page.get_by_label("Function", exact=True).select_option(label="sigmoid")
    index.page.get_by_label("Verdict", exact=True).select_option("not implemented")
    assert set(index.page.locator("#rows tbody tr:visible td:nth-child(5) .tag").all_inner_texts()) == {"–"}


def test_the_number_of_a_misconception_shows_who_has_it(index):
    button = index.page.locator("button.only").first
    count = int(button.inner_text())
    button.click()
    assert f"of {count}, filtered from" in index.page.locator("#shown").inner_text()
    assert index.page.evaluate("document.activeElement.id") == "mistake"


def test_a_large_class_is_read_page_by_page(reports, show):
    index = show(reports(3000) / "index.html")
    spent = index.page.evaluate("performance.getEntriesByType('navigation')[0].loadEventEnd")
    print(f"3000 rows: load event after {spent:.0f} ms")
    assert index.count() == 50
    assert index.page.get_by_role("button", name="Previous").is_disabled()
    index.page.get_by_role("button", name="Next").click()
    assert index.names()[0] == "student0051.py"
    assert index.page.locator("#page").inner_text() == "Page 2 of 60"
    index.page.get_by_label("Rows a page").select_option("all")
    assert index.count() == 3000
    index.page.get_by_label("Rows a page").select_option("200")
    assert index.count() == 200
    for _ in range(14):
        index.page.get_by_role("button", name="Next").click()
    assert index.page.get_by_role("button", name="Next").is_disabled()
    assert index.names()[-1] == "student3000.py"


def test_a_keyboard_is_enough(reports, show):
    page = show(reports(30) / "index.html").page
    reached = []
    for _ in range(12):
        page.keyboard.press("Tab")
        reached.append(page.evaluate("document.activeElement.id || document.activeElement.textContent.trim()"))
        outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
        assert outline != "none", reached
    assert reached[:4] == ["search", "function", "verdict", "mistake"]
    at = reached.index("points")
    page.keyboard.press("Home")
    for _ in range(len(reached) - 1 - at):
        page.keyboard.press("Shift+Tab")
    page.keyboard.press("Enter")
    assert page.locator("[aria-sort=ascending]").inner_text() == "points"
    page.keyboard.press("Space")
    assert page.locator("[aria-sort=descending]").inner_text() == "points"
    link = page.locator("#rows tbody tr:visible a").first
    link.focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/students/*.html")
    page.get_by_role("link", name="All results").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/index.html")


@pytest.mark.parametrize("kind", [1, 30, 3000, "hostile", "figures"])
def test_no_page_complains_or_asks_the_network(reports, show, kind):
    paths = [reports(kind) / "index.html", *sorted((reports(kind) / "students").iterdir())[:MANY]]
    seen = show(paths[0])
    for path in paths:
        seen.go(path)
        assert seen.console == []
        assert [url for url in seen.requests if not url.startswith("data:")] == [path.as_uri()]


def test_names_and_messages_are_shown_as_text(reports, show):
    index = show(reports("hostile") / "index.html")
    shown_names = index.page.locator("#rows tbody th").all_text_contents()
    assert shown_names == [printable_lines(name) for name in made_results.HOSTILE]
    assert index.page.title() == printable_lines(made_results.HOSTILE[1])
    links = index.page.locator("#rows tbody th a")
    for at, name in enumerate(made_results.HOSTILE):
        links.nth(at).click()
        page = index.page
        page.wait_for_url("**/students/*.html")
        assert page.locator("h1").text_content() == printable_lines(name)
        assert page.title().startswith(" ".join(printable_lines(name).split())[:5])
        assert page.locator("img, iframe, script").count() == 0
        assert printable_lines(name) in page.locator("pre").first.text_content()
        page.go_back()
    assert index.dialogs == []


def accessible(page):
    """What axe-core finds at level AA; injected past the page's own policy, which would forbid it."""
    page.evaluate((Path(TOOLS) / "node_modules/axe-core/axe.min.js").read_text(encoding="utf-8"))
    found = page.evaluate("levels => axe.run({runOnly: levels})", LEVELS)
    assert len(found["passes"]) > 10
    return [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found["violations"]]


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", [DESKTOP, PHONE])
@pytest.mark.parametrize("kind", [30, "hostile", "figures"])
def test_the_pages_are_accessible(reports, show, kind, size, scheme):
    seen = show(reports(kind) / "index.html", size, scheme)
    assert accessible(seen.page) == []
    for path in sorted((reports(kind) / "students").iterdir())[:FEW]:
        seen.go(path)
        for details in seen.page.locator("summary").all():
            details.click()
        assert accessible(seen.page) == [], path


@pytest.mark.parametrize("kind", [30, "hostile"])
def test_a_phone_need_not_scroll_the_page_sideways(reports, show, kind):
    seen = show(reports(kind) / "index.html", PHONE)
    for path in [reports(kind) / "index.html", *sorted((reports(kind) / "students").iterdir())]:
        seen.go(path)
        assert seen.page.evaluate("document.documentElement.scrollWidth") <= PHONE[0], path


def test_print_shows_every_row_that_fits_the_filter(reports, show):
    index = show(reports(3000) / "index.html", media="print")
    assert index.count() == 3000
    index.page.evaluate("document.getElementById('search').value = 'student00'")
    index.page.evaluate("document.getElementById('search').dispatchEvent(new Event('input'))")
    assert index.count() == 99
    assert not index.page.locator(".tools").is_visible()
    student = show(
        next(path for path in (reports(30) / "students").iterdir() if "<details>" in path.read_text()), media="print"
    )
    assert student.page.locator("details article").first.is_visible()


def test_without_scripts_everything_is_there(reports, show):
    index = show(reports(30) / "index.html", scripts=False)
    assert index.count() == 30
    assert not index.page.locator(".tools").is_visible()


def test_figures_are_shown(reports, show):
    seen = show(reports("figures") / "index.html")
    for path in [reports("figures") / "index.html", *(reports("figures") / "students").iterdir()]:
        seen.go(path)
        widths = seen.page.evaluate("[...document.images].map(one => one.naturalWidth)")
        assert widths == [1] * (4 if path.name == "index.html" else 1)


def test_colours_follow_the_reader(reports, show):
    path = next(path for path in (reports(30) / "students").iterdir() if "<svg" in path.read_text())
    ink = {}
    for scheme in ("light", "dark"):
        page = show(path, scheme=scheme).page
        ink[scheme] = page.evaluate("getComputedStyle(document.querySelector('figure svg')).color")
        background = page.evaluate("getComputedStyle(document.body).backgroundColor")
        assert background != ink[scheme]
    assert ink["light"] != ink["dark"]
