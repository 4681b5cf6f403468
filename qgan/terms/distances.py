"""Distances of states in place of a discriminator, with which adversarial results are compared.

Each is taken label by label between the real and the generated states of a step, and needs no
score; :class:`qgan.objectives.DistanceOnly` is the objective beside it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from qgan import errors, pauli
from qgan.labels import rows_by_label
from qgan.metrics.ensembles.energy import energy_distance, root_infidelity_matrix
from qgan.metrics.ensembles.moments import overlap_matrix
from qgan.metrics.samples.mean_discrepancy import mmd_squared
from qgan.metrics.states.quantum_wasserstein import pauli_observable
from qgan.states import States, concatenate
from qgan.terms.base import StepContext, Term
from qgan.views import read_words

__all__ = ["EnergyDistance", "MeanDiscrepancy", "PauliWasserstein"]

LEAST_STATES = 2
"""States of a label that a distance compares with each other: at least one pair."""


def _samples(context: StepContext) -> Iterator[tuple[States, int]]:
    """The states of each label that has at least two: the generated ones, then the real ones.

    Yields:
        States of one label, and how many of them are generated; as many are real.
    """
    real, fake = context.real.states.materialise(), context.drawn.states
    for rows in rows_by_label(context.label):
        count = int(rows.sum())
        if count >= LEAST_STATES:
            yield concatenate([fake[rows], real[rows].to(fake.factor.dtype)]), count


@dataclass(frozen=True)
class MeanDiscrepancy(Term):
    """``weight * mean_label MMD^2`` with the kernel ``Tr[rho sigma]^p``, unbiased.

    The kernel is that of p copies measured together: at p = 1 only average states are compared.

    Args:
        power: p, at least 1.
        weight: at least 0.

    Raises:
        QganError: if p is below 1.

    References:
        Gretton et al., JMLR 13, 723 (2012); Liu and Wang, arXiv:1804.04168 (MMD of a circuit).
    """

    power: int = 2
    weight: float = 1.0

    needs_states: ClassVar[bool] = True
    least_states: ClassVar[int] = LEAST_STATES

    def __post_init__(self) -> None:
        if self.power < 1:
            raise errors.argument("power", "must be at least 1", self.power)

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The squared discrepancy, averaged over the labels that have at least two states."""
        parts = [mmd_squared(overlap_matrix(s, s) ** self.power, n) for s, n in _samples(context)]
        return self.weight * torch.stack(parts).mean() if parts else None


@dataclass(frozen=True)
class EnergyDistance(Term):
    """``weight * mean_label (2 E d(real, fake) - E d(fake, fake') - E d(real, real'))``.

    The distance is ``d = sqrt(1 - F)``. For pure states it takes one product of matrices per label.

    Args:
        weight: at least 0.

    References:
        Szekely and Rizzo, J. Stat. Plan. Inference 143, 1249 (2013).
    """

    weight: float = 1.0

    needs_states: ClassVar[bool] = True
    least_states: ClassVar[int] = LEAST_STATES

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The energy distance, averaged over the labels that have at least two states."""
        parts = [energy_distance(root_infidelity_matrix(s), n) for s, n in _samples(context)]
        return self.weight * torch.stack(parts).mean() if parts else None


@dataclass(frozen=True)
class PauliWasserstein(Term):
    """``weight * mean_label W`` with W the Pauli programme's bound of the quantum W_1.

    The discriminator is a sum of Pauli words of Lipschitz constant 1 at most, which a linear
    programme finds anew in each step. It is linear in the state, so it sees only the average of
    each label. It reads expectation values, so any device serves.

    Args:
        max_weight: the most qubits that a word acts on.
        weight: at least 0.

    Raises:
        QganError: if the weight of the words is below 1.

    References:
        De Palma et al., arXiv:2009.04469; Kiani et al., arXiv:2101.03037, eq. 8.
    """

    max_weight: int = 2
    weight: float = 1.0

    def __post_init__(self) -> None:
        if self.max_weight < 1:
            raise errors.argument("max_weight", "must be at least 1", self.max_weight)

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The bound, whose gradient is taken with the best observable held fixed."""
        n = context.fake.n_qubits
        words = pauli.pauli_words(n, min(self.max_weight, n))
        fake = read_words(context.fake, words)
        with torch.no_grad():
            real = read_words(context.real.seen, words).to(fake)
        total, count = fake.new_zeros(()), 0
        for rows in rows_by_label(context.label):
            change = real[rows].mean(0) - fake[rows].mean(0)
            total, count = total + pauli_observable(change, words) @ change, count + 1
        return self.weight * total / count
