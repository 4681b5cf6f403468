"""Training from measurement records: what the discriminator sees, and what is refused."""

from __future__ import annotations

import math
import warnings
from typing import Any

import pytest
import torch
from small_circuits import random_states
from small_games import circuit_view, data, trainer, weights
from tolerances import EXACT
from torch.testing import assert_close

from qgan import States, build
from qgan.build.settings import parse
from qgan.config import TrainerConfig
from qgan.data import measured
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.records import measure
from qgan.training import Trainer
from qgan.views import DensityView, FixedView, MeasuredView, PauliView, POVMView, SketchView

LABEL = torch.tensor([0, 1])
VIEWS = [DensityView(2), PauliView(2, 2), POVMView(2, "pauli-6"), POVMView(2, "tetrahedral")]
each_view = pytest.mark.parametrize("view", VIEWS, ids=lambda view: type(view).__name__)


def on_records(steps: int = 4, shots: int = 50) -> Trainer:
    config = TrainerConfig(steps=steps, batch=4, n_critic=2)
    game = trainer(config, view=MeasuredView(DensityView(2), 2, shots))
    found = measured(data(), shots)
    return Trainer(game.generator, game.discriminator, found, config=config, mismatched_share=0.1)


@each_view
def test_generated_states_carry_the_records_noise(view: FixedView) -> None:
    """Means and deviations over many calls agree with those of records of the same state."""
    n, shots = 2000, 10
    states = random_states(2, 2, 2)[torch.arange(2).repeat_interleave(n)]
    label = torch.zeros(2 * n, dtype=torch.int64)
    records = measure(states, shots, torch.Generator().manual_seed(5))
    real = view(records, label).unflatten(0, (2, n))
    fake = MeasuredView(view, 2, shots, seed=3)(states, label).unflatten(0, (2, n))
    error = 5 * (real.std(1) + fake.std(1)) / math.sqrt(n)
    assert ((real.mean(1) - fake.mean(1)).abs() <= error + 1e-10).all()
    assert ((real.std(1) - fake.std(1)).abs() <= error + 1e-10).all()
    assert fake.std(1).max() > 0.01


@each_view
def test_gradients_are_those_of_the_exact_view(view: FixedView) -> None:
    factor = random_states(2, 2, 2).factor.requires_grad_()
    found = []
    for read in (view, MeasuredView(view, 2, 7)):
        features = read(States(factor).normalised(), LABEL)
        slopes = torch.linspace(1, 2, features.shape[1], dtype=torch.float64)
        found.append(torch.autograd.grad((features @ slopes).sum(), factor)[0])
    assert_close(found[1], found[0], **EXACT)
    assert found[0].abs().max() > 0.01


def test_generated_states_of_many_qubits_carry_the_noise_too() -> None:
    """Beyond six qubits each call draws shots; means, deviations and gradients as before."""
    n, shots, words = 200, 20, PauliView(7, 2, n_words=10, seed=1)
    states = States(random_states(1, 7, 1).factor.expand(n, -1, -1))
    label = torch.zeros(n, dtype=torch.int64)
    view = MeasuredView(words, 7, shots, seed=3)
    fake, exact = view(states, label), words(states, label)
    records = measure(states, shots, torch.Generator().manual_seed(5))
    real = words(records, label)
    error = 5 * (real.std(0) + fake.std(0)) / math.sqrt(n)
    assert ((fake.mean(0) - exact[0]).abs() <= error).all()
    assert ((real.std(0) - fake.std(0)).abs() <= error).all()
    factor = random_states(2, 7, 1).factor.requires_grad_()
    slopes = [
        torch.autograd.grad(read(States(factor), LABEL).sum(), factor)[0] for read in (view, words)
    ]
    assert_close(slopes[0], slopes[1], **EXACT)
    with pytest.raises(QganError, match="View SketchView: records of more than 6 qubits"):
        MeasuredView(SketchView(7, 4), 7, shots)


@pytest.mark.parametrize("n", [2, 7])
def test_generated_states_have_as_many_shots_as_real_ones(n: int) -> None:
    """Half of the real states had one shot and half had 200: so it is with generated ones."""
    states = States(random_states(1, n, 1).factor.expand(600, -1, -1))
    view = MeasuredView(PauliView(n, 1), n, torch.tensor([1, 200]).repeat(5))
    found = view(states, torch.zeros(600, dtype=torch.int64))[:, 0]
    of_one_shot = ((found.abs() - 3).abs() < 1e-9) | (found.abs() < 1e-9)  # 3, -3 or 0
    assert 220 < int(of_one_shot.sum()) < 380


def test_real_states_are_never_shown() -> None:
    """With the training states themselves replaced, each step stays what it was."""
    games = [on_records(), on_records()]
    shown = games[1].training_data.train
    shown.states.factor.copy_(shown.states.factor.flip(1).clone())
    for game in games:
        game.fit()
    for name, value in weights(games[0]).items():
        assert torch.equal(value, weights(games[1])[name]), name


def test_resumed_equals_uninterrupted() -> None:
    """The view's shots go on where they stood."""
    whole, first, second = on_records(), on_records(), on_records()
    whole.fit()
    first.train_step()
    first.train_step()
    second.load_state_dict(first.state_dict())
    second.fit()
    for name, value in weights(whole).items():
        assert torch.equal(value, weights(second)[name]), name


def test_a_run_learns_from_shots() -> None:
    """One qubit, label k, state |k>, from 100 shots of a random basis each."""
    rates = {"generator_rate": 0.03, "discriminator_rate": 0.02}
    settings = {
        "data": {"source": "basis", "qubits": 1, "shots": 100},
        "generator": {"n_latent": 0, "n_layers": 1, "hidden": (16,)},
        "discriminator": {"kind": "pauli", "max_weight": 1, "hidden": (32,)},
        "trainer": {"steps": 100, "batch": 16, "n_critic": 2, "average": 0, **rates},
    }
    experiment = parse(settings)
    found = build.load_data(experiment)
    game = build.build_trainer(found, experiment)
    assert isinstance(game.discriminator.view, MeasuredView)
    game.fit()
    states = game.generator(LABEL, torch.zeros(2, 0)).materialise()
    real = found.held_out.states[torch.tensor([0, -1])]
    assert states.fidelity(real.to(torch.complex64)).min() > 0.9


@pytest.mark.parametrize("shots", [1, 2])
def test_a_line_says_what_one_shot_cannot_know(shots: int) -> None:
    experiment = parse({"data": {"source": "basis", "qubits": 1, "shots": shots}})
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        build.build_trainer(build.load_data(experiment), experiment)
    words = [str(one.message) for one in said if "average state of a label" in str(one.message)]
    assert len(words) == (shots == 1)


@pytest.mark.parametrize(
    ("discriminator", "objective", "message"),
    [
        ({"kind": "circuit"}, "wasserstein", "View CircuitView: its circuits act on a state"),
        ({"kind": "swap-test"}, "wasserstein", "View SwapTestView: its circuits act"),
        ({"kind": "two-copy"}, "wasserstein", "View TwoCopyView: it measures 2 copies"),
        ({}, "energy", "Term EnergyDistance: it reads real states"),
        ({}, "mmd", "Term MeanDiscrepancy: it reads real states"),
    ],
)
def test_refusals(discriminator: dict[str, Any], objective: str, message: str) -> None:
    settings = {"objective": objective, "discriminator": discriminator}
    with pytest.raises(QganError, match=f"{message}.*; use \\w+ .* or \\w+ "):
        build.build_trainer(measured(data(), 1), parse(settings))


def test_a_view_of_circuits_is_not_measured_so() -> None:
    with pytest.raises(QganError, match=r"View CircuitView: .* use view pauli"):
        MeasuredView(circuit_view(BatchedEngine()), 2, 10)
