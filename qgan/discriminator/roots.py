"""A head that compares the roots of states, so that small eigenvalues weigh as in fidelity."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Complex, Float
from torch import Tensor

from qgan.discriminator.base import Head
from qgan.discriminator.mlp import MLPHead
from qgan.views import DensityView

__all__ = ["RootHead", "square_root"]

LEAST_SUM = 0.02
"""Sum of two roots below which the slope of the root, infinite at 0, grows no further."""


def square_root(rho: Complex[Tensor, "B D D"]) -> Complex[Tensor, "B D D"]:
    """``sqrt(rho)`` of positive matrices; eigenvalues below zero are taken for zero.

    Its derivative X solves ``X sqrt(rho) + sqrt(rho) X = d rho``. In the eigenbasis it is an entry
    of d rho over the sum of two roots, so that degenerate eigenvalues do no harm. Only the first
    derivative with respect to rho is right.

    Example:
        >>> square_root(torch.diag(torch.tensor([0.25, 0.0])).cfloat()[None]).real.tolist()
        [[[0.5, 0.0], [0.0, 0.0]]]
    """
    values, vectors = torch.linalg.eigh(rho.detach())
    roots = values.clamp_min(0).sqrt()
    sums = (roots.unsqueeze(-1) + roots.unsqueeze(-2)).clamp_min(LEAST_SUM)
    change = vectors.mH @ (rho - rho.detach()) @ vectors / sums  # zero, with the derivative
    root: Tensor = vectors @ (torch.diag_embed(roots).to(change) + change) @ vectors.mH
    return root


class RootHead(Head):
    """An MLP of the entries of ``sqrt(rho)``, and of the label.

    ``||sqrt(rho) - sqrt(sigma)||_2`` lies between the Bures distance and root 2 times it. A
    critic whose slope is bounded in these coordinates therefore tells states apart as the metric
    ``sqrt(1 - F)`` does. Bounded in the entries of rho it hardly sees an eigenvalue that falls
    from 0.05 to 0.003, and an ensemble of thermal states ends short of its cold states. A root is
    a nonlinear function of one sample's state: it takes that state's tomography.

    Args:
        view: the density view whose numbers are read.
        n_labels: number of classes or of real conditions.
        hidden: widths of the hidden layers.
        rng: seeded source of the initial weights.

    References:
        Luo and Zhang, Phys. Rev. A 69, 032106 (2004): the Hellinger distance of states;
        Bengtsson and Zyczkowski, Geometry of Quantum States, sec. 9.4 (the Bures distance).
    """

    n_held = 32  # matrices, eigenvectors and their products: 18 to 33 as measured

    def __init__(
        self,
        view: DensityView,
        n_labels: int,
        hidden: Sequence[int] = (128, 128),
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        self.view = view
        self.network = MLPHead(view.n_features, n_labels, hidden, rng)

    def coordinates(self, features: Float[Tensor, "B K"]) -> Float[Tensor, "B K"]:
        """Entries of the roots, in which penalties take the slope of :meth:`score_at`."""
        return self.view.entries(square_root(self.view.operator(features)))

    def score_at(self, coordinates: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)`` of states whose roots have these entries."""
        scores: Tensor = self.network(coordinates, label)
        return scores

    def input_gradient(
        self, coordinates: Float[Tensor, "B K"], label: Tensor
    ) -> Float[Tensor, "B K"] | None:
        """The slope of :meth:`score_at`: that of the network in the entries of the root."""
        return self.network.input_gradient(coordinates, label)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)``."""
        return self.score_at(self.coordinates(features), label)
