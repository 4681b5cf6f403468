"""A run from its folder to its report: the loop with evaluation, checkpoints and signals."""

from __future__ import annotations

import math
import platform
import signal
import time
from collections.abc import Callable
from importlib.metadata import version
from types import FrameType
from typing import Any

from qgan.metrics import Report
from qgan.model import Model, describe
from qgan.training.judge import Judge
from qgan.training.run_folder import RunFolder, load
from qgan.training.trainer import Trainer

CRITERION = "mean over labels of (W - W0) / (W1 - W0), 1 - skill, on validation states"

# What is shown after a step: the step, its row of the history (NaN where not measured).
Listener = Callable[[dict[str, float]], None]


class Session:
    """Trains in a run folder; the folder can be opened or resumed at any time.

    Args:
        trainer: what to train.
        run: the folder, already created.
        listener: called after each step with its row of the history.
    """

    def __init__(self, trainer: Trainer, run: RunFolder, listener: Listener | None = None) -> None:
        self.trainer = trainer
        self.run = run
        self.listener = listener
        self.best = math.inf
        self.seconds = 0.0
        self.stopped_by: int | None = None
        self.validation = Judge(trainer.data, "validation")

    def start(self) -> None:
        """Write what describes the run, and a checkpoint of step 0."""
        self.run.save_circuit(describe(self.trainer.generator, self.trainer.data.label_values))
        self.history = self.run.history(until=-1)
        self._evaluate({"step": 0.0})
        self._save("last")

    def resume(self) -> None:
        """Continue from the last checkpoint; later rows of the history are dropped."""
        state = self.run.checkpoint("last")
        self.trainer.load_state_dict(state)
        self.best, self.seconds = state["best"], state["seconds"]
        self.history = self.run.history(until=self.trainer.step)

    def train(self) -> bool:
        """Train to the last step; False if a signal ended it early (after a checkpoint)."""
        config, begun = self.trainer.config, time.monotonic() - self.seconds
        previous = {s: signal.signal(s, self._stop) for s in (signal.SIGINT, signal.SIGTERM)}
        try:
            while self.trainer.step < config.steps and self.stopped_by is None:
                row = {**self.trainer.train_step(), "step": float(self.trainer.step)}
                step, last = self.trainer.step, self.trainer.step == config.steps
                self.seconds = row["seconds"] = time.monotonic() - begun
                if step % config.evaluate_every == 0 or last:
                    self._evaluate(row)
                    self._save("last")
                elif step % config.log_every == 0:
                    self.history.append(row)
                if self.listener is not None:
                    self.listener(row)
            if self.stopped_by is not None:
                self._save("last")
        finally:
            for number, handler in previous.items():
                signal.signal(number, handler)
        return self.stopped_by is None

    def _stop(self, number: int, frame: FrameType | None) -> None:
        """First signal: finish the step. Second: end at once."""
        if self.stopped_by is not None:
            raise KeyboardInterrupt
        self.stopped_by = number

    def _evaluate(self, row: dict[str, float]) -> None:
        row.update(self.validation.criterion(self.trainer.averaged))
        self.history.append(row)
        if row["shortfall"] < self.best:
            self.best = row["shortfall"]
            self._save("best")

    def _save(self, name: str) -> None:
        state = {**self.trainer.state_dict(), "best": self.best, "seconds": self.seconds}
        self.run.save_checkpoint(name, state)

    def report(self) -> tuple[Model, Report]:
        """Judge the best and the last checkpoint on held-out states and write the report."""
        return report(self.run, self.trainer.data, self.seconds)


def report(run: RunFolder, data: Any, seconds: float | None = None) -> tuple[Model, Report]:
    """Judge a run's checkpoints on held-out states and write ``report.json``.

    Args:
        run: the run.
        data: its data set.
        seconds: training time, if known.

    Returns:
        The best checkpoint's model and its report.
    """
    judge = Judge(data, "held_out")
    best, last = load(run.path, "best"), load(run.path, "last")
    judged = judge.report(best.generator)
    run.save_report(
        {
            "criterion": CRITERION,
            "checkpoint": "best",
            "step": best.step,
            "held_out": judged.to_dict(),
            "last": {"step": last.step, "held_out": judge.report(last.generator).to_dict()},
            "label_values": list(data.label_values),
            "label_names": list(data.label_names),
            "factor_names": list(data.factor_names),
            "training_seconds": seconds,
            "versions": versions(),
        }
    )
    return best, judged


def versions() -> dict[str, str]:
    """Versions of what the numbers depend on."""
    names = ("qgan", "torch", "pennylane", "numpy", "scipy", "POT")
    return {"python": platform.python_version(), **{name: version(name) for name in names}}
