"""The information term: latents that can be read off the discriminator's view."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.stabilisers import Silent, StepContext

RIDGE = 0.03
"""Of the head, in units of the mean squared length of the centred view."""
FLOOR = 0.01
"""Share of a latent's variance below which nothing is gained: it can be read off well enough."""
FEWEST = 8
"""States of a label in a batch, below which nothing can be said."""


@dataclass(frozen=True)
class Information(Silent):
    """``-weight * sum_k I_k`` for the generator, a lower bound of each latent's information.

    ``I(z_k; m) >= H(z_k) + E log q(z_k | m)``, q normal around a linear head's prediction with the
    residuals' variance: ``I_k = -1/2 log(E (z_k - z_k(m))^2 / Var z_k)`` up to a constant, label by
    label. The head is the ridge regression of z on the view of the batch, in closed form, judged on
    each state by the head that has not seen it (leave one out); it has no weights to train.

    Args:
        weight: lambda, at least 0.

    References:
        Chen et al. (InfoGAN), arXiv:1606.03657, eq. 4.
    """

    weight: float = 0.05

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The negative bound, summed over the latents, mean over the labels."""
        total, count = context.fake_view.new_zeros(()), 0
        for label in context.label.unique(dim=0):
            rows = (context.label == label).reshape(len(context.label), -1).all(1)
            if int(rows.sum()) >= FEWEST:
                shares = unexplained(context.fake_view[rows], context.latent[rows])
                total = total + 0.5 * torch.log(shares.clamp_min(0) + FLOOR).sum()
                count += 1
        return self.weight * total / count if count else None


def unexplained(view: Float[Tensor, "B K"], latent: Float[Tensor, "B z"]) -> Float[Tensor, " z"]:
    """Share of each latent's variance that a ridge regression on the view leaves, out of sample.

    ``e_i / (1 - H_ii)`` is the residual of the head that has not seen state i.

    Example:
        >>> z = torch.linspace(-1, 1, 32, dtype=torch.float64)[:, None]
        >>> bool(unexplained(2 * z + 1, z) < 0.01)
        True
    """
    centred = view - view.mean(0)
    gram = centred @ centred.mT
    size = gram.diagonal().mean().clamp_min(1e-12)
    eye = torch.eye(len(view), dtype=view.dtype, device=view.device)
    hat: Tensor = torch.linalg.solve(gram + RIDGE * size * eye, gram) + 1 / len(view)
    wanted = latent.to(view)
    residual = (wanted - hat @ wanted) / (1 - hat.diagonal())[:, None].clamp_min(1e-3)
    variance = ((wanted - wanted.mean(0)) ** 2).mean(0).clamp_min(1e-12)
    return (residual**2).mean(0) / variance
