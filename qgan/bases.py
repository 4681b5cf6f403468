"""A test of the Pauli bases of a record: they must have been drawn uniformly."""

from __future__ import annotations

from itertools import combinations, product
from math import comb

import numpy as np
from numpy.typing import NDArray

from qgan import errors

__all__ = ["check_uniform"]

CHANCE = 1e-9
"""Chance with which bases that were drawn uniformly are refused by one of the tests."""
FEWEST_EXPECTED = 5
"""Shots that each basis must be expected to have before a test can decide."""
MOST_READ = 2 * 10**8
"""Most bases that are read for the sets of one size: of many qubits only small sets are tested."""


def check_uniform(basis: NDArray[np.integer], name: str) -> None:
    """Refuse bases that are plainly not uniform, on a qubit or jointly on several.

    For every set of qubits that has enough shots, Pearson's ``sum (n - E n)^2 / E n`` is tested of
    all shots together, and its sum over the states, by which each state must have all bases.
    Bases of a design, in which each comes equally often, pass: their sum is 0.

    Args:
        basis: the basis of each qubit in each shot of each state, ``(B, shots, n)``: 0, 1, 2 for X,
            Y, Z, and -1 where there is no shot.
        name: the argument that a message is to name.

    Raises:
        QganError: with the qubits and the shares of their bases.

    Example:
        >>> check_uniform(np.arange(1000).reshape(1, 1000, 1) % 3, "basis")
        >>> check_uniform(np.full((1, 1000, 1), 2), "basis")
        Traceback (most recent call last):
            ...
        qgan.errors.QganError: Argument `basis` must have each basis of qubit 0 equally often, \
but got X in 0.00, Y in 0.00, Z in 1.00 of the shots.
    """
    n_states, _, n_qubits = basis.shape
    state, shot = np.nonzero(basis[..., 0] >= 0)
    rows = basis[state, shot].T.astype(np.int64)  # (n, N): those of all shots
    for size in range(1, n_qubits + 1):
        read = comb(n_qubits, size) * size * len(state)
        if len(state) < FEWEST_EXPECTED * 3**size or (size > 2 and read > MOST_READ):
            return
        for qubits in combinations(range(n_qubits), size):
            joint = state
            for qubit in qubits:
                joint = 3 * joint + rows[qubit]
            counts = np.bincount(joint, minlength=n_states * 3**size).reshape(n_states, 3**size)
            _check_joint(counts.astype(np.float64), qubits, name)


def _check_joint(counts: NDArray[np.float64], qubits: tuple[int, ...], name: str) -> None:
    """Test the joint bases ``(B, 3**k)`` of k qubits."""
    from scipy.stats import chi2

    together = counts.sum(0, keepdims=True)
    degrees = counts.shape[1] - 1
    if _pearson(together).sum() > chi2.isf(CHANCE, degrees):
        raise _refusal(together[0], qubits, name, "")
    of_each = _pearson(counts)
    if of_each.sum() > chi2.isf(CHANCE, degrees * len(counts)):
        worst = int(of_each.argmax())
        raise _refusal(counts[worst], qubits, name, f" of state {worst}")


def _pearson(counts: NDArray[np.float64]) -> NDArray[np.float64]:
    expected = counts.mean(1, keepdims=True)
    summands = (counts - expected) ** 2 / np.where(expected, expected, 1)
    total: NDArray[np.float64] = summands.sum(1)
    return total


def _refusal(
    counts: NDArray[np.float64], qubits: tuple[int, ...], name: str, where: str
) -> errors.QganError:
    shares = counts / counts.sum()
    bases = ["".join(letters) for letters in product("XYZ", repeat=len(qubits))]
    places = list(range(3)) if len(bases) == 3 else [int(shares.argmax()), int(shares.argmin())]
    got = ", ".join(f"{bases[place]} in {shares[place]:.2f}" for place in places)
    of = f"qubit{'s' * (len(qubits) > 1)} {', '.join(map(str, qubits))}"
    rule = f"must have each {'joint ' * (len(qubits) > 1)}basis of {of} equally often"
    return errors.argument(name, rule, f"{got} of the shots{where}")
