"""Objectives that are expectation values themselves."""

from __future__ import annotations

from dataclasses import dataclass

from jaxtyping import Float
from torch import Tensor

from qgan.objectives.base import rejected


@dataclass(frozen=True)
class LinearValue:
    """The value of Dallaire-Demers and Killoran, linear in the observable Z of one qubit.

    ``V = 1/2 + 1/(4 Lambda) sum_label Tr[(rho^DR - rho^DG) Z]``: with scores in [-1, 1] averaged
    over labels, ``V = 1/2 + (E real - E fake) / 4``. The discriminator maximises V, the generator
    minimises it; losses are those of ``4 V - 2``, which has gradients of order one.

    Args:
        mismatched_share: see :class:`qgan.objectives.base.Objective`.

    References:
        Dallaire-Demers and Killoran, arXiv:1804.08641, eq. 8 to 10.
    """

    mismatched_share: float = 0.02

    name = "linear"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
    ) -> Float[Tensor, ""]:
        """``2 - 4 V``."""
        return rejected(fake, mismatched, self.mismatched_share) - real.mean()

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """The part of ``4 V - 2`` that the generator moves: ``-E fake``."""
        return -fake.mean()

    def value(self, *, real: Float[Tensor, " B"], fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """V itself: 1/2 where nothing can be told apart, at most 1."""
        return 0.5 + (real.mean() - fake.mean()) / 4
