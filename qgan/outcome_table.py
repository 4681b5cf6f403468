"""Shares of the joint outcomes of a measurement as a table, and what all such data offer."""

from __future__ import annotations

import functools
import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan import errors, pauli
from qgan.places import kept_axis
from qgan.povm import POVMS, check_kind, contract, estimators

__all__ = ["MOST_QUBITS", "Measurement", "OutcomeTable", "check_qubits", "check_shots"]

MOST_QUBITS = 6
"""Most qubits of a table, which has up to ``6**n`` entries per state."""


class Measurement(ABC):
    """What is known of B states that were measured, qubit by qubit, by a product measurement.

    All three measurements are informationally complete, so each observable of one copy has an
    unbiased estimate. Let ``M_a = sum_P E_aP P`` and let S be a left inverse of E. The estimate of
    a word is the mean over the shots of a product over its letters: a letter P contributes
    ``S_Pa``, where a is the outcome of its qubit. For "pauli-6" that is the classical shadow: 3 or
    -3 where the bases agree, and else 0.

    Attributes:
        kind: which measurement it was: "pauli-4", "pauli-6" or "tetrahedral".
        n_shots: the most shots that a state had.
        frequencies: the share of the shots of each joint outcome; the first qubit is the most
            significant.

    References:
        Huang et al., Nature Phys. 16, 1050 (2020), arXiv:2002.08953 (classical shadows);
        Carrasquilla et al., Nature Mach. Intell. 1, 155 (2019), arXiv:1810.10584, eq. 3.
    """

    kind: str
    n_shots: int
    frequencies: Tensor

    @abstractmethod
    def __len__(self) -> int:
        """Number of states B."""

    @abstractmethod
    def __getitem__(self, index: Any) -> Measurement:
        """The data of some of the states; an integer gives one."""

    @property
    @abstractmethod
    def n_qubits(self) -> int:
        """Number of qubits n."""

    @abstractmethod
    def expval(self, words: Sequence[str]) -> Float[Tensor, "B K"]:
        """Unbiased estimates of expectation values of Pauli words; their size may exceed 1."""

    @abstractmethod
    def density_matrix(self) -> Complex[Tensor, "B D D"]:
        """Unbiased estimates of rho: Hermitian and of trace 1, but not positive."""


@dataclass(frozen=True, eq=False)
class OutcomeTable(Measurement):
    """How often each joint outcome came when B states were measured, without which shot had which.

    It may be part of the autograd graph, as probabilities of generated states are.

    Args:
        frequencies: share of the shots that each joint outcome has, ``(B, width**n)``; the first
            qubit is the most significant.
        n_shots: how often each state was measured at most, at least 1.
        kind: which measurement it was: "pauli-4", "pauli-6" or "tetrahedral".

    Raises:
        QganError: for another kind, a shape that no number of qubits has, or no shots.

    Example:
        >>> table = OutcomeTable(torch.tensor([[0.5, 0.5, 0.5, 0.5, 1.0, 0.0]]).double() / 3, 6)
        >>> table.expval(["X", "Z"]).round(decimals=6).tolist()
        [[0.0, 1.0]]
    """

    frequencies: Float[Tensor, "B K"]
    n_shots: int
    kind: str = "pauli-6"

    def __post_init__(self) -> None:
        check_kind(self.kind)
        sizes = [len(POVMS[self.kind]) ** n for n in range(1, MOST_QUBITS + 1)]
        if self.frequencies.ndim != 2 or self.frequencies.shape[1] not in sizes:
            rule = f"must have shape (B, K) with K one of {sizes} for {self.kind}"
            raise errors.argument("frequencies", rule, tuple(self.frequencies.shape))
        object.__setattr__(self, "n_shots", check_shots(self.n_shots))

    def __len__(self) -> int:
        return self.frequencies.shape[0]

    def __getitem__(self, index: Any) -> OutcomeTable:
        """The rows of the states at a slice, a mask or an index tensor; an integer gives one.

        Raises:
            IndexError: for an integer out of range.
        """
        frequencies = self.frequencies[kept_axis(index, len(self))]
        return OutcomeTable(frequencies, self.n_shots, self.kind)

    @property
    def n_qubits(self) -> int:
        """Number of qubits n."""
        return round(math.log(self.frequencies.shape[1], len(POVMS[self.kind])))

    def expval(self, words: Sequence[str]) -> Float[Tensor, "B K"]:
        """Unbiased estimates of expectation values of Pauli words; their size may exceed 1."""
        pauli.check_words(words, self.n_qubits)
        letters = (("IXYZ".index(letter) for letter in word) for word in words)
        places = [functools.reduce(lambda place, k: 4 * place + k, word) for word in letters]
        return self._every_word()[:, places]

    def density_matrix(self) -> Complex[Tensor, "B D D"]:
        """Unbiased estimates ``2**-n sum_P <P> P`` of rho.

        They are the means over the shots of the classical shadows: Hermitian and of trace 1, but
        not positive.
        """
        values = self._every_word()
        matrices = _paulis().to(torch.complex(values[:0], values[:0])) / 2
        rho = values.to(matrices).reshape(len(self), 1, 1, -1)
        for _ in range(self.n_qubits):  # the word's first letter becomes the next qubit
            rho = torch.einsum("bijlr,lxy->bixjyr", rho.unflatten(-1, (4, -1)), matrices)
            rho = rho.flatten(3, 4).flatten(1, 2)
        return rho[..., 0]

    def _every_word(self) -> Float[Tensor, "B W"]:
        """Estimates of all ``4**n`` words, in the order of :func:`qgan.povm.every_word`."""
        inverse = estimators(self.kind).to(self.frequencies)
        return contract(self.frequencies, inverse, self.n_qubits)


def check_shots(shots: int) -> int:
    """The number of shots as a Python integer; refuse one below 1."""
    return errors.integer("shots", shots, least=1)


def check_qubits(n_qubits: int) -> int:
    """The number of qubits as a Python integer; refuse more than a table of outcomes can hold."""
    n_qubits = errors.integer("n_qubits", n_qubits, least=1)
    if n_qubits > MOST_QUBITS:
        rule = f"must have at most {MOST_QUBITS} qubits for a table of all outcomes"
        raise errors.argument("records", rule, n_qubits)
    return n_qubits


def _paulis() -> Complex[Tensor, "4 2 2"]:
    """The matrices of I, X, Y and Z."""
    entries = [[1, 0, 0, 1], [0, 1, 1, 0], [0, -1j, 1j, 0], [1, 0, 0, -1]]
    return torch.tensor(entries, dtype=torch.complex128).reshape(4, 2, 2)
