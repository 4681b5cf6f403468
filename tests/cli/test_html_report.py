"""The report as one HTML file: nothing in it is asked for elsewhere, and no name is HTML."""

from __future__ import annotations

import base64
from html.parser import HTMLParser
from pathlib import Path

import pytest
from label_reports import label_report, report_of

from qgan.cli.html_report import element, report_page

SCRIPT = "</pre></style><script>alert(1)</script><img src=x onerror=alert(1)>"
PIXEL = b"\x89PNG not much of a picture"


class Page(HTMLParser):
    """The tags of a page with their attributes, and its text by the tag around it."""

    def __init__(self, page: bytes) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.text: dict[str, str] = {}
        self.feed(page.decode())
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in ("meta", "img"):
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        around = self.open[-1] if self.open else ""
        self.text[around] = self.text.get(around, "") + data + "\n"


@pytest.fixture(name="page")
def _page(tmp_path: Path) -> Page:
    picture = tmp_path / "sweep.png"
    picture.write_bytes(PIXEL)
    report = report_of(label_report(), label_report(latent_ignored=True))
    names = (SCRIPT, "two\nlines\x1b[31m \u202e \udcff &amp;")
    settings = f"seed: 3\nname: {SCRIPT}"
    return Page(report_page(SCRIPT, report, names, (SCRIPT,), SCRIPT, [picture], settings))


def test_no_text_from_outside_is_html(page: Page) -> None:
    tags = {tag for tag, _ in page.tags}
    assert tags <= {
        "html", "head", "meta", "title", "style", "body", "h1", "h2", "p", "div", "table", "tr",
        "th", "td", "ul", "li", "span", "figure", "img", "figcaption", "pre",
    }  # fmt: skip
    assert not any(name.startswith("on") for _, attributes in page.tags for name in attributes)
    for place in ("h1", "title", "th", "li", "td", "pre", "p"):
        assert SCRIPT in page.text[place], place
    assert "two lines\\x1b[31m \\u202e \\udcff &amp;" in page.text["td"]
    assert "alert" not in page.text["style"]


def test_nothing_is_asked_for_elsewhere(page: Page) -> None:
    addresses = [
        value
        for _, attributes in page.tags
        for name, value in attributes.items()
        if name in ("src", "href", "srcset", "data", "action", "background")
    ]
    assert addresses == ["data:image/png;base64," + base64.b64encode(PIXEL).decode()]
    assert "url(" not in page.text["style"] and "@import" not in page.text["style"]
    policy = {a.get("http-equiv"): a.get("content") for tag, a in page.tags if tag == "meta"}
    rules = str(policy["Content-Security-Policy"]).split("; ")
    assert {"default-src 'none'", "img-src data:"} <= set(rules)


def test_the_page_holds_both_tables_the_remarks_and_where_it_comes_from(page: Page) -> None:
    assert "0.953 (0.93 to 0.98)" in page.text["td"] and "latent ignored" in page.text["td"]
    assert "K_eq" in page.text["td"] and "MMD squared" in page.text["td"]
    assert "4,096 generated states per label" in page.text["li"]
    assert "seed: 3\n" in page.text["pre"] and "torch" in page.text["td"]
    assert page.text["h2"].split("\n")[:4] == ["All measures", "Pictures", "Settings", "Versions"]
    assert "as each latent is turned" in page.text["figcaption"]


def test_an_element_escapes_its_text_and_its_attributes_once() -> None:
    inner = element("b", "<&>")
    assert element("p", inner, "\"'", title="\"<'") == (
        '<p title="&quot;&lt;&#x27;"><b>&lt;&amp;&gt;</b>&quot;&#x27;</p>'
    )
    assert element("img", alt="a<b") == '<img alt="a&lt;b">'
