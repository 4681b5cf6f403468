"""A run is a folder, and everything in it can be read without this program."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from qgan import errors
from qgan.config import Experiment
from qgan.model import Model, rebuild
from qgan.training import checkpoint
from qgan.training.history import History


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

    @staticmethod
    def check_free(path: str | Path, overwrite: bool) -> None:
        """Refuse a folder that exists, unless it may be overwritten and is a run."""
        path = Path(path)
        if not path.exists():
            return
        if not overwrite:
            raise errors.argument("run", "must not exist without --overwrite", path)
        if not (path / "config.yaml").exists() and (not path.is_dir() or any(path.iterdir())):
            raise errors.argument("run", "must be a run folder to be overwritten", path)

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
            (run.path / "checkpoints").mkdir(parents=True)
            run.plots.mkdir()
        except OSError as error:
            raise errors.argument("run", "must be a folder that can be made", error) from None
        checkpoint.write_atomically(run.config_file, to_yaml(experiment).encode())
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
        for file in (run.config_file, run.circuit_file):
            if not file.exists():
                raise errors.argument("run", f"must hold {file.name}", path)
        return run

    def experiment(self) -> Experiment:
        """The settings the run was made from."""
        return from_yaml(self.config_file)

    def save_circuit(self, description: dict[str, Any]) -> None:
        """Write ``circuit.json``."""
        checkpoint.write_atomically(self.circuit_file, json.dumps(description).encode())

    def save_checkpoint(self, name: str, state: dict[str, Any]) -> None:
        """Write a checkpoint: "best" or "last"."""
        checkpoint.save(self._checkpoint_file(name), state)

    def checkpoint(self, name: str) -> dict[str, Any]:
        """Read a checkpoint."""
        return checkpoint.read(self._checkpoint_file(name))

    def _checkpoint_file(self, name: str) -> Path:
        return self.path / "checkpoints" / f"{name}.pt"

    def history(self, until: int | None = None) -> History:
        """Open the history for writing."""
        return History(self.history_file, until)

    def save_report(self, report: dict[str, Any]) -> None:
        """Write ``report.json``."""
        text = json.dumps(report, indent=2, allow_nan=False)
        checkpoint.write_atomically(self.report_file, text.encode())


def load(run: str | Path, checkpoint: str = "best") -> Model:
    """Open a run's generator: the best checkpoint, or ``"last"``.

    Args:
        run: a run folder.
        checkpoint: "best" (by the criterion on validation states) or "last".

    Raises:
        QganError: if the folder is no run, or the checkpoint is missing or damaged.
    """
    folder = RunFolder.open(run)
    state = folder.checkpoint(checkpoint)
    try:
        data = json.loads(folder.circuit_file.read_text())
    except (OSError, ValueError) as error:
        raise errors.argument("circuit.json", "must be readable JSON", error) from None
    generator = rebuild(data).to(state["averaged"]["weights"].dtype)
    generator.load_state_dict(state["averaged"])
    return Model(generator.requires_grad_(False), data["label_values"], checkpoint, state["step"])


def to_yaml(experiment: Experiment) -> str:
    """All settings as YAML."""
    text: str = yaml.safe_dump(experiment.model_dump(mode="json"), sort_keys=False)
    return text


def from_yaml(path: str | Path) -> Experiment:
    """Settings from a YAML file.

    Raises:
        QganError: if the file is missing, is no YAML, or breaks the schema; the message names the
            key, the rule and the value.
    """
    try:
        data = yaml.safe_load(Path(path).read_text())
    except (OSError, UnicodeDecodeError) as error:
        raise errors.argument("config", "must be a readable file", error) from None
    except yaml.YAMLError as error:
        line = str(error).replace("\n", " ")
        raise errors.argument("config", "must be YAML", line) from None
    return parse(data)


def parse(data: Any) -> Experiment:
    """Settings from plain data; a broken rule is an error of one line."""
    try:
        return Experiment.model_validate(data)
    except ValidationError as error:
        raise errors.schema(error, Experiment) from None
