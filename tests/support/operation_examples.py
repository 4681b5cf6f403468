"""Examples of operations of PennyLane as a circuit queues them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np
import pennylane as qml
import torch
from random_circuits import alike

Angles = Sequence[Any]


class Example(NamedTuple):
    """An operation as a circuit queues it.

    Args:
        n_wires: the number of wires of the circuit.
        n_angles: the number of angles that the operation takes.
        queue: queues the operation; it takes the angles, each of them a number or a tensor
            ``(B,)``.
        first: whether the operation must come first, as a preparation does.
    """

    n_wires: int
    n_angles: int
    queue: Callable[[Angles], Any]
    first: bool = False


def joined(angles: Angles, *shape: int) -> Any:
    """The angles as one array ``(*shape)``, or ``(B, *shape)`` for a batch."""
    angles = alike(tuple(angles))
    if not torch.is_tensor(angles[0]):
        return np.stack(angles).reshape(shape)
    return torch.stack(angles, -1).reshape(*angles[0].shape, *shape)


def plain(name: str, n_wires: int, n_angles: int = 0) -> Example:
    """An operation whose arguments are angles and wires."""
    operation = getattr(qml, name)
    return Example(
        n_wires, n_angles, lambda a: operation(*alike(tuple(a)), wires=list(range(n_wires)))
    )


def fixed(n_wires: int, queue: Callable[[], Any], first: bool = False) -> Example:
    """An operation without angles."""
    return Example(n_wires, 0, lambda a: queue(), first)


X, Y, Z = qml.X, qml.Y, qml.Z
TWO_WORDS = [X(0) @ Z(1), Y(0)]
COMMUTING = [X(0) @ X(1), Z(0) @ Z(1)]


def hamiltonian(words: Sequence[Any] = TWO_WORDS) -> Any:
    return qml.dot([0.3, 0.4], list(words))


def turn(angle: Any, wire: int) -> None:
    """A body of a loop, which must return nothing."""
    qml.RX(angle, wire)


def wire_pairs(weights: Any, wires: Any) -> None:
    """A block of a tensor network."""
    qml.RY(weights[0], wires[0])
    qml.CRX(weights[1], wires)
