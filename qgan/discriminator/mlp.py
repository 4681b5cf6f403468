"""Heads that are small networks: nonlinear functions of one state."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.embedding import condition


class MLPHead(nn.Module):
    """A multilayer perceptron of (m, label) with leaky ReLU: a nonlinear function of one state.

    Args:
        n_features: K.
        n_labels: number of classes or of real conditions.
        hidden: widths of the hidden layers.
        generator: seeded source of the initial weights.
    """

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        hidden: Sequence[int] = (128, 128),
        generator: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        if not hidden or min(hidden) < 1:
            raise errors.argument("hidden", "must be widths of at least 1", tuple(hidden))
        self.n_labels = n_labels
        layers: list[nn.Module] = []
        width = n_features + n_labels
        for size in (*hidden, 1):
            linear = nn.Linear(width, size)
            bound = width**-0.5
            nn.init.uniform_(linear.weight, -bound, bound, generator=generator)
            nn.init.uniform_(linear.bias, -bound, bound, generator=generator)
            layers += [linear, nn.LeakyReLU(0.2)]
            width = size
        self.layers = nn.Sequential(*layers[:-1])

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``."""
        entry = torch.cat([features, condition(label, self.n_labels).to(features)], 1)
        like = next(self.layers.parameters())
        scores: Tensor = self.layers(entry.to(like.dtype))
        return scores.squeeze(1)
