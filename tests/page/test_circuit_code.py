"""Exported code makes the state that the page shows."""

import math
import re

import numpy as np
import pennylane as qml
import pytest
import qiskit
import qiskit.qasm2
import qiskit_aer
import torch
from small_models import model
from torch.testing import assert_close

from circuits import BitRegisterCircuit, Registers
from qgan import Generator, Model
from qgan.engines.trace import trace
from qgan.errors import QganError
from qgan.page.circuit_code import circuit_code
from qgan.states import States

LATENT = [0.37]


def all_gates():
    """All kinds of gates on two output wires and a bath wire."""

    def queue(x):
        qml.RX(2 * x[..., 0] + 0.3, wires=0)
        qml.Hadamard(wires=1)
        qml.QubitUnitary(qml.Rot.compute_matrix(0.3, 1.1, -0.7), wires=2)
        qml.CNOT(wires=[0, 2])
        qml.IsingZZ(x[..., 1], wires=[1, 2])
        qml.MultiRZ(x[..., 0], wires=[0, 1, 2])
        qml.QubitUnitary(np.array([[0, 1j], [1, 0]]), wires=0)
        qml.CZ(wires=[0, 1])
        qml.SWAP(wires=[1, 2])
        qml.S(wires=1)
        qml.RY(-x[..., 1], wires=1)
        qml.RZ(0.4, wires=0)
        qml.PauliRot(x[..., 0], "XIY", wires=[0, 1, 2])
        qml.CRX(x[..., 1], wires=[2, 0])
        qml.PauliRot(x[..., 1], "YZX", wires=[2, 1, 0])

    angles = lambda k, z: torch.cat([z, z * z + k[:, None].to(z)], 1)  # noqa: E731
    return model(queue, 2, angles, output=2, bath=1)


GATES = {"rx": qml.RX, "ry": qml.RY, "rz": qml.RZ, "h": qml.Hadamard, "cx": qml.CNOT,
         "cz": qml.CZ, "swap": qml.SWAP, "s": qml.S, "t": qml.T, "x": qml.X,
         "u3": qml.U3}  # fmt: skip


def run_openqasm(text):
    """A reader of its own for the few words that are written."""
    lines = text.splitlines()
    assert lines[:2] == ["OPENQASM 2.0;", 'include "qelib1.inc";']
    n_wires = int(re.search(r"qreg q\[(\d+)\];", text)[1])

    @qml.qnode(qml.device("default.qubit", wires=n_wires))
    def state():
        for line in lines[2:]:
            if line.startswith(("//", "qreg")):
                continue
            name, angles, wires = re.fullmatch(r"(\w+)(?:\((.*?)\))? (.*);", line).groups()
            places = [int(w) for w in re.findall(r"q\[(\d+)\]", wires)]
            numbers = [float(a) for a in angles.split(",")] if angles else []
            GATES[name](*numbers, wires=places)
        return qml.density_matrix(wires=[0, 1])

    return state()


@pytest.mark.parametrize("label", [0, 1])
def test_both_languages_make_the_models_state(label):
    run = all_gates()
    expected = run.sample(label, latent=LATENT).density_matrix()[0].numpy()
    names = {"__name__": "exported"}
    exec(circuit_code(run, label, LATENT, "pennylane"), names)
    np.testing.assert_allclose(names["state"](), expected, atol=1e-6)
    density = run_openqasm(circuit_code(run, label, LATENT, "openqasm"))
    np.testing.assert_allclose(density, expected, atol=1e-6)


def of_bits():
    """A generator whose label and two latents are bits in registers of five wires."""
    registers = Registers(output=2, label=1, latent=4)
    generator = Generator(BitRegisterCircuit(registers, 2, n_latent=2), 2, 2, spread=1.0)
    return Model(generator.requires_grad_(False), (0, 1), "best", 7)


def run_qiskit(text):
    """The state of the first two qubits as Qiskit Aer simulates it; its qubit 0 is the last bit."""
    circuit = qiskit.qasm2.loads(text)
    circuit.save_statevector()
    result = qiskit_aer.AerSimulator(method="statevector").run(circuit).result()
    n = circuit.num_qubits
    vector = np.asarray(result.get_statevector()).reshape((2,) * n).transpose(range(n)[::-1])
    factor = vector.reshape(4, -1)
    return factor @ factor.conj().T


@pytest.mark.parametrize("reduced", [False, True], ids=["registers", "reduced"])
@pytest.mark.parametrize("label", [0, 1])
def test_bits_are_exported_to_hardware(label, reduced):
    run, latent = of_bits(), [0.3, -0.9]
    expected = run.sample(label, latent=latent).density_matrix()[0].numpy()
    text = circuit_code(run, label, latent, "openqasm", reduced)
    assert f"qreg q[{2 if reduced else 7}];" in text.splitlines()
    np.testing.assert_allclose(run_openqasm(text), expected, atol=1e-6)
    np.testing.assert_allclose(run_qiskit(text), expected, atol=1e-6)
    flips = [line for line in text.splitlines() if line.startswith("x ")]
    bits = run.sampler.inputs(torch.tensor([label]), torch.tensor([latent]))[0].tolist()
    ones = [] if reduced else [2 + wire for wire, bit in enumerate(bits) if bit]
    assert flips == [f"x q[{wire}];" for wire in ones]
    assert "rx(0.0)" not in text
    names = {"__name__": "exported"}
    exec(circuit_code(run, label, latent, "pennylane", reduced), names)
    state = np.asarray(names["state"]())
    density = np.outer(state, state.conj()) if reduced else state
    np.testing.assert_allclose(density, expected, atol=1e-6)


@pytest.mark.parametrize("gate", [qml.S, qml.T])
@pytest.mark.parametrize("is_adjoint", [False, True], ids=["gate", "adjoint"])
def test_the_adjoint_of_a_gate_does_not_get_the_name_of_the_gate(gate, is_adjoint):
    def queue(x):
        qml.RX(x[..., 0], wires=0)
        (qml.adjoint(gate) if is_adjoint else gate)(wires=0)

    run = model(queue, 1, lambda k, z: z, output=2)
    expected = run.sample(0, latent=[1.0]).density_matrix()[0].numpy()
    text = circuit_code(run, 0, [1.0], "openqasm")
    assert (f"{gate.__name__.lower()} q[0];" in text.splitlines()) != is_adjoint
    np.testing.assert_allclose(run_openqasm(text), expected, atol=1e-6)


def test_a_pure_state_is_exported_as_a_vector():
    run = model(lambda x: qml.RY(x[..., 0], wires=0), 1, lambda k, z: z, output=1)
    names = {"__name__": "exported"}
    exec(circuit_code(run, 0, [1.0], "pennylane"), names)
    vector = torch.as_tensor(names["state"]())[None, :, None].to(torch.complex128)
    assert_close(States(vector).probabilities()[0, 1], torch.tensor(math.sin(0.5) ** 2).double())


def test_a_gate_without_a_name_in_openqasm_is_refused_and_still_runs_in_pennylane():
    matrix = qml.matrix(qml.IsingXX(0.3, wires=[0, 1]) @ qml.Identity(0))

    def queue(x):
        qml.RY(x[..., 0], wires=0)
        qml.QubitUnitary(matrix, wires=[0, 1])

    run = model(queue, 1, lambda k, z: z, output=2)
    assert len(trace(run.sampler.circuit).gates) == 2
    with pytest.raises(QganError, match="OpenQASM 2 has no name for its matrix"):
        circuit_code(run, 0, [0.1], "openqasm")
    names = {"__name__": "exported"}
    exec(circuit_code(run, 0, [0.1], "pennylane"), names)
    expected = run.sample(0, latent=[0.1]).numpy()[0]
    np.testing.assert_allclose(np.abs(np.vdot(names["state"](), expected)), 1, atol=1e-6)


def test_another_language_is_refused():
    with pytest.raises(QganError, match="`language` must be pennylane or openqasm, but got 'qir'"):
        circuit_code(all_gates(), 0, LATENT, "qir")


def test_a_noisy_circuit_is_exported_with_its_channels():
    def queue(x):
        qml.RY(x[..., 0], wires=0)
        qml.AmplitudeDamping(0.3, wires=0)

    run = model(queue, 1, lambda k, z: z, output=1)
    names = {"__name__": "exported"}
    exec(circuit_code(run, 0, [1.0], "pennylane"), names)
    expected = run.sample(0, latent=[1.0]).density_matrix()[0].numpy()
    np.testing.assert_allclose(names["state"](), expected, atol=1e-6)
    with pytest.raises(QganError, match="OpenQASM 2 has no channels"):
        circuit_code(run, 0, [1.0], "openqasm")
