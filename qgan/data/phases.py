"""Superpositions of all spins up and all spins down with a hidden phase: the factor is an angle."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.states import States

__all__ = ["ghz_phase", "ghz_states"]

MIXING = (math.pi / 8, math.pi / 4)
"""The mixing angle of each label."""


def ghz_states(n_qubits: int, label: int, phase: Float[Tensor, " N"]) -> States:
    """Superpositions ``cos(a) |0..0> + e^{i phi} sin(a) |1..1>``.

    Args:
        n_qubits: 1 to 12.
        label: 0 for ``a = pi/8``, 1 for ``a = pi/4`` (GHZ states).
        phase: the phase phi of each state in radians, ``(N,)``.

    Returns:
        Pure states, complex128.

    Raises:
        QganError: if the number of qubits or the label is out of range.

    Example:
        >>> ghz_states(2, 1, torch.tensor([0.0, torch.pi])).expval(["XX", "ZZ"]).round().tolist()
        [[1.0, 1.0], [-1.0, 1.0]]
    """
    n_qubits = _size(n_qubits)
    if label not in (0, 1):
        raise errors.argument("label", "must be 0 or 1", label)
    vectors = torch.zeros(len(phase), 2**n_qubits, dtype=torch.complex128)
    vectors[:, 0] = math.cos(MIXING[label])
    vectors[:, -1] = math.sin(MIXING[label]) * torch.exp(1j * phase.double())
    return States(vectors.unsqueeze(-1))


def _size(n_qubits: int) -> int:
    """The number of qubits as a Python integer; refuse one out of range."""
    n_qubits = errors.integer("n_qubits", n_qubits)
    if not 1 <= n_qubits <= 12:
        raise errors.argument("n_qubits", "must be 1 to 12", n_qubits)
    return n_qubits


def ghz_phase(
    n_qubits: int = 3,
    n_train: int = 2048,
    n_validation: int = 128,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """All up and all down, superposed weakly or evenly: hidden phase phi in [0, 2 pi).

    ``cos(a) |0..0> + e^{i phi} sin(a) |1..1>`` with ``a = pi/8`` for "weak" and ``a = pi/4`` for
    "even"; phi is uniform. The states of a label form a circle: no interval of a latent goes round
    it without a cut, and a latent that is an angle does.

    Args:
        n_qubits: 1 to 12; only words of X and Y on all qubits show phi.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with the factor phi, whose period is 2 pi.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> ghz_phase(n_train=2, n_validation=1, n_held_out=1).train.states
        States(4 of 3 qubits, pure)
    """
    n_qubits = _size(n_qubits)

    def draw(label: int, n: int, rng: np.random.Generator) -> Batch:
        phase = torch.from_numpy(rng.uniform(0, 2 * math.pi, n))
        states = ghz_states(n_qubits, label, phase)
        return Batch(states, torch.full((n,), label), phase.unsqueeze(-1))

    parts = draw_parts(draw, (n_train, n_validation, n_held_out), seed, 2, 2**n_qubits)
    names = ("weak", "even"), ("phi",)
    return Dataset(*parts, (0, 1), *names, "ghz-phase", (2 * math.pi,))
