"""What is asked of a device: circuits with angles, what they start from and what is read."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import pennylane as qml
from jaxtyping import Complex
from torch import Tensor

from qgan.engines.pennylane.joint import Piece

__all__ = ["Reads", "Request", "Window"]

Reads = tuple[str, ...] | int
"""What is read at the end: Pauli words on all wires, or the state of so many first wires."""

Window = tuple[int, int]
"""The first of the queued operations that are run, and the one after the last."""


@dataclass(frozen=True)
class Request:
    """One execution: pieces one after the other.

    Args:
        pieces: circuits with angles.
        reads: Pauli words, or the number of first wires whose state is read.
        vectors: ``(M, 2**n)`` pure states that the first wires start in, or ``(2**n,)`` for one
            sample; None is ``|0..0>``.
        window: which of the operations that the pieces queue are run; all by default.
    """

    pieces: tuple[Piece, ...]
    reads: Reads
    vectors: Complex[Tensor, "*M D"] | None = None
    window: Window = (0, sys.maxsize)

    @property
    def n_wires(self) -> int:
        """The number of wires of the execution."""
        return 1 + max(wire for piece in self.pieces for wire in piece.wires)

    @property
    def batch(self) -> int | None:
        """The number of samples; None for one sample without a batch axis."""
        inputs = self.pieces[-1].inputs
        return len(inputs) if inputs.ndim == 2 else None

    @property
    def angles(self) -> list[Tensor]:
        """The weights and inputs of each piece in turn."""
        return [entry for piece in self.pieces for entry in (piece.weights, piece.inputs)]

    def at(self, angles: Sequence[Tensor]) -> Request:
        """The same request with other angles, as :attr:`angles` orders them."""
        triples = zip(self.pieces, angles[::2], angles[1::2], strict=True)
        pieces = tuple(replace(piece, weights=w, inputs=x) for piece, w, x in triples)
        return replace(self, pieces=pieces)

    def samples(self, index: int | slice) -> Request:
        """The request for one sample, without a batch axis, or for some of the samples."""
        pieces = tuple(replace(piece, inputs=piece.inputs[index]) for piece in self.pieces)
        vectors = None if self.vectors is None else self.vectors[index]
        return replace(self, pieces=pieces, vectors=vectors)

    def queued(self) -> list[Any]:
        """The operations that the pieces queue, as far as they lie in the window."""
        operations = [part for piece in self.pieces for part in piece.operations()]
        return operations[slice(*self.window)]

    def operations(self) -> list[Any]:
        """The operations in order, from the preparation of the vectors on."""
        queued = self.queued()
        if self.vectors is None:
            return queued
        wires = range(self.vectors.shape[-1].bit_length() - 1)
        with qml.QueuingManager.stop_recording():
            return [qml.StatePrep(self.vectors, wires=wires, validate_norm=False), *queued]
