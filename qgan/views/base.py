"""What a view is."""

from __future__ import annotations

from jaxtyping import Float
from torch import Tensor, nn

from qgan.states import StateSource


class View(nn.Module):
    """Base of all views: ``m_k(rho) = Tr[M_k rho]``.

    Attributes:
        n_features: K.
        needs_states: whether the view needs the state itself, which lightning and hardware do
            not give.
        sees_label: whether the numbers depend on the label.
    """

    n_features: int
    needs_states = False
    sees_label = False

    def forward(self, source: StateSource, label: Tensor) -> Float[Tensor, "B K"]:
        """The K numbers of each state; ``label`` matters only to views that are circuits."""
        raise NotImplementedError
