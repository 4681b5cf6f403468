"""Gradients that PennyLane loses without a word, each as the smallest program that shows it.

Run it with ``python docs/pennylane_faults.py``. It uses PennyLane and torch alone, nothing of qgan.
Each line gives the derivative that PennyLane returns and the right one, from central differences of
PennyLane's own values. qgan decomposes these gates before a device sees them, and it checks the
derivative of every circuit at its first call on a device of PennyLane.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pennylane as qml
import torch

Queue = Callable[[Any], Any]


def fixed_diagonal(x: Any) -> None:
    """A gate after a diagonal without angles."""
    qml.DiagonalQubitUnitary(np.array([1, 1j]), 0)
    qml.RX(x, 0)


def exponential(x: Any) -> None:
    """The exponential of a Pauli word with an imaginary factor."""
    qml.exp(qml.X(0), 1j * x)


def phases_of_a_batch(x: Any) -> None:
    """A PhaseShift whose angle differs between the samples of a batch."""
    qml.RY(0.3, 0)
    qml.PhaseShift(x, 0)
    qml.Hadamard(0)


def phase_inside(x: Any) -> None:
    """A U3 whose angles differ between samples: its PhaseShift loses a part of the gradient."""
    qml.RY(0.3, 0)
    qml.U3(x, 0.4 * x, 0.3 * torch.ones_like(x), 0)
    qml.Hadamard(0)


def certain_outcome(x: Any) -> None:
    """A gate that leaves the outcome of a measurement certain: the gradient is not a number."""
    qml.CRX(x, [0, 1])


FAULTS: dict[str, tuple[Queue, str, str, int]] = {
    "fixed diagonal before RX": (fixed_diagonal, "lightning.qubit", "adjoint", 1),
    "exp(i x X) by adjoint": (exponential, "default.qubit", "adjoint", 1),
    "exp(i x X) by parameter-shift": (exponential, "default.qubit", "parameter-shift", 1),
    "PhaseShift of a batch": (phases_of_a_batch, "default.mixed", "backprop", 2),
    "U3 of a batch": (phase_inside, "default.mixed", "backprop", 2),
    "CRX on |00>": (certain_outcome, "default.mixed", "backprop", 1),
}
"""Each fault by its name: what is queued, the device, its method and the number of samples."""


def derivatives(name: str) -> tuple[float, float]:
    """The sum of the derivatives of <Z> on wire 0, as PennyLane gives it and as it is."""
    queue, device, method, batch = FAULTS[name]

    def node(diff_method: str | None, x: Any) -> Any:
        @qml.qnode(qml.device(device, wires=2), interface="torch", diff_method=diff_method)
        def circuit() -> Any:
            queue(x)
            return qml.expval(qml.Z(0))

        return circuit()

    x = torch.full((batch,) if batch > 1 else (), 0.7, dtype=torch.float64, requires_grad=True)
    value = node(method, x).sum()
    if value.requires_grad:
        (slope,) = torch.autograd.grad(value, x, allow_unused=True)
    else:
        slope = None
    step = 1e-3
    above, below = (
        float(node(None, torch.tensor(0.7 + sign * step, dtype=torch.float64))) for sign in (1, -1)
    )
    lost = 0.0 if slope is None else float(slope.sum())
    return lost, batch * (above - below) / (2 * step)


def main() -> None:
    """Print each fault with both derivatives."""
    print(f"PennyLane {qml.version()}, torch {torch.__version__}")
    print(f"{'fault':32} {'device':16} {'method':16} {'PennyLane':>10} {'right':>10}")
    for name, (_, device, method, _) in FAULTS.items():
        returned, right = derivatives(name)
        print(f"{name:32} {device:16} {method:16} {returned:10.4f} {right:10.4f}")


if __name__ == "__main__":
    main()
