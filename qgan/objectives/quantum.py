"""Objectives whose scores are expectation values of observables."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.discriminator import Head
from qgan.objectives.base import MeanDifference, Objective, Reading, rejected
from qgan.terms import CouplingPenalty, Term

__all__ = ["LinearValue", "QuantumSemimetric"]


@dataclass(frozen=True)
class LinearValue(Objective):
    """The value of Dallaire-Demers and Killoran, linear in an observable ``-1 <= Z <= 1``.

    ``V = 1/2 + 1/2 mean_label Tr[(cos^2(phi) rho^DR - sin^2(phi) rho^DG) Z]``: real states are
    shown with probability ``cos^2 phi``, and V is the probability of a right guess. At
    ``phi = pi/4``, the paper's, ``V = 1/2 + (E real - E fake) / 4``. The discriminator maximises V,
    the generator minimises it; losses are those of ``4 V - 2``, which has gradients of order one.
    ``max_Z V = 1/2 + 1/2 mean_label ||cos^2(phi) rho - sin^2(phi) sigma||_1``.

    Args:
        phi: angle in radians, in (0, pi/2).

    Raises:
        QganError: if phi is not in (0, pi/2).

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641, eq. 5 to 10.

    Example:
        >>> import torch
        >>> LinearValue().value(real=torch.ones(2), fake=-torch.ones(2)).item()
        1.0
    """

    phi: float = math.pi / 4

    name = "linear"
    reads: ClassVar[Reading] = "expectations"

    def __post_init__(self) -> None:
        if not 0 < self.phi < math.pi / 2:
            raise errors.argument("phi", "must lie in (0, pi/2)", self.phi)

    @property
    def _weights(self) -> tuple[float, float]:
        """``2 cos^2 phi`` and ``2 sin^2 phi``, exactly one each at pi/4."""
        turn = math.cos(2 * self.phi) if self.phi != math.pi / 4 else 0.0
        return 1 + turn, 1 - turn

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """``2 - 4 V``, so that the discriminator maximises V."""
        of_real, of_fake = self._weights
        others = rejected(fake, mismatched, mismatched_share)
        return of_fake * others - of_real * real.mean()

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """The part of ``4 V - 2`` that the generator moves: ``-2 sin^2(phi) E fake``."""
        return -self._weights[1] * fake.mean()

    def value(self, *, real: Float[Tensor, " B"], fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """The value V, at most 1; at phi = pi/4 it is 1/2 where nothing can be told apart."""
        return 0.5 - self.discriminator_loss(real=real, fake=fake) / 4


@dataclass(frozen=True)
class QuantumSemimetric(MeanDifference):
    """The quantum Wasserstein semimetric ``min_pi Tr[pi (1 - SWAP) / 2]``, by its dual.

    ``max Tr[Q psi] - Tr[P phi]`` over observables with ``I x psi - phi x I <= C``: the critic of
    real states is not that of generated ones. The losses here are those of phi,
    ``E D(fake) - E D(real)`` and ``-E D(fake)``; psi and the rule are the business of
    :class:`qgan.terms.CouplingPenalty`, which the objective brings, and
    :class:`qgan.discriminator.PotentialsHead` holds both observables. Of pure states the semimetric
    is ``(1 - F) / 2``.

    References:
        Chakrabarti et al., arXiv:1911.00111, sec. 3 and 4.
    """

    name = "quantum-semimetric"

    def usual_terms(self, head: Head) -> tuple[Term, ...]:
        """The coupling penalty, which trains psi."""
        return (CouplingPenalty(),)
