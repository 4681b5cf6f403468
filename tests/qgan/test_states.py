"""States: closed forms, PennyLane as the referee of fidelity, sampling, properties."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from small_circuits import partial_trace, random_states
from tolerances import EXACT, FIDELITY
from torch.testing import assert_close

from qgan import States
from qgan.errors import QganError

BELL = States.from_numpy(np.array([[1, 0, 0, 1]]) / 2**0.5)
GHZ = States.from_numpy(np.array([[1, 0, 0, 0, 0, 0, 0, 1]]) / 2**0.5)
HALF = torch.eye(2, dtype=torch.complex128)[None] / 2


def double(values: list[Any]) -> torch.Tensor:
    return torch.tensor(values, dtype=torch.float64)


# Closed forms.


def test_bell_state() -> None:
    assert (len(BELL), BELL.n_qubits, BELL.dimension, BELL.rank) == (1, 2, 4, 1)
    assert BELL.is_pure
    rho = torch.zeros(1, 4, 4, dtype=torch.complex128)
    rho[0, ::3, ::3] = 0.5
    assert_close(BELL.density_matrix(), rho, **EXACT)
    assert_close(BELL.expval(["XX", "YY", "ZZ", "ZI"]), double([[1, -1, 1, 0]]), **EXACT)
    assert_close(BELL.probabilities(), double([[0.5, 0, 0, 0.5]]), **EXACT)
    for wire in (0, 1):
        part = BELL.reduced([wire])
        assert_close(part.density_matrix(), HALF, **EXACT)
        assert_close(part.purity(), double([0.5]), **EXACT)


def test_ghz_state_reduces_to_a_classical_mixture() -> None:
    for wires in ([0, 1], [1, 2], [2, 0]):
        part = GHZ.reduced(wires)
        expected = torch.diag(torch.tensor([0.5, 0, 0, 0.5], dtype=torch.complex128))[None]
        assert_close(part.density_matrix(), expected, **EXACT)
    assert_close(GHZ.reduced([1]).density_matrix(), HALF, **EXACT)
    assert_close(GHZ.reduced([0, 1, 2]).purity(), double([1]), **EXACT)


def test_reduced_states_keep_the_order_of_wires_given() -> None:
    vector = torch.zeros(8, dtype=torch.complex128)
    vector[0b011] = 1  # |0>|1>|1>
    states = States(vector.reshape(1, 8, 1))
    assert states.reduced([2, 0]).probabilities().argmax() == 0b10
    assert states.reduced([0, 2]).probabilities().argmax() == 0b01


def test_reduced_state_of_any_state_is_its_partial_trace() -> None:
    states = random_states(3, 3, 2)
    expected = partial_trace(states.density_matrix(), 2)
    assert_close(states.reduced([0, 1]).density_matrix(), expected, **EXACT)


@pytest.mark.parametrize("wires", [[], [0, 0], [2], [-1]])
def test_wires_that_are_not_there_are_refused(wires: list[int]) -> None:
    with pytest.raises(QganError, match="`wires` must be distinct and from 0 to 1"):
        BELL.reduced(wires)


def test_purity_of_depolarised_bell_states() -> None:
    """``p |B><B| + (1 - p) 1/4`` has purity ``(1 + 3 p^2) / 4``."""
    p = torch.linspace(0, 1, 5, dtype=torch.float64)
    rho = p[:, None, None] * BELL.density_matrix()
    rho = rho + (1 - p)[:, None, None] * torch.eye(4, dtype=torch.complex128) / 4
    assert_close(States.from_density_matrix(rho).purity(), (1 + 3 * p**2) / 4, **EXACT)


def test_average_of_basis_states_is_maximally_mixed() -> None:
    basis = States(torch.eye(4, dtype=torch.complex128).unsqueeze(-1))
    assert_close(basis.average(), torch.eye(4, dtype=torch.complex128) / 4, **EXACT)
    states = random_states(5, 2, 3)
    assert_close(states.average(), states.density_matrix().mean(0), **EXACT)


# Fidelity.


def test_fidelity_is_squared() -> None:
    """``F(|0>, cos t |0> + sin t |1>) = cos^2 t``."""
    t = torch.linspace(0, math.pi / 2, 7, dtype=torch.float64)
    turned = States(torch.stack([t.cos(), t.sin()], 1).to(torch.complex128).unsqueeze(-1))
    zero = States(torch.tensor([[1, 0]] * 7, dtype=torch.complex128).unsqueeze(-1))
    assert_close(zero.fidelity(turned), torch.cos(t) ** 2, **EXACT)


def test_fidelity_of_commuting_states_is_classical() -> None:
    """``F = (sum_i sqrt(p_i q_i))^2`` of diagonal states."""
    p, q = double([[0.1, 0.2, 0.3, 0.4]]), double([[0.7, 0.1, 0.1, 0.1]])
    a, b = (States(torch.diag_embed(x.sqrt()).to(torch.complex128)) for x in (p, q))
    assert_close(a.fidelity(b), (p * q).sqrt().sum(1) ** 2, **EXACT)


@pytest.mark.parametrize("ranks", [(1, 1), (1, 3), (2, 1), (2, 3), (4, 4), (6, 2)])
def test_fidelity_against_pennylane(ranks: tuple[int, int]) -> None:
    a, b = random_states(4, 2, ranks[0]), random_states(4, 2, ranks[1], seed=1)
    expected = qml.math.fidelity(a.density_matrix(), b.density_matrix())
    assert_close(a.fidelity(b), torch.as_tensor(expected).real, **FIDELITY)


@given(st.integers(1, 4), st.integers(1, 4), st.integers(0, 10**6))
def test_fidelity_properties(rank_a: int, rank_b: int, seed: int) -> None:
    a, b = random_states(2, 2, rank_a, seed), random_states(2, 2, rank_b, seed + 1)
    found = a.fidelity(b)
    assert_close(found, b.fidelity(a), **EXACT)
    assert_close(a.fidelity(a), torch.ones(2, dtype=torch.float64), **EXACT)
    assert ((found >= 0) & (found <= 1 + 1e-10)).all()
    turn = torch.linalg.qr(random_states(1, 2, 4, seed + 2).factor[0])[0]
    assert_close(States(turn @ a.factor).fidelity(States(turn @ b.factor)), found, **EXACT)
    # discarding a qubit brings states closer
    assert (a.reduced([1]).fidelity(b.reduced([1])) >= found - 1e-10).all()


# Properties of any factor.


@given(st.integers(1, 2), st.integers(1, 9), st.integers(0, 10**6))
def test_compressed_states_are_the_same_states(n: int, rank: int, seed: int) -> None:
    states = random_states(2, n, rank, seed)
    compressed = states.compressed()
    assert compressed.rank == min(rank, 2**n)
    assert_close(compressed.density_matrix(), states.density_matrix(), **EXACT)


@given(st.integers(1, 3), st.integers(1, 9), st.integers(0, 10**6))
def test_states_are_normalised_positive_and_hermitian(n: int, rank: int, seed: int) -> None:
    states = random_states(2, n, rank, seed)
    rho = states.density_matrix()
    ones = torch.ones(2, dtype=torch.float64)
    assert_close(rho.diagonal(dim1=1, dim2=2).sum(1).real, ones, **EXACT)
    assert_close(states.traces(), ones, **EXACT)
    assert_close(states.probabilities().sum(1), ones, **EXACT)
    assert_close(rho, rho.mH, **EXACT)
    assert torch.linalg.eigvalsh(rho).min() > -1e-10
    assert_close(states.purity(), (rho @ rho).diagonal(dim1=1, dim2=2).sum(1).real, **EXACT)
    assert ((states.purity() >= 2.0**-n - 1e-10) & (states.purity() <= 1 + 1e-10)).all()
    again = States.from_density_matrix(rho)
    assert again.rank == min(rank, 2**n)
    assert_close(again.factor @ again.factor.mH, rho, **EXACT)


# Sampling.


def test_samples_have_born_frequencies() -> None:
    states = random_states(2, 2, 2)
    shots = 20_000
    drawn = states.sample(shots, torch.Generator().manual_seed(0))
    assert drawn.shape == (2, shots)
    frequencies = torch.stack([(drawn == k).double().mean(1) for k in range(4)], 1)
    p = states.probabilities()
    assert ((frequencies - p).abs() < 4 * (p * (1 - p) / shots).sqrt()).all()


def test_samples_repeat_with_the_seed() -> None:
    draws = [BELL.sample(50, torch.Generator().manual_seed(seed)) for seed in (3, 3, 4)]
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])
    assert set(draws[0].unique().tolist()) == {0, 3}


def test_no_shots_are_refused() -> None:
    with pytest.raises(QganError, match="`shots` must be at least 1, but got 0"):
        BELL.sample(0, torch.Generator())
