"""The short table of a report, as a terminal shows it."""

from __future__ import annotations

import io

import pytest
from label_reports import label_report, report_of

from qgan.cli import report_table
from qgan.cli.report_words import HEADINGS
from qgan.cli.tables import TextConsole, wide_console
from qgan.evaluation import Report

USUAL = report_of(
    label_report(skill=0.461, intervals={"skill": (0.39, 0.53)}, label_collapse=True),
    label_report(
        skill=0.7, k_eq=12.0, floors={"k_eq": 244.0}, mode_collapse=True, latent_ignored=True
    ),
    label_report(),
)
VERDICTS = """labels confused, skill below 0.5
modes collapsed, latent ignored, serves like 12 frozen states good"""
NAMES = ("superconductor", "disordered", "up")


def printed(width: int, full: bool = False, report: Report = USUAL) -> list[str]:
    out = io.StringIO()
    console = TextConsole(width=width, color_system=None, file=out)
    report_table.show(console, report, NAMES, ("h", "g"), "a title", full)
    return out.getvalue().splitlines()


def rows(lines: list[str]) -> list[list[str]]:
    """The cells of the lines of a table that hold figures."""
    return [[c.strip() for c in line.strip("│").split("│")] for line in lines if line[:1] == "│"]


def test_the_table_has_at_most_seven_columns_and_fits_in_80_characters() -> None:
    lines = printed(80)
    assert max(map(len, lines)) <= 80
    assert len(HEADINGS) <= 7 and {len(row) for row in rows(lines)} == {len(HEADINGS)}
    first = rows(lines)[0]
    assert first[:3] == ["superconductor", "0.461", "0.9981"]
    assert " ".join(row[-1] for row in rows(lines)).split() == VERDICTS.split()
    assert [row[5] for row in rows(lines)[:2]] == ["h: 0.98,", "g: 0.95"]
    assert all("…" not in line for line in lines)


def test_where_there_is_room_a_label_is_one_line() -> None:
    lines = printed(170)
    table = rows(lines)
    assert [row[0] for row in table] == list(NAMES)
    skill = "0.953 (0.93 to 0.98)"
    assert table[2] == ["up", skill, "0.9981", "0.9990", "0.980", "h: 0.98, g: 0.95", "good"]


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("width", [80, 170])
def test_the_lines_below_stand_under_both_tables(width: int, full: bool) -> None:
    text = " ".join(" ".join(printed(width, full)).split())
    assert "up: frozen states that serve as well: 41 (real states: 55); neighbour ratio" in text
    assert "Judged with 4,096 held-out and 4,096 generated states per label" in text


def test_full_shows_every_measure() -> None:
    short, full = ("\n".join(printed(170, choice)) for choice in (False, True))
    for name in ("W2", "K_eq", "squared", "purity", "R of z", "95 %"):
        assert name in full and name not in short


def test_an_interval_is_shown_by_its_ends() -> None:
    """The figure need not be in the middle."""
    entry = label_report(skill=0.461, intervals={"skill": (0.2, 0.53)}, multiple_rank={})
    narrow = rows(printed(80, full=True, report=report_of(entry)))
    assert ["skill", "0.461 (0.200 to 0.530; real 1.000)"] in narrow
    wide = [row[1] for row in rows(printed(170, full=True, report=report_of(entry)))]
    assert wide[:4] == ["0.461", "0.200", "0.530", "1.000"]


def test_of_many_labels_the_full_table_has_parts_that_fit() -> None:
    report = report_of(*[label_report() for _ in range(9)])
    out = io.StringIO()
    console = TextConsole(width=100, color_system=None, file=out)
    report_table.show(console, report, [f"label {k}" for k in range(9)], ("h", "g"), "a", full=True)
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 100 and all("…" not in line for line in lines)
    heads = [cell for line in lines if line[:1] == "┃" for cell in line.split("┃")]
    names = [cell.strip() for cell in heads if cell.strip().startswith("label ")]
    assert names == [f"label {k}" for k in range(9)]


def test_a_file_gets_a_page_of_text() -> None:
    assert wide_console().width <= 100


def test_long_names_are_folded_and_figures_are_not() -> None:
    entry = label_report(skill=-6.561, intervals={"skill": (-6.8, -6.32)}, multiple_rank={})
    out = io.StringIO()
    console = TextConsole(width=80, color_system=None, file=out)
    names = ("magnetisation along the longest axis",)
    report_table.show(console, report_of(entry), names, ("temperature of the bath",), "a title")
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert "(-6.80 to -6.32)" in {row[1] for row in rows(lines)}
