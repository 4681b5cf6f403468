"""What stands in for a discriminator where the objective is a distance of states."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.batch import Seen
from qgan.discriminator.base import Discriminator, Head
from qgan.views import View

__all__ = ["BlindView", "ZeroHead", "no_discriminator"]


class BlindView(View):
    """A view that sees nothing of a state: ``K = 0``."""

    n_features = 0

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, "B 0"]:
        """One row per state, which holds no number: ``(B, 0)``."""
        return torch.zeros(len(label), 0, device=label.device)


class ZeroHead(Head):
    """A head that scores every state 0."""

    sees_label = False
    lipschitz = True
    bounded = True

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """A score of zero for each state, ``(B,)``."""
        return features.new_zeros(len(features))


def no_discriminator() -> Discriminator:
    """A discriminator that sees nothing and scores every state 0, for objectives without scores.

    Example:
        >>> from qgan import States
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex64))
        >>> no_discriminator()(zero, torch.tensor([0])).tolist()
        [0.0]
    """
    return Discriminator(BlindView(), ZeroHead())
