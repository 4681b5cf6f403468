"""Purity matching: the closed form on depolarised states, and where it looks."""

from __future__ import annotations

import pytest
import torch
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from qgan.batch import Batch
from qgan.discriminator import Discriminator, LinearHead
from qgan.sampler import Drawn
from qgan.states import States
from qgan.terms import Moment, PurityMatching, StepContext
from qgan.views import DensityView


def depolarised(strength: Tensor) -> States:
    """``(1 - p) |0><0| + p I/2``, of purity ``1 - p + p^2 / 2``."""
    weights = torch.stack([1 - strength / 2, strength / 2], 1)
    return States(torch.diag_embed(weights.sqrt()).to(torch.complex128))


def context(real: States, fake: States) -> StepContext:
    label = torch.zeros(len(fake), dtype=torch.int64)
    discriminator = Discriminator(DensityView(1), LinearHead(4, 1).double())
    shown = discriminator.view(fake, label)
    scores = discriminator.head(shown, label)
    where = Moment(0, 10, torch.Generator().manual_seed(0))
    batch, drawn = Batch(real, label), Drawn(fake, label, torch.zeros(len(fake), 1))
    return StepContext(discriminator, batch, drawn, shown, scores, where)


def purity(strength: Tensor) -> Tensor:
    return 1 - strength + strength**2 / 2


def test_mean_square_of_the_distance_to_the_mean_purity_of_real_states() -> None:
    real = torch.tensor([0.1, 0.3, 0.5], dtype=torch.float64)
    fake = torch.tensor([0.0, 0.6, 1.0], dtype=torch.float64)
    term = PurityMatching(3.0).generator_term(context(depolarised(real), depolarised(fake)))
    expected = 3.0 * ((purity(fake) - purity(real).mean()) ** 2).mean()
    assert term is not None
    assert_close(term, expected, **EXACT)
    assert (
        PurityMatching().discriminator_term(context(depolarised(real), depolarised(fake))) is None
    )


def test_pure_states_of_a_pure_family_cost_nothing() -> None:
    pure = depolarised(torch.zeros(2, dtype=torch.float64))
    other = States(torch.tensor([[[0.6], [0.8]], [[0.0], [1.0]]], dtype=torch.complex128))
    term = PurityMatching(5.0).generator_term(context(pure, other))
    assert term is not None
    assert term.item() < 1e-25


@pytest.mark.parametrize("strength", [0.2, 0.7])
def test_gradient_reaches_the_generator_and_not_the_data(strength: float) -> None:
    """``d/dp (Tr rho^2 - P)^2 = 2 (1 - p + p^2/2 - P) (p - 1)``."""
    fake = torch.tensor([strength], dtype=torch.float64, requires_grad=True)
    real = torch.tensor([0.4], dtype=torch.float64, requires_grad=True)
    term = PurityMatching().generator_term(context(depolarised(real), depolarised(fake)))
    assert term is not None
    found = torch.autograd.grad(term, [fake, real], allow_unused=True)
    expected = 2 * (purity(fake) - purity(real)) * (fake - 1)
    assert_close(found[0], expected.detach(), **EXACT)
    assert found[1] is None
