"""How a label and a latent enter a circuit: by one rotation per wire, whose angle is an input."""

from collections.abc import Sequence

import pennylane as qml
from pennylane.typing import TensorLike

__all__ = ["angle_encoding", "basis_encoding"]


def basis_encoding(angles: TensorLike, wires: Sequence[int]) -> None:
    """Prepare ``|b>`` from ``|0..0>`` by RX(pi b), one bit per wire.

    The angles are 0 or pi: the embedding multiplies the bits by pi. At an angle between them the
    wire holds a superposition, and so a real-valued condition can enter the same register.

    Args:
        angles: ``(..., len(wires))`` in radians.
        wires: the label register.
    """
    for position, wire in enumerate(wires):
        qml.RX(angles[..., position], wires=wire)


def angle_encoding(angles: TensorLike, wires: Sequence[int]) -> None:
    """Turn each wire by RY(angle): ``cos(a/2)|0> + sin(a/2)|1>`` from ``|0>``.

    Args:
        angles: ``(..., len(wires))`` in radians.
        wires: the latent register.
    """
    for position, wire in enumerate(wires):
        qml.RY(angles[..., position], wires=wire)
