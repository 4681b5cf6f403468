"""A training as a person follows it in a terminal: a bar, and lines about its end."""

from __future__ import annotations

import math
import os
import signal
from collections.abc import Callable
from types import TracebackType

import torch
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from qgan import errors
from qgan.cli.console import show_report, waiting
from qgan.cli.pace import FirstSteps, long_line
from qgan.cli.tables import TextConsole
from qgan.runs import RunFolder, Session
from qgan.training import Learner

__all__ = ["Bar", "train_and_report"]

LONGEST_SILENCE = 30.0
"""Seconds after which a training without a terminal says where it is."""


class Bar:
    """A progress bar with rate, losses and skill.

    Where there is no terminal it prints lines instead: one for each judgement, and one after half a
    minute without any.

    Args:
        n_steps: number of steps of the training.
        console: where the bar is drawn; standard error by default.
        long_line: what to say after the first steps, from the seconds per step; None is nothing.
    """

    def __init__(
        self,
        n_steps: int,
        console: TextConsole | None = None,
        long_line: Callable[[float], str | None] | None = None,
    ) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TextColumn("{task.fields[rate]}"),
            TimeRemainingColumn(),
            TextColumn("{task.fields[losses]}"),
        )
        self.console = console or TextConsole(stderr=True)
        visible = self.console.is_terminal
        self.progress = Progress(*columns, console=self.console, disable=not visible)
        self.task = self.progress.add_task("training", total=n_steps, rate="", losses="")
        self.skill = math.nan
        self.start = (0.0, 0.0)
        self.n_steps, self.long_line = n_steps, long_line
        self.first_steps = FirstSteps(0.0, 0.0)
        self.last_line = 0.0

    def begin(self, step: int, seconds: float) -> None:
        """Note where the run starts or goes on, so that the rate counts only the steps from there.

        Args:
            step: the step so far.
            seconds: the training time so far.
        """
        self.start, self.last_line = (step, seconds), seconds
        self.first_steps = FirstSteps(float(step), seconds)
        self.progress.reset(self.task, completed=step)

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
        """Show the numbers of a step."""
        pace = self.first_steps.pace(row["step"], row["seconds"])
        if pace is not None and self.long_line is not None:
            line = self.long_line(pace)
            if line is not None:
                self.tell(line)
        first, second = self.start
        self.skill = 1 - row["shortfall"] if "shortfall" in row else self.skill
        rate = (row["step"] - first) / max(1e-9, row["seconds"] - second)
        losses = f"D {row['discriminator_loss']:+.3f}  G {row['generator_loss']:+.3f}"
        if not math.isnan(self.skill):
            losses += f"  skill {self.skill:.3f}"
        speed = f"{rate:.0f} steps/s" if rate >= 1 else f"{1 / max(1e-9, rate):.1f} s/step"
        self.progress.update(self.task, completed=row["step"], rate=speed, losses=losses)
        silent = row["seconds"] - self.last_line
        if not self.console.is_terminal and ("shortfall" in row or silent > LONGEST_SILENCE):
            self.last_line = row["seconds"]
            self.tell(f"step {row['step']:,.0f} of {self.n_steps:,}  {speed}  {losses}")

    def tell(self, line: str) -> None:
        """Print a line above the bar, on standard error."""
        self.console.print(line, soft_wrap=True, highlight=False)


def train_and_report(
    learner: Learner, folder: RunFolder, begin: Callable[[Session], None] = Session.start
) -> int:
    """Train with a bar, judge, draw, and say what to type next.

    Args:
        learner: the learner that is trained.
        folder: the folder of the run.
        begin: how the session begins: anew, or from the last checkpoint of the run.

    Returns:
        The exit status: 0, or 128 and the number of the signal that ended the training, which
        leaves a checkpoint.
    """
    if "OMP_NUM_THREADS" not in os.environ:
        # A step is thousands of small operations: a second thread costs more than it saves.
        torch.set_num_threads(1)
    experiment = folder.experiment()

    def line_if_long(pace: float) -> str | None:
        return long_line(pace, learner.config.steps, first_step, experiment, learner.data)

    bar = Bar(learner.config.steps, long_line=line_if_long)
    session = Session(learner, folder, bar, bar.tell, logs=True)
    try:
        with session:
            begin(session)
            first_step = learner.step
            bar.begin(first_step, session.seconds)
            if not bar.console.is_terminal:
                bar.tell(f"Run: {folder.path}")
            if first_step == learner.config.steps:
                bar.tell(f"All {first_step:,} steps have been taken, and none is left to train.")
            with bar:
                complete = session.train()
    except errors.QganError:
        session.loggers.finalize("failed")
        raise
    except KeyboardInterrupt:  # before the training handles signals, or at the second one
        print(
            f"Stopped at once; the last checkpoint is of step {session.saved_step or 0}. Go on with"
        )
        print(f"  {folder.resume_command()}")
        return 128 + signal.SIGINT
    if not complete:
        session.loggers.finalize("interrupted")
        print(f"Stopped at step {learner.step} of {learner.config.steps}; go on with")
        print(f"  {folder.resume_command()}")
        return 128 + (session.stop_signal or 0)
    with waiting("judging on held-out states"):
        model, report = session.report()
    pictures = show_report(folder, learner.data, model, report)
    session.loggers.pictures(pictures, learner.step)
    session.loggers.finalize("success")
    return 0
