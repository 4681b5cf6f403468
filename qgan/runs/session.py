"""A run from its folder to its report: the loop with evaluation, checkpoints and signals."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import cached_property
from typing import Any

from qgan import errors
from qgan.evaluation import Report
from qgan.evaluation.judge import Judge
from qgan.model import Model, describe
from qgan.runs.differences import differences
from qgan.runs.folder import RunFolder
from qgan.runs.loggers import Records
from qgan.runs.provenance import commit, versions
from qgan.runs.reporting import report
from qgan.runs.stopping import StopRequest
from qgan.training.cost import cost_of_step
from qgan.training.guard import Fault, NonFiniteError
from qgan.training.trainer import Trainer

# What is shown after a step: the step, its row of the history (NaN where not measured).
Listener = Callable[[dict[str, float]], None]

MOST_STUDIES = 3  # files about updates that were not taken


def say(line: str) -> None:
    """Where lines for the user go unless told otherwise: standard error."""
    print(line, file=sys.stderr)


class Session:
    """Trains in a run folder; the folder can be opened or resumed at any time.

    Args:
        trainer: what to train.
        run: the folder, already created.
        listener: called after each step with its row of the history.
        tell: takes the lines that a user should see: what was lost, skipped or has changed.

    Attributes:
        records: loggers beside the history; none unless they are set.
    """

    def __init__(
        self,
        trainer: Trainer,
        run: RunFolder,
        listener: Listener | None = None,
        tell: Callable[[str], None] = say,
    ) -> None:
        self.trainer = trainer
        self.run = run
        self.listener = listener
        self.tell = tell
        self.best = math.inf
        self.seconds = 0.0
        self.saved: int | None = None  # step of the last checkpoint
        self.stopped_by: int | None = None
        self.lock = run.lock()
        self.cost = cost_of_step(trainer)
        self.records = Records()
        trainer.guard.on_fault = self._study

    @cached_property
    def validation(self) -> Judge:
        """Who chooses the best checkpoint; what it compares with is computed once."""
        return Judge(self.trainer.data, "validation")

    def start(self) -> None:
        """Write what describes the run, and a checkpoint of step 0.

        Raises:
            QganError: if another process trains in the folder, or it cannot be written.
        """
        self.lock.acquire()
        self.run.save_circuit(describe(self.trainer.generator, self.trainer.data.label_values))
        self.history = self.run.history(until=-1)
        self._save("last")

    def resume(self) -> None:
        """Continue from the last checkpoint that can be read; later rows of the history go.

        A run that was cut off before its first checkpoint starts.

        Raises:
            QganError: if another process trains in the folder, it cannot be written, or no
                checkpoint in it can be read or fits its configuration.
        """
        self.lock.acquire()
        self.run.clean()
        state = self.run.good_checkpoint(self.tell)
        if state is None:
            self.tell("There is no checkpoint yet: starting from the first step.")
            self.start()
            return
        try:
            changed = differences(state["experiment"], self.settings)
            self.trainer.load_state_dict(state)
        except (KeyError, TypeError, ValueError, RuntimeError) as error:
            raise self._misfit(error, state) from None
        self.best, self.seconds, self.saved = state["best"], state["seconds"], state["step"]
        changed |= differences(state["versions"], versions())
        for key, (before, now) in changed.items():
            self.tell(f"`{key}` was {before} and is now {now}: not the same run bit for bit.")
        self.history = self.run.history(self.trainer.step, state["rows"])
        if self.history.rows < state["rows"]:
            lost = state["rows"] - self.history.rows
            self.tell(f"{self.run.history_file} has lost {lost} of {state['rows']} rows.")

    def _misfit(self, error: Exception, state: dict[str, Any]) -> errors.QganError:
        """The error for a checkpoint that is whole, but of other settings than config.yaml has."""
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        known = state.get("experiment")
        if isinstance(known, dict):
            changed = [
                f"`{key}` was {one} and is now {other}"
                for key, (one, other) in differences(known, self.settings).items()
            ]
            reason = ", ".join(changed) or reason
        return errors.argument("checkpoint", f"must fit {self.run.config_file}", reason)

    def train(self) -> bool:
        """Train to the last step; False if a signal ended it early (after a checkpoint).

        Raises:
            QganError: if a loss is not finite and that is to stop it, or the disk is full.
        """
        try:
            with StopRequest() as stop:
                self._train(stop)
            self.stopped_by = stop.number
        except NonFiniteError as error:
            raise errors.QganError(f"{str(error).rstrip('.')}; {self._way_on()}") from None
        except errors.QganError as error:
            raise errors.QganError(f"{error} Training stopped; {self._way_on()}") from None
        finally:
            self.lock.release()
        return self.stopped_by is None

    def _way_on(self) -> str:
        return f"checkpoint of step {self.saved} is whole: qgan resume {self.run.path}"

    def _train(self, stop: StopRequest) -> None:
        config, begun = self.trainer.config, time.monotonic() - self.seconds
        if self.history.rows == 0:
            self._evaluate({"step": 0.0, **self.cost.after(0)})
            self._save("last")
        while self.trainer.step < config.steps and stop.number is None:
            row = {**self.trainer.train_step(), "step": float(self.trainer.step)}
            row.update(self.cost.after(self.trainer.step))
            step, last = self.trainer.step, self.trainer.step == config.steps
            self.seconds = row["seconds"] = time.monotonic() - begun
            if step % config.evaluate_every == 0 or last:
                self._evaluate(row)
            elif step % config.log_every == 0:
                self._record(row)
            if step % config.evaluate_every == 0 or step % config.checkpoint_every == 0 or last:
                self._save("last")
            if self.listener is not None:
                self.listener(row)
        if self.saved != self.trainer.step:
            self._save("last")

    def _evaluate(self, row: dict[str, float]) -> None:
        row.update(self.validation.criterion(self.trainer.averaged))
        self._record(row)
        if row["shortfall"] < self.best:
            self.best = row["shortfall"]
            self._save("best")

    def _record(self, row: dict[str, float]) -> None:
        self.history.append(row)
        self.records.metrics(row)

    def _save(self, name: str) -> None:
        self.history.sync()
        state = {
            **self.trainer.state_dict(),
            "best": self.best,
            "seconds": self.seconds,
            "rows": self.history.rows,
            "experiment": self.settings,
            "versions": versions(),
            "commit": commit(),
        }
        self.run.save_checkpoint(name, state)
        if name == "last":
            self.records.save()
            self.saved = self.trainer.step

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The configuration of the run, as plain data."""
        return self.run.experiment().model_dump(mode="json")

    def _study(self, fault: Fault) -> None:
        """Keep the state that led to an update which was not taken, and say so."""
        if self.trainer.guard.refused < MOST_STUDIES:
            path = self.run.save_study(fault.step, fault.state)
            self.tell(f"{fault}: update not taken. The state that led there is in {path}.")

    def report(self) -> tuple[Model, Report]:
        """Judge the best and the last checkpoint on held-out states and write the report."""
        return report(self.run, self.trainer.data, self.seconds)
