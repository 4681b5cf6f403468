"""The report in a terminal: a short table, or one of all measures, in the form that fits."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.table import Table

from qgan.cli.report_words import HEADINGS, WORDS, legend, number, remarks, short_cells
from qgan.cli.tables import TextConsole, styled
from qgan.evaluation import LabelReport, Report
from qgan.text import shortened, visible

__all__ = [
    "VERDICTS",
    "Column",
    "columns",
    "plain_heading",
    "short_table",
    "show",
    "table",
    "transposed_table",
    "yes_or_no",
]


@dataclass(frozen=True)
class Column:
    """One measure of the table.

    Args:
        heading: a short heading of at most two lines.
        value: the function from the report of a label to the measure.
        digits: number of digits after the point.
        key: the name of the measure in floors and intervals.
        single: the function to the score of one state per label, if that is known.
    """

    heading: str
    value: Callable[[LabelReport], float]
    digits: int
    key: str
    single: Callable[[LabelReport], float] | None = None

    def lines(self, report: LabelReport) -> list[str]:
        """The measure, both ends of its interval, its floor, and the score of one state."""
        ends = report.intervals.get(self.key, (math.nan, math.nan))
        single = math.nan if self.single is None else self.single(report)
        figures = (*ends, self.floor(report), single)
        return [
            number(self.value(report), self.digits),
            *("" if math.isnan(figure) else number(figure, self.digits) for figure in figures),
        ]

    def floor(self, report: LabelReport) -> float:
        """The score of real states in place of generated ones."""
        floors = {
            "skill": 1.0 if not math.isnan(report.skill) else math.nan,
            "purity": report.real_purity,
            "label_recovered": report.label_recovered_real,
            "effective_modes": report.effective_modes_real,
        }
        return floors.get(self.key, report.floors.get(self.key, math.nan))


def columns(factor_names: Sequence[str]) -> list[Column]:
    """The measures of the full table; ``report.json`` has more."""
    entries = [
        Column("skill", lambda r: r.skill, 3, "skill", lambda r: 0.0),
        Column("W1", lambda r: r.w, 3, "w", lambda r: r.w1),
        Column("W2", lambda r: r.w2, 3, "w2"),
        Column("cover-\nage", lambda r: r.coverage, 4, "coverage", lambda r: r.collapsed_coverage),
        Column("preci-\nsion", lambda r: r.precision, 4, "precision"),
        Column("spread\nratio", lambda r: r.spread_ratio, 2, "spread_ratio", lambda r: 0.0),
        Column(
            "neighb.\nratio",
            lambda r: r.nearest_neighbour_ratio,
            2,
            "nearest_neighbour_ratio",
            lambda r: 0.0,
        ),
        Column("K_eq", lambda r: r.k_eq, 0, "k_eq", lambda r: 1.0),
        Column("modes", lambda r: r.effective_modes, 1, "effective_modes", lambda r: 1.0),
        Column("MMD\nsquared", lambda r: r.mmd, 4, "mmd"),
        Column("average\nstate", lambda r: r.average_distance, 3, "average_distance"),
        Column("purity", lambda r: r.purity, 3, "purity"),
        Column("label\nfound", lambda r: r.label_recovered, 3, "label_recovered"),
    ]
    for name in factor_names:
        entries.append(
            Column(
                f"R of z\nto {shortened(name)}",
                lambda r, k=name: r.multiple_rank.get(k, math.nan),  # type: ignore[misc]
                3,
                f"multiple_rank/{name}",
            )
        )
    return entries


VERDICTS: tuple[tuple[str, Callable[[LabelReport], bool | None]], ...] = (
    ("label\ncollapse", lambda r: r.label_collapse),
    ("mode\ncollapse", lambda r: r.mode_collapse),
    ("latent\nignored", lambda r: r.latent_ignored),
)
LINES = ("", "95 % from", "to", "real", "one state")


def table(
    report: Report,
    label_names: Sequence[str],
    factor_names: Sequence[str],
    title: str,
    encoding: str = "utf-8",
) -> Table:
    """All measures as a table: labels are rows, and the verdicts come last.

    Below the figures of a label are the ends of their 95 % intervals, the scores of other real
    states in place of generated ones, and the scores of a single state per label.

    Args:
        report: the report.
        label_names: names of the labels, for people.
        factor_names: names of the hidden factors in the report.
        title: the title of the table.
        encoding: of the terminal.
    """
    result = Table(title=visible(title), title_justify="left", padding=(0, 0, 0, 1), pad_edge=False)
    result.add_column("label", no_wrap=True)
    measures = columns(factor_names)
    for column in measures:
        result.add_column(column.heading, justify="right", no_wrap=True)
    for heading, _ in VERDICTS:
        result.add_column(heading, no_wrap=True)
    for entry in report.labels:
        cells = [styled(_dim(column.lines(entry)), encoding) for column in measures]
        names = styled(
            [(shortened(label_names[entry.label]), "bold"), *_dim(list(LINES))[1:]], encoding
        )
        verdicts = [yes_or_no(read(entry)) for _, read in VERDICTS]
        result.add_row(names, *cells, *verdicts, end_section=True)
    return result


def transposed_table(
    report: Report, label_names: Sequence[str], factor_names: Sequence[str], title: str
) -> Table:
    """All measures as a table for a narrow terminal: measures are rows, labels are columns.

    Args:
        report: the report.
        label_names: names of the labels, for people.
        factor_names: names of the hidden factors in the report.
        title: the title of the table.
    """
    result = Table(title=visible(title), title_justify="left")
    result.add_column("measure")
    for entry in report.labels:
        result.add_column(shortened(label_names[entry.label]), justify="right")
    for column in columns(factor_names):
        cells = []
        for entry in report.labels:
            value, low, high, floor, _ = column.lines(entry)
            beside = [f"{low} to {high}"] * bool(low) + [f"real {floor}"] * bool(floor)
            cells.append(f"{value} ({'; '.join(beside)})" if beside else value)
        result.add_row(plain_heading(column.heading), *cells)
    for heading, read in VERDICTS:
        result.add_row(plain_heading(heading), *(yes_or_no(read(entry)) for entry in report.labels))
    return result


def short_table(
    report: Report,
    label_names: Sequence[str],
    factor_names: Sequence[str],
    title: str,
    stacked: bool = False,
) -> Table:
    """The report as a table of at most seven columns, which ends in a verdict in words.

    Args:
        report: the report.
        label_names: names of the labels, for people.
        factor_names: names of the hidden factors in the report.
        title: the title of the table.
        stacked: whether the parts of a cell stand below each other, for a narrow terminal.
    """
    result = Table(title=visible(title), title_justify="left", padding=(0, 0, 0, 1), pad_edge=False)
    for heading in HEADINGS:
        if heading in WORDS:
            result.add_column(heading, overflow="fold")
        else:
            result.add_column(heading, justify="right", no_wrap=True)
    joint = "\n" if stacked else " "
    for entry in report.labels:
        cells = short_cells(entry, label_names[entry.label], factor_names)
        result.add_row(*(joint.join(cell) for cell in cells), end_section=stacked)
    return result


def show(
    console: TextConsole,
    report: Report,
    label_names: Sequence[str],
    factor_names: Sequence[str],
    title: str,
    full: bool = False,
) -> None:
    """Print the table in the form that fits, and remarks below it.

    Args:
        console: where it is printed.
        report: the report.
        label_names: names of the labels, for people.
        factor_names: names of the hidden factors in the report.
        title: the title of the table.
        full: whether all measures are shown in place of the short table.
    """
    names = (label_names, factor_names, title)
    if full:
        upright = table(report, *names, console.encoding)
        for one in [upright] if _fits(upright, console) else _parts(report, names, console):
            console.print(one)
    else:
        in_lines = short_table(report, *names)
        fits = _fits(in_lines, console)
        console.print(in_lines if fits else short_table(report, *names, stacked=True))
    for line in [*remarks(report, label_names), *([] if full else [legend(report)])]:
        console.print(line, highlight=False)


def _parts(
    report: Report, names: tuple[Sequence[str], Sequence[str], str], console: TextConsole
) -> list[Table]:
    """Tables with measures as rows, each with as many labels as fit beside each other."""
    for n_labels in range(len(report.labels), 0, -1):
        parts = [
            transposed_table(Report(report.labels[start : start + n_labels]), *names)
            for start in range(0, len(report.labels), n_labels)
        ]
        if n_labels == 1 or all(_fits(part, console) for part in parts):
            return parts
    return []


def yes_or_no(value: bool | None) -> str:
    """A verdict in one word."""
    return "-" if value is None else "YES" if value else "no"


def plain_heading(heading: str) -> str:
    """A heading of two lines as one.

    Example:
        >>> plain_heading("cover-\\nage"), plain_heading("label\\nfound")
        ('coverage', 'label found')
    """
    return heading.replace("-\n", "").replace("\n", " ")


def _fits(table: Table, console: TextConsole) -> bool:
    options = console.options.update(max_width=10_000)
    return console.measure(table, options=options).maximum <= console.width


def _dim(lines: list[str]) -> list[tuple[str, str]]:
    return [(lines[0], ""), *((line, "dim") for line in lines[1:])]
