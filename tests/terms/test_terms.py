"""The contract of terms. A new term joins by adding a case to ``TERMS``."""

from __future__ import annotations

import copy
import io
from collections.abc import Callable
from typing import NamedTuple

import pytest
import torch
from contracts import check_that_a_stranger_is_reported, check_whole_family
from small_circuits import random_states
from torch import Tensor

from qgan import build
from qgan.batch import Batch
from qgan.discriminator import AuxiliaryHead, Discriminator, Head, MLPHead, PotentialsHead
from qgan.sampler import Drawn
from qgan.states import States
from qgan.terms import (
    R1,
    AuxiliaryClassifier,
    CouplingPenalty,
    EnergyDistance,
    FeatureMatching,
    GradientPenalty,
    Information,
    InstanceNoise,
    MeanDiscrepancy,
    Moment,
    PauliWasserstein,
    PurityMatching,
    StepContext,
    Term,
    WeightClipping,
)
from qgan.views import DensityView

PLACE = "TERMS in tests/terms/test_terms.py"
BATCH, LABELS = 16, 2
VIEW = DensityView(1)


def random(seed: int = 0) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def mlp() -> Head:
    return MLPHead(4, LABELS, (8,), random())


def auxiliary() -> Head:
    return AuxiliaryHead(4, LABELS, (8,), random())


def potentials() -> Head:
    return PotentialsHead(VIEW.operator, 4, LABELS, random())


class Case(NamedTuple):
    """A term under the contract: what it does, and the head that it needs.

    ``in_discriminator`` and ``in_generator`` say whose loss it adds to, ``perturbs`` whether it
    changes views, ``steps`` whether it acts on the discriminator after a step, and ``remembers``
    whether a checkpoint has something to keep of it.
    """

    make: Callable[[], Term]
    in_discriminator: bool = False
    in_generator: bool = False
    perturbs: bool = False
    steps: bool = False
    remembers: bool = False
    head: Callable[[], Head] = mlp


TERMS = {
    "(none)": Case(Term),
    "gradient-penalty": Case(GradientPenalty, in_discriminator=True),
    "gradient-penalty-ends": Case(lambda: GradientPenalty(at="ends"), in_discriminator=True),
    "weight-clipping": Case(WeightClipping, steps=True),
    "r1": Case(R1, in_discriminator=True),
    "instance-noise": Case(InstanceNoise, perturbs=True),
    "feature-matching": Case(FeatureMatching, in_generator=True),
    "purity-matching": Case(PurityMatching, in_generator=True),
    "auxiliary-classifier": Case(AuxiliaryClassifier, True, True, head=auxiliary),
    "coupling": Case(CouplingPenalty, True, True, head=potentials),
    "information": Case(Information, in_generator=True),
    # Distances, which come with an objective and have no name of their own.
    "(mmd)": Case(MeanDiscrepancy, in_generator=True),
    "(energy)": Case(EnergyDistance, in_generator=True),
    "(quantum-w1)": Case(PauliWasserstein, in_generator=True),
}
each_term = pytest.mark.parametrize("case", TERMS.values(), ids=TERMS)


def test_every_registered_term_is_under_the_contract() -> None:
    check_whole_family(build.TERMS, TERMS, PLACE)


def test_a_term_without_a_case_is_reported(monkeypatch: pytest.MonkeyPatch) -> None:
    check_that_a_stranger_is_reported(monkeypatch, build.TERMS, TERMS, PLACE)


def moment(seed: int = 0) -> Moment:
    return Moment(0, 10, random(seed))


def update(case: Case, player: str) -> tuple[StepContext, list[Tensor]]:
    """What a term sees in one update of a player, and the parameters that the player trains.

    The generator's parameters are the factors of its states themselves.
    """
    discriminator = Discriminator(VIEW, case.head().double())
    label = torch.arange(BATCH) % LABELS
    real, fake = random_states(BATCH, 1, 2), random_states(BATCH, 1, 2, seed=1)
    latent = 2 * torch.rand(BATCH, 1, dtype=torch.float64, generator=random(2)) - 1
    trains_generator = player == "generator"
    factor = fake.factor.requires_grad_(trains_generator)
    drawn, batch = Drawn(States(factor), label, latent), Batch(real, label)
    real_view, fake_view = VIEW(real, label), VIEW(drawn.seen, label)
    fake_scores = discriminator.head(fake_view, label)
    if trains_generator:
        context = StepContext(discriminator, batch, drawn, fake_view, fake_scores, moment())
        return context, [factor]
    real_scores = discriminator.head(real_view, label)
    context = StepContext(
        discriminator, batch, drawn, fake_view, fake_scores, moment(), real_scores, real_view
    )
    return context, list(discriminator.parameters())


@each_term
def test_a_term_is_a_term(case: Case) -> None:
    assert isinstance(case.make(), Term)


@each_term
@pytest.mark.parametrize("player", ["discriminator", "generator"])
def test_a_part_says_nothing_or_a_scalar_that_trains_its_player(case: Case, player: str) -> None:
    context, parameters = update(case, player)
    term = case.make()
    if player == "discriminator":
        value, speaks = term.discriminator_term(context), case.in_discriminator
    else:
        value, speaks = term.generator_term(context), case.in_generator
    assert (value is not None) is speaks
    if value is None:
        return
    assert value.shape == () and torch.isfinite(value)
    gradients = torch.autograd.grad(value, parameters, allow_unused=True)
    sizes = [gradient.abs().max() for gradient in gradients if gradient is not None]
    assert sizes and all(torch.isfinite(size) for size in sizes)
    assert max(sizes) > 1e-6


@each_term
def test_only_noise_changes_a_view(case: Case) -> None:
    features = torch.randn(BATCH, 4, dtype=torch.float64, generator=random())
    perturbed = case.make().perturb(features, moment())
    assert perturbed.shape == features.shape and perturbed.dtype == features.dtype
    assert (not torch.equal(perturbed, features)) is case.perturbs
    assert torch.equal(case.make().perturb(features, moment()), perturbed)


@each_term
def test_only_what_acts_on_a_step_changes_the_discriminator(case: Case) -> None:
    discriminator = Discriminator(VIEW, case.head().double())
    before = copy.deepcopy(discriminator.state_dict())
    case.make().after_discriminator_step(discriminator)
    after = discriminator.state_dict()
    changed = [name for name, value in before.items() if not torch.equal(value, after[name])]
    assert bool(changed) is case.steps
    assert all(torch.isfinite(value).all() for value in after.values())


@each_term
def test_what_a_term_remembers_survives_a_checkpoint(case: Case) -> None:
    term, fresh, buffer = case.make(), case.make(), io.BytesIO()
    state = term.state_dict()
    assert (state != {}) is case.remembers
    torch.save(state, buffer)
    buffer.seek(0)
    fresh.load_state_dict(torch.load(buffer, weights_only=True))
    assert fresh.state_dict() == state
