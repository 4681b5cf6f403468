"""The proof of the paper's value: two known states and an observable free between -1 and 1."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from small_circuits import random_states
from tolerances import EXACT, PROOF
from torch import Tensor
from torch.testing import assert_close

from circuits import ConditionalReadout, Registers
from qgan.discriminator import BoundedLinearHead, Discriminator, IdentityHead
from qgan.engines import BatchedEngine
from qgan.metrics import trace_distance
from qgan.objectives import LinearValue
from qgan.states import States
from qgan.views import CircuitView, DensityView

PAIRS = {"pure": (1, 1), "mixed": (2, 3), "full rank": (4, 4)}
each_pair = pytest.mark.parametrize("ranks", PAIRS.values(), ids=PAIRS)


def pair(ranks: tuple[int, int]) -> tuple[States, States]:
    """One state of each rank for each of two labels."""
    return random_states(2, 2, ranks[0]), random_states(2, 2, ranks[1], seed=1)


def best_observable(real: States, fake: States, phi: float) -> Tensor:
    """``sign(cos^2(phi) rho - sin^2(phi) sigma)``, a matrix for each pair."""
    shown = math.cos(phi) ** 2 * real.density_matrix()
    values, vectors = torch.linalg.eigh(shown - math.sin(phi) ** 2 * fake.density_matrix())
    return (vectors * values.sign().unsqueeze(-2).to(vectors.dtype)) @ vectors.mH


def norm(real: States, fake: States, phi: float) -> Tensor:
    """``||cos^2(phi) rho - sin^2(phi) sigma||_1``, pair by pair."""
    shown = math.cos(phi) ** 2 * real.density_matrix()
    difference = shown - math.sin(phi) ** 2 * fake.density_matrix()
    return torch.linalg.eigvalsh(difference).abs().sum(1)


def expectation(observable: Tensor, states: States) -> Tensor:
    return torch.einsum("bij,bji->b", observable, states.density_matrix()).real


def train(objective: LinearValue, real: States, fake: States) -> tuple[Tensor, Tensor]:
    """The greatest value over observables ``V tanh(a) V^dagger``, and the scores (2, B) there."""
    random = torch.Generator().manual_seed(0)
    free = torch.randn(len(real), 2, 4, 4, dtype=torch.float64, generator=random).requires_grad_()

    def scores() -> Tensor:
        matrix = torch.complex(free[:, 0], free[:, 1])
        values, vectors = torch.linalg.eigh(matrix + matrix.mH)
        observable = (vectors * values.tanh().unsqueeze(-2).to(vectors.dtype)) @ vectors.mH
        return torch.stack([expectation(observable, states) for states in (real, fake)])

    optimiser = torch.optim.LBFGS(
        [free], max_iter=200, tolerance_grad=1e-9, line_search_fn="strong_wolfe"
    )

    def closure() -> Tensor:
        optimiser.zero_grad()
        of_real, of_fake = scores()
        loss = objective.discriminator_loss(real=of_real, fake=of_fake)
        loss.backward()
        return loss

    optimiser.step(closure)
    of_real, of_fake = scores().detach()
    return objective.value(real=of_real, fake=of_fake), torch.stack([of_real, of_fake])


@each_pair
def test_best_value_and_its_observable(ranks: tuple[int, int]) -> None:
    """``max V = 1/2 + 1/2 mean_label T``, at the sign of ``rho - sigma``; swapped it is not."""
    real, fake = pair(ranks)
    best = best_observable(real, fake, math.pi / 4)
    expected = torch.stack([expectation(best, states) for states in (real, fake)])
    value, scores = train(LinearValue(), real, fake)
    assert_close(value, 0.5 + trace_distance(real, fake).mean() / 2, **PROOF)
    assert_close(scores, expected, **PROOF)
    _, swapped = train(LinearValue(), fake, real)
    assert (swapped.flip(0) - expected).abs().max() > 0.1


@pytest.mark.parametrize("phi", [0.5, 1.0])
def test_best_value_at_a_general_angle(phi: float) -> None:
    """``mean_label 1/2 (1 + ||cos^2(phi) rho - sin^2(phi) sigma||_1)``."""
    real, fake = pair((2, 2))
    best = best_observable(real, fake, phi)
    expected = torch.stack([expectation(best, states) for states in (real, fake)])
    value, scores = train(LinearValue(phi=phi), real, fake)
    assert_close(value, ((1 + norm(real, fake, phi)) / 2).mean(), **PROOF)
    assert_close(scores, expected, **PROOF)


def test_the_bounded_head_holds_the_best_observable() -> None:
    """Of spread 2 it is any observable between -1 and 1."""
    real, fake = pair((2, 2))
    view, label = DensityView(2).double(), torch.arange(2)
    head = BoundedLinearHead(view.bounds, view.n_features, 2, spread=2.0).double()
    best = best_observable(real, fake, math.pi / 4)
    units = view.operator(torch.eye(view.n_features, dtype=torch.float64))
    gram = torch.einsum("aij,aji->a", units, units).real  # orthogonal, so coordinates are overlaps
    head.weight.data = torch.einsum("aij,bji->ba", units, best).real / gram
    scores = [Discriminator(view, head)(states, label).detach() for states in (real, fake)]
    value = LinearValue().value(real=scores[0], fake=scores[1])
    assert_close(value, 0.5 + trace_distance(real, fake).mean() / 2, **EXACT)


@each_pair
@pytest.mark.parametrize("phi", [0.5, math.pi / 4, 1.0])
def test_no_signs_do_better(ranks: tuple[int, int], phi: float) -> None:
    """Among observables with the difference's eigenvectors, all signs tried."""
    real, fake = (states[0] for states in pair(ranks))
    shown = math.cos(phi) ** 2 * real.density_matrix() - math.sin(phi) ** 2 * fake.density_matrix()
    vectors = torch.linalg.eigh(shown)[1]
    most = float((1 + norm(real, fake, phi)[0]) / 2)
    found = []
    for signs in torch.cartesian_prod(*[torch.tensor([-1.0, 1.0])] * 4):
        observable = (vectors * signs.to(vectors.dtype)) @ vectors.mH
        scores = [expectation(observable, states) for states in (real, fake)]
        found.append(LinearValue(phi=phi).value(real=scores[0], fake=scores[1]).item())
    assert math.isclose(max(found), most, abs_tol=1e-10)


def test_value_is_half_at_equality_and_one_at_most() -> None:
    one = torch.ones(3, dtype=torch.float64)
    value = LinearValue().value
    assert value(real=0.3 * one, fake=0.3 * one).item() == 0.5
    assert value(real=one, fake=-one).item() == 1.0
    scores = torch.tensor([0.2, -0.7, 0.9], dtype=torch.float64)
    loss = LinearValue().discriminator_loss(real=scores, fake=-scores / 2)
    assert_close(loss, 2 - 4 * value(real=scores, fake=-scores / 2), **EXACT)


def test_the_angle_is_the_share_of_real_states() -> None:
    """Always "real" is right with probability ``cos^2 phi``, always "generated" with sin^2."""
    one = torch.ones(2, dtype=torch.float64)
    for phi in (0.5, math.pi / 4, 1.2):
        value = LinearValue(phi=phi).value
        assert math.isclose(value(real=one, fake=one).item(), math.cos(phi) ** 2, abs_tol=1e-12)
        assert math.isclose(value(real=-one, fake=-one).item(), math.sin(phi) ** 2, abs_tol=1e-12)


def readout(bath: int) -> Callable[[States], Tensor]:
    """The value that a deep readout of one Z reaches, with so many ancillas."""
    circuit = ConditionalReadout(Registers(output=1, bath=bath), n_layers=3)
    word = "I" * bath + "Z"
    engine = BatchedEngine("double")

    def reached(states: States) -> Tensor:
        view = CircuitView(circuit, 1, [word], engine=engine, scale=1.0, seed=2).double()
        discriminator = Discriminator(view, IdentityHead(1))
        label = torch.zeros(1, dtype=torch.int64)
        optimiser = torch.optim.LBFGS(view.parameters(), max_iter=60, line_search_fn="strong_wolfe")
        objective = LinearValue(phi=0.5)

        def closure() -> Tensor:
            optimiser.zero_grad()
            loss = objective.discriminator_loss(
                real=discriminator(states[0], label), fake=discriminator(states[1], label)
            )
            loss.backward()
            return loss

        optimiser.step(closure)
        return objective.value(
            real=discriminator(states[0], label), fake=discriminator(states[1], label)
        ).detach()

    return reached


def test_half_rank_observables_need_an_ancilla() -> None:
    """With phi = 0.5 and two close, mixed states the best guess is always "real", the identity.

    ``U Z U^dagger`` has as many eigenvalues -1 as 1 and cannot say so; with an ancilla it can.
    """
    populations = torch.tensor([[0.7, 0.3], [0.6, 0.4]], dtype=torch.float64)
    states = States(torch.diag_embed(populations.sqrt()).to(torch.complex128))
    best = (1 + norm(states[0], states[1], 0.5)) / 2
    assert_close(best, torch.tensor([math.cos(0.5) ** 2], dtype=torch.float64), **EXACT)
    assert_close(readout(bath=1)(states), best[0], **PROOF)
    assert readout(bath=0)(states) < best[0] - 0.05
