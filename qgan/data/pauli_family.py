"""Ground states of Hamiltonians whose Pauli words have coefficients affine in some factors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from scipy.sparse import csr_array
from scipy.sparse.linalg import eigsh

from qgan import errors
from qgan.data.ising_chain import MOST_DENSE, Array
from qgan.pauli import check_words
from qgan.states import States

__all__ = ["MOST_QUBITS", "PauliFamily", "along_chain"]

MOST_QUBITS = 12
"""Most qubits of a family: its sparse matrices have one entry per word and basis state."""
CHUNK = 2**21
"""Entries of the dense matrices that are in memory at once."""
LEAST_GAP = 1e-8
"""A gap below this share of the width of the spectrum counts as none."""
N_LANCZOS = 40


def along_chain(word: str, n_qubits: int, periodic: bool = False) -> tuple[str, ...]:
    """A Pauli word at each place of a chain where it fits, as words on all qubits.

    Args:
        word: letters over I, X, Y, Z for neighbouring qubits.
        n_qubits: length of the chain.
        periodic: whether the last qubit is a neighbour of the first.

    Returns:
        One word for each first qubit, in order; none if the chain is shorter than the word.

    Example:
        >>> along_chain("ZZ", 3), along_chain("ZZ", 3, periodic=True)
        (('ZZI', 'IZZ'), ('ZZI', 'IZZ', 'ZIZ'))
    """
    if len(word) > n_qubits:
        return ()
    padded = word + "I" * (n_qubits - len(word))
    around = periodic or len(word) == 1
    places = n_qubits if around else n_qubits - len(word) + 1
    return tuple(padded[n_qubits - k :] + padded[: n_qubits - k] for k in range(places))


class PauliFamily:
    """Hamiltonians ``H(f) = sum_k (a_k + sum_j b_kj f_j) P_k`` of factors f.

    Args:
        words: the Pauli words P_k, of one length, wire 0 first.
        constants: the numbers a_k.
        slopes: the numbers b_kj, one row per word and one column per factor.

    Raises:
        QganError: if there is no word, a word is none or of another length, there are more than 12
            qubits, or the numbers do not fit the words.

    Example:
        >>> family = PauliFamily(["ZI", "IZ", "XX"], [1.0, 1.0, 0.0], [[0.0], [0.0], [1.0]])
        >>> energy, states = family.ground_states(np.array([[0.0], [1.5]]))
        >>> energy.round(6).tolist()  # -sqrt(4 + f^2)
        [-2.0, -2.5]
    """

    def __init__(
        self,
        words: Sequence[str],
        constants: Sequence[float] | Array,
        slopes: Sequence[Sequence[float]] | Array,
    ) -> None:
        if not words:
            raise errors.argument("words", "must hold at least one Pauli word", "none")
        self.n_qubits = len(words[0])
        if not 1 <= self.n_qubits <= MOST_QUBITS:
            raise errors.argument("words", f"must act on 1 to {MOST_QUBITS} qubits", self.n_qubits)
        check_words(words, self.n_qubits)
        self.words = tuple(words)
        self._constants = np.asarray(constants, dtype=np.float64)
        self._slopes = np.asarray(slopes, dtype=np.float64)
        if self._constants.shape != (len(words),):
            rule = f"must have length {len(words)}, one number per word"
            raise errors.argument("constants", rule, self._constants.shape)
        if self._slopes.ndim != 2 or len(self._slopes) != len(words):
            rule = f"must have shape ({len(words)}, factors)"
            raise errors.argument("slopes", rule, self._slopes.shape)
        self.n_factors = self._slopes.shape[1]
        self._columns, self._entries = _entries_of(self.words)

    def coefficients(self, factors: Array) -> Array:
        """The coefficients of the words, ``(N, K)``, at factors ``(N, n_factors)``."""
        return np.asarray(self._constants + factors @ self._slopes.T)

    def ground_states(self, factors: Array) -> tuple[Array, States]:
        """Ground-state energies ``(N,)`` and states at factors ``(N, n_factors)``.

        The largest component of each vector is positive. Up to 6 qubits, dense matrices are
        diagonalised many at once; beyond, Lanczos iterates on a sparse one for each state.

        Raises:
            QganError: naming the first factors at which the lowest level is degenerate: which
                state of it is meant must then be said by a term that breaks the symmetry.
        """
        coefficients = self.coefficients(factors)
        dense = self.n_qubits <= MOST_DENSE
        levels, vectors = self._dense(coefficients) if dense else self._sparse(coefficients)
        width = np.abs(coefficients).sum(1)
        gaps = levels[:, 1] - levels[:, 0]
        degenerate = np.flatnonzero(gaps < LEAST_GAP * width)
        if len(degenerate):
            row = degenerate[0]
            what = f"the two lowest levels {gaps[row]:.1e} apart at {factors[row].tolist()}"
            rule = "must be where the ground state is unique; a small term breaks a symmetry"
            raise errors.argument("factors", rule, what)
        largest = np.abs(vectors).argmax(1)
        phases = vectors[np.arange(len(vectors)), largest]
        vectors = vectors * (np.abs(phases) / phases)[:, None]
        return levels[:, 0], States(torch.from_numpy(vectors.astype(np.complex128))[:, :, None])

    def thermal_states(self, factors: Array, temperature: Array) -> States:
        """Thermal states ``exp(-H(f) / T) / Z`` at factors ``(N, n_factors)``, of full rank.

        Args:
            factors: the factors.
            temperature: the T of each state, above 0, in the units of H, ``(N,)``.

        Raises:
            QganError: beyond 6 qubits, where a dense matrix of each state is too large.
        """
        if self.n_qubits > MOST_DENSE:
            rule = f"must act on at most {MOST_DENSE} qubits for thermal states"
            raise errors.argument("words", rule, self.n_qubits)
        matrices, factor = self._matrices(), []
        for part, some in zip(
            self._chunks(self.coefficients(factors)), self._chunks(temperature), strict=True
        ):
            levels, vectors = np.linalg.eigh(np.einsum("nk,kij->nij", part, matrices))
            weights = np.exp((levels[:, :1] - levels) / some[:, None])
            weights /= weights.sum(1, keepdims=True)
            factor.append(vectors * np.sqrt(weights)[:, None, :])
        return States(torch.from_numpy(np.concatenate(factor).astype(np.complex128)))

    def _chunks(self, rows: Array) -> list[Array]:
        """Rows in parts, whose dense matrices fit in memory together."""
        return np.array_split(rows, 1 + len(rows) * 4**self.n_qubits // CHUNK)

    def _matrices(self) -> Array:
        """The words as dense matrices ``(K, 2**n, 2**n)``."""
        dimension = 2**self.n_qubits
        matrices = np.zeros((len(self.words), dimension, dimension), self._entries.dtype)
        rows = np.arange(dimension)
        for matrix, columns, entries in zip(matrices, self._columns, self._entries, strict=True):
            matrix[rows, columns] = entries
        return matrices

    def _dense(self, coefficients: Array) -> tuple[Array, Array]:
        """The two lowest levels ``(N, 2)`` and the ground vectors ``(N, 2**n)``."""
        matrices, levels, vectors = self._matrices(), [], []
        for part in self._chunks(coefficients):
            values, states = np.linalg.eigh(np.einsum("nk,kij->nij", part, matrices))
            levels.append(values[:, :2])
            vectors.append(states[:, :, 0])
        return np.concatenate(levels), np.concatenate(vectors)

    def _sparse(self, coefficients: Array) -> tuple[Array, Array]:
        """The same by Lanczos iteration, state by state."""
        dimension = 2**self.n_qubits
        rows = np.tile(np.arange(dimension), len(self.words))
        columns = self._columns.ravel()
        start = 1.0 + 0.5 * np.sin(1.0 + np.arange(dimension))
        levels, vectors = [], []
        for one in coefficients:
            entries = (one[:, None] * self._entries).ravel()
            matrix = csr_array((entries, (rows, columns)), shape=(dimension, dimension))
            values, states = eigsh(matrix, k=2, which="SA", v0=start, ncv=N_LANCZOS, tol=0)
            order = values.argsort()
            levels.append(values[order])
            vectors.append(states[:, order[0]])
        return np.stack(levels), np.stack(vectors)


def _entries_of(words: Sequence[str]) -> tuple[Array, Array]:
    """The column and the entry of each row of each word, ``(K, 2**n)``; real if all words are.

    ``P = i**y X^flip Z^sign`` has one entry in the row x, at the column ``x xor flip``:
    ``i**y (-1)^popcount((x xor flip) & sign)``.
    """
    n = len(words[0])
    index = np.arange(2**n)
    columns, entries = [], []
    for word in words:
        flip, sign = (
            sum(1 << (n - 1 - wire) for wire, letter in enumerate(word) if letter in letters)
            for letters in ("XY", "YZ")
        )
        column = index ^ flip
        parity = np.bitwise_count((column & sign).astype(np.uint64)) & 1
        columns.append(column)
        entries.append(1j ** word.count("Y") * np.where(parity, -1.0, 1.0))
    table = np.stack(entries)
    return np.stack(columns), table.real.copy() if not table.imag.any() else table
