"""A head that compares the states of a batch."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.discriminator._layers import dtype_of, linear, trunk
from qgan.discriminator.base import Head
from qgan.errors import integer
from qgan.labels import condition

__all__ = ["MinibatchHead"]


class MinibatchHead(Head):
    """An MLP that also sees how close the other states of its batch and label are.

    ``o_k(m_i) = mean_j exp(-||M_k(h(m_i)) - M_k(h(m_j))||_1)`` over the other states j of the same
    label; the score is linear in (h, o). One state's score depends on its batch, so a per-sample
    penalty has no meaning.

    Args:
        n_features: K.
        n_labels: number of classes or of real conditions.
        hidden: widths of the layers of h.
        rng: seeded source of the initial weights.
        spectral: whether the linear layers are spectrally normalised.
        n_kernels: number of statistics o_k.
        width: numbers that each of them compares.

    References:
        Salimans et al., arXiv:1606.03498, sec. 3.2 (there a sum over j).
    """

    per_sample = False

    def __init__(
        self,
        n_features: int,
        n_labels: int,
        hidden: Sequence[int] = (128, 128),
        rng: torch.Generator | None = None,
        spectral: bool = False,
        n_kernels: int = 16,
        width: int = 4,
    ) -> None:
        super().__init__()
        n_features, n_labels = integer("n_features", n_features), integer("n_labels", n_labels)
        self.n_labels = n_labels
        self.n_kernels = n_kernels = integer("n_kernels", n_kernels, least=1)
        width = integer("width", width, least=1)
        self.body = trunk(n_features + n_labels, hidden, spectral, rng)
        self.compare = linear(hidden[-1], n_kernels * width, spectral, rng)
        self.score = linear(hidden[-1] + n_kernels, 1, spectral, rng)

    def forward(self, features: Float[Tensor, "B K"], label: Tensor) -> Float[Tensor, " B"]:
        """Scores ``(B,)`` of states that belong together: all real, or all generated."""
        conditions = condition(label, self.n_labels).to(dtype_of(self))
        inner = self.body(torch.cat([features.to(conditions), conditions], 1))
        kernels = self.compare(inner).unflatten(1, (self.n_kernels, -1))
        closeness = (-(kernels[:, None] - kernels[None]).abs().sum(-1)).exp()  # (B, B, kernels)
        same = (conditions[:, None] == conditions[None]).all(-1).to(inner)
        same = same - torch.eye(len(inner), dtype=inner.dtype, device=inner.device)
        others = same.sum(1, keepdim=True).clamp_min(1)
        statistics = (same.unsqueeze(-1) * closeness).sum(1) / others
        scores: Tensor = self.score(torch.cat([inner, statistics], 1))
        return scores.squeeze(1)
