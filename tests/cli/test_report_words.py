"""The words of a report: a verdict on each label, and the lines below the table."""

from __future__ import annotations

import math
from typing import Any

import pytest
from label_reports import label_report, report_of

from qgan.cli.report_words import legend, remarks, short_cells, verdict

NAN = math.nan
VERDICTS: dict[str, tuple[dict[str, Any], str]] = {
    "good": ({}, "good"),
    "not judged": ({"label_collapse": None, "mode_collapse": None, "latent_ignored": None}, "good"),
    "confused": ({"label_collapse": True, "label_recovered": 0.5}, "labels confused"),
    "found at 0.726": ({"label_recovered": 0.726}, "label found too rarely"),
    "found at 0.9": ({"label_recovered": 0.9}, "good"),
    "one label": ({"label_collapse": None, "label_recovered": 0.7}, "good"),
    "collapsed": (
        {"mode_collapse": True, "nearest_neighbour_ratio": 0.0, "k_eq": 2.0, "skill": 0.7},
        "modes collapsed, serves like 2 frozen states",
    ),
    "ignored": ({"latent_ignored": True}, "latent ignored"),
    "twelve frozen": (
        {"k_eq": 12.0, "floors": {"k_eq": 244.0}, "skill": 0.8},
        "serves like 12 frozen states",
    ),
    "twelve frozen that no skill believes": ({"k_eq": 12.0, "floors": {"k_eq": 244.0}}, "good"),
    "thirteen of 244": ({"k_eq": 13.0, "floors": {"k_eq": 244.0}, "skill": 0.7}, "good"),
    "one frozen": (
        {"k_eq": 1.0, "floors": {"k_eq": 4.0}, "skill": 0.6},
        "serves like 1 frozen state",
    ),
    "real states serve like one": ({"k_eq": 1.0, "floors": {"k_eq": 1.0}}, "good"),
    "no floor": ({"k_eq": 1.0, "floors": {}}, "good"),
    "clumped": ({"nearest_neighbour_ratio": 0.29}, "clumped"),
    "not clumped": ({"nearest_neighbour_ratio": 0.3}, "good"),
    "no neighbours": ({"nearest_neighbour_ratio": NAN}, "good"),
    "copies": ({"memorised": 0.9}, "copies of real states"),
    "some copies by chance": ({"memorised": 0.2}, "good"),
    "memorised unknown": ({"memorised": NAN}, "good"),
    "bad": ({"skill": 0.49}, "skill below 0.5"),
    "undecided": (
        {"skill": 0.727, "intervals": {"skill": (-0.44, 1.25)}},
        "too few states to tell",
    ),
    "decided": ({"skill": 0.727, "intervals": {"skill": (0.5, 0.9)}}, "good"),
    "without an interval": ({"skill": 0.727, "intervals": {}}, "good"),
    "undefined": ({"skill": NAN, "skill_undefined": "why"}, "skill undefined"),
}


@pytest.mark.parametrize("name", VERDICTS)
def test_a_verdict_says_good_or_what_is_wrong(name: str) -> None:
    figures, words = VERDICTS[name]
    assert verdict(label_report(**figures)) == words


def test_the_cells_of_a_row() -> None:
    cells = [" ".join(cell) for cell in short_cells(label_report(), "up", ("h", "g"))]
    skill = "0.953 (0.93 to 0.98)"
    assert cells == ["up", skill, "0.9981", "0.9990", "0.980", "h: 0.98, g: 0.95", "good"]
    assert len(cells) == 7


def test_what_is_unknown_is_a_dash() -> None:
    entry = label_report(skill=NAN, intervals={}, multiple_rank={"h": NAN, "g": NAN})
    cells = short_cells(entry, "up", ("h", "g"))
    assert (cells[1], cells[5]) == (("-",), ("-",))
    one = short_cells(label_report(multiple_rank={"h": NAN, "g": 0.5}), "up", ("h", "g"))
    assert one[5] == ("h: -,", "g: 0.50")
    assert short_cells(entry, "up", ())[5] == ("-",)


def test_of_many_factors_four_are_shown() -> None:
    names = tuple(f"f{k}" for k in range(9))
    cell = short_cells(label_report(multiple_rank=dict.fromkeys(names, 0.5)), "up", names)[5]
    assert " ".join(cell) == "f0: 0.50, f1: 0.50, f2: 0.50, f3: 0.50, 5 more"


BESIDE = (
    "frozen states that serve as well: 41 (real states: 55); neighbour ratio 0.80; "
    "copies of real states 6 % (fresh real ones: 5 %)"
)


def test_the_lines_below_say_what_skill_does_not_and_how_many_states_judge() -> None:
    lines = remarks(report_of(label_report(), label_report()), ("up", "down"))
    assert lines == [
        f"up: {BESIDE}",
        f"down: {BESIDE}",
        "Judged with 4,096 held-out and 4,096 generated states per label, in draws of 512.",
    ]


def test_an_undefined_skill_has_its_reason() -> None:
    entry = label_report(skill=NAN, skill_undefined="W1 - W0 = 0", intervals={})
    assert "up: skill undefined, W1 - W0 = 0" in remarks(report_of(entry), ("up",))


def few(n_held_out: int, n_generated: int = 4096, n_draw: int | None = None) -> dict[str, Any]:
    n_draw = min(n_held_out, n_generated) if n_draw is None else n_draw
    sizes = {"n_held_out": n_held_out, "n_generated": n_generated, "n_draw": n_draw}
    return {**sizes, "intervals": {"skill": (0.78, 1.02)}}


LONG = "and the interval of skill is 0.24 long; with 512 or more it would be shorter."
FEW: dict[str, tuple[list[dict[str, Any]], str]] = {
    "held-out": ([few(77)], f"There are only 77 held-out states of label a: a draw has 77, {LONG}"),
    "generated": (
        [few(600, 40)],
        f"There are only 40 generated states of label a: a draw has 40, {LONG}",
    ),
    "other": (
        [few(90, 4096, 50)],
        "There are too few other real states of label a for a draw of 512: a draw has 50, " + LONG,
    ),
    "one state": (
        [few(1) | {"intervals": {}}],
        "There is only 1 held-out state of label a: a draw has 1.",
    ),
    "two labels": (
        [few(77), few(77) | {"intervals": {"skill": (0.5, 1.0)}}],
        "There are only 77 held-out states of labels a and b: a draw has 77, "
        "and the interval of skill is 0.24 to 0.50 long; with 512 or more it would be shorter.",
    ),
    "four numbers": (
        [few(k) for k in (77, 78, 79, 80)],
        "There are only 77 to 80 held-out states of labels a, b, c and 1 more: "
        f"a draw has 77 to 80, {LONG}",
    ),
    "five labels": (
        [few(77)] * 5,
        f"There are only 77 held-out states of labels a, b, c and 2 more: a draw has 77, {LONG}",
    ),
}


@pytest.mark.parametrize("name", FEW)
def test_few_states_are_told_with_the_length_of_the_interval(name: str) -> None:
    figures, line = FEW[name]
    entries = [label_report(**one) for one in figures]
    lines = remarks(report_of(*entries), "abcde")
    assert lines[-1] == line
    assert lines[-2].startswith("Judged with ")


def test_labels_of_different_numbers_have_a_line_each() -> None:
    entries = [label_report(**few(n)) for n in (77, 40, 77)]
    lines = remarks(report_of(*entries), "abc")[-2:]
    assert lines[0].startswith("There are only 77 held-out states of labels a and c: ")
    assert lines[1].startswith("There are only 40 held-out states of label b: a draw has 40, ")


def test_the_legend_speaks_of_r_where_there_is_one() -> None:
    without = label_report(multiple_rank={"h": NAN})
    assert "R = 1" not in legend(report_of(without))
    assert "R = 1" not in legend(report_of(label_report(multiple_rank={})))
    assert legend(report_of(without, label_report())).endswith(" with R = 1 at best.")


def test_each_kind_of_scarce_states_has_its_line() -> None:
    entries = [label_report(**few(77)), label_report(**few(600, 40)), label_report()]
    lines = remarks(report_of(*entries), "abc")[3:]
    assert [line.split()[3] for line in lines[1:]] == ["77", "40"]
    states = "77 to 4,096 held-out and 40 to 4,096 generated states per label"
    assert lines[0] == f"Judged with {states}, in draws of 40 to 512."
