"""The circuit whose label and latent are bits in registers: every trained number is an angle."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import pennylane as qml
from numpy.typing import NDArray
from pennylane.typing import TensorLike

from circuits.ansatz import Ansatz, HardwareEfficient
from circuits.bit_functions import polynomials, single_bits
from circuits.conditional import AnsatzFamily
from circuits.integers import whole_number
from circuits.registers import Registers

__all__ = ["BitRegisterCircuit", "Superposed"]

WORDS = {"RX": "X", "RY": "Y", "RZ": "Z", "IsingXX": "XX", "IsingYY": "YY", "IsingZZ": "ZZ"}
"""The Pauli words that the rotations of an ansatz turn about."""


@dataclass(frozen=True)
class _Rotation:
    """A rotation of the ansatz: about a word on its wires, by one entry of the angles."""

    wires: tuple[int, ...]
    word: str
    angle: int


class BitRegisterCircuit:
    """Registers ``|label>|z>|0..0>`` in basis states, whose bits control every rotation.

    The inputs are the bits of label and latent, and X gates write them into their registers. Each
    rotation ``exp(-i a P / 2)`` of the ansatz on output and bath becomes several, each about ``P``
    times the Z of a set S of register wires. Those leave the registers in their basis state, so
    that the output turns by

    ``a(label, z) = sum_j theta_j f_j(bits)``, ``f_j = sum_S c_jS prod_{w in S} (-1)^(bit of w)``

    and stays pure for each label and z, if there is no bath. The functions f have fixed factors c.
    With ``degree=0`` each bit of a latent has a number theta of its own
    (:func:`~circuits.bit_functions.single_bits`); with a higher degree a number multiplies a
    polynomial of z (:func:`~circuits.bit_functions.polynomials`). Both are there for each bit of
    the label too, so that each label has numbers of its own.

    With the latent register in superposition the same angles prepare the average of the states of
    all z: see :class:`Superposed`.

    Args:
        registers: output, label, latent and bath wires; all wires of the latent hold bits.
        n_layers: layers of the ansatz.
        n_latent: entries of z; each has an equal share of the wires of the latent register, the
            first of which is its most significant bit.
        ansatz: the family of layers on output and bath, whose gates with angles must be Pauli
            rotations by one entry each.
        n_controls: most latent wires that one rotation is controlled by, 1 or 2; 1 where the
            degree is not 0.
        degree: degree of the polynomials of z that the angles are; 0 gives each bit a number.

    Raises:
        ValueError: if the latent wires cannot be shared equally, if a gate of the ansatz is no
            rotation by one of its angles, or if degree or controls are others than these.

    References:
        The generator ``G|label, z, 0..0>`` of Dallaire-Demers and Killoran, arXiv:1804.08641,
        sec. III; uniformly controlled rotations: Mottonen et al., Phys. Rev. Lett. 93, 130502
        (2004).

    Example:
        >>> circuit = BitRegisterCircuit(Registers(output=4, label=1, latent=12), n_latent=2)
        >>> circuit.n_weights, circuit.n_inputs
        (2704, 13)
    """

    def __init__(
        self,
        registers: Registers,
        n_layers: int = 8,
        n_latent: int = 1,
        ansatz: AnsatzFamily = HardwareEfficient,
        n_controls: int = 1,
        degree: int = 0,
    ) -> None:
        n_latent = whole_number("n_latent", n_latent, 0)
        n_controls = whole_number("n_controls", n_controls, 1)
        degree = whole_number("degree", degree, 0)
        n_wires = registers.n_latent_wires
        if bool(n_latent) != bool(n_wires) or n_wires % max(1, n_latent):
            raise ValueError(
                f"Argument `registers` must have an equal number of latent wires for each of "
                f"{n_latent} latents, but got latent={n_wires}."
            )
        if n_controls > 2:
            raise ValueError(f"Argument `n_controls` must be 1 or 2, but got {n_controls}.")
        if degree and n_controls != 1:
            raise ValueError(
                f"Argument `n_controls` must be 1 where `degree` is not 0, but got {n_controls}."
            )
        self.registers = Registers(
            registers.n_output,
            registers.n_label,
            registers.n_latent_wires,
            registers.n_bath,
            holds_bits=True,
        )
        self.n_bits = n_wires // max(1, n_latent)
        self.ansatz = ansatz((*registers.output, *registers.bath), n_layers)
        self.gates = _gates_of(self.ansatz)
        self.functions = (
            polynomials(registers, n_latent, degree)
            if degree
            else single_bits(registers, n_latent, n_controls)
        )
        self.n_weights = self.ansatz.n_angles * len(self.functions)
        self.n_inputs = registers.n_label + n_wires

    def start(self, noise: NDArray[np.floating]) -> NDArray[np.floating]:
        """The weights to start from, made of independent noise, so that z begins as a smooth knob.

        Args:
            noise: independent numbers, ``(n_weights,)``.

        Returns:
            The weights, ``(n_weights,)``.
        """
        table = noise.reshape(-1, len(self.functions))
        scale = np.array([function.start for function in self.functions], noise.dtype)
        return (table[:, [function.noise for function in self.functions]] * scale).reshape(-1)

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        for position, wire in enumerate((*self.registers.label, *self.registers.latent)):
            qml.RX(np.pi * inputs[..., position], wires=wire)  # an X gate, but for a global phase
        for gate in self.gates:
            if not isinstance(gate, _Rotation):
                qml.apply(gate)
                continue
            first = gate.angle * len(self.functions)
            for place, function in enumerate(self.functions):
                for wires, factor in function.words:
                    qml.PauliRot(
                        factor * weights[..., first + place],
                        gate.word + "Z" * len(wires),
                        wires=(*gate.wires, *wires),
                    )


class Superposed:
    """A circuit of bits whose latent register is in the uniform superposition of all z.

    The same gates with the same angles then prepare one state for each label, the average of the
    states of all z. It is mixed, and there is nothing to turn: X leaves the superposition as it is,
    so that the bits of z in the inputs change nothing. All wires are simulated.

    Args:
        circuit: a circuit whose registers hold bits.

    Raises:
        ValueError: if they hold none.

    Example:
        >>> circuit = BitRegisterCircuit(Registers(output=1, latent=2))
        >>> Superposed(circuit).registers.holds_bits
        False
    """

    def __init__(self, circuit: Any) -> None:
        widths = circuit.registers
        if not widths.holds_bits:
            raise ValueError("Argument `circuit` must have registers that hold bits.")
        n_bath = widths.n_wires - widths.n_output - widths.n_label - widths.n_latent_wires
        self.registers = Registers(
            widths.n_output, widths.n_label, widths.n_latent_wires, int(n_bath)
        )
        self.circuit = circuit
        self.n_weights, self.n_inputs = circuit.n_weights, circuit.n_inputs

    def __call__(self, weights: TensorLike, inputs: TensorLike) -> None:
        """Queue the operations."""
        for wire in self.registers.latent:
            qml.Hadamard(wires=wire)
        self.circuit(weights, inputs)


def _gates_of(ansatz: Ansatz) -> list[object]:
    """The gates of an ansatz: its rotations, and what it queues without an angle.

    Each angle is its own position plus one here, so that the gates tell which entry turns them.
    """
    with qml.queuing.AnnotatedQueue() as queue:
        ansatz(np.arange(1.0, ansatz.n_angles + 1))
    gates: list[object] = []
    for gate in qml.tape.QuantumScript.from_queue(queue).operations:
        if not gate.parameters:
            gates.append(gate)
            continue
        word = WORDS.get(gate.name) or gate.hyperparameters.get("pauli_word")
        if gate.name == "MultiRZ":
            word = "Z" * len(gate.wires)
        number = float(gate.parameters[0]) - 1
        if word is None or len(gate.parameters) != 1 or not number.is_integer():
            raise ValueError(
                f"Argument `ansatz` must queue Pauli rotations by one entry of its angles, but got "
                f"{gate}."
            )
        gates.append(_Rotation(tuple(gate.wires), word, int(number)))
    return gates
