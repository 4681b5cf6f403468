"""What a report says to a person: the cells of the short table, a verdict in words, and remarks.

Nothing here is laid out: the terminal and the page of the report show the same words.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from qgan.evaluation import LabelReport, Report
from qgan.metrics.ensembles.transport import N_DRAWN
from qgan.text import shortened

__all__ = [
    "HEADINGS",
    "WORDS",
    "figure_range",
    "findings",
    "legend",
    "number",
    "remarks",
    "short_cells",
    "verdict",
]

HEADINGS = (
    "label", "skill", "cover-\nage", "preci-\nsion", "label\nfound", "latents\nfollow", "verdict",
)  # fmt: skip
"""The columns of the short table."""
WORDS = ("label", "latents\nfollow", "verdict")
"""The columns that hold words, and not one figure."""
OF_SKILL = (
    "Skill is 1 for states as good as more real ones, 0 for the best single state per label, and "
    "less for worse ones."
)
OF_LATENTS = "The latents follow a hidden factor with R = 1 at best."

LEAST_SKILL = 0.5
"""A skill below this is named: the states are nearer to one frozen state than to real ones."""
LEAST_NEIGHBOURS = 0.3
"""Clumped: nearest neighbours lie at less than this share of their distance among real states."""
LEAST_FROZEN = 0.05
"""So few frozen states that serve as well, in comparison with the floor, are named."""
MOST_FROZEN_SKILL = 0.8
"""No eight frozen states reach this skill; above it their number, which coverage gives, says less
than skill: where a label varies little a few cover it."""
MOST_MEMORISED = 0.25
"""Copies: so many states are nearer to training states than fresh real ones are; 0.05 is usual."""
LEAST_FOUND = 0.9
"""A label that is found at a lower share of the rate of real states is named."""
MOST_FACTORS = 4
MOST_NAMES = 3


def findings(entry: LabelReport) -> list[str]:
    """What is wrong with the states of a label, each in a few words; nothing if all is well.

    Args:
        entry: the report of the label.
    """
    low, _ = _skill_ends(entry)
    floor, n_frozen = entry.floors.get("k_eq", math.nan), entry.k_eq
    rarely = entry.label_recovered < LEAST_FOUND * entry.label_recovered_real
    few = floor > 1 and n_frozen <= max(1, LEAST_FROZEN * floor)
    serves = "1 frozen state" if n_frozen == 1 else f"{number(n_frozen, 0)} frozen states"
    named = {
        "labels confused": entry.label_collapse is True,
        "label found too rarely": entry.label_collapse is False and rarely,
        "modes collapsed": entry.mode_collapse is True,
        "latent ignored": entry.latent_ignored is True,
        f"serves like {serves}": few and not entry.skill > MOST_FROZEN_SKILL,
        "clumped": not entry.mode_collapse and entry.nearest_neighbour_ratio < LEAST_NEIGHBOURS,
        "copies of real states": entry.memorised > MOST_MEMORISED,
        f"skill below {LEAST_SKILL}": entry.skill < LEAST_SKILL,
        "skill undefined": math.isnan(entry.skill),
        "too few states to tell": low < LEAST_SKILL <= entry.skill,
    }
    return [words for words, holds in named.items() if holds]


def _skill_ends(entry: LabelReport) -> tuple[float, float]:
    """The ends of the interval of skill; NaN where there is none."""
    return entry.intervals.get("skill", (math.nan, math.nan))


def verdict(entry: LabelReport) -> str:
    """The verdict on a label in words: "good", or what is wrong."""
    return ", ".join(findings(entry)) or "good"


def short_cells(
    entry: LabelReport, label_name: str, factor_names: Sequence[str]
) -> list[tuple[str, ...]]:
    """The cells of a row of the short table, each as parts that a space or a new line joins.

    Args:
        entry: the report of the label.
        label_name: the name of the label.
        factor_names: names of the hidden factors in the report.
    """
    low, high = _skill_ends(entry)
    skill = [number(entry.skill, 3)]
    if not math.isnan(low):
        skill.append(f"({low:.2f} to {high:.2f})")
    ranks = {name: entry.multiple_rank.get(name, math.nan) for name in factor_names}
    follows = [f"{shortened(name)}: {number(rank, 2)}" for name, rank in ranks.items()]
    if all(map(math.isnan, ranks.values())):
        follows = ["-"]
    elif len(follows) > MOST_FACTORS:
        follows[MOST_FACTORS:] = [f"{len(follows) - MOST_FACTORS} more"]
    follows[:-1] = [f"{one}," for one in follows[:-1]]
    return [
        (shortened(label_name),),
        tuple(skill),
        (number(entry.coverage, 4),),
        (number(entry.precision, 4),),
        (number(entry.label_recovered, 3),),
        tuple(follows),
        (verdict(entry),),
    ]


def remarks(report: Report, label_names: Sequence[str]) -> list[str]:
    """The lines below the table: what skill does not say, and how many states it comes from.

    Args:
        report: the report.
        label_names: names of the labels, for people.
    """
    names = [shortened(label_names[entry.label]) for entry in report.labels]
    entries = list(zip(names, report.labels, strict=True))
    return [
        *(f"{name}: {_beside_skill(entry)}" for name, entry in entries),
        *(
            f"{name}: skill undefined, {entry.skill_undefined}"
            for name, entry in entries
            if entry.skill_undefined
        ),
        *(
            f"{name}: {shortened(factor)} is {reading.sentence()}"
            for name, entry in entries
            for factor, reading in entry.angles.items()
            if reading.assumed
        ),
        _numbers(report.labels),
        *_few_states(entries),
    ]


def legend(report: Report) -> str:
    """What the figures of the short table mean; R where the table has one.

    Args:
        report: the report.
    """
    ranks = [rank for entry in report.labels for rank in entry.multiple_rank.values()]
    return OF_SKILL if all(map(math.isnan, ranks)) else f"{OF_SKILL} {OF_LATENTS}"


def figure_range(values: Sequence[float] | Sequence[int], form: str = ",") -> str:
    """The range of some figures.

    Example:
        >>> figure_range([4096, 4096]), figure_range([0.312, 0.24], ".2f")
        ('4,096', '0.24 to 0.31')
    """
    low, high = format(min(values), form), format(max(values), form)
    return low if low == high else f"{low} to {high}"


def number(value: float, digits: int) -> str:
    """A figure as text, or a dash if it is undefined."""
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _beside_skill(entry: LabelReport) -> str:
    """What skill does not say, in one line."""
    floor = entry.floors.get("k_eq", math.nan)
    figures = [
        f"frozen states that serve as well: {number(entry.k_eq, 0)}"
        f" (real states: {number(floor, 0)})",
        f"neighbour ratio {number(entry.nearest_neighbour_ratio, 2)}",
    ]
    if not math.isnan(share := entry.memorised):
        real = entry.floors.get("memorised", math.nan)
        of_real = "" if math.isnan(real) else f" (fresh real ones: {100 * real:.0f} %)"
        figures.append(f"copies of real states {100 * share:.0f} %{of_real}")
    if not math.isnan(entry.roughness):
        roughness = number(entry.roughness, 2)
        figures.append(f"roughness of the walk {roughness} (0 is smooth, 1 is scrambled)")
    return "; ".join(figures)


def _numbers(entries: Sequence[LabelReport]) -> str:
    held_out, generated, draw = (
        figure_range([count(entry) for entry in entries])
        for count in (lambda e: e.n_held_out, lambda e: e.n_generated, lambda e: e.n_draw)
    )
    states = f"{held_out} held-out and {generated} generated states per label"
    return f"Judged with {states}, in draws of {draw}."


SCARCE: tuple[tuple[str, Callable[[LabelReport], bool]], ...] = (
    ("held-out", lambda e: e.n_draw == e.n_held_out),
    ("generated", lambda e: e.n_draw == e.n_generated),
    ("other", lambda e: True),
)
"""The states that can be too few for a full draw, each with the test whether it is these; others
are the real states that are not held out."""


def _few_states(entries: Sequence[tuple[str, LabelReport]]) -> list[str]:
    """Lines that say which states are few and how long that makes the interval.

    There is one for each number of states of a kind, and one for all of the kind if there are many.
    """
    few: dict[str, list[tuple[str, LabelReport]]] = {}
    for name, entry in entries:
        if entry.n_draw < N_DRAWN:
            kind = next(kind for kind, is_scarce in SCARCE if is_scarce(entry))
            few.setdefault(kind, []).append((name, entry))
    lines = []
    for kind, rows in few.items():
        numbers = list(dict.fromkeys(entry.n_draw for _, entry in rows))
        parts = [[row for row in rows if row[1].n_draw == number] for number in numbers]
        for part in parts if len(parts) <= MOST_NAMES else [rows]:
            lines.append(_scarcity(kind, [name for name, _ in part], [entry for _, entry in part]))
    return lines


def _scarcity(kind: str, names: Sequence[str], entries: Sequence[LabelReport]) -> str:
    draw = figure_range([entry.n_draw for entry in entries])
    which = f"label {names[0]}" if len(names) == 1 else f"labels {_enumeration(names)}"
    if kind == "other":
        few = f"There are too few other real states of {which} for a draw of {N_DRAWN}"
    else:
        verb, noun = ("is", "state") if draw == "1" else ("are", "states")
        few = f"There {verb} only {draw} {kind} {noun} of {which}"
    ends = [entry.intervals["skill"] for entry in entries if "skill" in entry.intervals]
    if not ends:
        return f"{few}: a draw has {draw}."
    length = figure_range([high - low for low, high in ends], ".2f")
    interval = f"the interval of skill is {length} long; with {N_DRAWN} or more it would be shorter"
    return f"{few}: a draw has {draw}, and {interval}."


def _enumeration(names: Sequence[str]) -> str:
    """Names in a sentence: the first three, and the number of further ones."""
    first, more = list(names[:MOST_NAMES]), len(names) - MOST_NAMES
    last = f"{more} more" if more > 0 else first.pop()
    return f"{', '.join(first)} and {last}"
