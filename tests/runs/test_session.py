"""A run from its folder to its report: step 0, the best checkpoint, signals, resuming, loading."""

from __future__ import annotations

import json
import math
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest
import small_games
import torch
from same_runs import assert_same_run
from tolerances import EXACT
from torch.testing import assert_close

from qgan import load
from qgan.config import Experiment
from qgan.errors import QganError
from qgan.runs import RunFolder, Session
from qgan.runs.history import read_history

Row = dict[str, float]


def begin(path: Path, listener: Callable[[Row], None] | None = None) -> Session:
    run = RunFolder.create(path, Experiment(trainer=small_games.SHORT))
    session = Session(small_games.trainer(), run, listener)
    session.start()
    return session


def carry_on(path: Path) -> Session:
    """As another process would, from the folder."""
    session = Session(small_games.trainer(seed=9), RunFolder.open(path))
    session.resume()
    return session


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Session:
    """A run that nobody disturbed."""
    session = begin(tmp_path_factory.mktemp("whole") / "run")
    assert session.train()
    session.report()
    return session


def test_everything_needed_to_go_on_exists_before_the_first_step(tmp_path: Path) -> None:
    session = begin(tmp_path / "run")
    files = {p.relative_to(tmp_path / "run").as_posix() for p in (tmp_path / "run").rglob("*.*")}
    expected = {"config.yaml", "circuit.json", "data.json", "history.csv", ".lock"}
    assert files == expected | {"checkpoints/last.pt"}
    assert RunFolder(tmp_path / "run").checkpoint("last")["step"] == 0
    assert load(tmp_path / "run", "last").step == 0
    assert read_history(session.run.history_file)["step"] == []


def test_a_finished_run_is_laid_out_as_designed(whole: Session) -> None:
    path = whole.run.path
    top = {"config.yaml", "circuit.json", "data.json", "history.csv", "report.json"}
    top |= {"checkpoints", "plots"}
    assert {p.name for p in path.iterdir()} == top
    assert {p.stem for p in (path / "checkpoints").iterdir()} == {"best", "last", "previous"}
    history = read_history(path / "history.csv")
    assert history["step"] == [0, 1, 2, 3, 4, 5, 6]
    assert [math.isnan(w) for w in history["wasserstein"]] == [k % 2 == 1 for k in range(7)]
    report = json.loads((path / "report.json").read_text())
    assert report["checkpoint"] == "best"
    assert report["step"] == load(path).step
    assert report["last"]["step"] == 6
    assert len(report["held_out"]["labels"]) == 2
    assert {"torch", "pennylane", "qgan"} <= report["versions"].keys()
    assert report["training_seconds"] > 0


@pytest.mark.parametrize(
    ("scores", "best"),
    [([0.9, 0.3, 0.5, 0.4], 2), ([0.1, 0.2, 0.3, 0.4], 0), ([0.5, 0.5, 0.5, 0.4], 6)],
)
def test_the_best_checkpoint_has_the_least_shortfall(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scores: list[float], best: int
) -> None:
    shortfalls = iter(scores)
    monkeypatch.setattr(
        "qgan.evaluation.judge.Judge.criterion",
        lambda self, generator: {"shortfall": next(shortfalls), "coverage": 0.5},
    )
    session = begin(tmp_path / "run")
    assert session.train()
    assert (load(tmp_path / "run").step, load(tmp_path / "run", "last").step) == (best, 6)
    assert session.best == min(scores)


def test_selection_sees_validation_states_and_the_report_held_out_ones(whole: Session) -> None:
    data = whole.learner.data
    assert whole.validation.part == "validation" and whole.validation.data is data
    model = whole.learner.model
    shortfall = read_history(whole.run.history_file)["shortfall"][-1]
    assert shortfall == whole.validation.criterion(model)["shortfall"]
    report = json.loads(whole.run.report_file.read_text())
    assert report["last"]["held_out"]["labels"][0]["coverage"] > 0


def interrupt(at: int, number: int, times: int = 1) -> Callable[[Row], None]:
    def listener(row: Row) -> None:
        if row["step"] == at:
            for _ in range(times):
                os.kill(os.getpid(), number)

    return listener


@pytest.mark.parametrize(
    ("at", "number"),
    [(3, signal.SIGINT), (4, signal.SIGINT), (1, signal.SIGTERM), (2, signal.SIGHUP)],
)
def test_a_signal_ends_the_run_after_its_step(
    tmp_path: Path, whole: Session, at: int, number: int
) -> None:
    handler = signal.getsignal(number)
    session = begin(tmp_path / "run", interrupt(at, number))
    assert not session.train()
    assert session.stop_signal == number
    assert signal.getsignal(number) is handler
    assert load(tmp_path / "run", "last").step == at
    session.report()
    assert json.loads(session.run.report_file.read_text())["last"]["step"] == at
    assert carry_on(tmp_path / "run").train()
    assert_same_run(tmp_path / "run", whole.run.path)


def test_a_handler_of_the_closed_terminal_comes_back(tmp_path: Path) -> None:
    def own(number: int, frame: object) -> None:
        raise AssertionError("the session handles the signal")

    handler = signal.signal(signal.SIGHUP, own)
    try:
        session = begin(tmp_path / "run", interrupt(1, signal.SIGHUP))
        assert not session.train()
        assert session.stop_signal == signal.SIGHUP
        assert signal.getsignal(signal.SIGHUP) is own
    finally:
        signal.signal(signal.SIGHUP, handler)


def test_a_closed_terminal_that_is_to_be_ignored_ends_nothing(
    tmp_path: Path, whole: Session
) -> None:
    """`nohup` starts a command with SIGHUP ignored."""
    handler = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        session = begin(tmp_path / "run", interrupt(3, signal.SIGHUP))
        assert session.train()
        assert signal.getsignal(signal.SIGHUP) == signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, handler)
    assert_same_run(tmp_path / "run", whole.run.path)


def test_a_description_that_was_lost_is_written_again(tmp_path: Path, whole: Session) -> None:
    session = begin(tmp_path / "run", interrupt(3, signal.SIGTERM))
    session.train()
    session.run.circuit_file.unlink()
    resumed = carry_on(tmp_path / "run")
    assert resumed.run.circuit_file.exists()
    assert resumed.train()
    assert_same_run(tmp_path / "run", whole.run.path)


def test_a_second_signal_ends_at_once_and_restores_the_handlers(tmp_path: Path) -> None:
    handler = signal.getsignal(signal.SIGINT)
    session = begin(tmp_path / "run", interrupt(3, signal.SIGINT, times=2))
    with pytest.raises(KeyboardInterrupt):
        session.train()
    assert signal.getsignal(signal.SIGINT) is handler
    assert load(tmp_path / "run", "last").step == 2
    carry_on(tmp_path / "run")  # nothing holds the folder any more


def test_a_second_request_of_a_scheduler_does_not_cut_the_checkpoint_short(tmp_path: Path) -> None:
    session = begin(tmp_path / "run", interrupt(3, signal.SIGTERM, times=2))
    assert not session.train()
    assert session.stop_signal == signal.SIGTERM
    assert load(tmp_path / "run", "last").step == 3


class Killed(Exception):
    """What stands for a power cut: nothing after it runs."""


@pytest.mark.parametrize("at", [1, 5])
def test_a_run_that_died_goes_on_from_its_last_checkpoint(
    tmp_path: Path, whole: Session, at: int
) -> None:
    def listener(row: Row) -> None:
        if row["step"] == at:
            raise Killed

    with pytest.raises(Killed):
        begin(tmp_path / "run", listener).train()
    assert read_history(tmp_path / "run" / "history.csv")["step"][-1] == at
    session = carry_on(tmp_path / "run")
    assert session.learner.step == at - 1
    assert session.train()
    assert_same_run(tmp_path / "run", whole.run.path)


def test_a_loaded_run_is_the_averaged_generator(whole: Session) -> None:
    model = load(whole.run.path, "last")
    label, latent = torch.tensor([0, 1, 1]), torch.tensor([[-0.4], [0.1], [0.9]])
    expected = whole.learner.model.exact_states(label, latent).density_matrix()
    density = model.sampler.exact_states(label, latent).density_matrix()
    assert_close(density, expected, **EXACT)
    now = whole.learner.generator.exact_states(label, latent).density_matrix()
    assert (now - expected).abs().max() > 1e-6
    again = load(whole.run.path, "last").sample(n=3, seed=4).density_matrix()
    assert torch.equal(model.sample(n=3, seed=4).density_matrix(), again)


def test_what_cannot_be_loaded_is_refused(tmp_path: Path) -> None:
    path = begin(tmp_path / "run").run.path
    with pytest.raises(QganError, match=r"`checkpoint` must be readable"):
        load(path, "middle")
    with pytest.raises(QganError, match=r"`checkpoint` must be readable"):
        load(path)  # there is no best before the first evaluation
    (path / "circuit.json").write_text("{")
    with pytest.raises(QganError, match=r"^File .*circuit\.json cannot be read as JSON"):
        load(path, "last")
    (path / "circuit.json").write_text('{"format": 99}')
    with pytest.raises(
        QganError, match=r"Run folder .* has format 99, and this version of qgan reads format 2"
    ):
        load(path, "last")
