"""Circuits of discriminators: what is done to a state before it is measured."""

from collections.abc import Sequence

import pennylane as qml
from pennylane.typing import TensorLike

from circuits.ansatz.base import check_ansatz, ring
from circuits.ansatz.ddk import DDKLayers
from circuits.encoding import basis_encoding
from circuits.registers import Registers

__all__ = ["ConditionalReadout", "DDKReadout", "SwapTest"]


class ConditionalReadout:
    """Layers on the state whose angles depend on the label, before a measurement.

    Each layer is RY, RZ on each wire, ZZ on the ring. Without a label register the label is
    re-uploaded: a further RY on each wire turns by an input. With one, it enters in the basis and
    its wires join the ring.

    Args:
        registers: the output register holds the state; a label register may follow; bath wires
            are ancillas in ``|0>``.
        n_layers: layers, at least 1.

    Example:
        >>> readout = ConditionalReadout(Registers(output=4), n_layers=4)
        >>> readout.n_weights, readout.n_inputs
        (48, 16)
    """

    def __init__(self, registers: Registers, n_layers: int = 4) -> None:
        self.registers = registers
        self.wires = (*registers.output, *registers.label, *registers.bath)
        self.n_layers = n_layers = check_ansatz(self.wires, n_layers)
        n = len(self.wires)
        self.n_weights = n_layers * (2 * n + len(ring(self.wires)))
        self.n_inputs = registers.n_label or n_layers * n

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        n_label = self.registers.n_label
        basis_encoding(inputs[..., :n_label], self.registers.label)
        entry = 0
        for layer in range(self.n_layers):
            for position, wire in enumerate(self.wires):
                qml.RY(weights[..., entry], wires=wire)
                if not n_label:
                    qml.RY(inputs[..., layer * len(self.wires) + position], wires=wire)
                qml.RZ(weights[..., entry + 1], wires=wire)
                entry += 2
            for pair in ring(self.wires):
                qml.IsingZZ(weights[..., entry], wires=pair)
                entry += 1


class DDKReadout:
    """The discriminator of Dallaire-Demers and Killoran: state, label, and the wire that is read.

    RX, RZ and nearest-neighbour ZZ on (Out D, Bath D, state, label), the label in the basis. Out D
    is the first bath wire, and its Z is the score; further bath wires are Bath D.

    Args:
        registers: output (the state, R or G), label (Label D), and bath (Out D, then Bath D).
        n_layers: layers, at least 1.

    Raises:
        ValueError: if there is no bath wire.

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641, sec. IV.

    Example:
        >>> DDKReadout(Registers(output=1, label=1, bath=1), n_layers=4).n_weights
        32
    """

    def __init__(self, registers: Registers, n_layers: int = 4) -> None:
        if registers.n_bath < 1:
            raise ValueError(
                "Argument `registers` must have bath=1 or more, the first wire being read, "
                f"but got {registers.n_bath}."
            )
        self.registers = registers
        wires: Sequence[int] = (*registers.bath, *registers.output, *registers.label)
        self.layers = DDKLayers(wires, n_layers)
        self.n_weights = self.layers.n_angles
        self.n_inputs = registers.n_label

    @property
    def observable(self) -> str:
        """The Pauli word that is read: Z on Out D."""
        rest = self.registers.n_bath - 1
        return "I" * (self.registers.n_wires - 1 - rest) + "Z" + "I" * rest

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        basis_encoding(inputs, self.registers.label)
        self.layers(weights)


class SwapTest:
    """The swap test without an ancilla, with tunable Z rotations beside each entangling gate.

    Qubit q of the state and qubit q of the reference: CNOT, written as H CZ H, then H; the pair is
    then ``|11>`` where it was the singlet. Both wires turn by RZ after the CZ: at zero the
    circuit is exact, and a gate that leaves a phase on its wires can be put right.

    Args:
        registers: output register of 2n wires: n of the state, n of the reference.

    Raises:
        ValueError: if the output register is odd or there are other wires.

    References:
        Niu et al., arXiv:2105.00080, fig. 1; Garcia-Escartin and Chamorro-Posada, arXiv:1303.6814.

    Example:
        >>> SwapTest(Registers(output=4)).n_weights
        4
    """

    n_inputs = 0

    def __init__(self, registers: Registers) -> None:
        if registers.n_output % 2 or registers.n_wires != registers.n_output:
            raise ValueError(
                "Argument `registers` must have an even output register and no other wires, "
                f"but got {registers}."
            )
        self.registers = registers
        self.n_weights = registers.n_output

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        n = self.registers.n_output // 2
        for state, reference in zip(range(n), range(n, 2 * n), strict=True):
            qml.Hadamard(wires=reference)
            qml.CZ(wires=(state, reference))
            qml.RZ(weights[..., state], wires=state)
            qml.RZ(weights[..., reference], wires=reference)
            qml.Hadamard(wires=reference)
            qml.Hadamard(wires=state)
