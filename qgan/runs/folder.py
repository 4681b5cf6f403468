"""A run is a folder, and everything in it can be read without this program."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from qgan import errors
from qgan.build.settings import from_yaml, to_yaml
from qgan.config import Experiment
from qgan.model import FORMAT, Model, rebuild
from qgan.runs import checkpoint
from qgan.runs.history import History
from qgan.runs.lock import Lock, check_unlocked
from qgan.runs.provenance import header

RESUMED = ("last", "previous", "best")
"""Checkpoints that a run can go on from, the one of choice first."""


RENAMED = "`cure` is now `term`, and `trainer.mismatched_share` is `mismatched_share`"
"""What has another name in the settings of a run of format 1."""


def _other_format(path: Path, number: object) -> str:
    """What to do with a run folder of another format, in one line."""
    line = f"Run folder {path} has format {number}, and this version of qgan reads format {FORMAT}"
    if number == 1:
        again = f"qgan train --config {path / 'config.yaml'}"
        return f"{line}: train it again with {again}, in which {RENAMED}."
    return f"{line}: open it with the version of qgan that its config.yaml names."


class RunFolder:
    """The files of a run: ``config.yaml``, ``checkpoints/``, ``history.csv``, ``report.json``,
    ``circuit.json``, ``plots/``.

    Args:
        path: the folder. Use :meth:`create` or :meth:`open`.
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        self.config_file = self.path / "config.yaml"
        self.circuit_file = self.path / "circuit.json"
        self.history_file = self.path / "history.csv"
        self.report_file = self.path / "report.json"
        self.plots = self.path / "plots"
        self.checkpoints = self.path / "checkpoints"

    @staticmethod
    def check_free(path: str | Path, overwrite: bool) -> None:
        """Refuse a folder that exists, unless it may be overwritten and is a run."""
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
        """Make the folder and its ``config.yaml``.

        Raises:
            QganError: if the folder exists and may not be overwritten, or cannot be made.
        """
        cls.check_free(path, overwrite)
        run = cls(path)
        try:
            if run.path.exists():
                shutil.rmtree(run.path)
            run.path.mkdir(parents=True)
            run.checkpoints.mkdir()
            run.plots.mkdir()
        except OSError as error:
            raise errors.argument("run", "must be a folder that can be made", error) from None
        checkpoint.write_atomically(run.config_file, to_yaml(experiment, header()).encode())
        return run

    @classmethod
    def open(cls, path: str | Path) -> RunFolder:
        """An existing run.

        Raises:
            QganError: if there is no such folder or it is not a run.
        """
        run = cls(path)
        if not run.path.is_dir():
            raise errors.argument("run", "must be an existing run folder", path)
        if not run.config_file.exists():
            raise errors.argument("run", f"must hold {run.config_file.name}", path)
        run.description()
        return run

    def description(self) -> dict[str, Any] | None:
        """What ``circuit.json`` says of the sampler; None before there is such a file.

        Raises:
            QganError: if it cannot be read, or the run is of another format.
        """
        if not self.circuit_file.exists():
            return None
        try:
            description = json.loads(self.circuit_file.read_text())
        except (OSError, ValueError) as error:
            raise errors.argument("circuit.json", "must be readable JSON", error) from None
        number = description.get("format") if isinstance(description, dict) else None
        if number != FORMAT:
            raise errors.QganError(_other_format(self.path, number))
        return dict(description)

    def lock(self) -> Lock:
        """What keeps other processes from training here."""
        return Lock(self.path)

    def experiment(self, known: bool = True) -> Experiment:
        """The settings the run was made from.

        Args:
            known: whether every choice must be registered; False looks at a run with a plug-in.
        """
        return from_yaml(self.config_file, known)

    def save_circuit(self, description: dict[str, Any]) -> None:
        """Write ``circuit.json``."""
        checkpoint.write_atomically(self.circuit_file, json.dumps(description).encode())

    def save_checkpoint(self, name: str, state: dict[str, Any]) -> None:
        """Write a checkpoint: "best" or "last"; the last before it is kept as "previous"."""
        previous = self._checkpoint_file("previous") if name == "last" else None
        checkpoint.save(self._checkpoint_file(name), state, previous)

    def save_dump(self, step: int, state: dict[str, Any]) -> Path:
        """Write the state that led to a loss or a gradient that is not finite."""
        path = self.path / f"nonfinite-step-{step}.pt"
        checkpoint.save(path, state)
        return path

    def checkpoint(self, name: str) -> dict[str, Any]:
        """Read a checkpoint."""
        return checkpoint.read(self._checkpoint_file(name))

    def good_checkpoint(self, tell: Callable[[str], None]) -> dict[str, Any] | None:
        """The latest checkpoint that can be read: "last", "previous" or "best".

        Args:
            tell: takes a line about each that cannot be read, and about the one taken instead.

        Returns:
            Its state; None if there is no checkpoint at all.

        Raises:
            QganError: that of the first, if there are checkpoints and none can be read.
        """
        wrong: list[errors.QganError] = []
        there = [name for name in RESUMED if self._checkpoint_file(name).exists()]
        for name in there:
            try:
                state = self.checkpoint(name)
            except errors.QganError as error:
                wrong.append(error)
                continue
            for reason in wrong:
                tell(str(reason))
            if name != RESUMED[0]:
                lost = "" if wrong else f"There is no checkpoint `{RESUMED[0]}`. "
                tell(f"{lost}Going on from checkpoint `{name}`, step {state.get('step')}.")
            return state
        if wrong:
            raise wrong[0]
        return None

    def clean(self) -> None:
        """Remove what writes that were cut short have left behind."""
        checkpoint.clean(self.path)
        checkpoint.clean(self.checkpoints)

    def _checkpoint_file(self, name: str) -> Path:
        return self.checkpoints / f"{name}.pt"

    def history(self, until: int | None = None, most: int | None = None) -> History:
        """Open the history for writing."""
        return History(self.history_file, until, most)

    def save_report(self, report: dict[str, Any]) -> None:
        """Write ``report.json``."""
        text = json.dumps(report, indent=2, allow_nan=False)
        checkpoint.write_atomically(self.report_file, text.encode())


def load(run: str | Path, checkpoint: str = "best") -> Model:
    """Open the sampler of a run: of the best checkpoint, or of ``"last"``.

    Args:
        run: a run folder.
        checkpoint: "best" (by the criterion on validation states) or "last".

    Raises:
        QganError: if the folder is no run or of another format, or what is read is missing,
            damaged or does not fit together.
    """
    folder = RunFolder.open(run)
    description = folder.description()
    if description is None:
        raise errors.argument("run", f"must hold {folder.circuit_file.name}", run)
    wrong = (KeyError, TypeError, ValueError, AttributeError, RuntimeError)
    try:
        sampler, values = rebuild(description), description["label_values"]
    except errors.QganError:
        raise
    except wrong as error:
        rule = "must be whole and of this version: it is half-written, or from another version"
        raise errors.argument("circuit.json", rule, _in_short(error)) from None
    state = folder.checkpoint(checkpoint)
    try:
        weights, step = state["model"], state["step"]
        sampler.to(weights["weights"].dtype).load_state_dict(weights)
    except wrong as error:
        rule = f"must fit {folder.circuit_file}"
        raise errors.argument("checkpoint", rule, _in_short(error)) from None
    return Model(sampler.requires_grad_(False), values, checkpoint, step)


def _in_short(error: Exception) -> str:
    return f"{type(error).__name__}: {' '.join(str(error).split())[:80]}"
