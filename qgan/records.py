"""Records of measurements: which outcomes came, shot by shot, and what they say of the states."""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from jaxtyping import Complex, Float, Int
from numpy.typing import NDArray
from torch import Tensor

from qgan import errors, pauli
from qgan.bases import check_uniform
from qgan.places import kept_axis
from qgan.povm import (
    OUTCOMES,
    POVMS,
    check_kind,
    contract,
    estimators,
    every_word,
    outcome_probabilities,
)
from qgan.states import States

__all__ = ["Records", "check_qubits", "check_shots", "draw", "measure"]

MOST_QUBITS = 6
"""Most qubits of a record: outcomes are counted in a table of up to ``6**n`` entries per state."""


@dataclass(frozen=True, eq=False)
class Records:
    """How often each joint outcome came when B states were measured, qubit by qubit, shot by shot.

    A random Pauli basis for each qubit and shot, with its outcome bit, is the measurement
    "pauli-6": see :meth:`of_random_paulis`. Bases that are plainly not uniform are refused there,
    since every estimate would be wrong. All three measurements are informationally complete,
    so each observable of one copy has an unbiased estimate. Let ``M_a = sum_P E_aP P`` and let S be
    a left inverse of E. The estimate of a word is the mean over the shots of a product over its
    letters: a letter P contributes ``S_Pa``, where a is the outcome of its qubit. For "pauli-6"
    that is the classical shadow: 3 or -3 where the bases agree, and else 0.

    Args:
        frequencies: share of the shots that each joint outcome has, ``(B, width**n)``; the first
            qubit is the most significant.
        n_shots: how often each state was measured, at least 1.
        kind: which measurement it was: "pauli-4", "pauli-6" or "tetrahedral".

    Raises:
        QganError: for another kind, a shape that no number of qubits has, or no shots.

    References:
        Huang et al., Nature Phys. 16, 1050 (2020), arXiv:2002.08953 (classical shadows);
        Carrasquilla et al., Nature Mach. Intell. 1, 155 (2019), arXiv:1810.10584, eq. 3.

    Example:
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex128))
        >>> records = measure(zero, 10_000, torch.Generator().manual_seed(0))
        >>> records
        Records(1 of 1 qubits, 10000 shots of pauli-6)
        >>> records.expval(["Z"]).round(decimals=1).tolist()
        [[1.0]]
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

    @classmethod
    def of_outcomes(cls, outcome: Tensor, kind: str = "pauli-6") -> Records:
        """Records from the outcome of each qubit in each shot.

        Args:
            outcome: integers from 0, ``(B, shots, n)``, in the order of
                :data:`qgan.povm.OUTCOMES`: X+, X-, Y+, Y-, Z+, Z- for "pauli-6"; X+, Y+, Z+, rest
                for "pauli-4" (other programs begin with Z+).
            kind: which measurement it was.

        Raises:
            QganError: for another kind, shape or outcome, no shots or more than 6 qubits, or bases
                of "pauli-6" that are plainly not uniform.

        Example:
            >>> Records.of_outcomes(torch.tensor([[[0], [3]]]), "tetrahedral").frequencies.tolist()
            [[0.5, 0.0, 0.0, 0.5]]
        """
        records = cls._of_outcomes(outcome, kind)
        if kind == "pauli-6":
            check_uniform(records._bases(), "outcome")
        return records

    @classmethod
    def of_random_paulis(cls, basis: Tensor, bit: Tensor) -> Records:
        """Records from Pauli bases, drawn uniformly for each qubit and shot, and their outcomes.

        Args:
            basis: ``(B, shots, n)``, 0, 1, 2 for X, Y, Z.
            bit: ``(B, shots, n)``, 0 for the eigenvalue +1, 1 for -1.

        Raises:
            QganError: if the shapes differ, an entry is out of range, or the bases are plainly not
                uniform.

        Example:
            >>> z, down = torch.tensor([[[2]]]), torch.tensor([[[1]]])
            >>> Records.of_random_paulis(z, down).expval(["X", "Z"]).round().tolist()
            [[0.0, -3.0]]
        """
        if basis.shape != bit.shape:
            raise errors.argument("bit", f"must have shape {tuple(basis.shape)}", tuple(bit.shape))
        for name, entries, most in (("basis", basis, 2), ("bit", bit, 1)):
            if entries.numel() and not 0 <= int(entries.min()) <= int(entries.max()) <= most:
                got = f"{int(entries.min())} to {int(entries.max())}"
                raise errors.argument(name, f"must be from 0 to {most}", got)
        records = cls._of_outcomes(2 * basis.long() + bit.long(), "pauli-6")
        check_uniform(records._bases(), "basis")
        return records

    @classmethod
    def _of_outcomes(cls, outcome: Tensor, kind: str) -> Records:
        """Count outcomes, whose form is checked and nothing else."""
        check_kind(kind)
        if outcome.ndim != 3 or not outcome.shape[1] or not outcome.shape[2]:
            rule = "must have shape (B, shots, n), with one shot and one qubit at least"
            raise errors.argument("outcome", rule, tuple(outcome.shape))
        if outcome.is_floating_point() or outcome.is_complex():
            raise errors.argument("outcome", "must hold integers", outcome.dtype)
        width, n_qubits = len(POVMS[kind]), outcome.shape[2]
        check_qubits(n_qubits)
        if len(outcome) and not 0 <= int(outcome.min()) <= int(outcome.max()) < width:
            got = f"{int(outcome.min())} to {int(outcome.max())}"
            order = ", ".join(OUTCOMES[kind])
            rule = f"must be from 0 to {width - 1} for {kind} ({order})"
            raise errors.argument("outcome", rule, got)
        places = width ** torch.arange(n_qubits - 1, -1, -1, device=outcome.device)
        index = (outcome.long() * places).sum(-1)
        return cls(_counted(index, width**n_qubits), outcome.shape[1], kind)

    @classmethod
    def joined(cls, parts: Sequence[Records]) -> Records:
        """Join batches of the same measurement and number of shots to one.

        Raises:
            QganError: if they differ in either.
        """
        kinds = {(part.n_shots, part.kind, part.n_qubits) for part in parts}
        if len(kinds) != 1:
            rule = "must be of one measurement, as often on as many qubits"
            raise errors.argument("records", rule, sorted(kinds))
        return cls(torch.cat([part.frequencies for part in parts]), *kinds.pop()[:2])

    def __len__(self) -> int:
        return self.frequencies.shape[0]

    def __getitem__(self, index: Any) -> Records:
        """The records of the states at a slice, a mask or an index tensor; an integer gives one.

        Raises:
            IndexError: for an integer out of range.
        """
        frequencies = self.frequencies[kept_axis(index, len(self))]
        return Records(frequencies, self.n_shots, self.kind)

    def __repr__(self) -> str:
        kind = f"{self.n_shots} shots of {self.kind}"
        return f"Records({len(self)} of {self.n_qubits} qubits, {kind})"

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

    def to(self, dtype: torch.dtype | None = None, device: Any = None) -> Records:
        """A copy in another real precision or on another device."""
        return Records(self.frequencies.to(dtype=dtype, device=device), self.n_shots, self.kind)

    def _bases(self) -> NDArray[np.float64]:
        """How often each joint basis of a record of "pauli-6" came, ``(B, 3**n)``."""
        basis = torch.eye(3).repeat_interleave(2, 1)  # of each outcome
        counts = contract(self.frequencies, basis.to(self.frequencies), self.n_qubits)
        return (counts * self.n_shots).round().double().cpu().numpy()

    def _every_word(self) -> Float[Tensor, "B W"]:
        """Estimates of all ``4**n`` words, in the order of :func:`qgan.povm.every_word`."""
        inverse = estimators(self.kind).to(self.frequencies)
        return contract(self.frequencies, inverse, self.n_qubits)


def measure(states: States, shots: int, rng: torch.Generator, kind: str = "pauli-6") -> Records:
    """Measure each state ``shots`` times.

    Args:
        states: B states of 6 qubits at most.
        shots: at least 1.
        rng: the only source of chance.
        kind: which measurement; "pauli-6" is a uniformly random Pauli basis for each qubit.

    Returns:
        Records of B states, float64.

    Raises:
        QganError: for another kind, no shots or too many qubits.
    """
    check_qubits(states.n_qubits)
    words = every_word(states.n_qubits)
    values = states.detach().to(torch.complex128).normalised().expval(words[1:])
    return Records(draw(outcome_probabilities(values, kind), shots, rng), shots, kind)


def draw(shares: Float[Tensor, "B K"], shots: int, rng: torch.Generator) -> Float[Tensor, "B K"]:
    """Draw outcomes from their probabilities, and give the frequency of each.

    Args:
        shares: probabilities ``(B, K)``; what rounding has left below 0 counts as 0.
        shots: at least 1.
        rng: the only source of chance.
    """
    shots = check_shots(shots)
    chances = shares.detach().cpu().double().clamp_min(0)
    outcomes = torch.multinomial(chances, shots, True, generator=rng)
    return _counted(outcomes, shares.shape[1]).to(shares)


def _counted(index: Int[Tensor, "B shots"], size: int) -> Float[Tensor, "B K"]:
    """The share ``(B, size)`` that each index has of the shots."""
    counts = torch.zeros(len(index), size, dtype=torch.float64, device=index.device)
    one = counts.new_ones(()).expand(index.shape)
    return counts.scatter_add_(1, index, one) / index.shape[1]


def check_shots(shots: int) -> int:
    """The number of shots as a Python integer; refuse one below 1."""
    return errors.integer("shots", shots, least=1)


def check_qubits(n_qubits: int) -> int:
    """The number of qubits as a Python integer; refuse more than a table of outcomes can hold."""
    n_qubits = errors.integer("n_qubits", n_qubits, least=1)
    if n_qubits > MOST_QUBITS:
        rule = f"must have at most {MOST_QUBITS} qubits: outcomes are counted in a table"
        raise errors.argument("records", rule, n_qubits)
    return n_qubits


def _paulis() -> Complex[Tensor, "4 2 2"]:
    """The matrices of I, X, Y and Z."""
    entries = [[1, 0, 0, 1], [0, 1, 1, 0], [0, -1j, 1j, 0], [1, 0, 0, -1]]
    return torch.tensor(entries, dtype=torch.complex128).reshape(4, 2, 2)
