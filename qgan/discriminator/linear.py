"""Heads that are affine in the view: one observable per label."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Float
from torch import Tensor, nn

from qgan import errors
from qgan.discriminator.base import Head
from qgan.errors import integer
from qgan.labels import condition, read_labels

__all__ = ["BoundedLinearHead", "IdentityHead", "LinearHead"]


class IdentityHead(Head):
    """The score is the one number of the view: an expectation value itself.

    Args:
        n_features: must be 1.
    """

    sees_label = False
    lipschitz = True
    bounded = True

    def __init__(self, n_features: int) -> None:
        super().__init__()
        if n_features != 1:
            raise errors.argument("n_features", "must be 1 for the identity head", n_features)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """The one number of each view, ``(B,)``."""
        return features[:, 0]


class LinearHead(Head):
    """``D = w_label . m + b_label``: one observable per label, so it sees average states only.

    Args:
        n_features: K.
        n_labels: number of classes; real conditions make the observable affine in them.
        rng: seeded source of the initial weights.
    """

    def __init__(self, n_features: int, n_labels: int, rng: torch.Generator | None = None) -> None:
        super().__init__()
        n_features, n_labels = integer("n_features", n_features), integer("n_labels", n_labels)
        self.n_labels = n_labels
        self.weight = nn.Parameter(torch.empty(n_labels, n_features))
        self.bias = nn.Parameter(torch.zeros(n_labels))
        nn.init.normal_(self.weight, std=n_features**-0.5, generator=rng)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``."""
        conditions = condition(label, self.n_labels).to(features)
        weight, bias = (numbers.to(features) for numbers in self.observable())
        return ((conditions @ weight) * features).sum(1) + conditions @ bias

    def observable(self) -> tuple[Float[Tensor, "L K"], Float[Tensor, " L"]]:
        """Coefficients of each label's observable, and of the identity."""
        return self.weight, self.bias


class BoundedLinearHead(LinearHead):
    """One observable per label, whose eigenvalues lie within ``[-spread/2, spread/2]``.

    ``D = Tr[H rho]`` with ``H = (sum_k w_k M_k + b) / max(1, 2 ||.|| / spread)``. Then
    ``|D(rho) - D(sigma)| <= spread T(rho, sigma)``. With a spread of 1 the head is 1-Lipschitz in
    the trace distance; with a spread of 2 it can be any observable between -1 and 1.

    Args:
        bounds: the view's method that says between which numbers the eigenvalues of
            ``sum_k w_k M_k`` lie.
        n_features: K.
        n_labels: number of classes.
        spread: largest difference of two eigenvalues, above 0.
        rng: seeded source of the initial weights.

    Raises:
        QganError: if the spread is not above 0.

    References:
        Nielsen and Chuang, Quantum Computation and Quantum Information, eq. 9.22: the largest
        difference of a bounded observable's expectation values is the trace distance.

    Example:
        >>> from qgan.views import DensityView
        >>> view = DensityView(1)
        >>> head = BoundedLinearHead(view.bounds, view.n_features, n_labels=2)
        >>> weight, bias = head.observable()
        >>> low, high = view.bounds(weight)
        >>> bool((high - low <= 1 + 1e-6).all())
        True
    """

    lipschitz = True
    bounded = True

    def __init__(
        self,
        bounds: Callable[[Tensor], tuple[Tensor, Tensor]],
        n_features: int,
        n_labels: int,
        spread: float = 1.0,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__(n_features, n_labels, rng)
        if not spread > 0:
            raise errors.argument("spread", "must be above 0", spread)
        self.bounds = bounds
        self.spread = spread
        self.bounded = spread <= 2

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)`` of classes only, since a sum of two observables has another spread."""
        label = read_labels(label)
        if label.is_floating_point():
            raise errors.argument("label", "must be classes for the bounded head", label.dtype)
        return super().forward(features, label)

    def observable(self) -> tuple[Float[Tensor, "L K"], Float[Tensor, " L"]]:
        """Coefficients of each label's observable, and of the identity."""
        low, high = self.bounds(self.weight)
        largest = torch.maximum((low + self.bias).abs(), (high + self.bias).abs())
        shrink = 1 / (2 * largest / self.spread).clamp_min(1)
        return self.weight * shrink.unsqueeze(1), self.bias * shrink
