"""The hardware-efficient family: RY, RZ on each wire, ZZ on the ring."""

from collections.abc import Sequence
from dataclasses import dataclass

import pennylane as qml
from pennylane.typing import TensorLike

from circuits.ansatz.base import check_ansatz, ring

__all__ = ["HardwareEfficient"]


@dataclass(frozen=True)
class HardwareEfficient:
    """Layers of RY and RZ on each wire and exp(-i a ZZ / 2) on the ring, then a last RY and RZ.

    ``U = R(a_L) prod_l [ prod_<jk> exp(-i a_jk Z_j Z_k / 2) R(a_l) ]``, with
    ``R = prod_j RZ_j RY_j``.

    Args:
        wires: the wires acted on.
        n_layers: number of layers, at least 1.

    References:
        Kandala et al., Nature 549, 242 (2017), for the family.

    Example:
        >>> HardwareEfficient(wires=range(4), n_layers=4).n_angles
        56
    """

    wires: Sequence[int]
    n_layers: int = 4

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_layers", check_ansatz(self.wires, self.n_layers))

    @property
    def n_angles(self) -> int:
        """Number of angles."""
        n = len(self.wires)
        return self.n_layers * (2 * n + len(ring(self.wires))) + 2 * n

    def __call__(self, angles: TensorLike) -> None:
        """Queue the operations; ``angles`` is ``(..., n_angles)`` in radians."""
        entry = 0
        for layer in range(self.n_layers + 1):
            for wire in self.wires:
                qml.RY(angles[..., entry], wires=wire)
                qml.RZ(angles[..., entry + 1], wires=wire)
                entry += 2
            if layer < self.n_layers:
                for pair in ring(self.wires):
                    qml.IsingZZ(angles[..., entry], wires=pair)
                    entry += 1
