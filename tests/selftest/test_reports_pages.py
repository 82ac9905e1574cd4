"""The pages hold what the result says, as text: nothing from outside is markup, and every link has its target."""

import json
import re
import xml.etree.ElementTree as ET
from html.parser import HTMLParser
from urllib.parse import unquote

import pytest

from impls.text import printable_lines
from tests.harness.reports import folder
from tests.harness.reports.page_names import PageNames
from tests.harness.reports.reading_result import read
from tests.selftest import made_results

KNOWN_AND_NOT = {"sigmoid": "conforms", "network": "not judged"}
VOID = {"meta", "input", "br", "wbr", "img"}


class Page(HTMLParser):
    """The elements and the text of a page; opening and closing tags have to match."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.elements, self.text, self._open = [], [], []
        self.feed(text)
        self.close()
        assert self._open == []

    def handle_starttag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.elements.append((tag, dict(attributes)))

    def handle_endtag(self, tag):
        assert self._open.pop() == tag, tag

    def handle_data(self, data):
        if self._open and self._open[-1] not in ("script", "style"):
            self.text.append(data)

    def all(self, tag):
        return [attributes for name, attributes in self.elements if name == tag]

    @property
    def words(self):
        return "".join(self.text)


def report(tmp_path, content, environment=None):
    """Write the report of ``content``; gives its folder."""
    path = tmp_path / "result.json"
    path.write_text(json.dumps(content), encoding="utf-8")
    list(folder.write(read(path), tmp_path / "report", environment or {}))
    return tmp_path / "report"


def hostile():
    """A class in which every text from outside is hostile."""
    content = made_results.result(0, made_results.HOSTILE)
    for row, text in zip(content["implementations"], made_results.HOSTILE, strict=True):
        row |= {"reason": text, "remarks": [text], "not_looked_at": [text], "declared": {text: text}, "isolation": text}
        row |= {"spec": text}
        wrong = made_results.wrong("SIGMOID-VALUE", "f", text, message=text, counterexample=text, expected=text)
        wrong |= {"actual": text, "curve": {**made_results.curve(), "label": text}}
        one = made_results.function("sigmoid", "fails", text, own=text) | {"reason": text}
        one["clauses"] |= {"SIGMOID-VALUE": wrong}
        row["functions"]["sigmoid"] = one
    content["suite"]["assignment"]["name"] = made_results.HOSTILE[1]
    content["environment"]["platform"] = made_results.HOSTILE[0]
    return content


@pytest.fixture(scope="module")
def hostile_report(tmp_path_factory):
    return report(tmp_path_factory.mktemp("hostile"), hostile())


def test_text_from_outside_is_text(hostile_report):
    plain = report_tags(made_results.result(1))
    index = Page((hostile_report / "index.html").read_text(encoding="utf-8"))
    assert all(printable_lines(name) in index.words for name in made_results.HOSTILE)
    pages = [index]
    for name, path in zip(made_results.HOSTILE, page_paths(index), strict=True):
        page = Page((hostile_report / path).read_text(encoding="utf-8"))
        assert page.words.count(printable_lines(name)) >= 9, name
        pages.append(page)
    for page in pages:
        assert {tag for tag, _ in page.elements} <= plain
        for _, attributes in page.elements:
            assert not [name for name in attributes if name.startswith("on")]
        everything = page.words + "".join(str(value) for _, one in page.elements for value in one.values())
        assert not [c for c in everything if not c.isprintable() and c != "\n"]


def report_tags(content):
    """The elements that our templates and plots have."""
    templates = folder.Path(folder.__file__).parent / "templates"
    text = "".join((templates / name).read_text() for name in ("page.html", "index.html", "student.html"))
    known = set(re.findall(r"<([a-z][a-z0-9]*)", text))
    return known | {"svg", "g", "path", "defs", "clippath", "use", "rect", "text", "style", "tspan"}


def page_paths(index):
    return [unquote(one["href"]) for one in index.all("a") if one["href"].startswith("students/")]


def test_nothing_is_asked_of_the_network_and_only_our_scripts_run(hostile_report):
    for path in hostile_report.rglob("*.html"):
        page = Page(path.read_text(encoding="utf-8"))
        (policy,) = [one["content"] for one in page.all("meta") if "http-equiv" in one]
        assert policy.startswith("default-src 'none'; ")
        assert ("script-src 'none'" in policy) == ("students" in path.parts)
        assert len(page.all("script")) == (2 if path.name == "index.html" else 0)
        links = [
            value for _, one in page.elements for key, value in one.items() if key in ("href", "src", "xlink:href")
        ]
        assert all(link.startswith(("students/", "../index.html", "#")) for link in links), links


@pytest.mark.parametrize("count", [1, 30])
def test_every_link_has_its_target_and_every_submission_its_page(tmp_path, count):
    content = made_results.result(count)
    written = report(tmp_path, content)
    index = Page((written / "index.html").read_text(encoding="utf-8"))
    paths = page_paths(index)
    assert len(set(paths)) == count
    assert {path.name for path in (written / "students").iterdir()} == {
        path.removeprefix("students/") for path in paths
    }
    assert len(list((written / "gradescope").iterdir())) == count
    for path in paths:
        page = Page((written / path).read_text(encoding="utf-8"))
        names = [one["id"] for _, one in page.elements if "id" in one]
        assert len(names) == len(set(names)), path
        anchors = {one["href"][1:] for one in page.all("a") + page.all("use") if one.get("href", "").startswith("#")}
        assert anchors <= set(names)


def test_a_page_says_what_is_right_and_what_is_not(tmp_path):
    functions = {
        "sigmoid": made_results.function("sigmoid", "fails", "has the factor 2 of tanh", own="my_sigmoid"),
        "softmax": made_results.function("softmax", "conforms"),
        "network": made_results.function("network", "not judged"),
        "neuron": made_results.function("neuron", "not implemented"),
    }
    first = functions["sigmoid"]["clauses"]["SIGMOID-VALUE"]
    functions["sigmoid"]["clauses"]["SIGMOID-TAILS"] = first | {"level": "robust"}
    content = made_results.result(1)
    content["implementations"] = [made_results.row("ada.py", functions, remarks=["float64 is refused"])]
    page = Page((report(tmp_path, content) / "students" / "ada.py.html").read_text(encoding="utf-8"))
    text = re.sub(r"\s+", " ", page.words)
    for said in (
        "1 of 4 functions is right",
        "3 of 6 points; a person has to give those for network",
        "Note: float64 is refused",
        "sigmoid (your my_sigmoid)",
        "It gives a wrong value: at index (0, 0): got 1.0, expected 0.5",
        "a function that has the factor 2 of tanh",
        "import numpy as np my_sigmoid(np.array([[0.0, 0.0]]))",
        "MUST be the sigmoid",
        "pytest tests/conformance --impl submissions/ada.py -k SIGMOID-VALUE --assignment homework.toml "
        "--hypothesis-profile quick --hypothesis-seed 0",
        "fails as SIGMOID-VALUE",
        "say which TASK",
        "? / 5",
        "compute_loss",
        "46 of 81 inputs shown lie above what is allowed, 2 gave no finite number",
    ):
        assert said in text, said
    assert "SIGMOID-TAILS" not in text


def test_the_worst_comes_first(tmp_path):
    one = made_results.function("sigmoid", "conforms")
    kinds = ["accuracy", "accepts-invalid", "crash", "not-finite", "wrong"]
    for id, kind in zip(one["clauses"], kinds, strict=True):
        one["clauses"][id] = made_results.wrong(id, "sigmoid", None, severity=kind)
    one["textbook"] = "fails"
    content = made_results.result(1)
    content["implementations"] = [made_results.row("a.py", {"sigmoid": one})]
    page = Page((report(tmp_path, content) / "students" / "a.py.html").read_text(encoding="utf-8"))
    assert [one["aria-label"] for one in page.all("article")] == list(reversed(one["clauses"]))


def test_plots_are_svg_that_follows_the_page(tmp_path):
    content = made_results.result(1)
    content["implementations"] = [made_results.row("a.py", {"sigmoid": made_results.function("sigmoid", "fails")})]
    text = (report(tmp_path, content) / "students" / "a.py.html").read_text(encoding="utf-8")
    (svg,) = re.findall(r"<svg.*?</svg>", text, re.DOTALL)
    ET.fromstring(svg)
    assert "currentColor" in svg
    assert 'role="img"' in svg
    assert "<script" not in svg


def test_the_index_counts_misconceptions_and_points(tmp_path):
    wrong = made_results.function("softmax", "fails", "divides by the sums of the columns")
    right = made_results.function("softmax", "conforms")
    content = made_results.result(1)
    rows = [
        made_results.row(f"{name}.py", {"softmax": one}) for name, one in zip("abc", (wrong, wrong, right), strict=True)
    ]
    content["implementations"] = rows
    page = Page((report(tmp_path, content) / "index.html").read_text(encoding="utf-8"))
    (button,) = [one for one in page.all("button") if one.get("class") == "only"]
    assert button["aria-label"] == "Show the 2 whose softmax divides by the sums of the columns"
    assert [one.get("data-m") for one in page.all("tr") if "data-v" in one] == ["0", "0", None]
    assert "3 / 3" in page.words


def test_points_that_a_person_has_to_give_are_no_full_marks(tmp_path):
    functions = {name: made_results.function(name, verdict) for name, verdict in KNOWN_AND_NOT.items()}
    content = made_results.result(1)
    content["implementations"] = [made_results.row("a.py", functions)]
    page = Page((report(tmp_path, content) / "index.html").read_text(encoding="utf-8"))
    assert "2 / 2 + ?" in page.words


def test_names_of_pages_are_safe_and_unique():
    names = PageNames()
    given = [names.of(name) for name in (*made_results.HOSTILE, *made_results.HOSTILE)]
    once = given[: len(made_results.HOSTILE)]
    assert given == once * 2
    assert len({name.lower() for name in once}) == len(once)
    assert all(re.fullmatch(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,90}", name) for name in once), once
    assert PageNames().of("bob.py") == "bob.py"
    assert PageNames().of("a/b.py") == PageNames().of("a/b.py") != PageNames().of("a\\b.py")
