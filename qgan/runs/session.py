"""The session of a run: its training with evaluations, checkpoints and signals, and its report."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import Any

from qgan import errors
from qgan.evaluation import Report
from qgan.evaluation.judge import Judge
from qgan.model import Model, describe
from qgan.runs._differences import differences, flat, is_fixed
from qgan.runs._stopping import StopRequest
from qgan.runs.data import have_changed, note_data
from qgan.runs.folder import RunFolder
from qgan.runs.history import History
from qgan.runs.loggers import Loggers
from qgan.runs.provenance import commit, versions
from qgan.runs.reporting import report
from qgan.training.guard import Fault, NonFiniteError
from qgan.training.learner import Learner

__all__ = ["Listener", "Session"]

Listener = Callable[[dict[str, float]], None]
"""A function that is called after each step with the numbers of that step, by name."""

MISFITS = (
    LookupError,
    TypeError,
    ValueError,
    RuntimeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
)
"""What loading raises where a checkpoint is whole but of another game."""
MOST_DUMPS = 3
"""Most files that are written about updates that were not taken."""


def say(line: str) -> None:
    """Print a line for the user on standard error."""
    print(line, file=sys.stderr)


class Session:
    """Trains in a run folder, so that the run can be opened or resumed at any time.

    As a context manager it releases the folder in every case.

    Args:
        learner: the learner that is trained.
        run: the folder, which must exist.
        listener: a function that is called after each step with the numbers of that step.
        tell: takes the lines that a user should see, about losses, faults and changed settings.
        logs: whether the loggers that the settings name take the history too.

    Attributes:
        loggers: the loggers beside the history; none until the session has started.
        seconds: how long the run has trained so far, in seconds.
        saved_step: the step of the last checkpoint, or None.
        stop_signal: the signal that ended the training early, or None.

    Example:
        ``with Session(trainer, run) as session: session.start(); session.train()``
    """

    def __init__(
        self,
        learner: Learner,
        run: RunFolder,
        listener: Listener | None = None,
        tell: Callable[[str], None] = say,
        logs: bool = False,
    ) -> None:
        self.learner = learner
        self.run = run
        self.listener = listener
        self.tell = tell
        self.logs = logs
        self.loggers = Loggers()
        self.best = math.inf
        self.seconds = 0.0
        self.saved_step: int | None = None
        self.stop_signal: int | None = None
        self.lock = run.lock()
        self.cost = learner.cost()
        self._paid_until = 0
        self._paid = self.cost.after(0)
        self._history: History | None = None
        learner.guard.on_fault = self._dump

    def __enter__(self) -> Session:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.lock.release()

    @property
    def history(self) -> History:
        """The history of the run.

        Raises:
            QganError: if the session has not been started or resumed yet.
        """
        if self._history is None:
            raise errors.QganError("A session must be started or resumed before it trains.")
        return self._history

    @cached_property
    def validation(self) -> Judge:
        """The judge on validation states, which chooses the best checkpoint."""
        return Judge(self.learner.data, "validation")

    def start(self, data_file: Path | None = None) -> None:
        """Write the descriptions of the sampler and of the data, and a checkpoint of step 0.

        Args:
            data_file: the file that the data were read from, if it is not where the settings say.

        Raises:
            QganError: if another process trains in the folder, or it cannot be written.
        """
        self.lock.acquire()
        self._describe(data_file)
        self._history = self.run.history(until=-1)
        self._save("last")
        self._open_loggers()

    def _describe(self, data_file: Path | None) -> None:
        self.run.save_circuit(describe(self.learner.model, self.learner.data.label_values))
        note_data(self.run, self.learner.data, data_file)

    def resume(self, changed_data: bool = False, data_file: Path | None = None) -> None:
        """Continue from the last checkpoint that can be read; later rows are dropped.

        A run that was cut off before its first checkpoint starts from the first step. Settings of
        the training that have changed hold from the resumed step on, and each is told.

        Args:
            changed_data: whether the run may go on with other data than those that it has learned;
                the best checkpoint is then chosen anew.
            data_file: the file that the data were read from, if it is not where it was.

        Raises:
            QganError: if another process trains in the folder, it cannot be written, a setting or
                the data have changed that a run keeps, the run has taken more steps than it is to
                take, or no checkpoint in it can be read or fits its configuration.
        """
        self.lock.acquire()
        self.run.clean()
        state = self.run.good_checkpoint(self.tell)
        if state is None:
            self.tell("There is no checkpoint yet: starting from the first step.")
            self.start(data_file)
            return
        try:
            changes = differences(state["experiment"], self.settings)
            self._check_fixed(changes, flat(state["experiment"]), changed_data)
            self._check_steps(state["step"])
            other_data = self._check_data(changed_data)
            self.learner.load_state_dict(state)
            self._paid_until = state["step"]
            self._paid = state.get("cost") or self.cost.after(state["step"])
        except errors.QganError:
            raise
        except MISFITS as error:
            raise self._misfit(error, state) from None
        self.best, self.seconds, self.saved_step = state["best"], state["seconds"], state["step"]
        changes |= differences(state["versions"], versions())
        for key, (before, now) in changes.items():
            self.tell(f"`{key}` was {before} and is now {now}: not the same run bit for bit.")
        if other_data:
            self.tell("The data are others than before: the best checkpoint is chosen anew.")
            self.best = math.inf
        self._history = self.run.history(self.learner.step, state["rows"])
        if self.history.rows < state["rows"]:
            n_missing = state["rows"] - self.history.rows
            self.tell(f"{self.run.history_file} has lost {n_missing} of {state['rows']} rows.")
        if other_data:
            self._save("last")
        self._describe(data_file)
        self._open_loggers()

    def _check_fixed(
        self, changes: dict[str, tuple[Any, Any]], before: dict[str, Any], changed_data: bool
    ) -> None:
        """Refuse changes of settings that a run keeps; one that was not known before is none."""
        fixed = {key: change for key, change in changes.items() if is_fixed(key) and key in before}
        if changed_data:
            fixed = {key: change for key, change in fixed.items() if not key.startswith("data.")}
        if fixed:
            raise self._unfit(_told(fixed))

    def _check_steps(self, step: int) -> None:
        """Refuse an end that the run has passed."""
        if step > self.learner.config.steps:
            rule = f"must be at least {step}, the steps that the run has taken"
            raise errors.argument("trainer.steps", rule, self.learner.config.steps)

    def _check_data(self, changed_data: bool) -> bool:
        """Whether the data are others than the run has learned, which only an option allows."""
        data = self.learner.data
        other = have_changed(self.run, data)
        if other and not changed_data:
            rule = "must be the data that the run has learned so far without option changed-data"
            got = f"other states, labels or records from {data.name}"
            raise errors.argument("data", rule, got, [("option", "changed-data")])
        return other

    def _open_loggers(self) -> None:
        if self.logs:
            self.loggers = Loggers.of(self.run, self.learner.step, self.tell)

    def _misfit(self, error: Exception, state: dict[str, Any]) -> errors.QganError:
        """The error for a checkpoint that is whole but does not fit the settings in config.yaml."""
        reason = next(iter(str(error).splitlines()), "") or type(error).__name__
        settings = state.get("experiment")
        if isinstance(settings, dict):
            reason = _told(differences(settings, self.settings)) or reason
        return self._unfit(reason)

    def _unfit(self, reason: str) -> errors.QganError:
        return errors.argument("checkpoint", f"must fit {self.run.config_file}", reason)

    def train(self) -> bool:
        """Train to the last step.

        Returns:
            True; False if a signal ended the training early, after a checkpoint.

        Raises:
            QganError: if a loss is not finite and the settings do not skip such updates, or if a
                file cannot be written.
        """
        try:
            with StopRequest() as stop:
                self._train(stop)
            self.stop_signal = stop.number
        except NonFiniteError as error:
            raise errors.QganError(f"{str(error).rstrip('.')}; {self._advice()}") from None
        except errors.QganError as error:
            raise errors.QganError(f"{error} Training stopped; {self._advice()}") from None
        finally:
            self.lock.release()
        return self.stop_signal is None

    def _advice(self) -> str:
        return f"checkpoint of step {self.saved_step} is whole: {self.run.resume_command()}"

    def _train(self, stop: StopRequest) -> None:
        config, start = self.learner.config, time.monotonic() - self.seconds
        if self.history.rows == 0:
            self._evaluate({"step": 0.0, **self._cost_so_far()})
            self._save("last")
        while self.learner.step < config.steps and stop.number is None:
            row = {**self.learner.train_step(), "step": float(self.learner.step)}
            row.update(self._cost_so_far())
            step, last = self.learner.step, self.learner.step == config.steps
            self.seconds = row["seconds"] = time.monotonic() - start
            if step % config.evaluate_every == 0 or last:
                self._evaluate(row)
            elif step % config.log_every == 0:
                self._record(row)
            if step % config.evaluate_every == 0 or step % config.checkpoint_every == 0 or last:
                self._save("last")
            if self.listener is not None:
                self.listener(row)
        if self.saved_step != self.learner.step:
            self._save("last")

    def _cost_so_far(self) -> dict[str, float]:
        """What all steps have cost; those before a resumption had the settings of their time."""
        since = self.cost.after(self.learner.step - self._paid_until)
        return {name: self._paid[name] + cost for name, cost in since.items()}

    def _evaluate(self, row: dict[str, float]) -> None:
        row.update(self.validation.criterion(self.learner.model))
        self._record(row)
        if row["shortfall"] < self.best:
            self.best = row["shortfall"]
            self._save("best")

    def _record(self, row: dict[str, float]) -> None:
        self.history.append(row)
        self.loggers.metrics(row)

    def _save(self, name: str) -> None:
        self.history.sync()
        state = {
            **self.learner.state_dict(),
            "best": self.best,
            "seconds": self.seconds,
            "rows": self.history.rows,
            "cost": self._cost_so_far(),
            "experiment": self.settings,
            "versions": versions(),
            "commit": commit(),
        }
        self.run.save_checkpoint(name, state)
        if name == "last":
            self.loggers.save()
            self.saved_step = self.learner.step

    @cached_property
    def settings(self) -> dict[str, Any]:
        """The configuration of the run, as plain data, with what the learner trains with."""
        experiment = self.run.experiment().model_copy(update={"trainer": self.learner.config})
        return experiment.model_dump(mode="json")

    def _dump(self, fault: Fault) -> None:
        """Write the state that led to an update which was not taken, and tell the user."""
        if self.learner.guard.refused < MOST_DUMPS:
            path = self.run.save_dump(fault.step, fault.state)
            self.tell(f"{fault}: update not taken. The state that led there is in {path}.")

    def report(self) -> tuple[Model, Report]:
        """Judge the best and the last checkpoint on held-out states and write the report."""
        return report(self.run, self.learner.data, self.seconds)


def _told(changes: dict[str, tuple[Any, Any]]) -> str:
    """Settings that have changed, as a list within a sentence."""
    return ", ".join(f"`{key}` was {old} and is now {new}" for key, (old, new) in changes.items())
