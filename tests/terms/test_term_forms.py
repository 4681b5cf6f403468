"""Closed forms of the terms: penalties, noise and matching."""

from __future__ import annotations

import math
from typing import Any

import pytest
import torch
from tolerances import EXACT
from torch import Tensor, nn
from torch.testing import assert_close

from qgan.batch import Batch
from qgan.discriminator import Discriminator, LinearHead, MLPHead
from qgan.sampler import Drawn
from qgan.states import States
from qgan.terms import (
    R1,
    FeatureMatching,
    GradientPenalty,
    InstanceNoise,
    Moment,
    StepContext,
)
from qgan.views import DensityView

BATCH, FEATURES = 8, 4


class QuadraticHead(nn.Module):
    """``D = |m|^2 / 2``: its slope at m is |m|."""

    def forward(self, features: Tensor, label: Tensor) -> Tensor:
        return (features**2).sum(1) / 2


def step(at: int = 0, n_steps: int = 10, seed: int = 0) -> Moment:
    return Moment(at, n_steps, torch.Generator().manual_seed(seed))


def views(seed: int = 0) -> tuple[Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(2, BATCH, FEATURES, dtype=torch.float64, generator=generator)
    return real, fake


def context(
    head: nn.Module, real: Tensor | None, fake: Tensor, label: Tensor | None = None, **where: int
) -> StepContext:
    label = torch.arange(len(fake)) % 2 if label is None else label
    zero = torch.tensor([[1], [0]], dtype=torch.complex128).expand(len(fake), 2, 1)
    discriminator = Discriminator(DensityView(1), head)
    batch, drawn = Batch(States(zero), label), Drawn(States(zero), label, torch.zeros(len(fake), 1))
    moment = step(**where)
    return StepContext(
        discriminator, batch, drawn, fake, head(fake, label), moment, perturbed_real_view=real
    )


def linear_head(*slopes: float) -> LinearHead:
    """One observable a label, of the given Euclidean norms, in different directions."""
    head = LinearHead(FEATURES, len(slopes)).double()
    directions = torch.eye(FEATURES, dtype=torch.float64)[: len(slopes)]
    random = torch.Generator().manual_seed(1)
    turn = torch.linalg.qr(torch.randn(4, 4, dtype=torch.float64, generator=random))[0]
    head.weight.data = torch.tensor(slopes, dtype=torch.float64)[:, None] * directions @ turn
    return head


def test_penalty_is_zero_for_a_critic_of_slope_one() -> None:
    penalty = GradientPenalty(10.0).discriminator_term(context(linear_head(1.0, 1.0), *views()))
    assert penalty is not None
    assert penalty.item() < 1e-25


@pytest.mark.parametrize("slope", [0.0, 0.25, 2.0])
def test_penalty_of_a_linear_critic(slope: float) -> None:
    """``weight (s - 1)^2`` whatever the batch: a norm over the batch would give sqrt(B) s."""
    given = context(linear_head(slope, slope), *views())
    penalty = GradientPenalty(7.0).discriminator_term(given)
    assert penalty is not None
    assert math.isclose(penalty.item(), 7.0 * (slope - 1) ** 2, abs_tol=1e-10)


def test_penalty_is_per_sample() -> None:
    """Slopes 1/2 and 3/2 by turns, whose mean is one."""
    penalty = GradientPenalty(1.0).discriminator_term(context(linear_head(0.5, 1.5), *views()))
    assert penalty is not None
    assert math.isclose(penalty.item(), 0.25, abs_tol=1e-10)


def test_penalty_is_taken_between_real_and_fake() -> None:
    """``D = m^2 / 2`` in one dimension has the slope m: real at 2 and fake at 4."""
    real, fake = (torch.full((4000, 1), v, dtype=torch.float64) for v in (2.0, 4.0))
    penalty = GradientPenalty(1.0).discriminator_term(context(QuadraticHead(), real, fake))
    assert penalty is not None
    expected = (3.0**3 - 1.0) / 6  # int_0^1 (1 + 2 e)^2 de
    assert abs(penalty.item() - expected) < 4 * 2.3 / 4000**0.5
    at_real = GradientPenalty(1.0).discriminator_term(context(QuadraticHead(), real, real))
    assert at_real is not None
    assert math.isclose(at_real.item(), 1.0, abs_tol=1e-10)


def test_penalty_draws_one_mixture_a_sample() -> None:
    """All entries of one view move together: points lie on the segment between the two."""
    seen: list[Tensor] = []

    class Spy(QuadraticHead):
        def forward(self, features: Tensor, label: Tensor) -> Tensor:
            seen.append(features.detach())
            return super().forward(features, label)

    real, fake = views()
    GradientPenalty().discriminator_term(context(Spy(), real, fake))
    mix = (seen[-1] - fake) / (real - fake)
    assert_close(mix, mix[:, :1].expand(-1, FEATURES), **EXACT)
    assert ((mix >= 0) & (mix <= 1)).all()
    assert mix[:, 0].unique().numel() == BATCH
    seen.clear()
    GradientPenalty().discriminator_term(context(Spy(), real, fake, seed=1))
    assert not torch.allclose((seen[-1] - fake) / (real - fake), mix)


def test_penalty_trains_the_head_and_not_the_views() -> None:
    head = MLPHead(FEATURES, 2, (8,)).double()
    real, fake = (v.requires_grad_() for v in views())
    penalty = GradientPenalty().discriminator_term(context(head, real, fake))
    assert penalty is not None
    penalty.backward()
    weight = head.layers[0].weight.grad
    assert weight is not None
    assert weight.abs().max() > 1e-6
    assert real.grad is None
    assert fake.grad is None


@pytest.mark.parametrize("term", [GradientPenalty(), R1()])
def test_gradient_of_penalties_is_finite_where_the_slope_is_zero(term: Any) -> None:
    head = linear_head(0.0, 0.0)
    penalty = term.discriminator_term(context(head, *views()))
    assert penalty is not None
    penalty.backward()
    assert head.weight.grad is not None
    assert torch.isfinite(head.weight.grad).all()


@pytest.mark.parametrize("term", [GradientPenalty(), R1()])
def test_gradient_of_penalties(term: Any) -> None:
    head = MLPHead(FEATURES, 2, (5,)).double()
    head.layers[1] = nn.Tanh()  # smooth
    names, values = zip(*head.named_parameters(), strict=True)
    real, fake = views()

    class Given(nn.Module):
        """The head at given parameters."""

        def __init__(self, parameters: tuple[Tensor, ...]) -> None:
            super().__init__()
            self.given = dict(zip(names, parameters, strict=True))

        def forward(self, features: Tensor, label: Tensor) -> Tensor:
            return torch.func.functional_call(head, self.given, (features, label))

    def penalty(*parameters: Tensor) -> Tensor:
        return term.discriminator_term(context(Given(parameters), real, fake))

    assert torch.autograd.gradcheck(penalty, values)


def test_r1_of_a_linear_critic() -> None:
    """``weight / 2 s^2``."""
    penalty = R1(3.0).discriminator_term(context(linear_head(0.5, 2.0), *views()))
    assert penalty is not None
    assert math.isclose(penalty.item(), 1.5 * (0.25 + 4.0) / 2, abs_tol=1e-10)


def test_r1_is_taken_at_the_data() -> None:
    real, fake = views()
    penalty = R1(2.0).discriminator_term(context(QuadraticHead(), real, fake))
    assert penalty is not None
    assert_close(penalty, (real**2).sum(1).mean(), **EXACT)


def test_real_view_is_computed_when_it_is_asked_for() -> None:
    """Of ``|0>``, without a gradient."""
    given = context(QuadraticHead(), None, views()[1])
    expected = torch.tensor([[1.0, 0, 0, 0]], dtype=torch.float64).expand(BATCH, -1)
    assert_close(given.real_view, expected, **EXACT)
    assert not given.real_view.requires_grad
    penalty = R1(2.0).discriminator_term(given)
    assert penalty is not None
    assert math.isclose(penalty.item(), 1.0, abs_tol=1e-10)


@pytest.mark.parametrize(("at", "share"), [(0, 1.0), (5, 0.5), (9, 0.1)])
def test_noise_fades_linearly(at: int, share: float) -> None:
    features = torch.ones(20_000, 2, dtype=torch.float64)
    noise = InstanceNoise(0.4).perturb(features, step(at)) - features
    assert math.isclose(noise.std().item(), 0.4 * share, rel_tol=0.03)
    assert abs(noise.mean().item()) < 4 * 0.4 * share / 200


@pytest.mark.parametrize("at", [10, 13])
def test_noise_ends_at_zero(at: int) -> None:
    features = views()[0]
    assert torch.equal(InstanceNoise(0.4).perturb(features, step(at)), features)


def test_noise_repeats_with_the_seed_and_passes_gradients() -> None:
    features = views()[0].requires_grad_()
    one, two, other = (InstanceNoise(0.4).perturb(features, step(0, 10, s)) for s in (1, 1, 2))
    assert torch.equal(one, two)
    assert not torch.equal(one, other)
    (gradient,) = torch.autograd.grad(one.sum(), features)
    assert torch.equal(gradient, torch.ones_like(gradient))


def test_matching_is_zero_at_equal_means() -> None:
    real, _ = views()
    swapped = real.roll(2, 0)  # other states of the same label: labels alternate
    term = FeatureMatching().generator_term(context(QuadraticHead(), real, swapped))
    assert term is not None
    assert not torch.equal(real, swapped)
    assert term.item() < 1e-25


def test_matching_is_the_squared_distance_of_means() -> None:
    real, fake = views()
    term = FeatureMatching(3.0).generator_term(context(QuadraticHead(), real, fake))
    assert term is not None
    gaps = [(real[k::2].mean(0) - fake[k::2].mean(0)) ** 2 for k in range(2)]
    assert_close(term, 3.0 * torch.stack(gaps).sum(), **EXACT)


def test_matching_is_label_by_label() -> None:
    """Labels exchanged: equal averages over all, and yet a distance."""
    real, _ = views()
    exchanged = real.roll(1, 0)
    term = FeatureMatching().generator_term(context(QuadraticHead(), real, exchanged))
    assert term is not None
    assert term.item() > 0.1


def test_gradient_of_matching_pulls_the_mean() -> None:
    """``d / d fake_b = 2 weight (mean fake - mean real) / n_label``, and none for the data."""
    real, fake = (v.requires_grad_() for v in views())
    label = torch.zeros(BATCH, dtype=torch.int64)
    term = FeatureMatching(2.0).generator_term(context(QuadraticHead(), real, fake, label))
    assert term is not None
    term.backward()
    expected = 4.0 * (fake.mean(0) - real.mean(0)).detach() / BATCH
    assert_close(fake.grad, expected.expand(BATCH, -1), **EXACT)
    assert real.grad is None


def test_matching_takes_real_conditions() -> None:
    real, fake = views()
    label = torch.tensor([[0.1, 0.2], [0.1, 0.3]], dtype=torch.float64).repeat(BATCH // 2, 1)
    term = FeatureMatching().generator_term(context(QuadraticHead(), real, fake, label))
    classes = FeatureMatching().generator_term(context(QuadraticHead(), real, fake))
    assert term is not None
    assert classes is not None
    assert_close(term, classes, **EXACT)
