"""The bar of a training: what it says in a terminal, and that it is silent elsewhere."""

from __future__ import annotations

import io
from pathlib import Path
from threading import Timer
from threading import enumerate as enumerate_threads

import pytest

from qgan.cli.console import waiting
from qgan.cli.progress import Bar
from qgan.cli.tables import TextConsole
from qgan.cli.train import command_resume, command_train
from qgan.data import tfim


def terminal_text(terminal: bool) -> str:
    text = io.StringIO()
    console = TextConsole(file=text, force_terminal=terminal, width=120, legacy_windows=False)
    bar = Bar(100, console)
    bar.begin(40, 10.0)
    with bar:
        row = {"discriminator_loss": -0.5, "generator_loss": 0.25}
        bar({**row, "step": 50.0, "seconds": 12.0, "shortfall": 0.1})
        bar({**row, "step": 60.0, "seconds": 14.0})
    with waiting("judging", console):
        pass
    return text.getvalue()


def test_a_terminal_sees_rate_losses_criterion_and_time_left() -> None:
    text = terminal_text(terminal=True)
    for word in ("60/100", "5 steps/s", "D -0.500", "G +0.250", "skill 0.900", "judging"):
        assert word in text


def test_a_log_file_gets_a_line_for_each_judgement() -> None:
    lines = terminal_text(terminal=False).splitlines()
    assert lines == ["step 50 of 100  5 steps/s  D -0.500  G +0.250  skill 0.900"]


def test_a_log_file_gets_a_line_after_half_a_minute_without_any() -> None:
    text = io.StringIO()
    bar = Bar(1000, TextConsole(file=text, width=120))
    bar.begin(0, 0.0)
    row = {"discriminator_loss": 0.0, "generator_loss": 0.0}
    for step in range(1, 9):
        bar({**row, "step": float(step), "seconds": 10.0 * step})
    steps = [line.split()[1] for line in text.getvalue().splitlines()]
    assert steps == ["4", "8"]
    assert "nan" not in text.getvalue()


@pytest.mark.parametrize(("first", "pace"), [(50.0, 0.1), (50.0, 60.0), (500.0, 60.0)])
def test_the_pace_is_told_once_and_without_compiling(first: float, pace: float) -> None:
    """The first step compiles, and does not count; no compiling takes 500 seconds."""
    text = io.StringIO()
    bar = Bar(1000, TextConsole(file=text, width=200), lambda pace: f"pace {pace:.1f}")
    bar.begin(10, 30.0)
    row = {"discriminator_loss": 0.0, "generator_loss": 0.0}
    for step in range(1, 20):
        bar({**row, "step": 10.0 + step, "seconds": 30.0 + first + pace * (step - 1)})
    said = [line for line in text.getvalue().splitlines() if line.startswith("pace")]
    assert said == [f"pace {first if first > 120 else pace:.1f}"]


@pytest.mark.parametrize(("patience", "line"), [(0.01, "Making the data ...\n"), (60.0, "")])
def test_a_log_file_names_what_takes_long(patience: float, line: str) -> None:
    text = io.StringIO()
    with waiting("making the data", TextConsole(file=text, width=120), patience):
        for thread in (one for one in enumerate_threads() if isinstance(one, Timer)):
            thread.join(0.2)
    assert text.getvalue() == line


class Clock:
    """A clock on which every look takes so many seconds."""

    def __init__(self, seconds: float) -> None:
        self.now, self.seconds = 0.0, seconds

    def monotonic(self) -> float:
        self.now += self.seconds
        return self.now


def test_a_training_of_hours_says_so_at_its_start(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """On a slow clock, and without a terminal; a run that goes on is offered no other choice."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("qgan.runs.session.time", Clock(2000.0))
    monkeypatch.setattr("qgan.cli.progress.show_report", lambda *_: [])
    data = tfim(2, n_train=8, n_validation=4, n_held_out=4)
    monkeypatch.setattr("qgan.build.load_data", lambda _: data)
    argv = ["--preset", "tfim", "--data.qubits", "2", "--batch", "4", "--run", "run"]
    assert command_train([*argv, "--steps", "4", "--loggers", "--trainer.log-every", "1"]) == 0
    lines = capsys.readouterr().err.splitlines()
    start = "At this pace the training takes about 2.2 hours. Faster: --objective energy ("
    (line,) = (line for line in lines if line.startswith(start))
    assert line.endswith("skill may be lower); --steps 1 takes about an hour.")
    assert len([line for line in lines if "At this pace" in line]) == 1

    config = tmp_path / "run/config.yaml"
    config.write_text(config.read_text().replace("steps: 4\n", "steps: 8\n"))
    assert command_resume(["run"]) == 0
    rest = "At this pace the rest of the training takes about 2.2 hours."
    assert rest in capsys.readouterr().err.splitlines()
    assert command_resume(["run"]) == 0
    end = "All 8 steps have been taken, and none is left to train."
    assert end in capsys.readouterr().err.splitlines()


def test_slow_steps_are_given_in_seconds() -> None:
    text = io.StringIO()
    console = TextConsole(file=text, force_terminal=True, width=120, legacy_windows=False)
    bar = Bar(10, console)
    with bar:
        row = {"discriminator_loss": 0.0, "generator_loss": 0.0}
        for step in (1.0, 2.0):
            bar({**row, "step": step, "seconds": 4 * step})
    assert "4.0 s/step" in text.getvalue()
