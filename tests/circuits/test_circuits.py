"""Circuits of generators and of readouts: what stays, what couples, what is counted."""

import math
from typing import Any

import numpy as np
import pennylane as qml
import pytest
import torch
from small_circuits import circuit_matrix, draw_angles
from tolerances import EXACT
from torch import Tensor
from torch.testing import assert_close

from circuits import (
    ConditionalReadout,
    DDKLayers,
    DDKReadout,
    IsingLayers,
    RegisterCircuit,
    Registers,
    ReuploadingCircuit,
)
from circuits.encoding import angle_encoding, basis_encoding


def final_state(circuit: Any, weights: Tensor, inputs: Tensor) -> Tensor:
    """``U|0..0>`` as a tensor with one axis a wire."""
    n = circuit.registers.n_wires
    unitary = circuit_matrix(lambda: circuit(weights.numpy(), inputs.numpy()), n)
    return unitary[:, 0].reshape((2,) * n)


def purity_of_output(circuit: Any, weights: Tensor, inputs: Tensor) -> float:
    factor = final_state(circuit, weights, inputs).reshape(2**circuit.registers.n_output, -1)
    return float(torch.linalg.matrix_norm(factor.mH @ factor) ** 2)


def test_basis_encoding_prepares_the_bits() -> None:
    column = circuit_matrix(lambda: basis_encoding(math.pi * np.array([1, 0, 1]), range(3)), 3)
    assert_close(column[:, 0].abs(), torch.eye(8, dtype=torch.float64)[5], **EXACT)


def test_angle_encoding_is_a_product_of_real_turns() -> None:
    a, b = 0.7, -1.9
    column = circuit_matrix(lambda: angle_encoding(np.array([a, b]), [0, 1]), 2)[:, 0]
    first = torch.tensor([math.cos(a / 2), math.sin(a / 2)], dtype=torch.complex128)
    second = torch.tensor([math.cos(b / 2), math.sin(b / 2)], dtype=torch.complex128)
    assert_close(column, torch.kron(first, second), **EXACT)


def test_reuploading_counts_and_widths() -> None:
    circuit = ReuploadingCircuit(Registers(output=3, bath=1), n_layers=2, ansatz=IsingLayers)
    assert (circuit.n_weights, circuit.n_inputs) == (0, 2 * (3 + 8))
    assert set(qml.tape.make_qscript(circuit)(np.zeros(0), np.zeros(22)).wires) == {0, 1, 2, 3}
    assert ReuploadingCircuit(Registers(output=4)).n_inputs == 56


@pytest.mark.parametrize("widths", [{"label": 1}, {"latent": 2}, {"label": 1, "latent": 1}])
def test_reuploading_refuses_registers(widths: dict[str, int]) -> None:
    with pytest.raises(ValueError, match=r"`registers` must have label=0 and latent=0 .* but got"):
        ReuploadingCircuit(Registers(output=2, **widths))


def test_register_circuit_counts() -> None:
    circuit = RegisterCircuit(Registers(output=3, label=1, latent=2, bath=1), n_layers=3)
    assert circuit.n_weights == 3 * (2 * 4 + 4 + 4 * 3) + 2 * 4
    assert circuit.n_inputs == 1 + 3 * 2
    ddk = RegisterCircuit(Registers(output=1, label=1), n_layers=2, ansatz=DDKLayers)
    assert (ddk.n_weights, ddk.n_inputs) == (10, 1)


@pytest.mark.parametrize("bits", [(0, 0), (0, 1), (1, 0), (1, 1)])
def test_register_circuit_leaves_the_label_in_place(bits: tuple[int, int]) -> None:
    circuit = RegisterCircuit(Registers(output=2, label=2, latent=1, bath=1), n_layers=2)
    weights, inputs = draw_angles(circuit, 1)
    inputs[0, :2] = math.pi * torch.tensor(bits)
    state = final_state(circuit, weights, inputs[0]).abs() ** 2
    found = state.sum((0, 1, 4, 5))  # all but the label's wires
    assert_close(found[bits], torch.tensor(1.0, dtype=torch.float64), **EXACT)


def test_register_circuit_output_depends_on_label_and_latent() -> None:
    circuit = RegisterCircuit(Registers(output=2, label=1, latent=1), n_layers=2)
    weights, inputs = draw_angles(circuit, 1)

    def rho(row: Tensor) -> Tensor:
        factor = final_state(circuit, weights, row).reshape(4, -1)
        return factor @ factor.mH

    start, other_label, other_latent = inputs[0].clone(), inputs[0].clone(), inputs[0].clone()
    start[0], other_label[0], other_latent[0] = 0.0, math.pi, 0.0
    other_latent[1:] += 0.5
    for other in (other_label, other_latent):
        assert torch.linalg.matrix_norm(rho(start) - rho(other)) > 0.05


def test_register_circuit_is_pure_without_couplings_to_its_registers() -> None:
    circuit = RegisterCircuit(Registers(output=2, label=1, latent=2), n_layers=3)
    weights, inputs = draw_angles(circuit, 1)
    inputs[0, 0] = math.pi  # a label in the basis
    assert purity_of_output(circuit, weights, inputs[0]) < 0.95
    pairs, turns = 1 + 2 * 3, 2 * 2  # one ring, three control wires coupled to two
    for layer in range(3):
        start = layer * (turns + pairs) + turns + 1
        weights[start : start + pairs - 1] = 0.0
    assert math.isclose(purity_of_output(circuit, weights, inputs[0]), 1.0, abs_tol=1e-10)


def test_register_circuit_is_pure_with_a_basis_label_alone() -> None:
    circuit = RegisterCircuit(Registers(output=2, label=1), n_layers=2)
    weights, inputs = draw_angles(circuit, 1)
    inputs[0, 0] = math.pi
    assert math.isclose(purity_of_output(circuit, weights, inputs[0]), 1.0, abs_tol=1e-10)


def test_readout_with_uploaded_label() -> None:
    circuit = ConditionalReadout(Registers(output=1), n_layers=2)
    assert (circuit.n_weights, circuit.n_inputs) == (4, 2)
    weights, inputs = draw_angles(circuit, 1)
    state = final_state(circuit, weights, inputs[0])
    expected = torch.tensor([1, 0], dtype=torch.complex128)
    for layer in range(2):
        angle = float(weights[2 * layer] + inputs[0, layer]) / 2
        turn = torch.tensor(
            [[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]],
            dtype=torch.complex128,
        )
        phase = torch.exp(-0.5j * weights[2 * layer + 1] * torch.tensor([1, -1]))
        expected = phase * (turn @ expected)
    assert_close(state, expected, **EXACT)


def test_readout_with_a_label_register_counts_its_wires() -> None:
    circuit = ConditionalReadout(Registers(output=2, label=1, bath=1), n_layers=3)
    assert (circuit.n_weights, circuit.n_inputs) == (3 * (2 * 4 + 4), 1)
    script = qml.tape.make_qscript(circuit)(np.zeros(36), np.zeros(1))
    assert set(script.wires) == {0, 1, 2, 3}


def test_ddk_readout_is_the_papers() -> None:
    readout = DDKReadout(Registers(output=1, label=1, bath=1), n_layers=4)
    assert (readout.n_weights, readout.n_inputs, readout.observable) == (32, 1, "IIZ")
    script = qml.tape.make_qscript(readout)(np.zeros(32), np.zeros(1))
    pairs = {tuple(op.wires) for op in script.operations if op.name == "IsingZZ"}
    assert pairs == {(2, 0), (0, 1)}  # Out D, state, label: a chain
    with pytest.raises(ValueError, match=r"must have bath=1 or more, .* but got 0"):
        DDKReadout(Registers(output=1, label=1))
