"""How many rotations a circuit has: what a gradient by parameter shift would cost."""

from __future__ import annotations

from collections.abc import Sequence

from qgan import errors
from qgan.engines.base import Circuit
from qgan.engines.trace import trace

__all__ = ["count_rotations"]


def count_rotations(circuit: Circuit, sources: Sequence[str] = ("weights", "inputs")) -> int:
    """Rotations by angles of these sources; of a circuit that cannot be traced, its angles.

    Args:
        circuit: the circuit.
        sources: "weights", "inputs" or both.

    Example:
        >>> from circuits import Registers, ReuploadingCircuit
        >>> count_rotations(ReuploadingCircuit(Registers(output=2), n_layers=1), ["weights"])
        0
    """
    numbers = {"weights": circuit.n_weights, "inputs": circuit.n_inputs}
    try:
        return sum(gate.source in sources for gate in trace(circuit).gates)
    except errors.QganError:
        return sum(numbers[source] for source in sources)
