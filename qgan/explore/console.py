"""What a person sees of a run in a terminal: the bar, the table, what to type next."""

from __future__ import annotations

import math
import os
from types import TracebackType

import torch
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from torch import Tensor

from qgan.data import Dataset
from qgan.explore import report_table
from qgan.metrics import Report
from qgan.model import Model, exact_states
from qgan.states import States
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
    from qgan.explore.judged import N_DRAWN, judged_pictures
    from qgan.explore.pictures import save_pictures

    console = report_table.plain_console()
    title = f"held-out states, checkpoint of step {model.step}"
    report_table.show(console, report, data.label_names, data.factor_names, title)
    generator = model.generator

    def sample(label: Tensor, latent: Tensor) -> States:
        return exact_states(generator, label, latent)

    save_pictures(
        sample, data, history_file.read(folder.history_file), generator.n_latent, folder.plots
    )
    label = torch.arange(data.n_labels).repeat_interleave(N_DRAWN)
    latent = generator.prior.sample(len(label), torch.Generator().manual_seed(0))
    judged_pictures(sample(label, latent), label, data, folder.plots)
    path = folder.path
    console.print(f"Run: {path}  (config, checkpoints, history.csv, report.json, plots)")
    console.print("Next:")
    console.print(f"  qgan sample {path} --n 256 --seed 5 --out states.npz   generated states")
    console.print(f"  qgan evaluate {path}   this table again")
