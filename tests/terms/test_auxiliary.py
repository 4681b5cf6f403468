"""The auxiliary classifier: both sides are trained by the guess of the label."""

from __future__ import annotations

import math

import torch
from small_circuits import random_states
from step_contexts import context
from tolerances import EXACT
from torch.nn.functional import cross_entropy
from torch.testing import assert_close

from qgan.discriminator import AuxiliaryHead, Discriminator
from qgan.states import States
from qgan.terms import AuxiliaryClassifier, StepContext, Term
from qgan.views import DensityView


def given(hidden: tuple[int, ...] = (8,)) -> tuple[AuxiliaryHead, StepContext]:
    view, label = DensityView(1), torch.tensor([0, 1, 0, 1, 1, 0])
    head = AuxiliaryHead(4, 2, hidden, torch.Generator().manual_seed(0)).double()
    states = random_states(6, 1, 1), random_states(6, 1, 2, seed=1)
    return head, context(Discriminator(view, head), *states, label)


def test_terms_are_cross_entropies() -> None:
    head, at = given()
    term = AuxiliaryClassifier(3.0)
    assert isinstance(term, Term)
    real, fake = (
        cross_entropy(head.classify(view), at.label) for view in (at.real_view, at.fake_view)
    )
    found = term.discriminator_term(at), term.generator_term(at)
    assert found[0] is not None and found[1] is not None
    assert_close(found[0], 3.0 * (real + fake), **EXACT)
    assert_close(found[1], 3.0 * fake, **EXACT)


def test_a_head_that_knows_nothing_pays_the_entropy_of_the_labels() -> None:
    head, at = given()
    for parameter in head.guess.parameters():
        torch.nn.init.zeros_(parameter)
    found = AuxiliaryClassifier().generator_term(at)
    assert found is not None
    assert math.isclose(found.item(), math.log(2), abs_tol=1e-12)


def test_the_head_learns_to_name_labels() -> None:
    """Label k comes as ``|k>``; then it names unseen mixtures too."""
    basis = States(torch.eye(2, dtype=torch.complex128).unsqueeze(-1))
    label = torch.tensor([0, 1] * 4)
    view = DensityView(1)
    head = AuxiliaryHead(4, 2, (8,), torch.Generator().manual_seed(0)).double()
    optimiser = torch.optim.Adam(head.parameters(), lr=0.05)
    for _ in range(60):
        at = context(Discriminator(view, head), basis[label], basis[label], label)
        loss = AuxiliaryClassifier().discriminator_term(at)
        assert loss is not None
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    tilted = torch.tensor([[0.9, 0.1], [0.2, 0.8]], dtype=torch.float64).sqrt()
    states = States(torch.diag_embed(tilted).to(torch.complex128))
    named = head.classify(view(states, label[:2])).argmax(1)
    assert named.tolist() == [0, 1]
