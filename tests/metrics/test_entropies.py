"""Entropies, relative entropies and entanglement: closed forms, PennyLane, invariances."""

import math

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_circuits import random_states
from tolerances import EXACT
from torch.testing import assert_close

from qgan import metrics
from qgan.errors import QganError
from qgan.states import States

SEEDS = st.integers(0, 2**31)
few = settings(max_examples=25)


def diagonal(p: list[float]) -> States:
    return States(torch.diag(torch.tensor(p, dtype=torch.float64).sqrt()).cdouble()[None])


def unitary(seed: int, dimension: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    shape = (dimension, dimension)
    return torch.linalg.qr(torch.as_tensor(rng.normal(size=shape) + 1j * rng.normal(size=shape)))[0]


def test_diagonal_states_are_distributions() -> None:
    p, q = [0.5, 0.5, 0, 0], [0.4, 0.1, 0.2, 0.3]
    a, b = diagonal(p), diagonal(q)
    weights = [torch.tensor([x], dtype=torch.float64) for x in (p, q)]
    assert_close(metrics.relative_entropy(a, b), metrics.kl_divergence(*weights), **EXACT)
    assert metrics.relative_entropy(b, a).item() == math.inf
    assert_close(metrics.quantum_jensen_shannon(a, b), metrics.jensen_shannon(*weights), **EXACT)
    assert float(metrics.entropy(a)) == pytest.approx(math.log(2))
    assert float(metrics.entropy(b, 2)) == pytest.approx(-math.log(0.16 + 0.01 + 0.04 + 0.09))
    assert float(metrics.entropy(b, math.inf)) == pytest.approx(-math.log(0.4))
    assert float(metrics.entropy(a, 0)) == pytest.approx(math.log(2))
    near_one = float(metrics.entropy(b, 1 + 1e-6))
    assert near_one == pytest.approx(float(metrics.entropy(b)), abs=1e-5)


@pytest.mark.parametrize("rank", [1, 2, 8, 11])
def test_entropies_are_pennylanes(rank: int) -> None:
    states, other = random_states(2, 3, rank), random_states(2, 3, 8, seed=1)
    rho = states.density_matrix()
    expected = qml.math.vn_entropy(rho, indices=[0, 1, 2])
    assert_close(metrics.entropy(states), expected, rtol=0, atol=1e-6)
    assert_close(states.purity(), qml.math.purity(rho, [0, 1, 2]).real, **EXACT)
    if rank > 1:  # of a pure and a full-rank state PennyLane 0.45.1 says infinity
        ours = metrics.relative_entropy(states, other)
        sigma = other.density_matrix()
        if rank >= 8:
            assert_close(ours, qml.math.relative_entropy(rho, sigma), rtol=0, atol=1e-8)
    values, vectors = torch.linalg.eigh(other.density_matrix())
    log_sigma = (vectors * values.log().unsqueeze(-2)) @ vectors.mH
    direct = -metrics.entropy(states) - torch.einsum("bij,bji->b", rho, log_sigma).real
    assert_close(metrics.relative_entropy(states, other), direct, rtol=0, atol=1e-8)


def test_relative_entropy_at_its_limits() -> None:
    pure, mixed = random_states(2, 2, 1), random_states(2, 2, 2, seed=1)
    assert bool(metrics.relative_entropy(pure, pure[[1, 0]]).isinf().all())
    assert_close(metrics.relative_entropy(pure, pure), torch.zeros(2).double(), rtol=0, atol=1e-9)
    assert_close(metrics.relative_entropy(mixed, mixed), torch.zeros(2).double(), rtol=0, atol=1e-9)
    inside = States(mixed.factor[:, :, :1]).normalised()  # a pure state in the support
    assert bool(metrics.relative_entropy(inside, mixed).isfinite().all())
    assert bool(metrics.relative_entropy(mixed, inside).isinf().all())


SMALL = [1e-11, 1e-12, 1e-13, 1e-14]


@pytest.mark.parametrize("small", SMALL)
@pytest.mark.parametrize("seed", [None, 0, 1])
def test_small_eigenvalues_belong_to_the_support(small: float, seed: int | None) -> None:
    """Diagonal states and the same states turned; 1e-14 is forty times the rounding."""
    p, q = [0.999, 0.001], [1 - small, small]
    u = torch.eye(2).cdouble() if seed is None else unitary(seed, 2)
    a, b = (States(u @ diagonal(x).factor) for x in (p, q))
    expected = sum(x * math.log(x / y) for x, y in zip(p, q, strict=True))
    assert float(metrics.relative_entropy(a, b)) == pytest.approx(expected, rel=1e-9)
    wide = States(b.factor.repeat(1, 1, 3) / 3**0.5)  # with more columns than rows
    assert float(metrics.relative_entropy(a, wide)) == pytest.approx(expected, rel=1e-9)
    for order in (0, 0.1, 0.5):
        powers = sum(y**order for y in q)
        expected = math.log(powers) / (1 - order)
        assert float(metrics.entropy(b, order)) == pytest.approx(expected, rel=1e-6)


@pytest.mark.parametrize("dtype", [torch.complex128, torch.complex64])
@pytest.mark.parametrize("n_qubits", [1, 4])
def test_what_rounding_leaves_of_a_zero_is_no_support(dtype: torch.dtype, n_qubits: int) -> None:
    """A state of half the rank, whose factor has the columns of eigenvectors of zero too."""
    dimension = 2**n_qubits
    for seed in range(5):
        u = unitary(seed, dimension)
        low = torch.arange(dimension) < dimension // 2
        rho = (u[:, low] @ u[:, low].mH)[None] / (dimension // 2)
        values, vectors = torch.linalg.eigh(rho)
        b = States((vectors * values.abs().sqrt()[:, None]).to(dtype))
        a = States((u[:, ~low] / (dimension // 2) ** 0.5)[None].to(dtype))
        assert metrics.relative_entropy(a, b).item() == math.inf
        assert float(metrics.relative_entropy(b, b)) == pytest.approx(0, abs=1e-6)
        assert float(metrics.entropy(b, 0)) == pytest.approx(math.log(max(1, dimension // 2)))


def test_bell_and_ghz_and_werner() -> None:
    ghz = torch.zeros(1, 16, 1, dtype=torch.complex128)
    ghz[0, 0, 0] = ghz[0, 15, 0] = 2**-0.5
    assert float(metrics.half_chain_entropy(States(ghz))) == pytest.approx(math.log(2))
    assert float(metrics.negativity(States(ghz), [1, 3])) == pytest.approx(0.5)
    bell = torch.tensor([1, 0, 0, 1]).cdouble() / 2**0.5
    singlet = torch.outer(bell, bell.conj())
    for p in (0.2, 1 / 3, 0.5, 0.9):
        werner = States.from_density_matrix(
            (p * singlet + (1 - p) * torch.eye(4).double() / 4)[None]
        )
        expected = max(0.0, (3 * p - 1) / 4)
        assert float(metrics.negativity(werner, [0])) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("wires", [[0], [2, 0], [1, 2]])
def test_pure_route_of_negativity_is_the_dense_one(wires: list[int]) -> None:
    states = random_states(2, 3, 1)
    dense = States(torch.nn.functional.pad(states.factor, (0, 1)))
    assert_close(metrics.negativity(states, wires), metrics.negativity(dense, wires), **EXACT)
    expected = qml.math.vn_entropy(states.density_matrix(), indices=[0])
    assert_close(metrics.half_chain_entropy(states), expected, rtol=0, atol=1e-6)


@few
@given(SEEDS, st.sampled_from([1, 2, 4]))
def test_invariance_and_symmetry(seed: int, rank: int) -> None:
    a, b = random_states(2, 2, rank, seed=seed), random_states(2, 2, 4, seed=seed + 1)
    u = unitary(seed, 4)
    turned = [States(u @ s.factor) for s in (a, b)]
    for divergence in (metrics.quantum_jensen_shannon, metrics.relative_entropy):
        assert_close(divergence(*turned), divergence(a, b), rtol=0, atol=1e-8)
    symmetric = metrics.quantum_jensen_shannon(b, a)
    assert_close(symmetric, metrics.quantum_jensen_shannon(a, b), **EXACT)
    local = torch.kron(unitary(seed + 1, 2), unitary(seed + 2, 2))
    moved = metrics.negativity(States(local @ a.factor), [0])
    assert_close(moved, metrics.negativity(a, [0]), **EXACT)


@few
@given(SEEDS, st.sampled_from([1, 2, 5]))
def test_data_processing(seed: int, rank: int) -> None:
    a, b = random_states(2, 3, rank, seed=seed), random_states(2, 3, 8, seed=seed + 1)
    reduced = [s.reduced([0, 2]) for s in (a, b)]  # a partial trace is a channel
    for divergence in (
        metrics.quantum_jensen_shannon,
        metrics.relative_entropy,
        metrics.trace_distance,
        metrics.bures_angle,
        metrics.infidelity,
    ):
        assert bool((divergence(*reduced) <= divergence(a, b) + 1e-9).all())
    dephased = [
        States(torch.cat([s.factor * m[:, None] for m in torch.eye(8)], dim=-1)) for s in (a, b)
    ]
    unital = metrics.hilbert_schmidt_distance(*dephased)
    assert bool((unital <= metrics.hilbert_schmidt_distance(a, b) + 1e-9).all())


@few
@given(SEEDS, st.sampled_from([1, 2, 4]))
def test_triangles(seed: int, rank: int) -> None:
    a, b, c = (random_states(2, 2, rank, seed=seed + k) for k in range(3))
    for metric in (
        lambda x, y: metrics.quantum_jensen_shannon(x, y).sqrt(),
        metrics.trace_distance,
        metrics.hilbert_schmidt_distance,
        metrics.bures_angle,
        metrics.bures_distance,
    ):
        assert bool((metric(a, c) <= metric(a, b) + metric(b, c) + 1e-9).all())


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda s: metrics.entropy(s, -1), "`order` must be at least 0"),
        (lambda s: metrics.negativity(s, [0, 1]), "`wires` must be some, not all, of 0 to 1"),
        (lambda s: metrics.half_chain_entropy(s.reduced([0])), "`states` must have at least 2"),
        (lambda s: metrics.relative_entropy(s, s[0]), "`b` must hold 2 states of 2 qubits"),
    ],
)
def test_wrong_input_is_named(call, message: str) -> None:
    with pytest.raises(QganError, match=message):
        call(random_states(2, 2, 1))
