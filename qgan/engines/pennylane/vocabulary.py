"""The gates that a device of PennyLane is given; the rest is decomposed to them, or refused.

The contract suite verifies each of them on each device and method: values, gradients with respect
to weights and to a batch of inputs, and gradients of what stands after it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pennylane as qml

from qgan import errors
from qgan.engines.operations import is_constant

__all__ = ["UNBATCHED", "VERIFIED", "KnownGates", "check_real"]

ROTATIONS = frozenset(
    {
        "RX", "RY", "RZ", "Rot", "CRX", "CRY", "CRZ", "ControlledPhaseShift",
        "IsingXX", "IsingYY", "IsingZZ",
    }
)  # fmt: skip
"""Gates with angles that every device and method gets right."""

VERIFIED = ROTATIONS | {
    "PauliX", "PauliY", "PauliZ", "Hadamard", "S", "T", "SX",
    "CNOT", "CY", "CZ", "SWAP", "Toffoli", "CSWAP",
}  # fmt: skip
"""Gates that every device and method gets right, for one angle and for a batch of angles."""

UNBATCHED = frozenset({"MultiRZ", "SingleExcitation", "DoubleExcitation"})
"""Gates that every device and method gets right, unless their angles differ between samples."""

TURNS = ROTATIONS | UNBATCHED
"""Gates whose numbers are angles."""

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


def check_real(operations: Sequence[Any]) -> None:
    """Refuse rotations by angles that are complex numbers."""
    for operation in operations:
        if operation.name not in TURNS:
            continue
        for angle in operation.data:
            is_complex = getattr(angle, "is_complex", None)
            if not (is_complex() if is_complex else np.iscomplexobj(angle)):
                continue
            if not qml.math.allclose(qml.math.imag(angle), 0.0):
                rule = f"of {operation.name} must be real"
                raise errors.argument("angle", rule, "one that is complex")
