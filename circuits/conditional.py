"""Circuits of generators: label and latent enter every angle, or registers of their own."""

from collections.abc import Callable, Sequence

import pennylane as qml
from pennylane.typing import TensorLike

from circuits.ansatz import Ansatz, HardwareEfficient
from circuits.ansatz.base import check_ansatz, ring
from circuits.encoding import angle_encoding, basis_encoding
from circuits.registers import Registers

__all__ = ["AnsatzFamily", "RegisterCircuit", "ReuploadingCircuit"]

AnsatzFamily = Callable[[Sequence[int], int], Ansatz]


class ReuploadingCircuit:
    """An ansatz on output and bath wires whose every angle is an input, made of (label, z) outside.

    ``|psi(label, z)> = U(x(label, z))|0..0>``, where the embedding x is trainable: label and
    latent enter every rotation. Without a bath the state is pure for each z, and mixed on average
    over z.

    Args:
        registers: output and bath wires; label and latent registers must be empty, since both
            enter through the angles.
        n_layers: layers of the ansatz.
        ansatz: the family of layers.

    Raises:
        ValueError: if there is a label or latent register.

    References:
        Perez-Salinas et al., Quantum 4, 226 (2020); Bravo-Prieto et al., arXiv:2110.06933.

    Example:
        >>> ReuploadingCircuit(Registers(output=4), n_layers=4).n_inputs
        56
    """

    def __init__(
        self, registers: Registers, n_layers: int = 4, ansatz: AnsatzFamily = HardwareEfficient
    ) -> None:
        if registers.n_label or registers.n_latent_wires:
            raise ValueError(
                "Argument `registers` must have label=0 and latent=0 for ReuploadingCircuit, "
                f"but got label={registers.n_label}, latent={registers.n_latent_wires}."
            )
        self.registers = registers
        self.ansatz = ansatz(range(registers.n_wires), n_layers)
        self.n_weights = 0
        self.n_inputs = self.ansatz.n_angles

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        self.ansatz(inputs)


class RegisterCircuit:
    """Registers ``|label>|z>|0..0>``, of which all but the output is traced out.

    The label enters its wires in the basis (or by angles); the latent enters by RY on its wires,
    once per layer. Each of ``n_layers`` layers turns the output and bath wires (RY, RZ), couples
    them on the ring, and couples every label and latent wire to each of them by
    ``exp(-i a ZZ / 2)``: a controlled rotation that leaves label and latent in place. The state is
    ``rho = Tr_rest |psi><psi|``.

    A latent wire held at one angle would act as a classical control and leave the output mixed.
    The registers' embedding therefore starts with angles that swing from phi to -phi and back, so
    that ``Z(phi) + Z(-phi) = 2 cos(phi) Z`` acts on its own eigenstate: to first order in the
    coupling the output turns by an angle set by z and stays pure.

    Args:
        registers: output, label, latent and bath wires.
        n_layers: layers.
        ansatz: another family of layers, which then acts on all wires (output, label, latent,
            bath) after one encoding, as in Dallaire-Demers and Killoran.

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641, sec. III.

    Example:
        >>> from circuits import DDKLayers
        >>> circuit = RegisterCircuit(Registers(output=1, label=1), n_layers=2, ansatz=DDKLayers)
        >>> circuit.n_weights, circuit.n_inputs
        (10, 1)
    """

    def __init__(
        self, registers: Registers, n_layers: int = 4, ansatz: AnsatzFamily | None = None
    ) -> None:
        self.registers = registers
        self.ansatz: Ansatz | None = None
        self.system = (*registers.output, *registers.bath)
        self.controls = (*registers.label, *registers.latent)
        self.n_layers = n_layers = check_ansatz(self.system, n_layers)
        n, pairs = len(self.system), len(ring(self.system))
        if ansatz is not None:
            self.ansatz = ansatz(range(registers.n_wires), n_layers)
            self.n_weights = self.ansatz.n_angles
            self.n_inputs = registers.n_label + registers.n_latent_wires
        else:
            self.n_weights = n_layers * (2 * n + pairs + n * len(self.controls)) + 2 * n
            self.n_inputs = registers.n_label + n_layers * registers.n_latent_wires

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        n_label, n_latent = self.registers.n_label, self.registers.n_latent_wires
        basis_encoding(inputs[..., :n_label], self.registers.label)
        if self.ansatz is not None:
            angle_encoding(inputs[..., n_label:], self.registers.latent)
            self.ansatz(weights)
            return
        couplings = ring(self.system) + [(c, w) for c in self.controls for w in self.system]
        entry = 0
        for layer in range(self.n_layers + 1):
            for wire in self.system:
                qml.RY(weights[..., entry], wires=wire)
                qml.RZ(weights[..., entry + 1], wires=wire)
                entry += 2
            if layer == self.n_layers:
                return
            start = n_label + layer * n_latent
            angle_encoding(inputs[..., start : start + n_latent], self.registers.latent)
            for pair in couplings:
                qml.IsingZZ(weights[..., entry], wires=pair)
                entry += 1
