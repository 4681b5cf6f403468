"""The proof of Wasserstein objectives: critics of slope one, penalised, clipped."""

from __future__ import annotations

import math

import pytest
import torch
from scipy.stats import wasserstein_distance
from tolerances import EXACT, PROOF
from torch import Tensor
from torch.testing import assert_close

from qgan.batch import Batch
from qgan.discriminator import Discriminator, LinearHead
from qgan.objectives import Wasserstein
from qgan.sampler import Drawn
from qgan.states import States
from qgan.terms import GradientPenalty, Moment, StepContext, WeightClipping
from qgan.views import DensityView

POINTS = torch.tensor([0.0, 0.5, 1.5, 2.0, 3.0], dtype=torch.float64)
REAL = torch.tensor([0, 0, 1, 4])
FAKE = torch.tensor([1, 2, 3, 3])


def train(real: Tensor, fake: Tensor) -> tuple[float, Tensor]:
    """The greatest ``E D(real) - E D(fake)`` over tables of slope one at most, and the table."""
    free = torch.zeros(len(POINTS) - 1, dtype=torch.float64, requires_grad=True)

    def table() -> Tensor:
        return torch.cat([free.new_zeros(1), (free.tanh() * POINTS.diff()).cumsum(0)])

    optimiser = torch.optim.Adam([free], lr=0.3)
    for _ in range(400):
        optimiser.zero_grad()
        loss = Wasserstein().discriminator_loss(real=table()[real], fake=table()[fake])
        loss.backward()
        optimiser.step()
    return -loss.item(), table().detach()


def test_value_and_critic_on_a_line() -> None:
    """``W_1``, with a critic that climbs where the real distribution has more to come."""
    value, scores = train(REAL, FAKE)
    expected = wasserstein_distance(POINTS[REAL].numpy(), POINTS[FAKE].numpy())
    assert math.isclose(value, expected, abs_tol=1e-3)
    cumulative = [torch.bincount(x, minlength=5).cumsum(0) for x in (REAL, FAKE)]
    slopes = -(cumulative[0] - cumulative[1])[:-1].sign().double()
    assert_close(scores.diff() / POINTS.diff(), slopes, **PROOF)
    swapped, other = train(FAKE, REAL)
    assert math.isclose(swapped, expected, abs_tol=1e-3)  # the value is symmetric,
    assert_close(other.diff(), -scores.diff(), **PROOF)  # the critic is not


@pytest.mark.parametrize("theta", [-1.5, 0.0, 0.3])
def test_distance_of_two_parallel_lines(theta: float) -> None:
    """``W = |theta|`` between (0, U) and (theta, U), by the critic ``-sign(theta) x``."""
    slope = torch.zeros(1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([slope], lr=0.5)
    height = torch.linspace(0, 1, 4, dtype=torch.float64)
    for _ in range(200):
        loss = Wasserstein().discriminator_loss(
            real=0 * slope.tanh() + 0 * height, fake=theta * slope.tanh() + 0 * height
        )
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert math.isclose(-loss.item(), abs(theta), abs_tol=1e-3)
    assert theta == 0 or math.isclose(slope.tanh().item(), -math.copysign(1, theta), abs_tol=1e-3)


def test_distance_of_two_gaussians_is_that_of_their_means() -> None:
    """Equal variances: the critic x reaches ``|mu_1 - mu_2|`` on quantiles of the two."""
    levels = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    normal = torch.special.ndtri(levels)
    found = -Wasserstein().discriminator_loss(real=normal + 0.7, fake=normal - 0.4)
    assert math.isclose(found.item(), 1.1, abs_tol=1e-10)


# Two states, each label's own; a linear head over the density view.


def states() -> tuple[States, States, Tensor]:
    """Real |0> and fake |+> of label 0, the reverse of label 1, eight of each."""
    root = 0.5**0.5
    vectors = torch.tensor([[1, 0], [root, root]], dtype=torch.complex128).unsqueeze(-1)
    label = torch.arange(16) % 2
    return States(vectors[label]), States(vectors[1 - label]), label


def game(discriminator: Discriminator) -> tuple[StepContext, Tensor]:
    """One step's context and the objective's loss."""
    real, fake, label = states()
    views = [discriminator.view(s, label) for s in (real, fake)]
    scores = [discriminator.head(v, label) for v in views]

    moment = Moment(0, 1, torch.Generator().manual_seed(0))
    batch, drawn = Batch(real, label), Drawn(fake, label, torch.zeros(16, 0))
    context = StepContext(
        discriminator, batch, drawn, views[1], scores[1], moment, scores[0], views[0]
    )
    return context, Wasserstein().discriminator_loss(real=scores[0], fake=scores[1])


@pytest.mark.parametrize("place", ["interpolated", "ends"])
def test_optimum_under_the_penalty(place: str) -> None:
    """A linear critic has one slope s: ``s d - lambda (s - 1)^2`` is greatest at 1 + d / 2 lambda.

    The distance is ``d = ||m(rho) - m(sigma)||``; the greatest value ``d + d^2 / (4 lambda)``.
    """
    weight = 2.0
    penalty = GradientPenalty(weight, at=place)
    head = LinearHead(4, 2, torch.Generator().manual_seed(1)).double()
    discriminator = Discriminator(DensityView(1), head)
    optimiser = torch.optim.LBFGS(
        [head.weight], max_iter=200, tolerance_grad=1e-10, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        context, loss = game(discriminator)
        extra = penalty.discriminator_term(context)
        assert extra is not None
        (loss + extra).backward()
        return loss + extra

    optimiser.step(closure)
    real, fake, label = states()
    views = [discriminator.view(s, label) for s in (real, fake)]
    apart = views[0][:2] - views[1][:2]
    d = torch.linalg.vector_norm(apart, dim=1)
    best = (1 + d / (2 * weight)).unsqueeze(1) * apart / d.unsqueeze(1)
    assert_close(head.weight.detach(), best, **PROOF)
    assert_close(-closure().detach(), (d + d.square() / (4 * weight)).mean(), **PROOF)
    scores = [head(v, label).detach() for v in views]
    assert_close(scores[0] - scores[1], ((1 + d / (2 * weight)) * d)[label], **PROOF)


def test_optimum_under_the_clip() -> None:
    """``c ||E m(real) - E m(fake)||_1`` at ``w = c sign``, by RMSProp at the published rate."""
    clip = WeightClipping()
    head = LinearHead(4, 2, torch.Generator().manual_seed(1)).double()
    discriminator = Discriminator(DensityView(1), head)
    optimiser = torch.optim.RMSprop([head.weight], lr=5e-5)
    for _ in range(500):
        optimiser.zero_grad()
        _, loss = game(discriminator)
        loss.backward()
        optimiser.step()
        clip.after_discriminator_step(discriminator)
        assert head.weight.abs().max() <= clip.limit
    real, fake, label = states()
    apart = (discriminator.view(real, label) - discriminator.view(fake, label))[:2]
    moved = apart.abs() > 1e-9
    best = (clip.limit * apart.sign())[moved]
    assert_close(head.weight.detach()[moved], best, rtol=0, atol=1e-5)
    _, loss = game(discriminator)
    expected = clip.limit * apart.abs().sum(1).mean()
    assert_close(-loss.detach(), expected, rtol=0, atol=1e-5)


def test_clipping_is_of_the_head_alone() -> None:
    head = LinearHead(4, 2).double()
    discriminator = Discriminator(DensityView(1), head)
    with torch.no_grad():
        head.weight.fill_(0.5)
        head.bias.fill_(-0.004)
    WeightClipping(0.25).after_discriminator_step(discriminator)
    assert_close(head.weight.detach(), torch.full_like(head.weight, 0.25), **EXACT)
    assert_close(head.bias.detach(), torch.full_like(head.bias, -0.004), **EXACT)
