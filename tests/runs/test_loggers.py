"""Loggers beside history.csv: TensorBoard's file, and one that fails."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import matplotlib.image
import numpy as np
import pytest
import small_games

from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder, Session, loggers
from qgan.runs.loggers import Logger, Loggers, TensorBoardLogger


def events(folder: Path) -> Any:
    """What TensorBoard would show."""
    from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

    accumulator = EventAccumulator(str(folder))
    accumulator.Reload()
    return accumulator


def test_tensorboard_shows_history_settings_and_pictures(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Experiment(trainer=small_games.SHORT))
    session = Session(small_games.trainer(), run)
    session.logs = True
    session.start()
    assert session.train()
    matplotlib.image.imsave(run.plots / "sweep.png", np.zeros((4, 6, 3)))
    session.loggers.pictures([run.plots / "sweep.png"], 6)
    session.loggers.finalize("success")
    log = events(run.path)
    assert [event.step for event in log.Scalars("generator_loss")] == [1, 2, 3, 4, 5, 6]
    assert [event.step for event in log.Scalars("shortfall")] == [0, 2, 4, 6]
    (picture,) = log.Images("sweep")
    assert (picture.step, picture.width, picture.height) == (6, 6, 4)
    assert "text_summary" in "".join(log.Tags()["tensors"])


def test_a_resumed_run_shows_each_step_once(tmp_path: Path) -> None:
    for start, steps in ((0, range(1, 5)), (2, range(3, 6))):
        logger = TensorBoardLogger(tmp_path, start)
        assert isinstance(logger, Logger)
        for step in steps:
            logger.log_metrics({"loss": 10.0 * start + step}, step)
        logger.finalize("success")
    losses = [(event.step, event.value) for event in events(tmp_path).Scalars("loss")]
    assert losses == [(1, 1.0), (2, 2.0), (3, 23.0), (4, 24.0), (5, 25.0)]


class Broken:
    """A logger whose server is gone."""

    def __init__(self) -> None:
        self.calls = 0

    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.calls += 1
        raise ConnectionError("no route\nto host")

    def log_hyperparams(self, params: dict[str, Any]) -> None:
        pass

    def save(self) -> None:
        pass

    def finalize(self, status: str) -> None:
        pass


class Notes(Broken):
    def log_metrics(self, metrics: dict[str, float], step: int | None = None) -> None:
        self.seen = (metrics, step)


def test_a_logger_that_fails_is_dropped_and_the_others_go_on() -> None:
    broken, notes, lines = Broken(), Notes(), list[str]()
    loggers = Loggers([broken, notes], lines.append)
    for step in (1.0, 2.0):
        loggers.metrics({"step": step, "loss": 0.5, "skill": math.nan})
    assert (broken.calls, notes.seen) == (1, ({"loss": 0.5}, 2))
    assert lines == ["Logger Broken failed and is dropped (no route to host); history.csv goes on."]


def test_a_logger_that_is_not_installed_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(loggers, "find_spec", lambda name: None if name == "wandb" else name)
    loggers.check_loggers(("tensorboard", "mlflow"))
    message = r"`loggers` must be installed \(pip install wandb\), but got wandb\."
    with pytest.raises(QganError, match=message):
        loggers.check_loggers(("tensorboard", "wandb"))
