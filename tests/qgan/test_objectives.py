"""The contract of objectives. A new objective joins by adding a line to ``OBJECTIVES``."""

from __future__ import annotations

import dataclasses
import math
from typing import Any, NamedTuple

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT, OPTIMUM
from torch import Tensor
from torch.testing import assert_close

from qgan.metrics import trace_distance
from qgan.objectives import LinearValue, Minimax, NonSaturating, Objective, Wasserstein
from qgan.states import States


class Case(NamedTuple):
    """An objective under the contract, with its losses at scores of zero."""

    objective: Any
    name: str
    discriminator_at_zero: float
    generator_at_zero: float


OBJECTIVES = [
    Case(Minimax(), "minimax", 2 * math.log(2), -math.log(2)),
    Case(NonSaturating(), "non-saturating", 2 * math.log(2), math.log(2)),
    Case(LinearValue(), "linear", 0.0, 0.0),
    Case(Wasserstein(), "wasserstein", 0.0, 0.0),
]
each_objective = pytest.mark.parametrize("case", OBJECTIVES, ids=[c.name for c in OBJECTIVES])


def double(*values: float) -> Tensor:
    return torch.tensor(values, dtype=torch.float64)


def scores(seed: int = 0) -> tuple[Tensor, Tensor, Tensor]:
    generator = torch.Generator().manual_seed(seed)
    real, fake, mismatched = torch.randn(3, 6, dtype=torch.float64, generator=generator)
    return real, fake, mismatched


@each_objective
def test_protocol_and_name(case: Case) -> None:
    assert isinstance(case.objective, Objective)
    assert case.objective.name == case.name


@each_objective
def test_nothing_can_be_told_apart(case: Case) -> None:
    zero = torch.zeros(5, dtype=torch.float64)
    found = case.objective.discriminator_loss(real=zero, fake=zero)
    assert_close(found, double(case.discriminator_at_zero)[0], **EXACT)
    assert_close(
        case.objective.generator_loss(fake=zero), double(case.generator_at_zero)[0], **EXACT
    )


@each_objective
def test_real_and_fake_are_not_swapped(case: Case) -> None:
    high, low = double(0.5, 2.0, 1.0), double(-1.0, -0.2, -2.0)
    right = case.objective.discriminator_loss(real=high, fake=low)
    swapped = case.objective.discriminator_loss(real=low, fake=high)
    assert right < case.discriminator_at_zero < swapped
    fooled, caught = (case.objective.generator_loss(fake=s) for s in (high, low))
    assert fooled < case.generator_at_zero < caught


@each_objective
def test_signs_of_gradients(case: Case) -> None:
    """Real scores are pushed up, all others down; the generator pushes its own up."""
    real, fake, mismatched = (s.requires_grad_() for s in scores())
    loss = case.objective.discriminator_loss(real=real, fake=fake, mismatched=mismatched)
    of_real, of_fake, of_mismatched = torch.autograd.grad(loss, (real, fake, mismatched))
    assert (of_real < 0).all()
    assert (of_fake > 0).all()
    assert (of_mismatched > 0).all()
    (of_fake,) = torch.autograd.grad(case.objective.generator_loss(fake=fake), fake)
    assert (of_fake < 0).all()


@each_objective
def test_gradients(case: Case) -> None:
    def loss(real: Tensor, fake: Tensor, mismatched: Tensor) -> tuple[Tensor, Tensor]:
        objective = case.objective
        return (
            objective.discriminator_loss(real=real, fake=fake, mismatched=mismatched),
            objective.generator_loss(fake=fake),
        )

    assert torch.autograd.gradcheck(loss, tuple(s.requires_grad_() for s in scores()))


@each_objective
def test_losses_are_means_over_the_batch(case: Case) -> None:
    real, fake, _ = scores()
    order = torch.tensor([3, 1, 5, 0, 4, 2])
    loss = case.objective.discriminator_loss(real=real, fake=fake)
    for again in (torch.cat([real, real]), torch.cat([fake, fake])), (real[order], fake):
        found = case.objective.discriminator_loss(real=again[0], fake=again[1])
        assert_close(found, loss, **EXACT)
    generator = case.objective.generator_loss
    assert_close(generator(fake=torch.cat([fake, fake])), generator(fake=fake), **EXACT)


@each_objective
@pytest.mark.parametrize("share", [0.02, 0.5])
def test_mismatched_are_a_share_of_what_is_rejected(case: Case, share: float) -> None:
    real, fake, mismatched = scores()
    loss = dataclasses.replace(case.objective, mismatched_share=share).discriminator_loss
    together = loss(real=real, fake=fake, mismatched=mismatched)
    parts = (1 - share) * loss(real=real, fake=fake) + share * loss(real=real, fake=mismatched)
    assert_close(together, parts, **EXACT)
    assert_close(loss(real=real, fake=fake, mismatched=None), loss(real=real, fake=fake), **EXACT)


@each_objective
def test_arguments_are_keywords(case: Case) -> None:
    real, fake, _ = scores()
    with pytest.raises(TypeError):
        case.objective.discriminator_loss(real, fake)
    with pytest.raises(TypeError):
        case.objective.generator_loss(fake)


@each_objective
def test_extreme_scores_stay_finite(case: Case) -> None:
    for sign in (1.0, -1.0):
        real, fake = (torch.tensor([s * 1e4], requires_grad=True) for s in (sign, -sign))
        loss = case.objective.discriminator_loss(real=real, fake=fake)
        loss = loss + case.objective.generator_loss(fake=fake)
        gradients = torch.autograd.grad(loss, (real, fake))
        assert all(torch.isfinite(x).all() for x in (loss, *gradients))


# Minimax and its non-saturating form.


@pytest.mark.parametrize("objective", [Minimax(), NonSaturating()])
def test_best_discriminator_of_two_known_distributions(objective: Minimax) -> None:
    """``D* = p / (p + q)`` and ``V* = 2 JS(p, q) - 2 ln 2``, found by optimisation."""
    p, q = double(0.5, 0.25, 0.25, 0.0), double(0.25, 0.25, 0.25, 0.25)
    real, fake = torch.tensor([0, 0, 1, 2]), torch.tensor([0, 1, 2, 3])
    table = torch.zeros(4, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.LBFGS(
        [table],
        max_iter=300,
        tolerance_grad=1e-12,
        tolerance_change=0,
        line_search_fn="strong_wolfe",
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        loss = objective.discriminator_loss(real=table[real], fake=table[fake])
        loss.backward()
        return loss

    optimiser.step(closure)
    middle = (p + q) / 2
    jensen_shannon = (torch.xlogy(p, p / middle) + torch.xlogy(q, q / middle)).sum() / 2
    expected = 2 * jensen_shannon - 2 * math.log(2)
    assert_close(-closure().detach(), expected, **OPTIMUM)
    assert_close(table.detach().sigmoid(), p / (p + q), **OPTIMUM)


def test_losses_are_the_cross_entropy_of_the_paper() -> None:
    real, fake, _ = scores()
    value = real.sigmoid().log().mean() + (1 - fake.sigmoid()).log().mean()
    assert_close(Minimax().discriminator_loss(real=real, fake=fake), -value, **EXACT)
    assert_close(Minimax().generator_loss(fake=fake), (1 - fake.sigmoid()).log().mean(), **EXACT)
    assert_close(NonSaturating().generator_loss(fake=fake), -fake.sigmoid().log().mean(), **EXACT)


def test_gradient_of_a_generator_that_is_found_out() -> None:
    """It vanishes in the minimax game and is full in the non-saturating one."""
    fake = double(-30.0).requires_grad_()
    (minimax,) = torch.autograd.grad(Minimax().generator_loss(fake=fake), fake)
    (other,) = torch.autograd.grad(NonSaturating().generator_loss(fake=fake), fake)
    assert -1e-12 < minimax.item() < 0
    assert math.isclose(other.item(), -1.0, abs_tol=1e-10)


# The linear value.


def test_linear_value_is_half_at_equality_and_one_at_most() -> None:
    real, fake, _ = (s.tanh() for s in scores())
    value = LinearValue().value
    assert value(real=real, fake=real).item() == 0.5
    assert value(real=double(1.0), fake=double(-1.0)).item() == 1.0
    found = LinearValue().discriminator_loss(real=real, fake=fake)
    assert_close(found, 2 - 4 * value(real=real, fake=fake), **EXACT)


@pytest.mark.parametrize("ranks", [(1, 1), (2, 3)])
def test_best_observable_gives_half_plus_half_the_trace_distance(ranks: tuple[int, int]) -> None:
    """``max V = 1/2 + T/2`` over ``-1 <= Z <= 1``, at the sign of ``rho - sigma``."""
    a, b = random_states(1, 2, ranks[0]), random_states(1, 2, ranks[1], seed=1)
    values, vectors = torch.linalg.eigh((a.density_matrix() - b.density_matrix())[0])

    def value(signs: Tensor) -> Tensor:
        observable = (vectors * signs.to(vectors.dtype)) @ vectors.mH
        real, fake = (
            torch.einsum("ij,bji->b", observable, s.density_matrix()).real for s in (a, b)
        )
        return LinearValue().value(real=real, fake=fake)

    best = 0.5 + trace_distance(a, b)[0] / 2
    assert_close(value(values.sign()), best, **EXACT)
    for signs in torch.cartesian_prod(*[double(-1, 1)] * 4):
        assert value(signs) <= best + 1e-10


def test_trace_distance_of_two_pure_states_is_the_best_value() -> None:
    """``|0>`` and ``cos t |0> + sin t |1>`` differ by ``T = sin t``."""
    t = 0.6
    vectors = torch.tensor([[1, 0], [math.cos(t), math.sin(t)]], dtype=torch.complex128)
    states = States(vectors.unsqueeze(-1))
    difference = (states[0].density_matrix() - states[1].density_matrix())[0]
    gap = torch.linalg.eigvalsh(difference).abs().sum()  # E real - E fake at the best observable
    value = LinearValue().value(real=gap[None], fake=torch.zeros_like(gap)[None])
    assert math.isclose(value.item(), 0.5 + math.sin(t) / 2, abs_tol=1e-10)


# Wasserstein.


@pytest.mark.parametrize("theta", [-1.5, 0.0, 0.3])
def test_distance_of_two_parallel_lines(theta: float) -> None:
    """``W = |theta|`` between (0, U) and (theta, U), by the critic ``-sign(theta) x``."""
    sign = math.copysign(1.0, theta)
    real, fake = torch.zeros(4, dtype=torch.float64), double(*[-sign * theta] * 4)
    found = -Wasserstein().discriminator_loss(real=real, fake=fake)
    assert math.isclose(found.item(), abs(theta), abs_tol=1e-10)


def test_distance_of_two_gaussians_is_that_of_their_means() -> None:
    """Equal variances: the critic x reaches ``|mu_1 - mu_2|`` on quantiles of the two."""
    levels = (torch.arange(1000, dtype=torch.float64) + 0.5) / 1000
    normal = torch.special.ndtri(levels)
    found = -Wasserstein().discriminator_loss(real=normal + 0.7, fake=normal - 0.4)
    assert math.isclose(found.item(), 1.1, abs_tol=1e-10)
