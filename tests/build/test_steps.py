"""Every objective with every preset, every head, the smallest batches: it trains, or says why not.

A training that starts takes its steps, since each step has a loss with a gradient; what cannot
take them is refused in one line before it starts.
"""

from __future__ import annotations

import functools
import math
from typing import Any

import pytest
import torch
from small_circuits import nothing
from small_games import data as small_data
from small_games import generator

from qgan import Discriminator, Generator, build
from qgan.build.settings import parse
from qgan.config import TrainerConfig
from qgan.data import Dataset, basis
from qgan.discriminator import MLPHead
from qgan.discriminator.none import no_discriminator
from qgan.engines import BatchedEngine
from qgan.errors import QganError
from qgan.objectives import DistanceOnly
from qgan.terms import EnergyDistance, FeatureMatching, Information, PauliWasserstein, Term
from qgan.training import Trainer
from qgan.views import PauliView

SIZES = {"n_train": 8, "n_validation": 2, "n_held_out": 2}
TINY: dict[str, Any] = {
    "generator": {"n_layers": 1, "n_latent": 1, "hidden": (4,)},
    "discriminator": {"n_circuits": 1, "n_layers": 1, "hidden": (4,)},
}
NEED_PAIRS = ("energy", "mmd")
each_objective = pytest.mark.parametrize("objective", build.OBJECTIVES)
each_batch = pytest.mark.parametrize("batch", [1, 2, 3, 4])


@functools.cache
def data_of(preset: str) -> Dataset:
    settings = build.preset(preset).data
    size = {} if settings.qubits is None else {"n_qubits": settings.qubits}
    data: Dataset = build.SOURCES.find(settings.source).make(**size, **SIZES)
    return data


@functools.cache
def one_qubit() -> Dataset:
    return basis(1, **SIZES)


def refusal(data: Dataset, settings: dict[str, Any], **trainer: Any) -> str | None:
    """Take two steps that are steps; or the one line that refuses the training."""
    settings = {**settings, "trainer": {**settings.get("trainer", {}), "steps": 2, **trainer}}
    try:
        made = build.build_trainer(data, parse(settings))
    except QganError as error:
        assert "\n" not in str(error)
        return str(error)
    before = [p.detach().clone() for p in made.generator.parameters()]
    steps: list[dict[str, float]] = []
    made.fit(steps.append)
    assert len(steps) == 2
    assert all(math.isfinite(number) for step in steps for number in step.values())
    after = made.generator.parameters()
    assert any(not torch.equal(a, b) for a, b in zip(before, after, strict=True))
    return None


def with_preset(preset: str, objective: str) -> None:
    settings = {"preset": preset, **build.PRESETS.find(preset).settings, "objective": objective}
    answer = refusal(data_of(preset), settings, n_critic=1)
    if preset == "gibbs" and objective in NEED_PAIRS:
        assert answer is not None and "`batch` must be at least 3, so that" in answer
    else:  # the preset's own head or view may not suit the objective, and that is said
        assert answer is None or "; use " in answer


@each_objective
def test_the_smallest_preset_with_every_objective(objective: str) -> None:
    with_preset("gibbs", objective)


@pytest.mark.slow
@each_objective
@pytest.mark.parametrize("preset", sorted({*build.PRESETS} - {"file", "gibbs"}))
def test_every_preset_with_every_objective(preset: str, objective: str) -> None:
    with_preset(preset, objective)


@each_objective
@each_batch
def test_every_objective_with_the_smallest_batches(objective: str, batch: int) -> None:
    answer = refusal(one_qubit(), {**TINY, "objective": objective}, batch=batch, n_critic=1)
    if objective in NEED_PAIRS and batch < 3:
        assert answer is not None and answer.startswith("Argument `batch` must be at least 3, so")
    else:
        assert answer is None


@each_batch
@pytest.mark.parametrize("head", build.HEADS)
def test_every_head_with_the_smallest_batches(head: str, batch: int) -> None:
    settings = {**TINY, "discriminator": {**TINY["discriminator"], "head": head}}
    free = {"minibatch": {"term": ["weight-clipping"]}, "potentials": {}}.get(head, {})
    objective = {"potentials": "quantum-semimetric", "identity": "linear"}.get(head, "wasserstein")
    if head == "identity":
        settings["discriminator"]["kind"] = "ddk"
    settings = {**settings, **free, "objective": objective}
    assert refusal(one_qubit(), settings, batch=batch, n_critic=1) is None


def trainer(batch: int, *terms: Term, blind: bool = True) -> Trainer:
    """A training on two labels whose objective is without scores."""
    view = PauliView(2, 1)
    seeing = Discriminator(view, MLPHead(view.n_features, 2, (4,)))
    return Trainer(
        generator("reuploading", BatchedEngine()),
        no_discriminator() if blind else seeing,
        small_data(),
        DistanceOnly("distance"),
        terms,
        TrainerConfig(steps=2, batch=batch),
    )


def test_a_game_without_scores_needs_a_term_that_has_a_gradient() -> None:
    for term in (FeatureMatching(), Information()):
        with pytest.raises(QganError, match="it has no losses, and no term gives the generator"):
            trainer(32, term)
        trainer(32, term, blind=False).fit()


def test_the_least_batch_is_that_of_the_least_demanding_term() -> None:
    rule = "`batch` must be at least 15, so that Information can compare 8 states of one of 2"
    with pytest.raises(QganError, match=rule):
        trainer(14, Information(), blind=False)
    trainer(15, Information(), blind=False).fit()
    with pytest.raises(QganError, match="must be at least 3, so that EnergyDistance can compare"):
        trainer(2, EnergyDistance(), Information(), blind=False)
    trainer(3, EnergyDistance(), Information(), blind=False).fit()
    trainer(1, EnergyDistance(), PauliWasserstein()).fit()


def test_a_generator_with_nothing_to_train_is_refused() -> None:
    frozen = generator("reuploading", BatchedEngine()).requires_grad_(False)
    view = PauliView(2, 1)
    critic = Discriminator(view, MLPHead(view.n_features, 2, (4,)))
    for still in (frozen, Generator(nothing(2), 2, embedding=torch.nn.Identity())):
        still.requires_grad_(False)
        with pytest.raises(QganError, match="`generator` must have parameters to train, but got n"):
            Trainer(still, critic, small_data())
