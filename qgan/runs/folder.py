"""The folder of a run, in which everything can be read without this program."""

from __future__ import annotations

import json
import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from qgan import errors
from qgan.build.plain_yaml import plain_data
from qgan.build.settings import parse, to_yaml
from qgan.config import Experiment
from qgan.description import FORMAT, StoredModel
from qgan.files import read_regular
from qgan.model import Model, rebuild
from qgan.runs import checkpoint
from qgan.runs.history import History
from qgan.runs.lock import Lock, check_unlocked
from qgan.runs.provenance import header
from qgan.runs.schemas import StoredCheckpoint, StoredData, StoredReport
from qgan.stored import MOST_BYTES, fit, fit_objects, read_json

__all__ = ["RunFolder", "load"]

RESUME_ORDER = ("last", "previous", "best")
"""The checkpoints from which a run can be resumed, in the order in which they are tried."""

RENAMINGS = "`cure` is now `term`, and `trainer.mismatched_share` is `mismatched_share`"
"""The settings that had other names in a run of format 1."""


def _other_format(path: Path, number: object) -> str:
    """One line about a run folder of another format, and what to do with it."""
    line = f"Run folder {path} has format {number}, and this version of qgan reads format {FORMAT}"
    if number == 1:
        again = f"qgan train --config {path / 'config.yaml'}"
        return f"{line}: train it again with {again}, in which {RENAMINGS}."
    return f"{line}: open it with the version of qgan that its config.yaml names."


class _AnyFormat(BaseModel):
    """The number of the format, in a file of any format."""

    format: int | None = None


class RunFolder:
    """The folder of a run and the files in it; made by :meth:`create` or :meth:`open`.

    The files are ``config.yaml``, ``circuit.json``, ``data.json``, ``history.csv``,
    ``report.json`` and ``report.html``, and those in ``checkpoints/`` and ``plots/``.

    Args:
        path: the folder.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config_file = self.path / "config.yaml"
        self.circuit_file = self.path / "circuit.json"
        self.data_file = self.path / "data.json"
        self.history_file = self.path / "history.csv"
        self.report_file = self.path / "report.json"
        self.page_file = self.path / "report.html"
        self.plots = self.path / "plots"
        self.checkpoints = self.path / "checkpoints"

    @staticmethod
    def check_free(path: str | Path, overwrite: bool) -> None:
        """Refuse a folder that exists, unless it may be overwritten and is a run.

        Raises:
            QganError: if the folder may not be overwritten, or another process trains in it.
        """
        path = Path(path)
        if not path.exists():
            return
        if not overwrite:
            rule = "must not exist without option overwrite"
            raise errors.argument("run", rule, path, [("option", "overwrite")])
        if not (path / "config.yaml").exists() and (not path.is_dir() or any(path.iterdir())):
            raise errors.argument("run", "must be a run folder to be overwritten", path)
        check_unlocked(path)

    @classmethod
    def create(cls, path: str | Path, experiment: Experiment, overwrite: bool = False) -> RunFolder:
        """Make the folder of a new run and its ``config.yaml``.

        Args:
            path: the folder.
            experiment: the settings of the run.
            overwrite: whether a run in this folder may be replaced.

        Raises:
            QganError: if the folder exists and may not be overwritten, or cannot be made.
        """
        cls.check_free(path, overwrite)
        run = cls(path)
        # A process that is killed leaves the former run, or the new one, and never half of one.
        new, former = run._beside("new"), run._beside("former")
        try:
            new.path.mkdir(parents=True)
            new.checkpoints.mkdir()
            new.plots.mkdir()
            checkpoint.write_atomically(new.config_file, to_yaml(experiment, header()).encode())
            if run.path.exists():
                run.path.rename(former.path)
            new.path.rename(run.path)
            if former.path.exists():
                shutil.rmtree(former.path)
        except OSError as error:
            raise errors.argument("run", "must be a folder that can be made", error) from None
        return run

    def _beside(self, word: str) -> RunFolder:
        """A folder beside this one that does not exist."""
        path = self.path.absolute()
        return RunFolder(path.with_name(f".{path.name}.{word}-{secrets.token_hex(4)}"))

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """Open the folder of an existing run.

        Raises:
            QganError: if there is no such folder, or it is no run or one of another format.
        """
        run = cls(path)
        if not run.path.is_dir():
            raise errors.argument("run", "must be an existing run folder", path)
        if not os.path.lexists(run.config_file):
            raise errors.argument("run", f"must hold {run.config_file.name}", path)
        run.check_folders()
        run.description()
        return run

    def check_folders(self) -> None:
        """Refuse links that would lead what is written out of the folder.

        Raises:
            QganError: if ``plots`` or ``checkpoints`` leads elsewhere.
        """
        for folder in (self.plots, self.checkpoints):
            if not folder.resolve().is_relative_to(self.path.resolve()):
                rule = f"must hold its own folder {folder.name}, not a link that leads out of it"
                raise errors.argument("run", rule, folder.resolve())

    def description(self) -> StoredModel | None:
        """The description of the sampler in ``circuit.json``; None if there is no such file yet.

        Raises:
            QganError: if it cannot be read, or the run is of another format.
        """
        if not os.path.lexists(self.circuit_file):
            return None
        data = read_regular(self.circuit_file, MOST_BYTES)
        number = fit(data, _AnyFormat, self.circuit_file).format
        if number != FORMAT:
            raise errors.QganError(_other_format(self.path, number))
        return fit(data, StoredModel, self.circuit_file)

    def lock(self) -> Lock:
        """The lock that keeps other processes from training in the folder."""
        return Lock(self.path)

    def resume_command(self) -> str:
        """The command that goes on with the run, with the plug-ins that it needs."""
        files = self.experiment(check_choices=False).plugin
        return " ".join([f"qgan resume {self.path}", *(f"--plugin {file}" for file in files)])

    def experiment(self, check_choices: bool = True) -> Experiment:
        """The settings of the run.

        Args:
            check_choices: whether every choice must be in the registry. A run with a plug-in that
                is not loaded can only be looked at without this check.
        """
        content = read_regular(self.config_file, MOST_BYTES)
        return parse(plain_data(content, self.config_file), check_choices)

    def save_circuit(self, description: dict[str, Any]) -> None:
        """Write ``circuit.json``."""
        checkpoint.write_atomically(self.circuit_file, json.dumps(description).encode())

    def save_data(self, description: dict[str, Any]) -> None:
        """Write ``data.json``, which says what data the run learns."""
        checkpoint.write_atomically(self.data_file, json.dumps(description).encode())

    def data_description(self) -> StoredData | None:
        """What ``data.json`` says; None in a run that was made before there was such a file.

        Raises:
            QganError: if the file cannot be read or breaks its schema.
        """
        if not os.path.lexists(self.data_file):
            return None
        return read_json(self.data_file, StoredData)

    def report(self) -> StoredReport | None:
        """What ``report.json`` says; None if there is no such file yet.

        Raises:
            QganError: if the file cannot be read or breaks its schema.
        """
        if not os.path.lexists(self.report_file):
            return None
        return read_json(self.report_file, StoredReport)

    def save_checkpoint(self, name: str, state: dict[str, Any]) -> None:
        """Write the checkpoint "best" or "last"; the former "last" is kept as "previous"."""
        previous = self._checkpoint_file("previous") if name == "last" else None
        checkpoint.save_checkpoint(self._checkpoint_file(name), state, previous)

    def save_dump(self, step: int, state: dict[str, Any]) -> Path:
        """Write the state that led to a loss or a gradient that is not finite; returns the path."""
        path = self.path / f"nonfinite-step-{step}.pt"
        checkpoint.save_checkpoint(path, state)
        return path

    def checkpoint(self, name: str) -> dict[str, Any]:
        """Read the checkpoint of a name: "best", "last" or "previous".

        Raises:
            QganError: if it cannot be read or breaks its schema.
        """
        file = self._checkpoint_file(name)
        state = checkpoint.read_checkpoint(file)
        fit_objects(state, StoredCheckpoint, file)
        return state

    def good_checkpoint(self, tell: Callable[[str], None]) -> dict[str, Any] | None:
        """Read the first of the checkpoints "last", "previous" and "best" that can be read.

        Args:
            tell: takes a line about each one that cannot be read, and about the one that is.

        Returns:
            The state in the checkpoint; None if there is no checkpoint at all.

        Raises:
            QganError: the error of the first checkpoint, if none of them can be read.
        """
        failures: list[errors.QganError] = []
        names = [name for name in RESUME_ORDER if self._checkpoint_file(name).exists()]
        for name in names:
            try:
                state = self.checkpoint(name)
            except errors.QganError as error:
                failures.append(error)
                continue
            for reason in failures:
                tell(str(reason))
            if name != RESUME_ORDER[0]:
                remark = "" if failures else f"There is no checkpoint `{RESUME_ORDER[0]}`. "
                tell(f"{remark}Going on from checkpoint `{name}`, step {state['step']}.")
            return state
        if failures:
            raise failures[0]
        return None

    def clean(self) -> None:
        """Remove the temporary files that interrupted writes have left behind."""
        checkpoint.remove_partial_files(self.path)
        checkpoint.remove_partial_files(self.checkpoints)

    def _checkpoint_file(self, name: str) -> Path:
        return self.checkpoints / f"{name}.pt"

    def history(self, until: int | None = None, most_rows: int | None = None) -> History:
        """Open the history for writing, cut as :class:`History` says."""
        return History(self.history_file, until, most_rows)

    def save_report(self, report: dict[str, Any]) -> None:
        """Write ``report.json``."""
        text = json.dumps(report, indent=2, allow_nan=False)
        checkpoint.write_atomically(self.report_file, text.encode())


def load(run: str | Path, checkpoint: str = "best") -> Model:
    """Open the model of a run.

    Args:
        run: a run folder.
        checkpoint: "best" (by the criterion on validation states) or "last".

    Returns:
        The model, whose sampler has the weights of the checkpoint.

    Raises:
        QganError: if the folder is no run or one of another format, or a file is missing or damaged
            or does not fit the others.
    """
    folder = RunFolder.open(run)
    description = folder.description()
    if description is None:
        raise errors.argument("run", f"must hold {folder.circuit_file.name}", run)
    sampler, values = rebuild(description), description.label_values
    state = folder.checkpoint(checkpoint)
    try:
        weights, step = state["model"], state["step"]
        sampler.to(weights["weights"].dtype).load_state_dict(weights)
    except RuntimeError as error:
        rule = f"must fit {folder.circuit_file}"
        raise errors.argument("checkpoint", rule, _in_short(error)) from None
    return Model(sampler.requires_grad_(False), values, checkpoint, step)


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
