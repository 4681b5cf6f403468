"""What a person sees in a terminal at the end of a run: the table, and what to type next."""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import torch

from qgan.batch import Batch
from qgan.cli import report_table
from qgan.cli.tables import TextConsole, wide_console
from qgan.data import Dataset
from qgan.evaluation import Report
from qgan.files import read_regular, write_atomically
from qgan.model import Model
from qgan.runs import RunFolder
from qgan.runs.history import read_history
from qgan.stored import MOST_BYTES
from qgan.text import visible

__all__ = ["show_report", "tell_notes", "waiting"]

PATIENCE = 5.0
"""Seconds after which a computation is long enough to be named in a log file."""


@contextmanager
def waiting(
    text: str, console: TextConsole | None = None, patience: float = PATIENCE
) -> Iterator[None]:
    """A sign of activity during a long computation.

    Where there is no terminal, that is one line, once the computation takes long.

    Args:
        text: what is done.
        console: where it is shown; standard error by default.
        patience: seconds after which a line is printed where there is no terminal.
    """
    console = console or TextConsole(stderr=True)
    if console.is_terminal:
        with console.status(text):
            yield
        return
    line = f"{text[0].upper()}{text[1:]} ..."
    timer = threading.Timer(patience, console.print, (line,), {"highlight": False})
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def tell_notes(data: Dataset) -> None:
    """Say what was assumed and put right when the data were read, a line per note."""
    for note in data.notes:
        print(f"Note: {visible(note)}", file=sys.stderr)


def show_report(
    folder: RunFolder, data: Dataset, model: Model, report: Report, full: bool = False
) -> list[Path]:
    """Print the table, draw the pictures, write ``report.html`` and name the next commands.

    Args:
        folder: the folder of the run.
        data: its data set.
        model: the model that was judged.
        report: its report.
        full: whether the table has all measures.

    Returns:
        The paths of the pictures.
    """
    from qgan.cli.html_report import report_page
    from qgan.pictures.judged import N_DRAWN, judged_pictures
    from qgan.pictures.run import save_pictures

    console = wide_console()
    title = f"held-out states, checkpoint of step {model.step}"
    names = (data.label_names, data.factor_names, title)
    report_table.show(console, report, *names, full)
    trained = f"Trained parameters: {model.sampler.parameter_counts()}."
    console.print(trained, soft_wrap=True, highlight=False)
    sampler, skills = model.sampler, [entry.skill for entry in report.labels]
    with waiting("drawing"):
        history = read_history(folder.history_file)
        pictures = save_pictures(
            sampler.exact_states, data, history, sampler.prior, folder.plots, skills
        )
        label = torch.arange(data.n_labels).repeat_interleave(N_DRAWN)
        latent = sampler.prior.sample(len(label), torch.Generator().manual_seed(0))
        batch = Batch(sampler.exact_states(label, latent), label)
        pictures += judged_pictures(batch, data, folder.plots, skills)
    path = folder.path
    settings = read_regular(folder.config_file, MOST_BYTES).decode("utf-8", "replace")
    page = report_page(
        f"Run {path}", report, *names, pictures=pictures, settings=settings, trained=trained
    )
    write_atomically(folder.page_file, page)
    for line in (
        f"Run: {path}  (config, checkpoints, history.csv, report.json, plots)",
        f"Pictures and all measures, for a browser: {folder.page_file}",
        "Next:",
        f"  qgan sample {path} --n 256 --seed 5 --out states.npz   generated states",
        f"  qgan explore {path}   turn z and look, in a browser",
        f"  qgan evaluate {path} --full   the table with all measures",
    ):
        console.print(line, soft_wrap=True)  # a path or a command is copied from one line
    return pictures
