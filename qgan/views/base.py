"""What a view is."""

from __future__ import annotations

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from qgan.states import StateSource

Bounds = tuple[Float[Tensor, "..."], Float[Tensor, "..."]]


class View(nn.Module):
    """Base of all views: ``m_k(rho) = Tr[M_k rho]``, or of ``rho x rho`` for two copies.

    Attributes:
        n_features: K.
        needs_states: whether the view needs the state itself, which lightning and hardware do
            not give.
        sees_label: whether the numbers depend on the label.
        order: copies of the state that are measured together.
        largest: bound of each number's size.
    """

    n_features: int
    needs_states = False
    sees_label = False
    order = 1
    largest = 1.0

    def forward(self, source: StateSource, label: Tensor) -> Float[Tensor, "B K"]:
        """The K numbers of each state; ``label`` matters only to views that are circuits."""
        raise NotImplementedError

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """Numbers between which the eigenvalues of ``sum_k w_k M_k`` lie.

        Args:
            weights: coefficients w, ``(..., K)``.

        Returns:
            Lower and upper bounds, each ``(...)``: what each number's size alone gives, unless
            the view knows better.
        """
        most = self.largest * weights.abs().sum(-1)
        return -most, most


class FixedView(View):
    """A view whose observables are fixed matrices of the state's own size."""

    def operator(self, weights: Float[Tensor, "*rows K"]) -> Complex[Tensor, ...]:
        """The matrices ``sum_k w_k M_k``, ``(..., 2**n, 2**n)``."""
        raise NotImplementedError

    def bounds(self, weights: Float[Tensor, "*rows K"]) -> Bounds:
        """The least and the greatest eigenvalue."""
        values = torch.linalg.eigvalsh(self.operator(weights))
        return values[..., 0], values[..., -1]
