"""The report as one HTML file, which opens in a browser and asks nobody for anything.

Text comes into the page through :func:`element` alone, which escapes it. There are no scripts, the
pictures are part of the file, and the policy of the page forbids to load anything else.
"""

from __future__ import annotations

import base64
import html
from collections.abc import Sequence
from pathlib import Path

from qgan.cli.report_table import VERDICTS, Column, columns, plain_heading, yes_or_no
from qgan.cli.report_words import HEADINGS, WORDS, legend, remarks, short_cells
from qgan.evaluation import LabelReport, Report
from qgan.files import regular_bytes
from qgan.runs.provenance import commit, versions
from qgan.text import shortened, visible

__all__ = ["Html", "element", "report_page"]

POLICY = (
    "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'"
)
"""What a browser may load for the page: pictures in the page itself."""

STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { border-bottom: 1px solid #8886; padding: .3rem .8rem .3rem 0; text-align: left; }
th, td { vertical-align: top; }
.figure { text-align: right; }
.wide, pre { overflow-x: auto; }
.more { opacity: .7; }
figure { margin: 1.5rem 0; }
img { max-width: 100%; background: white; }
"""

CAPTIONS = {
    "training": "The training: losses, skill on validation states, and what it cost.",
    "sweep": "Generated states as each latent is turned, over the range of real states.",
    "density": "Density matrices of real and of generated states.",
    "coverage": "How far each held-out state is from the best generated one.",
    "average": "The average state of each label, real and generated.",
}
"""What the pictures show, by the names of their files."""

VOID = {"img", "meta"}
"""Elements that have no end."""


class Html(str):
    """A text that is HTML already."""


def element(name: str, /, *children: str, **attributes: str) -> Html:
    """An element of a page.

    Args:
        name: the name of the element.
        children: what stands in it: a text, which is escaped, or HTML.
        attributes: its attributes; one underscore is a hyphen, and one at the end is left out.

    Example:
        >>> element("p", "a < b", element("b", "c"), class_="more")
        '<p class="more">a &lt; b<b>c</b></p>'
    """
    told = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(visible(value))}"'
        for key, value in attributes.items()
    )
    if name in VOID:
        return Html(f"<{name}{told}>")
    return Html(f"<{name}{told}>{''.join(map(_escaped, children))}</{name}>")


def _escaped(text: str) -> str:
    if isinstance(text, Html):
        return text
    return html.escape("\n".join(visible(line) for line in text.split("\n")))


def report_page(
    heading: str,
    report: Report,
    label_names: Sequence[str],
    factor_names: Sequence[str],
    title: str,
    pictures: Sequence[Path],
    settings: str,
    trained: str = "",
) -> bytes:
    """The bytes of the page.

    Args:
        heading: the heading of the page: whose report it is.
        report: the report.
        label_names: names of the labels, for people.
        factor_names: names of the hidden factors in the report.
        title: what was judged.
        pictures: the PNG files that are shown.
        settings: the settings as a text of many lines.
        trained: a sentence on the parameters that were trained, if that is known.
    """
    names = [shortened(label_names[entry.label]) for entry in report.labels]
    head = element(
        "head",
        element("meta", charset="utf-8"),
        element("meta", http_equiv="Content-Security-Policy", content=POLICY),
        element("meta", name="viewport", content="width=device-width, initial-scale=1"),
        element("title", f"qgan: {shortened(heading)}"),
        element("style", Html(STYLE)),
    )
    body = element(
        "body",
        element("h1", shortened(heading)),
        element("p", f"Judged: {shortened(title)}."),
        _short_table(report, label_names, factor_names),
        element("ul", *(element("li", line) for line in remarks(report, label_names))),
        *([element("p", trained)] if trained else []),
        element("p", legend(report), class_="more"),
        element("h2", "All measures"),
        element(
            "p",
            "Each figure with its 95 % interval; real: other real states in place of "
            "generated ones; one state: the best single state.",
        ),
        _full_table(report, names, factor_names),
        element("h2", "Pictures"),
        *map(_figure, pictures),
        element("h2", "Settings"),
        element("pre", settings),
        element("h2", "Versions"),
        _versions(),
    )
    page = "<!doctype html>\n" + element("html", head, "\n", body, lang="en") + "\n"
    return page.encode("utf-8", "backslashreplace")


def _short_table(report: Report, label_names: Sequence[str], factor_names: Sequence[str]) -> Html:
    kinds = ["" if heading in WORDS else "figure" for heading in HEADINGS]
    rows = [[plain_heading(heading) for heading in HEADINGS]]
    for entry in report.labels:
        cells = short_cells(entry, label_names[entry.label], factor_names)
        rows.append([" ".join(cell) for cell in cells])
    return _table(rows, kinds)


def _full_table(report: Report, names: Sequence[str], factor_names: Sequence[str]) -> Html:
    rows: list[list[str]] = [["measure", *names]]
    for column in columns(factor_names):
        cells = [_figures(column, entry) for entry in report.labels]
        rows.append([plain_heading(column.heading), *cells])
    for heading, read in VERDICTS:
        rows.append([plain_heading(heading), *(yes_or_no(read(entry)) for entry in report.labels)])
    return _table(rows, ["", *("figure" for _ in names)])


def _figures(column: Column, entry: LabelReport) -> Html:
    """A measure with its interval, its floor and the score of one state."""
    value, low, high, floor, single = column.lines(entry)
    beside = [f"{name} {text}" for name, text in (("real", floor), ("one state", single)) if text]
    beside[:0] = [f"{low} to {high}"] * bool(low)
    more = f" ({'; '.join(beside)})" if beside else ""
    return element("span", value, element("span", more, class_="more"))


def _table(rows: Sequence[Sequence[str]], kinds: Sequence[str]) -> Html:
    """A table whose first row holds the headings; a kind is the class of a column."""
    lines = []
    for place, row in enumerate(rows):
        name = "td" if place else "th"
        cells = zip(row, kinds, strict=True)
        lines.append(element("tr", *(element(name, cell, class_=kind) for cell, kind in cells)))
    return element("div", element("table", *lines), class_="wide")


def _figure(picture: Path) -> Html:
    data = base64.b64encode(regular_bytes(picture)).decode()
    caption = CAPTIONS.get(picture.stem, picture.name)
    image = element("img", src=f"data:image/png;base64,{data}", alt=caption)
    return element("figure", image, element("figcaption", caption))


def _versions() -> Html:
    rows = [["package", "version"], *map(list, versions().items())]
    if (number_of_commit := commit()) is not None:
        rows.append(["commit", number_of_commit])
    return _table(rows, ["", ""])
