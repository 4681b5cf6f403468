"""The quantum W_1: basis states, classical distributions, a semidefinite programme as referee."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_circuits import random_states

from qgan import metrics
from qgan.errors import QganError
from qgan.metrics.states.quantum_wasserstein import _Programme
from qgan.states import States

SEEDS = st.integers(0, 2**31)


def unitary(seed: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    return torch.linalg.qr(torch.as_tensor(rng.normal(size=(2, 2)) + 1j * rng.normal(size=(2, 2))))[
        0
    ]


def value(a: States, b: States, tolerance: float = 1e-3) -> float:
    (bounds,) = metrics.quantum_wasserstein(a, b, tolerance)
    assert bounds.upper - bounds.lower <= tolerance
    return (bounds.upper + bounds.lower) / 2


def test_basis_states_lie_their_hamming_distance_apart() -> None:
    basis = States(torch.eye(8).cdouble()[:, :, None])
    first, second = torch.tensor([0, 0, 5, 6]), torch.tensor([7, 4, 5, 1])
    hamming = [3, 1, 0, 3]
    distances = metrics.quantum_wasserstein(basis[first], basis[second])
    for bounds, expected in zip(distances, hamming, strict=True):
        assert bounds.lower - 1e-9 <= expected <= bounds.upper + 1e-9
        assert bounds.upper - bounds.lower <= 1e-3
    pauli = metrics.pauli_wasserstein(basis[first], basis[second])
    assert pauli == pytest.approx(hamming, abs=1e-8)


def test_distributions_are_moved_by_hamming_distance() -> None:
    rng = np.random.default_rng(0)
    p, q = (torch.as_tensor(x) for x in rng.dirichlet(np.ones(8), 2))
    bits = torch.tensor([[k >> 2 & 1, k >> 1 & 1, k & 1] for k in range(8)])
    hamming = (bits[:, None] != bits[None, :]).sum(-1).double()
    a, b = (States(torch.diag(x.sqrt()).cdouble()[None]) for x in (p, q))
    expected = metrics.discrete_wasserstein(p, q, hamming)
    assert value(a, b) == pytest.approx(expected, abs=1e-3)


def test_one_qubit_is_the_trace_distance() -> None:
    a, b = random_states(1, 1, 1), random_states(1, 1, 2, seed=1)
    assert value(a, b) == pytest.approx(float(metrics.trace_distance(a, b)), abs=1e-3)


@pytest.mark.parametrize(("n_qubits", "rank", "seed"), [(2, 1, 0), (2, 3, 1), (3, 1, 2)])
def test_the_semidefinite_programme_agrees(n_qubits: int, rank: int, seed: int) -> None:
    cvxpy = pytest.importorskip("cvxpy")
    a, b = (
        random_states(1, n_qubits, rank, seed=seed),
        random_states(1, n_qubits, rank, seed=seed + 9),
    )
    difference = (a.density_matrix() - b.density_matrix())[0].numpy()
    size = 2**n_qubits
    parts = [cvxpy.Variable((size, size), hermitian=True) for _ in range(n_qubits)]
    rules = [sum(parts) == difference]
    dims = [2] * n_qubits
    rules += [cvxpy.partial_trace(x, dims, axis=k) == 0 for k, x in enumerate(parts)]
    # ||X||_1 = min Tr(P + N), X = P - N with both positive.
    positive = [cvxpy.Variable((size, size), hermitian=True) for _ in parts]
    rules += [p >> 0 for p in positive]
    rules += [p - x >> 0 for p, x in zip(positive, parts, strict=True)]
    cost = sum(cvxpy.real(cvxpy.trace(2 * p - x)) for p, x in zip(positive, parts, strict=True)) / 2
    expected = cvxpy.Problem(cvxpy.Minimize(cost), rules).solve(solver="SCS", eps=1e-8)
    (bounds,) = metrics.quantum_wasserstein(a, b, 1e-4)
    assert bounds.lower - 1e-6 <= expected <= bounds.upper + 1e-6
    assert bounds.upper - bounds.lower < 1e-3
    (pauli,) = metrics.pauli_wasserstein(a, b)
    (short,) = metrics.pauli_wasserstein(a, b, max_weight=1)
    assert 0 < short <= pauli + 1e-9 <= expected + 1e-6


def test_bounds_are_certificates() -> None:
    """The observable behind the lower bound has slope 1, the parts behind the upper one add up."""
    a, b = random_states(1, 2, 1, seed=3), random_states(1, 2, 2, seed=4)
    programme = _Programme((a.density_matrix() - b.density_matrix())[0])
    words = programme._to_words(programme.difference[None])
    assert torch.allclose(programme._to_matrices(words)[0], programme.difference)
    parts = programme._feasible(torch.randn(2, 16, dtype=torch.float64))
    matrices = programme._to_matrices(parts)
    assert torch.allclose(matrices.sum(0), programme.difference)
    split = matrices.reshape(2, 2, 2, 2, 2)
    assert float(torch.einsum("kakc->ac", split[0]).abs().max()) < 1e-12
    assert float(torch.einsum("akck->ac", split[1]).abs().max()) < 1e-12
    assert programme._lower(torch.zeros(2, 16, dtype=torch.float64)) == 0
    exact = value(a, b)
    for seed in range(20):
        guess = torch.randn(2, 16, generator=torch.Generator().manual_seed(seed)).double()
        assert programme._lower(guess) <= exact + 1e-3


@settings(max_examples=6)
@given(SEEDS)
def test_invariances_and_bounds(seed: int) -> None:
    a, b, c = (random_states(1, 2, 2, seed=seed + k) for k in range(3))
    plain = value(a, b)
    assert value(b, a) == pytest.approx(plain, abs=2e-3)
    assert value(a, c) <= plain + value(b, c) + 3e-3
    local = torch.kron(unitary(seed), unitary(seed + 1))
    turned = [States(local @ s.factor) for s in (a, b)]
    assert value(*turned) == pytest.approx(plain, abs=2e-3)
    swapped = [s.reduced([1, 0]) for s in (a, b)]
    assert value(*swapped) == pytest.approx(plain, abs=2e-3)
    damping = [
        torch.tensor([[1, 0], [0, 0.8]]).cdouble(),
        torch.tensor([[0, 0.6], [0, 0]]).cdouble(),
    ]
    kraus = [torch.kron(k, torch.eye(2).cdouble()) for k in damping]
    damped = [States(torch.cat([k @ s.factor for k in kraus], dim=-1)) for s in (a, b)]
    assert value(*damped) <= plain + 2e-3
    trace = float(metrics.trace_distance(a, b))
    assert trace - 1e-3 <= plain <= 2 * trace + 1e-3


def test_equal_states_and_wrong_input() -> None:
    state = random_states(1, 2, 1)
    (bounds,) = metrics.quantum_wasserstein(state, state)
    assert (bounds.lower, bounds.upper) == (0.0, 0.0)
    with pytest.raises(QganError, match="`b` must hold 1 states of 2 qubits"):
        metrics.quantum_wasserstein(state, random_states(1, 3, 1))
    wide = random_states(1, 6, 1)
    with pytest.raises(QganError, match="`a` must have at most 5 qubits, but got 6"):
        metrics.quantum_wasserstein(wide, wide)
    assert metrics.pauli_wasserstein(wide, wide, max_weight=1) == (0.0,)
    with pytest.raises(QganError, match="`max_weight` must be at least 1"):
        metrics.pauli_wasserstein(state, state, max_weight=0)
