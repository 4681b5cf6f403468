"""Discriminator = view + head."""

from __future__ import annotations

from typing import Protocol, runtime_checkable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan.views import Seen, View


@runtime_checkable
class Head(Protocol):
    """Any function of the view of one state and its label.

    A head may also say: ``per_sample = False``, it compares the states of a batch;
    ``sees_label = False``, its score does not depend on the label; ``lipschitz = True``, its
    slope is bounded as it stands; ``bounded = True``, its score is an expectation value in
    [-1, 1]. Without a word it is an unbounded function of one state and its label.
    A head with ``coordinates(features)`` and ``score(coordinates, label)`` has its slope penalised
    in these coordinates, not in the view's.
    """

    def __call__(self, features: Tensor, label: Tensor) -> Tensor:
        """Scores ``(B,)``."""


class Discriminator(nn.Module):
    """Scores of states with their labels: ``D(rho, label) = head(view(rho), label)``.

    Args:
        view: a linear map from states to K numbers.
        head: any module (features, label) -> scores.

    Example:
        >>> import torch
        >>> from qgan import States
        >>> from qgan.discriminator import LinearHead
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

    def forward(self, source: Seen, label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``: logits or critic values, as the objective reads them."""
        scores: Tensor = self.head(self.view(source, label), label)
        return scores

    def scores(
        self, features: Float[Tensor, "N K"], label: Tensor, rows: int
    ) -> Float[Tensor, " N"]:
        """Scores of views that stand one kind after the other, ``rows`` of each kind.

        A head that compares the states of a batch is shown each kind by itself.
        """
        if getattr(self.head, "per_sample", True):
            together: Tensor = self.head(features, label)
            return together
        parts = zip(features.split(rows), label.split(rows), strict=True)
        return torch.cat([self.head(part, mine) for part, mine in parts])
