"""Discriminator = view + head."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.embedding import condition
from qgan.states import StateSource
from qgan.views import View


@runtime_checkable
class Head(Protocol):
    """Any function of the view of one state and its label."""

    def __call__(self, features: Tensor, label: Tensor) -> Tensor:
        """Scores ``(B,)``."""


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


class Discriminator(nn.Module):
    """Scores of states with their labels: ``D(rho, label) = head(view(rho), label)``.

    Args:
        view: a linear map from states to K numbers.
        head: any module (features, label) -> scores.

    Example:
        >>> from qgan import States
        >>> from qgan.views import DensityView
        >>> view = DensityView(1)
        >>> discriminator = Discriminator(view, LinearHead(view.n_features, n_labels=2))
        >>> zero = States(torch.tensor([[[1.0], [0.0]]], dtype=torch.complex64))
        >>> discriminator(zero, torch.tensor([0])).shape
        torch.Size([1])
    """

    def __init__(self, view: View, head: nn.Module) -> None:
        super().__init__()
        self.view = view
        self.head = head

    def forward(self, source: StateSource, label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``: logits or critic values, as the objective reads them."""
        scores: Tensor = self.head(self.view(source, label), label)
        return scores
