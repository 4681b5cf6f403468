"""The gates that a device of PennyLane is given; the rest is decomposed to them, or refused.

The contract suite verifies each of them on each device and method: values, gradients with respect
to weights and to a batch of inputs, and gradients of what stands after it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pennylane as qml

from qgan.engines.operations import is_constant

__all__ = ["UNBATCHED", "VERIFIED", "KnownGates"]

VERIFIED = frozenset(
    {
        "RX", "RY", "RZ", "Rot", "PauliX", "PauliY", "PauliZ", "Hadamard", "S", "T", "SX",
        "CNOT", "CY", "CZ", "SWAP", "Toffoli", "CSWAP",
        "CRX", "CRY", "CRZ", "ControlledPhaseShift", "IsingXX", "IsingYY", "IsingZZ",
    }
)  # fmt: skip
"""Gates that every device and method gets right, for one angle and for a batch of angles."""

UNBATCHED = frozenset({"MultiRZ", "SingleExcitation", "DoubleExcitation"})
"""Gates that every device and method gets right, unless their angles differ between samples."""

PREPARATIONS = frozenset({"StatePrep", "BasisState", "QubitDensityMatrix"})
"""Operations that prepare a state where they come first; elsewhere they are decomposed."""


@dataclass(frozen=True)
class KnownGates:
    """Which operations a device can be given as they are, with a diff method.

    Args:
        device: short name of the device.
        method: how it differentiates.
        first: whether the operation is the first of a circuit.
        split: whether gates that are split for a batch of angles are split in any case.
    """

    device: str
    method: str
    first: bool = False
    split: bool = False

    def __call__(self, operation: Any) -> bool:
        """Whether the device can be given this operation."""
        name = operation.name
        if name in UNBATCHED:
            return operation.batch_size is None and not self.split
        if name in VERIFIED:
            return True
        if name in PREPARATIONS:
            return self.first and (name != "QubitDensityMatrix" or self.device == "default.mixed")
        if name == "QubitUnitary":
            return is_constant(operation) or self.method == "backprop"
        return self.device == "default.mixed" and isinstance(operation, qml.operation.Channel)
