"""What a person sees of a run in a terminal: the table, and what to type next."""

from __future__ import annotations

import math
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from qgan.data import Dataset
from qgan.metrics import LabelReport, Report
from qgan.model import Model, exact_states
from qgan.training import RunFolder
from qgan.training import history as history_file


def waiting(text: str, console: Console | None = None) -> AbstractContextManager[Any]:
    """A sign of life while something takes its time; nothing when not a terminal."""
    console = console or Console(stderr=True)
    return console.status(text) if console.is_terminal else nullcontext()


def show_report(folder: RunFolder, data: Dataset, model: Model, report: Report) -> list[Path]:
    """Print the table, draw the pictures, name the next commands; returns the pictures' paths."""
    from qgan.explore.pictures import save_pictures

    console = Console(width=None if Console().is_terminal else 110)
    console.print(table(report, data, f"held-out states, checkpoint of step {model.step}"))
    for label in report.labels:
        if label.skill_undefined:
            console.print(
                f"{data.label_names[label.label]}: skill undefined, {label.skill_undefined}"
            )
    generator = model.generator
    with waiting("drawing"):
        pictures = save_pictures(
            lambda label, latent: exact_states(generator, label, latent),
            data,
            history_file.read(folder.history_file),
            generator.n_latent,
            folder.plots,
        )
    path = folder.path
    console.print(f"Run: {path}  (config, checkpoints, history.csv, report.json, plots)")
    console.print("Next:")
    console.print(f"  qgan sample {path} --n 256 --seed 5 --out states.npz   generated states")
    console.print(f"  qgan evaluate {path}   this table again")
    return pictures


def table(report: Report, data: Dataset, title: str) -> Table:
    """The report as a table: measures down, labels across, the verdicts last."""
    made = Table(title=title, title_justify="left")
    made.add_column("measure")
    for name in data.label_names:
        made.add_column(name, justify="right")
    made.add_column("what is good", style="dim")
    for name, cell, good in _rows(data):
        made.add_row(name, *(cell(label) for label in report.labels), good)
    return made


def _rows(data: Dataset) -> list[tuple[str, Any, str]]:
    rows: list[tuple[str, Any, str]] = [
        ("skill", lambda r: _number(r.skill, 3), "1; 0 is one state a label"),
        ("coverage", lambda r: _number(r.coverage), "1; one state reaches the next line"),
        ("  of one state", lambda r: _number(r.collapsed_coverage), ""),
        ("precision", lambda r: _number(r.precision), "1"),
        ("spread ratio", lambda r: _number(r.spread_ratio, 2), "1"),
        ("neighbour ratio", lambda r: _number(r.nearest_neighbour_ratio, 2), "1"),
        ("average-state distance", lambda r: _number(r.average_distance), "0"),
        ("purity (real)", lambda r: f"{r.purity:.3f} ({r.real_purity:.3f})", "equal"),
        (
            "label recovered (real)",
            lambda r: f"{r.label_recovered:.3f} ({r.label_recovered_real:.3f})",
            "equal",
        ),
    ]
    for name in data.factor_names:
        rows.append((f"R of z to {name}", lambda r, k=name: _number(r.multiple_rank[k], 3), "1"))
        rows.append((f"Spearman z, {name}", lambda r, k=name: _spearman(r, k), "one is +-1"))
    rows += [
        ("label collapse", lambda r: _verdict(r.label_collapse), "no"),
        ("mode collapse", lambda r: _verdict(r.mode_collapse), "no"),
        ("latent ignored", lambda r: _verdict(r.latent_ignored), "no"),
    ]
    return rows


def _spearman(report: LabelReport, factor: str) -> str:
    return " ".join(f"{value:+.2f}" for value in report.spearman[factor]) or "-"


def _number(value: float, digits: int = 4) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _verdict(value: bool | None) -> str:
    return "-" if value is None else "YES" if value else "no"
