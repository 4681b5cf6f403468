"""Families of ansatz against unitaries written with Kronecker products."""

import math
from collections.abc import Callable, Sequence
from functools import reduce

import numpy as np
import pennylane as qml
import pytest
import torch
from numpy.typing import NDArray
from scipy.linalg import expm
from small_circuits import circuit_matrix
from tolerances import EXACT
from torch.testing import assert_close

from circuits import DDKLayers, HardwareEfficient, IsingLayers
from circuits.ansatz import Ansatz
from circuits.ansatz.base import chain, ring

Matrix = NDArray[np.complex128]
PAULI = {
    "X": np.array([[0, 1], [1, 0]], dtype=complex),
    "Y": np.array([[0, -1j], [1j, 0]]),
    "Z": np.diag([1, -1]).astype(complex),
}


def turn(word: dict[int, str], angle: float, n: int) -> Matrix:
    """``exp(-i angle P / 2)`` of a Pauli word on ``n`` wires."""
    factors = [PAULI[word[w]] if w in word else np.eye(2) for w in range(n)]
    return np.asarray(expm(-0.5j * angle * reduce(np.kron, factors)))


def hardware_efficient(angles: Sequence[float], n: int, n_layers: int) -> Matrix:
    unitary, left = np.eye(2**n, dtype=complex), list(angles)
    pairs = {1: [], 2: [(0, 1)], 3: [(0, 1), (1, 2), (2, 0)]}[n]
    for layer in range(n_layers + 1):
        for wire in range(n):
            unitary = turn({wire: "Y"}, left.pop(0), n) @ unitary
            unitary = turn({wire: "Z"}, left.pop(0), n) @ unitary
        for a, b in pairs if layer < n_layers else []:
            unitary = turn({a: "Z", b: "Z"}, left.pop(0), n) @ unitary
    assert not left
    return unitary


def ddk(angles: Sequence[float], n: int, n_layers: int) -> Matrix:
    unitary, left = np.eye(2**n, dtype=complex), list(angles)
    for _ in range(n_layers):
        for wire in range(n):
            unitary = turn({wire: "X"}, left.pop(0), n) @ unitary
            unitary = turn({wire: "Z"}, left.pop(0), n) @ unitary
        for wire in range(n - 1):
            unitary = turn({wire: "Z", wire + 1: "Z"}, left.pop(0), n) @ unitary
    assert not left
    return unitary


def ising(angles: Sequence[float], n: int, n_layers: int) -> Matrix:
    hadamard = np.array([[1, 1], [1, -1]]) / math.sqrt(2)
    unitary, left = reduce(np.kron, [hadamard] * n).astype(complex), list(angles)
    for _ in range(n_layers):
        for wire in range(n - 1):
            unitary = turn({wire: "Z", wire + 1: "Z"}, left.pop(0), n) @ unitary
        for wire in range(n):
            unitary = turn({wire: "Z"}, left.pop(0), n) @ unitary
            unitary = turn({wire: "X"}, left.pop(0), n) @ unitary
    assert not left
    return unitary


FAMILIES = [(HardwareEfficient, hardware_efficient), (DDKLayers, ddk), (IsingLayers, ising)]
each_family = pytest.mark.parametrize(("family", "reference"), FAMILIES)


@each_family
@pytest.mark.parametrize("n", [1, 2, 3])
@pytest.mark.parametrize("n_layers", [1, 2])
def test_unitary(
    family: Callable[..., Ansatz], reference: Callable[..., Matrix], n: int, n_layers: int
) -> None:
    ansatz = family(range(n), n_layers)
    angles = np.random.default_rng(n).uniform(-3, 3, ansatz.n_angles)
    expected = torch.as_tensor(reference(angles, n, n_layers))
    assert_close(circuit_matrix(lambda: ansatz(angles), n), expected, **EXACT)


@each_family
def test_wires_are_those_named(
    family: Callable[..., Ansatz], reference: Callable[..., Matrix]
) -> None:
    ansatz = family([2, 0], 1)
    script = qml.tape.make_qscript(ansatz)(np.zeros(ansatz.n_angles))
    assert set(script.wires) == {0, 2}
    assert isinstance(ansatz, Ansatz)


@pytest.mark.parametrize(("n", "n_layers", "count"), [(2, 2, 10), (3, 4, 32)])
def test_ddk_counts_of_the_paper(n: int, n_layers: int, count: int) -> None:
    assert DDKLayers(range(n), n_layers).n_angles == count


def test_counts() -> None:
    assert HardwareEfficient(range(4), 4).n_angles == 4 * 12 + 8
    assert HardwareEfficient(range(2), 1).n_angles == 2 * 2 + 1 + 4  # two wires touch once
    assert IsingLayers(range(4), 2).n_angles == 2 * (3 + 8)


def test_zero_angles_of_ising_layers_give_plus() -> None:
    ansatz = IsingLayers(range(3), 2)
    plus = circuit_matrix(lambda: ansatz(np.zeros(ansatz.n_angles)), 3)[:, 0]
    assert_close(plus, torch.full((8,), 8**-0.5, dtype=torch.complex128), **EXACT)


def test_neighbours() -> None:
    assert chain([3, 1, 2]) == [(3, 1), (1, 2)]
    assert ring([0, 1]) == [(0, 1)]
    assert ring([0, 1, 2]) == [(0, 1), (1, 2), (2, 0)]
    assert ring([0]) == []


@pytest.mark.parametrize("family", [family for family, _ in FAMILIES])
def test_refusals(family: Callable[..., Ansatz]) -> None:
    with pytest.raises(ValueError, match="Argument `wires` must name at least one wire"):
        family([], 1)
    with pytest.raises(ValueError, match="`n_layers` must be an integer of at least 1, but got 0"):
        family([0], 0)
