"""The term that an auxiliary classifier head needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from qgan.terms.base import StepContext, Term

__all__ = ["AuxiliaryClassifier"]


@dataclass(frozen=True)
class AuxiliaryClassifier(Term):
    """``weight * E -log P(label | m)``, the cross-entropy of a guess of the label, on both sides.

    The discriminator learns to name the labels of real and of generated states; the generator
    learns to be named rightly.

    Args:
        weight: at least 0.

    References:
        Odena, Olah and Shlens, arXiv:1610.09585, eq. 3.
    """

    weight: float = 1.0

    reads_view: ClassVar[bool] = True

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The cross-entropies of real and of generated states."""
        views = torch.cat([context.real_view, context.fake_view])
        guesses = context.discriminator.head.classify(views)
        return 2 * self.weight * cross_entropy(guesses, context.label.repeat(2))

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The cross-entropy of generated states."""
        guesses = context.discriminator.head.classify(context.fake_view)
        return self.weight * cross_entropy(guesses, context.label)
