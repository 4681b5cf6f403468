"""Ground states of the XXZ chain, labelled by phase; the anisotropy is hidden."""

from __future__ import annotations

import numpy as np
import torch

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.data.pauli_family import MOST_QUBITS, PauliFamily, along_chain

__all__ = ["xxz", "xxz_family"]

RANGES = {"critical": (-0.8, 0.8), "antiferromagnetic": (1.2, 3.0)}
PINNING = 1e-3
"""The field on the first spin that breaks the symmetry under a flip of all spins, in units of J."""


def xxz_family(n_qubits: int) -> PauliFamily:
    """The Hamiltonians of the open XXZ chain.

    ``H(Delta) = sum_i (X_i X_{i+1} + Y_i Y_{i+1} + Delta Z_i Z_{i+1}) + 1e-3 Z_0``.

    Args:
        n_qubits: length of the chain, 2 to 12.

    Example:
        >>> energies, _ = xxz_family(2).ground_states(np.array([[0.5]]))
        >>> round(float(energies[0]), 4)  # the singlet: -2 - Delta
        -2.5
    """
    n_qubits = errors.integer_between("n_qubits", n_qubits, 2, MOST_QUBITS)
    flat = [*along_chain("XX", n_qubits), *along_chain("YY", n_qubits)]
    bonds = along_chain("ZZ", n_qubits)
    words = [*flat, *bonds, "Z" + "I" * (n_qubits - 1)]
    constants = [1.0] * len(flat) + [0.0] * len(bonds) + [PINNING]
    slopes = [[0.0]] * len(flat) + [[1.0]] * len(bonds) + [[0.0]]
    return PauliFamily(words, constants, slopes)


def xxz(
    n_qubits: int = 4,
    n_train: int = 2048,
    n_validation: int = 512,
    n_held_out: int = 1024,
    seed: int = 0,
) -> Dataset:
    """XXZ chain, critical or antiferromagnetic: one hidden anisotropy, Delta.

    ``H = sum (X_i X_{i+1} + Y_i Y_{i+1} + Delta Z_i Z_{i+1}) + 1e-3 Z_0`` on an open chain;
    'critical': Delta in [-0.8, 0.8]; 'antiferromagnetic': Delta in [1.2, 3]. The small field
    chooses one of the states that a flip of all spins would leave equal.

    Args:
        n_qubits: length of the open chain, 2 to 12.
        n_train: training states of each label.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0; parts and labels draw from streams of their own.

    Returns:
        Pure states, complex128, with the factor Delta.

    Raises:
        QganError: if a number is out of range.

    References:
        Giamarchi, Quantum Physics in One Dimension, 2003, sec. 6.1 (the phases).

    Example:
        >>> xxz(n_train=2, n_validation=1, n_held_out=1).train.states
        States(4 of 4 qubits, pure)
    """
    family, ranges = xxz_family(n_qubits), list(RANGES.values())

    def make(label: int, n: int, rng: np.random.Generator) -> Batch:
        delta = rng.uniform(*ranges[label], (n, 1))
        _, states = family.ground_states(delta)
        return Batch(states, torch.full((n,), label), torch.from_numpy(delta))

    sizes = (n_train, n_validation, n_held_out)
    parts = draw_parts(make, sizes, seed, len(ranges), 2**family.n_qubits)
    return Dataset(*parts, (0, 1), tuple(RANGES), ("Delta",), "xxz")
