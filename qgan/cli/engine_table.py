"""The table of `qgan plan`: engines with their gradient methods, time and memory."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Group
from rich.table import Table
from rich.text import Text

from qgan.engines.choose import Timing, choose
from qgan.errors import QganError

__all__ = ["MIB", "engine_table"]

MIB = 2**20


def engine_table(timings: Sequence[Timing]) -> Group:
    """A row for each engine that can run the circuit, and a reason for each that cannot.

    The engine that ``--engine auto`` takes is marked.
    """
    try:
        best = choose(timings)
    except QganError:
        best = None
    table = Table(title="One forward and backward pass", title_justify="left")
    table.add_column("engine", no_wrap=True)
    table.add_column("gradient", no_wrap=True)
    table.add_column("ms", justify="right", no_wrap=True)
    table.add_column("memory, MiB", justify="right", no_wrap=True)
    table.add_column("exact")
    for row in (row for row in timings if row.seconds is not None):
        table.add_row(
            row.candidate.name + (" *" if row is best else ""),
            row.candidate.diff_method,
            f"{'~' if row.extrapolated else ''}{1e3 * (row.seconds or 0):.1f}",
            f"{(row.memory or 0) / MIB:.1f}",
            "yes" if row.exact else "no",
        )
    lines = [Text("* what --engine auto takes; ~ one sample times the batch", style="dim")]
    lines += [Text(f"Not run: {who}: {why}") for why, who in _refused(timings).items()]
    return Group(table, *lines)


def _refused(timings: Sequence[Timing]) -> dict[str, str]:
    """The candidates that cannot serve, by the reason; those of one reason stand together."""
    names: dict[str, list[str]] = {}
    for row in timings:
        if row.seconds is None:
            device = row.candidate.device or row.candidate.kind
            why = (row.why_not or "").removeprefix(f"Device {device}: ")
            names.setdefault(why, []).append(f"{row.candidate.name} ({row.candidate.diff_method})")
    return {why: ", ".join(some) for why, some in names.items()}
