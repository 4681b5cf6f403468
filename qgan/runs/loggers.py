"""Loggers, which take the history beside history.csv, with the interface of Lightning Fabric."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from qgan import errors
from qgan.runs.folder import RunFolder

__all__ = ["Logger", "Loggers", "TensorBoardLogger", "check_loggers"]


@runtime_checkable
class Logger(Protocol):
    """The part of Fabric's ``Logger`` that is used here.

    Each logger of ``lightning.fabric.loggers`` and ``lightning.pytorch.loggers`` has it.
    """

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Take the numbers of a step, by name."""

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        """Take the settings of the run."""

    def save(self) -> None:
        """Flush to disk."""

    def finalize(self, status: str) -> None:
        """End with a status: "success", "interrupted" or "failed"."""


class TensorBoardLogger:
    """A TensorBoard logger without Lightning: it writes events into the run folder by torch.

    Args:
        folder: the run folder.
        step: the step from which the run goes on; events of later steps are hidden.
    """

    def __init__(self, folder: Path, step: int) -> None:
        from torch.utils.tensorboard import SummaryWriter

        self.experiment = SummaryWriter(str(folder), purge_step=step + 1 if step else None)

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        """Write the numbers of a step as scalars."""
        for name, value in metrics.items():
            self.experiment.add_scalar(name, value, step)

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        """Write the settings as text."""
        lines = "\n".join(f"    {key}: {value}" for key, value in params.items())
        self.experiment.add_text("settings", lines, 0)

    def log_image(self, key: str, images: Sequence[str], step: int | None = None) -> None:
        """Write pictures from files; the signature is that of Lightning's logger for W&B."""
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
        """Close the file, whatever the status."""
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


NEEDS = {
    "tensorboard": ("tensorboard",),
    "wandb": ("lightning", "wandb"),
    "mlflow": ("lightning", "mlflow"),
}
"""The packages that each logger needs."""
FACTORIES: dict[str, Callable[[RunFolder, int], Logger]] = {
    "tensorboard": _tensorboard,
    "wandb": _wandb,
    "mlflow": _mlflow,
}


def check_loggers(names: Sequence[str]) -> None:
    """Refuse loggers whose packages are not installed.

    Raises:
        QganError: if a package is missing.
    """
    for name in names:
        missing = [package for package in NEEDS[name] if find_spec(package) is None]
        if missing:
            rule = f"must be installed (pip install {' '.join(missing)})"
            raise errors.argument("loggers", rule, name)


class Loggers:
    """All loggers of a run; one that fails is dropped, and the training goes on.

    Args:
        loggers: loggers with the interface :class:`Logger`.
        tell: takes a line about each logger that has failed.
    """

    def __init__(self, loggers: Sequence[Logger] = (), tell: Callable[[str], None] = print) -> None:
        self.loggers = list(loggers)
        self.tell = tell

    @classmethod
    def of(cls, run: RunFolder, step: int, tell: Callable[[str], None]) -> Loggers:
        """Make the loggers that the settings of a run name.

        Args:
            run: the run.
            step: the step from which it goes on.
            tell: takes a line about each logger that has failed.
        """
        settings = run.experiment()
        loggers = cls((), tell)
        for name in settings.loggers:
            try:
                loggers.loggers.append(FACTORIES[name](run, step))
            except Exception as error:
                tell(_failure(name, error))
        if step == 0:
            params = settings.model_dump(mode="json", exclude={"loggers"})
            loggers._each(lambda logger: logger.log_hyperparams(params))
        return loggers

    def metrics(self, row: Mapping[str, float]) -> None:
        """Send a row of the history to all loggers."""
        metrics = {k: v for k, v in row.items() if k != "step" and math.isfinite(v)}
        self._each(lambda logger: logger.log_metrics(metrics, step=int(row["step"])))

    def pictures(self, paths: Sequence[Path], step: int) -> None:
        """Send pictures to the loggers that take them."""
        self._each(lambda logger: _log_pictures(logger, paths, step))

    def save(self) -> None:
        """Flush all loggers to disk."""
        self._each(lambda logger: logger.save())

    def finalize(self, status: str) -> None:
        """End all loggers with a status: "success", "interrupted" or "failed"."""
        self._each(lambda logger: logger.finalize(status))
        self.loggers = []

    def _each(self, call: Callable[[Any], None]) -> None:
        for logger in tuple(self.loggers):
            try:
                call(logger)
            except Exception as error:  # of any kind: a failure of a logger must not stop the run
                self.loggers.remove(logger)
                self.tell(_failure(type(logger).__name__, error))


def _log_pictures(logger: Any, paths: Sequence[Path], step: int) -> None:
    for path in paths:
        if hasattr(logger, "log_image"):
            logger.log_image(path.stem, [str(path)], step=step)
        elif hasattr(logger, "run_id"):  # this is MLflow
            logger.experiment.log_artifact(logger.run_id, str(path))


def _failure(name: str, error: Exception) -> str:
    reason = " ".join(str(error).split()) or type(error).__name__
    return f"Logger {name} failed and is dropped ({reason}); history.csv goes on."
