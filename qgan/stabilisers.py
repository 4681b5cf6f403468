"""Terms beside an objective: penalties and cures for collapse, none known to the loop by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor

from qgan.discriminator import Discriminator
from qgan.states import StateSource


@runtime_checkable
class LabelledStates(Protocol):
    """States with labels; a data batch is one."""

    @property
    def states(self) -> StateSource:
        """The states."""

    @property
    def label(self) -> Tensor:
        """Their labels."""


@dataclass(frozen=True)
class TermStep:
    """Where in the training a term acts: steps taken, steps in all, a seeded source of chance."""

    step: int
    n_steps: int
    random: torch.Generator


class StepContext:
    """What a term may look at in one step.

    Attributes:
        discriminator: view and head.
        real: real states with their labels.
        fake: generated states of the same labels.
        latent: their latents.
        fake_view: view of the generated states, ``(B, K)``.
        fake_scores: scores of the generated states.
        real_view: view of the real states, computed when first asked for.
        real_scores: scores of the real states; None in the generator's step.
        at: where in the training this is.
    """

    def __init__(
        self,
        discriminator: Discriminator,
        real: LabelledStates,
        fake: StateSource,
        latent: Tensor,
        fake_view: Tensor,
        fake_scores: Tensor,
        real_view: Tensor | None,
        real_scores: Tensor | None,
        at: TermStep,
    ) -> None:
        self.discriminator = discriminator
        self.real = real
        self.fake = fake
        self.latent = latent
        self.fake_view = fake_view
        self.fake_scores = fake_scores
        self.real_scores = real_scores
        self.at = at
        self._real_view = real_view

    @property
    def label(self) -> Tensor:
        """Labels of the batch."""
        return self.real.label

    @property
    def real_view(self) -> Tensor:
        """View of the real states, ``(B, K)``."""
        if self._real_view is None:
            with torch.no_grad():
                view = self.discriminator.view(self.real.states, self.label)
            self._real_view = view.to(self.fake_view)
        return self._real_view


@runtime_checkable
class Term(Protocol):
    """Something that sees, or adds to, a loss; a part that has nothing to say returns None."""

    def perturb(self, features: Tensor, at: TermStep) -> Tensor:
        """The view of states before the head sees it."""

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """Scalar added to the discriminator's loss."""

    def generator_term(self, context: StepContext) -> Tensor | None:
        """Scalar added to the generator's loss."""


class Silent:
    """A term that does nothing; terms override what they need."""

    def perturb(self, features: Tensor, at: TermStep) -> Tensor:
        """The view unchanged."""
        return features

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """Nothing."""
        return None

    def generator_term(self, context: StepContext) -> Tensor | None:
        """Nothing."""
        return None


def _slopes(context: StepContext, features: Tensor) -> Tensor:
    """Euclidean norm of d score / d view, one a sample."""
    features = features.detach().requires_grad_()
    scores = context.discriminator.head(features, context.label)
    (gradient,) = torch.autograd.grad(scores.sum(), features, create_graph=True)
    slopes: Tensor = torch.linalg.vector_norm(gradient, dim=1)
    return slopes


@dataclass(frozen=True)
class GradientPenalty(Silent):
    """``weight * mean_b (||d D / d m at m_b||_2 - 1)^2`` at interpolated points, per sample.

    ``m_b = e_b m(rho_b) + (1 - e_b) m(sigma_b)`` with ``e_b`` uniform on [0, 1]: with one label the
    view of the mixture, a valid state, so no second derivative passes a circuit.

    Args:
        weight: lambda, at least 0.

    References:
        Gulrajani et al., arXiv:1704.00028, eq. 3.
    """

    weight: float = 10.0

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The penalty."""
        rows = len(context.label)
        mix = torch.rand(rows, 1, generator=context.at.random).to(context.real_view)
        points = mix * context.real_view + (1 - mix) * context.fake_view
        return self.weight * ((_slopes(context, points) - 1) ** 2).mean()


@dataclass(frozen=True)
class R1(Silent):
    """``weight / 2 * mean_b ||d D / d m at real m_b||_2^2``: no slope at the data.

    Args:
        weight: gamma, at least 0.

    References:
        Mescheder et al., arXiv:1801.04406, eq. 9.
    """

    weight: float = 1.0

    def discriminator_term(self, context: StepContext) -> Tensor | None:
        """The penalty."""
        return self.weight / 2 * (_slopes(context, context.real_view) ** 2).mean()


@dataclass(frozen=True)
class InstanceNoise(Silent):
    """Gaussian noise on every view, fading linearly to zero at the end of training.

    Args:
        deviation: standard deviation at step 0, in the units of the view.

    References:
        Sonderby et al., arXiv:1610.04490, sec. 3.
    """

    deviation: float = 0.1

    def perturb(self, features: Tensor, at: TermStep) -> Tensor:
        """The view with noise."""
        size = self.deviation * max(0.0, 1 - at.step / max(1, at.n_steps))
        noise = torch.randn(features.shape, generator=at.random).to(features)
        return features + size * noise


@dataclass(frozen=True)
class FeatureMatching(Silent):
    """``weight * sum_label ||E m(real) - E m(fake)||_2^2`` for the generator.

    Args:
        weight: at least 0.

    References:
        Salimans et al., arXiv:1606.03498, sec. 3.1, on the view itself.
    """

    weight: float = 1.0

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The squared distance between mean views."""
        total = context.fake_view.new_zeros(())
        for label in context.label.unique(dim=0):
            rows = (context.label == label).reshape(len(context.label), -1).all(1)
            gap = context.real_view[rows].detach().mean(0) - context.fake_view[rows].mean(0)
            total = total + (gap**2).sum()
        return self.weight * total


@dataclass(frozen=True)
class PurityMatching(Silent):
    """``weight * mean_b (Tr rho_b^2 - p)^2`` for the generator, p the mean purity of real states.

    A generator whose registers are traced out leaks purity into them; purity is quadratic in rho
    (a swap test of two copies), so a single-copy critic learns it late. Needs an engine that gives
    states.

    Args:
        weight: at least 0.
    """

    weight: float = 1.0

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The mean squared difference of purities."""
        with torch.no_grad():
            wanted = context.real.states.materialise().purity().mean()
        purity = context.fake.materialise().purity()
        return self.weight * ((purity - wanted) ** 2).mean()
