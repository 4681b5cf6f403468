"""The Wasserstein objective: the dual of the distance of order 1, with a Lipschitz critic."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor

from qgan.discriminator import Head
from qgan.objectives.base import Objective, Reading, rejected
from qgan.terms import GradientPenalty, Term

__all__ = ["Wasserstein"]


@dataclass(frozen=True)
class Wasserstein(Objective):
    """``W_1 = sup_{|D|_Lip <= 1} E D(real) - E D(fake)``.

    The critic minimises ``E D(fake) - E D(real)``. Unless its head is Lipschitz as it stands, it is
    held near slope one by :class:`qgan.terms.GradientPenalty`, or by the terms that are named: with
    ``terms=(WeightClipping(),)`` in a box, as first published.

    References:
        Arjovsky et al., arXiv:1701.07875; Gulrajani et al., arXiv:1704.00028.
    """

    name = "wasserstein"
    reads: ClassVar[Reading] = "critic"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """``E D(fake) - E D(real)``."""
        return rejected(fake, mismatched, mismatched_share) - real.mean()

    def usual_terms(self, head: Head) -> tuple[Term, ...]:
        """The gradient penalty between real and generated states, where the head needs one."""
        return () if head.lipschitz else (GradientPenalty(),)

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``-E D(fake)``: generated states are to score high."""
        return -fake.mean()
