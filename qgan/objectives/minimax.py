"""The original game and its non-saturating form, from logits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import softplus

from qgan.objectives.base import Objective, Reading, rejected

__all__ = ["Minimax", "NonSaturating"]


@dataclass(frozen=True)
class Minimax(Objective):
    """``min_G max_D E log D(real) + E log(1 - D(fake))`` with ``D = sigmoid(score)``.

    The discriminator minimises ``E softplus(-real) + E softplus(fake)``; the generator minimises
    ``-E softplus(fake)``.

    References:
        Goodfellow et al., arXiv:1406.2661, eq. 1.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4)
        >>> round(Minimax().discriminator_loss(real=zero, fake=zero).item(), 4)  # 2 ln 2
        1.3863
    """

    name = "minimax"
    reads: ClassVar[Reading] = "logits"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """The binary cross-entropy of real states against all others."""
        wrong = None if mismatched is None else softplus(mismatched)
        return softplus(-real).mean() + rejected(softplus(fake), wrong, mismatched_share)

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``E log(1 - D(fake))``."""
        return -softplus(fake).mean()


@dataclass(frozen=True)
class NonSaturating(Minimax):
    """The game whose generator minimises ``-E log D(fake)``.

    At the best discriminator the generator's gradient is that of ``KL(q || p) - 2 JS(p, q)``.

    References:
        Goodfellow et al., arXiv:1406.2661, sec. 3; Arjovsky and Bottou, arXiv:1701.04862,
        theorem 2.5.
    """

    name = "non-saturating"

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``E softplus(-fake)``."""
        return softplus(-fake).mean()
