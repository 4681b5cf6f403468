"""The command `qgan compare`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import tyro

from qgan.cli.parsing import parse_command
from qgan.text import shortened, visible

__all__ = ["command_compare", "results_table", "settings_table"]

if TYPE_CHECKING:
    from qgan.runs.comparison import Group

Runs = Annotated[tuple[Path, ...], tyro.conf.Positional, tyro.conf.arg(metavar="DIR ...")]


def command_compare(argv: Sequence[str]) -> int:
    """`qgan compare DIR ...`: settings that differ, and results with confidence intervals."""

    def compare(runs: Runs) -> tuple[Path, ...]:
        return runs

    text = """Compare runs: the settings in which they differ, and what they reached on held-out
states. Runs that differ in nothing but the seed share a line, with intervals over the seeds."""
    paths = parse_command(compare, argv, "qgan compare", text)

    from qgan.cli.tables import wide_console
    from qgan.runs.comparison import differing_settings, find_runs, group_runs

    runs, others = find_runs(paths)
    for path in others:
        print(f"{visible(str(path))} is no run and is left out.", file=sys.stderr)
    groups = group_runs(runs)
    console = wide_console()
    rows = differing_settings(groups)
    if rows:
        console.print(settings_table(groups, rows))
    else:
        console.print("No setting differs but the seed.")
    console.print(results_table(groups))
    for group in groups:
        for run, steps in zip(group.runs, group.steps, strict=True):
            if not (run / "report.json").exists():
                total = group.settings["trainer.steps"]
                console.print(f"{run}: no report yet, step {steps} of {total}. qgan resume {run}")
    return 0


def settings_table(groups: Sequence[Group], rows: dict[str, list[Any]]) -> Any:
    """The table of settings that differ: one row per setting, one column per group."""
    from rich.table import Table

    table = Table(title="settings that differ", title_justify="left")
    table.add_column("key")
    for group in groups:
        table.add_column(shortened(group.name), overflow="fold")
    for key, values in rows.items():
        table.add_row(key, *("-" if value is None else shortened(value) for value in values))
    return table


def results_table(groups: Sequence[Group]) -> Any:
    """The table of results: one row per group and label, one column per measure."""
    from rich.table import Table

    from qgan.cli.report_words import figure_range
    from qgan.runs.comparison import CONFIDENCE, MEASURES

    title = f"held-out states, [{CONFIDENCE:.0%} confidence interval over seeds]"
    table = Table(title=title, title_justify="left")
    for name in ("runs", "seeds", "label"):
        table.add_column(name)
    for measure in MEASURES:
        table.add_column(measure, justify="right")
    table.add_column("states:\nheld-out\ngenerated\nper draw")
    for group in groups:
        for place, label in enumerate(group.labels()):
            first = (shortened(group.name), str(len(group.reports))) if place == 0 else ("", "")
            cells = (str(group.estimate(place, m)) for m in MEASURES)
            numbers = group.numbers(place)
            states = ", ".join(map(figure_range, numbers)) if all(numbers) else "-"
            table.add_row(*first, shortened(label), *cells, states)
        if not group.reports:
            table.add_row(shortened(group.name), "0", "", *("-" for _ in MEASURES), "-")
    return table
