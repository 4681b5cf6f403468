"""Circuits that share wires: a generator and the circuit that reads its output register."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pennylane as qml
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.engines.base import Circuit, check_angles
from qgan.states import Prepared

__all__ = ["Piece", "joint_pieces", "joint_wires", "joint_word", "n_wires_of"]

_BROKEN_BATCHES = (qml.MultiRZ, qml.PauliRot, qml.IsingXY)
"""Gates whose batches of angles PennyLane 0.45.1 gets wrong, while it gets their parts right."""


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
    inputs: Float[Tensor, "B n_inputs"]
    wires: tuple[int, ...]

    def queue(self) -> None:
        """Queue the circuit's operations on the wires of the execution.

        Raises:
            QganError: if the circuit acts on a wire outside its registers, which in a joint
                execution could be a wire of another circuit.
        """
        script = qml.tape.make_qscript(self.circuit)(self.weights, self.inputs)
        strays = [wire for wire in script.wires if wire not in range(len(self.wires))]
        if strays:
            raise errors.argument(
                "circuit", f"must act on wires 0 to {len(self.wires) - 1} only", f"wires {strays}"
            )
        operations = script.operations
        if self.wires != tuple(range(len(self.wires))):
            with qml.QueuingManager.stop_recording():  # some operations queue their copies
                moved = dict(enumerate(self.wires))
                operations = [operation.map_wires(moved) for operation in operations]
        for operation in operations:
            for part in _broadcastable(operation):
                qml.apply(part)


def _broadcastable(operation: Any) -> list[Any]:
    """An operation as operations that PennyLane runs and differentiates for a batch of angles.

    A MultiRZ that is split into rows keeps its batch size, so that B angles give B**2 results.
    IsingXY has no gradient on default.qubit. A GlobalPhase breaks parameter-shift, and no state
    shows it.
    """
    if isinstance(operation, qml.GlobalPhase):
        return []
    base = operation.base if isinstance(operation, qml.ops.op_math.Adjoint) else operation
    if not isinstance(base, _BROKEN_BATCHES) or operation.batch_size is None:
        return [operation]
    with qml.QueuingManager.stop_recording():
        parts = operation.decomposition()
    return [leaf for part in parts for leaf in _broadcastable(part)]


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


def n_wires_of(pieces: tuple[Piece, ...]) -> int:
    """The number of wires of an execution of these pieces."""
    return 1 + max(wire for piece in pieces for wire in piece.wires)


def joint_word(word: str, pieces: tuple[Piece, ...]) -> str:
    """A Pauli word on the reader's wires (the last piece) as one on all wires."""
    letters = ["I"] * n_wires_of(pieces)
    for wire, letter in zip(pieces[-1].wires, word, strict=True):
        letters[wire] = letter
    return "".join(letters)
