"""Wasserstein: the dual of the distance of order 1; its critic must be Lipschitz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan.objectives.base import Reading, rejected


@dataclass(frozen=True)
class Wasserstein:
    """``W_1 = sup_{|D|_Lip <= 1} E D(real) - E D(fake)``.

    The critic minimises ``E D(fake) - E D(real)``, held near slope one by a penalty
    (:class:`qgan.terms.GradientPenalty`), or in a box by
    :class:`qgan.terms.WeightClipping`.

    Args:
        mismatched_share: see :class:`qgan.objectives.base.Objective`.

    References:
        Arjovsky et al., arXiv:1701.07875; Gulrajani et al., arXiv:1704.00028.
    """

    mismatched_share: float = 0.02

    name = "wasserstein"
    reads: ClassVar[Reading] = "critic"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
    ) -> Float[Tensor, ""]:
        """``E D(fake) - E D(real)``."""
        return rejected(fake, mismatched, self.mismatched_share) - real.mean()

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``-E D(fake)``."""
        return -fake.mean()
