"""Gradients of distances between states: right in general, finite at equal and orthogonal ones."""

import pytest
import torch
from tolerances import EXACT
from torch.testing import assert_close

from qgan import metrics
from qgan.states import States

DISTANCES = {
    "fidelity": metrics.fidelity,
    "infidelity": metrics.infidelity,
    "bures angle": metrics.bures_angle,
    "bures distance": metrics.bures_distance,
    "trace": metrics.trace_distance,
    "hilbert-schmidt": metrics.hilbert_schmidt_distance,
    "jensen-shannon": metrics.quantum_jensen_shannon,
}
each = pytest.mark.parametrize("distance", DISTANCES.values(), ids=DISTANCES)


def factors(seed: int, n: int, n_qubits: int, rank: int) -> torch.Tensor:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(n, 2**n_qubits, rank, generator=rng, dtype=torch.complex128)


def normalised(factor: torch.Tensor) -> States:
    return States(factor).normalised()


@each
@pytest.mark.parametrize("ranks", [(1, 1), (1, 3), (2, 2), (5, 3)])
def test_gradients_are_those_of_differences(distance, ranks) -> None:
    a, b = (factors(seed, 2, 2, rank) for seed, rank in enumerate(ranks))
    pair = (a.requires_grad_(), b.requires_grad_())
    assert torch.autograd.gradcheck(lambda x, y: distance(normalised(x), normalised(y)), pair)


def test_gradient_of_relative_entropy() -> None:
    for rank, full in ((1, 4), (3, 4), (4, 6)):
        a, b = factors(0, 2, 2, rank).requires_grad_(), factors(1, 2, 2, full).requires_grad_()
        assert torch.autograd.gradcheck(
            lambda x, y: metrics.relative_entropy(normalised(x), normalised(y)), (a, b)
        )
    equal = States(torch.eye(4).cdouble()[None] / 2).factor.requires_grad_()
    other = factors(0, 1, 2, 2)
    assert torch.autograd.gradcheck(  # four equal eigenvalues
        lambda x: metrics.relative_entropy(normalised(other), normalised(x)), equal
    )


def test_gradient_of_relative_entropy_between_small_eigenvalues() -> None:
    """Turning sigma by exp(t K) changes ``-Tr rho log sigma`` by ``-t Tr rho [K, log sigma]``."""
    values = torch.tensor([1.0, 2e-8, 1e-11, 1e-13], dtype=torch.float64)
    rho = normalised(factors(0, 1, 2, 4))
    k = torch.tensor([[0, 1, 2, 3], [-1, 0, 4, 5], [-2, -4, 0, 6], [-3, -5, -6, 0]]).cdouble()
    t = torch.zeros((), dtype=torch.float64, requires_grad=True)
    sigma = States((torch.matrix_exp(t * k) @ torch.diag(values.sqrt()).cdouble())[None])
    (slope,) = torch.autograd.grad(metrics.relative_entropy(rho, sigma).sum(), t)
    logs = torch.diag(values.log()).cdouble()
    expected = -(rho.density_matrix()[0] @ (k @ logs - logs @ k)).trace().real
    assert float(slope) == pytest.approx(float(expected), rel=1e-8)


@each
@pytest.mark.parametrize("rank", [1, 2, 4, 6])
def test_gradients_are_finite_at_equal_states(distance, rank: int) -> None:
    a = factors(0, 3, 2, rank)
    pair = (a.clone().requires_grad_(), a.clone().requires_grad_())
    distance(normalised(pair[0]), normalised(pair[1])).sum().backward()
    for x in pair:
        assert bool(torch.view_as_real(x.grad).isfinite().all())
        assert float(x.grad.abs().max()) < 10


@each
def test_gradients_are_finite_at_orthogonal_states(distance) -> None:
    basis = torch.eye(8, dtype=torch.complex128)
    for columns in (1, 2):
        a = basis[None, :, :columns].clone().requires_grad_()
        b = basis[None, :, 4 : 4 + columns].clone().requires_grad_()
        distance(normalised(a), normalised(b)).sum().backward()
        for x in (a, b):
            assert bool(torch.view_as_real(x.grad).isfinite().all())
            assert float(x.grad.abs().max()) < 10


@each
def test_gradients_are_finite_where_a_column_is_empty(distance) -> None:
    a = torch.nn.functional.pad(factors(0, 2, 2, 1), (0, 3)).requires_grad_()
    b = torch.nn.functional.pad(factors(1, 2, 2, 2), (0, 1)).requires_grad_()
    distance(normalised(a), normalised(b)).sum().backward()
    assert bool(torch.view_as_real(a.grad).isfinite().all())
    assert bool(torch.view_as_real(b.grad).isfinite().all())


@pytest.mark.parametrize(
    "measure",
    [
        metrics.entropy,
        lambda s: metrics.entropy(s, 2),
        lambda s: metrics.entropy(s, 0.5),
        metrics.half_chain_entropy,
        lambda s: metrics.negativity(s, [0]),
        States.purity,
    ],
)
@pytest.mark.parametrize("rank", [1, 3])
def test_gradients_of_entropies_and_entanglement(measure, rank: int) -> None:
    a = factors(0, 2, 3, rank).requires_grad_()
    assert torch.autograd.gradcheck(lambda x: measure(normalised(x)), a)
    product = torch.zeros(1, 8, rank, dtype=torch.complex128)
    product[0, 0, 0] = 1
    product.requires_grad_()
    measure(normalised(product)).sum().backward()
    assert bool(torch.view_as_real(product.grad).isfinite().all())


def test_close_states_keep_their_digits() -> None:
    for gap in (1e-3, 1e-6, 1e-9):
        angle = torch.tensor([0.0, gap], dtype=torch.float64)
        states = States(torch.stack([angle.cos(), angle.sin()], dim=1).cdouble()[..., None])
        value = metrics.bures_angle(states[0], states[1])
        assert_close(value, angle[1:], rtol=1e-6, atol=0)
        assert_close(metrics.trace_distance(states[0], states[1]), angle[1:].sin(), **EXACT)


def test_gradient_of_a_matrix_of_fidelities() -> None:
    a, b = factors(0, 3, 2, 1).requires_grad_(), factors(1, 2, 2, 1).requires_grad_()
    assert torch.autograd.gradcheck(
        lambda x, y: metrics.fidelity_matrix(normalised(x), normalised(y)), (a, b)
    )
    plain = metrics.fidelity_matrix(normalised(a.detach()), normalised(b.detach()))
    graph = metrics.fidelity_matrix(normalised(a), normalised(b))
    assert_close(graph.detach(), plain, **EXACT)
