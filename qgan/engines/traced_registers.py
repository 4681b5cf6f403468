"""The registers of a traced circuit, as numbers of wires."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["TracedRegisters"]


@dataclass(frozen=True)
class TracedRegisters:
    """The registers of a traced circuit, as numbers of wires.

    Args:
        n_output: qubits of the states.
        n_label: wires of the label register.
        n_latent_wires: wires of the latent register.
        n_bath: wires that are traced out.
        holds_bits: whether the wires of label and latent are declared to hold bits.

    Example:
        >>> registers = TracedRegisters(4, 1, 12, 0, holds_bits=True)
        >>> registers.n_wires, registers.bits
        (17, range(4, 17))
    """

    n_output: int
    n_label: int
    n_latent_wires: int
    n_bath: int
    holds_bits: bool = False

    @property
    def n_wires(self) -> int:
        """All wires."""
        return self.n_output + self.n_label + self.n_latent_wires + self.n_bath

    @property
    def bits(self) -> range:
        """Wires that are declared to hold bits: those of label and latent, behind the output."""
        n_bits = self.n_label + self.n_latent_wires if self.holds_bits else 0
        return range(self.n_output, self.n_output + n_bits)
