"""No discriminator: beside a distance of states there is nothing to score."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.batch import Seen
from qgan.discriminator.base import Discriminator, Head
from qgan.views import View

__all__ = ["BlindView", "ZeroHead", "no_discriminator"]


class BlindView(View):
    """Sees nothing: ``K = 0``."""

    n_features = 0

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B 0"]:
        """Rows without a number."""
        return torch.zeros(len(label), 0, device=label.device)


class ZeroHead(Head):
    """Scores everything 0."""

    sees_label = False
    lipschitz = True
    bounded = True

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Zeros, ``(B,)``."""
        return features.new_zeros(len(features))


def no_discriminator() -> Discriminator:
    """What a trainer is given where a distance stands in for the discriminator.

    Example:
        >>> from qgan import States
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex64))
        >>> no_discriminator()(zero, torch.tensor([0])).tolist()
        [0.0]
    """
    return Discriminator(BlindView(), ZeroHead())
