"""The head of the quantum Wasserstein semimetric: two observables per label."""

from __future__ import annotations

from collections.abc import Callable

import torch
from jaxtyping import Complex, Float
from torch import Tensor, nn

from qgan.discriminator.base import Head
from qgan.errors import integer
from qgan.labels import condition

__all__ = ["PotentialsHead"]


class PotentialsHead(Head):
    """The score ``D = Tr[phi_label rho]`` of every state, and ``psi_label`` for real states.

    :class:`qgan.terms.CouplingPenalty` trains psi and holds both to the dual's rule.

    Args:
        operator: the view's method that makes the matrices ``sum_k w_k M_k``.
        n_features: K.
        n_labels: number of classes.
        rng: seeded source of the initial weights.

    References:
        Chakrabarti et al., arXiv:1911.00111, sec. 3.
    """

    has_potentials = True

    def __init__(
        self,
        operator: Callable[[Tensor], Tensor],
        n_features: int,
        n_labels: int,
        rng: torch.Generator | None = None,
    ) -> None:
        super().__init__()
        n_features, n_labels = integer("n_features", n_features), integer("n_labels", n_labels)
        self.operator = operator
        self.n_labels = n_labels
        # Weights of phi and of psi - phi, and of the identity, which a view need not hold.
        self.weight = nn.Parameter(torch.empty(2, n_labels, n_features))
        self.bias = nn.Parameter(torch.zeros(2, n_labels))
        nn.init.normal_(self.weight, std=0.1 * n_features**-0.5, generator=rng)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """``Tr[phi rho]``, ``(B,)``."""
        return self._expectation(0, features, label)

    def difference(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """``Tr[(psi - phi) rho]``, ``(B,)``."""
        return self._expectation(1, features, label)

    def _expectation(self, which: int, features: Tensor, label: Tensor) -> Tensor:
        conditions = condition(label, self.n_labels).to(features)
        weight, bias = self.weight[which].to(features), self.bias[which].to(features)
        values: Tensor = ((conditions @ weight) * features).sum(1) + conditions @ bias
        return values

    def potentials(self, label: Tensor) -> tuple[Complex[Tensor, "D D"], Complex[Tensor, "D D"]]:
        """The matrices (phi, psi) of one label."""
        conditions = condition(label.unsqueeze(0), self.n_labels).to(self.weight)[0]
        matrices = self.operator(torch.einsum("l,plk->pk", conditions, self.weight))
        eye = torch.eye(matrices.shape[-1], dtype=matrices.dtype, device=matrices.device)
        phi, difference = matrices + (self.bias @ conditions).reshape(2, 1, 1) * eye
        return phi, phi + difference
