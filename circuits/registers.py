"""Registers: the only place that decides which wire is which."""

from dataclasses import dataclass

from circuits.integers import whole_number

__all__ = ["Registers"]


@dataclass(frozen=True, init=False)
class Registers:
    """Widths and wires of the registers of a circuit.

    Wires are numbered output, label, latent, bath, in this order, and wire 0 is the most
    significant bit of a basis state.

    Args:
        output: qubits of the state that is prepared or read, at least 1.
        label: wires of the label register ``|lambda>``, at least 0.
        latent: wires of the latent register ``|z>``, at least 0.
        bath: wires that are traced out (never post-selected), at least 0.
        holds_bits: whether every wire of the label and latent registers holds a bit: it is
            prepared in ``|0>`` or ``|1>`` by an input that is 0 or 1, and whatever acts on it
            later is diagonal on it. Such wires need no amplitudes (:attr:`bits`).

    Raises:
        ValueError: if a width is not an integer in its range.

    Example:
        >>> registers = Registers(output=4, label=1, latent=2)
        >>> list(registers.latent), registers.n_wires
        ([5, 6], 7)
    """

    n_output: int
    n_label: int
    n_latent_wires: int
    n_bath: int
    holds_bits: bool

    def __init__(
        self,
        output: int,
        label: int = 0,
        latent: int = 0,
        bath: int = 0,
        holds_bits: bool = False,
    ) -> None:
        widths = {"output": output, "label": label, "latent": latent, "bath": bath}
        places = ("n_output", "n_label", "n_latent_wires", "n_bath")
        for place, (name, width) in zip(places, widths.items(), strict=True):
            least = 1 if name == "output" else 0
            object.__setattr__(self, place, whole_number(name, width, least))
        object.__setattr__(self, "holds_bits", bool(holds_bits))

    @property
    def n_wires(self) -> int:
        """Number of all wires."""
        return self.n_output + self.n_label + self.n_latent_wires + self.n_bath

    @property
    def output(self) -> range:
        """Wires of the output register."""
        return range(self.n_output)

    @property
    def label(self) -> range:
        """Wires of the label register."""
        return range(self.n_output, self.n_output + self.n_label)

    @property
    def latent(self) -> range:
        """Wires of the latent register."""
        return range(self.label.stop, self.label.stop + self.n_latent_wires)

    @property
    def bath(self) -> range:
        """Wires of the bath."""
        return range(self.latent.stop, self.n_wires)

    @property
    def bits(self) -> range:
        """Wires that are declared to hold bits."""
        return range(self.label.start, self.latent.stop if self.holds_bits else self.label.start)
