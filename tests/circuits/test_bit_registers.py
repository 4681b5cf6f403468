"""The circuit of bits: its closed form, its counts, and what it refuses."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from small_circuits import circuit_matrix
from tolerances import EXACT
from torch.testing import assert_close

from circuits import (
    BitRegisterCircuit,
    DDKLayers,
    HardwareEfficient,
    IsingLayers,
    RegisterCircuit,
    Registers,
    Superposed,
)
from qgan.engines.reduction import reduction_of

SMALL = Registers(output=1, label=1, latent=2)


def state_of(circuit: Any, weights: Any, bits: tuple[int, ...]) -> torch.Tensor:
    """``U|0..0>`` as a matrix of output and bath by registers, when the bath is empty."""
    registers = circuit.registers
    unitary = circuit_matrix(lambda: circuit(weights, np.array(bits, float)), registers.n_wires)
    return unitary[:, 0].reshape(2**registers.n_output, -1)


def test_the_angle_is_a_signed_sum_of_weights() -> None:
    """One qubit, one layer: two RY and RZ, each by ``sum_S theta_S prod (-1)^bit``."""
    circuit = BitRegisterCircuit(SMALL, n_layers=1, n_latent=1)
    rng = np.random.default_rng(0)
    weights = rng.normal(size=circuit.n_weights)
    for bits in itertools.product((0, 1), repeat=3):
        label, first, second = ((-1) ** bit for bit in bits)
        values = np.array([1.0, label, first, first * label, second, second * label])
        values[4:] *= 2**-0.5
        angles = weights.reshape(-1, len(values)) @ values

        def turned(angles: Any = angles) -> None:
            circuit.ansatz(angles)

        expected = circuit_matrix(turned, 1)[:, 0]
        column = int("".join(map(str, bits)), 2)
        state = state_of(circuit, weights, bits)
        assert_close(state[:, column].abs().square().sum().item(), 1.0, **EXACT)
        assert_close((state[:, column].conj() @ expected).abs().item(), 1.0, **EXACT)


def test_counts() -> None:
    registers = Registers(output=4, label=1, latent=12)
    circuit = BitRegisterCircuit(registers, n_layers=8, n_latent=2)
    assert (circuit.n_weights, circuit.n_inputs) == (104 * 26, 13)
    pairs = BitRegisterCircuit(registers, n_layers=8, n_latent=2, n_controls=2)
    assert pairs.n_weights == 104 * 2 * (1 + 12 + 66)
    assert BitRegisterCircuit(registers, 8, 2, degree=2).n_weights == 104 * 2 * 17
    assert list(circuit.registers.bits) == list(range(4, 17))
    assert not Superposed(circuit).registers.bits


def test_the_angles_start_as_affine_functions_of_z() -> None:
    """Equal steps of z, the number that the bits write, turn each gate by equal steps."""
    circuit = BitRegisterCircuit(Registers(output=1, label=1, latent=3), n_layers=1, n_latent=1)
    reduction = reduction_of(circuit)
    assert reduction is not None
    noise = np.random.default_rng(0).normal(size=circuit.n_weights)
    bits = np.array([[1, *b] for b in itertools.product((0, 1), repeat=3)], float)
    angles = reduction.angles(torch.from_numpy(circuit.start(noise)), torch.from_numpy(bits))
    steps = angles.diff(dim=0)
    assert_close(steps, steps[:1].expand_as(steps), **EXACT)
    assert steps.abs().min() > 0.01


@pytest.mark.parametrize("family", [HardwareEfficient, IsingLayers, DDKLayers])
def test_a_superposed_latent_averages_its_states(family: Any) -> None:
    registers = Registers(output=2, label=1, latent=2)
    circuit = BitRegisterCircuit(registers, n_layers=1, n_latent=1, ansatz=family)
    weights = np.random.default_rng(1).normal(size=circuit.n_weights)
    total = sum(
        factor @ factor.mH
        for bits in itertools.product((0, 1), repeat=2)
        for factor in [state_of(circuit, weights, (1, *bits))]
    )
    for bits in ((1, 0, 0), (1, 0, 1)):  # X leaves the superposition as it is
        whole = state_of(Superposed(circuit), weights, bits)
        assert_close(whole @ whole.mH, total / 4, **EXACT)


def test_only_bits_are_superposed() -> None:
    with pytest.raises(ValueError, match="hold bits"):
        Superposed(RegisterCircuit(SMALL))


class Squeezed:
    """A layer that turns by twice an entry, which is no entry."""

    def __init__(self, wires: Any, n_layers: int) -> None:
        self.wires, self.n_angles = wires, 1

    def __call__(self, angles: Any) -> None:
        qml.RX(0.3 * angles[..., 0], wires=self.wires[0])


class Rotating(Squeezed):
    """A layer with a gate of three angles."""

    def __call__(self, angles: Any) -> None:
        qml.Rot(angles[..., 0], 0.1, 0.2, wires=self.wires[0])


@pytest.mark.parametrize("family", [Squeezed, Rotating])
def test_an_ansatz_of_other_gates_is_refused(family: Any) -> None:
    with pytest.raises(ValueError, match="Pauli rotations by one entry"):
        BitRegisterCircuit(SMALL, n_layers=1, n_latent=1, ansatz=family)


@pytest.mark.parametrize("n_latent", [0, 3])
def test_latents_share_the_wires_equally(n_latent: int) -> None:
    with pytest.raises(ValueError, match="equal number of latent wires"):
        BitRegisterCircuit(SMALL, n_latent=n_latent)


def test_other_numbers_of_controls_are_refused() -> None:
    with pytest.raises(ValueError, match="n_controls"):
        BitRegisterCircuit(SMALL, n_latent=1, n_controls=3)
    with pytest.raises(ValueError, match="n_controls"):
        BitRegisterCircuit(SMALL, n_latent=1, n_controls=2, degree=2)
    with pytest.raises(ValueError, match="degree"):
        BitRegisterCircuit(SMALL, n_latent=1, degree=-1)
    assert BitRegisterCircuit(Registers(output=1, label=1), n_latent=0).n_inputs == 1
