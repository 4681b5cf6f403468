"""Ensembles compared by measurement records, where nobody knows the states."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors, pauli
from qgan.records import Records
from qgan.states import States

__all__ = ["RecordsComparison", "compare_records"]

WEIGHT = 2
"""Largest weight of the words that are compared: of longer ones a shot says little."""


@dataclass(frozen=True, eq=False)
class RecordsComparison:
    """How two ensembles differ, as far as records can tell.

    Args:
        words: the K words.
        first: mean of each word over the first ensemble, ``(K,)``.
        second: the same of the second.
        errors: standard errors of the difference, ``(K,)``.
        distance: squared kernel distance of the ensembles, without bias, so that it may be
            negative; nan where a record has one shot of a state only.
        distance_error: its standard error. It leaves out what is of second order, and is too small
            where the ensembles agree.
    """

    words: tuple[str, ...]
    first: Float[Tensor, " K"]
    second: Float[Tensor, " K"]
    errors: Float[Tensor, " K"]
    distance: float
    distance_error: float

    @property
    def deviations(self) -> Float[Tensor, " K"]:
        """The difference of each word in units of its error."""
        return (self.first - self.second) / self.errors.clamp_min(1e-12)

    @property
    def chi_squared(self) -> float:
        """The mean square of the deviations: about 1 if the average states agree."""
        return float(self.deviations.square().mean())

    def unknown(self) -> tuple[str, ...]:
        """What cannot be known from the records, in whole sentences.

        Example:
            >>> shots = torch.tensor([[[4]], [[4]]])
            >>> records = Records(shots)
            >>> print(compare_records(records, records).unknown()[0])
            With one shot of a state only the average state can be known, not the ensemble.
        """
        sentences = [
            "Skill, coverage and fidelity need the states themselves, which records do not give.",
            f"Words of more than {WEIGHT} letters and what only they show are not compared.",
        ]
        if math.isnan(self.distance):
            once = "With one shot of a state only the average state can be known, not the ensemble."
            sentences.insert(0, once)
        return tuple(sentences)

    def __str__(self) -> str:
        worst = int(self.deviations.abs().argmax())
        lines = [
            f"{len(self.words)} words, mean square deviation {self.chi_squared:.2f} (1 if equal); "
            f"farthest {self.words[worst]}: {float(self.first[worst]):+.3f} and "
            f"{float(self.second[worst]):+.3f}, error {float(self.errors[worst]):.3f}"
        ]
        if not math.isnan(self.distance):
            lines.append(
                f"squared distance of the ensembles {self.distance:+.5f}, "
                f"error {self.distance_error:.5f}"
            )
        return "\n".join([*lines, *self.unknown()])


def compare_records(
    first: States | Records, second: States | Records, words: Sequence[str] | None = None
) -> RecordsComparison:
    """Compare two ensembles, of which states or records are known: generated and held-out ones.

    With the vector x of a state, its identity and words over ``sqrt(1 + K)``, the kernel is
    ``k(rho, sigma) = (x . y)^2`` and the squared distance
    ``E k(rho, rho') + E k(sigma, sigma') - 2 E k(rho, sigma)``. Records give each factor of the
    square from another half of the shots, so that no shot meets itself and the estimate has no
    bias. The square sees how words vary together from state to state, where ``x . y`` itself sees
    the average state alone.

    Args:
        first: N states, or records of N states, at least 2.
        second: M states, or records of M states, at least 2.
        words: the words; all of one and two letters by default.

    Returns:
        The comparison, in double precision.

    Raises:
        QganError: if there are fewer than two states on a side, or the qubits differ.

    References:
        Gretton et al., J. Mach. Learn. Res. 13, 723 (2012), eq. 3 (the unbiased estimate).

    Example:
        >>> zeros = States(torch.tensor([[[1.0], [0.0]]] * 8, dtype=torch.complex128))
        >>> ones = States(torch.tensor([[[0.0], [1.0]]] * 8, dtype=torch.complex128))
        >>> round(compare_records(zeros, ones).distance, 6)  # (1/2)^2 + (1/2)^2 - 2 * 0
        0.5
    """
    if first.n_qubits != second.n_qubits:
        raise errors.argument("second", f"must have {first.n_qubits} qubits", second.n_qubits)
    for name, side in (("first", first), ("second", second)):
        if len(side) < 2:
            raise errors.argument(name, "must hold at least 2 states", len(side))
    n = first.n_qubits
    names = tuple(pauli.pauli_words(n, min(WEIGHT, n)) if words is None else words)
    values = [side.expval(list(names)).detach().double().cpu() for side in (first, second)]
    spread = [v.var(0) / len(v) for v in values]
    compared = RecordsComparison(
        names, values[0].mean(0), values[1].mean(0), (spread[0] + spread[1]).sqrt(), *[math.nan] * 2
    )
    if any(isinstance(side, Records) and int(side.counts.min()) < 2 for side in (first, second)):
        return compared
    distance, error = _distance(*(_halves(side, names) for side in (first, second)))
    return replace(compared, distance=distance, distance_error=error)


Halves = tuple[Float[Tensor, "_ K1"], Float[Tensor, "_ K1"]]
"""The vectors of states, estimated twice from shots that have nothing in common."""


def _halves(side: States | Records, words: Sequence[str]) -> Halves:
    """The vectors of a side; of states both are exact."""
    if isinstance(side, Records):
        rank = side.mask.cumsum(1)  # 1, 2, ... at the shots of each state, wherever they are
        parts = [
            Records.of_present(side.outcome, side.mask & (rank % 2 == odd), side.kind)
            for odd in (1, 0)
        ]
        values = [part.expval(list(words)).double().cpu() for part in parts]
    else:
        values = [side.expval(list(words)).detach().double().cpu()] * 2
    scale = (1 + len(words)) ** -0.5
    first, second = (scale * torch.cat([torch.ones_like(v[:, :1]), v], 1) for v in values)
    return first, second


def _distance(x: Halves, y: Halves) -> tuple[float, float]:
    """The unbiased squared distance, and the part of its error that is of first order."""
    within, between = (_kernel(x, x), _kernel(y, y)), _kernel(x, y)
    rows = []
    for kernel, across in zip(within, (between, between.T), strict=True):
        others = (kernel.sum(1) - kernel.diagonal()) / (len(kernel) - 1)
        rows.append((others, across.mean(1)))
    distance = rows[0][0].mean() + rows[1][0].mean() - 2 * between.mean()
    variance = sum(4 * (own - across).var() / len(own) for own, across in rows)
    return float(distance), float(variance) ** 0.5


def _kernel(x: Halves, y: Halves) -> Float[Tensor, "_ _"]:
    return (x[0] @ y[0].T) * (x[1] @ y[1].T)
