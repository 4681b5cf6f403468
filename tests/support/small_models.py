"""Trained models in closed form: one or two qubits that the latent turns in a known way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pennylane as qml
import torch
from torch import Tensor, nn

from circuits import Registers
from qgan import Generator, Model, States
from qgan.batch import Batch
from qgan.data.dataset import Dataset
from qgan.prior import Prior


class Gates:
    """A circuit of the gates that a function queues."""

    def __init__(self, queue: Callable[[Any], None], n_inputs: int, **widths: int) -> None:
        self.queue = queue
        self.registers = Registers(**widths)
        self.n_weights, self.n_inputs = 0, n_inputs

    def __call__(self, weights: Any, inputs: Any) -> None:
        self.queue(inputs)


class Angles(nn.Module):
    """Angles as a function of label ``(B,)`` and latent ``(B, z)``."""

    def __init__(self, of: Callable[[Tensor, Tensor], Tensor]) -> None:
        super().__init__()
        self.of = of

    def forward(self, label: Tensor, latent: Tensor) -> Tensor:
        return self.of(label, latent)


def model(
    queue: Callable[[Any], None],
    n_inputs: int,
    angles: Callable[[Tensor, Tensor], Tensor],
    prior: Prior | None = None,
    labels: tuple[Any, ...] = (0, 1),
    **widths: int,
) -> Model:
    """A model of a circuit and its angles."""
    circuit = Gates(queue, n_inputs, **widths)
    made = Generator(circuit, len(labels), embedding=Angles(angles), prior=prior or Prior(1))
    return Model(made.requires_grad_(False), labels, "best", 7)


def turning(speed: float = 1.0, prior: Prior | None = None) -> Model:
    """One qubit: RY(speed z_0 + pi label) |0>."""
    return model(
        lambda x: qml.RY(x[..., 0], wires=0),
        1,
        lambda label, z: speed * z[:, :1] + torch.pi * label[:, None].to(z),
        prior,
        output=1,
    )


def dephased() -> Model:
    """One qubit, diag(cos^2 z, sin^2 z): RY(2 z) and a CNOT onto a bath wire."""

    def queue(x: Any) -> None:
        qml.RY(2 * x[..., 0], wires=0)
        qml.CNOT(wires=[0, 1])

    return model(queue, 1, lambda label, z: z[:, :1], output=1, bath=1)


def turned_data(speed: float = 1.0, n: int = 40) -> Dataset:
    """What :func:`turning` makes, with z as the hidden factor."""
    z = torch.linspace(-1, 1, n, dtype=torch.float64).repeat(2)
    label = torch.arange(2).repeat_interleave(n)
    half = (speed * z + torch.pi * label) / 2
    states = States(torch.stack([half.cos(), half.sin()], 1)[..., None].to(torch.complex128))
    part = Batch(states, label, z[:, None])
    return Dataset(part, part, part, (0, 1), ("up", "down"), ("turn",), "turned")
