"""Families of states, against closed forms and against PennyLane."""

from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from tolerances import EXACT
from torch.testing import assert_close

from qgan import data
from qgan.data.dicke import dicke_states
from qgan.data.heisenberg import xxz_family
from qgan.data.noise import CHANNELS, through_channel
from qgan.data.pauli_family import PauliFamily, along_chain
from qgan.data.topological import cluster_states, topological_coefficients
from qgan.errors import QganError
from qgan.states import States

# -- Hamiltonians of Pauli words -----------------------------------------------------------------


def test_matrices_are_pennylanes() -> None:
    words = ("XYZ", "ZIY", "YYI", "IXX", "ZZZ")
    rng = np.random.default_rng(0)
    slopes, constants = rng.normal(size=(5, 2)), rng.normal(size=5)
    family, factors = PauliFamily(words, constants, slopes), rng.normal(size=(4, 2))
    energies, states = family.ground_states(factors)
    for row, (energy, state) in enumerate(zip(energies, states.factor[:, :, 0], strict=True)):
        numbers = constants + slopes @ factors[row]
        observables = [qml.pauli.string_to_pauli_word(word) for word in words]
        matrix = qml.matrix(qml.dot(numbers, observables), wire_order=range(3))
        values, vectors = np.linalg.eigh(matrix)
        assert energy == pytest.approx(values[0], abs=1e-12)
        assert abs(np.vdot(vectors[:, 0], state.numpy())) == pytest.approx(1, abs=1e-12)
        largest = state[state.abs().argmax()]
        assert largest.real > 0 and abs(float(largest.imag)) < 1e-12


def test_dense_and_sparse_matrices_have_the_same_ground_states(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    family, delta = xxz_family(6), np.array([[-0.6], [0.5], [2.0]])
    energies, states = family.ground_states(delta)
    monkeypatch.setattr("qgan.data.pauli_family.MOST_DENSE", 5)
    again, sparse = family.ground_states(delta)
    assert again == pytest.approx(energies, abs=1e-10)
    assert_close(states.fidelity(sparse), torch.ones(3, dtype=torch.float64), **EXACT)


@pytest.mark.parametrize("n", [2, 4, 6, 8])
def test_the_xx_chain_is_free_fermions(n: int) -> None:
    """Levels ``4 cos(pi k / (n + 1))``, of which the negative ones are filled."""
    levels = 4 * np.cos(np.pi * np.arange(1, n + 1) / (n + 1))
    energies, _ = xxz_family(n).ground_states(np.zeros((1, 1)))
    assert energies[0] == pytest.approx(levels[levels < 0].sum(), abs=1e-5)  # pinned by 1e-3


@pytest.mark.parametrize("n", [3, 5])
def test_an_odd_chain_has_one_ground_state(n: int) -> None:
    data.xxz(n, n_train=2, n_validation=1, n_held_out=1).train.states.check_normalised(1e-12)


def test_a_degenerate_ground_state_is_refused_with_what_to_do() -> None:
    family = PauliFamily(along_chain("ZZ", 3), [-1.0, -1.0], np.zeros((2, 0)))
    with pytest.raises(QganError, match="must be where the ground state is unique; a small term"):
        family.ground_states(np.zeros((1, 0)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (([], [], []), "`words` must hold at least one Pauli word"),
        ((["Q"], [1.0], [[]]), "must be Pauli words of length 1"),
        ((["Z" * 13], [1.0], [[]]), "`words` must act on 1 to 12 qubits, but got 13"),
        ((["Z"], [1.0, 2.0], [[]]), "`constants` must have length 1"),
        ((["Z"], [1.0], [[], []]), r"`slopes` must have shape \(1, factors\)"),
    ],
)
def test_what_is_no_family_is_refused(arguments: Any, message: str) -> None:
    with pytest.raises(QganError, match=message):
        PauliFamily(*arguments)


def test_words_along_a_chain() -> None:
    assert along_chain("X", 3, periodic=True) == ("XII", "IXI", "IIX")
    assert along_chain("ZXZ", 4, periodic=True) == ("ZXZI", "IZXZ", "ZIZX", "XZIZ")
    assert along_chain("ZXZ", 2) == ()


# -- the topological ring ------------------------------------------------------------------------


@pytest.mark.parametrize("n", [3, 4, 5, 6])
def test_matrix_product_states_are_the_ground_states(n: int) -> None:
    g = np.array([-1.0, -0.6, -0.2, 0.3, 0.8, 1.0])
    states = cluster_states(n, g)
    for row, value in enumerate(g):
        words = {w: c for c_word, c in topological_coefficients(value).items()
                 for w in along_chain(c_word, n, periodic=True)}  # fmt: skip
        family = PauliFamily([*words], [*words.values()], np.zeros((len(words), 0)))
        energies, ground = family.ground_states(np.zeros((1, 0)))
        assert energies[0] == pytest.approx(-2 * n * (1 + value**2), abs=1e-9)
        assert float(states[row : row + 1].fidelity(ground)) == pytest.approx(1, abs=1e-12)


def test_the_string_order_is_on_one_side_only() -> None:
    """The stabilisers ZXZ are -1 at g = -1 and 0 at g = 1, where X is 1."""
    ends = cluster_states(6, np.array([-1.0, 1.0])).expval(["ZXZIII", "IXIIII"])
    assert_close(ends, torch.tensor([[-1.0, 0.0], [0.0, 1.0]], dtype=torch.float64), **EXACT)


def test_a_parameter_outside_the_path_is_refused() -> None:
    with pytest.raises(QganError, match=r"`g` must be in \[-1, 1\], but got \[1.5\]"):
        cluster_states(4, np.array([1.5]))


# -- Dicke states --------------------------------------------------------------------------------


def test_overlaps_of_w_states_have_a_closed_form() -> None:
    n, momentum = 5, np.array([0.3, 1.1, 4.0])
    difference = momentum - 0.0
    expected = (np.sin(n * difference / 2) / (n * np.sin(difference / 2))) ** 2
    still = dicke_states(n, 1, np.zeros(3))
    found = still.fidelity(dicke_states(n, 1, momentum))
    assert_close(found, torch.from_numpy(expected), **EXACT)


def test_excitations_are_counted_and_the_momentum_is_a_phase_per_place() -> None:
    states = dicke_states(4, 2, np.array([0.7]))
    numbers = states.expval(["ZIII", "IZII", "IIZI", "IIIZ"]).sum()
    assert float(numbers) == pytest.approx(0)  # two of four
    amplitudes = states.factor[0, :, 0]
    # |0011> has its ones at places 2 and 3, |1100> at places 0 and 1.
    assert float((amplitudes[0b0011] / amplitudes[0b1100]).angle()) == pytest.approx(
        4 * 0.7, abs=1e-12
    )
    with pytest.raises(QganError, match="`excitations` must be from 0 to n_qubits=4"):
        dicke_states(4, 5, np.zeros(1))


# -- noise ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", CHANNELS)
def test_channels_are_pennylanes(kind: str) -> None:
    channel = {
        "depolarising": lambda p, q: qml.DepolarizingChannel(3 * p / 4, q),
        "amplitude-damping": qml.AmplitudeDamping,
        "dephasing": lambda p, q: qml.PhaseFlip(p / 2, q),
    }[kind]
    rng = np.random.default_rng(0)
    vector = rng.normal(size=8) + 1j * rng.normal(size=8)
    vector /= np.linalg.norm(vector)

    @qml.qnode(qml.device("default.mixed", wires=3))
    def noisy(p: float) -> Any:
        qml.StatePrep(vector, wires=range(3))
        for qubit in range(3):
            channel(p, qubit)
        return qml.density_matrix(range(3))

    strengths = np.array([0.0, 0.3, 1.0])
    states = States.from_numpy(np.tile(vector, (3, 1)))
    found = through_channel(states, kind, strengths).density_matrix()
    expected = torch.from_numpy(np.stack([noisy(p) for p in strengths]))
    assert_close(found, expected, rtol=0, atol=1e-7)  # default.mixed is good to 4e-8


def test_correlations_of_a_noisy_ghz_state_have_closed_forms() -> None:
    train = data.noise(3, n_train=5, n_validation=1, n_held_out=1).train
    for label, kind in enumerate(CHANNELS):
        batch = train.of(label)
        assert batch.factors is not None
        p = batch.factors[:, 0]
        expected = {
            "depolarising": (1 - p) ** 3,
            "amplitude-damping": (1 - p) ** 1.5,
            "dephasing": (1 - p) ** 3,
        }[kind]
        assert_close(batch.states.expval(["XXX"])[:, 0], expected, **EXACT)


def test_what_a_channel_cannot_take_is_refused() -> None:
    plus = States(torch.full((1, 2, 1), 2**-0.5, dtype=torch.complex128))
    with pytest.raises(QganError, match="`kind` must be one of depolarising"):
        through_channel(plus, "thermal", np.zeros(1))
    with pytest.raises(QganError, match=r"`strength` must be 1 numbers in \[0, 1\], but got \[2"):
        through_channel(plus, "dephasing", np.array([2.0]))
