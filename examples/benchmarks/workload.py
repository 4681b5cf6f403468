"""The workload W(n, L, B) that engines are measured on, and clocks for it.

W encodes x and y by RY and RZ on each qubit, a sample each, then has L layers of RX and RZ on each
qubit and RZZ on the ring, shared by the batch. Mode a: the mean of sum_q w_q <Z_q>. Mode b: the
mean of ||rho - T||_F^2 of the first n - 1 qubits. Mode "a per sample" is W': W with the angles of
the layers a sample each. Forward and backward.
"""

import contextlib
import statistics
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from resource import RUSAGE_SELF, getrusage
from typing import Any

import numpy as np
import pennylane as qml
import torch
from numpy.typing import NDArray
from quadratic import squared_distance
from torch import Tensor

from circuits import Registers
from qgan.states import States

SIZES = ((4, 4, 64), (8, 6, 64), (12, 8, 32), (16, 8, 4), (20, 4, 1))
MODES = {"a": SIZES, "b": SIZES[:2], "a per sample": SIZES[:2]}
GATES = {
    "RX": qml.RX, "RY": qml.RY, "RZ": qml.RZ, "RXX": qml.IsingXX, "RYY": qml.IsingYY,
    "RZZ": qml.IsingZZ, "CRX": qml.CRX, "CRY": qml.CRY,
}  # fmt: skip
Step = Callable[[], tuple[Any, ...]]
"""One forward and backward pass: the loss, then its gradients."""


class Workload:
    """The circuit of W as every peer can build it, and what the loss needs."""

    def __init__(self, n: int, n_layers: int, batch: int, mode: str = "a") -> None:
        self.n, self.n_layers, self.batch, self.mode = n, n_layers, batch, mode
        shared, n_angles = mode != "a per sample", self.n_angles()
        self.registers = Registers(output=n - 1, bath=1) if mode == "b" else Registers(output=n)
        self.n_weights = n_angles if shared else 0
        self.n_inputs = 2 * n + (0 if shared else n_angles)
        random = torch.Generator().manual_seed(0)
        draw = lambda *shape: torch.rand(*shape, generator=random, dtype=torch.float64)  # noqa: E731
        self.weights = 6 * draw(self.n_weights) - 3
        self.inputs = 6 * draw(batch, self.n_inputs) - 3
        self.z_weights = draw(n)
        self.words = ["I" * q + "Z" + "I" * (n - 1 - q) for q in range(n)]
        self.target = torch.empty(0)
        if mode == "b":
            entries = draw(1, 2 ** (n - 1), 2 ** (n - 1), 2) - 0.5
            target = States(torch.view_as_complex(entries)).normalised()
            self.target = target.density_matrix()[0].to(torch.complex64)

    def n_angles(self) -> int:
        """Angles of the layers."""
        return 3 * self.n * self.n_layers

    def encoding(self) -> Iterator[tuple[str, tuple[int, ...], str, int]]:
        """RY and RZ on each qubit, by inputs."""
        for q in range(self.n):
            yield "RY", (q,), "inputs", q
            yield "RZ", (q,), "inputs", self.n + q

    def gates(self) -> Iterator[tuple[str, tuple[int, ...], str, int]]:
        """Name, wires, and the entry of ``weights`` or ``inputs`` that is the angle."""
        n = self.n
        yield from self.encoding()
        source, first = ("weights", 0) if self.n_weights else ("inputs", 2 * n)
        for layer in range(self.n_layers):
            at = first + 3 * n * layer
            for q in range(n):
                yield "RX", (q,), source, at + q
                yield "RZ", (q,), source, at + n + q
            for q in range(n):
                yield "RZZ", (q, (q + 1) % n), source, at + 2 * n + q

    def __call__(self, weights: Any, inputs: Any) -> None:
        """The circuit as PennyLane knows it."""
        for gate, wires, source, entry in self.gates():
            angles = weights if source == "weights" else inputs
            GATES[gate](angles[..., entry], wires=wires)

    def leaves(self, dtype: torch.dtype) -> tuple[Tensor, Tensor]:
        """Weights and inputs to differentiate."""
        weights, inputs = self.weights.to(dtype), self.inputs.to(dtype)
        return weights.requires_grad_(), inputs.requires_grad_()

    def z_table(self) -> NDArray[np.float64]:
        """``sum_q w_q z_q`` of each basis state, wire 0 most significant."""
        bits = np.arange(2**self.n)[:, None] >> np.arange(self.n - 1, -1, -1) & 1
        table: NDArray[np.float64] = (1 - 2 * bits) @ self.z_weights.numpy()
        return table

    def loss(self, vectors: Tensor) -> Tensor:
        """The loss of final vectors ``(B, 2**n)``, the cheapest way from them."""
        if self.mode == "b":
            factor = vectors.reshape(len(vectors), -1, 2)
            return squared_distance(factor, self.target).mean()
        probabilities = vectors.real.square() + vectors.imag.square()
        return (probabilities @ torch.from_numpy(self.z_table()).to(probabilities)).mean()


def gradients(loss: Tensor, weights: Tensor, inputs: Tensor) -> tuple[Tensor, ...]:
    """The loss and what it gives to the angles there are."""
    leaves = [leaf for leaf in (weights, inputs) if leaf.numel()]
    return (loss.detach(), *torch.autograd.grad(loss, leaves))


def timed(step: Step, repeats: int) -> list[float]:
    """Milliseconds of process time of each of some steps."""
    found = []
    for _ in range(repeats):
        begun = time.process_time()
        step()
        found.append(1e3 * (time.process_time() - begun))
    return found


def alternating(steps: dict[str, Step], rounds: int = 3, repeats: int = 5) -> dict[str, float]:
    """Median milliseconds of each step, in turns: a busy spell of the machine meets all of them."""
    found: dict[str, list[float]] = {name: [] for name in steps}
    for step in steps.values():
        step()
    for _ in range(rounds):
        for name, step in steps.items():
            found[name] += timed(step, repeats)
    return {name: statistics.median(times) for name, times in found.items()}


def memory(field: str = "VmHWM") -> float:
    """MiB of this process: VmRSS is what it holds, VmHWM the most it held."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:  # no Linux: the most it held, whatever is asked
        return getrusage(RUSAGE_SELF).ru_maxrss / 2**20
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 2**10


def forget_peak() -> None:
    """Let VmHWM begin anew from what is held now, where the system can."""
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5")
