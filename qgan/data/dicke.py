"""Dicke states whose excitations carry a hidden momentum: an angle as the hidden factor."""

from __future__ import annotations

import math

import numpy as np
import torch
from jaxtyping import Float

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.ising_chain import Array
from qgan.data.pauli_family import MOST_QUBITS
from qgan.states import States

__all__ = ["dicke", "dicke_states"]


def dicke_states(n_qubits: int, excitations: int, momentum: Float[Array, " N"]) -> States:
    """``sum_x exp(i phi sum_j j x_j) |x> / sqrt(binomial(n, k))`` over the x with k ones.

    With one excitation this is a W state, whose excitation has the momentum phi; two of them have
    ``F = (sin(n d / 2) / (n sin(d / 2)))^2`` at a difference d of their momenta.

    Args:
        n_qubits: n, from 2 to 12.
        excitations: k, from 0 to n.
        momentum: the phase phi between neighbouring qubits in radians, ``(N,)``.

    Returns:
        Pure states, complex128.

    Raises:
        QganError: if a number is out of range.

    References:
        Dicke, Phys. Rev. 93, 99 (1954).

    Example:
        >>> dicke_states(3, 1, np.array([0.0])).expval(["ZII", "XXI"]).round(decimals=4).tolist()
        [[0.3333, 0.6667]]
    """
    n_qubits = errors.integer_between("n_qubits", n_qubits, 2, MOST_QUBITS)
    excitations = errors.integer("excitations", excitations)
    if not 0 <= excitations <= n_qubits:
        raise errors.argument("excitations", f"must be from 0 to n_qubits={n_qubits}", excitations)
    index = np.arange(2**n_qubits)
    ones = (index[:, None] >> np.arange(n_qubits)[::-1]) & 1  # wire 0 first
    inside = ones.sum(1) == excitations
    phases = np.exp(1j * np.asarray(momentum)[:, None] * (ones @ np.arange(n_qubits)))
    amplitudes = np.where(inside, phases, 0.0) / math.sqrt(math.comb(n_qubits, excitations))
    return States(torch.from_numpy(amplitudes)[:, :, None])


def dicke(
    n_qubits: int = 4,
    n_train: int = 512,
    n_validation: int = 128,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """Dicke states of one or two excitations: a hidden angle, the momentum phi.

    The states of :func:`dicke_states` with phi uniform on [0, 2 pi); 'W': one excitation, 'two':
    two excitations.

    Args:
        n_qubits: 3 to 12.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with the factor phi, of period 2 pi.

    Raises:
        QganError: if a number is out of range.

    Example:
        >>> data = dicke(n_train=2, n_validation=1, n_held_out=1)
        >>> data.label_names, round(data.factor_periods[0], 4)
        (('W', 'two'), 6.2832)
    """
    n_qubits = errors.integer("n_qubits", n_qubits, least=3)
    check = dicke_states(n_qubits, 1, np.zeros(1))

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        momentum = rng.uniform(0, 2 * math.pi, n)
        states = dicke_states(n_qubits, label + 1, momentum)
        return Batch(states, torch.full((n,), label), torch.from_numpy(momentum[:, None]))

    parts = draw_parts(make, (n_train, n_validation, n_held_out), seed, 2, check.dimension)
    return Dataset(*parts, (1, 2), ("W", "two"), ("phi",), "dicke", (2 * math.pi,))
