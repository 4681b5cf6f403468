"""Circuits that share wires: a generator and the circuit that reads its output register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pennylane as qml
from jaxtyping import Float
from torch import Tensor

from qgan.engines.base import Circuit, check_angles
from qgan.engines.operations import queued
from qgan.states import Prepared

__all__ = ["Piece", "joint_pieces", "joint_wires", "joint_word"]


@dataclass(frozen=True)
class Piece:
    """A circuit with its angles and the wires of the execution that its own wires become.

    Args:
        circuit: the circuit.
        weights: ``(n_weights,)`` in radians.
        inputs: ``(B, n_inputs)`` in radians.
        wires: for each wire of the circuit the wire of the execution that takes its place.
    """

    circuit: Circuit
    weights: Float[Tensor, " n_weights"]
    inputs: Float[Tensor, "*B n_inputs"]
    wires: tuple[int, ...]

    def operations(self) -> list[Any]:
        """What the circuit queues, on the wires of the execution.

        Raises:
            QganError: if the circuit measures, or acts on a wire outside its registers, which in
                a joint execution could be a wire of another circuit.
        """
        operations = queued(self.circuit, self.weights, self.inputs)
        if self.wires == tuple(range(len(self.wires))):
            return operations
        moved = dict(enumerate(self.wires))
        with qml.QueuingManager.stop_recording():  # some operations queue their copies
            return [operation.map_wires(moved) for operation in operations]


def joint_wires(generator: Circuit, reader: Circuit) -> tuple[int, ...]:
    """The wires of a reader of a generator's output register: those they share, then new ones."""
    n_shared = reader.registers.n_output
    first = generator.registers.n_wires
    return (*range(n_shared), *range(first, first + reader.registers.n_wires - n_shared))


def joint_pieces(
    circuit: Circuit, weights: Tensor, inputs: Tensor, source: Prepared | None = None
) -> tuple[Piece, ...]:
    """The circuits of one execution: that of the source, if there is one, then the reader.

    Args:
        circuit: the circuit that is read.
        weights: ``(n_weights,)`` in radians.
        inputs: ``(B, n_inputs)`` in radians.
        source: a circuit that prepares the output register of ``circuit``.
    """
    if source is None:
        return (Piece(circuit, weights, inputs, tuple(range(circuit.registers.n_wires))),)
    check_angles(source.circuit, source.weights, source.inputs)
    own = tuple(range(source.circuit.registers.n_wires))
    return (
        Piece(source.circuit, source.weights, source.inputs, own),
        Piece(circuit, weights, inputs, joint_wires(source.circuit, circuit)),
    )


def joint_word(word: str, pieces: tuple[Piece, ...]) -> str:
    """A Pauli word on the reader's wires (the last piece) as one on all wires."""
    letters = ["I"] * (1 + max(wire for piece in pieces for wire in piece.wires))
    for wire, letter in zip(pieces[-1].wires, word, strict=True):
        letters[wire] = letter
    return "".join(letters)
