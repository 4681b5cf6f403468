"""Distances between two states: closed forms, PennyLane as referee, invariances."""

import math

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from small_circuits import random_states
from torch.nn.functional import pad
from torch.testing import assert_close

from qgan import metrics
from qgan.errors import QganError
from qgan.metrics.states import distances
from qgan.states import States

seeds = st.integers(0, 2**31)
RANKS = [(1, 1), (1, 3), (2, 2), (2, 3), (4, 4), (8, 3)]


def random_unitary(seed: int, dimension: int) -> torch.Tensor:
    rng = np.random.default_rng(seed)
    shape = (dimension, dimension)
    return torch.linalg.qr(torch.as_tensor(rng.normal(size=shape) + 1j * rng.normal(size=shape)))[0]


def tilted(angle: torch.Tensor) -> States:
    """cos(angle / 2)|0> + sin(angle / 2)|1>."""
    amplitudes = torch.stack([(angle / 2).cos(), (angle / 2).sin()], dim=1)
    return States(amplitudes.to(torch.complex128).unsqueeze(-1))


def test_one_qubit_angles():
    angle = torch.linspace(0, math.pi, 7, dtype=torch.float64)
    zero = tilted(torch.zeros_like(angle))
    sine = (angle / 2).sin()
    assert_close(metrics.trace_distance(zero, tilted(angle)), sine)
    assert_close(metrics.hilbert_schmidt_distance(zero, tilted(angle)), math.sqrt(2) * sine)
    assert_close(metrics.bures_angle(zero, tilted(angle)), angle / 2)
    assert_close(metrics.infidelity(zero, tilted(angle)), sine**2)
    gaps = angle[:, None] - angle[None, :]
    assert_close(metrics.fidelity_matrix(tilted(angle), tilted(angle)), (gaps / 2).cos() ** 2)


def test_diagonal_states_are_distributions():
    p = torch.tensor([[0.5, 0.5, 0, 0], [0.7, 0.1, 0.1, 0.1]], dtype=torch.float64)
    q = torch.tensor([[0.0, 0.5, 0.5, 0], [0.1, 0.2, 0.3, 0.4]], dtype=torch.float64)
    a, b = (States(torch.diag_embed(x.sqrt()).to(torch.complex128)) for x in (p, q))
    assert_close(metrics.trace_distance(a, b), (p - q).abs().sum(1) / 2)
    assert_close(metrics.hilbert_schmidt_distance(a, b), (p - q).square().sum(1).sqrt())
    overlaps = (p.sqrt()[:, None] * q.sqrt()[None, :]).sum(-1) ** 2
    assert_close(metrics.fidelity_matrix(a, b), overlaps)
    assert_close(metrics.bures_angle(a, b), overlaps.diagonal().sqrt().arccos())


@pytest.mark.parametrize("rank", [1, 2, 5])
def test_a_state_and_itself(rank: int):
    states = random_states(5, 3, rank)
    zeros = torch.zeros(5, dtype=torch.float64)
    assert_close(metrics.trace_distance(states, states), zeros, atol=1e-14, rtol=0)
    assert_close(metrics.hilbert_schmidt_distance(states, states), zeros, atol=1e-14, rtol=0)
    assert_close(metrics.infidelity(states, states), zeros, atol=1e-13, rtol=0)
    assert float(metrics.fidelity_matrix(states, states).max()) <= 1


@pytest.mark.parametrize("ranks", RANKS)
def test_against_pennylane(ranks: tuple[int, int]):
    a, b = random_states(3, 3, ranks[0], seed=1), random_states(3, 3, ranks[1], seed=2)
    rho, sigma = a.density_matrix(), b.density_matrix()
    assert_close(metrics.trace_distance(a, b), qml.math.trace_distance(rho, sigma))
    expected = torch.stack([qml.math.fidelity(rho, sigma.roll(-k, 0)) for k in range(3)], dim=1)
    index = (torch.arange(3)[:, None] + torch.arange(3)[None, :]) % 3
    fidelities = metrics.fidelity_matrix(a, b)
    # PennyLane takes roots of eigenvalues that rounding lifts off zero: 1e-7 is its precision.
    assert_close(fidelities.gather(1, index), expected.real, atol=1e-6, rtol=0)
    assert_close(metrics.infidelity(a, b), 1 - fidelities.diagonal())
    norms = torch.linalg.matrix_norm(rho - sigma)
    assert_close(metrics.hilbert_schmidt_distance(a, b), norms)


def test_small_route_equals_dense_route():
    a, b = random_states(4, 4, 2, seed=3), random_states(4, 4, 1, seed=4)
    dense = States(pad(a.factor, (0, 14)))
    assert_close(metrics.trace_distance(a, b), metrics.trace_distance(dense, b))
    assert_close(metrics.hilbert_schmidt_distance(a, b), metrics.hilbert_schmidt_distance(dense, b))


def test_more_columns_than_dimensions():
    wide = random_states(3, 5, 1, seed=5).reduced([1, 3])
    narrow = States.from_density_matrix(wide.density_matrix())
    other = random_states(4, 2, 3, seed=6)
    assert wide.rank == 8 and narrow.rank == 4
    assert_close(metrics.fidelity_matrix(wide, other), metrics.fidelity_matrix(narrow, other))
    assert_close(metrics.trace_distance(wide, other[:3]), metrics.trace_distance(narrow, other[:3]))


def test_single_precision_is_judged_in_double():
    states = random_states(6, 4, 1, seed=7)
    single = states.to(torch.complex64)
    fidelities = metrics.fidelity_matrix(single, single)
    assert fidelities.dtype == torch.float64
    assert_close(fidelities, metrics.fidelity_matrix(states, states), atol=1e-6, rtol=0)


@pytest.mark.parametrize("ranks", [(1, 1), (3, 4)])
def test_chunks_change_nothing(ranks: tuple[int, int], monkeypatch: pytest.MonkeyPatch):
    a, b = random_states(7, 3, ranks[0], seed=8), random_states(5, 3, ranks[1], seed=9)
    whole = metrics.fidelity_matrix(a, b)
    monkeypatch.setattr(distances, "CHUNK", 2 * 5 * ranks[0] * ranks[1])
    assert_close(metrics.fidelity_matrix(a, b), whole)


@settings(deadline=None, max_examples=25)
@given(seed=seeds, ranks=st.sampled_from(RANKS))
def test_symmetry_and_unitary_invariance(seed: int, ranks: tuple[int, int]):
    a, b = random_states(2, 3, ranks[0], seed=seed), random_states(2, 3, ranks[1], seed=seed + 1)
    unitary = random_unitary(seed + 2, 8)
    moved = [States(unitary @ states.factor) for states in (a, b)]
    for distance in (
        metrics.trace_distance,
        metrics.hilbert_schmidt_distance,
        metrics.infidelity,
        metrics.bures_angle,
    ):
        assert_close(distance(a, b), distance(b, a))
        assert_close(distance(a, b), distance(*moved))
    assert_close(metrics.fidelity_matrix(a, b), metrics.fidelity_matrix(b, a).T)
    assert_close(metrics.fidelity_matrix(a, b), metrics.fidelity_matrix(*moved))


@settings(deadline=None, max_examples=25)
@given(seed=seeds, ranks=st.sampled_from(RANKS))
def test_fuchs_van_de_graaf_and_data_processing(seed: int, ranks: tuple[int, int]):
    a, b = random_states(3, 3, ranks[0], seed=seed), random_states(3, 3, ranks[1], seed=seed + 1)
    distance, fidelity = metrics.trace_distance(a, b), 1 - metrics.infidelity(a, b)
    assert bool((1 - fidelity.sqrt() <= distance + 1e-9).all())
    assert bool((distance <= (1 - fidelity).sqrt() + 1e-9).all())
    part = a.reduced([0, 2]), b.reduced([0, 2])
    assert bool((metrics.trace_distance(*part) <= distance + 1e-9).all())
    assert bool((metrics.infidelity(*part) <= 1 - fidelity + 1e-9).all())


@settings(deadline=None, max_examples=25)
@given(seed=seeds)
def test_triangle_inequalities(seed: int):
    a, b, c = (random_states(3, 2, 1 + k, seed=seed + k) for k in range(3))
    for distance in (
        metrics.trace_distance,
        metrics.hilbert_schmidt_distance,
        metrics.bures_angle,
    ):
        assert bool((distance(a, c) <= distance(a, b) + distance(b, c) + 1e-9).all())


@pytest.mark.parametrize(
    "distance",
    [metrics.trace_distance, metrics.hilbert_schmidt_distance, metrics.infidelity],
)
def test_wrong_input_is_named(distance):
    with pytest.raises(QganError, match="`b` must hold states of 2 qubits"):
        distance(random_states(3, 2, 1), random_states(3, 3, 1))
    with pytest.raises(QganError, match="`b` must hold 3 states"):
        distance(random_states(3, 2, 1), random_states(1, 2, 1))
    with pytest.raises(QganError, match="`b` must hold states of 2 qubits"):
        metrics.fidelity_matrix(random_states(3, 2, 1), random_states(3, 3, 1))
