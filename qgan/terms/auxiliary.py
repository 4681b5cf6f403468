"""The term that an auxiliary classifier head needs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy

from qgan.terms.base import Silent, StepContext


@dataclass(frozen=True)
class AuxiliaryClassifier(Silent):
    """``weight * E -log P(label | m)`` on both sides: the head guesses, the generator is guessed.

    The discriminator learns to name the labels of real and of generated states; the generator
    learns to be named rightly.

    Args:
        weight: at least 0.

    References:
        Odena, Olah and Shlens, arXiv:1610.09585, eq. 3.
    """

    weight: float = 1.0

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """Cross-entropies of real and of generated states."""
        head: Any = context.discriminator.head
        shown = torch.cat([context.real_view, context.fake_view])
        guesses = head.classify(shown)
        return 2 * self.weight * cross_entropy(guesses, context.label.repeat(2))

    def generator_term(self, context: StepContext) -> Tensor | None:
        """Cross-entropy of generated states."""
        head: Any = context.discriminator.head
        return self.weight * cross_entropy(head.classify(context.fake_view), context.label)
