"""Records of Pauli bases: what is not uniformly random, is refused, and honest records never."""

from __future__ import annotations

from itertools import product

import numpy as np
import pennylane as qml
import pytest
import torch
from numpy.typing import NDArray

from qgan.bases import check_uniform
from qgan.errors import QganError
from qgan.povm import OUTCOMES, POVMS
from qgan.records import Records, measure
from qgan.states import States

Array = NDArray[np.int64]
ALL = np.array(list(product(range(3), repeat=2)))
RNG = np.random.default_rng(0)
SHOTS = 900


def zero_bits(basis: Array) -> Array:
    """Outcomes of |0..0>: bit 0 in Z, random bits in X and Y."""
    return np.where(basis == 2, 0, RNG.integers(2, size=basis.shape))


def records(basis: Array) -> Records:
    """Records of one state |0..0> or of several, from bases ``(shots, n)`` or ``(B, shots, n)``."""
    basis = basis if basis.ndim == 3 else basis[None]
    return Records.of_random_paulis(torch.from_numpy(basis), torch.from_numpy(zero_bits(basis)))


def repeated(*bases: str) -> Array:
    each = np.array([["XYZ".index(letter) for letter in basis] for basis in bases])
    return np.repeat(each, SHOTS // len(bases), 0)


def test_uniformly_random_paulis_of_zero_give_its_expectation_values() -> None:
    basis = RNG.integers(3, size=(1, 40_000, 2))
    estimates = records(basis).expval(["ZI", "IZ", "ZZ", "XI", "ZX"])[0]
    expected = torch.tensor([1, 1, 1, 0, 0]).double()
    assert ((estimates - expected).abs() < 5 * 3 / 200).all()


def test_nine_bases_equally_often_pass() -> None:
    found = records(repeated(*("".join("XYZ"[k] for k in row) for row in ALL)))
    assert found.expval(["ZI", "ZZ"]).round(decimals=8).tolist() == [[1, 1]]


def test_shadows_of_pennylane_pass() -> None:
    @qml.set_shots(500)
    @qml.qnode(qml.device("default.qubit", seed=0))
    def shadow():  # type: ignore[no-untyped-def]
        qml.RY(0.4, 0)
        qml.CNOT([0, 1])
        return qml.classical_shadow([0, 1], seed=3)

    bits, recipes = shadow()
    found = Records.of_random_paulis(torch.tensor(recipes[None]), torch.tensor(bits[None]))
    theirs = qml.ClassicalShadow(bits, recipes).expval(qml.Z(0) @ qml.Z(1), k=1)
    assert float(found.expval(["ZZ"])) == pytest.approx(float(theirs))


TRIPLE = np.array([[a, b, (a + b) % 3] for a, b in ALL]).repeat(100, 0)
TURNS = np.stack([np.full((90, 2), axis) for axis in range(3)])
WRONG = {
    "all in Z": (
        repeated("ZZ"),
        "basis of qubit 0 equally often, but got X in 0.00, Y in 0.00, Z in 1.00",
    ),
    "one qubit in Z": (
        np.stack([RNG.integers(3, size=SHOTS), np.full(SHOTS, 2)], 1),
        "basis of qubit 1 equally often, but got X in 0.00, Y in 0.00, Z in 1.00",
    ),
    "the bases of QuCumber": (
        repeated("ZZ", "XZ", "ZX", "YZ", "ZY"),
        "basis of qubit 0 equally often, but got X in 0.20, Y in 0.20, Z in 0.60",
    ),
    "X and Z only": (RNG.choice([0, 2], size=(SHOTS, 2)), "basis of qubit 0 equally often"),
    "qubits in one basis": (
        RNG.integers(3, size=(SHOTS, 1)).repeat(2, 1),
        "joint basis of qubits 0, 1 equally often",
    ),
    "the third follows the others": (TRIPLE, "joint basis of qubits 0, 1, 2 equally often"),
    "one basis per state": (TURNS, "Z in 0.00 of the shots of state 0"),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_other_bases_are_refused_with_the_qubit_and_its_shares(case: str) -> None:
    basis, message = WRONG[case]
    with pytest.raises(QganError, match=f"Argument `basis` must have each .*{message}"):
        records(basis)
    whole = basis if basis.ndim == 3 else basis[None]
    outcome = torch.from_numpy(2 * whole + zero_bits(whole))
    with pytest.raises(QganError, match=f"Argument `outcome` must have each .*{message}"):
        Records.of_outcomes(outcome)


def test_bits_that_are_taken_for_outcomes_are_refused() -> None:
    with pytest.raises(QganError, match=r"qubit 0 equally often, but got X in 1\.00"):
        Records.of_outcomes(torch.zeros(4, 100, 2, dtype=torch.int64))


def test_few_shots_decide_nothing() -> None:
    assert len(records(np.full((14, 2), 2))) == 1
    with pytest.raises(QganError, match="equally often"):
        records(np.full((45, 2), 2))


@pytest.mark.parametrize(
    ("n_states", "shots", "n"), [(1, 50, 1), (30, 3, 2), (200, 1, 3), (5, 200, 4)]
)
def test_honest_records_are_not_refused(n_states: int, shots: int, n: int) -> None:
    """None of 300 records."""
    rng = np.random.default_rng(n)
    for _ in range(300):
        basis = rng.integers(3, size=(n_states, shots, n))
        check_uniform(basis, "basis")


@pytest.mark.parametrize("kind", POVMS)
def test_what_measure_makes_passes(kind: str) -> None:
    """Outcomes that are drawn from the probabilities are read back as they are."""
    states = States(torch.tensor([[[1.0], [0.0], [0.0], [0.0]]], dtype=torch.complex128))
    made = measure(states, 2000, torch.Generator().manual_seed(0), kind)
    counts = (made.frequencies[0] * 2000).round().long()
    index = torch.arange(len(counts)).repeat_interleave(counts)
    width = len(POVMS[kind])
    outcome = torch.stack([index // width, index % width], -1)[None]
    assert torch.equal(Records.of_outcomes(outcome, kind).frequencies, made.frequencies)


@pytest.mark.parametrize("kind", POVMS)
def test_the_order_of_the_outcomes_is_what_their_elements_say(kind: str) -> None:
    names = OUTCOMES[kind]
    assert len(names) == len(POVMS[kind])
    for name, (_, *direction) in zip(names, POVMS[kind], strict=True):
        parts = name.split("below ")
        if parts[0] == "the rest":
            assert max(direction) < 0
            continue
        for part in parts[-1].split(" and "):
            sign = 1 if part[1] == "+" else -1
            assert sign * direction["XYZ".index(part[0])] > 0
        if len(parts) > 1:
            assert direction[2] < 0


def test_an_outcome_out_of_range_is_told_the_order() -> None:
    message = r"from 0 to 3 for pauli-4 \(X\+, Y\+, Z\+, the rest\), but got 4 to 4"
    with pytest.raises(QganError, match=message):
        Records.of_outcomes(torch.full((1, 1, 1), 4), "pauli-4")
