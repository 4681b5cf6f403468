"""The report as one table: labels down and measures across, the verdicts last."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from qgan.evaluation import LabelReport, Report

PLAIN_WIDTH = 170
"""Columns of a table that goes to a file or a pipe."""


@dataclass(frozen=True)
class Column:
    """One measure of the table.

    Args:
        heading: short, two lines at most.
        value: from the report of a label.
        digits: after the point.
        key: under which floors and intervals have it.
        single: what one state a label scores, if known.
    """

    heading: str
    value: Callable[[LabelReport], float]
    digits: int
    key: str
    single: Callable[[LabelReport], float] | None = None

    def lines(self, report: LabelReport) -> list[str]:
        """The measure, half the width of its interval, its floor, and one state's."""
        low, high = report.intervals.get(self.key, (math.nan, math.nan))
        spread = (high - low) / 2
        single = math.nan if self.single is None else self.single(report)
        floor = self.floor(report)
        return [
            number(self.value(report), self.digits),
            "" if math.isnan(spread) else f"±{number(spread, self.digits)}",
            "" if math.isnan(floor) else number(floor, self.digits),
            "" if math.isnan(single) else number(single, self.digits),
        ]

    def floor(self, report: LabelReport) -> float:
        """What real states score in place of generated ones."""
        fixed = {
            "skill": 1.0 if not math.isnan(report.skill) else math.nan,
            "purity": report.real_purity,
            "label_recovered": report.label_recovered_real,
            "effective_modes": report.effective_modes_real,
        }
        return fixed.get(self.key, report.floors.get(self.key, math.nan))


def columns(factor_names: Sequence[str]) -> list[Column]:
    """The measures that are printed; ``report.json`` has all."""
    found = [
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
        found.append(
            Column(
                f"R of z\nto {name}",
                lambda r, k=name: r.multiple_rank.get(k, math.nan),  # type: ignore[misc]
                3,
                f"multiple_rank/{name}",
            )
        )
    return found


VERDICTS: tuple[tuple[str, Callable[[LabelReport], bool | None]], ...] = (
    ("label\ncollapse", lambda r: r.label_collapse),
    ("mode\ncollapse", lambda r: r.mode_collapse),
    ("latent\nignored", lambda r: r.latent_ignored),
)
LINES = ("", "95 %", "real", "one state")


def table(
    report: Report, label_names: Sequence[str], factor_names: Sequence[str], title: str
) -> Table:
    """The report as a table.

    Below each label's figures stand half the width of the 95 % interval, what training states
    score in place of generated ones, and what one state a label scores.

    Args:
        report: the report.
        label_names: of the labels, for people.
        factor_names: of the hidden factors that the report knows.
        title: above the table.
    """
    made = Table(title=title, title_justify="left", padding=(0, 0, 0, 1), pad_edge=False)
    made.add_column("label", no_wrap=True)
    shown = columns(factor_names)
    for column in shown:
        made.add_column(column.heading, justify="right", no_wrap=True)
    for heading, _ in VERDICTS:
        made.add_column(heading, no_wrap=True)
    for entry in report.labels:
        cells = ["\n".join(_styled(column.lines(entry))) for column in shown]
        names = [f"[bold]{label_names[entry.label]}[/bold]", *LINES[1:]]
        verdicts = [verdict(read(entry)) for _, read in VERDICTS]
        made.add_row("\n".join(_styled(names)), *cells, *verdicts, end_section=True)
    return made


def turned(
    report: Report, label_names: Sequence[str], factor_names: Sequence[str], title: str
) -> Table:
    """The same figures with labels across, for a narrow terminal."""
    made = Table(title=title, title_justify="left")
    made.add_column("measure")
    for entry in report.labels:
        made.add_column(label_names[entry.label], justify="right")
    for column in columns(factor_names):
        cells = []
        for entry in report.labels:
            value, spread, floor, _ = column.lines(entry)
            cells.append(f"{value} {spread}" + (f" (real {floor})" if floor else ""))
        made.add_row(_one_line(column.heading), *cells)
    for heading, read in VERDICTS:
        made.add_row(_one_line(heading), *(verdict(read(entry)) for entry in report.labels))
    return made


def show(
    console: Console,
    report: Report,
    label_names: Sequence[str],
    factor_names: Sequence[str],
    title: str,
) -> None:
    """Print the table, and why a skill is undefined where it is."""
    made = table(report, label_names, factor_names, title)
    unbounded = console.options.update(max_width=10_000)
    fits = console.measure(made, options=unbounded).maximum <= console.width
    console.print(made if fits else turned(report, label_names, factor_names, title))
    for entry in report.labels:
        if entry.skill_undefined:
            console.print(f"{label_names[entry.label]}: skill undefined, {entry.skill_undefined}")


def plain_console() -> Console:
    """A console as wide as the terminal, or wide enough for the table where there is none."""
    return Console(width=None if Console().is_terminal else PLAIN_WIDTH)


def number(value: float, digits: int) -> str:
    """A figure, or a dash where it is undefined."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def verdict(value: bool | None) -> str:
    """A verdict in one word."""
    return "-" if value is None else "YES" if value else "no"


def _styled(lines: list[str]) -> list[str]:
    return [lines[0], *(f"[dim]{line}[/dim]" if line else "" for line in lines[1:])]


def _one_line(heading: str) -> str:
    return heading.replace("-\n", "").replace("\n", " ")
