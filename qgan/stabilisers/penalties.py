"""Penalties on the slope of the score, and the box that clips it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from qgan import errors
from qgan.discriminator import Discriminator
from qgan.stabilisers.base import Silent, StepContext


def _slopes(context: StepContext, features: Tensor) -> Tensor:
    """Euclidean norm of d score / d view, one a sample."""
    head, features = context.discriminator.head, features.detach()
    known = getattr(head, "input_gradient", None)  # heads that know it in closed form
    gradient = None if known is None else known(features, context.label)
    if gradient is None:
        features.requires_grad_()
        scores = head(features, context.label)
        (gradient,) = torch.autograd.grad(scores.sum(), features, create_graph=True)
    slopes: Tensor = torch.linalg.vector_norm(gradient, dim=1)
    return slopes


@dataclass(frozen=True)
class GradientPenalty(Silent):
    """``weight * mean_b (||d D / d m at m_b||_2 - 1)^2``, per sample.

    Interpolated: ``m_b = e_b m(rho_b) + (1 - e_b) m(sigma_b)`` with ``e_b`` uniform on [0, 1]: with
    one label the view of the mixture, a valid state, so no second derivative passes a circuit.
    At the ends: half the weight at the real points, half at the generated ones; every point is
    then the view of one state whatever the view.

    Args:
        weight: lambda, at least 0.
        at: where the slope is taken, "interpolated" or "ends".

    Raises:
        QganError: for another place.

    References:
        Gulrajani et al., arXiv:1704.00028, eq. 3; Mescheder et al., arXiv:1801.04406, sec. 4.1
        (penalties at the real and at the generated points).
    """

    weight: float = 10.0
    at: Literal["interpolated", "ends"] = "interpolated"

    per_sample: ClassVar[bool] = True
    limits_slope: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.at not in ("interpolated", "ends"):
            raise errors.argument("at", "must be 'interpolated' or 'ends'", repr(self.at))

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The penalty."""
        if self.at == "ends":
            ends = (context.real_view, context.fake_view)
            slopes = torch.cat([_slopes(context, points) for points in ends])
        else:
            rows = len(context.label)
            mix = torch.rand(rows, 1, generator=context.at.random).to(context.real_view)
            slopes = _slopes(context, mix * context.real_view + (1 - mix) * context.fake_view)
        return self.weight * ((slopes - 1) ** 2).mean()


@dataclass(frozen=True)
class WeightClipping(Silent):
    """Each parameter of the head clipped to ``[-limit, limit]`` after each discriminator step.

    A critic whose parameters lie in a box is Lipschitz with some constant, so what it reaches is
    the distance up to a factor. Angles of a circuit view are left alone: its readouts are bounded
    observables whatever the angles.

    Args:
        limit: c, above 0.

    Raises:
        QganError: if the limit is not above 0.

    References:
        Arjovsky et al., arXiv:1701.07875, algorithm 1 (alpha 5e-5, c 0.01, m 64, n_critic 5,
        RMSProp: what ``--objective wasserstein:clip`` sets).
    """

    limit: float = 0.01

    limits_slope: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise errors.argument("limit", "must be above 0", self.limit)

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: Discriminator) -> None:
        """Clip."""
        for parameter in discriminator.head.parameters():
            parameter.clamp_(-self.limit, self.limit)


@dataclass(frozen=True)
class R1(Silent):
    """``weight / 2 * mean_b ||d D / d m at real m_b||_2^2``: no slope at the data.

    Args:
        weight: gamma, at least 0.

    References:
        Mescheder et al., arXiv:1801.04406, eq. 9.
    """

    weight: float = 1.0

    per_sample: ClassVar[bool] = True

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The penalty."""
        return self.weight / 2 * (_slopes(context, context.real_view) ** 2).mean()
