"""What a person sees of a run in a terminal: the bar, the table, what to type next."""

from __future__ import annotations

import math
import os
from types import TracebackType
from typing import Any

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from qgan.data import Dataset
from qgan.metrics import LabelReport, Report
from qgan.model import Model, exact_states
from qgan.training import RunFolder, Session, Trainer
from qgan.training import history as history_file


class Bar:
    """A progress bar with rate, losses and the running criterion; silent when not a terminal.

    Args:
        n_steps: steps in all.
        done: steps taken before.
    """

    def __init__(self, n_steps: int, done: int = 0) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[told]}"),
        )
        console = Console(stderr=True)
        self.progress = Progress(*columns, console=console, disable=not console.is_terminal)
        self.task = self.progress.add_task(
            "training", total=n_steps, completed=done, rate="", told=""
        )
        self.coverage = math.nan
        self.begun: tuple[float, float] | None = None

    def __enter__(self) -> Bar:
        self.progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.progress.stop()

    def __call__(self, row: dict[str, float]) -> None:
        """Show a step's row of the history."""
        self.begun = self.begun or (row["step"] - 1, row["seconds"] - 1e-9)
        self.coverage = row.get("coverage", self.coverage)
        rate = (row["step"] - self.begun[0]) / max(1e-9, row["seconds"] - self.begun[1])
        told = (
            f"D {row['discriminator_loss']:+.3f}  G {row['generator_loss']:+.3f}  "
            f"F {self.coverage:.4f}"
        )
        self.progress.update(
            self.task, completed=row["step"], rate=f"{rate:.0f} steps/s", told=told
        )


def train_and_report(trainer: Trainer, folder: RunFolder, resume: bool = False) -> int:
    """Train with a bar, judge, draw, and say what to type next; returns the exit status.

    Status 130 or 143 after an interrupt, when checkpoint and report are written all the same.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        # A step is thousands of small tensor operations: a second thread costs more than it brings.
        torch.set_num_threads(1)
    bar = Bar(trainer.config.steps)
    session = Session(trainer, folder, bar)
    if resume:
        session.resume()
    else:
        session.start()
    with bar:
        finished = session.train()
    if trainer.step == 0:
        print(f"Stopped before the first step. qgan resume {folder.path}")
        return 128 + (session.stopped_by or 0)
    model, report = session.report()
    show_report(folder, trainer.data, model, report)
    if finished:
        return 0
    print(f"Stopped at step {trainer.step} of {trainer.config.steps}; go on with")
    print(f"  qgan resume {folder.path}")
    return 128 + (session.stopped_by or 0)


def show_report(folder: RunFolder, data: Dataset, model: Model, report: Report) -> None:
    """Print the table, draw the pictures, name the next commands."""
    from qgan.explore.pictures import save_pictures

    console = Console(width=None if Console().is_terminal else 110)
    console.print(table(report, data, f"held-out states, checkpoint of step {model.step}"))
    for label in report.labels:
        if label.skill_undefined:
            console.print(
                f"{data.label_names[label.label]}: skill undefined, {label.skill_undefined}"
            )
    generator = model.generator
    save_pictures(
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
    console.print(f"  qgan explore {path}   turn z and look, in a browser")
    console.print(f"  qgan evaluate {path}   this table again")


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
