"""Heads that are affine in the view: one observable a label."""

from __future__ import annotations

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.embedding import condition


class IdentityHead(nn.Module):
    """The score is the one number of the view: an expectation value itself.

    Args:
        n_features: must be 1.
    """

    def __init__(self, n_features: int) -> None:
        super().__init__()
        if n_features != 1:
            raise errors.argument("n_features", "must be 1 for the identity head", n_features)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """The view, ``(B,)``."""
        return features[:, 0]


class LinearHead(nn.Module):
    """``D = w_label . m + b_label``: one observable a label, so it sees average states only.

    Args:
        n_features: K.
        n_labels: number of classes; real conditions make the observable affine in them.
        generator: seeded source of the initial weights.
    """

    def __init__(
        self, n_features: int, n_labels: int, generator: torch.Generator | None = None
    ) -> None:
        super().__init__()
        self.n_labels = n_labels
        self.weight = nn.Parameter(torch.empty(n_labels, n_features))
        self.bias = nn.Parameter(torch.zeros(n_labels))
        nn.init.normal_(self.weight, std=n_features**-0.5, generator=generator)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``."""
        given = condition(label, self.n_labels).to(features)
        return ((given @ self.weight.to(features)) * features).sum(1) + given @ self.bias.to(
            features
        )
