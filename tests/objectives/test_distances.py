"""The proof of objectives on states: Pauli programmes, discriminator-free distances."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest
import torch
from small_circuits import random_states
from step_contexts import context
from tolerances import EXACT, PROOF
from torch import Tensor
from torch.testing import assert_close

from qgan.discriminator import no_discriminator
from qgan.errors import QganError
from qgan.metrics import fidelity_matrix, quantum_wasserstein, trace_distance
from qgan.metrics.ensembles.energy import energy_distance, root_infidelity_matrix
from qgan.metrics.states.quantum_wasserstein import pauli_observable, pauli_wasserstein
from qgan.objectives import DistanceOnly
from qgan.states import States, concatenate
from qgan.terms import (
    EnergyDistance,
    MeanDiscrepancy,
    PauliWasserstein,
    Term,
)


def generator_term(term: Term, real: States, fake: States, label: Tensor) -> Tensor:
    found = term.generator_term(context(no_discriminator(), real, fake, label))
    assert found is not None
    return found


# The quantum Wasserstein distance of order 1.


BASIS = States(torch.eye(8, dtype=torch.complex128).unsqueeze(-1))


@pytest.mark.parametrize(("a", "b", "distance"), [(0, 0, 0), (0, 1, 1), (0, 6, 2), (5, 2, 3)])
def test_pauli_programme_is_the_hamming_distance_on_basis_states(
    a: int, b: int, distance: int
) -> None:
    label = torch.zeros(2, dtype=torch.int64)
    real, fake = BASIS[[a, a]], BASIS[[b, b]]
    for weight in (1, 3):
        found = generator_term(PauliWasserstein(weight), real, fake, label)
        assert math.isclose(found.item(), distance, abs_tol=1e-6)


def test_best_pauli_observable_of_basis_states() -> None:
    """``sum_i (+-) Z_i / 2``; with real and fake swapped it is minus that."""
    words = ("ZII", "IZI", "IIZ")
    moved = (BASIS[[5]].expval(words) - BASIS[[2]].expval(words))[0]
    found = pauli_observable(moved, words)
    assert_close(found, torch.tensor([-0.5, 0.5, -0.5], dtype=torch.float64), **PROOF)
    assert_close(pauli_observable(-moved, words), -found, **EXACT)


@pytest.mark.parametrize("ranks", [(1, 1), (2, 4)])
def test_pauli_programme_lies_below_the_semidefinite_value(ranks: tuple[int, int]) -> None:
    """And ``T <= W_1 <= n T``."""
    a, b = random_states(4, 2, ranks[0]), random_states(4, 2, ranks[1], seed=1)
    bounds = quantum_wasserstein(a, b)
    for pauli, exact, distance in zip(
        pauli_wasserstein(a, b), bounds, trace_distance(a, b).tolist(), strict=True
    ):
        assert pauli <= exact.upper + 1e-9
        assert distance - 1e-3 <= exact.upper and exact.lower <= 2 * distance + 1e-3
        assert exact.upper - exact.lower <= 1e-3


def test_pauli_term_is_the_mean_over_labels_of_average_states() -> None:
    real, fake = random_states(6, 2, 2), random_states(6, 2, 1, seed=1)
    label = torch.tensor([0, 1, 0, 1, 0, 1])
    found = generator_term(PauliWasserstein(2, weight=3.0), real, fake, label)
    averages = [
        States.from_density_matrix(torch.stack([s[label == k].average() for k in (0, 1)]))
        for s in (real, fake)
    ]
    expected = 3.0 * sum(pauli_wasserstein(*averages)) / 2
    assert math.isclose(found.item(), expected, abs_tol=1e-6)


# Discriminator-free distances.


def energy(real: Tensor, fake: Tensor) -> float:
    """By its definition, pair by pair, over different states of each side."""
    n = len(real)
    inside = [sum(d[i, j] for i in range(n) for j in range(n) if i != j) for d in (real, fake)]
    return -float(inside[0] + inside[1]) / (n * (n - 1))


@pytest.mark.parametrize("rank", [1, 2, 3])
def test_energy_distance_by_definition(rank: int) -> None:
    real, fake = random_states(4, 2, rank), random_states(4, 2, rank, seed=1)

    def root(x: States, y: States) -> Tensor:
        return (1 - fidelity_matrix(x, y)).clamp_min(0).sqrt()

    expected = energy(root(real, real), root(fake, fake)) + 2 * float(root(real, fake).mean())
    found = generator_term(EnergyDistance(), real, fake, torch.zeros(4, dtype=torch.int64))
    assert_close(found, torch.tensor(expected).double(), **PROOF)


@pytest.mark.parametrize("power", [1, 2, 4])
def test_mean_discrepancy_by_definition(power: int) -> None:
    real, fake = random_states(4, 2, 2), random_states(4, 2, 1, seed=1)

    def kernel(x: States, y: States) -> Tensor:
        return torch.einsum("aij,bji->ab", x.density_matrix(), y.density_matrix()).real ** power

    expected = -energy(kernel(real, real), kernel(fake, fake)) - 2 * kernel(real, fake).mean()
    term = MeanDiscrepancy(power, weight=2.0)
    found = generator_term(term, real, fake, torch.zeros(4, dtype=torch.int64))
    assert_close(found, 2.0 * expected, **EXACT)


EACH: dict[str, Callable[[], Term]] = {
    "energy": EnergyDistance,
    "mmd": MeanDiscrepancy,
    "quantum-w1": PauliWasserstein,
}
each_distance = pytest.mark.parametrize("make", EACH.values(), ids=EACH)


@each_distance
def test_labels_are_held_apart(make: Callable[[], Term]) -> None:
    """States of exchanged labels: as a whole the same ensemble, and yet a distance."""
    real = BASIS[[0, 7, 0, 7]]
    label = torch.tensor([0, 1, 0, 1])
    assert generator_term(make(), real, BASIS[[7, 0, 7, 0]], label) > 0.5
    assert generator_term(make(), real, real, label).abs() < 1e-6


@each_distance
def test_descending_reaches_the_real_state(make: Callable[[], Term]) -> None:
    """One qubit, one label, every real state the same: the distance has its least value there."""
    target = torch.tensor([math.cos(0.9), math.sin(0.9)], dtype=torch.complex128)
    real = States(target.reshape(1, 2, 1).repeat(4, 1, 1))
    angle = torch.tensor(0.1, dtype=torch.float64, requires_grad=True)
    optimiser = torch.optim.Adam([angle], lr=0.02)
    for k in range(300):
        optimiser.param_groups[0]["lr"] = 0.04 * 0.98**k
        vector = torch.stack([angle.cos(), angle.sin()]).to(torch.complex128)
        fake = States(vector.reshape(1, 2, 1).repeat(4, 1, 1))
        loss = generator_term(make(), real, fake, torch.zeros(4, dtype=torch.int64))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert math.isclose(angle.item(), 0.9, abs_tol=1e-3)
    assert loss.abs() < 1e-2


@pytest.mark.parametrize(("make", "sees"), [(EnergyDistance, True), (PauliWasserstein, False)])
def test_only_distances_of_ensembles_see_diversity(make: Callable[[], Term], sees: bool) -> None:
    """|0>, |1> by turns against |+>, |-> by turns: one average state."""
    x = torch.tensor([[1, 1], [1, -1]], dtype=torch.complex128) / math.sqrt(2)
    real = BASIS_ONE[[0, 1] * 8]
    fake = States(x.unsqueeze(-1))[[0, 1] * 8]
    found = generator_term(make(), real, fake, torch.zeros(16, dtype=torch.int64))
    assert bool(found > 0.1) is sees


BASIS_ONE = States(torch.eye(2, dtype=torch.complex128).unsqueeze(-1))


@pytest.mark.parametrize("rank", [1, 3])
def test_gradients_are_finite_at_equal_states(rank: int) -> None:
    states = random_states(4, 2, rank)
    factor = states.factor.clone().requires_grad_()
    label = torch.zeros(4, dtype=torch.int64)
    for make in EACH.values():
        loss = generator_term(make(), states, States(factor), label)
        (gradient,) = torch.autograd.grad(loss, factor)
        assert torch.isfinite(torch.view_as_real(gradient)).all()


def test_a_label_with_one_state_has_no_distance_within() -> None:
    real, fake = random_states(3, 1, 1), random_states(3, 1, 1, seed=1)
    label = torch.tensor([0, 0, 1])
    both = concatenate([fake[:2], real[:2]])
    found = generator_term(EnergyDistance(), real, fake, label)
    assert_close(found, energy_distance(root_infidelity_matrix(both), 2), **EXACT)
    alone = context(no_discriminator(), real[:1], fake[:1], label[:1])
    assert EnergyDistance().generator_term(alone) is None


def test_distance_only_has_no_losses() -> None:
    scores = torch.randn(4)
    objective = DistanceOnly("energy")
    assert objective.name == "energy" and objective.reads == "nothing"
    assert objective.discriminator_loss(real=scores, fake=scores).item() == 0
    assert objective.generator_loss(fake=scores).item() == 0


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: MeanDiscrepancy(0), "`power` must be at least 1, but got 0"),
        (lambda: PauliWasserstein(0), "`max_weight` must be at least 1, but got 0"),
        (lambda: energy_distance(torch.zeros(3, 3), 1), "at least 2 points of each sample"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(QganError, match=message):
        make()
