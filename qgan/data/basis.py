"""Computational basis states, one per label: the smallest conditional task."""

from __future__ import annotations

import torch

from qgan import errors
from qgan.batch import Batch
from qgan.data.dataset import Dataset, draw_parts
from qgan.states import States

__all__ = ["basis"]


def basis(
    n_qubits: int = 1,
    n_train: int = 64,
    n_validation: int = 16,
    n_held_out: int = 64,
    seed: int = 0,
) -> Dataset:
    """Basis states |k> with label k: the label alone decides the state.

    Args:
        n_qubits: number of qubits, 1 to 4; there are ``2**n_qubits`` labels.
        n_train: training states of each label, which are all alike.
        n_validation: validation states of each label.
        n_held_out: held-out states of each label.
        seed: at least 0, and unused, since nothing is random here; every source takes it.

    Returns:
        The data set; skill is undefined on it, since a label has one state.

    Raises:
        QganError: if a number is out of range.

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641, sec. IV, for one qubit.

    Example:
        >>> basis().train.of(1).states.probabilities()[0].tolist()
        [0.0, 1.0]
    """
    n_qubits = errors.integer_between("n_qubits", n_qubits, 1, 4)
    n_labels = 2**n_qubits

    def make(label: int, n: int, rng: object) -> Batch:
        vector = torch.eye(n_labels, dtype=torch.complex128)[label]
        return Batch(States(vector.expand(n, -1).unsqueeze(-1)), torch.full((n,), label))

    names = tuple(format(k, f"0{n_qubits}b") for k in range(n_labels))
    parts = draw_parts(make, (n_train, n_validation, n_held_out), seed, n_labels, n_labels)
    return Dataset(*parts, tuple(range(n_labels)), names, (), "basis")
