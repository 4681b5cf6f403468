"""The term that the two potentials of the quantum Wasserstein semimetric need."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from qgan import errors
from qgan.labels import rows_by_label
from qgan.metrics.states.semimetric import coupling_excess
from qgan.terms.base import StepContext, Term

__all__ = ["CouplingPenalty"]


@dataclass(frozen=True)
class CouplingPenalty(Term):
    """Holds the potentials of a :class:`qgan.discriminator.PotentialsHead` to the dual's rule.

    The head's score is phi, which generated states see; this term gives the discriminator psi for
    the real ones and, label by label, takes off
    ``(lambda / e) Tr[(P x Q) exp((-C - phi x I + I x psi) / lambda)]`` of average states P and Q.

    Args:
        strength: lambda, above 0. A small one makes the rule strict. A large one makes it smooth,
            but biases the distance of mixed states towards ``Tr[(P x Q) C]``.

    Raises:
        QganError: if lambda is not above 0.

    References:
        Chakrabarti et al., arXiv:1911.00111, sec. 4.
    """

    strength: float = 0.1

    needs_states: ClassVar[bool] = True
    limits_slope: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.strength > 0:
            raise errors.argument("strength", "must be above 0", self.strength)

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """``E_Q[phi] - E_Q[psi]``, plus the excess over the rule."""
        difference = context.discriminator.head.difference(context.real_view, context.label)
        return self._excess(context) - difference.mean()

    def generator_term(self, context: StepContext) -> Tensor | None:
        """Minus the excess over the rule, which generated states move too."""
        return -self._excess(context)

    def _excess(self, context: StepContext) -> Tensor:
        head = context.discriminator.head
        fake = context.drawn.states.density_matrix()
        real = context.real.states.materialise().density_matrix().to(fake)
        parts = []
        for rows in rows_by_label(context.label):
            of_fake, of_real = head.potentials(context.label[rows][0])
            states = (real[rows].mean(0), fake[rows].mean(0))
            parts.append(
                coupling_excess(*states, of_real.to(fake), of_fake.to(fake), self.strength)
            )
        return torch.stack(parts).mean()
