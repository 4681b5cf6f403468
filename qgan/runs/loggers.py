"""Where the history goes beside history.csv: loggers behind Lightning Fabric's interface."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from qgan import errors
from qgan.runs.folder import RunFolder


@runtime_checkable
class Logger(Protocol):
    """What is asked of a logger: the part of Fabric's ``Logger`` that is used here.

    Any of ``lightning.fabric.loggers`` and ``lightning.pytorch.loggers`` is one.
    """

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Numbers of a step, by name."""

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        """The settings."""

    def save(self) -> None:
        """Flush to disk."""

    def finalize(self, status: str) -> None:
        """The end: "success" or "interrupted"."""


class TensorBoardLogger:
    """Fabric's interface on torch's own writer: events in the run folder itself.

    Fabric's TensorBoard logger would do, but TensorBoard is to work without Lightning.

    Args:
        folder: the run folder.
        step: where the run goes on; events of later steps are hidden.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.experiment = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Scalars."""
        for name, value in metrics.items():
            self.experiment.add_scalar(name, value, step)

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        """The settings as text."""
        lines = "\n".join(f"    {key}: {value}" for key, value in params.items())
        self.experiment.add_text("settings", lines, 0)

    def log_image(self, key: str, images: Sequence[str], step: int | None = None) -> None:
        """Pictures from files, as Lightning's W&B logger has it."""
        import numpy as np
        from PIL import Image

        for image in images:
            with Image.open(image) as picture:
                pixels = np.asarray(picture.convert("RGB"))
            self.experiment.add_image(key, pixels, step, dataformats="HWC")

    def save(self) -> None:
        """Flush to disk."""
        self.experiment.flush()

    def finalize(self, status: str) -> None:
        """Close the file."""
        self.experiment.close()


def _wandb(run: RunFolder, step: int) -> Logger:
    from lightning.pytorch.loggers import WandbLogger

    name = run.path.name
    identity = f"{name}-{run.path.stat().st_ino:x}"  # a resumed run goes on in the same place
    logger: Logger = WandbLogger(
        name=name, save_dir=str(run.path), id=identity, project="qgan", resume="allow"
    )
    return logger


def _mlflow(run: RunFolder, step: int) -> Logger:
    from lightning.pytorch.loggers import MLFlowLogger

    logger: Logger = MLFlowLogger(experiment_name="qgan", run_name=run.path.name)
    return logger


def _tensorboard(run: RunFolder, step: int) -> Logger:
    return TensorBoardLogger(run.path, step)


NEEDS = {"tensorboard": ("tensorboard",), "wandb": ("lightning", "wandb")}
NEEDS["mlflow"] = ("lightning", "mlflow")
"""Packages that a logger needs, by the logger's name."""
MAKE: dict[str, Callable[[RunFolder, int], Logger]] = {
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "mlflow": _mlflow,
}


def check_loggers(names: Sequence[str]) -> None:
    """Refuse loggers whose packages are not installed."""
    for name in names:
        missing = [package for package in NEEDS[name] if find_spec(package) is None]
        if missing:
            rule = f"must be installed (pip install {' '.join(missing)})"
            raise errors.argument("loggers", rule, name)


class Loggers:
    """All loggers of a run. One that fails is dropped, with a line: training goes on.

    Args:
        loggers: any of Fabric's interface.
        tell: takes the line about a logger that failed.
    """

    def __init__(self, loggers: Sequence[Logger] = (), tell: Callable[[str], None] = print) -> None:
        self.loggers = list(loggers)
        self.tell = tell

    @classmethod
    def of(cls, run: RunFolder, step: int, tell: Callable[[str], None]) -> Loggers:
        """Those that the run's settings name."""
        settings = run.experiment()
        loggers = cls((), tell)
        for name in settings.loggers:
            try:
                loggers.loggers.append(MAKE[name](run, step))
            except Exception as error:
                tell(_dropped(name, error))
        if step == 0:
            params = settings.model_dump(mode="json", exclude={"loggers"})
            loggers._each(lambda logger: logger.log_hyperparams(params))
        return loggers

    def metrics(self, row: Mapping[str, float]) -> None:
        """A row of the history."""
        known = {k: v for k, v in row.items() if k != "step" and math.isfinite(v)}
        self._each(lambda logger: logger.log_metrics(known, step=int(row["step"])))

    def pictures(self, paths: Sequence[Path], step: int) -> None:
        """Pictures, where a logger takes them."""
        self._each(lambda logger: _log_pictures(logger, paths, step))

    def save(self) -> None:
        """Flush all to disk."""
        self._each(lambda logger: logger.save())

    def finalize(self, status: str) -> None:
        """The end: "success" or "interrupted"."""
        self._each(lambda logger: logger.finalize(status))
        self.loggers = []

    def _each(self, call: Callable[[Any], None]) -> None:
        for logger in tuple(self.loggers):
            try:
                call(logger)
            except Exception as error:  # of whatever kind: a logger's trouble is not the run's
                self.loggers.remove(logger)
                self.tell(_dropped(type(logger).__name__, error))


def _log_pictures(logger: Any, paths: Sequence[Path], step: int) -> None:
    for path in paths:
        if hasattr(logger, "log_image"):
            logger.log_image(path.stem, [str(path)], step=step)
        elif hasattr(logger, "run_id"):  # MLflow's
            logger.experiment.log_artifact(logger.run_id, str(path))


def _dropped(name: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"Logger {name} failed and is dropped ({reason}); history.csv goes on."
