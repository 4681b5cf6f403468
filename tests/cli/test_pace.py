"""What a training takes, and what makes it faster, as `qgan plan` says it."""

from __future__ import annotations

import pytest

from qgan.build import parse, project, settle
from qgan.cli.pace import LONG, faster_choice, game_lines, long_line
from qgan.cli.plan import command_plan
from qgan.data import tfim


@pytest.mark.parametrize(
    ("settings", "n_qubits", "choice"),
    [
        ({"engine": {"device": "default.qubit"}}, 4, "--engine batched"),
        ({"engine": {"device": "default.mixed", "depolarising": 0.1}}, 4, "fewer --steps"),
        ({"discriminator": {"kind": "density"}}, 8, "--discriminator sketch"),
        ({"discriminator": {"kind": "swap-test"}}, 8, "--discriminator sketch"),
        ({"discriminator": {"kind": "sketch"}}, 8, "fewer --steps"),
        ({}, 4, "fewer --steps"),
    ],
)
def test_the_nearest_faster_choice(settings: dict, n_qubits: int, choice: str) -> None:
    asked = parse(settings)
    assert faster_choice(asked, n_qubits).startswith(choice)
    assert choice in long_line(2 * LONG, asked, n_qubits)


def test_the_game_as_it_is_built() -> None:
    data = tfim(2, n_train=8, n_validation=4, n_held_out=4)
    settings = settle(parse({"trainer": {"steps": 7, "batch": 6, "n_critic": 3}}), data)
    projection = project(settings, data)
    assert (projection.view, projection.n_features) == ("DensityView", 16)
    head = (16 + 2 + 1) * 128 + 129 * 128 + 129
    assert projection.n_weights == head and projection.trained.embedding > 0
    assert projection.n_states == 18 and projection.n_bytes > 4 * 2 * 18 * 16
    assert projection.seconds == 7 * projection.step > 0
    first, second = game_lines(projection, settings, 2)
    assert "16 numbers" in first and f"{head:,} weights" in first
    assert second.startswith("A step takes ") and "7 steps take about" in second


def test_plan_tells_of_the_whole_game(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--preset", "tfim", "--data.qubits", "2", "--trainer.batch", "4"]
    assert command_plan(argv) == 0
    text = capsys.readouterr().out
    assert "One forward and backward pass" in text
    assert "The game: DensityView reads 16 numbers" in text and "A step takes" in text
    assert "trained in the generator: 0 in the circuit, 920 in the embedding, 0 elsewhere" in text
