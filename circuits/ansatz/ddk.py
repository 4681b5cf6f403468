"""The family of Dallaire-Demers and Killoran: RX, RZ on each wire, ZZ on neighbours."""

from collections.abc import Sequence
from dataclasses import dataclass

import pennylane as qml
from pennylane.typing import TensorLike

from circuits.ansatz.base import chain, check_ansatz

__all__ = ["DDKLayers"]


@dataclass(frozen=True)
class DDKLayers:
    """Layers of RX and RZ on each wire, then exp(-i a ZZ / 2) on nearest neighbours.

    Args:
        wires: the wires acted on.
        n_layers: number of layers, at least 1.

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641, sec. IV.

    Example:
        >>> DDKLayers(range(2), 2).n_angles, DDKLayers(range(3), 4).n_angles
        (10, 32)
    """

    wires: Sequence[int]
    n_layers: int = 2

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_layers", check_ansatz(self.wires, self.n_layers))

    @property
    def n_angles(self) -> int:
        """Number of angles."""
        return self.n_layers * (2 * len(self.wires) + len(chain(self.wires)))

    def __call__(self, angles: TensorLike) -> None:
        """Queue the operations; ``angles`` is ``(..., n_angles)`` in radians."""
        entry = 0
        for _ in range(self.n_layers):
            for wire in self.wires:
                qml.RX(angles[..., entry], wires=wire)
                qml.RZ(angles[..., entry + 1], wires=wire)
                entry += 2
            for pair in chain(self.wires):
                qml.IsingZZ(angles[..., entry], wires=pair)
                entry += 1
