"""The open Ising chain in a mixed field: its sparse matrix and its ground states."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from scipy.sparse.linalg import eigsh

from qgan import errors
from qgan.states import States

__all__ = ["MOST_DENSE", "Array", "IsingChain"]

Array = NDArray[Any]

MOST_QUBITS = 20
MOST_DENSE = 6
"""Qubits up to which the whole spectrum of a dense matrix is faster than one Lanczos vector."""
N_LANCZOS = 20
"""Number of Lanczos vectors: the fastest from 4 to 10 qubits, and exact close to degeneracy."""


class IsingChain:
    """The Hamiltonian of the open chain, whose one matrix is filled anew for each pair of fields.

    ``H(h, g) = -sum_i Z_i Z_{i+1} - h sum_i X_i - g sum_i Z_i``: the unit of energy is ``J = 1``.

    Args:
        n_qubits: length of the chain, 2 to 20.

    Raises:
        QganError: if the length is out of range.

    References:
        Sachdev, Quantum Phase Transitions, 2nd ed., ch. 10 (g = 0, the transition at h = 1).

    Example:
        >>> chain = IsingChain(2)
        >>> energy = np.linalg.eigvalsh(chain.matrix(h=1.0, g=0.0).toarray())[0]
        >>> round(float(energy**2), 6)  # E0 = -sqrt(1 + 4 h^2)
        5.0
    """

    def __init__(self, n_qubits: int) -> None:
        n_qubits = errors.integer_between("n_qubits", n_qubits, 2, MOST_QUBITS)
        self.n_qubits = n_qubits
        index = np.arange(2**n_qubits)
        spins = 1.0 - 2.0 * ((index[:, None] >> np.arange(n_qubits)[::-1]) & 1)
        self._zz = (spins[:, 1:] * spins[:, :-1]).sum(1)
        self._z = spins.sum(1)
        flips = np.concatenate(
            [[0], 1 << np.arange(n_qubits)]
        )  # a row holds itself and n neighbours
        columns = np.sort(index[:, None] ^ flips, axis=1)
        self._diagonal = columns == index[:, None]
        rows = np.arange(0, columns.size + 1, n_qubits + 1)
        self._matrix = csr_array((np.zeros(columns.size), columns.ravel(), rows))
        # Ground states are positive (Perron and Frobenius): a positive start overlaps with each;
        # unequal entries keep it out of any symmetry's invariant subspace.
        self._start = 1.0 + 0.5 * np.sin(1.0 + index)

    def matrix(self, h: float, g: float) -> Any:
        """The sparse matrix of ``H(h, g)``; the next call fills the same matrix again."""
        entries = self._matrix.data.reshape(self._diagonal.shape)
        entries[:] = -h
        entries[self._diagonal] = -self._zz - g * self._z
        return self._matrix

    def ground_state(self, h: float, g: float) -> tuple[float, Array]:
        """Ground-state energy and vector ``(2**n,)``, unit norm, its largest component positive.

        Args:
            h: transverse field, in units of J.
            g: longitudinal field, in units of J; it must not be zero on the ordered side of a
                long chain, where the two lowest states would be too close to be told apart.
        """
        dimension = len(self._start)
        values, vectors = eigsh(
            self.matrix(h, g),
            k=1,
            which="SA",
            v0=self._start,
            ncv=min(N_LANCZOS, dimension),
            tol=0,
            maxiter=10_000,
        )
        vector = vectors[:, 0]
        return float(values[0]), vector * np.sign(vector[np.abs(vector).argmax()])

    def ground_states(self, fields: Array) -> States:
        """Ground states, complex128, of fields ``(N, 2)`` whose columns are (h, g).

        Up to 6 qubits many dense matrices are diagonalised at once, which is 15 times faster.
        """
        if self.n_qubits > MOST_DENSE:
            vectors = np.stack([self.ground_state(h, g)[1] for h, g in fields])
        else:
            vectors = np.concatenate(
                [self._dense_ground_states(part) for part in _chunks(fields, len(self._start))]
            )
        return States(torch.from_numpy(vectors.astype(np.complex128)).unsqueeze(-1))

    def _dense_ground_states(self, fields: Array) -> Array:
        """Ground vectors ``(N, 2**n)``, their largest components positive."""
        matrices = np.stack([self.matrix(h, g).toarray() for h, g in ((0.0, 0.0), (1.0, 0.0))])
        zeeman = self.matrix(0.0, 1.0).toarray() - matrices[0]
        h, g = fields[:, 0, None, None], fields[:, 1, None, None]
        hamiltonians = matrices[0] + h * (matrices[1] - matrices[0]) + g * zeeman
        vectors = np.linalg.eigh(hamiltonians)[1][:, :, 0]
        largest = np.abs(vectors).argmax(1)
        result: Array = vectors * np.sign(vectors[np.arange(len(vectors)), largest])[:, None]
        return result


def _chunks(fields: Array, dimension: int) -> list[Array]:
    """The fields in parts whose matrices take 32 MiB at most."""
    return np.array_split(fields, 1 + len(fields) * dimension**2 // 2**22)
