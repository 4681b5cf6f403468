"""A traced circuit: a list of gates, which any engine can run and a file can keep."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any, Literal

import pennylane as qml
import torch
from torch import Tensor

from qgan.engines.stored_circuit import GateName, Rows, StoredCircuit
from qgan.engines.traced_registers import TracedRegisters
from qgan.stored import fit

__all__ = ["ROTATIONS", "Gate", "GateName", "Rows", "TracedCircuit", "rows_of"]

ROTATIONS: dict[str, Callable[..., Any]] = {
    "RX": qml.RX,
    "RY": qml.RY,
    "RZ": qml.RZ,
    "MultiRZ": qml.MultiRZ,
    "PauliRot": qml.PauliRot,
}
"""The operations of PennyLane that turn by an angle, by the names of traced gates."""


@dataclass(frozen=True)
class Gate:
    """One gate of a traced circuit.

    A rotation turns by ``scale * source[entry] + shift`` radians, or by ``shift`` alone if
    ``source`` is None. A ``PauliRot`` carries its word, of one letter I, X, Y or Z per wire. A
    ``Unitary`` is fixed and carries its matrix, a ``Channel`` its Kraus operators.
    """

    gate: GateName
    wires: tuple[int, ...]
    source: Literal["weights", "inputs"] | None = None
    entry: int = 0
    scale: float = 0.0
    shift: float = 0.0
    word: str | None = None
    matrix: Rows | None = None
    kraus: tuple[Rows, ...] | None = None

    @property
    def turns(self) -> bool:
        """Whether the gate is a rotation by an angle."""
        return self.matrix is None and self.kraus is None

    @property
    def writes_a_bit(self) -> bool:
        """Whether the gate is ``RX(pi * input)``: an X gate, up to a phase, where the bit is 1."""
        is_flip = self.gate == "RX" and self.source == "inputs" and self.shift == 0
        return is_flip and math.isclose(self.scale, math.pi)

    def unitary(self) -> Tensor:
        """The fixed matrix, complex128 ``(2**k, 2**k)``."""
        return torch.view_as_complex(torch.tensor(self.matrix, dtype=torch.float64))

    def operators(self) -> Tensor:
        """The Kraus operators of a channel, complex128 ``(m, 2**k, 2**k)``."""
        return torch.view_as_complex(torch.tensor(self.kraus, dtype=torch.float64))


@dataclass(frozen=True, eq=False)
class TracedCircuit:
    """A circuit as a list of gates; itself a circuit that any engine runs.

    Args:
        registers: widths of the registers.
        n_weights: angles shared by the batch.
        n_inputs: angles that differ per sample.
        gates: the gates in order.
    """

    registers: TracedRegisters
    n_weights: int
    n_inputs: int
    gates: tuple[Gate, ...]

    def __call__(self, weights: Any, inputs: Any) -> None:
        """Queue the gates as PennyLane operations."""
        sources = {"weights": weights, "inputs": inputs}
        for gate in self.gates:
            if gate.gate == "Unitary":
                qml.QubitUnitary(gate.unitary().numpy(), wires=gate.wires)
                continue
            if gate.gate == "Channel":
                qml.QubitChannel(list(gate.operators().numpy()), wires=gate.wires)
                continue
            angle: Any = gate.shift
            if gate.source is not None:
                angle = gate.scale * sources[gate.source][..., gate.entry] + gate.shift
            word = () if gate.word is None else (gate.word,)
            ROTATIONS[gate.gate](angle, *word, wires=gate.wires)

    def to_dict(self) -> dict[str, Any]:
        """Plain data for JSON; :meth:`from_dict` reads it back."""
        return {
            "format": 1,
            "registers": asdict(self.registers),
            "n_weights": self.n_weights,
            "n_inputs": self.n_inputs,
            "gates": [{k: v for k, v in asdict(g).items() if v is not None} for g in self.gates],
        }

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> TracedCircuit:
        """The circuit that :meth:`to_dict` described; no code of the user is run.

        Raises:
            QganError: for data that are no circuit.
        """
        return cls.from_stored(fit(data, StoredCircuit, "of a circuit"))

    @classmethod
    def from_stored(cls, stored: StoredCircuit) -> TracedCircuit:
        """The circuit of checked data."""
        gates = tuple(Gate(**dict(gate)) for gate in stored.gates)
        registers = stored.registers.widths
        return cls(registers, stored.n_weights, stored.n_inputs, gates)


def rows_of(matrix: Any) -> Rows:
    """The rows of a matrix that is a complex tensor, or lists of pairs (real, imaginary)."""
    if isinstance(matrix, Tensor):
        matrix = torch.view_as_real(matrix).tolist()
    return tuple(tuple((re, im) for re, im in row) for row in matrix)
