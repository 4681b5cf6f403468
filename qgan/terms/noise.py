"""Noise on what the discriminator sees."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from qgan.terms.base import Moment, Term

__all__ = ["InstanceNoise"]


@dataclass(frozen=True)
class InstanceNoise(Term):
    """Gaussian noise on every view, fading linearly to zero at the end of training.

    Args:
        deviation: standard deviation at step 0, in the units of the view.

    References:
        Sonderby et al., arXiv:1610.04490, sec. 3.
    """

    deviation: float = 0.1

    def perturb(self, features: Tensor, moment: Moment) -> Tensor:
        """The views with noise added."""
        size = self.deviation * max(0.0, 1 - moment.step / max(1, moment.n_steps))
        noise = torch.randn(features.shape, generator=moment.rng).to(features)
        return features + size * noise
