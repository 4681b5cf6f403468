"""The family of the transverse-field chain: ZZ and Z, then RX, from |+>."""

from collections.abc import Sequence
from dataclasses import dataclass

import pennylane as qml
from pennylane.typing import TensorLike

from circuits.ansatz.base import chain, check_ansatz

__all__ = ["IsingLayers"]


@dataclass(frozen=True)
class IsingLayers:
    """Layers of ZZ and Z angles on the open chain and RX on each wire, from ``|+..+>``.

    ``U = prod_l [ prod_j RX_j prod_j RZ_j prod_<jk> exp(-i a_jk Z_j Z_k / 2) ] H^n``: the
    Hamiltonian variational ansatz of the Ising chain with an angle of its own for each term.

    Args:
        wires: the wires acted on.
        n_layers: number of layers, at least 1.

    References:
        Wecker, Hastings and Troyer, Phys. Rev. A 92, 042303 (2015).

    Example:
        >>> IsingLayers(wires=range(4), n_layers=2).n_angles
        22
    """

    wires: Sequence[int]
    n_layers: int = 8

    def __post_init__(self) -> None:
        object.__setattr__(self, "n_layers", check_ansatz(self.wires, self.n_layers))

    @property
    def n_angles(self) -> int:
        """Number of angles."""
        return self.n_layers * (2 * len(self.wires) + len(chain(self.wires)))

    def __call__(self, angles: TensorLike) -> None:
        """Queue the operations; ``angles`` is ``(..., n_angles)`` in radians."""
        for wire in self.wires:
            qml.Hadamard(wires=wire)
        entry = 0
        for _ in range(self.n_layers):
            for pair in chain(self.wires):
                qml.IsingZZ(angles[..., entry], wires=pair)
                entry += 1
            for wire in self.wires:
                qml.RZ(angles[..., entry], wires=wire)
                qml.RX(angles[..., entry + 1], wires=wire)
                entry += 2
