"""The Wasserstein objective: the dual of the distance of order 1, with a Lipschitz critic."""

from __future__ import annotations

from dataclasses import dataclass

from qgan.discriminator import Head
from qgan.objectives.base import MeanDifference
from qgan.terms import GradientPenalty, Term

__all__ = ["Wasserstein"]


@dataclass(frozen=True)
class Wasserstein(MeanDifference):
    """``W_1 = sup_{|D|_Lip <= 1} E D(real) - E D(fake)``.

    The critic minimises ``E D(fake) - E D(real)``. Unless its head is Lipschitz as it stands, it is
    held near slope one by :class:`qgan.terms.GradientPenalty`, or by the terms that are named: with
    ``terms=(WeightClipping(),)`` in a box, as first published.

    References:
        Arjovsky et al., arXiv:1701.07875; Gulrajani et al., arXiv:1704.00028.
    """

    name = "wasserstein"

    def usual_terms(self, head: Head) -> tuple[Term, ...]:
        """The gradient penalty between real and generated states, where the head needs one."""
        return () if head.lipschitz else (GradientPenalty(),)
