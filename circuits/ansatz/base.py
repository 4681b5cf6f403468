"""What all families of ansatz share: their protocol, the pairs of wires, and the checks."""

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from pennylane.typing import TensorLike

from circuits.integers import whole_number

__all__ = ["Ansatz", "chain", "check_ansatz", "ring"]


@runtime_checkable
class Ansatz(Protocol):
    """A layered family of gates whose every angle is an entry of one vector."""

    @property
    def n_angles(self) -> int:
        """Number of angles."""

    def __call__(self, angles: TensorLike) -> None:
        """Queue the operations; ``angles`` is ``(..., n_angles)`` in radians."""


def chain(wires: Sequence[int]) -> list[tuple[int, int]]:
    """Nearest neighbours of the open chain."""
    return [(wires[i], wires[i + 1]) for i in range(len(wires) - 1)]


def ring(wires: Sequence[int]) -> list[tuple[int, int]]:
    """Nearest neighbours of the ring, each pair once (two wires touch once)."""
    return chain(wires) + ([(wires[-1], wires[0])] if len(wires) > 2 else [])


def check_ansatz(wires: Sequence[int], n_layers: int) -> int:
    """Refuse an empty register and a depth below one; returns the depth as a Python integer."""
    if len(wires) < 1:
        raise ValueError("Argument `wires` must name at least one wire, but got none.")
    return whole_number("n_layers", n_layers, 1)
