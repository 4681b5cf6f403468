"""The hinge objective: scores count only on the wrong side of a margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from jaxtyping import Float
from torch import Tensor
from torch.nn.functional import relu

from qgan.objectives.base import Objective, Reading, rejected

__all__ = ["Hinge"]


@dataclass(frozen=True)
class Hinge(Objective):
    """``E max(0, 1 - D(real)) + E max(0, 1 + D(fake))``; the generator minimises ``-E D(fake)``.

    Its minimum over D is ``2 (1 - TV(p, q))``, at the sign of ``p - q``.

    References:
        Lim and Ye, arXiv:1705.02894; Miyato et al., arXiv:1802.05957, eq. 16 and 17.

    Example:
        >>> import torch
        >>> zero = torch.zeros(4)
        >>> Hinge().discriminator_loss(real=zero, fake=zero).item()
        2.0
    """

    name = "hinge"
    reads: ClassVar[Reading] = "logits"

    def discriminator_loss(
        self,
        *,
        real: Float[Tensor, " B"],
        fake: Float[Tensor, " B"],
        mismatched: Float[Tensor, " B"] | None = None,
        mismatched_share: float = 0.0,
    ) -> Float[Tensor, ""]:
        """The hinge of real scores and that of what is to be rejected."""
        wrong = None if mismatched is None else relu(1 + mismatched)
        return relu(1 - real).mean() + rejected(relu(1 + fake), wrong, mismatched_share)

    def generator_loss(self, *, fake: Float[Tensor, " B"]) -> Float[Tensor, ""]:
        """``-E D(fake)``: generated states are to score high."""
        return -fake.mean()
