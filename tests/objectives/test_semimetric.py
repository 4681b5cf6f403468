"""The proof of the quantum Wasserstein semimetric: two potentials and the dual's rule."""

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

from qgan.discriminator import Discriminator, PotentialsHead
from qgan.errors import QganError
from qgan.metrics.states.semimetric import coupling_excess, swap_cost
from qgan.objectives import QuantumSemimetric
from qgan.states import States
from qgan.terms import (
    CouplingPenalty,
)
from qgan.views import DensityView, PauliView


def pure_semimetric(a: States, b: States) -> Tensor:
    """The closed form ``(1 - F) / 2`` of pure states, pair by pair."""
    return (1 - a.fidelity(b)) / 2


def potentials(
    real: States, fake: States, *strengths: float, swapped: bool = False
) -> tuple[Tensor, Tensor]:
    """The dual value after training both potentials, and the gap ``Tr[Q psi] - Tr[P phi]``.

    Strengths follow one another, each starting at the optimum of the one before.
    """
    view = DensityView(1)
    head = PotentialsHead(view.operator, 4, 1, torch.Generator().manual_seed(0)).double()
    discriminator, label = Discriminator(view, head), torch.zeros(1, dtype=torch.int64)
    shown = (fake, real) if swapped else (real, fake)

    def loss(strength: float) -> Tensor:
        given = context(discriminator, *shown, label)
        extra = CouplingPenalty(strength).discriminator_term(given)
        assert extra is not None
        assert given.real_scores is not None
        return extra + QuantumSemimetric().discriminator_loss(
            real=given.real_scores, fake=given.fake_scores
        )

    for strength in strengths:
        optimiser = torch.optim.LBFGS(
            head.parameters(), max_iter=400, tolerance_grad=1e-7, line_search_fn="strong_wolfe"
        )

        def closure(strength: float = strength) -> Tensor:
            head.zero_grad()
            found = loss(strength)
            found.backward()
            return found

        optimiser.step(closure)
    seen, made = (view(states, label) for states in (real, fake))
    gap = head(seen, label) + head.difference(seen, label) - head(made, label)
    return -loss(strengths[-1]).detach(), gap.detach()


@pytest.mark.parametrize("angle", [0.3, 1.0, math.pi / 2])
def test_semimetric_of_pure_states(angle: float) -> None:
    """``(1 - F) / 2``: at the optimum the gap of the scores is that and lambda.

    A finite lambda smooths the rule: pure states meet it only in the limit of a wide one, where
    the mean of the exponential is the exponential of the mean.
    """
    vectors = torch.tensor([[1, 0], [math.cos(angle), math.sin(angle)]], dtype=torch.complex128)
    real, fake = (States(vector.reshape(1, 2, 1)) for vector in vectors)
    expected = pure_semimetric(real, fake)
    assert_close(expected, torch.tensor([math.sin(angle) ** 2 / 2], dtype=torch.float64), **EXACT)
    strength = 200.0
    value, gap = potentials(real, fake, strength)
    assert_close(value, expected[0], **PROOF)
    assert_close(gap, expected + strength, **PROOF)
    _, other = potentials(real, fake, strength, swapped=True)
    assert abs(float(other - gap)) > 0.1


def semidefinite_value(real: Tensor, fake: Tensor) -> float:
    """``min Tr[pi C]`` over couplings, by cvxpy."""
    cvxpy = pytest.importorskip("cvxpy")
    coupling = cvxpy.Variable((4, 4), hermitian=True)
    rules = [
        coupling >> 0,
        cvxpy.partial_trace(coupling, [2, 2], axis=1) == fake.numpy(),
        cvxpy.partial_trace(coupling, [2, 2], axis=0) == real.numpy(),
    ]
    cost = cvxpy.real(cvxpy.trace(coupling @ swap_cost(1).numpy()))
    return float(cvxpy.Problem(cvxpy.Minimize(cost), rules).solve(solver="CLARABEL"))


def test_semimetric_of_mixed_states_is_the_semidefinite_value() -> None:
    """Full rank, a strict rule: the smoothed dual is the programme's value."""
    real, fake = random_states(1, 1, 2), random_states(1, 1, 2, seed=4)
    expected = semidefinite_value(real.density_matrix()[0], fake.density_matrix()[0])
    value, gap = potentials(real, fake, 0.1, 0.03, 0.01, 0.003)
    assert math.isclose(value.item(), expected, abs_tol=1e-3)
    assert math.isclose(gap.item(), expected + 0.003, abs_tol=1e-3)
    assert expected > 0.1


def test_potentials_that_keep_the_rule_are_below_every_coupling() -> None:
    """With ``psi = 0`` and ``phi = -c``: broken by c everywhere, and by no more."""
    rho, sigma = (random_states(1, 1, 2, seed=s).density_matrix()[0] for s in (0, 1))
    eye = torch.eye(2, dtype=torch.complex128)
    found = coupling_excess(rho, sigma, 0 * eye, 0 * eye, 0.5)
    cost = swap_cost(1)
    raised = torch.linalg.matrix_exp(-cost / 0.5)
    expected = 0.5 / math.e * torch.trace(torch.kron(sigma, rho) @ raised).real
    assert_close(found, expected, **EXACT)
    lifted = coupling_excess(rho, sigma, 0.2 * eye, -0.1 * eye, 0.5)
    assert_close(lifted, expected * math.exp(0.3 / 0.5), **EXACT)


def test_the_product_is_the_only_coupling_of_pure_states() -> None:
    a, b = random_states(1, 2, 1), random_states(1, 2, 1, seed=1)
    product = torch.kron(a.density_matrix()[0], b.density_matrix()[0])
    value = torch.trace(product @ swap_cost(2)).real
    assert_close(value, pure_semimetric(a, b)[0], **EXACT)


def test_a_pauli_view_serves_the_potentials_too() -> None:
    """Its words and the identity are all observables."""
    view = PauliView(1, 1)
    head = PotentialsHead(view.operator, 3, 2, torch.Generator().manual_seed(0)).double()
    with torch.no_grad():
        head.bias.copy_(torch.tensor([[0.1, 0.2], [0.3, 0.4]]))
    states, label = random_states(3, 1, 2), torch.ones(3, dtype=torch.int64)
    phi, psi = head.potentials(label[0])
    for matrix, found in (
        (phi, head(view(states, label), label)),
        (psi - phi, head.difference(view(states, label), label)),
    ):
        expected = torch.einsum("ij,bji->b", matrix, states.density_matrix()).real
        assert_close(found, expected, **EXACT)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: CouplingPenalty(0.0), "`strength` must be above 0, but got 0.0"),
        (lambda: swap_cost(5), "`n_qubits` must be at most 4, but got 5"),
    ],
)
def test_wrong_arguments_are_refused(make: Callable[[], object], message: str) -> None:
    with pytest.raises(QganError, match=message):
        make()
