"""The bar of a training: what it says in a terminal, and that it is silent elsewhere."""

from __future__ import annotations

import io

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


def test_elsewhere_nothing_is_said() -> None:
    assert terminal_text(terminal=False) == ""


def test_slow_steps_are_given_in_seconds() -> None:
    text = io.StringIO()
    console = TextConsole(file=text, force_terminal=True, width=120, legacy_windows=False)
    bar = Bar(10, console)
    with bar:
        row = {"discriminator_loss": 0.0, "generator_loss": 0.0}
        for step in (1.0, 2.0):
            bar({**row, "step": step, "seconds": 4 * step})
    assert "4.0 s/step" in text.getvalue()
