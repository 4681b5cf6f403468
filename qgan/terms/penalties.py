"""Penalties on the slope of the score, and the box that clips it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from torch import Tensor

from qgan import errors
from qgan.discriminator import Discriminator
from qgan.terms.base import StepContext, Term

__all__ = ["R1", "GradientPenalty", "WeightClipping"]


@torch.no_grad()
def _points(context: StepContext, features: Tensor) -> Tensor:
    """Views in the coordinates in which the head's slope is taken."""
    return context.discriminator.head.coordinates(features)


def _slopes(context: StepContext, points: Tensor) -> Tensor:
    """Euclidean norm of ``d score / d point`` of each sample, ``(N,)``."""
    head = context.discriminator.head
    points = points.detach()
    gradient = head.input_gradient(points, context.label)
    if gradient is None:
        scores = head.score_at(points.requires_grad_(), context.label)
        (gradient,) = torch.autograd.grad(scores.sum(), points, create_graph=True)
    slopes: Tensor = torch.linalg.vector_norm(gradient, dim=1)
    return slopes


@dataclass(frozen=True)
class GradientPenalty(Term):
    """``weight * mean_b (||d D / d m at m_b||_2 - 1)^2``, per sample.

    "interpolated" takes the slope at ``m_b = e_b m(rho_b) + (1 - e_b) m(sigma_b)`` with ``e_b``
    uniform on [0, 1]. Both states have the same label, so that this is the view of their mixture,
    a valid state, and no second derivative passes through a circuit. "ends" puts half of the weight
    on the real points and half on the generated ones; every point is then the view of one state,
    whatever the view. Of a head with ``coordinates`` of its own the slope is that of ``score_at``
    in these.

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
        """The mean squared distance of the slopes from one, times the weight."""
        real, fake = (_points(context, view) for view in (context.real_view, context.fake_view))
        if self.at == "ends":
            slopes = torch.cat([_slopes(context, points) for points in (real, fake)])
        else:
            rows = len(context.label)
            mix = torch.rand(rows, 1, generator=context.moment.rng).to(real)
            slopes = _slopes(context, mix * real + (1 - mix) * fake)
        return self.weight * ((slopes - 1) ** 2).mean()


@dataclass(frozen=True)
class WeightClipping(Term):
    """Clips each parameter of the head to ``[-limit, limit]`` after each discriminator step.

    A critic whose parameters lie in a box is Lipschitz with some constant, so what it reaches is
    the distance up to a factor. Angles of a circuit view are left alone: its readouts are bounded
    observables whatever the angles.

    Args:
        limit: c, above 0.

    Raises:
        QganError: if the limit is not above 0.

    References:
        Arjovsky et al., arXiv:1701.07875, algorithm 1 (alpha 5e-5, c 0.01, m 64, n_critic 5,
        RMSProp; objective wasserstein:clip sets these).
    """

    limit: float = 0.01

    limits_slope: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if not self.limit > 0:
            raise errors.argument("limit", "must be above 0", self.limit)

    @torch.no_grad()
    def after_discriminator_step(self, discriminator: Discriminator) -> None:
        """Clip the parameters of the head."""
        for parameter in discriminator.head.parameters():
            parameter.clamp_(-self.limit, self.limit)


@dataclass(frozen=True)
class R1(Term):
    """``weight / 2 * mean_b ||d D / d m at real m_b||_2^2``: no slope at the data.

    Args:
        weight: gamma, at least 0.

    References:
        Mescheder et al., arXiv:1801.04406, eq. 9.
    """

    weight: float = 1.0

    per_sample: ClassVar[bool] = True

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The mean squared slope at real states, times half the weight."""
        slopes = _slopes(context, _points(context, context.real_view))
        return self.weight / 2 * (slopes**2).mean()
