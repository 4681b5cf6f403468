"""Cures for collapse: noise, and statistics to be matched."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor

from qgan.terms.base import Silent, StepContext, TermStep


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

    needs_states: ClassVar[bool] = True

    def generator_term(self, context: StepContext) -> Tensor | None:
        """The mean squared difference of purities."""
        with torch.no_grad():
            wanted = context.real.states.materialise().purity().mean()
        purity = context.fake.materialise().purity()
        return self.weight * ((purity - wanted) ** 2).mean()
