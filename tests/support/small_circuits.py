"""Small circuits as users would write them, and a referee that multiplies their matrices."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import pennylane as qml
import torch
from torch import Tensor

from circuits import ConditionalReadout, Registers
from circuits.ansatz import DDKLayers, HardwareEfficient
from circuits.encoding import angle_encoding, basis_encoding
from qgan.states import States


@dataclass(frozen=True)
class Local:
    """A circuit made of a plain function."""

    function: Callable[[Any, Any], Any]
    registers: Registers
    n_weights: int = 0
    n_inputs: int = 0

    def __call__(self, weights: Any, inputs: Any) -> None:
        self.function(weights, inputs)


def nothing(n_output: int, n_bath: int = 0) -> Local:
    """The empty circuit."""
    return Local(lambda weights, inputs: None, Registers(output=n_output, bath=n_bath))


def ghz(n_wires: int, n_output: int) -> Local:
    """``(|0..0> + |1..1>) / sqrt 2`` on all wires."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.Hadamard(0)
        for wire in range(1, n_wires):
            qml.CNOT([wire - 1, wire])

    return Local(queue, Registers(output=n_output, bath=n_wires - n_output))


def turns() -> Local:
    """``RX(w) RY(x)|0>`` on one qubit."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.RY(inputs[..., 0], 0)
        qml.RX(weights[..., 0], 0)

    return Local(queue, Registers(output=1), 1, 1)


def reuploading() -> Local:
    """Inputs in every rotation, one bath wire."""
    layers = HardwareEfficient(range(3), 1)
    registers = Registers(output=2, bath=1)
    return Local(lambda weights, inputs: layers(inputs), registers, 0, layers.n_angles)


def register() -> Local:
    """Label and latent registers encoded once, then weights on all wires."""
    registers = Registers(output=2, label=1, latent=1)
    layers = DDKLayers(range(4), 1)

    def queue(weights: Any, inputs: Any) -> None:
        basis_encoding(inputs[..., :1], registers.label)
        angle_encoding(inputs[..., 1:], registers.latent)
        layers(weights)

    return Local(queue, registers, layers.n_angles, 2)


def reader() -> Local:
    """Reads two qubits with a label wire of its own and an input in a rotation."""

    def queue(weights: Any, inputs: Any) -> None:
        qml.RX(inputs[..., 0], 2)
        qml.RY(weights[..., 0], 0)
        qml.RZ(weights[..., 1], 1)
        qml.CNOT([2, 0])
        qml.IsingZZ(weights[..., 2], [0, 1])
        qml.RX(weights[..., 3], 1)
        qml.RY(inputs[..., 1], 0)

    return Local(queue, Registers(output=2, label=1), 4, 2)


def draw_angles(circuit: Any, batch: int, seed: int = 0) -> tuple[Tensor, Tensor]:
    """Weights and inputs uniform on [-pi, pi], in double precision."""
    generator = torch.Generator().manual_seed(seed)
    shapes = [(circuit.n_weights,), (batch, circuit.n_inputs)]
    weights, inputs = (
        (2 * torch.rand(shape, dtype=torch.float64, generator=generator) - 1) * math.pi
        for shape in shapes
    )
    return weights, inputs


def random_states(batch: int, n_qubits: int, rank: int, seed: int = 0) -> States:
    """States of random factors, of trace one; the same seed gives the same states."""
    generator = torch.Generator().manual_seed(seed)
    factor = torch.randn(batch, 2**n_qubits, rank, dtype=torch.complex128, generator=generator)
    return States(factor).normalised()


def density_by_matrices(
    circuit: Any, weights: Tensor, inputs: Tensor, start: Tensor | None = None
) -> Tensor:
    """``U (rho x |0><0|) U^dagger`` on all wires, row by row, from matrices of single gates."""
    registers = circuit.registers
    n_rest = registers.n_wires - registers.n_output
    finals = []
    for row in range(len(inputs)):
        script = qml.tape.make_qscript(circuit)(weights.detach(), inputs[row].detach())
        unitary = torch.eye(2**registers.n_wires, dtype=torch.complex128)
        for operation in script.operations:
            matrix = operation.matrix(wire_order=range(registers.n_wires))
            unitary = torch.as_tensor(matrix, dtype=torch.complex128) @ unitary
        rho = _ground(registers.n_output) if start is None else start[row].detach()
        finals.append(unitary @ torch.kron(rho, _ground(n_rest)) @ unitary.mH)
    return torch.stack(finals)


def values_by_matrices(rho: Tensor, words: Sequence[str]) -> Tensor:
    """``Tr[P_k rho]`` from Kronecker products."""
    letters = {
        "I": torch.eye(2, dtype=torch.complex128),
        "X": torch.tensor([[0, 1], [1, 0]], dtype=torch.complex128),
        "Y": torch.tensor([[0, -1j], [1j, 0]], dtype=torch.complex128),
        "Z": torch.tensor([[1, 0], [0, -1]], dtype=torch.complex128),
    }
    operators = []
    for word in words:
        operator = torch.ones(1, 1, dtype=torch.complex128)
        for letter in word:
            operator = torch.kron(operator, letters[letter])
        operators.append(operator)
    return torch.einsum("bij,kji->bk", rho, torch.stack(operators)).real


def partial_trace(rho: Tensor, n_keep: int) -> Tensor:
    """The reduced density matrices of the first wires."""
    keep = 2**n_keep
    split = rho.reshape(len(rho), keep, rho.shape[1] // keep, keep, rho.shape[1] // keep)
    return torch.einsum("biaja->bij", split)


def central_differences(
    function: Callable[..., Tensor], arguments: Sequence[Tensor], step: float = 1e-5
) -> list[Tensor]:
    """Gradients of a real scalar function; of a complex entry z, ``d/dx + i d/dy``."""
    gradients = []
    for position, argument in enumerate(arguments):
        gradient = torch.zeros_like(argument)
        for index in range(argument.numel()):
            for unit in (1.0, 1j) if argument.is_complex() else (1.0,):
                values = []
                for sign in (step, -step):
                    moved = [entry.clone() for entry in arguments]
                    moved[position].view(-1)[index] += sign * unit
                    values.append(function(*moved))
                gradient.view(-1)[index] += unit * (values[0] - values[1]) / (2 * step)
        gradients.append(gradient)
    return gradients


def _ground(n_qubits: int) -> Tensor:
    """``|0..0><0..0|``; the number 1 for no qubits."""
    rho = torch.zeros(2**n_qubits, 2**n_qubits, dtype=torch.complex128)
    rho[0, 0] = 1
    return rho


def circuit_matrix(queue: Callable[[], Any], n_wires: int) -> Tensor:
    """The unitary of what a function queues, from matrices of single gates."""
    unitary = torch.eye(2**n_wires, dtype=torch.complex128)
    for operation in qml.tape.make_qscript(queue)().operations:
        matrix = operation.matrix(wire_order=range(n_wires))
        unitary = torch.as_tensor(matrix, dtype=torch.complex128) @ unitary
    return unitary


READERS: dict[str, Callable[[], Any]] = {
    "own wires": lambda: ConditionalReadout(Registers(output=2), n_layers=2),
    "label wire": reader,
    "label wire and ancilla": lambda: ConditionalReadout(
        Registers(output=2, label=1, bath=1), n_layers=1
    ),
    "no inputs": lambda: Local(
        lambda w, x: DDKLayers(range(3), 1)(w), Registers(output=2, bath=1), 8, 0
    ),
}
