"""Penalties on the slope of the score, and the box that clips it."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import ClassVar, Literal

import torch
from jaxtyping import Float
from torch import Tensor

from qgan import errors
from qgan.discriminator import Discriminator
from qgan.terms.base import StepContext, Term

__all__ = ["R1", "GradientPenalty", "SlopePenalty", "WeightClipping"]


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


class SlopePenalty(Term):
    """Base of the penalties on the slope of the score: means over points of ``p(||d D / d m||_2)``.

    A subclass says where the slope is taken and what p is. Of a head with ``coordinates`` of its
    own the slope is that of ``score_at`` in these.
    """

    per_sample: ClassVar[bool] = True

    @abstractmethod
    def places(self, rows: int, rng: torch.Generator) -> tuple[Tensor | float, ...]:
        """The share of the real point in each point; the generated point has the rest.

        Args:
            rows: the number of real states B, each with a generated state of the same label.
            rng: seeded source of chance.

        Returns:
            For each kind of points a column ``(B, 1)``, or 1.0 for the real points themselves and
            0.0 for the generated ones.
        """

    @abstractmethod
    def of_slopes(self, slopes: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """The penalty, from the slope at each point."""

    @abstractmethod
    def slope_gradients(self, slopes: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
        """The derivative of :meth:`of_slopes` in each slope."""

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The penalty at all points."""
        views = context.real_view, context.fake_view
        real, fake = (_points(context, view) for view in views)
        slopes = []
        for mix in self.places(len(context.label), context.moment.rng):
            if isinstance(mix, Tensor):
                share = mix.to(real)
                points = share * real + (1 - share) * fake
            else:
                points = real if mix else fake
            slopes.append(_slopes(context, points))
        return self.of_slopes(torch.cat(slopes))


@dataclass(frozen=True)
class GradientPenalty(SlopePenalty):
    """``weight * mean_b (||d D / d m at m_b||_2 - 1)^2``, per sample.

    "interpolated" takes the slope at ``m_b = e_b m(rho_b) + (1 - e_b) m(sigma_b)`` with ``e_b``
    uniform on [0, 1]. Both states have the same label, so that this is the view of their mixture,
    a valid state, and no second derivative passes through a circuit. "ends" puts half of the weight
    on the real points and half on the generated ones; every point is then the view of one state,
    whatever the view.

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

    limits_slope: ClassVar[bool] = True

    def __post_init__(self) -> None:
        if self.at not in ("interpolated", "ends"):
            raise errors.argument("at", "must be 'interpolated' or 'ends'", repr(self.at))

    def places(self, rows: int, rng: torch.Generator) -> tuple[Tensor | float, ...]:
        """Random points between the states, or both ends."""
        return (1.0, 0.0) if self.at == "ends" else (torch.rand(rows, 1, generator=rng),)

    def of_slopes(self, slopes: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """The mean squared distance of the slopes from one, times the weight."""
        excess = slopes - 1
        return self.weight / len(slopes) * torch.dot(excess, excess)

    def slope_gradients(self, slopes: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
        """``2 weight (slope - 1) / N``."""
        return 2 * self.weight / len(slopes) * (slopes - 1)


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
class R1(SlopePenalty):
    """``weight / 2 * mean_b ||d D / d m at real m_b||_2^2``: no slope at the data.

    Args:
        weight: gamma, at least 0.

    References:
        Mescheder et al., arXiv:1801.04406, eq. 9.
    """

    weight: float = 1.0

    def places(self, rows: int, rng: torch.Generator) -> tuple[Tensor | float, ...]:
        """The real points."""
        return (1.0,)

    def of_slopes(self, slopes: Float[Tensor, " N"]) -> Float[Tensor, ""]:
        """The mean squared slope, times half the weight."""
        return self.weight / 2 / len(slopes) * torch.dot(slopes, slopes)

    def slope_gradients(self, slopes: Float[Tensor, " N"]) -> Float[Tensor, " N"]:
        """``weight slope / N``."""
        return self.weight / len(slopes) * slopes
