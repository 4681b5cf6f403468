"""What a training takes, and what makes it faster, as `qgan plan` says it."""

from __future__ import annotations

import io
from dataclasses import replace

import pytest

from qgan.build import parse, project, settle
from qgan.cli.engine_table import engine_table
from qgan.cli.pace import LONG, faster_choice, game_lines, long_line
from qgan.cli.plan import command_plan
from qgan.cli.tables import TextConsole
from qgan.data import tfim
from qgan.engines.choose import Candidate, Timing

LESS = " (no discriminator; its skill may be lower)"


@pytest.mark.parametrize(
    ("settings", "choice"),
    [
        ({"engine": {"device": "default.qubit"}}, "--engine batched"),
        ({"engine": {"device": "default.mixed", "depolarising": 0.1}}, "--objective energy"),
        ({"discriminator": {"kind": "circuit"}}, "--discriminator density"),
        ({"discriminator": {"head": "root"}}, "--discriminator.head mlp"),
        ({}, "--objective energy"),
        ({"objective": "mmd"}, None),
        ({"objective": "mmd", "discriminator": {"kind": "circuit"}}, None),
        ({"term": ("gradient-penalty",)}, None),
    ],
)
def test_the_nearest_faster_choice(settings: dict, choice: str | None) -> None:
    """An objective without scores has no faster view, and a term may keep a game as it is."""
    data = tfim(2, n_train=8, n_validation=4, n_held_out=4)
    asked = settle(parse(settings), data)
    assert faster_choice(asked, data) == choice
    line = long_line(7.2, 1000, 0, asked, data)
    less = LESS if choice == "--objective energy" else ""
    choice = "" if choice is None else f"{choice}{less}; "
    assert line is not None
    assert line.endswith(f"about 2 hours. Faster: {choice}--steps 500 takes about an hour.")
    assert long_line(7.2, 500, 0, asked, data) is None


def test_many_qubits_have_a_faster_view() -> None:
    data = tfim(6, n_train=8, n_validation=4, n_held_out=4)
    for view in ("density", "swap-test"):
        asked = settle(parse({"discriminator": {"kind": view}}), data)
        assert faster_choice(asked, data) == "--discriminator sketch"
    assert faster_choice(settle(parse({}), data), data) == "--objective energy"


def test_the_game_as_it_is_built() -> None:
    data = tfim(2, n_train=8, n_validation=4, n_held_out=4)
    settings = settle(parse({"trainer": {"steps": 7, "batch": 6, "n_critic": 3}}), data)
    projection = project(settings, data)
    assert (projection.view, projection.n_features) == ("DensityView", 16)
    head = (16 + 2 + 1) * 128 + 129 * 128 + 129
    assert projection.n_weights == head and projection.trained.embedding > 0
    assert projection.n_states == 18 and projection.n_bytes > 4 * 2 * 18 * 16
    assert projection.seconds == 7 * projection.step > 0
    first, second = game_lines(projection, settings, data)
    assert "16 numbers" in first and f"{head:,} weights" in first
    assert second.startswith("A step takes ") and "7 steps take about" in second
    slow = game_lines(replace(projection, step=LONG), settings, data)
    assert slow[2:] == [f"Faster: --objective energy{LESS}; --steps 1 takes about an hour."]


def test_engines_that_cannot_run_stand_together_by_their_reason() -> None:
    gpu, kokkos = (Candidate("pennylane", f"lightning.{x}", "adjoint") for x in ("gpu", "kokkos"))
    ours = Candidate("batched", None, "adjoint")
    rows = [Timing(gpu, why_not="Device lightning.gpu: it is not installed here; install it.")]
    rows += [Timing(ours, why_not="no shots"), Timing(kokkos, why_not="no shots")]
    text = io.StringIO()
    TextConsole(file=text, width=100).print(engine_table(rows))
    assert text.getvalue().splitlines()[-2:] == [
        "Not run: lightning.gpu (adjoint): it is not installed here; install it.",
        "Not run: batched (adjoint), lightning.kokkos (adjoint): no shots",
    ]


def test_plan_tells_of_the_whole_game(capsys: pytest.CaptureFixture[str]) -> None:
    argv = ["--preset", "tfim", "--data.qubits", "2", "--trainer.batch", "4"]
    assert command_plan(argv) == 0
    text = capsys.readouterr().out
    assert "One forward and backward pass" in text
    assert "The game: DensityView reads 16 numbers" in text and "A step takes" in text
    assert "trained in the generator: 0 in the circuit, 920 in the embedding, 0 elsewhere" in text
