"""A test of the Pauli bases of a record: they must have been drawn uniformly."""

from __future__ import annotations

from itertools import combinations, product

import numpy as np
from numpy.typing import NDArray

from qgan import errors

__all__ = ["check_uniform"]

CHANCE = 1e-9
"""Chance with which bases that were drawn uniformly are refused by one of the tests."""
FEWEST_EXPECTED = 5
"""Shots that each basis must be expected to have before a test can decide."""


def check_uniform(counts: NDArray[np.float64], name: str) -> None:
    """Refuse bases that are plainly not uniform, on a qubit or jointly on several.

    For every set of qubits that has enough shots, Pearson's ``sum (n - E n)^2 / E n`` is tested of
    all shots together, and its sum over the states, by which each state must have all bases.
    Bases of a design, in which each comes equally often, pass: their sum is 0.

    Args:
        counts: how often each joint basis was measured on each state, ``(B, 3**n)``; the first
            qubit is the most significant, and its bases are X, Y, Z.
        name: the argument that a message is to name.

    Raises:
        QganError: with the qubits and the shares of their bases.

    Example:
        >>> check_uniform(np.array([[340.0, 331.0, 329.0]]), "basis")
        >>> check_uniform(np.array([[0.0, 0.0, 1000.0]]), "basis")
        Traceback (most recent call last):
            ...
        qgan.errors.QganError: Argument `basis` must have each basis of qubit 0 equally often, \
but got X in 0.00, Y in 0.00, Z in 1.00 of the shots.
    """
    n_qubits = round(np.log(counts.shape[1]) / np.log(3))
    table = counts.reshape(-1, *(3,) * n_qubits)
    for size in range(1, n_qubits + 1):
        if counts.sum() < FEWEST_EXPECTED * 3**size:
            return
        for qubits in combinations(range(n_qubits), size):
            others = tuple(q + 1 for q in range(n_qubits) if q not in qubits)
            _check_joint(table.sum(others).reshape(-1, 3**size), qubits, name)


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
