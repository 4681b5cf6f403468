"""The information term: latents that can be read off the discriminator's view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from jaxtyping import Float
from torch import Tensor

from qgan.labels import rows_by_label
from qgan.prior import latent_features
from qgan.terms.base import StepContext, Term

__all__ = ["FLOOR", "Information", "unexplained"]

RIDGE = 0.03
"""Ridge of the regression, in units of the mean squared length of the centred view."""
FLOOR = 0.2
"""Share of a latent's variance below which little is gained: the latent is then read off well."""
FEWEST = 8
"""Fewest states of a label in a batch from which anything can be said."""


@dataclass(frozen=True)
class Information(Term):
    """``-weight * sum_k I_k`` for the generator, where I_k bounds the information on latent k.

    The bound is ``I(z_k; m) >= H(z_k) + E log q(z_k | m)``. Here q is a normal distribution around
    the prediction of a linear head; its variance is that of the residuals and ``FLOOR`` times that
    of the latent: ``I_k = -1/2 log(E (z_k - z_k(m))^2 / Var z_k + FLOOR)`` up to a constant, label
    by label. The head is the ridge regression of z on the view of the batch, in closed form. Each
    state is judged by the head that has not seen it (leave one out), and there are no weights to
    train.

    Information alone does not say which latents are found: any bijection of the latent space keeps
    it, and without further assumptions states cannot tell one from another (Locatello et al.). Two
    assumptions decide here. Latents are independent and uniform, and the head is *linear*, so that
    a latent must be the expectation value of one observable. That fits where the hidden factors are
    nearly such values, as the fields of the chains are; where they are not, other latents are
    found. Which latent a factor gets, and with which sign, stays open.

    A latent that is an angle is read off as its cosine and its sine. This is what keeps a circle of
    states from being folded: a generator that goes through all phases there and back makes each
    state from two latents, and no discriminator sees that.

    The floor keeps the term from bending the states. From 32 real states of the mixed-field chain
    the head leaves 0.06 to 0.19 of the variance of the fields, and a generator that was paid for
    leaving less would leave the real states.

    Args:
        weight: lambda, at least 0.

    References:
        Chen et al. (InfoGAN), arXiv:1606.03657, eq. 4; Locatello et al., arXiv:1811.12359,
        theorem 1.
    """

    weight: float = 0.3

    reads_view: ClassVar[bool] = True
    least_states: ClassVar[int] = FEWEST

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The negative bound, summed over the latents and averaged over the labels."""
        total, count = context.fake_view.new_zeros(()), 0
        for rows in rows_by_label(context.label):
            if int(rows.sum()) >= FEWEST:
                latents = latent_features(context.latent[rows], context.kinds)
                shares = unexplained(context.fake_view[rows], latents)
                total = total + 0.5 * torch.log(shares.clamp_min(0) + FLOOR).sum()
                count += 1
        return self.weight * total / count if count else None


def unexplained(view: Float[Tensor, "B K"], latent: Float[Tensor, "B z"]) -> Float[Tensor, " z"]:
    """The share of each latent's variance that a ridge regression on the view leaves unexplained.

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
    target = latent.to(view)
    residual = (target - hat @ target) / (1 - hat.diagonal())[:, None].clamp_min(1e-3)
    variance = ((target - target.mean(0)) ** 2).mean(0).clamp_min(1e-12)
    return (residual**2).mean(0) / variance
