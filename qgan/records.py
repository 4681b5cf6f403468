"""Records of measurements: which outcomes came, shot by shot, and what they say of the states."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch
from jaxtyping import Bool, Complex, Float, Int
from torch import Tensor

from qgan import errors, pauli
from qgan.bases import check_uniform
from qgan.basis_strings import outcomes_of_strings
from qgan.outcome_table import Measurement, OutcomeTable, check_qubits, check_shots
from qgan.places import kept_axis
from qgan.povm import OUTCOMES, POVMS, check_kind, estimators
from qgan.shots import draw_shots
from qgan.states import States

__all__ = ["Records", "measure"]

MOST_HELD = 2**22
"""Most shots of which estimates are worked on at a time."""


@dataclass(frozen=True, eq=False)
class Records(Measurement):
    """The outcome of each qubit in each shot of B states, of any number of qubits.

    A random Pauli basis for each qubit and shot, with its outcome bit, is the measurement
    "pauli-6": see :meth:`of_random_paulis` and :meth:`of_basis_strings`. States may differ in
    their number of shots: the places that a state does not fill hold -1 on all qubits. What is
    estimated from the shots is unbiased, and :meth:`variance` says how uncertain it is. A table of
    how often each joint outcome came is made where it is asked for, of 6 qubits at most.

    Args:
        outcome: integers from 0, ``(B, shots, n)``, in the order of :data:`qgan.povm.OUTCOMES`:
            X+, X-, Y+, Y-, Z+, Z- for "pauli-6"; X+, Y+, Z+, rest for "pauli-4" (other programs
            begin with Z+); Z+ and the three corners below for "tetrahedral". They become int8.
        kind: which measurement it was.
        dtype: real precision of the estimates.

    Raises:
        QganError: for another kind, shape or outcome, or a state without a shot.

    Example:
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex128))
        >>> records = measure(zero, 10_000, torch.Generator().manual_seed(0))
        >>> records
        Records(1 of 1 qubits, 10000 shots of pauli-6)
        >>> records.expval(["Z"]).round(decimals=1).tolist()
        [[1.0]]
        >>> records.variance(["Z"]).sqrt().round(decimals=3).tolist()  # sqrt(2 / 10000)
        [[0.014]]
    """

    outcome: Tensor
    kind: str = "pauli-6"
    dtype: torch.dtype = torch.float64
    _kept: dict[Any, Tensor] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        check_kind(self.kind)
        outcome = self.outcome
        if outcome.ndim != 3 or not outcome.shape[1] or not outcome.shape[2]:
            rule = "must have shape (B, shots, n), with one shot and one qubit at least"
            raise errors.argument("outcome", rule, tuple(outcome.shape))
        if outcome.is_floating_point() or outcome.is_complex() or outcome.dtype == torch.bool:
            raise errors.argument("outcome", "must hold integers", outcome.dtype)
        if len(outcome):
            self._check_entries()
        object.__setattr__(self, "outcome", outcome.to(torch.int8))

    def _check_entries(self) -> None:
        """Refuse outcomes out of range, shots that are there in part, and states without a shot."""
        outcome, width = self.outcome, len(POVMS[self.kind])
        if not -1 <= int(outcome.min()) <= int(outcome.max()) < width:
            got = f"{int(outcome.min())} to {int(outcome.max())}"
            order = ", ".join(OUTCOMES[self.kind])
            rule = f"must be from 0 to {width - 1} for {self.kind} ({order})"
            raise errors.argument("outcome", rule, got)
        there = outcome >= 0
        whole = (there == there[..., :1]).all(-1).all(1)
        if not whole.all():
            rule = "must be -1 on all qubits of a shot or on none"
            raise errors.argument(
                "outcome", rule, f"a part of one of state {int(whole.int().argmin())}"
            )
        filled = there[..., 0].any(1)
        if not filled.all():
            got = f"none of state {int(filled.int().argmin())}"
            raise errors.argument("outcome", "must have a shot of each state", got)

    @classmethod
    def of_outcomes(
        cls, outcome: Tensor, kind: str = "pauli-6", mask: Bool[Tensor, "B shots"] | None = None
    ) -> Records:
        """Records from the outcome of each qubit in each shot, whose bases are tested.

        Args:
            outcome: integers ``(B, shots, n)``, as the class has them.
            kind: which measurement it was.
            mask: which shots there are, ``(B, shots)``; None for all without a -1.

        Raises:
            QganError: as for the class, or for bases of "pauli-6" that are plainly not uniform,
                since every estimate would be wrong.

        Example:
            >>> Records.of_outcomes(torch.tensor([[[0], [3]]]), "tetrahedral").frequencies.tolist()
            [[0.5, 0.0, 0.0, 0.5]]
        """
        records = cls(outcome, kind) if mask is None else cls.of_present(outcome, mask, kind)
        records.check_bases("outcome")
        return records

    @classmethod
    def of_present(cls, outcome: Tensor, mask: Tensor, kind: str = "pauli-6") -> Records:
        """Records of those shots that a mask names, whose bases are not tested.

        Args:
            outcome: integers ``(B, shots, n)``, as the class has them.
            mask: which shots there are, bool ``(B, shots)``.
            kind: which measurement it was.

        Raises:
            QganError: as for the class, or for a mask of another shape.
        """
        if mask.shape != outcome.shape[:2] or mask.dtype != torch.bool:
            rule = f"must be of bool and have shape {tuple(outcome.shape[:2])}"
            raise errors.argument("mask", rule, f"{mask.dtype} of shape {tuple(mask.shape)}")
        return cls(torch.where(mask[..., None], outcome, -1), kind)

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
        records = cls(2 * basis.long() + bit.long())
        records.check_bases("basis")
        return records

    @classmethod
    def of_basis_strings(
        cls, bases: Sequence[Sequence[str]], bits: Sequence[Sequence[str]]
    ) -> Records:
        """Records as an experiment gives them: a basis string and a bit string for each shot.

        Args:
            bases: for each state a list of strings of X, Y and Z, a letter for each qubit, of which
                each was drawn uniformly; states may have lists of different lengths.
            bits: for each state as many strings of 0 (eigenvalue +1) and 1 (-1).

        Raises:
            QganError: if the numbers or the lengths of strings differ, a letter is another one, or
                the bases are plainly not uniform.

        Example:
            >>> records = Records.of_basis_strings([["XZ", "ZZ"], ["ZY"]], [["00", "01"], ["10"]])
            >>> records.counts.tolist(), records.outcome[0].tolist()
            ([2, 1], [[0, 4], [4, 5]])
        """
        records = cls(outcomes_of_strings(bases, bits))
        records.check_bases("bases")
        return records

    @classmethod
    def joined(cls, parts: Sequence[Records]) -> Records:
        """Join batches of the same measurement to one; the numbers of shots may differ.

        Raises:
            QganError: if they differ in the measurement or in the number of qubits.
        """
        kinds = {(part.kind, part.n_qubits, part.dtype) for part in parts}
        if len(kinds) != 1:
            raise errors.argument("records", "must be of one measurement", sorted(map(str, kinds)))
        most, pad = max(part.n_shots for part in parts), torch.nn.functional.pad
        filled = [pad(p.outcome, (0, 0, 0, most - p.n_shots), value=-1) for p in parts]
        return cls(torch.cat(filled), parts[0].kind, parts[0].dtype)

    def __len__(self) -> int:
        return self.outcome.shape[0]

    def __getitem__(self, index: Any) -> Records:
        """The records of the states at a slice, a mask or an index tensor; an integer gives one.

        Raises:
            IndexError: for an integer out of range.
        """
        index = kept_axis(index, len(self))
        estimates = {key: values[index] for key, values in self._kept.items()}
        return Records(self.outcome[index], self.kind, self.dtype, estimates)

    def __repr__(self) -> str:
        counts = self.counts
        least, most = (int(counts.min()), int(counts.max())) if len(counts) else (0, self.n_shots)
        shots = f"{most}" if least == most or not len(counts) else f"{least} to {most}"
        return f"Records({len(self)} of {self.n_qubits} qubits, {shots} shots of {self.kind})"

    @property
    def n_qubits(self) -> int:
        """Number of qubits n."""
        return self.outcome.shape[2]

    @property
    def n_shots(self) -> int:  # type: ignore[override]
        """The most shots that a state may have, which is the length of the axis of shots."""
        return self.outcome.shape[1]

    @property
    def mask(self) -> Bool[Tensor, "B shots"]:
        """Which shots there are."""
        return self.outcome[..., 0] >= 0

    @property
    def counts(self) -> Int[Tensor, " B"]:
        """The number of shots of each state."""
        return self.mask.sum(1)

    def one_hot(self) -> Float[Tensor, "B shots n width"]:
        """A one in the place of each outcome; all zeros where there is no shot.

        Example:
            >>> Records(torch.tensor([[[0, 3]]]), "pauli-4").one_hot().tolist()
            [[[[1.0, 0.0, 0.0, 0.0], [0.0, 0.0, 0.0, 1.0]]]]
        """
        places = torch.arange(len(POVMS[self.kind]), device=self.outcome.device)
        return (self.outcome[..., None] == places).to(self.dtype)

    def table(self) -> OutcomeTable:
        """How often each joint outcome came, of at most 6 qubits.

        Parts of the records that are taken afterwards need not count anew.

        Raises:
            QganError: for more qubits.
        """
        if "table" not in self._kept:
            check_qubits(self.n_qubits)
            self._kept["table"] = self._count().to(self.dtype)
        return OutcomeTable(self._kept["table"], self.n_shots, self.kind)

    def _count(self) -> Float[Tensor, "B K"]:
        width = len(POVMS[self.kind])
        places = width ** torch.arange(self.n_qubits - 1, -1, -1, device=self.outcome.device)
        shares = torch.zeros(len(self), width**self.n_qubits, dtype=torch.float64)
        shares, mask = shares.to(self.outcome.device), self.mask
        index = (self.outcome.clamp_min(0).long() * places).sum(-1)
        return shares.scatter_add_(1, index, mask.double()) / mask.sum(1, keepdim=True)

    @property
    def frequencies(self) -> Float[Tensor, "B K"]:  # type: ignore[override]
        """The share of the shots of each joint outcome, as :meth:`table` has them.

        Raises:
            QganError: for more than 6 qubits.
        """
        return self.table().frequencies

    def expval(self, words: Sequence[str]) -> Float[Tensor, "B K"]:
        """Unbiased estimates of expectation values of Pauli words; their size may exceed 1.

        Parts of the records that are taken afterwards need not estimate the same words anew.
        """
        if "table" in self._kept:
            return self.table().expval(words)
        key = tuple(words)
        if key not in self._kept:
            self._kept[key] = self._moments(words)[0].to(self.dtype)
        return self._kept[key]

    def variance(self, words: Sequence[str]) -> Float[Tensor, "B K"]:
        """Unbiased estimates of the variance of :meth:`expval`, the squares of its errors.

        ``s^2 / N`` with the variance ``s^2 = sum (x - mean)^2 / (N - 1)`` of the N shots; nan of a
        state with one shot.
        """
        mean, square = self._moments(words)
        counts = self.counts[:, None]
        spread = (square - mean**2).clamp_min(0) / (counts - 1)
        return torch.where(counts > 1, spread, torch.nan).to(self.dtype)

    def density_matrix(self) -> Complex[Tensor, "B D D"]:
        """Unbiased estimates of rho: Hermitian and of trace 1, but not positive.

        Raises:
            QganError: for more than 6 qubits.
        """
        return self.table().density_matrix()

    def to(self, dtype: torch.dtype | None = None, device: Any = None) -> Records:
        """A copy whose estimates are of another real precision, or on another device."""
        dtype = dtype or self.dtype
        place = {"dtype": dtype, "device": device}
        estimates = {key: values.to(**place) for key, values in self._kept.items()}
        return Records(self.outcome.to(device=device), self.kind, dtype, estimates)

    def check_bases(self, name: str) -> None:
        """Refuse bases of "pauli-6" that are plainly not uniform; other kinds have none.

        Args:
            name: the argument that a message is to name.

        Raises:
            QganError: with the qubits and the shares of their bases.
        """
        if self.kind == "pauli-6":
            check_uniform(torch.div(self.outcome, 2, rounding_mode="floor").cpu().numpy(), name)

    def _moments(self, words: Sequence[str]) -> tuple[Float[Tensor, "B K"], Float[Tensor, "B K"]]:
        """Means over the shots of what each says of words, and of its square."""
        pauli.check_words(words, self.n_qubits)
        rows = max(1, MOST_HELD // self.n_shots)
        parts = [self._part_moments(words, part) for part in self.outcome.split(rows)]
        first, second = (torch.cat(moments) for moments in zip(*parts, strict=True))
        return first, second

    def _part_moments(self, words: Sequence[str], outcome: Tensor) -> tuple[Tensor, Tensor]:
        inverse = estimators(self.kind).to(outcome.device)
        there = (outcome[..., 0] >= 0).double()
        index, counts = outcome.int(), there.sum(1)
        means, squares = [], []
        for word in words:
            values = there
            for qubit, letter in enumerate(word):
                if letter != "I":
                    values = values * inverse["IXYZ".index(letter)][index[..., qubit]]
            means.append(values.sum(1) / counts)
            squares.append(values.square().sum(1) / counts)
        empty = there.new_zeros(len(outcome), 0)
        return (torch.stack(means, 1), torch.stack(squares, 1)) if words else (empty, empty)


def measure(
    states: States,
    shots: int | Sequence[int] | Tensor,
    rng: torch.Generator,
    kind: str = "pauli-6",
) -> Records:
    """Measure each state, one qubit after the other (:func:`qgan.shots.draw_shots`).

    Args:
        states: B states of any number of qubits.
        shots: shots of each state, at least 1: one number, or B of them.
        rng: the only source of chance.
        kind: which measurement; "pauli-6" is a uniformly random Pauli basis for each qubit.

    Returns:
        Records of B states, whose estimates are of double precision.

    Raises:
        QganError: for another kind, or no shots.

    Example:
        >>> zeros = States(torch.eye(4096, dtype=torch.complex128)[:2, :, None])
        >>> measure(zeros, [5, 100], torch.Generator().manual_seed(0), "pauli-4")
        Records(2 of 12 qubits, 5 to 100 shots of pauli-4)
    """
    check_kind(kind)
    if isinstance(shots, Tensor | Sequence):
        each = [check_shots(n) for n in (shots.tolist() if isinstance(shots, Tensor) else shots)]
        if len(each) != len(states):
            raise errors.argument("shots", f"must have {len(states)} entries", len(each))
    else:
        each = [check_shots(shots)] * len(states)
    if not each:
        n_shots = 1 if isinstance(shots, Tensor | Sequence) else check_shots(shots)
        return Records(torch.zeros(0, n_shots, states.n_qubits, dtype=torch.int8), kind)
    return Records(draw_shots(states.normalised().factor, torch.tensor(each), rng, kind), kind)
