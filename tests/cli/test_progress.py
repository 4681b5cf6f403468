"""The bar of a training: what it says in a terminal, and that it is silent elsewhere."""

from __future__ import annotations

import io

import pytest

from qgan.cli.console import waiting
from qgan.cli.progress import Bar
from qgan.cli.tables import TextConsole


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


@pytest.mark.parametrize(("pace", "told"), [(0.1, False), (60.0, True)])
def test_a_training_of_hours_says_so_after_its_second_step(pace: float, told: bool) -> None:
    """The first step compiles, and does not count."""
    text = io.StringIO()
    bar = Bar(1000, TextConsole(file=text, width=200), lambda seconds: f"takes {seconds:.0f} s")
    row = {"discriminator_loss": 0.0, "generator_loss": 0.0}
    for step in (1.0, 2.0, 3.0):
        bar({**row, "step": step, "seconds": 50.0 + pace * step})
    said = [line for line in text.getvalue().splitlines() if line.startswith("takes")]
    assert said == ([f"takes {998 * pace:.0f} s"] if told else [])


def test_slow_steps_are_given_in_seconds() -> None:
    text = io.StringIO()
    console = TextConsole(file=text, force_terminal=True, width=120, legacy_windows=False)
    bar = Bar(10, console)
    with bar:
        row = {"discriminator_loss": 0.0, "generator_loss": 0.0}
        for step in (1.0, 2.0):
            bar({**row, "step": step, "seconds": 4 * step})
    assert "4.0 s/step" in text.getvalue()
